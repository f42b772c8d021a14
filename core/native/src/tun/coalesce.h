// Joins consecutive TCP segments (and equal UDP datagrams) of a flow into one super-packet for the tun device, so
// that the kernel's stack is walked once instead of up to 64 times. Works on one batch of received packets, which
// stay where they were received: a group is a list of slices.
//   1. classify: which flow, may it be joined at all, is its checksum right
//   2. continue the flow's open group, or close it and open another
//   3. what cannot be joined first flushes its flow's group (order inside a flow never changes), then goes alone
//   4. flush() at the end of the batch writes what is open
// Pure acknowledgements that a newer one of the same batch makes superfluous are dropped when thinning is on.
#pragma once
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tun/vnet-header.h"

namespace ocserv::tun {

/** Takes finished packets: slices[0] is the virtio header. */
struct PacketSink {
  virtual void writePacket(std::span<const iovec> slices, size_t packets) = 0;

 protected:
  ~PacketSink() = default;
};

class Coalescer {
 public:
  // Ours: flows looked at in one batch; more only means less joining.
  static constexpr size_t maxFlows = 16;
  // The kernel's own limit for UDP super-packets (UDP_MAX_SEGMENTS before 6.9), fit for TCP too.
  static constexpr size_t maxSegments = 64;
  static constexpr size_t maxBytes = 65535;

  struct Options {
    bool join = true;
    bool joinUdp = true;
    bool thinAcks = false;
  };

  Coalescer(PacketSink& sink, Options options) : sink_(sink), options_(options) {}

  /** One checked IP packet (ip::packetLength gave its length). Its bytes may be changed and must stay until flush(). */
  void add(std::span<uint8_t> packet);
  void flush();
  /** For a kernel that turns out not to take such super-packets. */
  void stopJoiningUdp() { options_.joinUdp = false; }

  uint64_t joinedPackets() const { return joinedPackets_; }
  uint64_t superPackets() const { return superPackets_; }
  uint64_t thinnedAcks() const { return thinnedAcks_; }

 private:
  struct Shape {
    uint8_t* packet = nullptr;
    size_t ipBytes = 0;
    size_t headerBytes = 0;
    size_t payloadBytes = 0;
    bool isTcp = false;
    bool isIpv4 = false;
    bool mayJoin = false;
    bool closes = false;   // PSH: nothing may follow it in the group
    bool pureAck = false;  // may be thinned
  };
  struct Group {
    Shape first;
    std::array<iovec, maxSegments + 1> slices;
    size_t count = 0;
    size_t totalBytes = 0;
    uint32_t nextSequence = 0;
    bool closed = false;
    bool push = false;  // the segment that closed the group had PSH
    bool heldAck = false;
  };
  enum class Kind { alone, flow };

  static Kind classify(std::span<uint8_t> packet, Shape& shape);
  static bool sameFlow(const Shape& a, const Shape& b);
  static bool sameHeaders(const Group& group, const Shape& next);
  static bool verified(const Shape& shape);
  void open(Group& group, const Shape& shape);
  void flushGroup(Group& group);
  void sendAlone(std::span<uint8_t> packet);

  PacketSink& sink_;
  Options options_;
  std::array<Group, maxFlows> groups_;
  size_t used_ = 0;
  uint64_t joinedPackets_ = 0;
  uint64_t superPackets_ = 0;
  uint64_t thinnedAcks_ = 0;
};

}  // namespace ocserv::tun
