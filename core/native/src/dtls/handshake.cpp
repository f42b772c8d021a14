// Handshakes through libssl; see handshake.h.
#include "dtls/handshake.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstring>

#include "ip/checksum.h"

namespace ocserv::dtls {

namespace {

// Ours: the client gives up after 12 s and starts anew.
constexpr uint64_t handshakeLimitMs = 20'000;
constexpr unsigned firstRetransmissionUs = 400'000;
constexpr unsigned longestRetransmissionUs = 8'000'000;

struct Suite {
  uint16_t id;
  Aead aead;
  const char* digest;
  const char* description;
};
constexpr Suite suites[] = {
    {0x00a8, Aead::aes128Gcm, "SHA256", "(DTLS1.2)-(PSK)-(AES-128-GCM)"},
    {0x00a9, Aead::aes256Gcm, "SHA384", "(DTLS1.2)-(PSK)-(AES-256-GCM)"},
    {0xccab, Aead::chaCha20Poly1305, "SHA256", "(DTLS1.2)-(PSK)-(CHACHA20-POLY1305)"},
    // Resumed, so that no keys are exchanged, whatever the name says.
    {0x009c, Aead::aes128Gcm, "SHA256", "(DTLS1.2)-(RSA)-(AES-128-GCM)"},
    {0x009d, Aead::aes256Gcm, "SHA384", "(DTLS1.2)-(RSA)-(AES-256-GCM)"},
    {0xc02f, Aead::aes128Gcm, "SHA256", "(DTLS1.2)-(ECDHE-RSA)-(AES-128-GCM)"},
    {0xc030, Aead::aes256Gcm, "SHA384", "(DTLS1.2)-(ECDHE-RSA)-(AES-256-GCM)"},
};

const Suite* findSuite(const SSL_CIPHER* cipher) {
  const uint16_t id = SSL_CIPHER_get_protocol_id(cipher);
  for (const Suite& suite : suites) {
    if (suite.id == id) return &suite;
  }
  return nullptr;
}

int handshakeIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

unsigned nextTimeout(SSL*, unsigned lastUs) {
  if (lastUs == 0) return firstRetransmissionUs;
  return lastUs * 2 > longestRetransmissionUs ? longestRetransmissionUs : lastUs * 2;
}

}  // namespace

struct QueueBio {
  static Handshake::Queue* queue(BIO* bio) { return static_cast<Handshake::Queue*>(BIO_get_data(bio)); }

  static int write(BIO* bio, const char* bytes, int length) {
    const auto* from = reinterpret_cast<const uint8_t*>(bytes);
    queue(bio)->out.emplace_back(from, from + length);
    noteNonce(*queue(bio), {from, static_cast<size_t>(length)});
    return length;
  }
  /** libssl's explicit nonces of AES-GCM count from a random number, which might be one that we come to. */
  static void noteNonce(Handshake::Queue& queue, std::span<const uint8_t> datagram) {
    while (const auto header = parseRecord(datagram)) {
      const uint8_t* nonce = datagram.data() + recordHeaderBytes;
      if (header->epoch == 1 && header->length > 8) {
        if (queue.sealedRecords++ == 0) {
          queue.firstNonce = static_cast<uint64_t>(ip::read32(nonce)) << 32 | ip::read32(nonce + 4);
        }
        queue.lastSequence = std::max(queue.lastSequence, header->sequence);
      }
      datagram = datagram.subspan(recordHeaderBytes + header->length);
    }
  }
  static int read(BIO* bio, char* to, int room) {
    BIO_clear_retry_flags(bio);
    Handshake::Queue* q = queue(bio);
    if (!q->hasInput) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t count = std::min(q->in.size(), static_cast<size_t>(room));
    std::memcpy(to, q->in.data(), count);
    q->hasInput = false;
    return static_cast<int>(count);
  }
  static long control(BIO*, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH:
      case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
        return 1;
      case BIO_CTRL_DGRAM_QUERY_MTU:
      case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
      case BIO_CTRL_DGRAM_GET_MTU:
      case BIO_CTRL_DGRAM_SET_MTU:
        return 1200;
      case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
        return 28;
      default:
        return 0;
    }
  }
  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagram queue");
      BIO_meth_set_write(m, write);
      BIO_meth_set_read(m, read);
      BIO_meth_set_ctrl(m, control);
      return m;
    }();
    return made;
  }
};

