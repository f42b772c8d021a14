// DTLS: the handshake against libssl's own client, our records against libssl's, damaged records and flights.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <time.h>

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

/** Every record as a datagram of its own: the hardest way to cut a flight. */
void feedRecords(dtls::Handshake& server, const std::vector<uint8_t>& flight) {
  std::span<const uint8_t> left(flight);
  while (auto header = dtls::parseRecord(left)) {
    const size_t length = dtls::recordHeaderBytes + header->length;
    server.feed(left.first(length));
    left = left.subspan(length);
  }
}

bool exchange(Client& client, dtls::Handshake& server, std::vector<dtls::Datagram>& lastFlight) {
  for (int i = 0; i < 10; i++) {
    client.step();
    feedRecords(server, client.takeOutput());
    lastFlight = server.takeOutput();
    for (const dtls::Datagram& datagram : lastFlight) client.give(datagram);
    if (server.state() == dtls::Handshake::State::done) return client.step() == 1;
    if (server.state() == dtls::Handshake::State::failed) return false;
  }
  return false;
}

bool shake(Client& client, dtls::Handshake& server, dtls::SslContext& context, std::vector<dtls::Datagram>& lastFlight) {
  return server.begin(context.get(), psk, 1200, 0) && exchange(client, server, lastFlight);
}

const std::vector<uint8_t> sessionId(32, 0x1d);
const std::vector<uint8_t> masterSecret(48, 0x5e);

/** A client that resumes a session it never had, as AnyConnect does. */
void pretend(Client& client, const std::vector<uint8_t>& id, const std::vector<uint8_t>& secret) {
  SSL_SESSION* session = SSL_SESSION_new();
  SSL_SESSION_set_protocol_version(session, DTLS1_2_VERSION);
  SSL_SESSION_set_cipher(session, sk_SSL_CIPHER_value(SSL_get_ciphers(client.ssl), sk_SSL_CIPHER_num(SSL_get_ciphers(client.ssl)) - 1));
  SSL_SESSION_set1_id(session, id.data(), static_cast<unsigned>(id.size()));
  SSL_SESSION_set1_master_key(session, secret.data(), secret.size());
  SSL_set_options(client.ssl, SSL_OP_NO_TICKET | SSL_OP_NO_EXTENDED_MASTER_SECRET);
  SSL_set_session(client.ssl, session);
  SSL_SESSION_free(session);
}

