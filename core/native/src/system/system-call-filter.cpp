// The system calls of a worker that serves: event loop, memory and threads of the engine, and packets on descriptors
// it was given. No new socket, no file, no process. What is not listed answers EPERM. The list holds what a warm
// Node 24 with libuv, OpenSSL and our packet thread was seen to call and what glibc may use instead.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sandbox.h"

namespace ocserv::system {
namespace {

#if defined(__x86_64__)
constexpr uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
#error "no system call filter for this processor"
#endif

constexpr int allowed[] = {
    // descriptors that are open
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_close, SYS_close_range, SYS_fstat, SYS_lseek, SYS_fcntl, SYS_dup,
    SYS_dup3, SYS_pread64, SYS_pwrite64,
    // sockets that are open
    SYS_recvmsg, SYS_recvmmsg, SYS_recvfrom, SYS_sendmsg, SYS_sendmmsg, SYS_sendto, SYS_shutdown, SYS_getsockname,
    SYS_getpeername, SYS_getsockopt, SYS_setsockopt,
    // event loops
    SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_eventfd2, SYS_pipe2, SYS_ppoll, SYS_pselect6,
    SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime,
    // memory
    SYS_brk, SYS_mmap, SYS_mprotect, SYS_munmap, SYS_mremap, SYS_madvise, SYS_mincore, SYS_membarrier,
    SYS_pkey_mprotect, SYS_pkey_alloc, SYS_pkey_free, SYS_mlock, SYS_munlock,
    // threads
    SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_set_tid_address, SYS_gettid, SYS_exit, SYS_sched_yield,
    SYS_sched_getaffinity, SYS_sched_setaffinity, SYS_sched_getparam, SYS_sched_getscheduler, SYS_sched_get_priority_max,
    SYS_sched_get_priority_min, SYS_getcpu, SYS_exit_group, SYS_restart_syscall,
#ifdef SYS_rseq
    SYS_rseq,
#endif
#ifdef SYS_epoll_pwait2
    SYS_epoll_pwait2,
#endif
#ifdef SYS_futex_waitv
    SYS_futex_waitv,
#endif
    // signals to itself
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_rt_sigpending, SYS_sigaltstack,
    // time and facts about itself
    SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_times, SYS_getrandom,
    SYS_getrusage, SYS_getpid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getpriority,
    SYS_sysinfo, SYS_uname, SYS_getcwd, SYS_setitimer, SYS_getitimer, SYS_umask,
#ifdef __x86_64__
    SYS_epoll_wait, SYS_epoll_create, SYS_eventfd, SYS_pipe, SYS_poll, SYS_select, SYS_dup2, SYS_time, SYS_alarm,
    SYS_arch_prctl,
#endif
};

/** Answers that make libc and libuv use an older call. clone3 hides its flags from the filter. */
constexpr int unknown[] = {
#ifdef SYS_clone3
    SYS_clone3,
#endif
    SYS_statx, SYS_io_uring_setup,
};

/** Requests on descriptors: blocking mode, close-on-exec, bytes waiting, is it a terminal. */
constexpr uint32_t controls[] = {FIONBIO, FIOCLEX, FIONCLEX, FIONREAD, TCGETS, TIOCGWINSZ, 0x5413, 0x894c};
/** Naming threads and memory. */
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
constexpr uint32_t processControls[] = {PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, PR_GET_DUMPABLE, PR_GET_PDEATHSIG};
constexpr uint32_t emptyPath = 0x1000;  // AT_EMPTY_PATH

/** A filter program under construction. The number of the call is in the accumulator between rules. */
class Program {
 public:
  Program() {
    load(offsetof(seccomp_data, arch));
    add(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0);
    answer(SECCOMP_RET_KILL_PROCESS);
    load(offsetof(seccomp_data, nr));
#ifdef __x86_64__
    // x32 numbers of the same calls
    add(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
    refuse(EPERM);
#endif
  }

  void allow(int call) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1);
    answer(SECCOMP_RET_ALLOW);
  }
  void refuse(int call, int error) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1);
    refuse(error);
  }
  /** Allowed when the argument is one of these values, else EPERM. */
  template <typename Values>
  void allowValues(int call, int argument, const Values& values) {
    const auto rules = static_cast<uint8_t>(2 * std::size(values) + 2);
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, rules);
    loadArgument(argument);
    for (const uint32_t value : values) {
      add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
      answer(SECCOMP_RET_ALLOW);
    }
    refuse(EPERM);
  }
  /** Allowed when all these bits are set in the argument, else EPERM. */
  void allowBits(int call, int argument, uint32_t bits) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 5);
    loadArgument(argument);
    add(BPF_ALU | BPF_AND | BPF_K, bits);
    add(BPF_JMP | BPF_JEQ | BPF_K, bits, 0, 1);
    answer(SECCOMP_RET_ALLOW);
    refuse(EPERM);
  }
  void refuse(int error) { answer(SECCOMP_RET_ERRNO | static_cast<uint32_t>(error)); }

  void allowRest() { answer(SECCOMP_RET_ALLOW); }

  Outcome install() {
    sock_fprog filter{static_cast<unsigned short>(rules_.size()), rules_.data()};
    const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    if (result < 0) return Outcome::last("seccomp");
    // The number of a thread that could not follow.
    if (result > 0) return {ESRCH, "seccomp for all threads"};
    return Outcome::ok();
  }

 private:
  void add(uint16_t code, uint32_t value, uint8_t yes = 0, uint8_t no = 0) { rules_.push_back({code, yes, no, value}); }
  void load(size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
  /** Low half; both processors are little endian. */
  void loadArgument(int argument) { load(offsetof(seccomp_data, args) + sizeof(uint64_t) * static_cast<size_t>(argument)); }
  void answer(uint32_t verdict) { add(BPF_RET | BPF_K, verdict); }

  std::vector<sock_filter> rules_;
};

}  // namespace

Outcome installSystemCallFilter(bool allowRing) {
  Program program;
  for (const int call : allowed) program.allow(call);
  if (allowRing) program.allow(SYS_io_uring_enter);
  for (const int call : unknown) program.refuse(call, ENOSYS);
  program.allowValues(SYS_ioctl, 1, controls);
  program.allowValues(SYS_prctl, 0, processControls);
  program.allowBits(SYS_newfstatat, 3, emptyPath);
  program.allowBits(SYS_clone, 0, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND);
  const uint32_t self[] = {static_cast<uint32_t>(::getpid())};
  program.allowValues(SYS_tgkill, 0, self);
  program.allowValues(SYS_kill, 0, self);
  program.refuse(EPERM);

  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Outcome::last("no_new_privs");
  return program.install();
}

Outcome forbidPrograms() {
  Program program;
  program.refuse(SYS_execve, EPERM);
  program.refuse(SYS_execveat, EPERM);
  program.allowRest();
  return program.install();
}

Outcome forbidRings() {
  Program program;
  program.refuse(SYS_io_uring_setup, ENOSYS);
  program.allowRest();
  // Needs CAP_SYS_ADMIN instead of no_new_privs, which user scripts would inherit.
  return program.install();
}

}  // namespace ocserv::system
