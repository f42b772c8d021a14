// Cutting of super-packets and joining of received ones, against packets built by hand.
#include <cstdlib>
#include <random>

#include "check.h"
#include "ip/packet.h"
#include "packets.h"
#include "tun/coalesce.h"
#include "tun/segment.h"

using namespace ocserv;
using packets::Bytes;
using packets::Shape;

namespace {

struct Taken : tun::PacketSink {
  struct One {
    tun::VnetHeader header;
    Bytes bytes;
    size_t packets;
  };
  std::vector<One> all;
  void writePacket(std::span<const iovec> slices, size_t count) override {
    One one{};
    std::memcpy(&one.header, slices[0].iov_base, sizeof one.header);
    for (const iovec& slice : slices.subspan(1)) {
      const auto* p = static_cast<const uint8_t*>(slice.iov_base);
      one.bytes.insert(one.bytes.end(), p, p + slice.iov_len);
    }
    one.packets = count;
    all.push_back(one);
  }
};

/** A super-packet as the kernel hands it out: checksum field holds the pseudo-header's sum. */
Bytes superPacket(Shape shape, tun::VnetHeader& header, size_t gso) {
  Bytes b = packets::make(shape);
  const size_t ip = shape.ipv6 ? 40 : 20;
  const size_t field = ip + (shape.udp ? 6 : 16);
  for (size_t i = b.size() - shape.payload; i < b.size(); i++) b[i] = static_cast<uint8_t>(i * 7);
  uint32_t sum = packets::pseudo(b, shape.ipv6, shape.udp ? 17 : 6, static_cast<uint32_t>(b.size() - ip));
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  packets::put16(b, field, sum);
  header = {};
  header.flags = tun::vnetNeedsChecksum;
  header.gsoType = shape.udp ? tun::gsoUdp : shape.ipv6 ? tun::gsoTcp6 : tun::gsoTcp4;
  header.gsoSize = static_cast<uint16_t>(gso);
  header.checksumStart = static_cast<uint16_t>(ip);
  header.checksumOffset = shape.udp ? 6 : 16;
  return b;
}

std::vector<Bytes> cut(const tun::VnetHeader& header, Bytes& packet) {
  std::vector<Bytes> out;
  tun::Segmenter segmenter;
  if (!segmenter.begin(header, packet)) return out;
  while (!segmenter.done()) {
    Bytes one(segmenter.nextLength());
    segmenter.take(one.data());
    out.push_back(one);
  }
  return out;
}

void refusedHeaders() {
  Shape shape;
  shape.payload = 3000;
  struct Case {
    const char* what;
    void (*spoil)(tun::VnetHeader&, Bytes&);
  };
  const Case cases[] = {
      {"no segment size", [](tun::VnetHeader& h, Bytes&) { h.gsoSize = 0; }},
      {"checksum said to be complete", [](tun::VnetHeader& h, Bytes&) { h.flags = 0; }},
      {"unknown type", [](tun::VnetHeader& h, Bytes&) { h.gsoType = 2; }},
      {"IPv6 type on IPv4", [](tun::VnetHeader& h, Bytes&) { h.gsoType = tun::gsoTcp6; }},
      {"transport inside the IP header", [](tun::VnetHeader& h, Bytes&) { h.checksumStart = 12; }},
      {"transport behind the end", [](tun::VnetHeader& h, Bytes&) { h.checksumStart = 65000; }},
      {"checksum elsewhere", [](tun::VnetHeader& h, Bytes&) { h.checksumOffset = 6; }},
      {"TCP header below 20 bytes", [](tun::VnetHeader&, Bytes& b) { b[32] = 0x40; }},
      {"TCP header behind the end", [](tun::VnetHeader&, Bytes& b) { b.resize(50); packets::put16(b, 2, 50); b[32] = 0xf0; }},
      {"IP length longer than the bytes", [](tun::VnetHeader&, Bytes& b) { packets::put16(b, 2, 4000); }},
      {"IP length shorter than the bytes", [](tun::VnetHeader&, Bytes& b) { packets::put16(b, 2, 60); }},
      {"version 5", [](tun::VnetHeader&, Bytes& b) { b[0] = 0x55; }},
      {"other protocol", [](tun::VnetHeader&, Bytes& b) { b[9] = 47; }},
  };
  for (const Case& one : cases) {
    tun::VnetHeader header;
    Bytes packet = superPacket(shape, header, 1000);
    one.spoil(header, packet);
    if (!cut(header, packet).empty()) std::printf("accepted: %s\n", one.what);
    CHECK(cut(header, packet).empty());
  }
}

void cutting() {
  for (const bool ipv6 : {false, true}) {
    for (const bool udp : {false, true}) {
      for (const size_t payload : {1001, 2000, 2999, 3000, 60000}) {
        Shape shape;
        shape.ipv6 = ipv6;
        shape.udp = udp;
        shape.payload = payload;
        shape.flags = 0x80 | 0x10 | 0x08 | 0x01;  // CWR ACK PSH FIN
        tun::VnetHeader header;
        Bytes whole = superPacket(shape, header, 1000);
        const std::vector<Bytes> parts = cut(header, whole);
        CHECK(parts.size() == (payload + 999) / 1000);
        const size_t ip = ipv6 ? 40 : 20;
        const size_t headers = ip + (udp ? 8 : 20);
        size_t position = 0;
        for (size_t i = 0; i < parts.size(); i++) {
          const Bytes& part = parts[i];
          const bool last = i + 1 == parts.size();
          CHECK(part.size() == headers + (last ? payload - position : 1000));
          CHECK(std::memcmp(&part[headers], &whole[headers + position], part.size() - headers) == 0);
          CHECK(packets::transportSum(part) == 0xffff);
          CHECK(packets::get16(part, ipv6 ? 4 : 2) == part.size() - (ipv6 ? 40 : 0));
          if (!ipv6) {
            CHECK(packets::headerSum(part) == 0xffff);
            CHECK(packets::get16(part, 4) == 0x1111 + i);
          }
          if (udp) {
            CHECK(packets::get16(part, ip + 4) == part.size() - ip);
          } else {
            CHECK(packets::get32(part, ip + 4) == 1000 + position);
            CHECK(part[ip + 13] == (0x10 | (last ? 0x09 : 0) | (i == 0 ? 0x80 : 0)));
          }
          position += part.size() - headers;
        }
        CHECK(position == payload);
      }
    }
  }
  // A plain packet whose checksum the kernel left open.
  Shape shape;
  tun::VnetHeader header;
  Bytes packet = superPacket(shape, header, 1000);
  header.gsoType = tun::gsoNone;
  const std::vector<Bytes> one = cut(header, packet);
  CHECK(one.size() == 1 && packets::transportSum(one[0]) == 0xffff);
}

struct Joined {
  std::vector<size_t> counts;  // packets per write, in order
  std::vector<Taken::One> writes;
};
Joined join(std::vector<Bytes> batch, tun::Coalescer::Options options = {true, true, false}) {
  Taken sink;
  tun::Coalescer coalescer(sink, options);
  for (Bytes& packet : batch) coalescer.add(packet);
  coalescer.flush();
  Joined result;
  for (const Taken::One& one : sink.all) result.counts.push_back(one.packets);
  result.writes = sink.all;
  return result;
}

Shape at(uint32_t sequence, size_t payload = 100, uint8_t flags = 0x10) {
  Shape shape;
  shape.sequence = sequence;
  shape.payload = payload;
  shape.flags = flags;
  return shape;
}

void joining() {
  using Counts = std::vector<size_t>;
  const auto counts = [](std::vector<Shape> shapes) {
    std::vector<Bytes> batch;
    for (const Shape& shape : shapes) batch.push_back(packets::make(shape));
    return join(batch).counts;
  };
  CHECK(counts({at(1000), at(1100), at(1200)}) == (Counts{3}));
  CHECK(counts({at(1000), at(1200)}) == (Counts{1, 1}));                       // gap
  CHECK(counts({at(1000), at(1100, 50), at(1150)}) == (Counts{2, 1}));         // a short one closes
  CHECK(counts({at(1000, 50), at(1050, 100)}) == (Counts{1, 1}));              // never longer than the first
  CHECK(counts({at(1000), at(1100, 100, 0x18), at(1200)}) == (Counts{2, 1}));  // PSH closes
  CHECK(counts({at(1000), at(1100, 100, 0x11)}) == (Counts{1, 1}));            // FIN goes alone
  CHECK(counts({at(1000), at(1100, 0), at(1100)}) == (Counts{1, 1, 1}));       // a pure ACK flushes
  CHECK(counts({at(0xffffffce), at(50)}) == (Counts{2}));                      // sequence wraps
  Shape other = at(1100);
  other.window = 501;
  CHECK(counts({at(1000), other}) == (Counts{1, 1}));
  other = at(1100);
  other.ack = 78;
  CHECK(counts({at(1000), other}) == (Counts{1, 1}));
  other = at(1100);
  other.timestamp = true;
  CHECK(counts({at(1000), other}) == (Counts{1, 1}));
  Shape second = at(5000);
  second.sourcePort = 99;
  Shape second2 = at(5100);
  second2.sourcePort = 99;
  CHECK(counts({at(1000), second, at(1100), second2}) == (Counts{2, 2}));  // two flows at once
  std::vector<Shape> many;
  for (uint32_t i = 0; i < 130; i++) many.push_back(at(1000 + i * 100));
  CHECK(counts(many) == (Counts{64, 64, 2}));
  std::vector<Shape> big;
  for (uint32_t i = 0; i < 50; i++) big.push_back(at(1000 + i * 1400, 1400));
  CHECK(counts(big) == (Counts{46, 4}));  // 65,535 bytes in all

  // A corrupted packet is not laundered.
  std::vector<Bytes> batch{packets::make(at(1000)), packets::make(at(1100)), packets::make(at(1200))};
  batch[1].back() ^= 1;
  const Joined corrupted = join(batch);
  CHECK(corrupted.counts == (Counts{1, 1, 1}));
  CHECK(corrupted.writes[1].bytes == batch[1]);
  // Fragments and IP options go alone.
  batch = {packets::make(at(1000)), packets::make(at(1100))};
  batch[1][6] = 0x20;
  CHECK(join(batch).counts == (Counts{1, 1}));
  // TTL and TOS must agree.
  batch = {packets::make(at(1000)), packets::make(at(1100))};
  batch[1][8] = 63;
  CHECK(join(batch).counts == (Counts{1, 1}));

  // What was joined and is cut again is what came in (but for the IPv4 id).
  for (const bool ipv6 : {false, true}) {
    for (const bool udp : {false, true}) {
      std::vector<Bytes> in;
      for (uint32_t i = 0; i < 5; i++) {
        Shape shape = at(1000 + i * 300, i == 4 ? 120 : 300, i == 4 ? 0x18 : 0x10);
        shape.ipv6 = ipv6;
        shape.udp = udp;
        shape.timestamp = !udp;
        shape.fill = static_cast<uint8_t>('a' + i);
        in.push_back(packets::make(shape));
        if (!ipv6) {
          packets::put16(in.back(), 4, 0x2000 + i);
          packets::put16(in.back(), 10, 0);
          packets::put16(in.back(), 10, 0xffffU & ~packets::headerSum(in.back()));
        }
      }
      const Joined joined = join(in);
      CHECK(joined.counts == (Counts{5}));
      if (joined.writes.size() != 1) continue;
      Bytes whole = joined.writes[0].bytes;
      CHECK(ipv6 || packets::headerSum(whole) == 0xffff);
      CHECK(cut(joined.writes[0].header, whole) == in);
    }
  }
}

void thinning() {
  using Counts = std::vector<size_t>;
  const auto ack = [](uint32_t number, uint16_t window = 500) {
    Shape shape = at(1000, 0);
    shape.ack = number;
    shape.window = window;
    return packets::make(shape);
  };
  const tun::Coalescer::Options thin{true, true, true};
  const Joined one = join({ack(10), ack(20), ack(30)}, thin);
  CHECK(one.counts == (Counts{1}) && one.writes[0].bytes == ack(30));
  CHECK(join({ack(10), ack(20), ack(30)}).counts == (Counts{1, 1, 1}));         // off
  CHECK(join({ack(10), ack(10), ack(10)}, thin).counts == (Counts{1, 1, 1}));   // duplicates tell of loss
  CHECK(join({ack(10), ack(20, 400)}, thin).counts == (Counts{1, 1}));          // window news
  CHECK(join({ack(20), ack(10)}, thin).counts == (Counts{1, 1}));               // going back
  const Joined mixed = join({ack(10), packets::make(at(1000)), ack(20)}, thin);
  CHECK(mixed.counts == (Counts{1, 1, 1}) && mixed.writes[0].bytes == ack(10));  // order stays
}

void innerPackets() {
  Bytes packet = packets::make(Shape{});
  CHECK(ip::packetLength(packet) == packet.size());
  for (size_t length = 0; length < packet.size(); length++) CHECK(ip::packetLength({packet.data(), length}) == 0);
  packet.resize(packet.size() + 4);
  CHECK(ip::packetLength(packet) == packet.size() - 4);
  for (const uint8_t first : {0x00, 0x44, 0x4f, 0x35, 0x75}) {
    Bytes odd = packets::make(Shape{});
    odd[0] = first;
    CHECK(first == 0x4f ? ip::packetLength(odd) == odd.size() : ip::packetLength(odd) == 0);
  }
  ip::SourceFilter filter;
  CHECK(!filter.add("10.0.0.0/33") && !filter.add("x") && !filter.add("fd00::/129") && !filter.add("10.0.0.0/"));
  CHECK(filter.add("10.77.0.2/32") && filter.add("192.168.4.0/22") && filter.add("fd00::/64"));
  Bytes v4 = packets::make(Shape{});
  CHECK(filter.allows(v4));
  packets::put32(v4, 12, 0x0a4d0003);
  CHECK(!filter.allows(v4));
  packets::put32(v4, 12, 0xc0a807ff);
  CHECK(filter.allows(v4));
  packets::put32(v4, 12, 0xc0a80800);
  CHECK(!filter.allows(v4));
  Shape six;
  six.ipv6 = true;
  Bytes v6 = packets::make(six);
  CHECK(filter.allows(v6));
  v6[15] = 1;
  CHECK(!filter.allows(v6));
  Bytes icmp = packets::make(Shape{});
  CHECK(ip::countsAsUse(icmp));
  icmp[9] = 1;
  CHECK(!ip::countsAsUse(icmp));
}

/** Whatever comes in, nothing is read or written outside (the sanitizers watch) and no payload byte is lost. */
void mutations() {
  std::mt19937 random(20260101);
  for (int round = 0; round < 20000; round++) {
    Shape shape = at(1000, random() % 3000);
    shape.ipv6 = random() % 2;
    shape.udp = random() % 2;
    tun::VnetHeader header;
    Bytes packet = superPacket(shape, header, 1 + random() % 1500);
    for (unsigned i = random() % 4; i > 0; i--) packet[random() % std::min<size_t>(packet.size(), 60)] = static_cast<uint8_t>(random());
    auto* raw = reinterpret_cast<uint8_t*>(&header);
    if (random() % 2) raw[random() % sizeof header] = static_cast<uint8_t>(random());
    if (random() % 4 == 0) packet.resize(random() % (packet.size() + 1));
    cut(header, packet);
    std::vector<Bytes> batch;
    size_t before = 0;
    for (uint32_t i = 0; i < 6; i++) {
      Shape one = at(1000 + i * 100, 100);
      one.udp = shape.udp;
      Bytes b = packets::make(one);
      if (random() % 3 == 0) b[random() % b.size()] ^= static_cast<uint8_t>(1 << random() % 8);
      if (ip::packetLength(b) != b.size()) continue;
      batch.push_back(b);
      before++;
    }
    size_t after = 0;
    for (const size_t count : join(batch).counts) after += count;
    CHECK(before == after);
  }
}

}  // namespace

int main() {
  refusedHeaders();
  cutting();
  joining();
  thinning();
  innerPackets();
  mutations();
  return check::finish("cut-and-join");
}
