// How long the packet thread rests between two turns, so that what comes over TLS in small pieces, close behind each
// other, is taken in batches: what a network card does with its interrupts. Without it a client that sends record by
// record costs a wake-up for each few of them, and segments that come alone cannot be joined. Used by the packet thread.
//   busy      only while much was uploaded in the last millisecond: a lone packet, or acknowledgements, never wait
//   small     only behind a turn that brought little from each connection: full batches need no rest
// TLS alone: TCP keeps what comes meanwhile, while a client with a short UDP send buffer would lose datagrams.
#pragma once
#include <cstddef>
#include <cstdint>

namespace ocserv::flow {

class Moderation {
 public:
  // Ours: a network card's usual figure. It adds itself to the round trips of a thread that is busy with uploads.
  static constexpr uint32_t restUs = 100;
  static constexpr uint64_t windowUs = 1000;
  static constexpr uint64_t busyBytes = 16 * 1024;
  static constexpr size_t smallBatchBytes = 64 * 1024;

  /** Microseconds to rest behind a turn in which `connections` TLS connections brought `bytes` of packets. */
  uint32_t restAfter(size_t connections, size_t bytes, uint64_t nowUs) {
    const uint64_t elapsedUs = nowUs - windowSinceUs_;
    if (elapsedUs >= windowUs) {
      // A window that lasted longer held a pause: what came in it says less.
      isBusy_ = counted_ * windowUs >= busyBytes * elapsedUs;
      windowSinceUs_ = nowUs;
      counted_ = 0;
    }
    counted_ += bytes;
    return isBusy_ && bytes > 0 && bytes < smallBatchBytes * connections ? restUs : 0;
  }

 private:
  uint64_t windowSinceUs_ = 0;
  uint64_t counted_ = 0;
  bool isBusy_ = false;
};

}  // namespace ocserv::flow