SslContext makeContext(const std::string& cipherList) {
  SslContext context(SSL_CTX_new(DTLS_server_method()));
  if (!context) return nullptr;
  SSL_CTX* c = context.get();
  SSL_CTX_set_min_proto_version(c, DTLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(c, DTLS1_2_VERSION);
  // Sessions are what sessionCallback says: none for PSK.
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR);
  SSL_CTX_sess_set_get_cb(c, Handshake::sessionCallback);
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION |
                             SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_cipher_list(c, cipherList.c_str()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  std::string usable;
  STACK_OF(SSL_CIPHER)* all = SSL_CTX_get_ciphers(c);
  for (int i = 0; i < sk_SSL_CIPHER_num(all); i++) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(all, i);
    if (findSuite(cipher) == nullptr) continue;
    if (!usable.empty()) usable += ':';
    usable += SSL_CIPHER_get_name(cipher);
  }
  if (usable.empty() || SSL_CTX_set_cipher_list(c, usable.c_str()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return context;
}

Handshake::~Handshake() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  SSL_SESSION_free(resumed_);
  OPENSSL_cleanse(psk_.data(), psk_.size());
}

unsigned Handshake::pskCallback(SSL* ssl, const char*, unsigned char* psk, unsigned maxBytes) {
  const auto* self = static_cast<const Handshake*>(SSL_get_ex_data(ssl, handshakeIndex()));
  if (self == nullptr || maxBytes < pskBytes) return 0;
  std::memcpy(psk, self->psk_.data(), pskBytes);
  return pskBytes;
}

bool Handshake::begin(SSL_CTX* context, std::span<const uint8_t, pskBytes> psk, size_t mtuBytes, uint64_t nowMs) {
  std::memcpy(psk_.data(), psk.data(), pskBytes);
  if (!prepare(context, mtuBytes, nowMs)) return false;
  SSL_set_psk_server_callback(ssl_, pskCallback);
  return true;
}

bool Handshake::beginResumed(SSL_CTX* context, std::span<const uint8_t> id, std::span<const uint8_t> masterSecret,
                             size_t mtuBytes, uint64_t nowMs) {
  if (!prepare(context, mtuBytes, nowMs)) return false;
  // The invented session has no extended master secret; one that is offered must not be in its way.
  SSL_set_options(ssl_, SSL_OP_NO_EXTENDED_MASTER_SECRET);
  const SSL_CIPHER* cipher = nullptr;
  STACK_OF(SSL_CIPHER)* all = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(all) && cipher == nullptr; i++) {
    const SSL_CIPHER* candidate = sk_SSL_CIPHER_value(all, i);
    if (findSuite(candidate) != nullptr) cipher = candidate;
  }
  resumed_ = SSL_SESSION_new();
  const bool ok = cipher != nullptr && resumed_ != nullptr &&
                  SSL_SESSION_set_protocol_version(resumed_, DTLS1_2_VERSION) == 1 &&
                  SSL_SESSION_set_cipher(resumed_, cipher) == 1 &&
                  SSL_SESSION_set1_id(resumed_, id.data(), static_cast<unsigned>(id.size())) == 1 &&
                  SSL_SESSION_set1_master_key(resumed_, masterSecret.data(), masterSecret.size()) == 1;
  if (!ok) state_ = State::failed;
  return ok;
}

/** Exactly the session of this handshake, whatever else a client asks for. */
SSL_SESSION* Handshake::sessionCallback(SSL* ssl, const unsigned char* id, int idBytes, int* copy) {
  const auto* self = static_cast<const Handshake*>(SSL_get_ex_data(ssl, handshakeIndex()));
  if (self == nullptr || self->resumed_ == nullptr) return nullptr;
  unsigned knownBytes = 0;
  const unsigned char* known = SSL_SESSION_get_id(self->resumed_, &knownBytes);
  if (idBytes < 0 || static_cast<unsigned>(idBytes) != knownBytes || std::memcmp(id, known, knownBytes) != 0) return nullptr;
  *copy = 1;
  return self->resumed_;
}

