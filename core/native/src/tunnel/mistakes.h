// What a client, or somebody in its place, sent and must not have, while the tunnel goes on. Told to the listener at
// once as long as it is rare; beyond that it is counted and summed up, since datagrams cost a sender nothing. Owned
// by a tunnel; for one thread.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ocserv::tunnel {

enum class Mistake : uint8_t {
  shortFrame,
  unknownFrame,
  compressed,
  malformedCompressed,
  notIp,
  foreignSource,
  truncatedDatagram,
  plainRecord,
  notAuthentic,
  replayed,
  emptyRecord,
  unknownRecord,
  handshake,
};
constexpr size_t mistakeKinds = static_cast<size_t>(Mistake::handshake) + 1;

class Mistakes {
 public:
  /** True: say it now. False: it is counted. */
  bool isNews(Mistake mistake, uint64_t nowMs) {
    State& state = states_[static_cast<size_t>(mistake)];
    if (state.told == 0) state.sinceMs = nowMs;
    if (state.told < limit(mistake)) {
      state.told++;
      return true;
    }
    state.counted++;
    return false;
  }

  /** Calls `tell` with a line for each kind whose time is up, or for all that were counted (`all`), and forgets them. */
  template <typename Tell>
  void sumUp(uint64_t nowMs, bool all, Tell&& tell) {
    for (size_t kind = 0; kind < mistakeKinds; kind++) {
      State& state = states_[kind];
      if (state.told == 0 || (!all && nowMs - state.sinceMs < windowMs(static_cast<Mistake>(kind)))) continue;
      if (state.counted > 0) {
        tell(std::string(name(static_cast<Mistake>(kind))) + ": " + std::to_string(state.counted) + " more");
      }
      state = {};
    }
  }

  /** What stands at the beginning of every line of this kind. */
  static constexpr std::string_view name(Mistake mistake) {
    constexpr std::array<std::string_view, mistakeKinds> names = {
        "CSTP record too short for a frame",
        "frame of unknown type",
        "compressed frame without negotiated compression",
        "compressed frame that cannot be read",
        "payload that is no whole IP packet",
        "packet with a source address that is not the client's",
        "datagram that is no whole DTLS record",
        "DTLS record without encryption",
        "DTLS record that is not authentic",
        "DTLS record received before",
        "empty DTLS record",
        "DTLS record of an unexpected type",
        "DTLS handshake",
    };
    return names[static_cast<size_t>(mistake)];
  }

 private:
  struct State {
    uint64_t sinceMs = 0;
    uint64_t counted = 0;
    uint32_t told = 0;
  };
  // Ours. Networks repeat datagrams, and a client's other addresses leak into its tunnel: everyday things.
  static constexpr bool isEverydayLife(Mistake mistake) {
    return mistake == Mistake::replayed || mistake == Mistake::foreignSource;
  }
  static constexpr uint32_t limit(Mistake mistake) { return isEverydayLife(mistake) ? 1 : 20; }
  static constexpr uint64_t windowMs(Mistake mistake) { return isEverydayLife(mistake) ? 600'000 : 60'000; }

  std::array<State, mistakeKinds> states_{};
};

}  // namespace ocserv::tunnel
