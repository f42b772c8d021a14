// DTLS: the handshake against libssl's own client, our records against libssl's, damaged records and flights.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstring>
#include <deque>
#include <random>
#include <set>

#include "check.h"
#include "dtls/handshake.h"
#include "dtls/record.h"

using namespace ocserv;

namespace {

const std::array<uint8_t, 32> psk = [] {
  std::array<uint8_t, 32> key;
  key.fill(0x5a);
  return key;
}();

unsigned clientPsk(SSL*, const char*, char* identity, unsigned, unsigned char* key, unsigned) {
  std::strcpy(identity, "psk");
  std::memcpy(key, psk.data(), 32);
  return 32;
}

struct Client {
  SSL_CTX* context;
  SSL* ssl;
  BIO* in;
  BIO* out;
  explicit Client(const char* suites) {
    context = SSL_CTX_new(DTLS_client_method());
    SSL_CTX_set_cipher_list(context, suites);
    SSL_CTX_set_psk_client_callback(context, clientPsk);
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU);
    ssl = SSL_new(context);
    SSL_set_mtu(ssl, 1200);
    // One datagram at a time is put in, so a memory BIO keeps the boundaries on this side.
    in = BIO_new(BIO_s_mem());
    out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl, in, out);
    SSL_set_connect_state(ssl);
  }
  ~Client() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  std::vector<uint8_t> takeOutput() {
    std::vector<uint8_t> bytes(static_cast<size_t>(BIO_pending(out)));
    if (!bytes.empty()) BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }
  void give(std::span<const uint8_t> bytes) { BIO_write(in, bytes.data(), static_cast<int>(bytes.size())); }
  int step() {
    const int result = SSL_do_handshake(ssl);
    ERR_clear_error();
    return result;
  }
};

bool shake(Client& client, dtls::Handshake& server, dtls::SslContext& context, std::vector<dtls::Datagram>& lastFlight) {
  if (!server.begin(context.get(), psk, 1200, 0)) return false;
  for (int i = 0; i < 10; i++) {
    client.step();
    const std::vector<uint8_t> flight = client.takeOutput();
    // Every record as a datagram of its own: the hardest way to cut a flight.
    std::span<const uint8_t> left(flight);
    while (auto header = dtls::parseRecord(left)) {
      const size_t length = dtls::recordHeaderBytes + header->length;
      server.feed(left.first(length));
      left = left.subspan(length);
    }
    lastFlight = server.takeOutput();
    for (const dtls::Datagram& datagram : lastFlight) client.give(datagram);
    if (server.state() == dtls::Handshake::State::done) return client.step() == 1;
    if (server.state() == dtls::Handshake::State::failed) return false;
  }
  return false;
}

void suitesOf(const char* list, bool expected) {
  const dtls::SslContext context = dtls::makePskContext(list);
  CHECK((context != nullptr) == expected);
}

void records(const char* suite, const char* description) {
  Client client(suite);
  dtls::SslContext context = dtls::makePskContext(suite);
  dtls::Handshake server;
  std::vector<dtls::Datagram> lastFlight;
  CHECK(context != nullptr && shake(client, server, context, lastFlight));
  dtls::HandshakeKeys keys;
  CHECK(server.takeKeys(keys) && keys.description == description);
  CHECK(keys.seal.nextSequence() == 1 && keys.seal.epoch() == 1);

  std::set<uint64_t> used;
  for (const size_t length : {1, 2, 100, 1435, 4000}) {
    std::vector<uint8_t> record(keys.seal.overhead() + length, 'x');
    const size_t sealed = keys.seal.seal(record.data(), dtls::contentApplicationData, length);
    CHECK(sealed == record.size());
    CHECK(used.insert(dtls::parseRecord(record)->sequence).second && !used.contains(0));
    client.give(record);
    std::vector<uint8_t> text(8000);
    CHECK(SSL_read(client.ssl, text.data(), 8000) == static_cast<int>(length) && text[0] == 'x');
    // Our own key opens it again (used when a datagram proves too long).
    const auto header = dtls::parseRecord(record);
    const auto opened = keys.seal.unseal(record, *header);
    CHECK(opened.ok && opened.plaintext.size() == length && opened.plaintext[0] == 'x');
  }
  // After opening with it the key still seals right.
  std::vector<uint8_t> again(keys.seal.overhead() + 3, 'y');
  CHECK(keys.seal.seal(again.data(), dtls::contentApplicationData, 3) == again.size());
  client.give(again);
  char text[16];
  CHECK(SSL_read(client.ssl, text, sizeof text) == 3);

  std::mt19937 random(3);
  for (int i = 0; i < 200; i++) {
    SSL_write(client.ssl, "hello tunnel", 12);
    std::vector<uint8_t> record = client.takeOutput();
    const auto header = dtls::parseRecord(record);
    CHECK(header && header->epoch == 1 && header->type == dtls::contentApplicationData);
    for (size_t length = 0; length < record.size(); length++) CHECK(!dtls::parseRecord({record.data(), length}));
    std::vector<uint8_t> damaged = record;
    damaged[random() % 11] ^= static_cast<uint8_t>(1 + random() % 255);
    const auto other = dtls::parseRecord(damaged);
    if (other) CHECK(!keys.open.unseal(damaged, *other).ok);
    damaged = record;
    damaged[dtls::recordHeaderBytes + random() % header->length] ^= 0x40;
    CHECK(!keys.open.unseal(damaged, *header).ok);
    const auto opened = keys.open.unseal(record, *header);
    CHECK(opened.ok && opened.plaintext.size() == 12 && std::memcmp(opened.plaintext.data(), "hello tunnel", 12) == 0);
  }
  std::vector<uint8_t> tiny = {23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 5, 1, 2, 3, 4, 5};
  CHECK(!keys.open.unseal(tiny, *dtls::parseRecord(tiny)).ok);
}

