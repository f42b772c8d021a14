// Fuzz target: what a client sends through TLS: frames, records that are none, pieces of records, broken ciphertext.
#include "target.h"

namespace fuzz {

namespace {
enum Kind : uint8_t { frame, plaintext, ciphertext, early, waiting, kinds };

void noteCompressed(std::span<const uint8_t> payload, Sent& sent);

/** The packets in bytes that may be frames, one behind the other. */
void noteFrames(std::span<const uint8_t> bytes, Sent& sent) {
  while (bytes.size() >= cstp::headerBytes) {
    const size_t length = std::min<size_t>(bytes.size(), cstp::headerBytes + ip::read16(&bytes[4]));
    const std::span<const uint8_t> payload = bytes.subspan(cstp::headerBytes, length - cstp::headerBytes);
    if (bytes[6] == cstp::typeCompressed) noteCompressed(payload, sent);
    else sent.add(payload);
    bytes = bytes.subspan(length);
  }
}

void noteCompressed(std::span<const uint8_t> payload, Sent& sent) {
  Bytes packet(compress::maxPacketBytes);
  packet.resize(compress::decompress(compress::Algorithm::lz4, payload, packet));
  sent.add(packet);
}

}  // namespace

void perform(const std::vector<Chunk>& chunks) {
  static std::unique_ptr<desk::Desk> table;
  Sent sent;
  for (const Chunk& chunk : chunks) {
    const auto kind = static_cast<Kind>((chunk.kind & ~inBatch) % kinds);
    if (kind == early) {
      noteFrames(chunk.bytes, sent);
      desk::Desk other(desk::standardOptions(), desk::everyFeature(), {}, chunk.bytes);
      FUZZ_CHECK(other.turn() && other.events.ends.size() <= 1);
      checkDevice(other, sent);
    }
    if (!table) {
      tunnel::Options options = desk::standardOptions();
      options.cstpCompression = compress::Algorithm::lz4;
      table = std::make_unique<desk::Desk>(options);
    }
    if (kind == frame && !chunk.bytes.empty()) {
      const auto payload = std::span(chunk.bytes).subspan(1);
      if (chunk.bytes[0] == cstp::typeData) sent.add(payload);
      if (chunk.bytes[0] == cstp::typeCompressed) noteCompressed(payload, sent);
      table->client->send(chunk.bytes[0], payload.first(std::min(payload.size(), cstp::maxPayloadBytes)));
    } else if (kind == plaintext && !chunk.bytes.empty()) {
      noteFrames(chunk.bytes, sent);
      table->client->sendRecord(std::span(chunk.bytes).first(std::min<size_t>(chunk.bytes.size(), 16'384)));
    } else if (kind == ciphertext) {
      [[maybe_unused]] const ssize_t sent = send(table->client->fd(), chunk.bytes.data(), chunk.bytes.size(), MSG_NOSIGNAL);
    } else if (kind == waiting) {
      table->tick(chunk.bytes.empty() ? 100 : chunk.bytes[0] * 20);
    }
    if ((chunk.kind & inBatch) != 0 && &chunk != &chunks.back()) continue;
    for (int i = 0; table->once() > 0; i++) {
      FUZZ_CHECK(i < 10'000);
      while (table->client->read()) continue;
      checkDevice(*table, sent);
    }
    FUZZ_CHECK(table->events.ends.size() <= 1);
    // Alerts of the server end the client's side, too.
    while (table->client->read()) continue;
    if (!table->events.ends.empty() || table->client->hasEnded()) table.reset();
  }
}

Chunk sample(std::mt19937& random) {
  const unsigned choice = random() % 32;
  const Kind kind = choice < 24 ? frame : choice < 27 ? plaintext : choice < 28 ? ciphertext : choice < 30 ? early : waiting;
  Bytes packet = somePacket(random);
  uint8_t type = random() % 12 == 0 ? static_cast<uint8_t>(random() % 10) : cstp::typeData;
  if (type == cstp::typeData && random() % 3 == 0) {
    static compress::Matches matches;
    Bytes packed(packet.size() * 2 + 64);
    packed.resize(compress::compress(compress::Algorithm::lz4, packet, packed, matches));
    if (random() % 3 == 0) spoil(packed, random);
    packet = std::move(packed);
    type = cstp::typeCompressed;
  }
  if (kind == frame) {
    packet.insert(packet.begin(), type);
  } else if (kind == plaintext || kind == early) {
    Bytes whole(cstp::headerBytes);
    cstp::writeHeader(whole.data(), type, packet.size());
    whole.insert(whole.end(), packet.begin(), packet.end());
    if (random() % 2 == 0) spoil(whole, random);
    packet = std::move(whole);
  }
  return {static_cast<uint8_t>(kind | (random() % 4 ? inBatch : 0)), std::move(packet)};
}

}  // namespace fuzz
