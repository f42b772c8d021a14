// One tunnel on the table: its descriptors in our hands, its clock ours, no thread. turn() does what the packet
// thread's loop does once, tick() lets time pass. So every state can be brought about and looked at.
#pragma once
#include <sys/epoll.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "peer.h"
#include "tunnel/options.h"
#include "tunnel/resources.h"
#include "tunnel/tunnel.h"

namespace desk {

using namespace ocserv;
using peer::Bytes;

struct Recorder : tunnel::Listener {
  std::vector<std::pair<tunnel::End, std::string>> ends;
  std::vector<std::string> dtls;
  std::vector<uint32_t> mtus;
  void onEnd(uint32_t, tunnel::End reason, std::string_view detail) override { ends.emplace_back(reason, detail); }
  void onDtls(uint32_t, std::string_view description) override { dtls.emplace_back(description); }
  void onMtu(uint32_t, uint32_t bytes) override { mtus.push_back(bytes); }
  void onAnswer(uint32_t, bool) override {}
  std::vector<std::string> mistakes;
  void onMistake(uint32_t, std::string_view text) override { mistakes.emplace_back(text); }
};

inline tunnel::Options standardOptions() {
  tunnel::Options options;
  options.tunOffload = true;
  options.dtlsCipherList = "PSK-AES256-GCM-SHA384:PSK-AES128-GCM-SHA256:PSK-CHACHA20-POLY1305";
  options.allowedSources = {"10.77.0.2/32", "fd00::/64"};
  return options;
}

inline flow::Features everyFeature() { return {true, true, true, true, true, false}; }

class Desk {
 public:
  explicit Desk(tunnel::Options options = standardOptions(), flow::Features features = everyFeature(),
                const std::function<void(tls::Handover&)>& change = {}, std::span<const uint8_t> early = {})
      : shared(std::make_unique<tunnel::Resources>(features)) {
    shared->epollFd = epoll_create1(EPOLL_CLOEXEC);
    shared->nowMs = 1'000'000;
    const peer::Pair stream = peer::streamPair();
    client = std::make_unique<peer::TlsClient>(stream.client);
    tls::Handover handover = peer::shakePlain(*client, stream.server);
    if (change) change(handover);
    const peer::Pair tun = peer::tunPair();
    tunPeer = tun.client;
    tunServer = tun.server;
    made = std::make_unique<tunnel::Tunnel>(1, *shared, events, std::move(handover), tun.server, std::move(options), counters);
    made->start(early);
  }
  ~Desk() {
    made.reset();
    shared->retiredPaths.clear();
    close(shared->epollFd);
    if (tunPeer >= 0) close(tunPeer);
  }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  /** One turn of the loop; returns the number of events. */
  int once() {
    std::array<epoll_event, 64> ready;
    const int count = epoll_wait(shared->epollFd, ready.data(), static_cast<int>(ready.size()), 0);
    for (int i = 0; i < count; i++) {
      auto& watch = *static_cast<tunnel::Watch*>(ready[static_cast<size_t>(i)].data.ptr);
      watch.tunnel->onReady(watch, ready[static_cast<size_t>(i)].events);
    }
    shared->retiredPaths.clear();
    return count;
  }
  /** Until nothing is ready; a loop that never rests is a failure of its own. */
  bool turn() {
    for (int i = 0; i < 20'000; i++) {
      if (once() <= 0) return true;
    }
    return false;
  }
  void tick(uint64_t ms) {
    shared->nowMs += ms;
    made->onTick();
    shared->retiredPaths.clear();
  }

  /** A DTLS association that is up; null if it does not come up. */
  std::unique_ptr<peer::DtlsClient> associate(const char* suite, peer::Pair path = peer::udpPair()) {
    auto dtls = std::make_unique<peer::DtlsClient>(path.client, client->exportPsk(), suite);
    const std::vector<Bytes> hello = dtls->step();
    shared->nowMs += 1'100;
    if (hello.size() != 1 || !made->attach(path.server, hello[0], true)) return nullptr;
    for (int i = 0; i < 20 && !dtls->isUp(); i++) {
      dtls->receive([](uint8_t, std::span<const uint8_t>) {});
      turn();
    }
    return dtls->isUp() ? std::move(dtls) : nullptr;
  }

  /** Puts a packet (with a virtio header when the tunnel wants one) into the device; false when it is full. */
  bool intoTun(const Bytes& packet, tun::VnetHeader header = {}, bool withHeader = true) const {
    Bytes whole(withHeader ? sizeof header : 0);
    if (withHeader) std::memcpy(whole.data(), &header, sizeof header);
    whole.insert(whole.end(), packet.begin(), packet.end());
    return ::send(tunPeer, whole.data(), whole.size(), MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(whole.size());
  }
  struct FromTun {
    tun::VnetHeader header;
    Bytes packet;
  };
  std::optional<FromTun> fromTun() const {
    Bytes buffer(70'000);
    const ssize_t length = recv(tunPeer, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length < static_cast<ssize_t>(sizeof(tun::VnetHeader))) return std::nullopt;
    FromTun one{};
    std::memcpy(&one.header, buffer.data(), sizeof one.header);
    one.packet.assign(buffer.begin() + sizeof one.header, buffer.begin() + length);
    return one;
  }

  std::unique_ptr<tunnel::Resources> shared;
  Recorder events;
  std::shared_ptr<tunnel::Counters> counters = std::make_shared<tunnel::Counters>();
  std::unique_ptr<peer::TlsClient> client;
  std::unique_ptr<tunnel::Tunnel> made;
  int tunPeer = -1;
  int tunServer = -1;
};

}  // namespace desk
