// Packets whose payload follows from their place in a stream, so that any of them can be verified alone: byte n of a
// stream is pattern(n), the TCP sequence number (or the first four bytes of a UDP payload) says where it begins.
#pragma once
#include "packets.h"
#include "tun/vnet-header.h"

namespace streams {

using packets::Bytes;

inline uint8_t pattern(uint32_t at) { return static_cast<uint8_t>((at * 2654435761U) >> 13); }

struct Kind {
  bool ipv6 = false;
  bool udp = false;
};

inline size_t headerBytes(const Kind& kind) { return (kind.ipv6 ? 40 : 20) + (kind.udp ? 8 : 20); }

/** A packet with its checksum, or (for a super-packet) with the sum of the pseudo-header in its place. */
inline Bytes make(const Kind& kind, uint32_t sequence, size_t payload, bool openChecksum = false, uint8_t flags = 0x10) {
  packets::Shape shape;
  shape.ipv6 = kind.ipv6;
  shape.udp = kind.udp;
  shape.sequence = sequence;
  shape.flags = flags;
  shape.payload = payload;
  Bytes b = packets::make(shape);
  const size_t ip = kind.ipv6 ? 40 : 20;
  const size_t from = headerBytes(kind);
  for (size_t i = from; i < b.size(); i++) b[i] = pattern(sequence + static_cast<uint32_t>(i - from));
  if (kind.udp && payload >= 4) packets::put32(b, from, sequence);
  const size_t field = ip + (kind.udp ? 6 : 16);
  packets::put16(b, field, 0);
  uint32_t sum = packets::pseudo(b, kind.ipv6, kind.udp ? 17 : 6, static_cast<uint32_t>(b.size() - ip));
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  if (!openChecksum) sum = 0xffffU & ~packets::transportSum(b);
  if (!openChecksum && kind.udp && sum == 0) sum = 0xffff;
  packets::put16(b, field, sum);
  return b;
}

inline ocserv::tun::VnetHeader superHeader(const Kind& kind, size_t gso) {
  ocserv::tun::VnetHeader header{};
  header.flags = ocserv::tun::vnetNeedsChecksum;
  header.gsoType = kind.udp ? ocserv::tun::gsoUdp : kind.ipv6 ? ocserv::tun::gsoTcp6 : ocserv::tun::gsoTcp4;
  header.headerLength = static_cast<uint16_t>(headerBytes(kind));
  header.gsoSize = static_cast<uint16_t>(gso);
  header.checksumStart = kind.ipv6 ? 40 : 20;
  header.checksumOffset = kind.udp ? 6 : 16;
  return header;
}

/** Is every byte of a single packet right? */
inline bool sound(const Bytes& b) {
  if (b.size() < 20) return false;
  const bool ipv6 = b[0] >> 4 == 6;
  const size_t ip = ipv6 ? 40 : 20;
  const bool udp = (ipv6 ? b[6] : b[9]) == 17;
  const Kind kind{ipv6, udp};
  const size_t from = headerBytes(kind);
  if (b.size() < from + (udp ? 4 : 0) || packets::transportSum(b) != 0xffff) return false;
  if (packets::get16(b, ipv6 ? 4 : 2) != b.size() - (ipv6 ? 40 : 0)) return false;
  if (!ipv6 && packets::headerSum(b) != 0xffff) return false;
  if (udp && packets::get16(b, ip + 4) != b.size() - ip) return false;
  const uint32_t sequence = packets::get32(b, udp ? from : ip + 4);
  for (size_t i = from + (udp ? 4 : 0); i < b.size(); i++) {
    if (b[i] != pattern(sequence + static_cast<uint32_t>(i - from))) return false;
  }
  return true;
}

/**
 * Packets in what was written to a device: 1, or the segments of a super-packet. 0: something in it is wrong. Of UDP
 * super-packets each segment begins with its own place in the stream.
 */
inline size_t packetsIn(const ocserv::tun::VnetHeader& header, const Bytes& b) {
  if (header.gsoType == ocserv::tun::gsoNone) return header.flags == 0 && sound(b) ? 1 : 0;
  if (b.size() < 40 || header.flags != ocserv::tun::vnetNeedsChecksum || header.gsoSize == 0) return 0;
  const bool ipv6 = b[0] >> 4 == 6;
  const size_t ip = ipv6 ? 40 : 20;
  const Kind kind{ipv6, (ipv6 ? b[6] : b[9]) == 17};
  const size_t from = headerBytes(kind);
  const ocserv::tun::VnetHeader expected = superHeader(kind, header.gsoSize);
  if (std::memcmp(&expected, &header, sizeof header) != 0 || b.size() <= from + header.gsoSize) return 0;
  if (packets::get16(b, ipv6 ? 4 : 2) != b.size() - (ipv6 ? 40 : 0)) return 0;
  if (!ipv6 && packets::headerSum(b) != 0xffff) return 0;
  uint32_t sum = packets::pseudo(b, ipv6, kind.udp ? 17 : 6, static_cast<uint32_t>(b.size() - ip));
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  if (packets::get16(b, ip + (kind.udp ? 6 : 16)) != sum) return 0;
  size_t count = 0;
  uint32_t sequence = packets::get32(b, kind.udp ? from : ip + 4);
  for (size_t at = from; at < b.size(); at += header.gsoSize, count++) {
    const size_t end = std::min(b.size(), at + header.gsoSize);
    if (kind.udp && end - at < 4) return 0;
    if (kind.udp) sequence = packets::get32(b, at);
    for (size_t i = at + (kind.udp ? 4 : 0); i < end; i++) {
      if (b[i] != pattern(sequence + static_cast<uint32_t>(i - at))) return 0;
    }
    if (!kind.udp) sequence += static_cast<uint32_t>(end - at);
  }
  return count;
}

}  // namespace streams
