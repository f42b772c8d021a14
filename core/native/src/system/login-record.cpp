#include "login-record.h"

#include <arpa/inet.h>
#include <sys/time.h>
#include <utmp.h>
#include <utmpx.h>

#include <algorithm>
#include <cstring>

namespace ocserv::system {
namespace {

/** These fields need no terminating NUL when they are full. */
template <size_t size>
void put(char (&field)[size], const std::string& text) {
  std::memcpy(field, text.data(), std::min(text.size(), size));
}

}  // namespace

void recordLogin(const LoginRecord& record) {
  utmpx entry{};
  entry.ut_type = record.isLogin ? USER_PROCESS : DEAD_PROCESS;
  entry.ut_pid = record.pid;
  put(entry.ut_line, record.line);
  constexpr size_t idBytes = sizeof entry.ut_id;
  put(entry.ut_id, record.line.size() > idBytes ? record.line.substr(record.line.size() - idBytes) : record.line);
  if (record.isLogin) {
    put(entry.ut_user, record.user);
    put(entry.ut_host, record.host);
    if (::inet_pton(AF_INET, record.host.c_str(), entry.ut_addr_v6) != 1) {
      ::inet_pton(AF_INET6, record.host.c_str(), entry.ut_addr_v6);
    }
  }
  timeval now{};
  ::gettimeofday(&now, nullptr);
  entry.ut_tv.tv_sec = static_cast<decltype(entry.ut_tv.tv_sec)>(now.tv_sec);
  entry.ut_tv.tv_usec = static_cast<decltype(entry.ut_tv.tv_usec)>(now.tv_usec);
  ::setutxent();
  ::pututxline(&entry);
  ::endutxent();
  ::updwtmpx(_PATH_WTMP, &entry);
}

}  // namespace ocserv::system
