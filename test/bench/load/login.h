// What openconnect does until its tunnel is up: TLS, the XML login, CONNECT. Blocking; used by main.cpp for one
// session after the other. No certificate is checked: the only server this ever meets is the one the bench started.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "system/descriptor.h"
#include "tls/handover.h"

namespace load {

struct Target {
  std::string address;
  uint16_t port = 443;
  std::string user;
  std::string password;
  bool wantsDtls = true;
};

/** A connection behind the answer to its CONNECT. */
struct Login {
  ocserv::tls::Handover connection;
  std::string address;   // inner IPv4 address
  uint32_t mtuBytes = 0;
  uint32_t dpdSeconds = 0;
  uint16_t udpPort = 0;  // 0: the server offers no DTLS
  std::vector<uint8_t> appId;
};

/** A socket connected to `target`; ends the program when that fails, as does everything here. */
ocserv::system::Descriptor connectTo(const Target& target, int type, uint16_t port);
Login logIn(const Target& target);

[[noreturn]] void fail(const std::string& what);

}  // namespace load
