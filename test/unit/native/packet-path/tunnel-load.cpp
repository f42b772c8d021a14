// Sessions under load on a running packet thread: TLS and DTLS, packets both ways, probes, moves to other addresses,
// second associations, ends of every kind, while other threads open, attach, close and read counters. For the address
// and the thread sanitizer. Arguments: milliseconds of traffic a session, "plain" to switch every trick off.
#include <poll.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "check.h"
#include "flow/packet-thread.h"
#include "streams.h"

// The thread sanitizer cannot follow the stacks of OpenSSL's asynchronous jobs: there the key is at hand.
#ifdef __SANITIZE_THREAD__
#include "peer.h"
static ocserv::tls::Handover shake(peer::TlsClient& client, int fd) { return peer::shakePlain(client, fd); }
#else
#include "session-peer.h"
static ocserv::tls::Handover shake(peer::TlsClient& client, int fd) { return peer::shakeSession(client, fd); }
#endif

using namespace ocserv;
using peer::Bytes;

namespace {

std::mutex checking;
/** CHECK for several threads. */
#define CHECK_SHARED(expression)                                               \
  do {                                                                         \
    const bool isTrue_ = (expression);                                         \
    const std::lock_guard guard_(checking);                                    \
    check::checks++;                                                           \
    if (!isTrue_) {                                                            \
      check::failures++;                                                       \
      std::printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #expression);   \
    }                                                                          \
  } while (false)

struct Desk : tunnel::Listener {
  void onEnd(uint32_t id, tunnel::End reason, std::string_view) override {
    const std::lock_guard guard(mutex);
    ends.emplace(id, reason);
    changed.notify_all();
  }
  void onDtls(uint32_t, std::string_view description) override {
    if (!description.empty()) associations++;
  }
  void onMtu(uint32_t, uint32_t) override {}
  void onMistake(uint32_t, std::string_view) override {}
  void onAnswer(uint32_t request, bool accepted) override {
    const std::lock_guard guard(mutex);
    answers[request] = accepted;
    changed.notify_all();
  }
  bool answer(uint32_t request) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(20), [&] { return answers.contains(request); });
    return answers[request];
  }
  std::optional<tunnel::End> end(uint32_t id) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(20), [&] { return ends.contains(id); });
    return ends.contains(id) ? std::optional(ends[id]) : std::nullopt;
  }
  std::mutex mutex;
  std::condition_variable changed;
  std::map<uint32_t, bool> answers;
  std::map<uint32_t, tunnel::End> ends;
  std::atomic<uint32_t> nextRequest{1};
  std::atomic<size_t> associations{0};
  std::atomic<size_t> superPackets{0};
  std::atomic<size_t> upPackets{0};
  std::atomic<size_t> downPackets{0};
};

enum class Finish { bye, closedByServer, connectionLost, deviceLost, withThread };

struct Plan {
  uint32_t id;
  const char* suite;  // null: TLS alone
  bool offload;
  Finish finish;
};

