// Joining of received packets; see coalesce.h. What may be joined follows the kernel's GRO rules
// (net/ipv4/tcp_offload.c, tcp_gro_receive) on the strict side.
#include "tun/coalesce.h"

#include <cstring>
#include <utility>

#include "ip/checksum.h"
#include "ip/packet.h"

namespace ocserv::tun {

namespace {
constexpr uint8_t tcpPsh = 0x08;
constexpr uint8_t tcpAck = 0x10;
constexpr size_t tcpHeaderBytes = 20;
constexpr size_t udpHeaderBytes = 8;
constexpr uint16_t tcpChecksumOffset = 16;
constexpr uint16_t udpChecksumOffset = 6;
constexpr uint32_t timestampOptionWord = 0x0101080a;  // NOP NOP timestamp, RFC 7323 appendix A
}  // namespace

Coalescer::Kind Coalescer::classify(std::span<uint8_t> packet, Shape& shape) {
  uint8_t* p = packet.data();
  shape.packet = p;
  shape.isIpv4 = p[0] >> 4 == 4;
  uint8_t protocol;
  if (shape.isIpv4) {
    shape.ipBytes = ip::ipv4HeaderBytes;
    // Options, or any fragment (MF or offset): goes alone and belongs to no flow we know.
    if (p[0] != 0x45 || (ip::read16(p + 6) & 0xbfffU) != 0) return Kind::alone;
    protocol = p[9];
  } else {
    shape.ipBytes = ip::ipv6HeaderBytes;
    protocol = p[6];
  }
  if (protocol == ip::protocolTcp) {
    if (packet.size() < shape.ipBytes + tcpHeaderBytes) return Kind::alone;
    const uint8_t* tcp = p + shape.ipBytes;
    const size_t header = static_cast<size_t>(tcp[12] >> 4) * 4;
    if (header < tcpHeaderBytes || shape.ipBytes + header > packet.size()) return Kind::alone;
    shape.isTcp = true;
    shape.headerBytes = shape.ipBytes + header;
    shape.payloadBytes = packet.size() - shape.headerBytes;
    const uint8_t flags = tcp[13];
    const bool plain = (flags & static_cast<uint8_t>(~tcpPsh)) == tcpAck && (tcp[12] & 15) == 0;
    shape.mayJoin = plain && shape.payloadBytes > 0;
    shape.closes = (flags & tcpPsh) != 0;
    shape.pureAck = flags == tcpAck && shape.payloadBytes == 0 &&
                    (header == tcpHeaderBytes || (header == 32 && ip::read32(tcp + 20) == timestampOptionWord));
    return Kind::flow;
  }
  if (protocol == ip::protocolUdp) {
    if (packet.size() < shape.ipBytes + udpHeaderBytes) return Kind::alone;
    const uint8_t* udp = p + shape.ipBytes;
    shape.isTcp = false;
    shape.headerBytes = shape.ipBytes + udpHeaderBytes;
    shape.payloadBytes = packet.size() - shape.headerBytes;
    shape.mayJoin = shape.payloadBytes > 0 && ip::read16(udp + 4) == packet.size() - shape.ipBytes &&
                    ip::read16(udp + 6) != 0;
    return Kind::flow;
  }
  return Kind::alone;
}

bool Coalescer::sameFlow(const Shape& a, const Shape& b) {
  if (a.isTcp != b.isTcp || a.isIpv4 != b.isIpv4) return false;
  const size_t from = a.isIpv4 ? 12 : 8;
  // Addresses end where the ports begin.
  return std::memcmp(a.packet + from, b.packet + from, a.ipBytes - from + 4) == 0;
}

bool Coalescer::sameHeaders(const Group& group, const Shape& next) {
  const Shape& first = group.first;
  const uint8_t* a = first.packet;
  const uint8_t* b = next.packet;
  if (first.headerBytes != next.headerBytes) return false;
  if (first.isIpv4) {
    // TOS, DF and TTL. The kernel counts its own ids on from the first: without DF they have a meaning and must agree.
    if (a[1] != b[1] || (a[6] & 0x40) != (b[6] & 0x40) || a[8] != b[8]) return false;
    if ((a[6] & 0x40) == 0 && ip::read16(b + 4) != static_cast<uint16_t>(ip::read16(a + 4) + group.count)) return false;
  } else if (std::memcmp(a, b, 4) != 0 || a[7] != b[7]) {
    return false;
  }
  if (!first.isTcp) return true;
  const uint8_t* x = a + first.ipBytes;
  const uint8_t* y = b + next.ipBytes;
  if (ip::read32(y + 4) != group.nextSequence) return false;
  if (std::memcmp(x + 8, y + 8, 4) != 0 || std::memcmp(x + 14, y + 14, 2) != 0) return false;
  const size_t options = first.headerBytes - first.ipBytes - tcpHeaderBytes;
  return std::memcmp(x + tcpHeaderBytes, y + tcpHeaderBytes, options) == 0;
}

bool Coalescer::verified(const Shape& shape) {
  // A group's checksum is computed anew by the kernel: a corrupted packet must not be made valid that way.
  if (shape.isIpv4 && ip::foldSum(ip::addBytes(shape.packet, shape.ipBytes, 0)) != 0xffff) return false;
  const size_t length = shape.headerBytes - shape.ipBytes + shape.payloadBytes;
  const uint64_t pseudo = ip::pseudoHeaderSum(shape.packet, shape.isTcp ? ip::protocolTcp : ip::protocolUdp,
                                              static_cast<uint32_t>(length));
  return ip::foldSum(ip::addBytes(shape.packet + shape.ipBytes, length, pseudo)) == 0xffff;
}

void Coalescer::open(Group& group, const Shape& shape) {
  group.first = shape;
  group.slices[1] = {shape.packet, shape.headerBytes + shape.payloadBytes};
  group.count = 1;
  group.totalBytes = shape.headerBytes + shape.payloadBytes;
  group.closed = shape.closes;
  group.heldAck = false;
  group.push = false;
  if (shape.isTcp) group.nextSequence = ip::read32(shape.packet + shape.ipBytes + 4) + static_cast<uint32_t>(shape.payloadBytes);
}

void Coalescer::sendAlone(std::span<uint8_t> packet) {
  VnetHeader header{};
  const iovec slices[2] = {{&header, sizeof header}, {packet.data(), packet.size()}};
  sink_.writePacket(slices, 1);
}

void Coalescer::flushGroup(Group& group) {
  if (group.count == 0) return;
  VnetHeader header{};
  const Shape& first = group.first;
  if (group.count > 1) {
    uint8_t* p = first.packet;
    const uint16_t offset = first.isTcp ? tcpChecksumOffset : udpChecksumOffset;
    header.flags = vnetNeedsChecksum;
    header.gsoType = !first.isTcp ? gsoUdp : first.isIpv4 ? gsoTcp4 : gsoTcp6;
    header.headerLength = static_cast<uint16_t>(first.headerBytes);
    header.gsoSize = static_cast<uint16_t>(first.payloadBytes);
    header.checksumStart = static_cast<uint16_t>(first.ipBytes);
    header.checksumOffset = offset;
    const uint32_t transport = static_cast<uint32_t>(group.totalBytes - first.ipBytes);
    if (first.isIpv4) {
      ip::write16(p + 2, static_cast<uint16_t>(group.totalBytes));
      ip::setIpv4HeaderChecksum(p, first.ipBytes);
    } else {
      ip::write16(p + 4, static_cast<uint16_t>(group.totalBytes - ip::ipv6HeaderBytes));
    }
    if (first.isTcp) {
      // A PSH of the segment that closed the group belongs to the whole.
      if (group.push) p[first.ipBytes + 13] |= tcpPsh;
    } else {
      ip::write16(p + first.ipBytes + 4, static_cast<uint16_t>(transport));
    }
    const uint64_t pseudo = ip::pseudoHeaderSum(p, first.isTcp ? ip::protocolTcp : ip::protocolUdp, transport);
    ip::storeSum(p + first.ipBytes + offset, ip::foldSum(pseudo));
    superPackets_++;
    joinedPackets_ += group.count;
  }
  group.slices[0] = {&header, sizeof header};
  sink_.writePacket({group.slices.data(), group.count + 1}, group.count);
  group.count = 0;
}

void Coalescer::add(std::span<uint8_t> packet) {
  Shape shape;
  if (!options_.join) {
    sendAlone(packet);
    return;
  }
  if (classify(packet, shape) == Kind::alone) {
    // Rare (fragments, options, other protocols) and of no flow we can tell: nothing may overtake it.
    flush();
    sendAlone(packet);
    return;
  }
  Group* group = nullptr;
  for (size_t i = 0; i < used_ && group == nullptr; i++) {
    if (groups_[i].count > 0 && sameFlow(groups_[i].first, shape)) group = &groups_[i];
  }
  const bool canJoin = shape.mayJoin && (shape.isTcp || options_.joinUdp);
  if (group != nullptr) {
    if (group->heldAck && group->first.pureAck && group->count == 1 && shape.pureAck && verified(shape)) {
      const uint8_t* held = group->first.packet + shape.ipBytes;
      const uint8_t* newer = shape.packet + shape.ipBytes;
      const bool advances = static_cast<int32_t>(ip::read32(newer + 8) - ip::read32(held + 8)) > 0;
      const bool sameRest = std::memcmp(held + 4, newer + 4, 4) == 0 && std::memcmp(held + 14, newer + 14, 2) == 0;
      if (advances && sameRest) {
        thinnedAcks_++;
        open(*group, shape);
        group->heldAck = true;
        return;
      }
    }
    const size_t nextTotal = group->totalBytes + shape.payloadBytes;
    if (canJoin && !group->closed && group->first.mayJoin && shape.payloadBytes <= group->first.payloadBytes &&
        group->count < maxSegments && nextTotal <= maxBytes && sameHeaders(*group, shape) && verified(shape)) {
      group->count++;
      group->slices[group->count] = {shape.packet + shape.headerBytes, shape.payloadBytes};
      group->totalBytes = nextTotal;
      group->nextSequence += static_cast<uint32_t>(shape.payloadBytes);
      group->push = shape.closes;
      group->closed = shape.closes || shape.payloadBytes < group->first.payloadBytes;
      return;
    }
    flushGroup(*group);
  }
  const bool hold = options_.thinAcks && shape.pureAck;
  if ((!canJoin && !hold) || !verified(shape)) {
    sendAlone(packet);
    return;
  }
  if (group == nullptr) {
    for (size_t i = 0; i < used_ && group == nullptr; i++) {
      if (groups_[i].count == 0) group = &groups_[i];
    }
    if (group == nullptr && used_ < maxFlows) group = &groups_[used_++];
    if (group == nullptr) {
      // A table full of flows: give up the oldest place.
      group = &groups_[0];
      flushGroup(*group);
    }
  }
  open(*group, shape);
  group->heldAck = hold;
}

void Coalescer::flush() {
  for (size_t i = 0; i < used_; i++) flushGroup(groups_[i]);
  used_ = 0;
}

}  // namespace ocserv::tun
