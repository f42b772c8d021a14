// The loop; see packet-thread.h.
#include "flow/packet-thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <array>

#include "system/descriptor.h"

namespace ocserv::flow {

namespace {
constexpr uint64_t tickMs = 1000;
constexpr uint64_t handshakeTickMs = 100;
constexpr int eventsPerTurn = 64;

// A rest of microseconds must not last the 50 more that the kernel may add to any.
constexpr unsigned long timerSlackNs = 1'000;

uint64_t monotonicUs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

uint64_t monotonicMs() { return monotonicUs() / 1000; }

void rest(uint32_t microseconds) {
  const timespec pause{0, static_cast<long>(microseconds) * 1000};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
}
}  // namespace

PacketThread::PacketThread(tunnel::Listener& listener, const Features& features)
    : listener_(listener), shared_(features) {}

PacketThread::~PacketThread() {
  stop();
  if (wakeFd_ >= 0) ::close(wakeFd_);
  if (shared_.epollFd >= 0) ::close(shared_.epollFd);
}

bool PacketThread::start() {
  shared_.epollFd = epoll_create1(EPOLL_CLOEXEC);
  wakeFd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &wake_;
  if (shared_.epollFd < 0 || wakeFd_ < 0 || epoll_ctl(shared_.epollFd, EPOLL_CTL_ADD, wakeFd_, &event) != 0) return false;
  // Signals belong to the event loop's thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // A thread has the slack of the one that started it; 0 is this one's own again.
  if (shared_.features.moderate) prctl(PR_SET_TIMERSLACK, timerSlackNs, 0, 0, 0);
  thread_ = std::thread([this] { run(); });
  if (shared_.features.moderate) prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
  pthread_setname_np(thread_.native_handle(), "packets");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return true;
}

void PacketThread::post(Command&& command) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    commands_.push_back(std::move(command));
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wakeFd_, &one, sizeof one);
}

void PacketThread::stop() {
  if (!thread_.joinable()) return;
  post([this] { stopping_ = true; });
  thread_.join();
}

tunnel::Tunnel* PacketThread::find(uint32_t tunnelId) {
  const auto found = tunnels_.find(tunnelId);
  return found == tunnels_.end() || found->second->hasEnded() ? nullptr : found->second.get();
}

void PacketThread::open(uint32_t tunnelId, tls::Handover&& connection, int tunFd, std::vector<uint8_t>&& early,
                        tunnel::Options&& options, std::shared_ptr<tunnel::Counters> counters) {
  // std::function wants copyable captures: what can only be moved travels in a shared box.
  struct Opening {
    tls::Handover connection;
    int tunFd;
    std::vector<uint8_t> early;
    tunnel::Options options;
    std::shared_ptr<tunnel::Counters> counters;
    ~Opening() {
      if (connection.ssl != nullptr) SSL_free(connection.ssl);
      if (connection.fd >= 0) ::close(connection.fd);
      if (tunFd >= 0) ::close(tunFd);
    }
  };
  auto opening = std::shared_ptr<Opening>(
      new Opening{std::move(connection), tunFd, std::move(early), std::move(options), std::move(counters)});
  connection.ssl = nullptr;
  connection.fd = -1;
  post([this, tunnelId, opening] {
    auto made = std::make_unique<tunnel::Tunnel>(tunnelId, shared_, listener_, std::move(opening->connection),
                                                 opening->tunFd, std::move(opening->options), opening->counters);
    opening->tunFd = -1;
    tunnel::Tunnel& tunnel = *made;
    tunnels_[tunnelId] = std::move(made);
    tunnel.start(opening->early);
  });
}

void PacketThread::attach(uint32_t tunnelId, uint32_t requestId, int fd, std::vector<uint8_t>&& datagram, bool hello) {
  // Closed with the command if that is refused or finds no tunnel.
  auto socket = std::make_shared<system::Descriptor>(fd);
  post([this, tunnelId, requestId, socket, bytes = std::move(datagram), hello] {
    tunnel::Tunnel* tunnel = find(tunnelId);
    listener_.onAnswer(requestId, tunnel != nullptr && tunnel->attach(socket->release(), bytes, hello));
  });
}

