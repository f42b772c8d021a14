// The load client of the bench. openconnect moves one packet with one system call, so a server measured with it shows
// the client's limit as much as its own; this one moves batches (UDP_SEGMENT, UDP_GRO, recvmmsg, super-packets of the
// tun device), and holds many idle sessions in one process.
// A program of its own and no part of the addon: it is linked with the system's OpenSSL and the plain C++ library of
// the packet path, needs neither Node nor the server's build, and nothing of it is shipped.
//   load-client ADDRESS PORT USER dtls|tls [SESSIONS | TUN-DEVICE] < password
// Prints "session INDEX ADDRESS MTU" for each session that is up, "ready" after the last; SIGTERM ends them all.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "session.h"

namespace {

volatile sig_atomic_t stopping = 0;

int openTun(const char* name) {
  const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) load::fail("opening the tun device");
  const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  // TUN_F_USO4 and TUN_F_USO6: UDP, from Linux 6.2 on
  if (ioctl(fd, TUNSETOFFLOAD, tcp | 0x20U | 0x40U) != 0 && ioctl(fd, TUNSETOFFLOAD, tcp) != 0) load::fail("TUNSETOFFLOAD");
  return fd;
}

uint64_t nowMs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000 + static_cast<uint64_t>(now.tv_nsec) / 1000000;
}

/** Until all are up (`untilUp`) or the program is told to stop. */
void serve(int epollFd, std::vector<std::unique_ptr<load::Session>>& sessions, bool untilUp) {
  static uint64_t nextTickMs = nowMs() + 1000;
  std::array<epoll_event, 64> events;
  const auto isUp = [&] { return sessions.empty() || sessions.back()->isUp(); };
  while (stopping == 0 && !(untilUp && isUp())) {
    const int count = epoll_wait(epollFd, events.data(), events.size(), 1000);
    for (int i = 0; i < count; i++) {
      const auto& watch = *static_cast<load::Watch*>(events[static_cast<size_t>(i)].data.ptr);
      watch.session->onReady(watch, events[static_cast<size_t>(i)].events);
      if (watch.session->hasEnded()) load::fail("the server ended a session; going on");
    }
    if (nowMs() < nextTickMs) continue;
    nextTickMs = nowMs() + 1000;
    for (auto& session : sessions) session->onTick();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: load-client ADDRESS PORT USER dtls|tls [SESSIONS | TUN-DEVICE] < password\n");
    return 2;
  }
  load::Target target{argv[1], static_cast<uint16_t>(std::atoi(argv[2])), argv[3], {}, std::strcmp(argv[4], "dtls") == 0};
  std::getline(std::cin, target.password);
  const char* last = argc > 5 ? argv[5] : "1";
  const int count = std::atoi(last);
  signal(SIGPIPE, SIG_IGN);
  struct sigaction action{};
  action.sa_handler = [](int) { stopping = 1; };
  sigaction(SIGTERM, &action, nullptr);
  rlimit files{65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);

  const int epollFd = epoll_create1(EPOLL_CLOEXEC);
  load::Buffers buffers;
  std::vector<std::unique_ptr<load::Session>> sessions;
  for (int i = 0; i < (count > 0 ? count : 1) && stopping == 0; i++) {
    const int tunFd = count > 0 ? -1 : openTun(last);
    sessions.push_back(std::make_unique<load::Session>(target, tunFd, epollFd, buffers));
    serve(epollFd, sessions, true);
    const load::Session& made = *sessions.back();
    std::printf("session %d %s %u\n", i, made.address().c_str(), made.mtuBytes());
    std::fflush(stdout);
  }
  std::printf("ready\n");
  std::fflush(stdout);
  serve(epollFd, sessions, false);
  for (auto& session : sessions) session->leave();
  return 0;
}
