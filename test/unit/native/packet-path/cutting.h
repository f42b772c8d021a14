// Joining and cutting as the tests use them, and a second opinion on cutting that shares nothing with the library.
#pragma once
#include <algorithm>
#include <vector>

#include "packets.h"
#include "tun/coalesce.h"
#include "tun/segment.h"

namespace cutting {

using namespace ocserv;
using packets::Bytes;

struct Written {
  tun::VnetHeader header;
  Bytes bytes;
  size_t packets;
};
struct Device : tun::PacketSink {
  std::vector<Written> all;
  void writePacket(std::span<const iovec> slices, size_t count) override {
    Written one{};
    std::memcpy(&one.header, slices[0].iov_base, sizeof one.header);
    for (const iovec& slice : slices.subspan(1)) {
      const auto* p = static_cast<const uint8_t*>(slice.iov_base);
      one.bytes.insert(one.bytes.end(), p, p + slice.iov_len);
    }
    one.packets = count;
    all.push_back(std::move(one));
  }
};

inline std::vector<Written> join(std::vector<Bytes> batch, tun::Coalescer::Options options = {true, true, false}) {
  Device device;
  tun::Coalescer coalescer(device, options);
  for (Bytes& packet : batch) coalescer.add(packet);
  coalescer.flush();
  return device.all;
}

// ---- a second opinion: the slow way to cut ----

/** Cuts as linux/net/ipv4/tcp_offload.c and udp_offload.c describe it, byte by byte, with the slow checksum. */
inline std::vector<Bytes> cutSlowly(const tun::VnetHeader& header, const Bytes& whole) {
  if (header.gsoType == tun::gsoNone) return {whole};
  const bool ipv6 = whole[0] >> 4 == 6;
  const size_t ip = ipv6 ? 40 : 20;
  const bool udp = header.gsoType == tun::gsoUdp;
  const size_t headers = ip + (udp ? 8 : static_cast<size_t>(whole[ip + 12] >> 4) * 4);
  std::vector<Bytes> out;
  for (size_t at = headers; at < whole.size(); at += header.gsoSize) {
    const size_t end = std::min(whole.size(), at + header.gsoSize);
    Bytes b(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(headers));
    b.insert(b.end(), whole.begin() + static_cast<ptrdiff_t>(at), whole.begin() + static_cast<ptrdiff_t>(end));
    if (ipv6) {
      packets::put16(b, 4, static_cast<uint32_t>(b.size() - 40));
    } else {
      packets::put16(b, 2, static_cast<uint32_t>(b.size()));
      packets::put16(b, 4, (packets::get16(whole, 4) + static_cast<uint32_t>(out.size())) & 0xffff);
      packets::put16(b, 10, 0);
      packets::put16(b, 10, 0xffffU & ~packets::headerSum(b));
    }
    const size_t field = ip + (udp ? 6 : 16);
    if (udp) {
      packets::put16(b, ip + 4, static_cast<uint32_t>(b.size() - ip));
    } else {
      packets::put32(b, ip + 4, packets::get32(whole, ip + 4) + static_cast<uint32_t>(at - headers));
      if (end != whole.size()) b[ip + 13] &= static_cast<uint8_t>(~0x09);
      if (at != headers) b[ip + 13] &= 0x7f;
    }
    packets::put16(b, field, 0);
    const uint32_t sum = 0xffffU & ~packets::transportSum(b);
    packets::put16(b, field, udp && sum == 0 ? 0xffff : sum);
    out.push_back(std::move(b));
  }
  return out;
}

inline std::vector<Bytes> cut(const tun::VnetHeader& header, const Bytes& packet) {
  std::vector<Bytes> out;
  tun::Segmenter segmenter;
  if (!segmenter.begin(header, packet)) return out;
  while (!segmenter.done()) {
    Bytes one(segmenter.nextLength());
    segmenter.take(one.data());
    out.push_back(std::move(one));
  }
  return out;
}

/** Writes both checksums of a packet anew. */
inline void finishPacket(Bytes& b) {
  const bool ipv6 = b[0] >> 4 == 6;
  const size_t ip = ipv6 ? 40 : static_cast<size_t>(b[0] & 15) * 4;
  if (!ipv6) {
    packets::put16(b, 10, 0);
    packets::put16(b, 10, 0xffffU & ~packets::plainSum(Bytes(b.begin(), b.begin() + static_cast<ptrdiff_t>(ip)), 0, 0));
  }
  const uint8_t protocol = ipv6 ? b[6] : b[9];
  if ((protocol != 6 && protocol != 17) || ip != (ipv6 ? 40 : 20)) return;
  const size_t field = ip + (protocol == 17 ? 6 : 16);
  packets::put16(b, field, 0);
  const uint32_t sum = 0xffffU & ~packets::transportSum(b);
  packets::put16(b, field, protocol == 17 && sum == 0 ? 0xffff : sum);
}

}  // namespace cutting
