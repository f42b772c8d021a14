// What a tunnel is told at its opening, what it tells the outside, and its counters. Mirrors core/native/tunnel.ts.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compress/codec.h"

namespace ocserv::tunnel {

struct Options {
  uint32_t tunnelMtuBytes = 1400;
  uint32_t linkMtuBytes = 1500;
  bool outerIpv6 = false;
  bool tunOffload = false;
  uint32_t dpdSeconds = 0;
  uint32_t idleTimeoutSeconds = 0;
  uint32_t remainingSeconds = 0;
  uint32_t rekeySeconds = 0;
  uint32_t switchToTcpSeconds = 0;
  bool mtuDiscovery = false;
  std::optional<std::string> dtlsCipherList;
  /** In place of a PSK: the session that the client pretends to resume, with the one suite of dtlsCipherList. */
  struct ResumedDtls {
    std::vector<uint8_t> id;
    std::vector<uint8_t> masterSecret;
  };
  std::optional<ResumedDtls> resumedDtls;
  std::vector<std::string> allowedSources;
  uint64_t rxBytesPerSecond = 0;
  uint64_t txBytesPerSecond = 0;
  uint32_t sendBufferBytes = 0;
  std::optional<int> socketPriority;
  std::optional<int> tos;
  /** What was agreed for each channel, both ways; and the longest packet that is sent as it is all the same. */
  compress::Algorithm cstpCompression = compress::Algorithm::none;
  compress::Algorithm dtlsCompression = compress::Algorithm::none;
  uint32_t noCompressBytes = 256;
  /** Records one DTLS association may send, the handshake's Finished included; then the packets go by TLS. */
  uint64_t dtlsRecordLimit = uint64_t{1} << 48;
};

enum class End { userDisconnect, temporary, serverDisconnect, idleTimeout, dpdTimeout, sessionTimeout, error };

/** Written by the packet thread alone, read by anybody at any time; a cache line of its own. */
struct alignas(64) Counters {
  std::atomic<uint64_t> rxBytes{0};
  std::atomic<uint64_t> txBytes{0};
  std::atomic<uint64_t> rxPackets{0};
  std::atomic<uint64_t> txPackets{0};
  std::atomic<uint64_t> rxDropped{0};
  std::atomic<uint64_t> txDropped{0};
  /** DTLS records of the client that did not arrive, by their numbers. */
  std::atomic<uint64_t> rxLost{0};
  /** Of the TLS connection, as the kernel smooths it; 0: unknown. */
  std::atomic<uint64_t> roundTripMicros{0};
};
static_assert(sizeof(Counters) == 64);

inline void add(std::atomic<uint64_t>& counter, uint64_t amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

/** Called on the packet thread; must not call back into it. */
struct Listener {
  virtual void onEnd(uint32_t tunnelId, End reason, std::string_view detail) = 0;
  /** Empty: DTLS went away. */
  virtual void onDtls(uint32_t tunnelId, std::string_view description) = 0;
  virtual void onMtu(uint32_t tunnelId, uint32_t tunnelMtuBytes) = 0;
  virtual void onAnswer(uint32_t requestId, bool accepted) = 0;
  /** The client sent what it must not, and the tunnel goes on; for the log. */
  virtual void onMistake(uint32_t tunnelId, std::string_view text) = 0;

 protected:
  ~Listener() = default;
};

}  // namespace ocserv::tunnel
