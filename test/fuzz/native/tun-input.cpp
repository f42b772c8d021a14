// Fuzz target: what comes out of a tun device, virtio header and packet, cut and sealed for TLS and for DTLS.
#include "target.h"

namespace fuzz {

void perform(const std::vector<Chunk>& chunks) {
  static std::unique_ptr<desk::Desk> byTls = std::make_unique<desk::Desk>();
  static std::unique_ptr<desk::Desk> byDtls = std::make_unique<desk::Desk>();
  static const auto dtls = byDtls->associate("PSK-AES128-GCM-SHA256");
  FUZZ_CHECK(dtls != nullptr);
  const auto whole = [](std::span<const uint8_t> packet) { FUZZ_CHECK(ip::packetLength(packet) == packet.size()); };
  for (const Chunk& chunk : chunks) {
    desk::Desk& table = chunk.kind % 2 == 0 ? *byTls : *byDtls;
    [[maybe_unused]] const ssize_t sent = send(table.tunPeer, chunk.bytes.data(), chunk.bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (chunk.bytes.empty()) continue;
    // Read while it works: a super-packet of small segments is more than the sockets hold.
    for (int i = 0; table.once() > 0; i++) {
      FUZZ_CHECK(i < 10'000);
      while (const auto frame = table.client->read()) whole(frame->payload);
      dtls->receive([&](uint8_t type, std::span<const uint8_t> payload) {
        if (type == cstp::typeData) whole(payload);
      });
    }
    FUZZ_CHECK(table.events.ends.empty() && dtls->repeatedNonces() == 0);
  }
}

Chunk sample(std::mt19937& random) {
  const streams::Kind kind{random() % 2 == 0, random() % 3 == 0};
  const bool isSuper = random() % 3 != 0;
  const size_t gso = 1 + random() % (random() % 4 ? 1'400 : 60);
  const size_t payload = isSuper ? 1 + random() % (gso * 8) : random() % 1'400;
  tun::VnetHeader header = isSuper ? streams::superHeader(kind, gso) : tun::VnetHeader{};
  Bytes packet = streams::make(kind, static_cast<uint32_t>(random()), payload, isSuper);
  Bytes bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  if (random() % 3 == 0) spoil(bytes, random);
  if (random() % 2 == 0) spoil(packet, random);
  bytes.insert(bytes.end(), packet.begin(), packet.end());
  return {static_cast<uint8_t>(random()), std::move(bytes)};
}

}  // namespace fuzz
