// TLS records in batches; see tls-channel.h.
#include "cstp/tls-channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace ocserv::cstp {

struct ChannelBio {
  static TlsChannel* channel(BIO* bio) { return static_cast<TlsChannel*>(BIO_get_data(bio)); }

  static int write(BIO* bio, const char* bytes, int length) {
    const auto* from = reinterpret_cast<const uint8_t*>(bytes);
    channel(bio)->out_.insert(channel(bio)->out_.end(), from, from + length);
    return length;
  }
  static int read(BIO* bio, char* to, int room) {
    BIO_clear_retry_flags(bio);
    std::span<const uint8_t>& in = channel(bio)->in_;
    if (in.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const size_t count = std::min(in.size(), static_cast<size_t>(room));
    std::memcpy(to, in.data(), count);
    in = in.subspan(count);
    return static_cast<int>(count);
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "packet thread buffer");
      BIO_meth_set_write(m, write);
      BIO_meth_set_read(m, read);
      BIO_meth_set_ctrl(m, control);
      return m;
    }();
    return made;
  }
};

TlsChannel::TlsChannel(tls::Handover&& connection, std::vector<uint8_t>& out)
    : ssl_(connection.ssl),
      fd_(connection.fd),
      out_(out),
      pendingInput_(std::move(connection.pendingInput)),
      unsent_(std::move(connection.pendingOutput)) {
  connection.ssl = nullptr;
  connection.fd = -1;
  BIO* bio = BIO_new(ChannelBio::method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  // Idle sessions must not keep 34 KB of record buffers.
  SSL_set_mode(ssl_, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  SSL_set_read_ahead(ssl_, 0);
  // The private key is not in this process: a renegotiation could not be signed from this thread.
  SSL_set_options(ssl_, SSL_OP_NO_RENEGOTIATION);
}

TlsChannel::~TlsChannel() {
  SSL_free(ssl_);
  if (fd_ >= 0) close(fd_);
}

void TlsChannel::feedPending() { in_ = pendingInput_; }

TlsChannel::Result TlsChannel::receive(std::span<uint8_t> buffer, bool& filled) {
  filled = false;
  if (!pendingInput_.empty()) std::vector<uint8_t>().swap(pendingInput_);
  ssize_t count;
  do {
    count = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count == 0) return Result::closed;
  if (count < 0) return errno == EAGAIN ? Result::wouldBlock : Result::failed;
  in_ = buffer.first(static_cast<size_t>(count));
  filled = static_cast<size_t>(count) == buffer.size();
  return Result::ok;
}

TlsChannel::Result TlsChannel::readRecord(std::span<uint8_t> to, size_t& length) {
  ERR_clear_error();
  if (SSL_read_ex(ssl_, to.data(), to.size(), &length) == 1) return Result::ok;
  const int error = SSL_get_error(ssl_, 0);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Result::wouldBlock;
  return error == SSL_ERROR_ZERO_RETURN ? Result::closed : Result::failed;
}

bool TlsChannel::writeRecord(std::span<const uint8_t> plaintext) {
  size_t written = 0;
  const bool ok = SSL_write_ex(ssl_, plaintext.data(), plaintext.size(), &written) == 1;
  if (!ok) ERR_clear_error();
  return ok;
}

TlsChannel::Result TlsChannel::sendBytes(const uint8_t* bytes, size_t length, size_t& sent) {
  sent = 0;
  while (sent < length) {
    const ssize_t count = ::send(fd_, bytes + sent, length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN ? Result::wouldBlock : Result::failed;
    }
    sent += static_cast<size_t>(count);
    sentBytes_ += static_cast<size_t>(count);
  }
  return Result::ok;
}

TlsChannel::Result TlsChannel::flush() {
  size_t sent = 0;
  Result result = Result::ok;
  if (!unsent_.empty()) {
    result = sendBytes(unsent_.data() + unsentAt_, unsent_.size() - unsentAt_, sent);
    unsentAt_ += sent;
    if (result == Result::ok) {
      std::vector<uint8_t>().swap(unsent_);
      unsentAt_ = 0;
    }
  }
  if (result == Result::ok && !out_.empty()) {
    result = sendBytes(out_.data(), out_.size(), sent);
    if (result == Result::wouldBlock) unsent_.assign(out_.begin() + static_cast<ptrdiff_t>(sent), out_.end());
  } else if (result == Result::wouldBlock) {
    // What was sent is cut off before more is added: a client that always leaves a little must not make this grow.
    unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<ptrdiff_t>(unsentAt_));
    unsentAt_ = 0;
    unsent_.insert(unsent_.end(), out_.begin(), out_.end());
  }
  out_.clear();
  return result;
}

void TlsChannel::sendCloseNotify() {
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

bool TlsChannel::exportPsk(std::span<uint8_t, 32> psk, const char* label) const {
  const bool ok = SSL_export_keying_material(ssl_, psk.data(), psk.size(), label, std::strlen(label), nullptr, 0, 0) == 1;
  if (!ok) ERR_clear_error();
  return ok;
}

int TlsChannel::pathMtu() const {
  tcp_info facts{};
  socklen_t length = sizeof facts;
  return getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &facts, &length) == 0 ? static_cast<int>(facts.tcpi_pmtu) : 0;
}

uint32_t TlsChannel::roundTripMicros() const {
  tcp_info facts{};
  socklen_t length = sizeof facts;
  return getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &facts, &length) == 0 ? facts.tcpi_rtt : 0;
}

}  // namespace ocserv::cstp
