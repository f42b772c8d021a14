// One session's packet channel: joins its tun device with TLS and DTLS. Lives on the packet thread, which calls it
// when a descriptor is ready and once a second.
//   down: read tun → cut → seal straight into the send batch → flush when the device is empty or the budget spent
//   up:   receive a batch → open in place → check (length, source, rate) → join → write tun
// Control frames, timers and the choice of channel are in tunnel-control.cpp, associations in tunnel-dtls.cpp.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "cstp/tls-channel.h"
#include "dtls/handshake.h"
#include "dtls/replay-window.h"
#include "ip/packet.h"
#include "tun/segment.h"
#include "tunnel/mistakes.h"
#include "tunnel/mtu-search.h"
#include "tunnel/options.h"
#include "tunnel/path-probe.h"
#include "tunnel/resources.h"
#include "tunnel/token-bucket.h"

namespace ocserv::tunnel {

class Tunnel final : public tun::PacketSink {
 public:
  Tunnel(uint32_t id, Resources& shared, Listener& listener, tls::Handover&& connection, int tunFd, Options&& options,
         std::shared_ptr<Counters> counters);
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  /** Puts the descriptors into the epoll set and handles what the client sent early. */
  void start(std::span<const uint8_t> early);

  void onReady(Watch& watch, uint32_t events);
  /** Once a second, or sooner while a handshake runs. */
  void onTick();
  bool isHandshaking() const { return attempt_ != nullptr; }

  /** Owns `fd` from here on. */
  bool attach(int fd, std::span<const uint8_t> datagram, bool hello);
  bool probe(std::span<const uint8_t> datagram) const;
  void close(bool notify);
  void end(End reason, std::string_view detail, bool notify);
  bool hasEnded() const { return ended_; }
  uint32_t id() const { return id_; }

  void writePacket(std::span<const iovec> slices, size_t packets) override;

 private:
  /** Keys and socket of an established DTLS association. */
  struct Association {
    std::shared_ptr<UdpPath> path;
    dtls::HandshakeKeys keys;
    dtls::ReplayWindow window;
    std::vector<dtls::Datagram> lastFlight;
    std::array<uint8_t, 32> clientRandom{};
    uint64_t sinceMs = 0;
    uint64_t repeatedMs = 0;
  };
  /** A handshake beside the active association. */
  struct Attempt {
    std::shared_ptr<UdpPath> path;
    dtls::Handshake handshake;
    std::array<uint8_t, 32> clientRandom{};
  };

  // tunnel.cpp: the packets
  void readTun();
  void sealPacket(bool byDtls);
  void flushDown();
  bool queueDatagram(uint8_t type, std::span<const uint8_t> payload);
  void flushDatagrams();
  void dropUnsentDatagrams();
  void readTls();
  void readTlsRecords();
  void readUdp(const std::shared_ptr<UdpPath>& path);
  void acceptPacket(std::span<uint8_t> bytes);
  /** Type and length of what stands at `to`: the packet at hand, compressed if that makes it shorter. */
  std::pair<uint8_t, size_t> takePacket(compress::Algorithm algorithm, uint8_t* to);
  /** Empty: what was sent is no compressed packet. */
  std::span<uint8_t> inflate(compress::Algorithm algorithm, std::span<const uint8_t> payload);
  tun::Coalescer& coalescer() { return options_.tunOffload ? shared_.coalescer : shared_.singles; }
  void resumeTunWrites();
  tun::TunPort::Result writeToTun(std::span<const iovec> slices);
  void keepForTun(std::span<const iovec> slices, size_t packets);
  tun::TunPort::Result writeCut(std::span<const iovec> slices);
  void updateWatches();
  void watch(int fd, Watch& watch, uint32_t events);
  void setTypeOfService(int fd) const;

