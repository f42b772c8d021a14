// The packet thread of a worker: one epoll loop over the descriptors of all its tunnels. Other threads speak to it
// by commands through a queue; it answers through tunnel::Listener, on its own thread.
//   1. wait (until the next second while tunnels live, 100 ms while a handshake runs)
//   2. commands
//   3. each ready descriptor once, with a budget: epoll's own ready list goes round, so nobody is starved
//   4. once a second every tunnel's timers; ended tunnels are taken away at the end of the turn
//   5. while uploads over TLS come in small pieces, a short rest (moderation.h)
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "flow/moderation.h"
#include "tunnel/options.h"
#include "tunnel/resources.h"
#include "tunnel/tunnel.h"

namespace ocserv::flow {

class PacketThread {
 public:
  /** `listener` must outlive the thread. */
  PacketThread(tunnel::Listener& listener, const Features& features);
  ~PacketThread();
  PacketThread(const PacketThread&) = delete;
  PacketThread& operator=(const PacketThread&) = delete;

  bool start();
  /** Ends all tunnels without a word to the clients and waits for the thread. Safe to call twice. */
  void stop();

  /** The descriptors belong to the thread from here on. */
  void open(uint32_t tunnelId, tls::Handover&& connection, int tunFd, std::vector<uint8_t>&& early,
            tunnel::Options&& options, std::shared_ptr<tunnel::Counters> counters);
  void attach(uint32_t tunnelId, uint32_t requestId, int fd, std::vector<uint8_t>&& datagram, bool hello);
  void probe(uint32_t tunnelId, uint32_t requestId, std::vector<uint8_t>&& datagram);
  void close(uint32_t tunnelId, bool notify);

 private:
  using Command = std::function<void()>;
  void post(Command&& command);
  void run();
  void runCommands();
  void removeEnded();
  tunnel::Tunnel* find(uint32_t tunnelId);

  tunnel::Listener& listener_;
  tunnel::Resources shared_;
  Moderation moderation_;
  std::unordered_map<uint32_t, std::unique_ptr<tunnel::Tunnel>> tunnels_;
  tunnel::Watch wake_{tunnel::Watch::Kind::wake, nullptr, 0};
  int wakeFd_ = -1;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<Command> commands_;  // guarded by mutex_
  bool stopped_ = false;           // guarded by mutex_
  bool stopping_ = false;
  bool handshaking_ = false;
};

}  // namespace ocserv::flow
