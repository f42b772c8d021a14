// A rate limit without a timer: tokens are counted when somebody asks. Burst of one second; off at rate zero.
#pragma once
#include <algorithm>
#include <cstdint>

namespace ocserv::tunnel {

class TokenBucket {
 public:
  TokenBucket(uint64_t bytesPerSecond, uint64_t nowMs)
      : rate_(bytesPerSecond), tokens_(bytesPerSecond * 1000), lastMs_(nowMs) {}

  /** May `bytes` pass now? */
  bool take(uint64_t bytes, uint64_t nowMs) {
    if (rate_ == 0) return true;
    if (nowMs > lastMs_) {
      const uint64_t elapsed = std::min<uint64_t>(nowMs - lastMs_, 1000);
      tokens_ = std::min(tokens_ + elapsed * rate_, rate_ * 1000);
      lastMs_ = nowMs;
    }
    // A packet larger than a second's allowance may pass when the bucket is full, else it never could.
    const uint64_t price = std::min(bytes * 1000, rate_ * 1000);
    if (price > tokens_) return false;
    tokens_ -= price;
    return true;
  }

 private:
  uint64_t rate_;
  uint64_t tokens_;  // thousandths of a byte
  uint64_t lastMs_;
};

}  // namespace ocserv::tunnel
