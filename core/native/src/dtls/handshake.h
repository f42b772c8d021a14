// The DTLS 1.2 handshake of one association, made by libssl over a memory queue of datagrams.
// Used by Association; the SSL object lives only until the keys are taken.
//   1. begin: context for the suites. Either PSK (PSK-NEGOTIATE): the key is the exporter of the TLS channel, the client's
//      session id is not resumed. Or, as AnyConnect does it, the client resumes a session that never was: id and master
//      secret were exchanged with CONNECT, and the handshake is the abbreviated one (RFC 5246, 7.3)
//   2. feed each datagram of the client; send what comes out; retransmit when the timer says so
//   3. done: derive the key block ourselves, keep the last flight for repetition, free libssl's object
#pragma once
#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dtls/record.h"

namespace ocserv::dtls {

constexpr size_t pskBytes = 32;
constexpr char pskExporterLabel[] = "EXPORTER-openconnect-psk";

using Datagram = std::vector<uint8_t>;

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;

/** Context for a list of suites (OpenSSL's names); of these only AEAD ones with our record layer. Null: none. */
SslContext makeContext(const std::string& cipherList);

struct HandshakeKeys {
  RecordCipher seal;
  RecordCipher open;
  std::string description;  // GnuTLS-style
};

class Handshake {
 public:
  enum class State { running, done, failed };

  Handshake() = default;
  ~Handshake();
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

  bool begin(SSL_CTX* context, std::span<const uint8_t, pskBytes> psk, size_t mtuBytes, uint64_t nowMs);
  /** `id` as it was announced, `masterSecret` of 48 bytes; of the context's suites the first one. */
  bool beginResumed(SSL_CTX* context, std::span<const uint8_t> id, std::span<const uint8_t> masterSecret, size_t mtuBytes,
                    uint64_t nowMs);
  /** One datagram of the client. Output waits in takeOutput(). */
  State feed(std::span<const uint8_t> datagram);
  /** Retransmits if due; `failed` when the time for the whole handshake is over. */
  State onTimer(uint64_t nowMs);
  std::vector<Datagram> takeOutput();
  State state() const { return state_; }
  /** Why, after `failed`. */
  const std::string& failure() const { return failure_; }
  /** After `done`: the keys, ours for records numbered below `recordLimit`. Frees libssl's object. */
  bool takeKeys(HandshakeKeys& keys, uint64_t recordLimit = maxSequence + 1);

 private:
  struct Queue {
    std::vector<Datagram> out;
    // Of the records libssl sealed: the first explicit nonce, how many there were, and the highest number.
    uint64_t firstNonce = 0;
    uint64_t sealedRecords = 0;
    uint64_t lastSequence = 0;
    std::span<const uint8_t> in;
    bool hasInput = false;
  };
  friend struct QueueBio;
  friend SslContext makeContext(const std::string& cipherList);
  bool prepare(SSL_CTX* context, size_t mtuBytes, uint64_t nowMs);
  static SSL_SESSION* sessionCallback(SSL* ssl, const unsigned char* id, int idBytes, int* copy);
  static unsigned pskCallback(SSL* ssl, const char* identity, unsigned char* psk, unsigned maxBytes);
  State step();

  SSL* ssl_ = nullptr;
  Queue queue_;
  std::array<uint8_t, pskBytes> psk_{};
  SSL_SESSION* resumed_ = nullptr;
  uint64_t deadlineMs_ = 0;
  State state_ = State::failed;
  std::string failure_;
};

}  // namespace ocserv::dtls
