// Checks of inner IP packets; see packet.h.
#include "ip/packet.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

#include "ip/checksum.h"

namespace ocserv::ip {

size_t packetLength(std::span<const uint8_t> bytes) {
  if (bytes.size() < ipv4HeaderBytes) return 0;
  const uint8_t version = bytes[0] >> 4;
  if (version == 4) {
    const size_t header = static_cast<size_t>(bytes[0] & 15) * 4;
    const size_t total = read16(&bytes[2]);
    if (header < ipv4HeaderBytes || total < header || total > bytes.size()) return 0;
    return total;
  }
  if (version == 6) {
    if (bytes.size() < ipv6HeaderBytes) return 0;
    const size_t total = ipv6HeaderBytes + read16(&bytes[4]);
    // A payload length of 0 would be a jumbogram (RFC 2675) or an empty packet: neither has business here, but an
    // empty packet is harmless.
    return total <= bytes.size() ? total : 0;
  }
  return 0;
}

bool countsAsUse(std::span<const uint8_t> packet) {
  if (packet.size() <= ipv4HeaderBytes) return true;
  if (packet[0] >> 4 == 4) return packet[9] != protocolIcmp && packet[9] != protocolIgmp;
  return packet[6] != protocolIcmpv6;
}

bool isLinkLocalMulticast(std::span<const uint8_t> packet) {
  if (packet.size() < ipv4HeaderBytes) return false;
  if (packet[0] >> 4 == 4) return packet[16] == 224 && packet[17] == 0 && packet[18] == 0;
  return packet.size() >= ipv6HeaderBytes && packet[24] == 0xff && (packet[25] & 15) == 2;
}

bool isLinkLocal(std::span<const uint8_t> packet) {
  if (packet[0] >> 4 == 4) return read32(&packet[12]) == 0 || read16(&packet[12]) == 0xa9fe;
  const uint8_t* source = &packet[8];
  if (source[0] == 0xfe && (source[1] & 0xc0) == 0x80) return true;
  return std::all_of(source, source + 16, [](uint8_t byte) { return byte == 0; });
}

std::string sourceOf(std::span<const uint8_t> packet) {
  char text[INET6_ADDRSTRLEN] = "";
  const bool isIpv4 = packet[0] >> 4 == 4;
  inet_ntop(isIpv4 ? AF_INET : AF_INET6, isIpv4 ? &packet[12] : &packet[8], text, sizeof text);
  return text;
}

std::string hexOf(std::span<const uint8_t> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i++) {
    if (i > 0 && i % 2 == 0) text += ' ';
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

bool SourceFilter::add(std::string_view network) {
  const size_t slash = network.find('/');
  const std::string address(network.substr(0, slash));
  const bool isIpv6 = address.find(':') != std::string::npos;
  unsigned prefix = isIpv6 ? 128 : 32;
  if (slash != std::string_view::npos) {
    const std::string_view digits = network.substr(slash + 1);
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (result.ec != std::errc() || result.ptr != digits.data() + digits.size()) return false;
  }
  if (isIpv6) {
    Network6 entry{};
    if (prefix > 128 || inet_pton(AF_INET6, address.c_str(), entry.address.data()) != 1) return false;
    for (unsigned bit = 0; bit < prefix; bit++) entry.mask[bit / 8] |= static_cast<uint8_t>(0x80 >> (bit % 8));
    for (size_t i = 0; i < 16; i++) entry.address[i] &= entry.mask[i];
    ipv6_.push_back(entry);
    return true;
  }
  uint8_t bytes[4];
  if (prefix > 32 || inet_pton(AF_INET, address.c_str(), bytes) != 1) return false;
  const uint32_t mask = prefix == 0 ? 0 : ~uint32_t{0} << (32 - prefix);
  ipv4_.push_back({read32(bytes) & mask, mask});
  return true;
}

bool SourceFilter::allows(std::span<const uint8_t> packet) const {
  if (packet[0] >> 4 == 4) {
    const uint32_t source = read32(&packet[12]);
    for (const Network4& network : ipv4_) {
      if ((source & network.mask) == network.address) return true;
    }
    return false;
  }
  for (const Network6& network : ipv6_) {
    bool equal = true;
    for (size_t i = 0; i < 16 && equal; i++) equal = (packet[8 + i] & network.mask[i]) == network.address[i];
    if (equal) return true;
  }
  return false;
}

}  // namespace ocserv::ip
