// The way into the sandbox, in this order:
//  1. chroot, while it is allowed
//  2. capabilities leave the bounding set; groups, group and user change in all threads (glibc does that), which empties
//     the other capability sets
//  3. no_new_privs, not dumpable, no core files
//  4. Landlock: no file may be opened
//  5. the system call filter, which refuses in all threads what Landlock refuses in this one; if the configuration does
//     without, one that refuses new programs alone and so takes no_new_privs to all threads
#include "sandbox.h"

#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace ocserv::system {
namespace {

// linux/landlock.h; older headers lack it.
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif
constexpr unsigned landlockVersionFlag = 1;
/** Rights over files that versions 1 to 5 of the interface know. */
constexpr uint64_t landlockFileRights[] = {0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff};
struct LandlockRuleset {
  uint64_t files;
  /** Version 4: bind and connect of TCP. */
  uint64_t network;
  /** Version 6: abstract Unix sockets and signals of others. */
  uint64_t scoped;
};

/** libuv opens a ring for every loop where it can; what is done through it is invisible to the filter. */
bool hasRing() {
  DIR* folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(folder)) {
    std::array<char, 64> target{};
    const ssize_t length = ::readlinkat(::dirfd(folder), entry->d_name, target.data(), target.size() - 1);
    if (length > 0 && std::strcmp(target.data(), "anon_inode:[io_uring]") == 0) found = true;
  }
  ::closedir(folder);
  return found;
}

void dropBoundingSet() {
  // Of this thread alone; in the others the set stays, and without exec nothing can be gained from it.
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/** Empties this thread's sets when the account did not change and so did not empty them. */
Outcome dropCapabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  return ::syscall(SYS_capset, &header, data.data()) == 0 ? Outcome::ok() : Outcome::last("capset");
}

Outcome changeAccount(const SandboxSettings& settings, std::vector<std::string>& retMissing) {
  // The kernel forgets the signal at the parent's death when credentials change.
  int parentDeathSignal = 0;
  ::prctl(PR_GET_PDEATHSIG, &parentDeathSignal, 0, 0, 0);
  if (::geteuid() == 0) {
    const gid_t group = settings.gid;
    if (::setgroups(1, &group) != 0) return Outcome::last("setgroups");
  }
  if (::setresgid(settings.gid, settings.gid, settings.gid) != 0) return Outcome::last("setresgid");
  if (::setresuid(settings.uid, settings.uid, settings.uid) != 0) return Outcome::last("setresuid");
  if (settings.uid == 0) {
    retMissing.push_back("a user of its own (the configured one is root)");
  } else if (::setresuid(0, 0, 0) == 0) {
    return {EPERM, "give up root"};
  }
  ::prctl(PR_SET_PDEATHSIG, parentDeathSignal, 0, 0, 0);
  return dropCapabilities();
}

/** Empty when done, else what is missing. */
std::string forbidFiles() {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, landlockVersionFlag);
  if (version < 1) return "Landlock: this kernel does not have it";
  const size_t known = std::min(static_cast<size_t>(version), std::size(landlockFileRights));
  const LandlockRuleset ruleset{landlockFileRights[known - 1], version >= 4 ? 3u : 0u, version >= 6 ? 3u : 0u};
  Descriptor fd(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &ruleset, sizeof ruleset, 0)));
  if (!fd.isOpen() || ::syscall(SYS_landlock_restrict_self, fd.get(), 0) != 0) {
    std::string missing = "Landlock: ";
    missing.append(std::strerror(errno));
    return missing;
  }
  return "";
}

}  // namespace

Outcome enterSandbox(const SandboxSettings& settings, std::vector<std::string>& retMissing) {
  const bool ring = hasRing();
  if (!settings.chroot.empty()) {
    if (::chroot(settings.chroot.c_str()) != 0) return Outcome::last("chroot");
    if (::chdir("/") != 0) return Outcome::last("chdir");
  }
  dropBoundingSet();
  if (const Outcome outcome = changeAccount(settings, retMissing); outcome.failed()) return outcome;

  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Outcome::last("no_new_privs");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Outcome::last("not dumpable");
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);

  if (std::string missing = forbidFiles(); !missing.empty()) retMissing.push_back(std::move(missing));

  if (!settings.seccomp) {
    // no_new_privs above is this thread's alone; a filter takes it to all, and what cannot start a program gains nothing.
    if (forbidPrograms().failed()) retMissing.push_back("no_new_privs in all threads (this kernel does not have seccomp)");
    return Outcome::ok();
  }
  if (ring) retMissing.push_back("a filter that sees everything (the process has an io_uring; its parent did not call forbidRings)");
  const Outcome filtered = installSystemCallFilter(ring);
  if (filtered.error == ENOSYS || filtered.error == EINVAL) {
    retMissing.push_back("the system call filter (this kernel does not have seccomp)");
    return Outcome::ok();
  }
  return filtered;
}

}  // namespace ocserv::system
