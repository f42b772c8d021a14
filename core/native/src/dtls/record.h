// DTLS 1.2 records of an established association (RFC 6347, 4.1; AES-GCM: RFC 5288, ChaCha20-Poly1305: RFC 7905),
// sealed and opened in place with EVP. libssl makes the handshake and never writes in this epoch afterwards:
// a nonce used twice would give the key away.
//
//   0      content type        5..10  sequence number, 48 bit
//   1..2   version fe fd       11..12 length of what follows
//   3..4   epoch               13..   [8 bytes explicit nonce, GCM only] ciphertext, 16 bytes tag
#pragma once
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace ocserv::dtls {

// Demanded by the protocol.
constexpr size_t recordHeaderBytes = 13;
constexpr size_t tagBytes = 16;
constexpr uint8_t contentChangeCipherSpec = 20;
constexpr uint8_t contentAlert = 21;
constexpr uint8_t contentHandshake = 22;
constexpr uint8_t contentApplicationData = 23;
constexpr uint8_t alertCloseNotify = 0;
constexpr uint64_t maxSequence = (uint64_t{1} << 48) - 1;

struct RecordHeader {
  uint8_t type;
  uint16_t version;
  uint16_t epoch;
  uint64_t sequence;
  uint16_t length;
};
/** The header, if the datagram holds it and all of the record's bytes. */
std::optional<RecordHeader> parseRecord(std::span<const uint8_t> bytes);

enum class Aead { aes128Gcm, aes256Gcm, chaCha20Poly1305 };
constexpr size_t keyBytes(Aead aead) { return aead == Aead::aes128Gcm ? 16 : 32; }
constexpr size_t fixedIvBytes(Aead aead) { return aead == Aead::chaCha20Poly1305 ? 12 : 4; }
constexpr size_t explicitNonceBytes(Aead aead) { return aead == Aead::chaCha20Poly1305 ? 0 : 8; }

struct EvpContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

/** One direction of one epoch. */
class RecordCipher {
 public:
  /** False if libcrypto refuses. `key` and `iv` have the lengths the AEAD asks for. */
  bool open(Aead aead, bool seals, uint16_t epoch, std::span<const uint8_t> key, std::span<const uint8_t> iv);

  /** Bytes in front of the plaintext. */
  size_t headroom() const { return recordHeaderBytes + explicitNonceBytes(aead_); }
  size_t overhead() const { return headroom() + tagBytes; }

  /**
   * `record` has headroom() bytes, then the plaintext, then tagBytes of room. Takes the next sequence number.
   * Returns the record's length, 0 on failure (numbers used up, library error): nothing may be sent then.
   */
  size_t seal(uint8_t* record, uint8_t type, size_t plaintextBytes);

  /** seal() refuses the number `sequence` and all behind it (at most 2^48, where the numbers end). */
  void limitTo(uint64_t sequence) { endSequence_ = sequence < endSequence_ ? sequence : endSequence_; }
  /** Numbers below are used already. */
  void startAt(uint64_t sequence) { nextSequence_ = sequence; }
  /** Leaves out the record numbers whose explicit nonces somebody else has used with this key: `count` from `first`. */
  void avoidNonces(uint64_t first, uint64_t count) {
    usedFrom_ = first;
    usedCount_ = count;
  }

  /** Decrypts in place and returns the plaintext; empty `ok` = not authentic. */
  struct Opened {
    bool ok = false;
    std::span<uint8_t> plaintext;
  };
  Opened unseal(std::span<uint8_t> record, const RecordHeader& header);

  uint16_t epoch() const { return epoch_; }
  uint64_t nextSequence() const { return nextSequence_; }

 private:
  void makeNonce(const uint8_t* record, uint8_t* nonce) const;
  static void makeAad(const uint8_t* record, size_t plaintextBytes, uint8_t* aad);

  std::unique_ptr<EVP_CIPHER_CTX, EvpContextFree> context_;
  std::array<uint8_t, 12> iv_{};
  uint64_t nextSequence_ = 1;  // 0 was the Finished that libssl sent
  uint64_t endSequence_ = maxSequence + 1;
  uint64_t usedFrom_ = 0;
  uint64_t usedCount_ = 0;
  uint16_t epoch_ = 0;
  Aead aead_ = Aead::aes256Gcm;
};

}  // namespace ocserv::dtls
