// Batches of datagrams over one connected UDP socket: UDP_SEGMENT and sendmmsg for sending, UDP_GRO and recvmmsg
// for receiving, each with the plain call as fallback. Knows bytes only.
#pragma once
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace ocserv::udp {

/** Owns the descriptor. */
class UdpPort {
 public:
  // Demanded by the kernel: payload of one UDP_SEGMENT send.
  static constexpr size_t maxSendBytes = 65507;
  // Ours (the kernel's limit was 64 before Linux 6.9): larger bursts overflow the default receive buffer of a busy client.
  static constexpr size_t burstSegments = 32;

  explicit UdpPort(int fd, bool segment, bool receiveOffload, bool multiMessage);
  ~UdpPort();
  UdpPort(const UdpPort&) = delete;
  UdpPort& operator=(const UdpPort&) = delete;

  int fd() const { return fd_; }

  enum class Sent { all, wouldBlock, noRoom, tooBig, failed };
  /**
   * Sends datagrams that lie back to back in `bytes`, with the given lengths. `done` counts the datagrams dealt with
   * (an error belongs to the next one). `failed`: that datagram was refused for good; a caller may go on behind it.
   * `noRoom`: the kernel is out of buffers, which no event will tell the end of.
   */
  Sent send(uint8_t* bytes, std::span<const uint16_t> lengths, size_t& done);

  /** Did an ICMP message say, since the last question, that datagrams do not reach the peer? */
  bool takeRefusal() {
    const bool refused = refused_;
    refused_ = false;
    return refused;
  }

  /** Address and port of the peer, for the log; empty if unknown. */
  std::string peer() const;
  /** Path MTU as the kernel knows it (IP_MTU / IPV6_MTU); 0 if unknown. */
  int pathMtu(bool isIpv6) const;
  /** Don't-fragment on or off. */
  void setDontFragment(bool isIpv6, bool on);

 private:
  friend class Receiver;
  Sent sendMany(uint8_t* bytes, std::span<const uint16_t> lengths, size_t& done);

  int fd_;
  bool segment_;
  bool multiMessage_;
  bool receiveOffload_;
  bool fragments_ = true;
  // A datagram that would be fragmented cannot be a segment, even where it could go alone.
  uint16_t segmentBelowBytes_ = UINT16_MAX;
  bool refused_ = false;
};

/** Receive buffers of a packet thread, shared by all its sockets. */
class Receiver {
 public:
  static constexpr size_t messages = 16;
  static constexpr size_t messageBytes = 65536;

  Receiver();
  struct Message {
    std::span<uint8_t> bytes;
    size_t segmentBytes;  // every datagram but the last has this length
  };
  /** Number of messages received; 0 when there are none. */
  size_t receive(UdpPort& port);
  const Message& message(size_t index) const { return messages_[index]; }
  /** True: receive() took everything there was. */
  bool drained() const { return drained_; }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  std::array<Message, messages> messages_;
  bool drained_ = false;
};

}  // namespace ocserv::udp
