// Batched UDP; see udp-port.h.
#include "udp/udp-port.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "system/endpoint.h"

namespace ocserv::udp {

namespace {
constexpr size_t messagesPerCall = 32;
// A pending ICMP error (RFC 1122, 4.1.3.3) is reported by whatever call comes next and says nothing about this one.
bool isPendingIcmp(int error) {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EPROTO ||
         error == EHOSTDOWN || error == ENOPROTOOPT;
}
}  // namespace

UdpPort::UdpPort(int fd, bool segment, bool receiveOffload, bool multiMessage)
    : fd_(fd), segment_(segment), multiMessage_(multiMessage), receiveOffload_(receiveOffload) {
  if (receiveOffload_) {
    const int on = 1;
    receiveOffload_ = setsockopt(fd_, IPPROTO_UDP, UDP_GRO, &on, sizeof on) == 0;
  }
}

UdpPort::~UdpPort() {
  if (fd_ >= 0) close(fd_);
}

UdpPort::Sent UdpPort::send(uint8_t* bytes, std::span<const uint16_t> lengths, size_t& done) {
  done = 0;
  if (lengths.size() > 1 && (multiMessage_ || segment_)) return sendMany(bytes, lengths, done);
  int icmpErrors = 0;
  while (done < lengths.size()) {
    const ssize_t count = ::send(fd_, bytes, lengths[done], MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return Sent::wouldBlock;
      if (errno == ENOBUFS || errno == ENOMEM) return Sent::noRoom;
      if (errno == EMSGSIZE) return Sent::tooBig;
      refused_ = refused_ || isPendingIcmp(errno);
      if (isPendingIcmp(errno) && icmpErrors++ == 0) continue;
      return Sent::failed;
    }
    bytes += lengths[done++];
  }
  return Sent::all;
}

UdpPort::Sent UdpPort::sendMany(uint8_t* bytes, std::span<const uint16_t> lengths, size_t& done) {
  struct Control {
    alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(uint16_t))];
  };
  std::array<mmsghdr, messagesPerCall> messages;
  std::array<iovec, messagesPerCall> vectors;
  std::array<Control, messagesPerCall> controls;
  std::array<uint16_t, messagesPerCall> counts;
  int icmpErrors = 0;
  uint16_t segmentBelow = segmentBelowBytes_;
  while (done < lengths.size()) {
    // Runs of equal length, the last of which may be shorter, make one message.
    size_t used = 0;
    size_t next = done;
    uint8_t* at = bytes;
    while (next < lengths.size() && used < messagesPerCall) {
      const uint16_t size = lengths[next];
      size_t total = size;
      size_t run = 1;
      if (segment_ && size < segmentBelow) {
        while (run < burstSegments && next + run < lengths.size() && lengths[next + run] <= size &&
               total + lengths[next + run] <= maxSendBytes) {
          total += lengths[next + run];
          run++;
          if (lengths[next + run - 1] < size) break;
        }
      }
      vectors[used] = {at, total};
      msghdr& header = messages[used].msg_hdr;
      header = {};
      header.msg_iov = &vectors[used];
      header.msg_iovlen = 1;
      if (run > 1) {
        header.msg_control = controls[used].bytes;
        header.msg_controllen = sizeof controls[used].bytes;
        cmsghdr* control = CMSG_FIRSTHDR(&header);
        control->cmsg_level = IPPROTO_UDP;
        control->cmsg_type = UDP_SEGMENT;
        control->cmsg_len = CMSG_LEN(sizeof size);
        std::memcpy(CMSG_DATA(control), &size, sizeof size);
      }
      counts[used] = static_cast<uint16_t>(run);
      used++;
      next += run;
      at += total;
      if (!multiMessage_) break;
    }
    const int sent = multiMessage_ ? sendmmsg(fd_, messages.data(), static_cast<unsigned>(used), MSG_DONTWAIT | MSG_NOSIGNAL)
                     : sendmsg(fd_, &messages[0].msg_hdr, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 1
                                                                                              : -1;
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return Sent::wouldBlock;
      if (errno == ENOBUFS || errno == ENOMEM) return Sent::noRoom;
      if (errno == EMSGSIZE && counts[0] > 1) {
        segmentBelow = lengths[done];
        if (fragments_) segmentBelowBytes_ = segmentBelow;
        continue;
      }
      if (errno == EMSGSIZE) return Sent::tooBig;
      if (segment_ && counts[0] > 1 && (errno == EIO || errno == EINVAL)) {
        // This route cannot segment (older kernels refuse it without checksum offload): one datagram a message.
        segment_ = false;
        continue;
      }
      refused_ = refused_ || isPendingIcmp(errno);
      if (isPendingIcmp(errno) && icmpErrors++ == 0) continue;
      return Sent::failed;
    }
    for (int i = 0; i < sent; i++) {
      bytes += vectors[static_cast<size_t>(i)].iov_len;
      done += counts[static_cast<size_t>(i)];
    }
  }
  return Sent::all;
}

