// One tun descriptor: reads and writes packets with their virtio header. The only file of the path that calls
// read(2) and writev(2) on a tun device. A descriptor without virtio header behaves as if every header were zero.
#pragma once
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "tun/vnet-header.h"

namespace ocserv::tun {

class TunPort {
 public:
  enum class Result { ok, wouldBlock, refused, gone };
  // Largest read: a super-packet of 64 KB behind its header.
  static constexpr size_t readBytes = sizeof(VnetHeader) + 65536;

  TunPort(int fd, bool hasVnetHeader) : fd_(fd), hasVnetHeader_(hasVnetHeader) {}

  /** Reads one packet into `buffer` (readBytes long); `packet` points into it. */
  Result read(std::span<uint8_t> buffer, VnetHeader& header, std::span<uint8_t>& packet) const;
  /** slices[0] is the virtio header. refused: the kernel does not want this packet; gone: none (device down). */
  Result write(std::span<const iovec> slices) const;
  int fd() const { return fd_; }

 private:
  int fd_;
  bool hasVnetHeader_;
};

}  // namespace ocserv::tun
