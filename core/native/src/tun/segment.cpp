// Cutting of super-packets; see segment.h. Facts: linux/virtio_net.h, net/ipv4/tcp_offload.c and udp_offload.c.
#include "tun/segment.h"

#include <algorithm>
#include <cstring>

#include "ip/checksum.h"
#include "ip/packet.h"

namespace ocserv::tun {

namespace {
constexpr uint8_t tcpFin = 0x01;
constexpr uint8_t tcpPsh = 0x08;
constexpr uint8_t tcpCwr = 0x80;
constexpr size_t tcpHeaderBytes = 20;
constexpr size_t udpHeaderBytes = 8;
constexpr size_t tcpChecksumOffset = 16;
constexpr size_t udpChecksumOffset = 6;
}  // namespace

bool Segmenter::begin(const VnetHeader& header, std::span<const uint8_t> packet) {
  done_ = true;
  packet_ = packet;
  header_ = header;
  position_ = 0;
  index_ = 0;
  if (ip::packetLength(packet) != packet.size() || packet.empty()) return false;
  const bool isIpv4 = packet[0] >> 4 == 4;
  const size_t ipHeader = isIpv4 ? static_cast<size_t>(packet[0] & 15) * 4 : ip::ipv6HeaderBytes;
  const uint8_t type = header.gsoType & static_cast<uint8_t>(~gsoEcn);
  if (type == gsoNone) {
    if ((header.flags & vnetNeedsChecksum) != 0) {
      const size_t field = static_cast<size_t>(header.checksumStart) + header.checksumOffset;
      if (header.checksumStart < ipHeader || field + 2 > packet.size()) return false;
    }
    done_ = false;
    return true;
  }
  if (header.gsoSize == 0 || (header.flags & vnetNeedsChecksum) == 0) return false;
  isTcp_ = type == gsoTcp4 || type == gsoTcp6;
  if (!isTcp_ && type != gsoUdp) return false;
  if ((type == gsoTcp4 && !isIpv4) || (type == gsoTcp6 && isIpv4)) return false;
  // csum_start says where the transport header is, whatever IPv4 options or IPv6 extension headers stand before it.
  transportOffset_ = header.checksumStart;
  const size_t least = isTcp_ ? tcpHeaderBytes : udpHeaderBytes;
  if (transportOffset_ < ipHeader || transportOffset_ + least > packet.size()) return false;
  if (header.checksumOffset != (isTcp_ ? tcpChecksumOffset : udpChecksumOffset)) return false;
  if (isIpv4 && (transportOffset_ != ipHeader || packet[9] != (isTcp_ ? ip::protocolTcp : ip::protocolUdp))) return false;
  size_t transportHeader = least;
  if (isTcp_) {
    transportHeader = static_cast<size_t>(packet[transportOffset_ + 12] >> 4) * 4;
    if (transportHeader < tcpHeaderBytes) return false;
  }
  headersBytes_ = transportOffset_ + transportHeader;
  if (headersBytes_ > packet.size()) return false;
  done_ = false;
  return true;
}

size_t Segmenter::nextLength() const {
  if ((header_.gsoType & static_cast<uint8_t>(~gsoEcn)) == gsoNone) return packet_.size();
  const size_t left = packet_.size() - headersBytes_ - position_;
  return headersBytes_ + std::min<size_t>(left, header_.gsoSize);
}

void Segmenter::advance(size_t payload) {
  position_ += payload;
  index_++;
  done_ = headersBytes_ + position_ >= packet_.size();
}

void Segmenter::skip() {
  if ((header_.gsoType & static_cast<uint8_t>(~gsoEcn)) == gsoNone) {
    done_ = true;
    return;
  }
  advance(nextLength() - headersBytes_);
}

void Segmenter::takeWhole(uint8_t* to) const {
  std::memcpy(to, packet_.data(), packet_.size());
  if ((header_.flags & vnetNeedsChecksum) == 0) return;
  // The field already holds the pseudo-header's sum, so the sum over all is the final one.
  const size_t start = header_.checksumStart;
  uint8_t* field = to + start + header_.checksumOffset;
  uint16_t sum = static_cast<uint16_t>(~ip::foldSum(ip::addBytes(to + start, packet_.size() - start, 0)));
  if (sum == 0 && header_.checksumOffset == udpChecksumOffset) sum = 0xffff;
  ip::storeSum(field, sum);
}

void Segmenter::take(uint8_t* to) {
  if ((header_.gsoType & static_cast<uint8_t>(~gsoEcn)) == gsoNone) {
    takeWhole(to);
    done_ = true;
    return;
  }
  const size_t length = nextLength();
  const size_t payload = length - headersBytes_;
  std::memcpy(to, packet_.data(), headersBytes_);
  std::memcpy(to + headersBytes_, packet_.data() + headersBytes_ + position_, payload);
  const bool isFirst = index_ == 0;
  const bool isLast = headersBytes_ + position_ + payload == packet_.size();

  if (to[0] >> 4 == 4) {
    ip::write16(to + 2, static_cast<uint16_t>(length));
    ip::write16(to + 4, static_cast<uint16_t>(ip::read16(to + 4) + index_));
    ip::setIpv4HeaderChecksum(to, transportOffset_);
  } else {
    ip::write16(to + 4, static_cast<uint16_t>(length - ip::ipv6HeaderBytes));
  }

  uint8_t* transport = to + transportOffset_;
  const uint32_t transportLength = static_cast<uint32_t>(length - transportOffset_);
  uint8_t* field;
  if (isTcp_) {
    ip::write32(transport + 4, ip::read32(transport + 4) + static_cast<uint32_t>(position_));
    if (!isLast) transport[13] &= static_cast<uint8_t>(~(tcpFin | tcpPsh));
    if (!isFirst) transport[13] &= static_cast<uint8_t>(~tcpCwr);
    field = transport + tcpChecksumOffset;
  } else {
    ip::write16(transport + 4, static_cast<uint16_t>(transportLength));
    field = transport + udpChecksumOffset;
  }
  ip::storeSum(field, 0);
  const uint8_t protocol = isTcp_ ? ip::protocolTcp : ip::protocolUdp;
  const uint64_t pseudo = ip::pseudoHeaderSum(to, protocol, transportLength);
  uint16_t sum = static_cast<uint16_t>(~ip::foldSum(ip::addBytes(transport, transportLength, pseudo)));
  if (sum == 0 && !isTcp_) sum = 0xffff;
  ip::storeSum(field, sum);
  advance(payload);
}

}  // namespace ocserv::tun
