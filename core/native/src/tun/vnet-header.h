// The virtio network header in front of every packet of a tun device opened with IFF_VNET_HDR (linux/virtio_net.h;
// fields in the machine's byte order).
#pragma once
#include <cstdint>

namespace ocserv::tun {

struct VnetHeader {
  uint8_t flags;
  uint8_t gsoType;
  uint16_t headerLength;
  uint16_t gsoSize;
  uint16_t checksumStart;
  uint16_t checksumOffset;
};
static_assert(sizeof(VnetHeader) == 10);

constexpr uint8_t vnetNeedsChecksum = 1;

constexpr uint8_t gsoNone = 0;
constexpr uint8_t gsoTcp4 = 1;
constexpr uint8_t gsoTcp6 = 4;
constexpr uint8_t gsoUdp = 5;
/** May be added to the TCP types: the flow uses ECN. */
constexpr uint8_t gsoEcn = 0x80;

}  // namespace ocserv::tun
