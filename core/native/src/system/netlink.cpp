// rtnetlink requests: built in a buffer, sent, and their acknowledgement read. Layouts: linux/rtnetlink.h,
// rtnetlink(7), netlink(7).
#include "netlink.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <functional>

namespace ocserv::system {
namespace {

// Larger than any request here and than the kernel's largest dump message.
constexpr size_t bufferBytes = 32768;
/** Metric of the route to an IPv6 client network, as the C program sets it. */
constexpr uint32_t clientRouteMetric = 1;

/** A netlink message under construction. */
class Request {
 public:
  Request(uint16_t type, uint16_t flags) {
    header().nlmsg_type = type;
    header().nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
    header().nlmsg_len = NLMSG_LENGTH(0);
  }

  nlmsghdr& header() { return *reinterpret_cast<nlmsghdr*>(buffer_.data()); }

  template <typename Body>
  Body& body() {
    header().nlmsg_len = NLMSG_LENGTH(sizeof(Body));
    return *static_cast<Body*>(NLMSG_DATA(&header()));
  }

  void add(uint16_t type, const void* data, size_t length) {
    auto* attribute = reinterpret_cast<rtattr*>(buffer_.data() + NLMSG_ALIGN(header().nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = static_cast<uint16_t>(RTA_LENGTH(length));
    std::memcpy(RTA_DATA(attribute), data, length);
    header().nlmsg_len = static_cast<uint32_t>(NLMSG_ALIGN(header().nlmsg_len) + RTA_ALIGN(attribute->rta_len));
  }
  void add(uint16_t type, uint32_t value) { add(type, &value, sizeof value); }
  void add(uint16_t type, const std::string& text) { add(type, text.c_str(), text.size() + 1); }

 private:
  alignas(nlmsghdr) std::array<uint8_t, 1024> buffer_{};
};

using OnMessage = std::function<void(const nlmsghdr&)>;

/** Sends a request and reads until its acknowledgement, error or end of dump. */
Outcome talk(Request& request, const char* call, const OnMessage& onMessage = nullptr) {
  Descriptor fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.isOpen()) return Outcome::last("netlink socket");
  request.header().nlmsg_seq = 1;
  if (::send(fd.get(), &request.header(), request.header().nlmsg_len, 0) < 0) return Outcome::last(call);
  alignas(nlmsghdr) std::array<uint8_t, bufferBytes> buffer;
  for (;;) {
    const ssize_t received = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (received < 0) {
      if (errno == EINTR) continue;
      return Outcome::last(call);
    }
    auto length = static_cast<uint32_t>(received);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(message, length);
         message = NLMSG_NEXT(message, length)) {
      if (message->nlmsg_type == NLMSG_DONE) return Outcome::ok();
      if (message->nlmsg_type == NLMSG_ERROR) {
        const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(message));
        return error->error == 0 ? Outcome::ok() : Outcome{-error->error, call};
      }
      if (onMessage) onMessage(*message);
    }
  }
}

Outcome setLink(int index, const DeviceSettings& settings) {
  Request request(RTM_NEWLINK, NLM_F_ACK);
  auto& link = request.body<ifinfomsg>();
  link.ifi_family = AF_UNSPEC;
  link.ifi_index = index;
  if (settings.up) link.ifi_flags = link.ifi_change = IFF_UP;
  if (settings.mtuBytes) request.add(IFLA_MTU, *settings.mtuBytes);
  if (settings.txQueueLength) request.add(IFLA_TXQLEN, *settings.txQueueLength);
  return talk(request, "set link");
}

Outcome addAddress4(int index, const DeviceAddress4& address) {
  in_addr local{};
  in_addr peer{};
  if (inet_pton(AF_INET, address.local.c_str(), &local) != 1 || inet_pton(AF_INET, address.peer.c_str(), &peer) != 1) {
    return {EINVAL, "IPv4 address"};
  }
  Request request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
  auto& body = request.body<ifaddrmsg>();
  body.ifa_family = AF_INET;
  body.ifa_prefixlen = 32;
  body.ifa_index = static_cast<uint32_t>(index);
  request.add(IFA_LOCAL, &local, sizeof local);
  request.add(IFA_ADDRESS, &peer, sizeof peer);
  return talk(request, "add IPv4 address");
}

Outcome addAddress6(int index, const DeviceAddress6& address) {
  in6_addr local{};
  in6_addr peer{};
  if (inet_pton(AF_INET6, address.local.c_str(), &local) != 1 || inet_pton(AF_INET6, address.peer.c_str(), &peer) != 1) {
    return {EINVAL, "IPv6 address"};
  }
  Request request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
  auto& body = request.body<ifaddrmsg>();
  body.ifa_family = AF_INET6;
  body.ifa_prefixlen = 128;
  body.ifa_flags = IFA_F_NODAD;
  body.ifa_index = static_cast<uint32_t>(index);
  request.add(IFA_LOCAL, &local, sizeof local);
  request.add(IFA_ADDRESS, &local, sizeof local);
  if (const Outcome outcome = talk(request, "add IPv6 address"); outcome.failed()) return outcome;

  // The kernel wants the host bits of a route's destination to be zero.
  for (int bit = address.prefix; bit < 128; bit++) peer.s6_addr[bit / 8] &= static_cast<uint8_t>(~(0x80 >> (bit % 8)));
  Request route(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
  auto& body6 = route.body<rtmsg>();
  body6.rtm_family = AF_INET6;
  body6.rtm_dst_len = address.prefix;
  body6.rtm_table = RT_TABLE_MAIN;
  body6.rtm_protocol = RTPROT_STATIC;
  body6.rtm_scope = RT_SCOPE_UNIVERSE;
  body6.rtm_type = RTN_UNICAST;
  route.add(RTA_DST, &peer, sizeof peer);
  route.add(RTA_OIF, static_cast<uint32_t>(index));
  route.add(RTA_PRIORITY, clientRouteMetric);
  return talk(route, "add IPv6 route");
}

/** Calls `onAttribute` for each attribute behind a fixed-size body. */
template <typename Body>
void eachAttribute(const nlmsghdr& message, const std::function<void(const rtattr&)>& onAttribute) {
  auto length = static_cast<int>(message.nlmsg_len) - static_cast<int>(NLMSG_SPACE(sizeof(Body)));
  const auto* first = reinterpret_cast<const uint8_t*>(NLMSG_DATA(&message)) + NLMSG_ALIGN(sizeof(Body));
  for (auto* attribute = reinterpret_cast<const rtattr*>(first); RTA_OK(attribute, length);
       attribute = RTA_NEXT(attribute, length)) {
    onAttribute(*attribute);
  }
}

std::string attributeText(const rtattr& attribute) {
  const auto* text = static_cast<const char*>(RTA_DATA(&attribute));
  return {text, ::strnlen(text, RTA_PAYLOAD(&attribute))};
}

/** linkinfo/kind = "tun". */
bool isTunInfo(const rtattr& information) {
  auto length = static_cast<int>(RTA_PAYLOAD(&information));
  for (auto* inner = static_cast<const rtattr*>(RTA_DATA(&information)); RTA_OK(inner, length);
       inner = RTA_NEXT(inner, length)) {
    if (inner->rta_type == IFLA_INFO_KIND) return attributeText(*inner) == "tun";
  }
  return false;
}

}  // namespace

Outcome configureDevice(int index, const DeviceSettings& settings) {
  if (settings.mtuBytes || settings.txQueueLength || settings.up) {
    if (const Outcome outcome = setLink(index, settings); outcome.failed()) return outcome;
  }
  if (settings.ipv4) {
    if (const Outcome outcome = addAddress4(index, *settings.ipv4); outcome.failed()) return outcome;
  }
  if (settings.ipv6) return addAddress6(index, *settings.ipv6);
  return Outcome::ok();
}

Outcome removeDeviceAddresses(int index) {
  std::vector<Request> removals;
  Request dump(RTM_GETADDR, NLM_F_DUMP);
  dump.body<ifaddrmsg>().ifa_family = AF_UNSPEC;
  const Outcome listed = talk(dump, "list addresses", [&](const nlmsghdr& message) {
    const auto& body = *static_cast<const ifaddrmsg*>(NLMSG_DATA(&message));
    if (body.ifa_index != static_cast<uint32_t>(index)) return;
    Request removal(RTM_DELADDR, NLM_F_ACK);
    removal.body<ifaddrmsg>() = body;
    eachAttribute<ifaddrmsg>(message, [&](const rtattr& attribute) {
      if (attribute.rta_type == IFA_LOCAL || attribute.rta_type == IFA_ADDRESS) {
        removal.add(attribute.rta_type, RTA_DATA(&attribute), RTA_PAYLOAD(&attribute));
      }
    });
    removals.push_back(removal);
  });
  if (listed.failed()) return listed;
  for (Request& removal : removals) {
    if (const Outcome outcome = talk(removal, "remove address"); outcome.failed()) return outcome;
  }
  return Outcome::ok();
}

Outcome setDeviceAlias(int index, const std::string& alias) {
  Request request(RTM_NEWLINK, NLM_F_ACK);
  request.body<ifinfomsg>().ifi_index = index;
  request.add(IFLA_IFALIAS, alias.data(), alias.size());
  return talk(request, "set alias");
}

Outcome deleteDevice(int index) {
  Request request(RTM_DELLINK, NLM_F_ACK);
  request.body<ifinfomsg>().ifi_index = index;
  return talk(request, "delete link");
}

Outcome listDevices(std::vector<DeviceEntry>& ret) {
  Request dump(RTM_GETLINK, NLM_F_DUMP);
  dump.body<ifinfomsg>().ifi_family = AF_UNSPEC;
  return talk(dump, "list links", [&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWLINK) return;
    DeviceEntry entry;
    entry.index = static_cast<const ifinfomsg*>(NLMSG_DATA(&message))->ifi_index;
    eachAttribute<ifinfomsg>(message, [&](const rtattr& attribute) {
      if (attribute.rta_type == IFLA_IFNAME) entry.name = attributeText(attribute);
      if (attribute.rta_type == IFLA_IFALIAS) entry.alias = attributeText(attribute);
      if (attribute.rta_type == IFLA_LINKINFO) entry.isTun = isTunInfo(attribute);
    });
    ret.push_back(std::move(entry));
  });
}

}  // namespace ocserv::system
