// Inner packets built by hand for the tests: every field is written here, not by the code under test.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace packets {

using Bytes = std::vector<uint8_t>;

/** The slow checksum of RFC 1071, on purpose not the one under test. */
inline uint16_t plainSum(const Bytes& bytes, size_t from, uint32_t sum) {
  for (size_t i = from; i < bytes.size(); i += 2) {
    sum += static_cast<uint32_t>(bytes[i] << 8 | (i + 1 < bytes.size() ? bytes[i + 1] : 0));
  }
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

inline void put16(Bytes& b, size_t at, uint32_t v) {
  b[at] = static_cast<uint8_t>(v >> 8);
  b[at + 1] = static_cast<uint8_t>(v);
}
inline void put32(Bytes& b, size_t at, uint32_t v) {
  put16(b, at, v >> 16);
  put16(b, at + 2, v & 0xffff);
}
inline uint32_t get16(const Bytes& b, size_t at) { return static_cast<uint32_t>(b[at] << 8 | b[at + 1]); }
inline uint32_t get32(const Bytes& b, size_t at) { return get16(b, at) << 16 | get16(b, at + 2); }

struct Shape {
  bool ipv6 = false;
  bool udp = false;
  uint32_t sequence = 1000;
  uint32_t ack = 77;
  uint8_t flags = 0x10;
  uint16_t window = 500;
  uint16_t sourcePort = 1234;
  size_t payload = 100;
  uint8_t fill = 'a';
  bool timestamp = false;
};

inline uint32_t pseudo(const Bytes& b, bool ipv6, uint32_t protocol, uint32_t length) {
  uint32_t sum = protocol + length;
  const size_t from = ipv6 ? 8 : 12;
  const size_t to = ipv6 ? 40 : 20;
  for (size_t i = from; i < to; i += 2) sum += get16(b, i);
  return sum;
}

/** Sum of the upper layer with pseudo-header: 0xffff when the checksum in it is right. */
inline uint16_t transportSum(const Bytes& b) {
  const bool ipv6 = b[0] >> 4 == 6;
  const size_t ip = ipv6 ? 40 : 20;
  return plainSum(b, ip, pseudo(b, ipv6, ipv6 ? b[6] : b[9], static_cast<uint32_t>(b.size() - ip)));
}
inline uint16_t headerSum(const Bytes& b) { return plainSum(Bytes(b.begin(), b.begin() + 20), 0, 0); }

inline Bytes make(const Shape& s) {
  const size_t ip = s.ipv6 ? 40 : 20;
  const size_t transport = s.udp ? 8 : s.timestamp ? 32 : 20;
  Bytes b(ip + transport + s.payload, s.fill);
  std::memset(b.data(), 0, ip + transport);
  if (s.ipv6) {
    b[0] = 0x60;
    put16(b, 4, static_cast<uint32_t>(b.size() - 40));
    b[6] = s.udp ? 17 : 6;
    b[7] = 64;
    b[8] = b[24] = 0xfd;
    b[23] = 1;
    b[39] = 2;
  } else {
    b[0] = 0x45;
    put16(b, 2, static_cast<uint32_t>(b.size()));
    put16(b, 4, 0x1111);
    b[6] = 0x40;
    b[8] = 64;
    b[9] = s.udp ? 17 : 6;
    put32(b, 12, 0x0a4d0002);
    put32(b, 16, 0x0a4e0002);
    put16(b, 10, 0xffffU & ~plainSum(Bytes(b.begin(), b.begin() + 20), 0, 0));
  }
  put16(b, ip, s.sourcePort);
  put16(b, ip + 2, 443);
  if (s.udp) {
    put16(b, ip + 4, static_cast<uint32_t>(b.size() - ip));
    put16(b, ip + 6, 0xffffU & ~transportSum(b));
  } else {
    put32(b, ip + 4, s.sequence);
    put32(b, ip + 8, s.ack);
    b[ip + 12] = static_cast<uint8_t>(transport / 4 << 4);
    b[ip + 13] = s.flags;
    put16(b, ip + 14, s.window);
    if (s.timestamp) {
      put32(b, ip + 20, 0x0101080a);
      put32(b, ip + 24, 5);
      put32(b, ip + 28, 6);
    }
    put16(b, ip + 16, 0xffffU & ~transportSum(b));
  }
  return b;
}

}  // namespace packets
