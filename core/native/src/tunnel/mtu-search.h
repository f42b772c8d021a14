// Search for the largest datagram the path of an association carries, without probes of our own: downward when the
// kernel refuses one as too long, upward (binary) while full ones pass. Works on link MTUs. Pure state, no I/O.
#pragma once
#include <algorithm>
#include <cstdint>

namespace ocserv::tunnel {

class MtuSearch {
 public:
  MtuSearch(uint32_t advertised, uint32_t minimum, bool enabled)
      : advertised_(advertised), minimum_(std::min(minimum, advertised)), link_(advertised), good_(advertised),
        bad_(advertised), enabled_(enabled && advertised > minimum) {}

  /** The least a path is taken to carry: what IPv6 asks for, and for IPv4 what a tunnel is of any use with. */
  static constexpr uint32_t leastLink(bool isIpv6) { return isIpv6 ? 1280 : 800; }

  uint32_t link() const { return link_; }
  bool enabled() const { return enabled_; }

  /** The kernel refused a datagram of the current size. `pathMtu`: what it knows of the path, 0 if nothing. */
  void tooBig(bool isIpv6, uint32_t pathMtu) {
    if (!enabled_) return;
    if (isIpv6) {
      if (pathMtu < 1280) {
        giveUp();
      } else {
        link_ = std::min(pathMtu, advertised_);
      }
      return;
    }
    if (pathMtu >= minimum_ && pathMtu < link_) {
      // The kernel knows better than any search.
      link_ = good_ = pathMtu;
      bad_ = pathMtu + 1;
      return;
    }
    bad_ = link_;
    if (good_ == minimum_ && link_ == minimum_) {
      giveUp();
      return;
    }
    if (good_ >= link_) good_ = std::max(link_ * 2 / 3, minimum_);
    link_ = good_;
  }

  /** A datagram of the full size was sent (IPv4). True: the link MTU changed. */
  bool fullSizeSent() {
    if (!enabled_ || bad_ <= link_ + 1) return false;
    good_ = link_;
    const uint32_t next = (link_ + bad_) / 2;
    if (next == link_) return false;
    link_ = next;
    return true;
  }

  /** The peer proved that this link MTU passes. True: raised. */
  bool confirmed(uint32_t link) {
    link = std::min(link, advertised_);
    if (link <= link_) return false;
    link_ = good_ = link;
    bad_ = std::max(bad_, link);
    return true;
  }

  /** Another source says that no more than this passes. True: lowered. */
  bool limit(uint32_t link) {
    link = std::max(link, minimum_);
    if (link >= link_) return false;
    link_ = link;
    good_ = std::min(good_, link);
    bad_ = link;
    return true;
  }

 private:
  void giveUp() {
    enabled_ = false;
    link_ = minimum_;
  }

  uint32_t advertised_;
  uint32_t minimum_;
  uint32_t link_;
  uint32_t good_;
  uint32_t bad_;
  bool enabled_;
};

}  // namespace ocserv::tunnel
