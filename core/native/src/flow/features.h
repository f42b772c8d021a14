// What this kernel can do for the packet path: one probe per feature, made once at the start of a packet thread.
// Each can be switched off (support cases, tests of the fallback).
#pragma once
#include <string>

namespace ocserv::flow {

struct Features {
  bool udpSegment = false;  // UDP_SEGMENT: many datagrams in one message (Linux 4.18)
  bool udpReceive = false;  // UDP_GRO: the same for receiving (Linux 5.0)
  bool multiMessage = true; // sendmmsg, recvmmsg
  bool joinTcp = true;      // coalesce into tun (needs a virtio header there)
  bool joinUdp = true;
  bool thinAcks = true;
  bool moderate = true;     // rest between turns that bring little of a large upload
};

bool hasUdpSegment();
bool hasUdpReceive();

/** Probes, then turns off what `disabled` names: "udp-gso,udp-gro,mmsg,coalesce,coalesce-udp,ack-thinning,moderation". */
Features probeFeatures(const std::string& disabled);

}  // namespace ocserv::flow
