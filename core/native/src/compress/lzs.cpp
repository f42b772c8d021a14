// LZS (RFC 1974, 2.5): bits, the most significant first.
//   0 byte                       a literal
//   1 1 offset(7)  length        a match 1 to 127 bytes back
//   1 0 offset(11) length        a match up to 2047 bytes back
//   1 1 0000000                  the end, then zero bits up to the byte
//   length: 00 2, 01 3, 10 4, 1100 5, 1101 6, 1110 7, 1111 then nibbles: 8 + their sum, the first below 15 ends
#include <algorithm>
#include <cstring>

#include "compress/codec.h"

namespace ocserv::compress {

namespace {
constexpr size_t window = 2047;
constexpr size_t leastMatch = 2;
// Ours: how far a chain of equal hashes is followed.
constexpr int chainLimit = 16;

class BitWriter {
 public:
  explicit BitWriter(std::span<uint8_t> to) : to_(to) {}
  void put(uint32_t bits, unsigned count) {
    hold_ = hold_ << count | bits;
    held_ += count;
    while (held_ >= 8) {
      held_ -= 8;
      if (used_ == to_.size()) {
        isFull_ = true;
        return;
      }
      to_[used_++] = static_cast<uint8_t>(hold_ >> held_);
    }
  }
  /** Bytes written, 0 if there was no room. */
  size_t finish() {
    if (held_ > 0) put(0, 8 - held_);
    return isFull_ ? 0 : used_;
  }
  bool isFull() const { return isFull_; }

 private:
  std::span<uint8_t> to_;
  size_t used_ = 0;
  uint64_t hold_ = 0;
  unsigned held_ = 0;
  bool isFull_ = false;
};

class BitReader {
 public:
  explicit BitReader(std::span<const uint8_t> from) : from_(from) {}
  /** At most 16 bits; beyond the end isShort(). */
  uint32_t take(unsigned count) {
    while (held_ < count) {
      if (at_ == from_.size()) {
        isShort_ = true;
        return 0;
      }
      hold_ = hold_ << 8 | from_[at_++];
      held_ += 8;
    }
    held_ -= count;
    return static_cast<uint32_t>(hold_ >> held_) & ((1U << count) - 1);
  }
  bool isShort() const { return isShort_; }

 private:
  std::span<const uint8_t> from_;
  size_t at_ = 0;
  uint64_t hold_ = 0;
  unsigned held_ = 0;
  bool isShort_ = false;
};

void putLength(BitWriter& out, size_t length) {
  if (length <= 4) return out.put(static_cast<uint32_t>(length - 2), 2);
  if (length <= 7) return out.put(static_cast<uint32_t>(12 + length - 5), 4);
  out.put(15, 4);
  for (length -= 8; length >= 15 && !out.isFull(); length -= 15) out.put(15, 4);
  out.put(static_cast<uint32_t>(length), 4);
}

uint32_t hashOf(const uint8_t* at) { return ((at[0] << 4) ^ at[1]) & ((1U << Matches::hashBits) - 1); }

size_t commonBytes(const uint8_t* one, const uint8_t* other, size_t most) {
  size_t length = 0;
  while (length < most && one[length] == other[length]) length++;
  return length;
}

}  // namespace

size_t compressLzs(std::span<const uint8_t> from, std::span<uint8_t> to, Matches& matches) {
  BitWriter out(to);
  matches.nextPacket();
  const uint8_t* bytes = from.data();
  size_t at = 0;
  while (at < from.size() && !out.isFull()) {
    size_t length = 0;
    size_t offset = 0;
    const size_t most = from.size() - at;
    if (most >= leastMatch) {
      size_t candidate = matches.exchange(hashOf(bytes + at), at);
      for (int i = 0; i < chainLimit && candidate != Matches::none && at - candidate <= window; i++) {
        const size_t common = commonBytes(bytes + candidate, bytes + at, most);
        if (common > length) {
          length = common;
          offset = at - candidate;
        }
        candidate = matches.before(candidate);
      }
    }
    if (length < leastMatch) {
      out.put(bytes[at++], 9);
      continue;
    }
    if (offset < 128) {
      out.put(3U << 7 | static_cast<uint32_t>(offset), 9);
    } else {
      out.put(2U << 11 | static_cast<uint32_t>(offset), 13);
    }
    putLength(out, length);
    for (size_t i = at + 1; i < at + length && i + 1 < from.size(); i++) matches.exchange(hashOf(bytes + i), i);
    at += length;
  }
  out.put(3U << 7, 9);
  return out.finish();
}

size_t decompressLzs(std::span<const uint8_t> from, std::span<uint8_t> to) {
  BitReader in(from);
  size_t used = 0;
  for (;;) {
    if (in.take(1) == 0) {
      const uint32_t byte = in.take(8);
      if (in.isShort() || used == to.size()) return 0;
      to[used++] = static_cast<uint8_t>(byte);
      continue;
    }
    const bool isNear = in.take(1) == 1;
    const size_t offset = in.take(isNear ? 7 : 11);
    if (in.isShort()) return 0;
    if (offset == 0) return isNear ? used : 0;
    if (offset > used) return 0;
    size_t length = in.take(2);
    if (length < 3) {
      length += 2;
    } else {
      length = in.take(2);
      if (length < 3) {
        length += 5;
      } else {
        length = 8;
        for (uint32_t nibble = 15; nibble == 15;) {
          nibble = in.take(4);
          length += nibble;
          if (in.isShort() || length > to.size() - used) return 0;
        }
      }
    }
    if (in.isShort() || length > to.size() - used) return 0;
    // Byte by byte: a match may overlap what it makes.
    for (size_t i = 0; i < length; i++, used++) to[used] = to[used - offset];
  }
}

}  // namespace ocserv::compress