/** The numbers of one key: up to the limit, none twice, and not the one libssl's Finished has used. */
void numbers() {
  for (const dtls::Aead aead : {dtls::Aead::aes128Gcm, dtls::Aead::aes256Gcm, dtls::Aead::chaCha20Poly1305}) {
    const std::vector<uint8_t> key(dtls::keyBytes(aead), 1);
    const std::vector<uint8_t> iv(dtls::fixedIvBytes(aead), 2);
    dtls::RecordCipher cipher;
    CHECK(cipher.open(aead, true, 1, key, iv));
    cipher.avoidNonce(uint64_t{1} << 48 | 3);
    cipher.limitTo(7);
    std::vector<uint8_t> record(cipher.overhead() + 10);
    std::vector<uint64_t> used;
    while (cipher.seal(record.data(), dtls::contentApplicationData, 10) > 0) used.push_back(dtls::parseRecord(record)->sequence);
    CHECK(used == (std::vector<uint64_t>{1, 2, 4, 5, 6}));
    CHECK(cipher.seal(record.data(), dtls::contentApplicationData, 10) == 0);  // for good
    cipher.limitTo(100);                                                       // never upward again
    CHECK(cipher.seal(record.data(), dtls::contentApplicationData, 10) == 0);
  }
}

void randomInput() {
  std::mt19937 random(11);
  dtls::SslContext context = dtls::makePskContext("PSK-AES256-GCM-SHA384");
  for (int round = 0; round < 300; round++) {
    Client client("PSK-AES256-GCM-SHA384");
    client.step();
    std::vector<uint8_t> hello = client.takeOutput();
    for (unsigned i = 1 + random() % 4; i > 0; i--) hello[random() % hello.size()] = static_cast<uint8_t>(random());
    if (random() % 3 == 0) hello.resize(random() % hello.size());
    dtls::Handshake server;
    CHECK(server.begin(context.get(), psk, 1200, 0));
    server.feed(hello);
    std::vector<uint8_t> noise(random() % 200);
    for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
    server.feed(noise);
    CHECK(server.state() != dtls::Handshake::State::done);
    CHECK(server.onTimer(1u << 20) == dtls::Handshake::State::failed);
  }
}

}  // namespace

int main() {
  suitesOf("PSK-AES256-GCM-SHA384:PSK-AES128-CBC-SHA", true);
  suitesOf("PSK-AES128-CBC-SHA", false);
  suitesOf("nonsense", false);
  records("PSK-AES256-GCM-SHA384", "(DTLS1.2)-(PSK)-(AES-256-GCM)");
  records("PSK-AES128-GCM-SHA256", "(DTLS1.2)-(PSK)-(AES-128-GCM)");
  records("PSK-CHACHA20-POLY1305", "(DTLS1.2)-(PSK)-(CHACHA20-POLY1305)");
  numbers();
  randomInput();
  return check::finish("records");
}
