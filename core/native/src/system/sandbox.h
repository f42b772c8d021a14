// Turns this process into a worker for good: account, capabilities, privileges, files, system calls.
// Called once by the binding, after everything that needs a file or a right was done.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "descriptor.h"

namespace ocserv::system {

struct SandboxSettings {
  uid_t uid = 0;
  gid_t gid = 0;
  /** Empty = none. */
  std::string chroot;
  bool seccomp = true;
};

/** A failure leaves the process half way in: the caller must exit. `retMissing` names what this kernel lacks. */
Outcome enterSandbox(const SandboxSettings& settings, std::vector<std::string>& retMissing);

/** The filter alone, for all threads, with no_new_privs. */
Outcome installSystemCallFilter(bool allowRing);

/** What is left of it when the configuration does without: no thread starts a program or gains rights by one. */
Outcome forbidPrograms();

/**
 * No io_uring from now on for this process and its children. Called by main before it starts any: libuv opens a ring
 * for its loop before our code runs, and operations in a ring pass by the filter.
 */
Outcome forbidRings();

}  // namespace ocserv::system
