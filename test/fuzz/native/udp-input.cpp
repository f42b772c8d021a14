// Fuzz target: datagrams at a tunnel with an association. Outsiders (raw bytes, spoiled records, handshakes that lead
// nowhere) must change nothing; a client with the keys may say anything.
#include "target.h"

namespace fuzz {

namespace {

enum Kind : uint8_t { raw, spoiledRecord, spoiledHello, helloElsewhere, waiting, record, twoRecords, kinds };

struct World {
  desk::Desk table;
  std::unique_ptr<peer::DtlsClient> dtls = table.associate("PSK-AES128-GCM-SHA256");
};

}  // namespace

void perform(const std::vector<Chunk>& chunks) {
  static std::unique_ptr<World> world;
  Sent sent;
  bool mayHaveEnded = false;  // something of the client's own is in this batch
  for (const Chunk& chunk : chunks) {
    if (!world) world = std::make_unique<World>();
    desk::Desk& table = world->table;
    peer::DtlsClient& dtls = *world->dtls;
    std::vector<Bytes> datagrams;
    const auto kind = static_cast<Kind>((chunk.kind & ~inBatch) % kinds);
    const bool isOutsider = kind < record;
    mayHaveEnded = mayHaveEnded || !isOutsider;
    switch (kind) {
      case raw:
        datagrams.push_back(chunk.bytes);
        break;
      case record:
      case twoRecords:
      case spoiledRecord: {
        if (chunk.bytes.empty()) break;
        const auto text = std::span(chunk.bytes).first(std::min<size_t>(chunk.bytes.size(), 4'000));
        datagrams = dtls.seal(text[0], text.subspan(1));
        if (text[0] == cstp::typeData) sent.add(text.subspan(1));
        if (kind == record || datagrams.empty()) break;
        Bytes& first = datagrams[0];
        if (kind == twoRecords) {
          const auto more = dtls.seal(text[0], text.subspan(1));
          if (!more.empty()) first.insert(first.end(), more[0].begin(), more[0].end());
        } else {
          first[chunk.bytes[0] % first.size()] ^= static_cast<uint8_t>(1 | chunk.bytes.back());
        }
        break;
      }
      case spoiledHello:
      case helloElsewhere: {
        static const Bytes hello = [&] {
          const int fd = socket(AF_INET, SOCK_DGRAM, 0);
          peer::DtlsClient other(fd, {}, "PSK-AES128-GCM-SHA256");
          return other.step()[0];
        }();
        Bytes spoiled = hello;
        for (size_t i = 0; i + 2 < chunk.bytes.size() && i < 60; i += 3) {
          spoiled[static_cast<size_t>(chunk.bytes[i] << 8 | chunk.bytes[i + 1]) % spoiled.size()] = chunk.bytes[i + 2];
        }
        if (kind == spoiledHello) {
          datagrams.push_back(std::move(spoiled));
          break;
        }
        const peer::Pair path = peer::udpPair();
        table.made->attach(path.server, spoiled, true);
        close(path.client);
        break;
      }
      case waiting:
        table.tick(chunk.bytes.empty() ? 100 : chunk.bytes[0] * 20);
        break;
      case kinds:
        break;
    }
    dtls.sendAll(datagrams);
    if ((chunk.kind & inBatch) != 0 && !isOutsider && &chunk != &chunks.back()) continue;
    FUZZ_CHECK(table.turn());
    checkDevice(table, sent);
    dtls.receive([](uint8_t, std::span<const uint8_t>) {});
    while (table.client->read()) continue;
    FUZZ_CHECK(dtls.repeatedNonces() == 0);
    FUZZ_CHECK(table.events.ends.size() <= 1);
    if (isOutsider && !mayHaveEnded) FUZZ_CHECK(table.events.ends.empty() && table.events.dtls.size() == 1);
    mayHaveEnded = false;
    if (!table.events.ends.empty() || table.events.dtls.size() > 1) world.reset();
  }
}

Chunk sample(std::mt19937& random) {
  const auto kind = static_cast<uint8_t>(random() % 2 ? unsigned{record} : random() % kinds);
  Bytes bytes(1, random() % 12 == 0 ? static_cast<uint8_t>(random() % 10) : uint8_t{0});
  switch (kind) {
    case raw: {
      // A record or handshake header that almost makes sense.
      bytes = {22, 0xfe, static_cast<uint8_t>(random() % 2 ? 0xfd : 0xff), 0, static_cast<uint8_t>(random() % 2), 0, 0, 0, 0, 0, static_cast<uint8_t>(random()), 0, 0};
      bytes[0] = static_cast<uint8_t>(20 + random() % 5);
      const size_t length = random() % 200;
      bytes[12] = static_cast<uint8_t>(length);
      for (size_t i = 0; i < length; i++) bytes.push_back(static_cast<uint8_t>(random()));
      spoil(bytes, random);
      break;
    }
    case record:
    case twoRecords:
    case spoiledRecord: {
      const Bytes packet = somePacket(random);
      bytes.insert(bytes.end(), packet.begin(), packet.end());
      break;
    }
    default:
      for (size_t i = random() % 40; i > 0; i--) bytes.push_back(static_cast<uint8_t>(random()));
  }
  return {static_cast<uint8_t>(kind | (random() % 4 ? inBatch : 0)), std::move(bytes)};
}

}  // namespace fuzz