void resumed(const char* suite, const char* description) {
  dtls::SslContext context = dtls::makeContext(suite);
  CHECK(context != nullptr);
  // Repeated: the server's flight is lost so many times before it arrives.
  for (const uint64_t lost : {0, 1, 2}) {
    Client client(suite);
    pretend(client, sessionId, masterSecret);
    dtls::Handshake server;
    CHECK(server.beginResumed(context.get(), sessionId, masterSecret, 1200, 0));
    client.step();
    server.feed(client.takeOutput());
    for (uint64_t i = 0; i < lost; i++) {
      CHECK(!server.takeOutput().empty());
      // libssl's own clock says when to repeat.
      const timespec pause{1, 0};
      nanosleep(&pause, nullptr);
      CHECK(server.onTimer(1'000 * (i + 1)) == dtls::Handshake::State::running);
    }
    for (const dtls::Datagram& datagram : server.takeOutput()) client.give(datagram);
    CHECK(client.step() == 1 && SSL_session_reused(client.ssl) == 1);
    feedRecords(server, client.takeOutput());
    CHECK(server.state() == dtls::Handshake::State::done);
    CHECK(server.takeOutput().empty());
    dtls::HandshakeKeys keys;
    CHECK(server.takeKeys(keys) && keys.description == description);
    // Each repetition has taken a number and a nonce.
    CHECK(keys.seal.nextSequence() == lost + 1);
    std::vector<uint8_t> record(keys.seal.overhead() + 5, 'z');
    CHECK(keys.seal.seal(record.data(), dtls::contentApplicationData, 5) == record.size());
    client.give(record);
    char text[16];
    CHECK(SSL_read(client.ssl, text, sizeof text) == 5);
    SSL_write(client.ssl, "hello", 5);
    std::vector<uint8_t> answer = client.takeOutput();
    const auto header = dtls::parseRecord(answer);
    CHECK(header && keys.open.unseal(answer, *header).ok);
  }
}

/** Another id, another secret, a hello that resumes nothing: no handshake, and never a full one. */
void notResumed() {
  const char* suite = "AES256-GCM-SHA384";
  dtls::SslContext context = dtls::makeContext(suite);
  const std::vector<uint8_t> other(32, 0x77);
  const std::vector<uint8_t> otherSecret(48, 0x77);
  for (int kind = 0; kind < 3; kind++) {
    Client client(suite);
    if (kind == 0) pretend(client, other, masterSecret);
    if (kind == 1) pretend(client, sessionId, otherSecret);
    dtls::Handshake server;
    CHECK(server.beginResumed(context.get(), sessionId, masterSecret, 1200, 0));
    std::vector<dtls::Datagram> lastFlight;
    CHECK(!exchange(client, server, lastFlight));
    CHECK(server.state() != dtls::Handshake::State::done && SSL_is_init_finished(client.ssl) == 0);
  }
  // A PSK handshake resumes nothing, though the client asks for it.
  Client client(suite);
  pretend(client, sessionId, masterSecret);
  dtls::Handshake server;
  std::vector<dtls::Datagram> lastFlight;
  CHECK(!shake(client, server, context, lastFlight));
}

void suitesOf(const char* list, bool expected) {
  const dtls::SslContext context = dtls::makeContext(list);
  CHECK((context != nullptr) == expected);
}

void records(const char* suite, const char* description) {
  Client client(suite);
  dtls::SslContext context = dtls::makeContext(suite);
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
    cipher.avoidNonces(uint64_t{1} << 48 | 3, 2);
    cipher.startAt(2);
    cipher.limitTo(8);
    std::vector<uint8_t> record(cipher.overhead() + 10);
    std::vector<uint64_t> used;
    while (cipher.seal(record.data(), dtls::contentApplicationData, 10) > 0) used.push_back(dtls::parseRecord(record)->sequence);
    CHECK(used == (std::vector<uint64_t>{2, 5, 6, 7}));
    CHECK(cipher.seal(record.data(), dtls::contentApplicationData, 10) == 0);  // for good
    cipher.limitTo(100);                                                       // never upward again
    CHECK(cipher.seal(record.data(), dtls::contentApplicationData, 10) == 0);
  }
}

void randomInput() {
  std::mt19937 random(11);
  dtls::SslContext context = dtls::makeContext("PSK-AES256-GCM-SHA384");
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
  suitesOf("AES256-GCM-SHA384:AES128-SHA", true);
  suitesOf("AES128-SHA", false);
  suitesOf("nonsense", false);
  records("PSK-AES256-GCM-SHA384", "(DTLS1.2)-(PSK)-(AES-256-GCM)");
  records("PSK-AES128-GCM-SHA256", "(DTLS1.2)-(PSK)-(AES-128-GCM)");
  records("PSK-CHACHA20-POLY1305", "(DTLS1.2)-(PSK)-(CHACHA20-POLY1305)");
  resumed("AES256-GCM-SHA384", "(DTLS1.2)-(RSA)-(AES-256-GCM)");
  resumed("AES128-GCM-SHA256", "(DTLS1.2)-(RSA)-(AES-128-GCM)");
  resumed("ECDHE-RSA-AES256-GCM-SHA384", "(DTLS1.2)-(ECDHE-RSA)-(AES-256-GCM)");
  resumed("ECDHE-RSA-AES128-GCM-SHA256", "(DTLS1.2)-(ECDHE-RSA)-(AES-128-GCM)");
  notResumed();
  numbers();
  randomInput();
  return check::finish("records");
}
