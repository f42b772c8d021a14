// Cuts what one read of a tun device brings (up to 64 KB with a virtio header) into packets of wire size.
// A pure function over bytes: the caller says where each packet goes, so that it is copied once, straight into the
// record it will be sealed in.
//   1. check that every length in the virtio header fits the bytes that were read
//   2. for each segment: copy headers and its slice of the payload
//   3. patch lengths, IPv4 id and header checksum, TCP sequence and flags
//   4. compute the TCP or UDP checksum the kernel left open
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "tun/vnet-header.h"

namespace ocserv::tun {

class Segmenter {
 public:
  /** False: the header does not fit the packet; nothing may be taken from it. `packet` must outlive the cutting. */
  bool begin(const VnetHeader& header, std::span<const uint8_t> packet);
  bool done() const { return done_; }
  /** Bytes of the packet `take` will write next. */
  size_t nextLength() const;
  /** Writes the next packet to `to`, which has room for nextLength() bytes. */
  void take(uint8_t* to);
  /** Passes over the next packet. */
  void skip();

 private:
  void advance(size_t payload);
  void takeWhole(uint8_t* to) const;

  std::span<const uint8_t> packet_;
  VnetHeader header_{};
  size_t headersBytes_ = 0;  // IP and TCP/UDP headers, repeated in every segment
  size_t transportOffset_ = 0;
  size_t position_ = 0;  // in the payload
  uint16_t index_ = 0;
  bool isTcp_ = false;
  bool done_ = true;
};

}  // namespace ocserv::tun
