// What the server does to its network devices, over rtnetlink(7). Called by the binding, on main's event loop: each
// request is answered by the kernel at once.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "descriptor.h"

namespace ocserv::system {

struct DeviceAddress4 {
  std::string local;
  std::string peer;
};
struct DeviceAddress6 {
  std::string local;
  /** The client's address; its prefix becomes a route through the device. */
  std::string peer;
  uint8_t prefix = 128;
};
struct DeviceSettings {
  std::optional<uint32_t> mtuBytes;
  std::optional<uint32_t> txQueueLength;
  std::optional<DeviceAddress4> ipv4;
  std::optional<DeviceAddress6> ipv6;
  bool up = false;
};
struct DeviceEntry {
  std::string name;
  std::string alias;
  int index = 0;
  bool isTun = false;
};

Outcome configureDevice(int index, const DeviceSettings& settings);
Outcome removeDeviceAddresses(int index);
Outcome setDeviceAlias(int index, const std::string& alias);
Outcome deleteDevice(int index);
Outcome listDevices(std::vector<DeviceEntry>& ret);

}  // namespace ocserv::system
