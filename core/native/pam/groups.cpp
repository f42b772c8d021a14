#include "groups.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>

namespace ocserv::pam {
namespace {

constexpr size_t maxGroups = 512;
/** More names than a form can show. */
constexpr size_t maxListed = 4096;

}  // namespace

std::vector<std::string> groupsOf(const std::string& user) {
  const passwd* account = ::getpwnam(user.c_str());
  if (account == nullptr) return {};
  const std::string name = account->pw_name;
  const gid_t primary = account->pw_gid;
  int count = maxGroups;
  std::vector<gid_t> ids(maxGroups);
  // -1: there are more; what fitted is in the list.
  if (::getgrouplist(name.c_str(), primary, ids.data(), &count) < 0) count = maxGroups;
  ids.resize(static_cast<size_t>(std::clamp(count, 0, static_cast<int>(maxGroups))));
  std::stable_partition(ids.begin(), ids.end(), [primary](gid_t id) { return id == primary; });
  std::vector<std::string> names;
  for (const gid_t id : ids) {
    const group* entry = ::getgrgid(id);
    if (entry != nullptr && *entry->gr_name != '\0') names.emplace_back(entry->gr_name);
  }
  return names;
}

std::vector<std::string> allGroups(gid_t lowest) {
  std::vector<std::string> names;
  ::setgrent();
  while (const group* entry = ::getgrent()) {
    if (entry->gr_gid >= lowest && *entry->gr_name != '\0') names.emplace_back(entry->gr_name);
    if (names.size() >= maxListed) break;
  }
  ::endgrent();
  return names;
}

}  // namespace ocserv::pam
