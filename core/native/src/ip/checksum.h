// The Internet checksum (RFC 1071), for cutting, coalescing and verifying inner packets.
// Sums are kept in memory order: a folded sum is stored with storeSum as it is, whatever the machine's byte order.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ocserv::ip {

/** Adds the bytes to a running sum. An odd length is padded with a zero byte, so only the last part may be odd. */
inline uint64_t addBytes(const uint8_t* bytes, size_t length, uint64_t sum) {
  uint64_t low = 0;
  uint64_t high = 0;
  while (length >= 32) {
    uint64_t word[4];
    std::memcpy(word, bytes, 32);
    for (uint64_t one : word) {
      low += static_cast<uint32_t>(one);
      high += one >> 32;
    }
    bytes += 32;
    length -= 32;
  }
  while (length >= 4) {
    uint32_t word;
    std::memcpy(&word, bytes, 4);
    low += word;
    bytes += 4;
    length -= 4;
  }
  if (length >= 2) {
    uint16_t word;
    std::memcpy(&word, bytes, 2);
    high += word;
    bytes += 2;
    length -= 2;
  }
  if (length == 1) {
    uint16_t word = 0;
    std::memcpy(&word, bytes, 1);
    low += word;
  }
  // Bounded: every part stays below 2^48 for the 64 KB an IP packet can have.
  return sum + low + high;
}

inline uint16_t foldSum(uint64_t sum) {
  sum = (sum & 0xffffffffU) + (sum >> 32);
  sum = (sum & 0xffffffffU) + (sum >> 32);
  sum = (sum & 0xffffU) + (sum >> 16);
  sum = (sum & 0xffffU) + (sum >> 16);
  return static_cast<uint16_t>((sum & 0xffffU) + (sum >> 16));
}

inline void storeSum(uint8_t* where, uint16_t folded) { std::memcpy(where, &folded, 2); }

inline uint16_t read16(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }
inline uint32_t read32(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 24 | static_cast<uint32_t>(p[1]) << 16 | static_cast<uint32_t>(p[2]) << 8 | p[3];
}
inline void write16(uint8_t* p, uint16_t value) {
  p[0] = static_cast<uint8_t>(value >> 8);
  p[1] = static_cast<uint8_t>(value);
}
inline void write32(uint8_t* p, uint32_t value) {
  write16(p, static_cast<uint16_t>(value >> 16));
  write16(p + 2, static_cast<uint16_t>(value));
}

/** Pseudo-header sum of an IPv4 or IPv6 packet for an upper layer of `length` bytes. `packet` has a whole IP header. */
inline uint64_t pseudoHeaderSum(const uint8_t* packet, uint8_t protocol, uint32_t length) {
  uint8_t tail[8];
  write32(tail, length);
  write32(tail + 4, protocol);
  const uint64_t sum = addBytes(tail, 8, 0);
  return (packet[0] >> 4) == 4 ? addBytes(packet + 12, 8, sum) : addBytes(packet + 8, 32, sum);
}

/** Writes the header checksum of an IPv4 header of `length` bytes. */
inline void setIpv4HeaderChecksum(uint8_t* header, size_t length) {
  storeSum(header + 10, 0);
  storeSum(header + 10, static_cast<uint16_t>(~foldSum(addBytes(header, length, 0))));
}

}  // namespace ocserv::ip
