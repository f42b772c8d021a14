// What a packet thread shares among its tunnels: buffers, contexts, the epoll set, the clock of this turn.
// No session has packet buffers of its own.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compress/codec.h"
#include "dtls/handshake.h"
#include "flow/features.h"
#include "tun/coalesce.h"
#include "tun/tun-port.h"
#include "udp/udp-port.h"

namespace ocserv::tunnel {

class Tunnel;

/** What an epoll event points at. */
struct Watch {
  enum class Kind { wake, tun, tls, udp } kind;
  Tunnel* tunnel = nullptr;
  uint32_t events = 0;
};

/** A UDP socket connected to the client, used by one association or by several in turn. */
struct UdpPath {
  Watch watch;
  udp::UdpPort port;
};

/** For tunnels with compression; made when the first one opens. */
struct CompressionRoom {
  static constexpr size_t inflatedBytes = 16 * compress::maxPacketBytes;

  compress::Matches matches;
  uint8_t packet[compress::maxPacketBytes];  // on its way down
  // On their way up: they stay until the coalescer has written them.
  uint8_t inflated[inflatedBytes];
  size_t used = 0;
};

struct Resources : tun::PacketSink {
  static constexpr size_t plaintextRecordBytes = 16384;
  static constexpr size_t cipherInBytes = 256 * 1024;
  static constexpr size_t plaintextBytes = 256 * 1024 + plaintextRecordBytes;
  static constexpr size_t datagramBatchBytes = 320 * 1024;

  explicit Resources(const flow::Features& probed)
      : features(probed),
        coalescer(*this, {probed.joinTcp, probed.joinUdp, probed.thinAcks}),
        singles(*this, {false, false, false}),
        tunBuffer(new uint8_t[tun::TunPort::readBytes]),
        cipherIn(new uint8_t[cipherInBytes]),
        plaintext(new uint8_t[plaintextBytes]),
        datagrams(new uint8_t[datagramBatchBytes]),
        frame(new uint8_t[65536 + 64]) {}

  void writePacket(std::span<const iovec> slices, size_t packets) override { sink->writePacket(slices, packets); }

  flow::Features features;
  int epollFd = -1;
  uint64_t nowMs = 0;
  // In this turn: packets taken from clients over TLS, and the connections they came by.
  size_t turnTlsBytes = 0;
  size_t turnTlsConnections = 0;
  tun::PacketSink* sink = nullptr;  // the tunnel whose turn it is
  tun::Coalescer coalescer;
  tun::Coalescer singles;  // for devices without a virtio header
  udp::Receiver receiver;
  std::unique_ptr<uint8_t[]> tunBuffer;
  std::unique_ptr<uint8_t[]> cipherIn;
  std::unique_ptr<uint8_t[]> plaintext;
  std::unique_ptr<uint8_t[]> datagrams;
  std::unique_ptr<uint8_t[]> frame;
  std::unique_ptr<CompressionRoom> compression;
  std::vector<uint16_t> lengths;
  std::vector<uint8_t> cipherOut;
  std::map<std::string, dtls::SslContext> dtlsContexts;
  // Closed in the middle of a turn; events already fetched may still point at them.
  std::vector<std::shared_ptr<UdpPath>> retiredPaths;
};

}  // namespace ocserv::tunnel
