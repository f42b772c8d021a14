// Cutting and joining against the kernel's own segmentation: super-packets go into one tun device with a virtio
// header, are forwarded, and come out of another that has no offload, so that the kernel has to cut them. Runs in a
// network namespace of its own; ends with 77 where none can be made.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <string>

#include "check.h"
#include "cutting.h"
#include "streams.h"
#include "tun/tun-port.h"

using namespace cutting;

namespace {

constexpr int cannotRun = 77;

bool writeFile(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY);
  const bool ok = fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) close(fd);
  return ok;
}

bool ownNetwork() {
  const std::string user = std::to_string(getuid());
  const std::string group = std::to_string(getgid());
  if (unshare(CLONE_NEWNET) == 0) return true;
  return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && writeFile("/proc/self/setgroups", "deny") &&
         writeFile("/proc/self/uid_map", "0 " + user + " 1") && writeFile("/proc/self/gid_map", "0 " + group + " 1");
}

int openDevice(const char* name, unsigned offload) {
  const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  std::strcpy(request.ifr_name, name);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0 || ioctl(fd, TUNSETOFFLOAD, offload) != 0) return -1;
  return fd;
}

bool command(const std::string& words) { return std::system(words.c_str()) == 0; }

bool layRoutes() {
  return command("ip link set lo up && ip link set in0 up mtu 9000 && ip link set out0 up mtu 1500") &&
         command("ip address add 10.77.0.1/24 dev in0 && ip address add 10.78.0.1/24 dev out0") &&
         command("ip -6 address add fd11::1/64 dev in0 nodad && ip -6 address add fd12::1/64 dev out0 nodad") &&
         command("ip -6 route add fd00::1/128 dev in0 && ip -6 route add fd00::2/128 dev out0") &&
         writeFile("/proc/sys/net/ipv4/ip_forward", "1") && writeFile("/proc/sys/net/ipv6/conf/all/forwarding", "1");
}

class Kernel {
 public:
  Kernel(int in, int out) : in_(in, true), out_(out, true), outFd_(out) {}

  bool put(const tun::VnetHeader& header, const Bytes& packet) const {
    tun::VnetHeader copy = header;
    const iovec slices[2] = {{&copy, sizeof copy}, {const_cast<uint8_t*>(packet.data()), packet.size()}};
    return in_.write(slices) == tun::TunPort::Result::ok;
  }
  /** What was forwarded, without the kernel's own packets; waits for `count`. */
  std::vector<Bytes> take(size_t count) const {
    std::vector<Bytes> got;
    Bytes buffer(tun::TunPort::readBytes);
    while (got.size() < count) {
      pollfd wait{outFd_, POLLIN, 0};
      if (poll(&wait, 1, 2'000) <= 0) break;
      tun::VnetHeader header;
      std::span<uint8_t> packet;
      if (out_.read(buffer, header, packet) != tun::TunPort::Result::ok) continue;
      const uint8_t protocol = packet[0] >> 4 == 4 ? packet[9] : packet[6];
      if (protocol == 6 || protocol == 17) got.emplace_back(packet.begin(), packet.end());
    }
    return got;
  }

 private:
  tun::TunPort in_;
  tun::TunPort out_;
  int outFd_;
};

/** As if it had been forwarded: one hop less. */
Bytes forwarded(Bytes b) {
  if (b[0] >> 4 == 6) {
    b[7]--;
    return b;
  }
  b[8]--;
  packets::put16(b, 10, 0);
  packets::put16(b, 10, 0xffffU & ~packets::headerSum(b));
  return b;
}
std::vector<Bytes> forwarded(std::vector<Bytes> all) {
  for (Bytes& b : all) b = forwarded(std::move(b));
  return all;
}

void sameAsTheKernel(const Kernel& kernel, std::mt19937& random) {
  for (int round = 0; round < 300; round++) {
    const streams::Kind kind{random() % 2 == 0, random() % 2 == 0};
    const size_t gso = 100 + random() % 1'300;
    const size_t payload = gso + 1 + random() % (gso * 40);
    Bytes whole = streams::make(kind, static_cast<uint32_t>(random()), payload, true);
    const size_t ip = kind.ipv6 ? 40 : 20;
    if (!kind.ipv6) {
      packets::put16(whole, 4, static_cast<uint32_t>(random()) & 0xffff);
      packets::put16(whole, 10, 0);
      packets::put16(whole, 10, 0xffffU & ~packets::headerSum(whole));
    }
    tun::VnetHeader header = streams::superHeader(kind, gso);
    if (!kind.udp) {
      whole[ip + 13] = static_cast<uint8_t>(0x10 | (random() & 0xc9));
      // The kernel wants to be told that the first segment alone shall carry CWR.
      if (whole[ip + 13] & 0x80) header.gsoType |= tun::gsoEcn;
    }
    CHECK(kernel.put(header, whole));
    const std::vector<Bytes> ours = forwarded(cut(header, whole));
    const std::vector<Bytes> theirs = kernel.take(ours.size());
    CHECK(ours == theirs);
    if (ours != theirs) std::printf("%s %s, %zu bytes by %zu: %zu and %zu packets\n", kind.ipv6 ? "IPv6" : "IPv4",
                                    kind.udp ? "UDP" : "TCP", payload, gso, ours.size(), theirs.size());
  }
}

/** What we join, the kernel cuts into what came. */
void joinedForTheKernel(const Kernel& kernel, std::mt19937& random) {
  for (int round = 0; round < 200; round++) {
    const streams::Kind kind{random() % 2 == 0, random() % 2 == 0};
    const size_t size = 100 + random() % 1'200;
    auto sequence = static_cast<uint32_t>(random());
    std::vector<Bytes> in;
    const size_t count = 2 + random() % 40;
    for (size_t i = 0; i < count; i++) {
      const size_t payload = i + 1 == count ? 1 + random() % size : size;
      Bytes b = streams::make(kind, sequence, payload, false, i + 1 == count && random() % 2 ? 0x18 : 0x10);
      if (!kind.ipv6) packets::put16(b, 4, static_cast<uint32_t>(0x2000 + i));
      finishPacket(b);
      sequence += static_cast<uint32_t>(payload);
      in.push_back(std::move(b));
    }
    size_t supers = 0;
    for (const Written& one : join(in)) {
      CHECK(kernel.put(one.header, one.bytes));
      supers += one.packets > 1 ? 1 : 0;
    }
    CHECK(supers > 0);
    CHECK(kernel.take(in.size()) == forwarded(in));
  }
}

}  // namespace

int main() {
  if (!ownNetwork()) return cannotRun;
  const int in = openDevice("in0", 0);
  const int out = openDevice("out0", 0);
  if (in < 0 || out < 0 || !layRoutes()) return cannotRun;
  const Kernel kernel(in, out);
  std::mt19937 random(20260103);
  sameAsTheKernel(kernel, random);
  joinedForTheKernel(kernel, random);
  close(in);
  close(out);
  return check::finish("kernel-tun");
}