  // tunnel-control.cpp
  void handleTlsFrame(std::span<uint8_t> record);
  void handleControl(uint8_t type, std::span<uint8_t> payload, bool byDtls);
  void handleBye(std::span<const uint8_t> payload);
  /** Type and payload of a record that does not go by DTLS. */
  bool resendByTls(std::span<const uint8_t> text);
  bool sendTlsFrame(uint8_t type, std::span<const uint8_t> payload);
  void protocolError(std::string_view detail);
  bool sendsByDtls();
  void noteRefusal();
  void checkLiveness();
  void applyMtu();
  /** For the log, if it is not the same again and again; `detail` stands behind the mistake's name. */
  void tell(Mistake mistake, std::string_view detail = {});
  void takeStep(const PathProbe::Step& step);
  uint32_t dtlsOverhead() const;

  // tunnel-dtls.cpp
  void onDatagram(const std::shared_ptr<UdpPath>& path, std::span<uint8_t> datagram);
  enum class Opening { done, replayed, notAuthentic };
  Opening openRecord(Association& association, std::span<uint8_t> record, const dtls::RecordHeader& header);
  void tellRecord(Opening opening, const dtls::RecordHeader& header);
  void countLoss(uint64_t expected, uint64_t sequence);
  void handleOpened(const Association& association, uint8_t contentType, std::span<uint8_t> plaintext);
  bool startAttempt(const std::shared_ptr<UdpPath>& path, std::span<const uint8_t> hello);
  void advanceAttempt();
  void completeAttempt();
  void dropDtls(std::string_view why);
  void retire(std::shared_ptr<UdpPath>& path);
  std::shared_ptr<UdpPath> makePath(int fd);
  std::shared_ptr<UdpPath> findPath(const Watch& watch) const;

  // handed in
  uint32_t id_;
  Resources& shared_;
  Listener& listener_;
  Options options_;
  std::shared_ptr<Counters> counters_;
  // owned
  cstp::TlsChannel tls_;
  tun::TunPort tun_;
  std::unique_ptr<Association> active_;
  std::unique_ptr<Association> previous_;  // opens what was on its way at the switch
  std::unique_ptr<Attempt> attempt_;
  std::vector<std::vector<uint8_t>> tunPending_;
  size_t tunPendingBytes_ = 0;
  std::vector<uint8_t> udpUnsent_;
  std::vector<uint16_t> udpUnsentLengths_;
  // state
  Watch tunWatch_;
  Watch tlsWatch_;
  ip::SourceFilter sources_;
  MtuSearch mtu_;
  Mistakes mistakes_;
  PathProbe path_;
  uint32_t leastMtu_;
  TokenBucket rxBucket_;
  TokenBucket txBucket_;
  tun::Segmenter segmenter_;
  uint32_t dataMtu_;
  uint32_t reportedMtu_;
  uint64_t startedMs_;
  uint64_t lastUseMs_;
  uint64_t lastTlsRxMs_;
  uint64_t lastUdpRxMs_ = 0;
  uint64_t lastTlsProbeMs_ = 0;
  uint64_t lastUdpProbeMs_ = 0;
  uint64_t lastAttemptMs_ = 0;
  uint64_t lastRebindMs_ = 0;
  uint64_t lastPathCheckMs_;
  uint64_t tlsBlockedSinceMs_ = 0;
  uint64_t tlsSentBytes_ = 0;  // when tlsBlockedSinceMs_ was set
  uint64_t udpBlockedSinceMs_ = 0;
  size_t datagramBytes_ = 0;  // filled of shared_.datagrams in this turn
  // An ICMP message refused our datagrams: when we asked last whether they pass again, and how long until the next
  // question; 0: nobody refuses them.
  uint64_t refusedAskedMs_ = 0;
  uint64_t refusedWaitMs_ = 0;
  bool dtlsReported_ = false;
  bool dtlsPreferred_ = false;  // active (true) or inactive (false) in the words of the protocol
  bool ended_ = false;
};

}  // namespace ocserv::tunnel
