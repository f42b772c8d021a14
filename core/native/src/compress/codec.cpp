// Which of the two; see codec.h.
#include "compress/codec.h"

namespace ocserv::compress {

size_t compress(Algorithm algorithm, std::span<const uint8_t> from, std::span<uint8_t> to, Matches& matches) {
  if (from.empty() || from.size() > maxPacketBytes) return 0;
  switch (algorithm) {
    case Algorithm::lzs:
      return compressLzs(from, to, matches);
    case Algorithm::lz4:
      return compressLz4(from, to, matches);
    case Algorithm::none:
      break;
  }
  return 0;
}

size_t decompress(Algorithm algorithm, std::span<const uint8_t> from, std::span<uint8_t> to) {
  switch (algorithm) {
    case Algorithm::lzs:
      return decompressLzs(from, to);
    case Algorithm::lz4:
      return decompressLz4(from, to);
    case Algorithm::none:
      break;
  }
  return 0;
}

}  // namespace ocserv::compress
