// Batches of datagrams over UDP sockets with each trick on and off: all arrive, once, in order, as long as they were.
// And a path shorter than the datagrams: those that would be fragmented cannot be segments, but go alone.
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <random>

#include "check.h"
#include "peer.h"
#include "udp/udp-port.h"

using namespace ocserv;
using peer::Bytes;

namespace {

struct Batch {
  Bytes bytes;
  std::vector<uint16_t> lengths;
};

Batch makeBatch(std::mt19937& random, size_t count, size_t most) {
  Batch batch;
  size_t length = 1 + random() % most;
  for (size_t i = 0; i < count; i++) {
    if (random() % 4 == 0) length = 1 + random() % most;
    batch.lengths.push_back(static_cast<uint16_t>(length));
    for (size_t n = 0; n < length; n++) batch.bytes.push_back(static_cast<uint8_t>(random()));
  }
  return batch;
}

std::vector<Bytes> cutBatch(const Batch& batch) {
  std::vector<Bytes> all;
  size_t at = 0;
  for (const uint16_t length : batch.lengths) {
    all.emplace_back(batch.bytes.begin() + static_cast<ptrdiff_t>(at), batch.bytes.begin() + static_cast<ptrdiff_t>(at + length));
    at += length;
  }
  return all;
}

std::vector<Bytes> receiveAll(udp::Receiver& receiver, udp::UdpPort& port, size_t& messages) {
  std::vector<Bytes> all;
  while (const size_t count = receiver.receive(port)) {
    messages += count;
    for (size_t i = 0; i < count; i++) {
      const udp::Receiver::Message& message = receiver.message(i);
      for (size_t at = 0; at < message.bytes.size(); at += message.segmentBytes) {
        const auto part = message.bytes.subspan(at, std::min(message.segmentBytes, message.bytes.size() - at));
        all.emplace_back(part.begin(), part.end());
      }
    }
  }
  CHECK(receiver.drained());
  return all;
}

void everyCombination(std::mt19937& random) {
  udp::Receiver receiver;
  for (int combination = 0; combination < 8; combination++) {
    const bool segment = combination & 1;
    const bool receiveOffload = combination & 2;
    const bool many = combination & 4;
    const peer::Pair pair = peer::udpPair();
    udp::UdpPort from(pair.server, segment, false, many);
    udp::UdpPort to(pair.client, false, receiveOffload, many);
    size_t sent = 0;
    size_t messages = 0;
    for (int round = 0; round < 60; round++) {
      Batch batch = makeBatch(random, random() % 150, round % 2 ? 1'400 : 60);
      size_t done = 0;
      CHECK(from.send(batch.bytes.data(), batch.lengths, done) == udp::UdpPort::Sent::all);
      CHECK(done == batch.lengths.size());
      sent += done;
      CHECK(receiveAll(receiver, to, messages) == cutBatch(batch));
    }
    // Both tricks together must save something, else nothing was tested.
    CHECK(segment && receiveOffload ? messages < sent / 2 : messages == sent);
  }
}

void nobodyListens() {
  for (const bool many : {true, false}) {
    const peer::Pair pair = peer::udpPair();
    udp::UdpPort from(pair.server, true, true, many);
    close(pair.client);
    udp::Receiver receiver;
    for (int i = 0; i < 5; i++) {
      // The refusal of the last datagram is reported by this call and says nothing about what it sends.
      Bytes bytes(30, 'x');
      const uint16_t lengths[] = {10, 10, 10};
      size_t done = 0;
      CHECK(from.send(bytes.data(), lengths, done) == udp::UdpPort::Sent::all || done > 0);
      CHECK(receiver.receive(from) == 0 && receiver.drained());
    }
  }
}

void shortPath(std::mt19937& random) {
  // A network of its own, whose loopback carries 1,000 bytes.
  if (unshare(CLONE_NEWNET) != 0) return;
  const int control = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_mtu = 1'000;
  peer::must(ioctl(control, SIOCSIFMTU, &request) == 0, "mtu");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  peer::must(ioctl(control, SIOCSIFFLAGS, &request) == 0, "up");
  close(control);
  udp::Receiver receiver;
  for (const bool many : {true, false}) {
    const peer::Pair pair = peer::udpPair();
    udp::UdpPort from(pair.server, true, false, many);
    udp::UdpPort to(pair.client, false, false, true);
    from.setDontFragment(false, false);
    for (int round = 0; round < 10; round++) {
      Batch batch;
      for (int i = 0; i < 30; i++) {
        const size_t length = i < 10 ? 300 : i < 20 ? 1'200 : 500;
        batch.lengths.push_back(static_cast<uint16_t>(length));
        for (size_t n = 0; n < length; n++) batch.bytes.push_back(static_cast<uint8_t>(random()));
      }
      size_t done = 0;
      size_t messages = 0;
      CHECK(from.send(batch.bytes.data(), batch.lengths, done) == udp::UdpPort::Sent::all && done == 30);
      CHECK(receiveAll(receiver, to, messages) == cutBatch(batch));
    }
    // With don't-fragment the first that is too long is named; the ones before it are gone.
    from.setDontFragment(false, true);
    Batch batch;
    for (const uint16_t length : {300, 300, 1200, 1200, 300}) batch.lengths.push_back(length);
    batch.bytes.resize(3'300);
    size_t done = 0;
    size_t messages = 0;
    CHECK(from.send(batch.bytes.data(), batch.lengths, done) == udp::UdpPort::Sent::tooBig && done == 2);
    CHECK(receiveAll(receiver, to, messages).size() == 2);
    CHECK(from.pathMtu(false) == 1'000);
  }
}

}  // namespace

int main() {
  std::mt19937 random(20260104);
  everyCombination(random);
  nobodyListens();
  shortPath(random);
  return check::finish("udp-batches");
}
