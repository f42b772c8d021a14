// What a fuzz target of the packet path is made of. An input is a list of chunks (kind, length, bytes), each one step
// of an outsider; a target does them on a tunnel and checks what must hold whatever comes.
#pragma once
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>

#include "desk.h"
#include "streams.h"

namespace fuzz {

using namespace ocserv;
using peer::Bytes;

struct Chunk {
  uint8_t kind;
  Bytes bytes;
};

/** In a kind: the next chunk comes before the tunnel has its turn, so that they are one batch. */
constexpr uint8_t inBatch = 0x80;

constexpr size_t chunkHeaderBytes = 3;
constexpr size_t maxChunks = 16;

inline std::vector<Chunk> parse(std::span<const uint8_t> input) {
  std::vector<Chunk> chunks;
  while (input.size() >= chunkHeaderBytes && chunks.size() < maxChunks) {
    const size_t length = std::min<size_t>(input.size() - chunkHeaderBytes, static_cast<size_t>(input[1] << 8 | input[2]));
    const auto bytes = input.subspan(chunkHeaderBytes, length);
    chunks.push_back({input[0], Bytes(bytes.begin(), bytes.end())});
    input = input.subspan(chunkHeaderBytes + length);
  }
  return chunks;
}

inline Bytes format(const std::vector<Chunk>& chunks) {
  Bytes input;
  for (const Chunk& chunk : chunks) {
    const size_t length = std::min<size_t>(chunk.bytes.size(), 0xffff);
    input.insert(input.end(), {chunk.kind, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
    input.insert(input.end(), chunk.bytes.begin(), chunk.bytes.begin() + static_cast<ptrdiff_t>(length));
  }
  return input;
}

/** Fails as a crash does, so that every fuzzer keeps the input. */
#define FUZZ_CHECK(expression)                                                     \
  do {                                                                             \
    if (!(expression)) {                                                           \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #expression); \
      std::abort();                                                                \
    }                                                                              \
  } while (false)

/** Changes some bytes, most of them in front, where the headers are. */
inline void spoil(Bytes& bytes, std::mt19937& random) {
  for (unsigned changes = random() % 4; changes > 0 && !bytes.empty(); changes--) {
    const size_t within = random() % 2 ? std::min<size_t>(bytes.size(), 64) : bytes.size();
    uint8_t& byte = bytes[random() % within];
    static constexpr uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff};
    byte = random() % 2 ? odd[random() % std::size(odd)] : static_cast<uint8_t>(random());
  }
  if (random() % 12 == 0) bytes.resize(random() % (bytes.size() + 1));
  if (random() % 24 == 0) bytes.resize(bytes.size() + random() % 64);
}

/** The next packet of one of four streams, mostly the same one, so that they can be joined; some not quite right. */
inline Bytes somePacket(std::mt19937& random) {
  static uint32_t sequences[4] = {1, 1, 1, 1};
  const unsigned stream = random() % 4 == 0 ? random() % 4 : 0;
  uint32_t& sequence = sequences[stream];
  const streams::Kind kind{stream % 2 == 1, stream >= 2};
  const size_t payload = random() % 8 == 0 ? random() % 40 : 100;
  Bytes packet = streams::make(kind, sequence, payload, false, random() % 6 == 0 ? static_cast<uint8_t>(random()) : 0x10);
  sequence += static_cast<uint32_t>(payload);
  if (random() % 5 == 0) spoil(packet, random);
  return packet;
}

/** Inner packets a client has sent, without what joining may change: the IPv4 id and the header sum it is part of. */
class Sent {
 public:
  void add(std::span<const uint8_t> packet) {
    if (const size_t length = ip::packetLength(packet)) all_.insert(plain(Bytes(packet.begin(), packet.begin() + static_cast<ptrdiff_t>(length))));
  }
  bool contains(const Bytes& packet) const { return all_.contains(plain(packet)); }

 private:
  static Bytes plain(Bytes b) {
    if (b[0] >> 4 != 4) return b;
    packets::put16(b, 4, 0);
    packets::put16(b, 10, 0);
    return b;
  }
  std::set<Bytes> all_;
};

/**
 * What reaches the device must be what its driver takes: whole packets of this client, virtio header fitting. What was
 * joined comes apart into packets that were sent, checksum included: a damaged one would have been given a new sum.
 */
inline void checkDevice(const desk::Desk& table, const Sent& sent) {
  static const ip::SourceFilter sources = [] {
    ip::SourceFilter filter;
    for (const std::string& network : desk::standardOptions().allowedSources) filter.add(network);
    return filter;
  }();
  while (const auto written = table.fromTun()) {
    FUZZ_CHECK(ip::packetLength(written->packet) == written->packet.size() && sources.allows(written->packet));
    tun::Segmenter cutter;
    FUZZ_CHECK(cutter.begin(written->header, written->packet));
    size_t count = 0;
    for (; !cutter.done(); count++) {
      Bytes one(cutter.nextLength());
      cutter.take(one.data());
      FUZZ_CHECK(sent.contains(one));
    }
    FUZZ_CHECK(written->header.gsoType == tun::gsoNone ? count == 1 : count > 1);
  }
}

// Each target's own.
void perform(const std::vector<Chunk>& chunks);
Chunk sample(std::mt19937& random);

}  // namespace fuzz
