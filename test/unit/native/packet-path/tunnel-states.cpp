// A tunnel in the states that are hard to meet: descriptors that take nothing, a client that reads slowly, the end in
// the middle of a turn, used-up record numbers, repeated and stale flights.
#include <openssl/evp.h>
#include <signal.h>

#include "check.h"
#include "desk.h"
#include "packets.h"

using namespace ocserv;
using desk::Bytes;
using desk::Desk;
using packets::Shape;

/** Of the address sanitizer's runtime; Debian's g++ comes without its header. */
extern "C" size_t __sanitizer_get_current_allocated_bytes();

namespace {

constexpr const char* suites[] = {"PSK-AES256-GCM-SHA384", "PSK-AES128-GCM-SHA256", "PSK-CHACHA20-POLY1305"};

Bytes downPacket(size_t payload, uint32_t sequence = 1000) {
  Shape shape;
  shape.payload = payload;
  shape.sequence = sequence;
  return packets::make(shape);
}

size_t drainRaw(int fd, size_t most) {
  Bytes buffer(most);
  const ssize_t count = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  return count > 0 ? static_cast<size_t>(count) : 0;
}

void outputLeftByTheHandshakeGoesOutAtOnce() {
  constexpr size_t pending = 1 << 20;
  Desk table(desk::standardOptions(), desk::everyFeature(),
             [](tls::Handover& handover) { handover.pendingOutput.assign(pending, 'x'); });
  size_t got = 0;
  for (int i = 0; i < 100 && got < pending; i++) {
    got += drainRaw(table.client->fd(), pending);
    table.turn();  // no tick: nobody may have to wait for the next second
  }
  CHECK(got == pending);
}

void aSlowClientIsKeptADeadOneIsNot() {
  Desk table;
  while (table.intoTun(downPacket(1300))) CHECK(table.turn());
  // Two minutes in which a little is taken now and then.
  for (int i = 0; i < 24; i++) {
    CHECK(drainRaw(table.client->fd(), 30'000) > 0);
    table.tick(5'000);
    table.turn();
    while (table.intoTun(downPacket(1300))) table.turn();
  }
  CHECK(table.events.ends.empty());
  for (int i = 0; i < 5; i++) table.tick(5'000);
  CHECK(table.events.ends.size() == 1 && table.events.ends[0].second == "the client takes no data");
}

void backlogIsBounded() {
  // Probes are answered as long as the answers are taken; a client that always leaves some must not cost memory.
  Desk table;
  const Bytes payload(16'000, 'p');
  size_t most = 0;
  const size_t before = __sanitizer_get_current_allocated_bytes();
  size_t taken = 0;
  for (int i = 0; i < 6'000; i++) {
    for (int n = 0; n < 8 && table.client->send(cstp::typeDpdRequest, payload); n++) table.once();
    if (i > 40) taken += drainRaw(table.client->fd(), 60'000);
    table.once();
    const size_t now = __sanitizer_get_current_allocated_bytes();
    most = std::max(most, now > before ? now - before : 0);
  }
  CHECK(taken > 20 << 20);
  CHECK(most < 4 << 20);
  if (most >= 4 << 20) std::printf("%zu bytes held after %zu were taken\n", most, taken);
}

void theEndInTheMiddleOfATurn() {
  // A handshake is under way on a path of its own; in one turn come the client's bye and then a datagram there.
  for (const bool established : {false, true}) {
    Desk table;
    std::unique_ptr<peer::DtlsClient> up = established ? table.associate(suites[0]) : nullptr;
    const peer::Pair path = peer::udpPair();
    peer::DtlsClient second(path.client, table.client->exportPsk(), suites[0]);
    const auto hello = second.step();
    table.shared->nowMs += 2'000;
    CHECK(table.made->attach(path.server, hello[0], true));
    table.turn();
    const uint8_t bye[] = {cstp::byeUser, 'b', 'y', 'e'};
    CHECK(table.client->send(cstp::typeDisconnect, bye));
    second.sendAll(hello);
    if (up) up->send(cstp::typeKeepalive, {});
    table.turn();
    CHECK(table.events.ends.size() == 1 && table.events.ends[0].first == tunnel::End::userDisconnect);
  }
}

void theTunDeviceTakesNothing() {
  auto options = desk::standardOptions();
  Desk table(options);
  std::vector<Bytes> sent;
  // More than the socket pair takes, less than what a tunnel keeps; UDP packets with gaps, so that nothing is joined.
  for (uint32_t i = 0; i < 400; i++) {
    Shape shape;
    shape.payload = 900 + i % 7;
    shape.sequence = 1'000'000 + i * 5'000;
    Bytes packet = packets::make(shape);
    if (!table.client->send(cstp::typeData, packet)) break;
    sent.push_back(packet);
    CHECK(table.turn());
  }
  CHECK(sent.size() > 100);
  std::vector<Bytes> got;
  for (int i = 0; i < 1'000; i++) {
    while (auto one = table.fromTun()) got.push_back(one->packet);
    CHECK(table.turn());
  }
  CHECK(got == sent && table.counters->rxDropped == 0);
  close(table.tunPeer);
  table.tunPeer = -1;
  table.turn();
  CHECK(table.events.ends.size() == 1 && table.events.ends[0].second == "the tun device is gone");
}

void theDatagramSocketTakesNothing() {
  // A local datagram socket says EAGAIN when the other side does not read (a UDP socket here would drop instead).
  auto features = desk::everyFeature();
  features.udpSegment = features.udpReceive = false;
  for (const bool many : {true, false}) {
    features.multiMessage = many;
    Desk table(desk::standardOptions(), features);
    int fds[2];
    peer::must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds) == 0, "socketpair");
    const auto dtls = table.associate(suites[0], {fds[0], fds[1]});
    CHECK(dtls != nullptr);
    if (!dtls) continue;
    size_t sent = 0;
    while (sent < 3'000 && table.intoTun(downPacket(1000, static_cast<uint32_t>(sent)))) {
      sent++;
      CHECK(table.turn());
    }
    CHECK(sent < 3'000);  // the device is left unread while the socket is full
    size_t got = 0;
    const auto take = [&](uint8_t type, std::span<const uint8_t>) { got += type == cstp::typeData ? 1 : 0; };
    for (int i = 0; i < 200; i++) {
      dtls->receive(take);
      CHECK(table.turn());
    }
    CHECK(got == sent && dtls->repeatedNonces() == 0 && table.counters->txDropped == 0);
    // For good: what waits is given up after two seconds, and the device is read again.
    while (table.intoTun(downPacket(1000))) CHECK(table.turn());
    for (int i = 0; i < 5; i++) table.tick(1'000);
    CHECK(table.counters->txDropped > 0);
    table.turn();
    CHECK(table.events.ends.empty());
  }
}

void aRefusingPathIsAskedWithAnEmptyProbe() {
  Desk table;
  const auto dtls = table.associate(suites[0]);
  CHECK(dtls != nullptr);
  if (!dtls) return;
  sockaddr_in own{};
  sockaddr_in server{};
  socklen_t length = sizeof own;
  getsockname(dtls->fd(), reinterpret_cast<sockaddr*>(&own), &length);
  getpeername(dtls->fd(), reinterpret_cast<sockaddr*>(&server), &length);
  dtls->moveTo(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  for (uint32_t i = 0; i < 3; i++) {
    CHECK(table.intoTun(downPacket(100, i)));
    table.turn();
  }
  peer::must(bind(dtls->fd(), reinterpret_cast<sockaddr*>(&own), sizeof own) == 0, "bind");
  peer::must(connect(dtls->fd(), reinterpret_cast<sockaddr*>(&server), sizeof server) == 0, "connect");
  size_t probes = 0;
  for (int second = 0; second < 60 && probes == 0; second++) {
    table.tick(1'000);
    table.turn();
    dtls->receive([&](uint8_t type, std::span<const uint8_t> payload) {
      probes += type == cstp::typeDpdRequest && payload.empty() ? 1 : 0;
    });
  }
  CHECK(probes == 1 && table.events.ends.empty());
}

void usedUpRecordNumbers() {
  for (const char* suite : suites) {
    auto options = desk::standardOptions();
    options.dtlsRecordLimit = 40;
    Desk table(options);
    const auto dtls = table.associate(suite);
    CHECK(dtls != nullptr);
    if (!dtls) continue;
    size_t byUdp = 0;
    size_t byTls = 0;
    for (uint32_t i = 0; i < 100; i++) {
      CHECK(table.intoTun(downPacket(100, i)));
      CHECK(table.turn());
      dtls->receive([&](uint8_t, std::span<const uint8_t>) { byUdp++; });
      while (table.client->read()) byTls++;
    }
    // The Finished was the first, 39 packets are left; the one that met the end goes by TLS like all after it.
    CHECK(byUdp == 39 && byTls == 61);
    CHECK(dtls->sealedRecords() == 40 && dtls->repeatedNonces() == 0);
    CHECK(table.events.dtls.size() == 2 && table.events.dtls[1].empty() && table.events.ends.empty());
    // The association is gone for answers to probes too; a new one has keys and numbers of its own.
    dtls->send(cstp::typeDpdRequest, {});
    table.turn();
    const auto again = table.associate(suite);
    CHECK(again != nullptr);
    if (!again) continue;
    CHECK(table.intoTun(downPacket(100)));
    table.turn();
    byUdp = 0;
    again->receive([&](uint8_t, std::span<const uint8_t>) { byUdp++; });
    CHECK(byUdp == 1);
    // Probes use numbers up just as well.
    size_t answers = 0;
    for (int i = 0; i < 60; i++) {
      again->send(cstp::typeDpdRequest, {});
      table.turn();
      again->receive([&](uint8_t type, std::span<const uint8_t>) { answers += type == cstp::typeDpdResponse; });
    }
    CHECK(answers == 38 && table.events.dtls.size() == 4 && table.events.dtls[3].empty());
  }
}

void noNonceTwice() {
  for (const char* suite : suites) {
    Desk table;
    std::vector<std::unique_ptr<peer::DtlsClient>> all;
    const auto exchange = [&](peer::DtlsClient& dtls) {
      for (uint32_t i = 0; i < 50; i++) {
        table.intoTun(downPacket(200, i));
        if (i % 5 == 0) dtls.send(cstp::typeDpdRequest, Bytes(i, 'z'));
        table.turn();
        for (const auto& one : all) one->receive([](uint8_t, std::span<const uint8_t>) {});
        dtls.receive([](uint8_t, std::span<const uint8_t>) {});
      }
    };
    for (int round = 0; round < 4; round++) {
      // The client's last flight comes twice: what the server said then comes again, byte for byte.
      const peer::Pair path = peer::udpPair();
      auto dtls = std::make_unique<peer::DtlsClient>(path.client, table.client->exportPsk(), suite);
      table.shared->nowMs += 1'500;
      const auto hello = dtls->step();
      CHECK(table.made->attach(path.server, hello[0], true));
      std::vector<Bytes> lastFlight;
      // The client's Finished is held back once, so that data of the old association goes on beside.
      Bytes buffer(4096);
      for (int i = 0; i < 10 && lastFlight.empty(); i++) {
        table.turn();
        const ssize_t length = recv(path.client, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (length <= 0) continue;
        lastFlight = dtls->give({buffer.data(), static_cast<size_t>(length)});
      }
      CHECK(!lastFlight.empty());
      if (round > 0) exchange(*all.back());
      for (int repeat = 0; repeat < 3; repeat++) {
        dtls->sendAll(lastFlight);
        table.shared->nowMs += 300;
        table.turn();
      }
      for (int i = 0; i < 5 && !dtls->isUp(); i++) dtls->receive([](uint8_t, std::span<const uint8_t>) {});
      CHECK(dtls->isUp());
      dtls->sendAll(lastFlight);
      table.shared->nowMs += 300;
      exchange(*dtls);
      // To another address with the same keys, in the middle of it all.
      const peer::Pair other = peer::udpPair();
      dtls->moveTo(other.client);
      const auto proof = dtls->seal(cstp::typeKeepalive, {});
      table.shared->nowMs += 2'000;
      CHECK(table.made->attach(other.server, proof[0], false));
      exchange(*dtls);
      CHECK(dtls->sealedRecords() > 100);
      all.push_back(std::move(dtls));
    }
    for (const auto& one : all) CHECK(one->repeatedNonces() == 0);
    CHECK(table.events.ends.empty() && table.events.dtls.size() == 4);
  }
}

void aStaleHelloDisturbsNothing() {
  Desk table;
  const peer::Pair path = peer::udpPair();
  peer::DtlsClient dtls(path.client, table.client->exportPsk(), suites[0]);
  const auto hello = dtls.step();
  CHECK(table.made->attach(path.server, hello[0], true));
  for (int i = 0; i < 10 && !dtls.isUp(); i++) {
    dtls.receive([](uint8_t, std::span<const uint8_t>) {});
    table.turn();
  }
  CHECK(dtls.isUp());
  table.shared->nowMs += 5'000;
  dtls.sendAll(hello);  // a copy that the network delivers late
  table.turn();
  CHECK(!table.made->isHandshaking());
  size_t epochZero = 0;
  Bytes buffer(4096);
  while (recv(path.client, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) epochZero += buffer[4] == 0;
  CHECK(epochZero == 0);
}

void groupsTheDeviceRefusesGoOneByOne() {
  // Linux before 6.2 refuses UDP super-packets; here the socket pair refuses what is longer than its buffer.
  for (const bool udp : {true, false}) {
    Desk table;
    const int bytes = 8'192;
    setsockopt(table.tunServer, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    std::vector<Bytes> sent;
    Bytes stream;
    for (uint32_t i = 0; i < 20; i++) {
      Shape shape;
      shape.udp = udp;
      shape.payload = 1'000;
      shape.sequence = 1000 + i * 1'000;
      shape.fill = static_cast<uint8_t>('a' + i);
      sent.push_back(packets::make(shape));
      CHECK(table.client->send(cstp::typeData, sent.back()));
    }
    std::vector<Bytes> got;
    for (int i = 0; i < 100; i++) {
      table.turn();
      while (auto one = table.fromTun()) got.push_back(one->packet);
    }
    CHECK(got.size() == sent.size() && table.counters->rxDropped == 0);
    for (size_t i = 0; i < got.size() && i < sent.size(); i++) {
      CHECK(packets::transportSum(got[i]) == 0xffff && packets::headerSum(got[i]) == 0xffff);
      CHECK(Bytes(got[i].end() - 900, got[i].end()) == Bytes(sent[i].end() - 900, sent[i].end()));
    }
  }
}

void earlyBytes() {
  const Bytes packet = downPacket(300);
  Bytes frame(cstp::headerBytes + packet.size());
  cstp::writeHeader(frame.data(), cstp::typeData, packet.size());
  std::copy(packet.begin(), packet.end(), frame.begin() + cstp::headerBytes);
  for (size_t length = 0; length <= 2 * frame.size(); length += length < 20 ? 1 : 37) {
    Bytes early = frame;
    early.insert(early.end(), frame.begin(), frame.end());
    early.resize(length);
    Desk table(desk::standardOptions(), desk::everyFeature(), {}, early);
    CHECK(table.events.ends.empty() == (length % frame.size() == 0));
    size_t got = 0;
    while (auto one = table.fromTun()) got++;
    CHECK(got == length / frame.size());
  }
}

}  // namespace

int main(int count, char** names) {
  signal(SIGPIPE, SIG_IGN);
  const struct {
    const char* name;
    void (*run)();
  } all[] = {{"output left by the handshake", outputLeftByTheHandshakeGoesOutAtOnce},
             {"slow client", aSlowClientIsKeptADeadOneIsNot},
             {"backlog", backlogIsBounded},
             {"end in a turn", theEndInTheMiddleOfATurn},
             {"full tun device", theTunDeviceTakesNothing},
             {"full datagram socket", theDatagramSocketTakesNothing},
             {"refusing path", aRefusingPathIsAskedWithAnEmptyProbe},
             {"used-up numbers", usedUpRecordNumbers},
             {"nonces", noNonceTwice},
             {"stale hello", aStaleHelloDisturbsNothing},
             {"refused groups", groupsTheDeviceRefusesGoOneByOne},
             {"early bytes", earlyBytes}};
  for (const auto& one : all) {
    if (count > 1 && std::string(names[1]) != one.name) continue;
    const int before = check::failures;
    one.run();
    if (check::failures != before) std::printf("in: %s\n", one.name);
  }
  return check::finish("tunnel-states");
}
