// Addresses and ports as text and as socket addresses.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace ocserv::system {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }

  uint16_t port() const {
    if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
    return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
  }

  void setPort(uint16_t port) {
    if (family() == AF_INET6) reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
    else reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  }

  /** IPv4 in IPv6 (RFC 4291, 2.5.5.2). */
  bool isMapped() const {
    return family() == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr);
  }

  std::string text() const {
    char buffer[INET6_ADDRSTRLEN] = "";
    // A client of a socket for both families (systemd's default) is an IPv4 client.
    if (isMapped()) {
      inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr.s6_addr[12], buffer, sizeof buffer);
    } else if (family() == AF_INET6) {
      inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, buffer, sizeof buffer);
    } else if (family() == AF_INET) {
      inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, buffer, sizeof buffer);
    }
    return buffer;
  }

  bool operator==(const SocketAddress& other) const {
    return family() == other.family() && port() == other.port() && text() == other.text();
  }

  /** Numeric IPv4 or IPv6 text; nothing when it is neither. */
  static std::optional<SocketAddress> parse(const std::string& text, uint16_t port) {
    SocketAddress address;
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
      v4.sin_family = AF_INET;
      v4.sin_port = htons(port);
      address.length = sizeof v4;
      return address;
    }
    if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(port);
      address.length = sizeof v6;
      return address;
    }
    return std::nullopt;
  }
};

}  // namespace ocserv::system
