// Groups of the system's accounts (getgrouplist(3), getgrent(3)). Name services may go over the network, which is why
// this program asks them and not the security module.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace ocserv::pam {

/** Of a user: the primary group first, at most 512. Empty when the system does not know the user. */
std::vector<std::string> groupsOf(const std::string& user);
/** All groups with at least this id. */
std::vector<std::string> allGroups(gid_t lowest);

}  // namespace ocserv::pam
