// Reads and writes of a tun descriptor; see tun-port.h.
#include "tun/tun-port.h"

#include <errno.h>
#include <unistd.h>

#include <cstring>

namespace ocserv::tun {

TunPort::Result TunPort::read(std::span<uint8_t> buffer, VnetHeader& header, std::span<uint8_t>& packet) const {
  ssize_t count;
  do {
    count = ::read(fd_, buffer.data(), buffer.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    if (errno == EAGAIN) return Result::wouldBlock;
    // Anything else (no memory, a packet the header cannot describe) concerns this packet alone.
    return errno == EBADF || errno == EBADFD || errno == EIO ? Result::gone : Result::refused;
  }
  const size_t skip = hasVnetHeader_ ? sizeof header : 0;
  if (static_cast<size_t>(count) <= skip) return count == 0 ? Result::gone : Result::refused;
  if (hasVnetHeader_) {
    std::memcpy(&header, buffer.data(), sizeof header);
  } else {
    header = VnetHeader{};
  }
  packet = buffer.subspan(skip, static_cast<size_t>(count) - skip);
  return Result::ok;
}

TunPort::Result TunPort::write(std::span<const iovec> slices) const {
  if (!hasVnetHeader_) slices = slices.subspan(1);
  ssize_t count;
  do {
    count = ::writev(fd_, slices.data(), static_cast<int>(slices.size()));
  } while (count < 0 && errno == EINTR);
  if (count >= 0) return Result::ok;
  if (errno == EAGAIN) return Result::wouldBlock;
  // EIO: the device is down; nothing goes then, in whatever shape.
  return errno == EBADF || errno == EBADFD || errno == EIO ? Result::gone : Result::refused;
}

}  // namespace ocserv::tun
