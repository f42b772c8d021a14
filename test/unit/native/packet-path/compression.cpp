// LZS and LZ4: recorded vectors, round trips of every kind and size, output that does not fit, streams that lie. The room
// around every buffer is watched by the address sanitizer.
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "compress/codec.h"

using namespace ocserv;
using compress::Algorithm;
using Bytes = std::vector<uint8_t>;

namespace {

auto matches = std::make_unique<compress::Matches>();

/** Of exactly this size, so that one byte beyond is seen. */
struct Room {
  std::unique_ptr<uint8_t[]> bytes;
  size_t size;
  explicit Room(size_t length) : bytes(new uint8_t[length]), size(length) {}
  std::span<uint8_t> span() { return {bytes.get(), size}; }
};

std::string hexOf(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}
Bytes bytesOf(const std::string& hex) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return bytes;
}

void vectors() {
  std::string thirteen;
  for (int i = 0; i < 13; i++) thirteen += "abc";
  const std::pair<std::string, const char*> known[] = {
      {"A", "20e000"},
      {"AA", "20907000"},
      {"AAAA", "20e05c00"},
      {"ABABABABAB", "2090b05e1800"},
      {std::string(40, '\0'), "00607ffc7000"},
      {std::string(300, '\0'), "00607fffffffffffffffffffdb00"},
      {thirteen, "30988c783ffdc000"},
      {"hello hello world", "34194d86c378830da77379c8d864c000"},
  };
  for (const auto& [text, hex] : known) {
    const Bytes plain(text.begin(), text.end());
    Room packed(200);
    const size_t length = compress::compressLzs(plain, packed.span(), *matches);
    CHECK(hexOf(packed.span().first(length)) == hex);
    Room again(plain.size());
    CHECK(compress::decompressLzs(bytesOf(hex), again.span()) == plain.size());
    CHECK(std::memcmp(again.bytes.get(), plain.data(), plain.size()) == 0);
    Room less(plain.size() - 1);
    CHECK(compress::decompressLzs(bytesOf(hex), less.span()) == 0);
  }
  Room room(300);
  CHECK(compress::decompressLzs(bytesOf("c000"), room.span()) == 0);
  // An echo reply as the C server compressed it.
  const Bytes reply = bytesOf("2280000bc6dbab0a100025669301506300e1119638551600001c10412110c88452311c9188ffffffffff9c00");
  CHECK(compress::decompressLzs(reply, room.span()) == 188 && room.bytes[0] == 0x45 && room.bytes[3] == 188);
  // LZ4's own documentation: token, literals, offset 1, length.
  const Bytes block = bytesOf("1f6101000050" "6263646566");
  CHECK(compress::decompressLz4(block, room.span()) == 1 + 19 + 5);
}

Bytes sample(std::mt19937& random, size_t length) {
  Bytes bytes(length);
  const unsigned kind = random() % 4;
  for (size_t i = 0; i < length; i++) {
    bytes[i] = kind == 0   ? static_cast<uint8_t>(random())
               : kind == 1 ? static_cast<uint8_t>('a' + random() % 3)
               : kind == 2 ? static_cast<uint8_t>(i % (1 + random() % 5 + length / 9))
                           : 0;
  }
  // Pieces from before, near and far.
  for (unsigned n = random() % 6; kind < 2 && n > 0 && length > 20; n--) {
    const size_t from = random() % length;
    const size_t to = random() % length;
    const size_t count = random() % (length - std::max(from, to) + 1);
    std::memmove(&bytes[to], &bytes[from], count);
  }
  return bytes;
}

void roundTrips(Algorithm algorithm) {
  std::mt19937 random(5);
  size_t smaller = 0;
  for (int round = 0; round < 3'000; round++) {
    const size_t length = round < 200 ? static_cast<size_t>(round + 1) : 1 + random() % (round % 50 == 0 ? 16'384 : 1'500);
    const Bytes plain = sample(random, length);
    Room wide(length * 9 / 8 + 64);
    const size_t packed = compress::compress(algorithm, plain, wide.span(), *matches);
    CHECK(packed > 0);
    Room exact(length);
    CHECK(compress::decompress(algorithm, wide.span().first(packed), exact.span()) == length);
    CHECK(std::memcmp(exact.bytes.get(), plain.data(), length) == 0);
    // Room for exactly this much, and for one byte less.
    Room tight(packed);
    CHECK(compress::compress(algorithm, plain, tight.span(), *matches) == packed);
    if (packed > 1) {
      Room less(packed - 1);
      CHECK(compress::compress(algorithm, plain, less.span(), *matches) == 0);
    }
    if (packed < length) smaller++;
    // Neither is cut short, nor taken for more than there is room for.
    if (length > 1) {
      Room narrow(length - 1);
      CHECK(compress::decompress(algorithm, wide.span().first(packed), narrow.span()) == 0);
    }
    for (const size_t cut : {size_t{0}, packed / 2, packed - 1}) {
      Room part(cut);
      if (cut > 0) std::memcpy(part.bytes.get(), wide.bytes.get(), cut);
      CHECK(compress::decompress(algorithm, part.span(), exact.span()) <= length);
    }
  }
  CHECK(smaller > 500);
  const Bytes tooLong(compress::maxPacketBytes + 1);
  Room room(30'000);
  CHECK(compress::compress(algorithm, tooLong, room.span(), *matches) == 0);
  CHECK(compress::compress(algorithm, {}, room.span(), *matches) == 0);
}

/** Whatever a client sends: no more than the room is written, and small bombs come to an end. */
void lies(Algorithm algorithm) {
  std::mt19937 random(9);
  for (int round = 0; round < 60'000; round++) {
    Bytes stream(random() % 200);
    for (uint8_t& byte : stream) byte = random() % 3 == 0 ? 0xff : static_cast<uint8_t>(random());
    if (round % 2 == 0) {
      const Bytes plain = sample(random, 1 + random() % 400);
      Bytes packed(plain.size() * 2 + 64);
      packed.resize(compress::compress(algorithm, plain, packed, *matches));
      for (unsigned n = 1 + random() % 4; n > 0; n--) packed[random() % packed.size()] = static_cast<uint8_t>(random());
      stream = packed;
    }
    Room given(stream.size());
    if (!stream.empty()) std::memcpy(given.bytes.get(), stream.data(), stream.size());
    Room room(random() % 300);
    CHECK(compress::decompress(algorithm, given.span(), room.span()) <= room.size);
  }
  Bytes bomb(16'384, 0xff);
  bomb[0] = algorithm == Algorithm::lz4 ? 0x1f : 0x00;
  bomb[1] = algorithm == Algorithm::lz4 ? 0x61 : 0x60;
  if (algorithm == Algorithm::lz4) bomb[2] = 1, bomb[3] = 0;
  Room room(16'384);
  CHECK(compress::decompress(algorithm, bomb, room.span()) == 0);
}

}  // namespace

int main() {
  vectors();
  for (const Algorithm algorithm : {Algorithm::lzs, Algorithm::lz4}) {
    roundTrips(algorithm);
    lies(algorithm);
  }
  // More packets than a generation counts.
  const Bytes plain(64, 'x');
  Room room(100);
  const size_t once = compress::compressLzs(plain, room.span(), *matches);
  for (int i = 0; i < 70'000; i++) CHECK(compress::compressLzs(plain, room.span(), *matches) == once);
  return check::finish("compression");
}
