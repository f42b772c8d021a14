// Fuzz target: what a client that has logged in may send, by TLS and by DTLS. Frames and packets are built field by
// field, then made to lie in a field or two, so that most inputs get past the first check. Arguments: rounds, seed.
// What is expected of each input is decided here, from how it was made, not by the code under test:
//   - the tunnel ends when, and only when, a frame breaks the framing, and says why
//   - every packet with whole headers, its own length and an own source comes out of the device, every other one is
//     counted as dropped; what comes out of the device is sound
//   - the loop comes to rest; mistakes told in a minute are bounded
#include <cstdlib>
#include <map>
#include <random>

#include "check.h"
#include "desk.h"
#include "packets.h"

using namespace ocserv;
using desk::Bytes;
using desk::Desk;
using packets::Shape;

namespace {

class Chance {
 public:
  explicit Chance(uint64_t seed) : engine_(seed) {}
  size_t below(size_t limit) { return limit == 0 ? 0 : engine_() % limit; }
  bool oneIn(size_t n) { return below(n) == 0; }
  template <typename T>
  T pick(std::initializer_list<T> values) { return values.begin()[below(values.size())]; }
  Bytes bytes(size_t count) {
    Bytes made(count);
    for (uint8_t& byte : made) byte = static_cast<uint8_t>(engine_());
    return made;
  }

