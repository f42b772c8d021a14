// See dtls-client.h.
#include "dtls-client.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>

#include <cstring>

#include "login.h"

namespace load {

namespace {

constexpr const char* suite = "PSK-AES256-GCM-SHA384";
constexpr size_t keyBytes = 32;
constexpr size_t ivBytes = 4;

unsigned givePsk(SSL* ssl, const char*, char* identity, unsigned, unsigned char* key, unsigned) {
  std::strcpy(identity, "psk");
  std::memcpy(key, SSL_get_app_data(ssl), 32);
  return 32;
}

}  // namespace

DtlsClient::DtlsClient(std::span<const uint8_t, 32> psk, std::span<const uint8_t> appId)
    : in_(BIO_new(BIO_s_mem())), out_(BIO_new(BIO_s_mem())) {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(DTLS_client_method());
    SSL_CTX_set_max_proto_version(made, DTLS1_2_VERSION);
    SSL_CTX_set_cipher_list(made, suite);
    SSL_CTX_set_psk_client_callback(made, givePsk);
    SSL_CTX_set_options(made, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET);
    return made;
  }();
  std::copy(psk.begin(), psk.end(), psk_.begin());
  ssl_ = SSL_new(context);
  SSL_set_app_data(ssl_, psk_.data());
  SSL_set_mtu(ssl_, 1200);
  BIO_set_mem_eof_return(in_, -1);
  SSL_set_bio(ssl_, in_, out_);
  // A session that cannot be resumed, for libssl sends a session id only of one it was given.
  SSL_SESSION* session = SSL_SESSION_new();
  const uint8_t secret[48] = {1};
  SSL_SESSION_set_protocol_version(session, DTLS1_2_VERSION);
  SSL_SESSION_set_cipher(session, sk_SSL_CIPHER_value(SSL_get_ciphers(ssl_), 0));
  SSL_SESSION_set1_master_key(session, secret, sizeof secret);
  SSL_SESSION_set1_id(session, appId.data(), static_cast<unsigned>(appId.size()));
  SSL_set_session(ssl_, session);
  SSL_SESSION_free(session);
  SSL_set_connect_state(ssl_);
}

DtlsClient::~DtlsClient() { SSL_free(ssl_); }

std::vector<std::vector<uint8_t>> DtlsClient::step(std::span<const uint8_t> datagram) {
  if (!datagram.empty()) BIO_write(in_, datagram.data(), static_cast<int>(datagram.size()));
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  auto output = takeOutput();
  if (result == 1) {
    takeKeys();
  } else if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) {
    fail("the DTLS handshake");
  }
  return output;
}

std::vector<std::vector<uint8_t>> DtlsClient::repeat() {
  if (!isUp_) DTLSv1_handle_timeout(ssl_);
  return takeOutput();
}

std::vector<std::vector<uint8_t>> DtlsClient::takeOutput() {
  std::vector<uint8_t> bytes(static_cast<size_t>(BIO_pending(out_)));
  if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
  std::vector<std::vector<uint8_t>> records;
  std::span<const uint8_t> left(bytes);
  while (const auto header = ocserv::dtls::parseRecord(left)) {
    const size_t length = ocserv::dtls::recordHeaderBytes + header->length;
    records.emplace_back(left.begin(), left.begin() + static_cast<ptrdiff_t>(length));
    left = left.subspan(length);
  }
  return records;
}

// RFC 5246, 6.3: client key, server key, client IV, server IV.
void DtlsClient::takeKeys() {
  uint8_t master[SSL_MAX_MASTER_KEY_LENGTH];
  uint8_t seed[13 + 2 * SSL3_RANDOM_SIZE] = {'k', 'e', 'y', ' ', 'e', 'x', 'p', 'a', 'n', 's', 'i', 'o', 'n'};
  uint8_t block[2 * (keyBytes + ivBytes)];
  const size_t masterBytes = SSL_SESSION_get_master_key(SSL_get_session(ssl_), master, sizeof master);
  SSL_get_server_random(ssl_, seed + 13, SSL3_RANDOM_SIZE);
  SSL_get_client_random(ssl_, seed + 13 + SSL3_RANDOM_SIZE, SSL3_RANDOM_SIZE);
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  char digest[] = "SHA384";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master, masterBytes),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed),
      OSSL_PARAM_construct_end(),
  };
  const bool derived = EVP_KDF_derive(context, block, sizeof block, parameters) == 1;
  EVP_KDF_CTX_free(context);
  EVP_KDF_free(kdf);
  const uint8_t* p = block;
  using ocserv::dtls::Aead;
  isUp_ = derived && seal.open(Aead::aes256Gcm, true, 1, {p, keyBytes}, {p + 2 * keyBytes, ivBytes}) &&
          open.open(Aead::aes256Gcm, false, 1, {p + keyBytes, keyBytes}, {p + 2 * keyBytes + ivBytes, ivBytes});
  if (!isUp_) fail("deriving the DTLS keys");
}

}  // namespace load
