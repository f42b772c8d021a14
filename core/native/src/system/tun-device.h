// Creates tun devices. Facts: Documentation/networking/tuntap.rst of the kernel, linux/if_tun.h.
#pragma once
#include <string>

#include "descriptor.h"

namespace ocserv::system {

struct TunDevice {
  Descriptor fd;
  std::string name;
  unsigned index = 0;
  bool offload = false;
};

/** Non-persistent, no packet information header; `prefix` gets a number from the kernel. */
Outcome openTun(const std::string& prefix, bool wantOffload, int ownerUid, int ownerGid, TunDevice& ret);

}  // namespace ocserv::system
