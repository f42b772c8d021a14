// Capability probes; see features.h.
#include "flow/features.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

namespace ocserv::flow {

namespace {

bool acceptsOption(int name) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  int value = 0;
  socklen_t length = sizeof value;
  const bool known = getsockopt(fd, IPPROTO_UDP, name, &value, &length) == 0;
  close(fd);
  return known;
}

bool names(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (list.substr(0, comma) == word) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

bool hasUdpSegment() { return acceptsOption(UDP_SEGMENT); }
bool hasUdpReceive() { return acceptsOption(UDP_GRO); }

Features probeFeatures(const std::string& disabled) {
  Features features;
  features.udpSegment = hasUdpSegment() && !names(disabled, "udp-gso");
  features.udpReceive = hasUdpReceive() && !names(disabled, "udp-gro");
  features.multiMessage = !names(disabled, "mmsg");
  features.joinTcp = !names(disabled, "coalesce");
  features.joinUdp = !names(disabled, "coalesce-udp");
  features.thinAcks = !names(disabled, "ack-thinning");
  features.moderate = !names(disabled, "moderation");
  return features;
}

}  // namespace ocserv::flow
