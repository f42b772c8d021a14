// The TLS side of a tunnel: libssl over memory, one recv and one send for many records. All buffers belong to the
// packet thread; a session keeps bytes of its own only while the socket does not take them.
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <span>
#include <vector>

#include "tls/handover.h"

namespace ocserv::cstp {

class TlsChannel {
 public:
  /** `out` is the thread's, empty between turns. Takes over the connection. */
  TlsChannel(tls::Handover&& connection, std::vector<uint8_t>& out);
  ~TlsChannel();
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  enum class Result { ok, wouldBlock, closed, failed };
  /** One recv into `buffer`; `filled` when there may be more. Then readRecord until it says wouldBlock. */
  Result receive(std::span<uint8_t> buffer, bool& filled);
  /** Gives libssl what came with the hand-over. */
  void feedPending();
  /** One record's plaintext into `to` (at least 16 KB). */
  Result readRecord(std::span<uint8_t> to, size_t& length);
  /** Seals one record into the thread's buffer. */
  bool writeRecord(std::span<const uint8_t> plaintext);
  /** Sends what was sealed. wouldBlock: the rest is kept; wait until the socket is writable. */
  Result flush();
  bool isBlocked() const { return !unsent_.empty(); }
  size_t unsentBytes() const { return unsent_.size() - unsentAt_; }
  /** Taken by the socket so far: tells a slow client from one that takes nothing. */
  uint64_t sentBytes() const { return sentBytes_; }
  void sendCloseNotify();
  bool exportPsk(std::span<uint8_t, 32> psk, const char* label) const;
  /** Path MTU of the TCP connection; 0 if unknown. */
  int pathMtu() const;
  /** Smoothed round-trip time of the TCP connection in microseconds; 0 if unknown. */
  uint32_t roundTripMicros() const;
  int fd() const { return fd_; }

 private:
  friend struct ChannelBio;
  Result sendBytes(const uint8_t* bytes, size_t length, size_t& sent);

  SSL* ssl_;
  int fd_;
  std::vector<uint8_t>& out_;
  std::span<const uint8_t> in_;
  std::vector<uint8_t> pendingInput_;
  std::vector<uint8_t> unsent_;
  size_t unsentAt_ = 0;
  uint64_t sentBytes_ = 0;
};

}  // namespace ocserv::cstp