std::string UdpPort::peer() const {
  system::SocketAddress address;
  address.length = sizeof address.storage;
  if (getpeername(fd_, address.raw(), &address.length) != 0) return {};
  const std::string text = address.text();
  return (address.family() == AF_INET6 ? "[" + text + "]" : text) + ":" + std::to_string(address.port());
}

int UdpPort::pathMtu(bool isIpv6) const {
  int value = 0;
  socklen_t length = sizeof value;
  const int result = isIpv6 ? getsockopt(fd_, IPPROTO_IPV6, IPV6_MTU, &value, &length)
                            : getsockopt(fd_, IPPROTO_IP, IP_MTU, &value, &length);
  return result == 0 ? value : 0;
}

void UdpPort::setDontFragment(bool isIpv6, bool on) {
  fragments_ = !on;
  if (isIpv6) {
    const int value = on ? IPV6_PMTUDISC_DO : IPV6_PMTUDISC_DONT;
    setsockopt(fd_, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &value, sizeof value);
  } else {
    const int value = on ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;
    setsockopt(fd_, IPPROTO_IP, IP_MTU_DISCOVER, &value, sizeof value);
  }
}

Receiver::Receiver() : bytes_(new uint8_t[messages * messageBytes]) {}

size_t Receiver::receive(UdpPort& port) {
  struct Control {
    alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
  };
  std::array<mmsghdr, messages> headers;
  std::array<iovec, messages> vectors;
  std::array<Control, messages> controls;
  for (size_t i = 0; i < messages; i++) {
    vectors[i] = {bytes_.get() + i * messageBytes, messageBytes};
    headers[i].msg_hdr = {};
    headers[i].msg_hdr.msg_iov = &vectors[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    if (port.receiveOffload_) {
      headers[i].msg_hdr.msg_control = controls[i].bytes;
      headers[i].msg_hdr.msg_controllen = sizeof controls[i].bytes;
    }
  }
  int received;
  int icmpErrors = 0;
  do {
    if (port.multiMessage_) {
      received = recvmmsg(port.fd_, headers.data(), messages, MSG_DONTWAIT, nullptr);
    } else {
      const ssize_t count = recvmsg(port.fd_, &headers[0].msg_hdr, MSG_DONTWAIT);
      headers[0].msg_len = static_cast<unsigned>(std::max<ssize_t>(count, 0));
      received = count < 0 ? -1 : 1;
    }
    port.refused_ = port.refused_ || (received < 0 && isPendingIcmp(errno));
  } while (received < 0 && (errno == EINTR || (isPendingIcmp(errno) && icmpErrors++ < 4)));
  if (received <= 0) {
    drained_ = true;
    return 0;
  }
  const size_t count = static_cast<size_t>(received);
  drained_ = port.multiMessage_ && count < messages;
  for (size_t i = 0; i < count; i++) {
    const size_t length = headers[i].msg_len;
    size_t segment = length;
    for (cmsghdr* control = CMSG_FIRSTHDR(&headers[i].msg_hdr); control != nullptr;
         control = CMSG_NXTHDR(&headers[i].msg_hdr, control)) {
      if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_GRO) {
        int value;
        std::memcpy(&value, CMSG_DATA(control), sizeof value);
        if (value > 0) segment = static_cast<size_t>(value);
      }
    }
    messages_[i] = {{bytes_.get() + i * messageBytes, length}, segment};
  }
  return count;
}

}  // namespace ocserv::udp
