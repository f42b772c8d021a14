// Finds what a path carries when routers on it say nothing (RFC 8899, packetization layer path MTU discovery): DPD
// requests as large as a full packet, which a client answers, are the probes. Works on link MTUs. Pure state, no I/O:
// the tunnel calls it once a second and at each answer, sends what it asks for, and goes by proven().
//
//   resting ─► probing a size ─► answered: it passes; next size
//                  │   ▲
//       no answer  ▼   │ answered, so the large one was lost for its size (believed after some repetitions)
//              asking without padding ─► no answer: resting, then the same size again
#pragma once
#include <algorithm>
#include <cstdint>

namespace ocserv::tunnel {

class PathProbe {
 public:
  struct Step {
    /** Send a probe that fills this link MTU; 0: none. */
    uint32_t probeLink = 0;
    /** Send a DPD request without padding. */
    bool ask = false;
    /** proven() says something new. */
    bool changed = false;
  };

  /** `advertised` ≥ `minimum`; not enabled: never asks for anything. */
  PathProbe(uint32_t advertised, uint32_t minimum, bool enabled, uint64_t nowMs)
      : advertised_(advertised), minimum_(std::min(minimum, advertised)), proven_(advertised), low_(minimum_),
        high_(advertised + 1), target_(advertised), dueMs_(nowMs + settleMs),
        state_(enabled && advertised > minimum_ ? State::resting : State::off) {}

  /** The link MTU to go by. */
  uint32_t proven() const { return proven_; }

  Step onTick(uint64_t nowMs) {
    switch (state_) {
      case State::off:
        return {};
      case State::resting:
        return nowMs < dueMs_ ? Step{} : begin(nowMs);
      case State::probing:
        if (nowMs - sentMs_ < probeMs) return {};
        state_ = State::asking;
        sentMs_ = nowMs;
        return {.ask = true};
      case State::asking:
        if (nowMs - sentMs_ < probeMs) return {};
        // Nothing is answered, so the probe's loss says nothing about its size: a client that measures the path itself
        // answers nothing meanwhile, a busy one loses what it likes.
        losses_ = 0;
        rounds_++;
        rest(nowMs + (rounds_ % rounds != 0 ? settleMs : raiseMs));
        return {};
    }
    return {};
  }

  /** The client answered a DPD request. */
  Step onAnswer(uint64_t nowMs) {
    if (state_ == State::probing) {
      low_ = target_;
      return proceed(nowMs);
    }
    if (state_ == State::asking) {
      // The small one passes, the large one did not.
      losses_++;
      if (losses_ < (target_ == advertised_ ? firstLosses : searchLosses)) return send(nowMs);
      high_ = std::min(high_, target_);
      return proceed(nowMs);
    }
    return {};
  }

  /** The kernel knows that no more than this passes. */
  void limit(uint32_t link) {
    link = std::max(link, minimum_);
    if (state_ == State::off || link >= high_) return;
    high_ = link + 1;
    low_ = std::min(low_, link);
    proven_ = std::min(proven_, link);
    target_ = std::min(target_, link);
    losses_ = 0;
  }

  /** The client showed that more than proven() arrives here: perhaps it does there, too. */
  void reconsider(uint64_t nowMs) {
    if (state_ == State::resting && proven_ < advertised_) dueMs_ = std::min(dueMs_, nowMs + settleMs);
  }

 private:
  // Ours.
  static constexpr uint64_t settleMs = 1'000;
  static constexpr uint64_t probeMs = 900;
  static constexpr int firstLosses = 3;
  static constexpr int searchLosses = 2;
  static constexpr int rounds = 10;
  static constexpr uint32_t exactness = 4;
  // RFC 8899, 5.1.1 (PMTU_RAISE_TIMER).
  static constexpr uint64_t raiseMs = 600'000;
  // What nearly every path carries, since IPv6 asks for it (RFC 8200, 5).
  static constexpr uint32_t common = 1280;

  enum class State { off, resting, probing, asking };

  Step begin(uint64_t nowMs) {
    if (!searching_) {
      // What was once proven stays so until it fails; larger sizes get another chance.
      low_ = proven_ < advertised_ ? proven_ : minimum_;
      high_ = advertised_ + 1;
      target_ = advertised_;
      losses_ = 0;
      searching_ = true;
    }
    return send(nowMs);
  }

  Step send(uint64_t nowMs) {
    state_ = State::probing;
    sentMs_ = nowMs;
    return {.probeLink = target_};
  }

  void rest(uint64_t dueMs) {
    state_ = State::resting;
    dueMs_ = dueMs;
  }

  /** After a size was settled: what is known now, and the next size. */
  Step proceed(uint64_t nowMs) {
    const uint32_t before = proven_;
    const bool commonIsOpen = low_ < common && common < high_;
    proven_ = std::min(commonIsOpen ? common : low_, advertised_);
    Step step;
    if (!commonIsOpen && high_ - low_ <= exactness) {
      searching_ = false;
      rest(nowMs + raiseMs);
      if (proven_ == advertised_) state_ = State::off;
    } else {
      target_ = commonIsOpen ? common : low_ + (high_ - low_) / 2;
      losses_ = 0;
      step = send(nowMs);
    }
    step.changed = proven_ != before;
    return step;
  }

  uint32_t advertised_;
  uint32_t minimum_;
  uint32_t proven_;
  uint32_t low_;   // passes
  uint32_t high_;  // does not pass
  uint32_t target_;
  uint64_t dueMs_;
  uint64_t sentMs_ = 0;
  int losses_ = 0;  // of the target, while small ones passed
  int rounds_ = 0;
  bool searching_ = false;
  State state_;
};

}  // namespace ocserv::tunnel
