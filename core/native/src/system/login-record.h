// Entries of utmp and wtmp for sessions, as login programs write them (utmpx(5)).
#pragma once
#include <sys/types.h>

#include <string>

namespace ocserv::system {

struct LoginRecord {
  /** False: the session is over. */
  bool isLogin;
  /** Device of the session; its last characters tell entries apart. */
  std::string line;
  pid_t pid;
  std::string user;
  /** Address of the client. */
  std::string host;
};

/** Into utmp in place of an entry of the same line, and at the end of wtmp. What is not there is not written. */
void recordLogin(const LoginRecord& record);

}  // namespace ocserv::system
