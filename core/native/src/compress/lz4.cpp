// One LZ4 block (lz4_Block_format.md): sequences of
//   token: literals(4) match length - 4(4) | more of the literals' length | literals | offset 2, little endian | more of the match's
// A length of 15 goes on in bytes, the first below 255 ends it. The last sequence has literals alone, the last 5 bytes are
// literals, and the last match begins at least 12 bytes before the end.
#include <algorithm>
#include <cstring>

#include "compress/codec.h"

namespace ocserv::compress {

namespace {
constexpr size_t leastMatch = 4;
constexpr size_t lastLiterals = 5;
constexpr size_t lastMatchStart = 12;

uint32_t hashOf(const uint8_t* at) {
  uint32_t word;
  std::memcpy(&word, at, 4);
  return word * 2654435761U >> (32 - Matches::hashBits);
}

class Writer {
 public:
  explicit Writer(std::span<uint8_t> to) : to_(to) {}
  /** False: no room; what was written is of no use. */
  bool sequence(std::span<const uint8_t> literals, size_t offset, size_t matchBytes) {
    const size_t match = offset == 0 ? 0 : matchBytes - leastMatch;
    put(static_cast<uint8_t>(std::min<size_t>(literals.size(), 15) << 4 | std::min<size_t>(match, 15)));
    extend(literals.size());
    if (to_.size() - used_ < literals.size()) return false;
    if (!literals.empty()) std::memcpy(to_.data() + used_, literals.data(), literals.size());
    used_ += literals.size();
    if (offset != 0) {
      put(static_cast<uint8_t>(offset));
      put(static_cast<uint8_t>(offset >> 8));
      extend(match);
    }
    return !isFull_;
  }
  size_t used() const { return used_; }

 private:
  void put(uint8_t byte) {
    if (used_ == to_.size()) isFull_ = true;
    else to_[used_++] = byte;
  }
  void extend(size_t length) {
    if (length < 15) return;
    for (length -= 15; length >= 255; length -= 255) put(255);
    put(static_cast<uint8_t>(length));
  }

  std::span<uint8_t> to_;
  size_t used_ = 0;
  bool isFull_ = false;
};

}  // namespace

size_t compressLz4(std::span<const uint8_t> from, std::span<uint8_t> to, Matches& matches) {
  Writer out(to);
  matches.nextPacket();
  const uint8_t* bytes = from.data();
  size_t anchor = 0;
  size_t at = 0;
  while (from.size() > lastMatchStart && at < from.size() - lastMatchStart) {
    const size_t candidate = matches.exchange(hashOf(bytes + at), at);
    // Every packet is shorter than the 65535 bytes an offset reaches.
    if (candidate == Matches::none || std::memcmp(bytes + candidate, bytes + at, leastMatch) != 0) {
      // The longer nothing is found, the faster it goes: what cannot be compressed costs little.
      at += 1 + ((at - anchor) >> 6);
      continue;
    }
    const size_t most = from.size() - lastLiterals - at;
    size_t length = leastMatch;
    while (length < most && bytes[candidate + length] == bytes[at + length]) length++;
    if (!out.sequence(from.subspan(anchor, at - anchor), at - candidate, length)) return 0;
    at += length;
    anchor = at;
  }
  return out.sequence(from.subspan(anchor), 0, 0) ? out.used() : 0;
}

size_t decompressLz4(std::span<const uint8_t> from, std::span<uint8_t> to) {
  size_t at = 0;
  size_t used = 0;
  // False: the length goes on beyond the input or what there is room for.
  const auto extend = [&](size_t& length) {
    for (uint8_t more = 255; more == 255;) {
      if (at == from.size() || length > to.size()) return false;
      more = from[at++];
      length += more;
    }
    return true;
  };
  while (at < from.size()) {
    const uint8_t token = from[at++];
    size_t literals = token >> 4;
    if (literals == 15 && !extend(literals)) return 0;
    if (literals > from.size() - at || literals > to.size() - used) return 0;
    if (literals > 0) std::memcpy(to.data() + used, from.data() + at, literals);
    at += literals;
    used += literals;
    if (at == from.size()) return used;
    if (from.size() - at < 2) return 0;
    const size_t offset = from[at] | static_cast<size_t>(from[at + 1]) << 8;
    at += 2;
    size_t length = token & 15;
    if (length == 15 && !extend(length)) return 0;
    length += leastMatch;
    if (offset == 0 || offset > used || length > to.size() - used) return 0;
    // Byte by byte: a match may overlap what it makes.
    for (size_t i = 0; i < length; i++, used++) to[used] = to[used - offset];
  }
  // A block ends with literals.
  return 0;
}

}  // namespace ocserv::compress