 private:
  std::mt19937_64 engine_;
};

struct Packet {
  Bytes bytes;
  bool passes = true;
};

/** A sound packet of the client, or one that lies in one place; `passes` knows which. */
Packet makePacket(Chance& chance) {
  if (chance.oneIn(8)) {
    Bytes bytes = chance.bytes(chance.below(120));
    if (!bytes.empty()) bytes[0] = static_cast<uint8_t>(chance.pick<uint8_t>({0, 1, 2, 3, 5, 7, 8, 15}) << 4 | (bytes[0] & 15));
    return {bytes, false};
  }
  Shape shape;
  shape.ipv6 = chance.oneIn(2);
  shape.udp = chance.oneIn(2);
  shape.payload = chance.below(1200);
  shape.sequence = static_cast<uint32_t>(1000 + 100 * chance.below(8));
  shape.sourcePort = static_cast<uint16_t>(1 + chance.below(4));
  shape.timestamp = chance.oneIn(3);
  Packet packet{packets::make(shape), true};
  Bytes& b = packet.bytes;
  const size_t ip = shape.ipv6 ? 40 : 20;
  switch (chance.below(12)) {
    case 0: {  // the IP header's length field
      const size_t length = shape.ipv6 ? 4 : 2;
      const size_t honest = packets::get16(b, length);
      const size_t told = chance.pick<size_t>({0, 1, 19, honest - 1, honest + 1, 65535});
      packets::put16(b, length, static_cast<uint32_t>(told));
      packet.passes = shape.ipv6 ? told + 40 <= b.size() : told >= 20 && told <= b.size();
      break;
    }
    case 1:  // header length, version
      b[0] = static_cast<uint8_t>(chance.below(256));
      if (b[0] >> 4 == 4) {
        const size_t header = static_cast<size_t>(b[0] & 15) * 4;
        const size_t total = packets::get16(b, 2);
        packet.passes = header >= 20 && total >= header && total <= b.size() && packets::get32(b, 12) == 0x0a4d0002;
      } else {
        packet.passes = b[0] >> 4 == 6 && shape.ipv6;
      }
      break;
    case 2:  // cut off
      b.resize(chance.below(b.size()));
      packet.passes = false;
      break;
    case 3: {  // padding is not part of the packet
      const Bytes padding = chance.bytes(chance.below(60));
      b.insert(b.end(), padding.begin(), padding.end());
      break;
    }
    case 4:  // a foreign source
      b[shape.ipv6 ? 8 : 15] ^= static_cast<uint8_t>(1 + chance.below(255));
      packet.passes = false;
      break;
    case 5:  // above IP anything may be wrong: the kernel judges that
      for (size_t n = 1 + chance.below(6); n > 0 && b.size() > ip; n--) {
        b[ip + chance.below(std::min<size_t>(b.size() - ip, 40))] = static_cast<uint8_t>(chance.below(256));
      }
      break;
    case 6:  // protocol, flags, fragments
      if (shape.ipv6) b[6] = static_cast<uint8_t>(chance.below(256));
      else b[chance.pick<size_t>({6, 7, 9})] = static_cast<uint8_t>(chance.below(256));
      break;
    default:
      break;
  }
  return packet;
}

struct Frame {
  Bytes bytes;
  bool ends = false;
  bool isPacket = false;
  bool passes = false;
};

Frame makeFrame(Chance& chance) {
  Frame frame;
  uint8_t type = cstp::typeData;
  Bytes payload;
  if (!chance.oneIn(5)) {
    const Packet packet = makePacket(chance);
    payload = packet.bytes;
    frame.isPacket = !payload.empty();
    frame.passes = packet.passes && frame.isPacket;
  } else {
    type = chance.pick<uint8_t>({1, 2, 3, 4, 6, 7, 8, 9, 10, 128, 255});
    payload = chance.bytes(chance.below(300));
    frame.ends = type == cstp::typeCompressed;
  }
  frame.bytes.resize(cstp::headerBytes + payload.size());
  cstp::writeHeader(frame.bytes.data(), type, payload.size());
  std::copy(payload.begin(), payload.end(), frame.bytes.begin() + cstp::headerBytes);
  if (chance.oneIn(12)) {
    Bytes& b = frame.bytes;
    switch (chance.below(4)) {
      case 0:
        b[chance.pick<size_t>({0, 1, 2, 3, 7})] ^= static_cast<uint8_t>(1 + chance.below(255));
        frame.ends = true;
        break;
      case 1:
        packets::put16(b, 4, static_cast<uint32_t>((payload.size() + 1 + chance.below(65535)) & 0xffff));
        frame.ends = true;
        break;
      case 2:
        b.push_back(0);
        frame.ends = true;
        break;
      default:
        b.resize(1 + chance.below(7));  // too short to be a frame: ignored
        frame.ends = false;
        break;
    }
    frame.isPacket = false;
    frame.passes = false;
  }
  return frame;
}

/** How many IP packets one write into the device stands for; 0 if it is not sound. */
size_t packetsIn(const Desk::FromTun& one) {
  const Bytes& b = one.packet;
  if (b.size() < 20 || b.size() > 65535) return 0;
  const bool ipv6 = b[0] >> 4 == 6;
  if (!ipv6 && b[0] >> 4 != 4) return 0;
  const size_t told = ipv6 ? 40 + packets::get16(b, 4) : packets::get16(b, 2);
  if (told != b.size()) return 0;
  const uint8_t gso = one.header.gsoType & ~tun::gsoEcn;
  if (gso == tun::gsoNone) return 1;
  if (one.header.gsoSize == 0 || one.header.headerLength == 0 || one.header.headerLength >= b.size()) return 0;
  return (b.size() - one.header.headerLength + one.header.gsoSize - 1) / one.header.gsoSize;
}

size_t drainTun(const Desk& table) {
  size_t count = 0;
  while (const auto one = table.fromTun()) {
    const size_t here = packetsIn(*one);
    CHECK(here > 0);
    count += here;
  }
  return count;
}

void drainClient(Desk& table) {
  while (table.client->read()) {
  }
}

/** Lines a minute: every kind twenty times at most. */
void checkMistakes(const Desk& table) {
  std::map<std::string, size_t> kinds;
  for (const std::string& line : table.events.mistakes) kinds[line.substr(0, line.find(':'))]++;
  CHECK(kinds.size() <= tunnel::mistakeKinds);
  for (const auto& [kind, count] : kinds) CHECK(count <= 21);
}

void framesByTls(Chance& chance) {
  Desk table;
  uint64_t passed = 0;
  uint64_t dropped = 0;
  size_t cameOut = 0;
  bool ends = false;
  for (size_t turns = 1 + chance.below(6); turns > 0 && !ends; turns--) {
    for (size_t count = 1 + chance.below(20); count > 0 && !ends; count--) {
      const Frame frame = makeFrame(chance);
      if (!table.client->sendRecord(frame.bytes)) break;
      ends = frame.ends;
      if (frame.isPacket && !frame.ends) (frame.passes ? passed : dropped)++;
    }
    CHECK(table.turn());
    cameOut += drainTun(table);
    drainClient(table);
  }
  CHECK(table.events.ends.size() == (ends ? 1 : 0));
  if (!table.events.ends.empty()) {
    CHECK(table.events.ends[0].first == tunnel::End::error && table.events.ends[0].second.size() > 10);
  }
  CHECK(table.counters->rxPackets == passed);
  CHECK(table.counters->rxDropped == dropped);
  CHECK(cameOut == passed);
  checkMistakes(table);
}

/** Authentic records with lies inside, and forged ones between them, which nobody may notice. */
void framesByDtls(Chance& chance) {
  Desk table;
  const auto dtls = table.associate(chance.pick<const char*>({"PSK-AES256-GCM-SHA384", "PSK-CHACHA20-POLY1305"}));
  CHECK(dtls != nullptr);
  if (dtls == nullptr) return;
  uint64_t passed = 0;
  uint64_t dropped = 0;
  size_t cameOut = 0;
  std::vector<Bytes> sent;
  for (size_t turns = 1 + chance.below(4); turns > 0; turns--) {
    for (size_t count = 1 + chance.below(16); count > 0; count--) {
      if (chance.oneIn(2)) {
        const Packet packet = makePacket(chance);
        if (packet.bytes.empty()) continue;
        const std::vector<Bytes> records = dtls->seal(cstp::typeData, packet.bytes);
        dtls->sendAll(records);
        (packet.passes ? passed : dropped)++;
        sent.insert(sent.end(), records.begin(), records.end());
        continue;
      }
      Bytes forged = sent.empty() || chance.oneIn(3) ? chance.bytes(chance.below(200)) : sent[chance.below(sent.size())];
      switch (chance.below(5)) {
        case 0:
          break;  // a replay, or noise
        case 1:
          if (!forged.empty()) forged.resize(chance.below(forged.size()));
          break;
        case 2:
          forged.insert(forged.end(), 5, 0xee);
          break;
        default:
          for (size_t n = 1 + chance.below(3); n > 0 && forged.size() > 13; n--) {
            // Its number and epoch, or what is sealed; an unsealed handshake is another test's subject.
            const size_t at = chance.oneIn(2) ? 5 + chance.below(6) : 13 + chance.below(forged.size() - 13);
            forged[at] ^= static_cast<uint8_t>(1 + chance.below(255));
          }
          break;
      }
      dtls->sendAll({forged});
    }
    CHECK(table.turn());
    cameOut += drainTun(table);
    dtls->receive([](uint8_t, std::span<const uint8_t>) {});
    drainClient(table);
  }
  CHECK(table.events.ends.empty());
  CHECK(table.counters->rxPackets == passed);
  CHECK(table.counters->rxDropped == dropped);
  CHECK(cameOut == passed);
  CHECK(table.events.dtls.size() <= 1);
  checkMistakes(table);
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t rounds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 400;
  const uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  for (uint64_t round = 0; round < rounds; round++) {
    Chance chance(seed * 1'000'003 + round);
    const int before = check::failures;
    if (round % 2 == 0) framesByTls(chance);
    else framesByDtls(chance);
    if (check::failures != before) std::printf("seed %llu, round %llu\n", static_cast<unsigned long long>(seed), static_cast<unsigned long long>(round));
    if (check::failures > 20) break;
  }
  return check::finish("hostile-frames");
}
