// Sealing and opening of DTLS records; see record.h.
#include "dtls/record.h"

#include <cstring>

#include "ip/checksum.h"

namespace ocserv::dtls {

namespace {

constexpr uint16_t dtls12 = 0xfefd;

uint64_t readSequence(const uint8_t* p) { return static_cast<uint64_t>(ip::read16(p)) << 32 | ip::read32(p + 2); }

}  // namespace

std::optional<RecordHeader> parseRecord(std::span<const uint8_t> bytes) {
  if (bytes.size() < recordHeaderBytes) return std::nullopt;
  const uint8_t* p = bytes.data();
  const RecordHeader header{p[0], ip::read16(p + 1), ip::read16(p + 3), readSequence(p + 5), ip::read16(p + 11)};
  if (bytes.size() - recordHeaderBytes < header.length) return std::nullopt;
  return header;
}

bool RecordCipher::open(Aead aead, bool seals, uint16_t epoch, std::span<const uint8_t> key,
                        std::span<const uint8_t> iv) {
  aead_ = aead;
  epoch_ = epoch;
  if (key.size() != keyBytes(aead) || iv.size() != fixedIvBytes(aead)) return false;
  std::memcpy(iv_.data(), iv.data(), iv.size());
  context_.reset(EVP_CIPHER_CTX_new());
  if (!context_) return false;
  const EVP_CIPHER* cipher = aead == Aead::aes128Gcm   ? EVP_aes_128_gcm()
                             : aead == Aead::aes256Gcm ? EVP_aes_256_gcm()
                                                       : EVP_chacha20_poly1305();
  return EVP_CipherInit_ex(context_.get(), cipher, nullptr, key.data(), nullptr, seals ? 1 : 0) == 1;
}

void RecordCipher::makeNonce(const uint8_t* record, uint8_t* nonce) const {
  std::memcpy(nonce, iv_.data(), 12);
  if (aead_ == Aead::chaCha20Poly1305) {
    for (size_t i = 0; i < 8; i++) nonce[4 + i] ^= record[3 + i];
  } else {
    std::memcpy(nonce + 4, record + recordHeaderBytes, 8);
  }
}

void RecordCipher::makeAad(const uint8_t* record, size_t plaintextBytes, uint8_t* aad) {
  // seq_num (epoch and sequence), type, version, length of the plaintext (RFC 5246, 6.2.3.3).
  std::memcpy(aad, record + 3, 8);
  std::memcpy(aad + 8, record, 3);
  ip::write16(aad + 11, static_cast<uint16_t>(plaintextBytes));
}

size_t RecordCipher::seal(uint8_t* record, uint8_t type, size_t plaintextBytes) {
  while ((static_cast<uint64_t>(epoch_) << 48 | nextSequence_) - usedFrom_ < usedCount_) nextSequence_++;
  const uint64_t sequence = nextSequence_;
  const size_t sealed = explicitNonceBytes(aead_) + plaintextBytes + tagBytes;
  if (sequence >= endSequence_ || sealed > 0xffff) return 0;
  nextSequence_++;
  record[0] = type;
  ip::write16(record + 1, dtls12);
  ip::write16(record + 3, epoch_);
  ip::write16(record + 5, static_cast<uint16_t>(sequence >> 32));
  ip::write32(record + 7, static_cast<uint32_t>(sequence));
  ip::write16(record + 11, static_cast<uint16_t>(sealed));
  if (explicitNonceBytes(aead_) != 0) std::memcpy(record + recordHeaderBytes, record + 3, 8);
  uint8_t nonce[12];
  uint8_t aad[13];
  makeNonce(record, nonce);
  makeAad(record, plaintextBytes, aad);
  uint8_t* text = record + headroom();
  EVP_CIPHER_CTX* context = context_.get();
  int length = 0;
  if (EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce, 1) != 1 ||
      EVP_CipherUpdate(context, nullptr, &length, aad, sizeof aad) != 1 ||
      EVP_CipherUpdate(context, text, &length, text, static_cast<int>(plaintextBytes)) != 1 ||
      EVP_CipherFinal_ex(context, text + plaintextBytes, &length) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tagBytes, text + plaintextBytes) != 1) {
    return 0;
  }
  return recordHeaderBytes + sealed;
}

RecordCipher::Opened RecordCipher::unseal(std::span<uint8_t> record, const RecordHeader& header) {
  const size_t nonceBytes = explicitNonceBytes(aead_);
  if (header.version != dtls12 || header.epoch != epoch_ || header.length < nonceBytes + tagBytes) return {};
  const size_t plaintextBytes = header.length - nonceBytes - tagBytes;
  uint8_t nonce[12];
  uint8_t aad[13];
  makeNonce(record.data(), nonce);
  makeAad(record.data(), plaintextBytes, aad);
  uint8_t* text = record.data() + headroom();
  EVP_CIPHER_CTX* context = context_.get();
  int length = 0;
  if (EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce, 0) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagBytes, text + plaintextBytes) != 1 ||
      EVP_CipherUpdate(context, nullptr, &length, aad, sizeof aad) != 1 ||
      EVP_CipherUpdate(context, text, &length, text, static_cast<int>(plaintextBytes)) != 1 ||
      EVP_CipherFinal_ex(context, text + plaintextBytes, &length) != 1) {
    return {};
  }
  return {true, {text, plaintextBytes}};
}

}  // namespace ocserv::dtls
