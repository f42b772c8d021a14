// The DTLS 1.2 PSK handshake of one association (PSK-NEGOTIATE), made by libssl over a memory queue of datagrams.
// Used by Association; the SSL object lives only until the keys are taken.
//   1. begin: context for the suites, PSK = exporter of the TLS channel, session id of the client is not resumed
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

/** Context for a list of PSK suites (OpenSSL's names); of these only AEAD ones with our record layer. Null: none. */
SslContext makePskContext(const std::string& cipherList);

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
    uint64_t sealedNonce = 0;  // explicit nonce of the last record libssl sealed
    std::span<const uint8_t> in;
    bool hasInput = false;
  };
  friend struct QueueBio;
  static unsigned pskCallback(SSL* ssl, const char* identity, unsigned char* psk, unsigned maxBytes);
  State step();

  SSL* ssl_ = nullptr;
  Queue queue_;
  std::array<uint8_t, pskBytes> psk_{};
  uint64_t deadlineMs_ = 0;
  State state_ = State::failed;
  std::string failure_;
};

}  // namespace ocserv::dtls
