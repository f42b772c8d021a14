// Compression of single packets, without state between them: LZS (RFC 1974 and ANSI X3.241; called "lzs") and one raw LZ4
// block (lz4's doc/lz4_Block_format.md; called "oc-lz4"). Used by the tunnel. Input comes from clients and from the network
// behind the server: no byte is read or written beyond what is given, whatever it says.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace ocserv::compress {

enum class Algorithm : uint8_t { none, lzs, lz4 };

/** Longest packet that is compressed, and longest that comes of decompression: a frame carries no more. */
constexpr size_t maxPacketBytes = 16384;

/**
 * Where strings were last seen in the packet at hand; for one thread. Entries of earlier packets are told by their
 * generation, so that nothing has to be cleared.
 */
class Matches {
 public:
  static constexpr unsigned hashBits = 12;
  static constexpr size_t none = SIZE_MAX;

  void nextPacket() {
    if (++generation_ != 0) return;
    for (uint32_t& head : heads_) head = 0;
    generation_ = 1;
  }
  /** The last position with this hash; it becomes `position`. */
  size_t exchange(uint32_t hash, size_t position) {
    const size_t former = find(hash);
    heads_[hash] = static_cast<uint32_t>(generation_) << 16 | static_cast<uint32_t>(position);
    previous_[position] = former == none ? noPosition : static_cast<uint16_t>(former);
    return former;
  }
  size_t find(uint32_t hash) const {
    return heads_[hash] >> 16 == generation_ ? heads_[hash] & 0xffff : none;
  }
  /** The position before this one with the same hash. */
  size_t before(size_t position) const { return previous_[position] == noPosition ? none : previous_[position]; }

 private:
  static constexpr uint16_t noPosition = UINT16_MAX;  // beyond every packet
  uint32_t heads_[size_t{1} << hashBits] = {};
  uint16_t previous_[maxPacketBytes];
  uint16_t generation_ = 0;
};

/** Bytes written to `to`; 0 when they do not fit there, or the packet is longer than maxPacketBytes. */
size_t compress(Algorithm algorithm, std::span<const uint8_t> from, std::span<uint8_t> to, Matches& matches);

/** Bytes written to `to`; 0 for a malformed or empty stream and for one that holds more. */
size_t decompress(Algorithm algorithm, std::span<const uint8_t> from, std::span<uint8_t> to);

// The two, apart.
size_t compressLzs(std::span<const uint8_t> from, std::span<uint8_t> to, Matches& matches);
size_t decompressLzs(std::span<const uint8_t> from, std::span<uint8_t> to);
size_t compressLz4(std::span<const uint8_t> from, std::span<uint8_t> to, Matches& matches);
size_t decompressLz4(std::span<const uint8_t> from, std::span<uint8_t> to);

}  // namespace ocserv::compress
