// What must hold of an inner IP packet before it may pass in either direction, and what else the tunnel asks of it:
// is its source the client's, does it keep an idle session alive. Pure functions over the bytes.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ocserv::ip {

constexpr uint8_t protocolIcmp = 1;
constexpr uint8_t protocolIgmp = 2;
constexpr uint8_t protocolTcp = 6;
constexpr uint8_t protocolUdp = 17;
constexpr uint8_t protocolIcmpv6 = 58;

constexpr size_t ipv4HeaderBytes = 20;
constexpr size_t ipv6HeaderBytes = 40;

/**
 * The length the packet says it has, if it is IPv4 or IPv6 with a whole header and no longer than the bytes given;
 * 0 otherwise. Bytes behind it (padding by a careless sender) are not part of the packet.
 */
size_t packetLength(std::span<const uint8_t> bytes);

/** Does this packet (already checked by packetLength) count as use of the session? ICMP, IGMP, ICMPv6 do not. */
bool countsAsUse(std::span<const uint8_t> packet);

/** Is the packet from the kernel's own multicast chatter on the device (link-local scope)? */
bool isLinkLocalMulticast(std::span<const uint8_t> packet);

/** Is the source unspecified, or one that means something on its link alone (RFC 4291, 2.5.6; RFC 3927)? */
bool isLinkLocal(std::span<const uint8_t> packet);

/** The source address of a packet already checked by packetLength, as text. */
std::string sourceOf(std::span<const uint8_t> packet);

/** "4500 0054": bytes for a log line, in pairs. */
std::string hexOf(std::span<const uint8_t> bytes);

/** The addresses a client may use as source: its lease and the networks routed to it. */
class SourceFilter {
 public:
  /** "address/prefix" or a single address; false if it cannot be read. */
  bool add(std::string_view network);
  bool allows(std::span<const uint8_t> packet) const;
  bool empty() const { return ipv4_.empty() && ipv6_.empty(); }

 private:
  struct Network4 {
    uint32_t address;
    uint32_t mask;
  };
  struct Network6 {
    std::array<uint8_t, 16> address;
    std::array<uint8_t, 16> mask;
  };
  std::vector<Network4> ipv4_;
  std::vector<Network6> ipv6_;
};

}  // namespace ocserv::ip