bool Handshake::prepare(SSL_CTX* context, size_t mtuBytes, uint64_t nowMs) {
  ERR_clear_error();
  ssl_ = SSL_new(context);
  if (ssl_ == nullptr) return false;
  BIO* bio = BIO_new(QueueBio::method());
  if (bio == nullptr) return false;
  BIO_set_data(bio, &queue_);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_ex_data(ssl_, handshakeIndex(), this);
  DTLS_set_timer_cb(ssl_, nextTimeout);
  SSL_set_mtu(ssl_, static_cast<long>(mtuBytes));
  SSL_set_accept_state(ssl_);
  deadlineMs_ = nowMs + handshakeLimitMs;
  state_ = State::running;
  return true;
}

Handshake::State Handshake::step() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) {
    state_ = State::done;
  } else {
    const int error = SSL_get_error(ssl_, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      const char* reason = ERR_reason_error_string(ERR_peek_error());
      failure_ = reason == nullptr ? "unreadable message" : reason;
      state_ = State::failed;
    }
  }
  ERR_clear_error();
  return state_;
}

Handshake::State Handshake::feed(std::span<const uint8_t> datagram) {
  if (datagram.empty()) return state_;
  if (state_ != State::running) return state_;
  queue_.in = datagram;
  queue_.hasInput = true;
  step();
  queue_.in = {};
  queue_.hasInput = false;
  return state_;
}

Handshake::State Handshake::onTimer(uint64_t nowMs) {
  if (state_ != State::running) return state_;
  if (nowMs >= deadlineMs_) {
    failure_ = "the client did not finish it";
    return state_ = State::failed;
  }
  ERR_clear_error();
  if (DTLSv1_handle_timeout(ssl_) < 0) state_ = State::failed;
  ERR_clear_error();
  return state_;
}

std::vector<Datagram> Handshake::takeOutput() { return std::move(queue_.out); }

bool Handshake::takeKeys(HandshakeKeys& keys, uint64_t recordLimit) {
  const Suite* suite = findSuite(SSL_get_current_cipher(ssl_));
  bool ok = suite != nullptr;
  if (ok) {
    const size_t key = keyBytes(suite->aead);
    const size_t iv = fixedIvBytes(suite->aead);
    uint8_t master[SSL_MAX_MASTER_KEY_LENGTH];
    uint8_t seed[13 + 2 * SSL3_RANDOM_SIZE] = {'k', 'e', 'y', ' ', 'e', 'x', 'p', 'a', 'n', 's', 'i', 'o', 'n'};
    uint8_t block[2 * (32 + 12)];
    const size_t masterBytes = SSL_SESSION_get_master_key(SSL_get_session(ssl_), master, sizeof master);
    SSL_get_server_random(ssl_, seed + 13, SSL3_RANDOM_SIZE);
    SSL_get_client_random(ssl_, seed + 13 + SSL3_RANDOM_SIZE, SSL3_RANDOM_SIZE);
    EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
    EVP_KDF_CTX* context = kdf != nullptr ? EVP_KDF_CTX_new(kdf) : nullptr;
    char digest[8];
    std::strcpy(digest, suite->digest);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master, masterBytes),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed),
        OSSL_PARAM_construct_end(),
    };
    ok = context != nullptr && EVP_KDF_derive(context, block, 2 * (key + iv), parameters) == 1;
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    // Client key, server key, client IV, server IV (RFC 5246, 6.3; no MAC keys with an AEAD). Epoch 1 is the first.
    const uint8_t* p = block;
    ok = ok && keys.open.open(suite->aead, false, 1, {p, key}, {p + 2 * key, iv}) &&
         keys.seal.open(suite->aead, true, 1, {p + key, key}, {p + 2 * key + iv, iv});
    keys.seal.limitTo(recordLimit);
    // An abbreviated handshake does not end with our flight, which may have been repeated with new numbers.
    keys.seal.startAt(queue_.lastSequence + 1);
    if (explicitNonceBytes(suite->aead) > 0) keys.seal.avoidNonces(queue_.firstNonce, queue_.sealedRecords);
    keys.description = suite->description;
    OPENSSL_cleanse(master, sizeof master);
    OPENSSL_cleanse(block, sizeof block);
  }
  SSL_free(ssl_);
  ssl_ = nullptr;
  OPENSSL_cleanse(psk_.data(), psk_.size());
  ERR_clear_error();
  return ok;
}

}  // namespace ocserv::dtls
