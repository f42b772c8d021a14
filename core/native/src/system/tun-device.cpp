// Creates tun devices, with the virtio header and segmentation offload where the kernel has them.
#include "tun-device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cstring>

namespace ocserv::system {
namespace {

// Segmentation of UDP in the device came with Linux 6.2; older headers lack the names.
constexpr unsigned tunUso4 = 0x20;
constexpr unsigned tunUso6 = 0x40;
constexpr unsigned tunTso = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;

}  // namespace

Outcome openTun(const std::string& prefix, bool wantOffload, int ownerUid, int ownerGid, TunDevice& ret) {
  for (const bool offload : {wantOffload, false}) {
    Descriptor fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (!fd.isOpen()) return Outcome::last("open /dev/net/tun");
    ifreq request{};
    request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0));
    const std::string pattern = prefix + "%d";
    if (pattern.size() >= sizeof request.ifr_name) return {ENAMETOOLONG, "TUNSETIFF"};
    std::memcpy(request.ifr_name, pattern.c_str(), pattern.size() + 1);
    if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) {
      if (offload) continue;
      return Outcome::last("TUNSETIFF");
    }
    // An unknown flag makes the kernel set nothing at all: ask for less.
    if (offload && ::ioctl(fd.get(), TUNSETOFFLOAD, tunTso | tunUso4 | tunUso6) != 0 &&
        ::ioctl(fd.get(), TUNSETOFFLOAD, tunTso) != 0) {
      continue;
    }
    if (ownerUid >= 0 && ::ioctl(fd.get(), TUNSETOWNER, static_cast<unsigned long>(ownerUid)) != 0) {
      return Outcome::last("TUNSETOWNER");
    }
    if (ownerGid >= 0 && ::ioctl(fd.get(), TUNSETGROUP, static_cast<unsigned long>(ownerGid)) != 0) {
      return Outcome::last("TUNSETGROUP");
    }
    ret.name = request.ifr_name;
    ret.index = ::if_nametoindex(request.ifr_name);
    ret.offload = offload;
    ret.fd = std::move(fd);
    return Outcome::ok();
  }
  return {EINVAL, "TUNSETIFF"};
}

}  // namespace ocserv::system
