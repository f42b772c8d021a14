// A TLS connection changing hands: from the event loop, which made the handshake and served HTTP, to the packet
// thread. Whoever holds it owns `ssl` and `fd`.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <vector>

namespace ocserv::tls {

struct Handover {
  SSL* ssl = nullptr;
  int fd = -1;
  /** Received from the socket, not yet given to libssl. */
  std::vector<uint8_t> pendingInput;
  /** Sealed by libssl, not yet taken by the socket. */
  std::vector<uint8_t> pendingOutput;
};

}  // namespace ocserv::tls