void PacketThread::probe(uint32_t tunnelId, uint32_t requestId, std::vector<uint8_t>&& datagram) {
  post([this, tunnelId, requestId, bytes = std::move(datagram)] {
    const tunnel::Tunnel* tunnel = find(tunnelId);
    listener_.onAnswer(requestId, tunnel != nullptr && tunnel->probe(bytes));
  });
}

void PacketThread::close(uint32_t tunnelId, bool notify) {
  post([this, tunnelId, notify] {
    if (tunnel::Tunnel* tunnel = find(tunnelId)) tunnel->close(notify);
  });
}

void PacketThread::runCommands() {
  uint64_t count;
  [[maybe_unused]] const ssize_t got = read(wakeFd_, &count, sizeof count);
  std::vector<Command> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (Command& command : commands) command();
}

void PacketThread::removeEnded() {
  handshaking_ = false;
  for (auto it = tunnels_.begin(); it != tunnels_.end();) {
    if (it->second->hasEnded()) {
      it = tunnels_.erase(it);
    } else {
      handshaking_ = handshaking_ || it->second->isHandshaking();
      ++it;
    }
  }
}

void PacketThread::run() {
  std::array<epoll_event, eventsPerTurn> events;
  shared_.nowMs = monotonicMs();
  uint64_t nextTickMs = shared_.nowMs + tickMs;
  while (!stopping_) {
    const int timeout = tunnels_.empty()               ? -1
                        : nextTickMs > shared_.nowMs ? static_cast<int>(nextTickMs - shared_.nowMs)
                                                     : 0;
    const int count = epoll_wait(shared_.epollFd, events.data(), eventsPerTurn, timeout);
    shared_.nowMs = monotonicMs();
    bool sweep = false;
    for (int i = 0; i < count; i++) {
      auto& watch = *static_cast<tunnel::Watch*>(events[static_cast<size_t>(i)].data.ptr);
      if (watch.kind == tunnel::Watch::Kind::wake) {
        runCommands();
        sweep = true;
        continue;
      }
      watch.tunnel->onReady(watch, events[static_cast<size_t>(i)].events);
      sweep = sweep || watch.tunnel->hasEnded() || watch.tunnel->isHandshaking();
    }
    if (shared_.nowMs >= nextTickMs) {
      for (auto& [id, tunnel] : tunnels_) tunnel->onTick();
      sweep = true;
    }
    if (sweep) {
      removeEnded();
      const uint64_t interval = handshaking_ ? handshakeTickMs : tickMs;
      if (nextTickMs <= shared_.nowMs || nextTickMs > shared_.nowMs + interval) nextTickMs = shared_.nowMs + interval;
    }
    shared_.retiredPaths.clear();
    if (shared_.turnTlsBytes > 0 && shared_.features.moderate) {
      const uint32_t pauseUs =
          moderation_.restAfter(shared_.turnTlsConnections, shared_.turnTlsBytes, monotonicUs());
      if (pauseUs > 0) rest(pauseUs);
    }
    shared_.turnTlsBytes = 0;
    shared_.turnTlsConnections = 0;
  }
  for (auto& [id, tunnel] : tunnels_) tunnel->end(tunnel::End::serverDisconnect, "the worker stops", false);
  tunnels_.clear();
  shared_.retiredPaths.clear();
  // What was posted and not run closes its descriptors as it is destroyed or refused.
  std::vector<Command> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(commands_);
  }
  for (Command& command : left) command();
  for (auto& [id, tunnel] : tunnels_) tunnel->end(tunnel::End::serverDisconnect, "the worker stops", false);
  tunnels_.clear();
}

}  // namespace ocserv::flow
