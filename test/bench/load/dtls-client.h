// The client's end of a PSK-NEGOTIATE handshake: libssl shakes hands, then its keys seal and open records in batches
// as those of the server do (dtls/record.h). Used by session.cpp.
#pragma once
#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dtls/record.h"

namespace load {

class DtlsClient {
 public:
  /** `appId` is the session id of the hello, by which the server finds the tunnel. */
  DtlsClient(std::span<const uint8_t, 32> psk, std::span<const uint8_t> appId);
  ~DtlsClient();
  DtlsClient(const DtlsClient&) = delete;
  DtlsClient& operator=(const DtlsClient&) = delete;

  /** The next step, with a datagram of the server or without; answers with what is to be sent. */
  std::vector<std::vector<uint8_t>> step(std::span<const uint8_t> datagram);
  bool isUp() const { return isUp_; }
  /** Says the same again when the server was silent too long. */
  std::vector<std::vector<uint8_t>> repeat();

  ocserv::dtls::RecordCipher seal;
  ocserv::dtls::RecordCipher open;

 private:
  std::vector<std::vector<uint8_t>> takeOutput();
  void takeKeys();

  std::array<uint8_t, 32> psk_;
  SSL* ssl_;
  BIO* in_;
  BIO* out_;
  bool isUp_ = false;
};

}  // namespace load
