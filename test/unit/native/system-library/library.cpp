// The plain C++ library of the system part: addresses, descriptors, netlink dumps, and the system call filter, which
// is tried in a child of its own. Compiled with the sanitizers and run by system-library.test.ts.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <functional>
#include <thread>

#include "system/descriptor.h"
#include "system/endpoint.h"
#include "system/netlink.h"
#include "system/sandbox.h"
#include "system/tun-device.h"

using namespace ocserv::system;

namespace {

int failures = 0;
void check(bool holds, const char* what) {
  if (holds) return;
  failures++;
  std::fprintf(stderr, "failed: %s\n", what);
}

void addresses() {
  for (const char* refused : {"", "localhost", "1.2.3", "1.2.3.256", "1.2.3.4 ", "::g", "1::2::3", "fe80::1%lo", "[::1]"})
    check(!SocketAddress::parse(refused, 1), refused);
  const char* table[][2] = {{"192.168.77.1", "192.168.77.1"}, {"::1", "::1"}, {"FDA9:77:0::1", "fda9:77::1"}};
  for (const auto& [given, shown] : table) {
    const auto address = SocketAddress::parse(given, 65535);
    check(address && address->text() == shown && address->port() == 65535, given);
    check(address == SocketAddress::parse(shown, 65535) && !(address == SocketAddress::parse(shown, 65534)), shown);
  }
}

void descriptors() {
  int pair[2];
  check(::pipe(pair) == 0, "pipe");
  Descriptor writer(pair[1]);
  {
    Descriptor reader(pair[0]);
    Descriptor moved(std::move(reader));
    check(!reader.isOpen() && moved.isOpen(), "a moved descriptor has one owner");
    writer = std::move(moved);
    check(::fcntl(pair[1], F_GETFD) < 0, "assignment closes what was there");
  }
  check(::fcntl(pair[0], F_GETFD) >= 0, "and keeps what came");
  const int kept = writer.release();
  check(kept == pair[0] && !writer.isOpen(), "a released descriptor is the caller's");
  ::close(kept);
}

void devices() {
  std::vector<DeviceEntry> entries;
  check(!listDevices(entries).failed() && !entries.empty() && entries[0].name == "lo", "the loopback device is listed");
  DeviceSettings settings;
  settings.ipv4 = {"not an address", "10.0.0.1"};
  check(configureDevice(1, settings).error == EINVAL, "an address must be one");
  TunDevice device;
  check(openTun("a-name-too-long-for-linux", true, -1, -1, device).failed(), "a long device name is refused");
}

/** errno of the call, 0 when it worked. */
int errorOf(long result) { return result < 0 ? errno : 0; }

struct Attempt {
  const char* name;
  int expected;
  std::function<long()> run;
};

/** In a child: what the filter answers. Exit status: number of wrong answers. */
int filtered() {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 99;
  std::atomic<int> earlier = -1;
  std::atomic<bool> go = false;
  std::thread before([&] {
    while (!go) ::usleep(1000);
    earlier = errorOf(::syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
  });
  if (installSystemCallFilter(false).failed()) return 98;
  go = true;
  before.join();
  if (earlier != EPERM) std::fprintf(stderr, "a thread that ran before is not filtered: %d\n", earlier.load());

  int waiting = 0;
  struct stat status;
  const Attempt attempts[] = {
      {"open", EPERM, [] { return ::syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0); }},
      {"open for writing", EPERM, [] { return ::syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_CREAT | O_WRONLY, 0600); }},
      {"unlink", EPERM, [] { return ::syscall(SYS_unlinkat, AT_FDCWD, "/tmp/x", 0); }},
      {"socket", EPERM, [] { return ::syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); }},
      {"connect", EPERM, [] { return ::syscall(SYS_connect, 0, nullptr, 0); }},
      {"bind", EPERM, [] { return ::syscall(SYS_bind, 0, nullptr, 0); }},
      {"listen", EPERM, [] { return ::syscall(SYS_listen, 0, 1); }},
      {"accept", EPERM, [] { return ::syscall(SYS_accept4, 0, nullptr, nullptr, 0); }},
      {"execve", EPERM, [] { return ::syscall(SYS_execve, "/bin/true", nullptr, nullptr); }},
      {"fork", EPERM, [] { return ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }},
      {"clone3", ENOSYS, [] { return ::syscall(SYS_clone3, nullptr, 0); }},
      {"ptrace", EPERM, [] { return ::syscall(SYS_ptrace, 0, 0, 0, 0); }},
      {"kill of the parent", EPERM, [] { return ::syscall(SYS_kill, ::getppid(), 0); }},
      {"kill of itself", 0, [] { return ::syscall(SYS_kill, ::getpid(), 0); }},
      {"setuid", EPERM, [] { return ::syscall(SYS_setuid, 0); }},
      {"mount", EPERM, [] { return ::syscall(SYS_mount, "", "", "", 0, nullptr); }},
      {"bpf", EPERM, [] { return ::syscall(SYS_bpf, 0, nullptr, 0); }},
      {"io_uring", ENOSYS, [] { return ::syscall(SYS_io_uring_setup, 1, nullptr); }},
      {"io_uring_enter", EPERM, [] { return ::syscall(SYS_io_uring_enter, 0, 0, 0, 0, nullptr, 0); }},
      {"a terminal's input", EPERM, [] { return ::syscall(SYS_ioctl, 0, 0x5412, nullptr); }},
      {"bytes waiting", 0, [&] { return ::syscall(SYS_ioctl, pair[0], FIONREAD, &waiting); }},
      {"dumpable again", EPERM, [] { return ::syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }},
      {"status of a path", EPERM, [&] { return ::syscall(SYS_newfstatat, AT_FDCWD, "/etc", &status, 0); }},
      {"status of a descriptor", 0, [&] { return ::syscall(SYS_newfstatat, pair[0], "", &status, 0x1000); }},
      {"write", 0, [&] { return ::syscall(SYS_write, pair[0], "x", 1); }},
      {"executable memory", 0,
       [] {
         void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
         return static_cast<long>(::mprotect(page, 4096, PROT_READ | PROT_EXEC));
       }},
#ifdef __x86_64__
      {"an x32 number", EPERM, [] { return ::syscall(0x40000000 | SYS_getpid); }},
#endif
  };
  int wrong = earlier == EPERM ? 0 : 1;
  for (const Attempt& attempt : attempts) {
    const int answer = errorOf(attempt.run());
    if (answer == attempt.expected) continue;
    wrong++;
    std::fprintf(stderr, "%s: errno %d, expected %d\n", attempt.name, answer, attempt.expected);
  }
  bool ran = false;
  std::thread([&] { ran = true; }).join();
  if (!ran) wrong++;
  return wrong;
}

void filter() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(filtered());
  int status = 0;
  ::waitpid(child, &status, 0);
  check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the filter answers as listed");
}

}  // namespace

int main() {
  addresses();
  descriptors();
  devices();
  filter();
  std::printf("%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