class Session {
 public:
  Session(Desk& desk, flow::PacketThread& thread, const Plan& plan)
      : desk_(desk), thread_(thread), plan_(plan), random_(plan.id), counters_(std::make_shared<tunnel::Counters>()) {
    const peer::Pair stream = peer::streamPair();
    client_ = std::make_unique<peer::TlsClient>(stream.client);
    tls::Handover handover = shake(*client_, stream.server);
    const peer::Pair tun = peer::tunPair();
    tun_ = tun.client;
    tunnel::Options options;
    options.tunOffload = plan.offload;
    options.dtlsCipherList = "PSK-AES256-GCM-SHA384:PSK-AES128-GCM-SHA256:PSK-CHACHA20-POLY1305";
    options.allowedSources = {"10.77.0.2/32", "fd00::/64"};
    options.dpdSeconds = 5;
    options.idleTimeoutSeconds = 60;
    thread_.open(plan.id, std::move(handover), tun.server, {}, std::move(options), counters_);
  }
  ~Session() {
    if (tun_ >= 0) close(tun_);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void run(std::chrono::milliseconds length) {
    if (plan_.suite != nullptr) associate();
    const auto start = std::chrono::steady_clock::now();
    int step = 0;
    // At least one probe is answered, however slow the machine.
    for (int i = 0; dtls_ && dtlsProbes_ == 0 && i < 100; i++) {
      dtls_->send(cstp::typeDpdRequest, Bytes(100, 'd'));
      pollfd wait{dtls_->fd(), POLLIN, 0};
      poll(&wait, 1, 100);
      receive();
    }
    for (;;) {
      const auto gone = std::chrono::steady_clock::now() - start;
      // On a slow machine the new association may take the rest of the time; it is to be used all the same.
      const bool isUsed = !dtls_ || (step == 2 && dtls_->sealedRecords() > 10);
      if (gone >= length && (isUsed || gone >= length + std::chrono::seconds(20))) break;
      move();
      // A third of the way: another address; two thirds: a new association beside the old one.
      if (dtls_ && step < 2 && gone > length * (step + 1) / 3) step++ == 0 ? rebind() : associate();
    }
    settle();
    verify();
    finish();
  }

 private:
  void take(uint8_t type, std::span<const uint8_t> payload, size_t& probes) {
    if (type == cstp::typeDpdResponse) probes++;
    if (type == cstp::typeDpdRequest) queue(cstp::typeDpdResponse, payload);
    if (type != cstp::typeData) return;
    CHECK_SHARED(streams::sound(Bytes(payload.begin(), payload.end())));
    downGot_++;
  }
  void queue(uint8_t type, std::span<const uint8_t> payload) {
    Bytes frame(cstp::headerBytes + payload.size());
    cstp::writeHeader(frame.data(), type, payload.size());
    std::copy(payload.begin(), payload.end(), frame.begin() + cstp::headerBytes);
    outgoing_.push_back(std::move(frame));
  }
  void receive() {
    while (auto frame = client_->read()) take(frame->type, frame->payload, tlsProbes_);
    const auto packet = [&](uint8_t type, std::span<const uint8_t> payload) {
      if (type == cstp::typeDpdRequest) dtls_->send(cstp::typeDpdResponse, payload);
      else take(type, payload, dtlsProbes_);
    };
    if (dtls_) dtls_->receive(packet);
    if (former_) former_->receive(packet);
    while (!outgoing_.empty() && client_->sendRecord(outgoing_.front())) outgoing_.pop_front();
    Bytes buffer(70'000);
    for (;;) {
      const ssize_t count = recv(tun_, buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (count <= 0) break;
      tun::VnetHeader header{};
      const size_t skip = plan_.offload ? sizeof header : 0;
      if (plan_.offload) std::memcpy(&header, buffer.data(), sizeof header);
      const size_t packets = streams::packetsIn(header, Bytes(buffer.begin() + static_cast<ptrdiff_t>(skip), buffer.begin() + count));
      CHECK_SHARED(packets > 0);
      upGot_ += packets;
      if (packets > 1) desk_.superPackets++;
    }
  }
  /** A little of everything. */
  void move() {
    for (int i = 0; i < 4; i++) {
      const streams::Kind kind{random_() % 4 == 0, random_() % 4 == 0};
      const size_t gso = 1'000 + random_() % 300;
      const bool isSuper = plan_.offload && random_() % 2 == 0;
      const size_t payload = isSuper ? gso + 1 + random_() % (20 * gso) : 5 + random_() % 1'300;
      // Each segment of a UDP super-packet would need its own place: the device cuts TCP alone here.
      const streams::Kind used = isSuper ? streams::Kind{kind.ipv6, false} : kind;
      Bytes whole(plan_.offload ? sizeof(tun::VnetHeader) : 0);
      if (isSuper) {
        const tun::VnetHeader header = streams::superHeader(used, gso);
        std::memcpy(whole.data(), &header, sizeof header);
      }
      const Bytes packet = streams::make(used, downAt_, payload, isSuper);
      whole.insert(whole.end(), packet.begin(), packet.end());
      if (::send(tun_, whole.data(), whole.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) break;
      downAt_ += static_cast<uint32_t>(payload);
      downSent_ += isSuper ? (payload + gso - 1) / gso : 1;
    }
    const streams::Kind kind{random_() % 8 == 0, random_() % 8 == 0};
    const size_t size = 200 + random_() % 1'100;
    for (size_t i = random_() % 24; i > 0 && outgoing_.size() < 64; i--) {
      const Bytes packet = streams::make(kind, upAt_, size);
      upAt_ += static_cast<uint32_t>(size);
      upSent_++;
      if (dtls_ && random_() % 16 != 0) dtls_->send(cstp::typeData, packet);
      else queue(cstp::typeData, packet);
    }
    if (random_() % 64 == 0) {
      queue(cstp::typeDpdRequest, Bytes(random_() % 200, 'd'));
      probesAsked_++;
      if (dtls_) dtls_->send(cstp::typeDpdRequest, Bytes(random_() % 200, 'd'));
    }
    receive();
  }
  void settle() {
    size_t before = 0;
    for (int quiet = 0, i = 0; quiet < 20 && i < 2'000; i++) {
      receive();
      const size_t now = downGot_ + upGot_ + tlsProbes_ + outgoing_.size();
      quiet = now == before ? quiet + 1 : 0;
      before = now;
      pollfd wait{client_->fd(), POLLIN, 0};
      poll(&wait, 1, 10);
    }
  }
  void verify() {
    CHECK_SHARED(tlsProbes_ == probesAsked_);
    desk_.upPackets += upGot_;
    desk_.downPackets += downGot_;
    const uint64_t upLost = upSent_ - upGot_;
    const uint64_t downLost = downSent_ - downGot_;
    if (plan_.suite == nullptr) {
      // Nothing is lost on a stream but what was counted.
      CHECK_SHARED(upLost == counters_->rxDropped);
      CHECK_SHARED(downLost == counters_->txDropped);
      CHECK_SHARED(counters_->rxPackets == upSent_);
      CHECK_SHARED(counters_->txPackets == downSent_);
    } else {
      CHECK_SHARED(upGot_ > 0 && downGot_ > 0 && dtlsProbes_ > 0);
      CHECK_SHARED(dtls_ != nullptr && dtls_->repeatedNonces() == 0 && dtls_->sealedRecords() > 10);
    }
  }
  void finish() {
    if (plan_.finish == Finish::withThread) return;
    tunnel::End expected = tunnel::End::userDisconnect;
    if (plan_.finish == Finish::bye) {
      const uint8_t bye[] = {cstp::byeUser, 'b', 'y', 'e'};
      client_->send(cstp::typeDisconnect, bye);
    } else if (plan_.finish == Finish::closedByServer) {
      expected = tunnel::End::serverDisconnect;
      thread_.close(plan_.id, true);
      thread_.close(plan_.id, true);
    } else if (plan_.finish == Finish::connectionLost) {
      expected = tunnel::End::temporary;
      client_.reset();
    } else {
      expected = tunnel::End::error;
      close(std::exchange(tun_, -1));
    }
    const auto end = desk_.end(plan_.id);
    CHECK_SHARED(end == expected);
    // Commands for a tunnel that has ended are answered, and their sockets closed.
    const uint32_t request = desk_.nextRequest++;
    const peer::Pair late = peer::udpPair();
    thread_.attach(plan_.id, request, late.server, Bytes(100, 1), true);
    CHECK_SHARED(!desk_.answer(request));
    close(late.client);
  }
  void associate() {
    const peer::Pair path = peer::udpPair();
    auto dtls = std::make_unique<peer::DtlsClient>(path.client, client_->exportPsk(), plan_.suite);
    const std::vector<Bytes> hello = dtls->step();
    // At most one attempt a second is taken.
    bool accepted = false;
    for (int i = 0; i < 15 && !accepted; i++) {
      const uint32_t request = desk_.nextRequest++;
      thread_.attach(plan_.id, request, dup(path.server), Bytes(hello[0]), true);
      accepted = desk_.answer(request);
      if (!accepted) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    CHECK_SHARED(accepted);
    close(path.server);
    for (int i = 0; i < 2'000 && !dtls->isUp(); i++) {
      pollfd wait{dtls->fd(), POLLIN, 0};
      poll(&wait, 1, 10);
      dtls->receive([&](uint8_t type, std::span<const uint8_t> payload) { take(type, payload, dtlsProbes_); });
      if (dtls_) receive();
    }
    CHECK_SHARED(dtls->isUp());
    former_ = std::move(dtls_);
    dtls_ = std::move(dtls);
  }
  void rebind() {
    const peer::Pair path = peer::udpPair();
    dtls_->moveTo(path.client);
    const std::vector<Bytes> proof = dtls_->seal(cstp::typeKeepalive, {});
    const uint32_t asked = desk_.nextRequest++;
    thread_.probe(plan_.id, asked, Bytes(proof[0]));
    CHECK_SHARED(desk_.answer(asked));
    Bytes forged = proof[0];
    forged.back() ^= 1;
    const uint32_t refused = desk_.nextRequest++;
    thread_.attach(plan_.id, refused, dup(path.server), std::move(forged), false);
    CHECK_SHARED(!desk_.answer(refused));
    const uint32_t request = desk_.nextRequest++;
    thread_.attach(plan_.id, request, path.server, Bytes(proof[0]), false);
    CHECK_SHARED(desk_.answer(request));
  }

  Desk& desk_;
  flow::PacketThread& thread_;
  Plan plan_;
  std::mt19937 random_;
  std::shared_ptr<tunnel::Counters> counters_;
  std::unique_ptr<peer::TlsClient> client_;
  std::unique_ptr<peer::DtlsClient> dtls_;
  std::unique_ptr<peer::DtlsClient> former_;
  std::deque<Bytes> outgoing_;
  int tun_ = -1;
  uint32_t upAt_ = 1;
  uint32_t downAt_ = 1;
  size_t upSent_ = 0;
  size_t upGot_ = 0;
  size_t downSent_ = 0;
  size_t downGot_ = 0;
  size_t tlsProbes_ = 0;
  size_t dtlsProbes_ = 0;
  size_t probesAsked_ = 0;

 public:
  std::shared_ptr<tunnel::Counters> counters() const { return counters_; }
};

/** A client that answers one probe and then says nothing any more. */
void silentClient(Desk& desk, flow::PacketThread& thread, uint32_t id) {
  const peer::Pair stream = peer::streamPair();
  peer::TlsClient client(stream.client);
  const peer::Pair tun = peer::tunPair();
  tunnel::Options options;
  options.dpdSeconds = 1;
  thread.open(id, shake(client, stream.server), tun.server, {}, std::move(options), std::make_shared<tunnel::Counters>());
  bool asked = false;
  for (int i = 0; i < 1'000 && !asked; i++) {
    const auto frame = client.read();
    asked = frame && frame->type == cstp::typeDpdRequest;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK_SHARED(asked);
  client.send(cstp::typeDpdResponse, {});
  CHECK_SHARED(desk.end(id) == tunnel::End::dpdTimeout);
  close(tun.client);
}

size_t openDescriptors() {
  size_t count = 0;
  for (int fd = 0; fd < 1024; fd++) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

}  // namespace

int main(int count, char** words) {
  signal(SIGPIPE, SIG_IGN);
  const auto length = std::chrono::milliseconds(count > 1 ? std::atoi(words[1]) : 3'000);
  const bool plain = count > 2 && std::strcmp(words[2], "plain") == 0;
  const flow::Features features = plain ? flow::Features{false, false, false, false, false, false} : flow::probeFeatures("");
  const size_t descriptors = openDescriptors();
  Desk desk;
  {
    flow::PacketThread thread(desk, features);
    CHECK(thread.start());
    const Plan plans[] = {{1, nullptr, true, Finish::bye},
                          {2, nullptr, false, Finish::connectionLost},
                          {3, "PSK-AES256-GCM-SHA384", true, Finish::closedByServer},
                          {4, "PSK-AES128-GCM-SHA256", true, Finish::deviceLost},
                          {5, "PSK-CHACHA20-POLY1305", false, Finish::bye},
                          {6, "PSK-AES256-GCM-SHA384", true, Finish::withThread}};
    std::vector<std::unique_ptr<Session>> sessions;
    for (const Plan& plan : plans) sessions.push_back(std::make_unique<Session>(desk, thread, plan));
    std::atomic<bool> isOver{false};
    std::vector<std::thread> threads;
    for (const auto& session : sessions) threads.emplace_back([&] { session->run(length); });
    std::thread quiet([&] { silentClient(desk, thread, 100); });
    // What JavaScript does meanwhile: reads counters at any time.
    std::thread reader([&] {
      uint64_t total = 0;
      while (!isOver) {
        for (const auto& session : sessions) {
          const auto counters = session->counters();
          total += counters->rxBytes + counters->txBytes + counters->rxPackets + counters->txPackets;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      CHECK_SHARED(total > 0);
    });
    // And new sessions that come and go at once.
    std::thread churn([&] {
      for (uint32_t id = 1'000; !isOver; id++) {
        const peer::Pair stream = peer::streamPair();
        peer::TlsClient client(stream.client);
        const peer::Pair tun = peer::tunPair();
        thread.open(id, shake(client, stream.server), tun.server, {}, tunnel::Options{}, std::make_shared<tunnel::Counters>());
        if (id % 2 == 0) thread.close(id, true);
        else close(tun.client);
        CHECK_SHARED(desk.end(id).has_value());
        if (id % 2 == 0) close(tun.client);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    });
    for (std::thread& one : threads) one.join();
    quiet.join();
    isOver = true;
    reader.join();
    churn.join();
    // One session still lives; commands that come too late are dropped with what they hold.
    thread.stop();
    CHECK(desk.end(6) == tunnel::End::serverDisconnect);
    const peer::Pair late = peer::udpPair();
    thread.attach(6, 0, late.server, Bytes(10), true);
    close(late.client);
    thread.stop();
  }
  CHECK(openDescriptors() == descriptors);
  CHECK(desk.associations >= 8);
  CHECK(plain || desk.superPackets > 0);
  std::printf("%zu packets up, %zu down, %zu super-packets\n", desk.upPackets.load(), desk.downPackets.load(),
              desk.superPackets.load());
  return check::finish("tunnel-load");
}
