// Anti-replay window over record sequence numbers (RFC 6347, 4.1.2.6; bitmap ring after RFC 6479). 1024 records wide:
// card queues and batches reorder by more than the customary 64. Ready to use when zero; for one thread.
#pragma once
#include <array>
#include <cstdint>

namespace ocserv::dtls {

class ReplayWindow {
 public:
  static constexpr uint64_t width = 1024;

  /** May this number still be accepted? Ask before authenticating; mark() only after. */
  bool accepts(uint64_t sequence) const {
    if (sequence >= next_) return true;
    if (next_ - sequence > width) return false;
    return (words_[(sequence / 64) % words_.size()] >> (sequence % 64) & 1) == 0;
  }

  void mark(uint64_t sequence) {
    if (sequence >= next_) {
      const uint64_t from = next_ == 0 ? 0 : (next_ - 1) / 64 + 1;
      const uint64_t to = sequence / 64;
      // Words newly entered are cleared; one more than the window's width, so no live word is touched.
      for (uint64_t word = from; word <= to && word - from < words_.size(); word++) {
        words_[(to - (word - from)) % words_.size()] = 0;
      }
      next_ = sequence + 1;
    }
    words_[(sequence / 64) % words_.size()] |= uint64_t{1} << (sequence % 64);
  }

  /** One more than the newest number seen; 0 before the first. */
  uint64_t next() const { return next_; }

  /** Is it newer than everything seen? */
  bool isNewest(uint64_t sequence) const { return sequence >= next_; }

 private:
  std::array<uint64_t, width / 64 + 1> words_{};
  uint64_t next_ = 0;
};

}  // namespace ocserv::dtls
