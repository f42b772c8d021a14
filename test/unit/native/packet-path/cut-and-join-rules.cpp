// Properties of cutting and joining over random packets, and every rule of joining against packets built by hand: one
// field changed at a time. Argument: the seed.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

#include "check.h"
#include "cutting.h"
#include "streams.h"

using namespace ocserv;
using namespace cutting;

namespace {

void randomCuts(std::mt19937& random) {
  for (int round = 0; round < 400; round++) {
    const streams::Kind kind{random() % 2 == 0, random() % 2 == 0};
    const size_t gso = 1 + random() % (random() % 4 == 0 ? 9'000 : 1'500);
    const size_t most = std::min<size_t>(65'535 - 60, gso * 64);
    const size_t payload = 1 + random() % most;
    Bytes whole = streams::make(kind, static_cast<uint32_t>(random()), payload, true);
    const size_t ip = kind.ipv6 ? 40 : 20;
    if (!kind.ipv6) packets::put16(whole, 4, static_cast<uint32_t>(random()) & 0xffff);
    if (!kind.udp) whole[ip + 13] = static_cast<uint8_t>(0x10 | (random() & 0xc9));
    const tun::VnetHeader header = streams::superHeader(kind, gso);
    CHECK(cut(header, whole) == cutSlowly(header, whole));
  }
}

/** Packets of several flows, mixed, some damaged, some of other shapes: what leaves is what came, flow by flow. */
void randomJoins(std::mt19937& random) {
  size_t supers = 0;
  for (int round = 0; round < 1'500; round++) {
    struct Flow {
      streams::Kind kind;
      uint16_t port;
      uint32_t sequence;
      size_t size;
    };
    std::vector<Flow> flows;
    for (size_t i = 1 + random() % 20; i > 0; i--) {
      flows.push_back({{random() % 2 == 0, random() % 3 == 0}, static_cast<uint16_t>(1000 + i), static_cast<uint32_t>(random()), 50 + random() % 1'300});
    }
    std::vector<Bytes> batch;
    std::map<std::pair<uint32_t, bool>, std::vector<Bytes>> before;
    for (size_t i = 1 + random() % 60; i > 0; i--) {
      Flow& flow = flows[random() % flows.size()];
      const size_t size = random() % 8 == 0 ? 10 + random() % flow.size : flow.size;
      Bytes b = streams::make(flow.kind, flow.sequence, random() % 10 == 0 && !flow.kind.udp ? 0 : size);
      flow.sequence += static_cast<uint32_t>(b.size() - streams::headerBytes(flow.kind));
      const size_t ip = flow.kind.ipv6 ? 40 : 20;
      packets::put16(b, ip, flow.port);
      if (!flow.kind.udp) {
        static constexpr uint8_t flags[] = {0x10, 0x10, 0x10, 0x18, 0x18, 0x11, 0x14, 0x02, 0x30, 0xd0, 0x50};
        b[ip + 13] = flags[random() % (random() % 2 ? 3 : std::size(flags))];
      }
      if (random() % 20 == 0) flow.sequence += 1 + static_cast<uint32_t>(random() % 100);
      if (random() % 15 == 0) b[ip + (flow.kind.udp ? 8 : 15) - (flow.kind.udp ? 1 : 0)] ^= 1;
      finishPacket(b);
      if (random() % 15 == 0 && b.size() > ip + 20) b[ip + 20 + random() % (b.size() - ip - 20)] ^= static_cast<uint8_t>(1 << random() % 8);
      if (!flow.kind.ipv6 && random() % 40 == 0) b[10] ^= 1;
      batch.push_back(b);
      before[{packets::get32(b, ip), flow.kind.ipv6}].push_back(std::move(b));
    }
    const std::vector<Written> written = join(batch, {true, random() % 4 != 0, false});
    std::map<std::pair<uint32_t, bool>, std::vector<Bytes>> after;
    for (const Written& one : written) {
      if (one.header.gsoType != tun::gsoNone) supers++;
      const std::vector<Bytes> parts = cutSlowly(one.header, one.bytes);
      CHECK(parts.size() == one.packets);
      for (const Bytes& part : parts) after[{packets::get32(part, part[0] >> 4 == 6 ? 40 : 20), part[0] >> 4 == 6}].push_back(part);
    }
    // The IPv4 id is the kernel's to count in a joined packet with DF; all else is the same, damage included.
    const auto withoutId = [](std::map<std::pair<uint32_t, bool>, std::vector<Bytes>> all) {
      for (auto& [flow, list] : all) {
        for (Bytes& b : list) {
          if (b[0] >> 4 != 4) continue;
          const bool isRight = packets::headerSum(b) == 0xffff;
          packets::put16(b, 4, 0);
          packets::put16(b, 10, isRight ? 1 : 0);
        }
      }
      return all;
    };
    CHECK(withoutId(before) == withoutId(after));
  }
  CHECK(supers > 1'000);
}

// ---- the rules, one by one ----

struct Rule {
  const char* what;
  streams::Kind kind;
  bool joins;
  /** Changes the second of two packets that would be joined. Checksums are made right again behind it. */
  void (*change)(Bytes& first, Bytes& second);
};

constexpr streams::Kind tcp4{false, false};
constexpr streams::Kind tcp6{true, false};
constexpr streams::Kind udp4{false, true};
constexpr streams::Kind udp6{true, true};

const Rule rules[] = {
    {"nothing changed", tcp4, true, [](Bytes&, Bytes&) {}},
    {"nothing changed", tcp6, true, [](Bytes&, Bytes&) {}},
    {"nothing changed", udp4, true, [](Bytes&, Bytes&) {}},
    {"nothing changed", udp6, true, [](Bytes&, Bytes&) {}},
    {"shorter", tcp4, true, [](Bytes&, Bytes& b) { b.pop_back(); packets::put16(b, 2, static_cast<uint32_t>(b.size())); }},
    {"PSH", tcp4, true, [](Bytes&, Bytes& b) { b[33] |= 8; }},
    {"another IPv4 id, DF set", tcp4, true, [](Bytes&, Bytes& b) { packets::put16(b, 4, 0x7777); }},
    {"the next IPv4 id, DF clear", tcp4, true, [](Bytes& a, Bytes& b) { a[6] = b[6] = 0; packets::put16(b, 4, 0x1112); }},
    {"sequence wraps", tcp4, true, [](Bytes& a, Bytes& b) { packets::put32(a, 24, 0xffffff9c); packets::put32(b, 24, 0); }},
    {"another IPv4 id, DF clear", tcp4, false, [](Bytes& a, Bytes& b) { a[6] = b[6] = 0; packets::put16(b, 4, 0x7777); }},
    {"the same IPv4 id, DF clear", udp4, false, [](Bytes& a, Bytes& b) { a[6] = b[6] = 0; }},
    {"longer", tcp4, false, [](Bytes&, Bytes& b) { b.push_back(0); packets::put16(b, 2, static_cast<uint32_t>(b.size())); }},
    {"source address", tcp4, false, [](Bytes&, Bytes& b) { b[15]++; }},
    {"destination address", tcp4, false, [](Bytes&, Bytes& b) { b[19]++; }},
    {"source address", tcp6, false, [](Bytes&, Bytes& b) { b[8]++; }},
    {"destination address", tcp6, false, [](Bytes&, Bytes& b) { b[39]++; }},
    {"source port", tcp4, false, [](Bytes&, Bytes& b) { b[21]++; }},
    {"destination port", tcp4, false, [](Bytes&, Bytes& b) { b[23]++; }},
    {"source port", udp4, false, [](Bytes&, Bytes& b) { b[21]++; }},
    {"destination port", udp6, false, [](Bytes&, Bytes& b) { b[43]++; }},
    {"TOS", tcp4, false, [](Bytes&, Bytes& b) { b[1] = 0x10; }},
    {"ECN", tcp4, false, [](Bytes&, Bytes& b) { b[1] = 3; }},
    {"TTL", tcp4, false, [](Bytes&, Bytes& b) { b[8]--; }},
    {"TTL", udp4, false, [](Bytes&, Bytes& b) { b[8]--; }},
    {"DF", tcp4, false, [](Bytes&, Bytes& b) { b[6] = 0; }},
    {"more fragments", tcp4, false, [](Bytes&, Bytes& b) { b[6] = 0x20; }},
    {"fragment offset", tcp4, false, [](Bytes&, Bytes& b) { b[6] = 0; b[7] = 5; }},
    {"reserved bit", tcp4, false, [](Bytes&, Bytes& b) { b[6] |= 0x80; }},
    {"IPv4 options", tcp4, false, [](Bytes&, Bytes& b) { b[0] = 0x46; b.insert(b.begin() + 20, {1, 1, 1, 1}); packets::put16(b, 2, static_cast<uint32_t>(b.size())); }},
    {"traffic class", tcp6, false, [](Bytes&, Bytes& b) { b[1] = 0x10; }},
    {"flow label", tcp6, false, [](Bytes&, Bytes& b) { b[3] = 1; }},
    {"hop limit", tcp6, false, [](Bytes&, Bytes& b) { b[7]--; }},
    {"hop limit", udp6, false, [](Bytes&, Bytes& b) { b[7]--; }},
    {"extension header", tcp6, false, [](Bytes&, Bytes& b) { b[6] = 0; }},
    {"gap", tcp4, false, [](Bytes&, Bytes& b) { packets::put32(b, 24, packets::get32(b, 24) + 1); }},
    {"overlap", tcp4, false, [](Bytes&, Bytes& b) { packets::put32(b, 24, packets::get32(b, 24) - 1); }},
    {"acknowledgement", tcp4, false, [](Bytes&, Bytes& b) { b[31]++; }},
    {"window", tcp4, false, [](Bytes&, Bytes& b) { b[35]++; }},
    {"urgent pointer with URG", tcp4, false, [](Bytes&, Bytes& b) { b[33] |= 0x20; b[39] = 1; }},
    {"FIN", tcp4, false, [](Bytes&, Bytes& b) { b[33] |= 1; }},
    {"SYN", tcp4, false, [](Bytes&, Bytes& b) { b[33] |= 2; }},
    {"RST", tcp4, false, [](Bytes&, Bytes& b) { b[33] |= 4; }},
    {"ECE", tcp4, false, [](Bytes&, Bytes& b) { b[33] |= 0x40; }},
    {"CWR", tcp4, false, [](Bytes&, Bytes& b) { b[33] |= 0x80; }},
    {"no ACK", tcp4, false, [](Bytes&, Bytes& b) { b[33] = 0; }},
    {"accurate ECN bit", tcp4, false, [](Bytes&, Bytes& b) { b[32] |= 1; }},
    {"PSH on the first", tcp4, false, [](Bytes& a, Bytes&) { a[33] |= 8; }},
    {"TCP options", tcp4, false, [](Bytes&, Bytes& b) { b[32] = 0x60; }},
    {"no payload", tcp4, false, [](Bytes&, Bytes& b) { b.resize(40); packets::put16(b, 2, 40); }},
    {"UDP length shorter than the packet", udp4, false, [](Bytes&, Bytes& b) { b[25]--; }},
    {"UDP length longer than the packet", udp6, false, [](Bytes&, Bytes& b) { b[45]++; }},
    {"another protocol", udp4, false, [](Bytes&, Bytes& b) { b[9] = 136; }},
};

void everyRule() {
  for (const Rule& rule : rules) {
    const uint32_t start = 5'000;
    Bytes a = streams::make(rule.kind, start, 100);
    Bytes b = streams::make(rule.kind, start + 100, 100);
    rule.change(a, b);
    finishPacket(a);
    finishPacket(b);
    const Bytes first = a;
    const Bytes second = b;
    const std::vector<Written> written = join({a, b});
    const bool joined = written.size() == 1 && written[0].packets == 2;
    if (joined != rule.joins) std::printf("%s: %s\n", rule.what, joined ? "joined" : "not joined");
    CHECK(joined == rule.joins);
    if (!rule.joins && written.size() == 2) {
      CHECK(written[0].bytes == first && written[1].bytes == second);
      CHECK(written[0].header.gsoType == tun::gsoNone && written[0].header.flags == 0);
    }
    if (rule.joins) {
      // Whatever the two have in common, a bad sum in either keeps them apart, and as bad as they came.
      const size_t ip = rule.kind.ipv6 ? 40 : 20;
      const size_t field = ip + (rule.kind.udp ? 6 : 16);
      for (const bool spoilFirst : {true, false}) {
        for (const size_t at : {field, field + 1, a.size() - 1, ip + (rule.kind.udp ? size_t{4} : size_t{14})}) {
          Bytes bad = spoilFirst ? first : second;
          if (at >= bad.size()) continue;
          bad[at] ^= 0x20;
          const std::vector<Written> kept = join({spoilFirst ? bad : first, spoilFirst ? second : bad});
          CHECK(kept.size() == 2 && kept[spoilFirst ? 0 : 1].bytes == bad && kept[spoilFirst ? 1 : 0].bytes == (spoilFirst ? second : first));
        }
      }
      if (!rule.kind.ipv6) {
        Bytes bad = second;
        bad[10] ^= 1;
        const std::vector<Written> kept = join({first, bad});
        CHECK(kept.size() == 2 && kept[1].bytes == bad);
      }
    }
  }
  // UDP without a checksum (allowed with IPv4) has none to verify.
  Bytes a = streams::make(udp4, 1, 100);
  Bytes b = streams::make(udp4, 101, 100);
  packets::put16(a, 26, 0);
  packets::put16(b, 26, 0);
  CHECK(join({a, b}).size() == 2);
}

void orderAndLimits() {
  // A flow is never overtaken by itself: what cannot be joined first lets go what is held.
  const auto at = [](uint32_t sequence, uint8_t flags = 0x10, size_t payload = 100) { return streams::make(tcp4, sequence, payload, false, flags); };
  const std::vector<Bytes> in{at(0), at(100), at(200, 0x11), at(300), at(400), at(500, 0x10, 0), at(500), at(600, 0x18), at(700)};
  std::vector<Bytes> out;
  for (const Written& one : join(in)) {
    for (Bytes& part : cutSlowly(one.header, one.bytes)) out.push_back(std::move(part));
  }
  for (size_t i = 0; i < in.size() && i < out.size(); i++) CHECK(packets::get32(in[i], 24) == packets::get32(out[i], 24) && in[i][33] == out[i][33]);
  CHECK(in.size() == out.size());
  // Fragments and foreign protocols hold up everything before them.
  Bytes icmp = at(0);
  icmp[9] = 1;
  const std::vector<Written> held = join({at(0), at(100), icmp, at(200), at(300)});
  CHECK(held.size() == 3 && held[0].packets == 2 && held[1].bytes == icmp && held[2].packets == 2);
  // 65,535 bytes of an IP packet, 64 segments, 16 flows: beyond them a new group is begun.
  for (const streams::Kind kind : {tcp4, tcp6, udp4, udp6}) {
    for (const size_t size : {4, 900, 1'023, 1'024, 9'000, 40'000}) {
      std::vector<Bytes> many;
      for (uint32_t i = 0; i < 150; i++) many.push_back(streams::make(kind, static_cast<uint32_t>(i * size), size));
      size_t count = 0;
      for (const Written& one : join(many)) {
        CHECK(one.bytes.size() <= 65'535 && one.packets <= 64);
        CHECK(streams::packetsIn(one.header, one.bytes) == one.packets);
        count += one.packets;
      }
      CHECK(count == many.size());
    }
  }
  std::vector<Bytes> flows;
  for (uint32_t round = 0; round < 3; round++) {
    for (uint16_t port = 0; port < 40; port++) {
      Bytes b = at(round * 100);
      packets::put16(b, 20, port);
      finishPacket(b);
      flows.push_back(std::move(b));
    }
  }
  size_t count = 0;
  for (const Written& one : join(flows)) count += one.packets;
  CHECK(count == flows.size());
}

}  // namespace

int main(int count, char** words) {
  const auto seed = static_cast<unsigned>(count > 1 ? std::atoi(words[1]) : 20260102);
  std::mt19937 random(seed);
  everyRule();
  orderAndLimits();
  randomCuts(random);
  randomJoins(random);
  if (check::failures > 0) std::printf("seed %u\n", seed);
  return check::finish("cut-and-join-rules");
}
