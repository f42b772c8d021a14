// One session of the load client: a tun device or none, its TLS channel, DTLS if the server offers it. Everything is
// read and sent in batches by the parts the server itself is made of, so that a client is never dearer than a server.
// Used by main.cpp, which owns the loop.
#pragma once
#include <memory>

#include "cstp/tls-channel.h"
#include "dtls-client.h"
#include "login.h"
#include "tun/coalesce.h"
#include "tun/segment.h"
#include "tun/tun-port.h"
#include "udp/udp-port.h"

namespace load {

/** Buffers of the loop, used by each session in its turn. */
struct Buffers {
  static constexpr size_t cipherBytes = 256 * 1024;
  static constexpr size_t batchBytes = 320 * 1024;
  static constexpr size_t recordBytes = 16384;

  std::unique_ptr<uint8_t[]> tun{new uint8_t[ocserv::tun::TunPort::readBytes]};
  std::unique_ptr<uint8_t[]> cipher{new uint8_t[cipherBytes]};
  std::unique_ptr<uint8_t[]> plaintext{new uint8_t[cipherBytes + recordBytes]};
  std::unique_ptr<uint8_t[]> batch{new uint8_t[batchBytes]};
  std::vector<uint16_t> lengths;
  std::vector<uint8_t> out;
  ocserv::udp::Receiver receiver;
};

class Session;

/** What an epoll event points at. */
struct Watch {
  enum class Kind { tun, tls, udp } kind;
  Session* session;
};

class Session final : public ocserv::tun::PacketSink {
 public:
  /** `tunFd`: opened with a virtio header, or -1 for a session that only lives. */
  Session(const Target& target, int tunFd, int epollFd, Buffers& buffers);
  ~Session();

  void onReady(const Watch& watch, uint32_t events);
  /** Once a second: keeps the server content as openconnect does. */
  void onTick();
  /** A user's disconnect. */
  void leave();

  bool isUp() const { return !wantsDtls_ || (dtls_ != nullptr && dtls_->isUp()); }
  bool hasEnded() const { return ended_; }
  const std::string& address() const { return login_.address; }
  uint32_t mtuBytes() const { return login_.mtuBytes; }

  void writePacket(std::span<const iovec> slices, size_t packets) override;

 private:
  void readTun();
  void readTls();
  void readUdp();
  void handleDatagram(std::span<uint8_t> datagram);
  void handle(uint8_t type, std::span<uint8_t> payload, bool byDtls);
  void sendBatch();
  void sendControl(uint8_t type, bool byDtls);
  void flushTls();
  void say(const std::vector<std::vector<uint8_t>>& datagrams);
  void watch(int fd, Watch& watched, uint32_t events, bool isNew);

  bool wantsDtls_;
  int epollFd_;
  Buffers& buffers_;
  Login login_;
  ocserv::tun::TunPort tun_;
  ocserv::cstp::TlsChannel tls_;
  std::unique_ptr<ocserv::udp::UdpPort> udp_;
  std::unique_ptr<DtlsClient> dtls_;
  std::unique_ptr<ocserv::tun::Coalescer> coalescer_;
  ocserv::tun::Segmenter segmenter_;
  Watch tunWatch_{Watch::Kind::tun, this};
  Watch tlsWatch_{Watch::Kind::tls, this};
  Watch udpWatch_{Watch::Kind::udp, this};
  size_t batchUsed_ = 0;
  uint32_t silentSeconds_ = 0;
  bool isBlocked_ = false;
  bool ended_ = false;
};

}  // namespace load
