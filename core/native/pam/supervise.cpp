#include "supervise.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace ocserv::pam {
namespace {

/** Until no child is left: those of a killed one come to us and are next. A process the kernel holds on to is waited for. */
void killDescendants(pid_t worker) {
  // A reaped one's number may soon be another's.
  bool isReaped = false;
  for (;;) {
    if (!isReaped) ::kill(worker, SIGKILL);
    if (std::FILE* list = std::fopen("/proc/thread-self/children", "re")) {
      long pid = 0;
      while (std::fscanf(list, "%ld", &pid) == 1) ::kill(static_cast<pid_t>(pid), SIGKILL);
      std::fclose(list);
    }
    const pid_t reaped = ::waitpid(-1, nullptr, 0);
    if (reaped < 0 && errno == ECHILD) return;
    if (reaped == worker) isReaped = true;
  }
}

[[noreturn]] void endLike(int status) {
  if (!WIFSIGNALED(status)) ::_exit(WEXITSTATUS(status));
  ::signal(WTERMSIG(status), SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::raise(WTERMSIG(status));
  ::_exit(1);
}

}  // namespace

int supervise(int (*work)()) {
  sigset_t watched;
  sigset_t former;
  sigemptyset(&watched);
  sigaddset(&watched, SIGTERM);
  sigaddset(&watched, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &watched, &former);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const pid_t supervisor = ::getpid();
  const pid_t worker = ::fork();
  if (worker < 0) return 1;
  if (worker == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != supervisor) return 1;
    ::sigprocmask(SIG_SETMASK, &former, nullptr);
    return work();
  }
  // The child's alone, so that their ends show when it is gone.
  ::close(STDIN_FILENO);
  ::close(STDOUT_FILENO);
  for (;;) {
    const int signal = ::sigwaitinfo(&watched, nullptr);
    if (signal == SIGTERM) {
      killDescendants(worker);
      return 1;
    }
    int status = 0;
    pid_t reaped = 0;
    while ((reaped = ::waitpid(-1, &status, WNOHANG)) > 0) {
      // What it leaves running after an orderly end was meant to stay.
      if (reaped == worker) endLike(status);
    }
  }
}

}  // namespace ocserv::pam
