// The client's end of a tunnel for the tests: a TLS client speaking CSTP frames, a DTLS-PSK client that notes every
// record it is sent, and the server's TLS handshake that ends in a hand-over.
#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "cstp/frame.h"
#include "dtls/handshake.h"
#include "dtls/record.h"
#include "tls/handover.h"

namespace peer {

using Bytes = std::vector<uint8_t>;

inline void must(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

/** A key and its self-signed certificate, made once. */
struct Identity {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  Identity() {
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("vpn.test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    must(X509_sign(certificate, key, EVP_sha256()) > 0, "X509_sign");
  }
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  static const Identity& get() {
    static const Identity made;
    return made;
  }
  std::string pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio, &text);
    std::string made(text, static_cast<size_t>(length));
    BIO_free(bio);
    return made;
  }
};

struct Frame {
  uint8_t type;
  Bytes payload;
};

/** Owns its end of the stream. Never blocks. */
class TlsClient {
 public:
  explicit TlsClient(int fd, int version = TLS1_3_VERSION) : fd_(fd), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_, version);
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd);
    SSL_set_connect_state(ssl_);
    SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    if (fd_ >= 0) close(fd_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  int fd() const { return fd_; }
  SSL* ssl() const { return ssl_; }
  bool step() {
    ERR_clear_error();
    return SSL_do_handshake(ssl_) == 1;
  }
  /** False: the socket does not take it now (or is gone); nothing was sent. */
  bool sendRecord(std::span<const uint8_t> plaintext) {
    ERR_clear_error();
    return SSL_write(ssl_, plaintext.data(), static_cast<int>(plaintext.size())) == static_cast<int>(plaintext.size());
  }
  bool send(uint8_t type, std::span<const uint8_t> payload) {
    Bytes frame(ocserv::cstp::headerBytes + payload.size());
    ocserv::cstp::writeHeader(frame.data(), type, payload.size());
    std::copy(payload.begin(), payload.end(), frame.begin() + ocserv::cstp::headerBytes);
    return sendRecord(frame);
  }
  /** The next frame, if one is there. Records that are no frame count as a protocol error of the server. */
  std::optional<Frame> read() {
    ERR_clear_error();
    std::array<uint8_t, 16384> record;
    const int length = SSL_read(ssl_, record.data(), static_cast<int>(record.size()));
    if (length <= 0) {
      const int error = SSL_get_error(ssl_, length);
      hasEnded_ = hasEnded_ || (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE);
      return std::nullopt;
    }
    const auto frame = ocserv::cstp::parseFrame({record.data(), static_cast<size_t>(length)});
    must(frame.status == ocserv::cstp::Frame::Status::ok, "a frame of the server");
    return Frame{frame.type, Bytes(frame.payload.begin(), frame.payload.end())};
  }
  bool hasEnded() const { return hasEnded_; }
  std::array<uint8_t, 32> exportPsk() const {
    std::array<uint8_t, 32> key;
    must(SSL_export_keying_material(ssl_, key.data(), key.size(), ocserv::dtls::pskExporterLabel,
                                    std::strlen(ocserv::dtls::pskExporterLabel), nullptr, 0, 0) == 1, "exporter");
    return key;
  }

 private:
  int fd_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  bool hasEnded_ = false;
};

inline void setNonBlocking(int fd) { must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0, "fcntl"); }

struct Pair {
  int server;
  int client;
};
inline Pair streamPair() {
  int fds[2];
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
  return {fds[0], fds[1]};
}
/** Keeps packets apart, says EAGAIN when full and ends when the other side is closed: a tun device without a kernel. */
inline Pair tunPair() {
  int fds[2];
  must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0, "socketpair");
  return {fds[0], fds[1]};
}
inline Pair udpPair() {
  const int server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int client = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in addresses[2]{};
  for (int i = 0; i < 2; i++) {
    const int fd = i == 0 ? server : client;
    addresses[i].sin_family = AF_INET;
    addresses[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must(bind(fd, reinterpret_cast<sockaddr*>(&addresses[i]), sizeof addresses[i]) == 0, "bind");
    socklen_t length = sizeof addresses[i];
    getsockname(fd, reinterpret_cast<sockaddr*>(&addresses[i]), &length);
    const int bytes = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  must(connect(server, reinterpret_cast<sockaddr*>(&addresses[1]), sizeof addresses[1]) == 0, "connect");
  must(connect(client, reinterpret_cast<sockaddr*>(&addresses[0]), sizeof addresses[0]) == 0, "connect");
  return {server, client};
}

/** The handshake with libssl alone and the key at hand; `serverFd` ends up in the hand-over. */
inline ocserv::tls::Handover shakePlain(TlsClient& client, int serverFd) {
  static SSL_CTX* const context = [] {
    SSL_CTX* made = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(made, Identity::get().certificate);
    SSL_CTX_use_PrivateKey(made, Identity::get().key);
    SSL_CTX_set_num_tickets(made, 0);
    return made;
  }();
  ocserv::tls::Handover handover;
  handover.ssl = SSL_new(context);
  handover.fd = serverFd;
  SSL_set_fd(handover.ssl, serverFd);
  SSL_set_accept_state(handover.ssl);
  bool ours = false;
  for (int i = 0; i < 1000 && !(client.step() && ours); i++) {
    ERR_clear_error();
    ours = SSL_do_handshake(handover.ssl) == 1;
  }
  must(ours, "TLS handshake");
  return handover;
}

/** DTLS-PSK over a connected socket. Notes number and nonce of all records it is sent, by epoch and key. */
class DtlsClient {
 public:
  DtlsClient(int fd, std::array<uint8_t, 32> psk, const char* suite) : fd_(fd), psk_(psk) {
    context_ = SSL_CTX_new(DTLS_client_method());
    SSL_CTX_set_cipher_list(context_, suite);
    SSL_CTX_set_psk_client_callback(context_, givePsk);
    SSL_CTX_set_options(context_, SSL_OP_NO_QUERY_MTU);
    ssl_ = SSL_new(context_);
    SSL_set_app_data(ssl_, this);
    SSL_set_mtu(ssl_, 1200);
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in_, -1);
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_connect_state(ssl_);
    explicitNonce_ = std::strstr(suite, "GCM") != nullptr;
  }
  ~DtlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
    if (fd_ >= 0) close(fd_);
  }
  DtlsClient(const DtlsClient&) = delete;
  DtlsClient& operator=(const DtlsClient&) = delete;

  int fd() const { return fd_; }
  /** Goes on from another address with the same keys. */
  void moveTo(int fd) {
    close(fd_);
    fd_ = fd;
  }
  /** One step of the handshake; what it wants to say is returned, record by record. */
  std::vector<Bytes> step() {
    ERR_clear_error();
    isUp_ = SSL_do_handshake(ssl_) == 1 || isUp_;
    return takeRecords();
  }
  bool isUp() const { return isUp_; }
  std::vector<Bytes> takeRecords() {
    Bytes bytes(static_cast<size_t>(BIO_pending(out_)));
    if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    std::vector<Bytes> records;
    std::span<const uint8_t> left(bytes);
    while (const auto header = ocserv::dtls::parseRecord(left)) {
      const size_t length = ocserv::dtls::recordHeaderBytes + header->length;
      records.emplace_back(left.begin(), left.begin() + static_cast<ptrdiff_t>(length));
      left = left.subspan(length);
    }
    return records;
  }
  void sendAll(const std::vector<Bytes>& datagrams) const {
    for (const Bytes& datagram : datagrams) {
      [[maybe_unused]] const ssize_t sent = ::send(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL);
    }
  }
  /** A sealed record, not sent. */
  std::vector<Bytes> seal(uint8_t type, std::span<const uint8_t> payload) {
    Bytes text(1 + payload.size());
    text[0] = type;
    std::copy(payload.begin(), payload.end(), text.begin() + 1);
    ERR_clear_error();
    SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
    return takeRecords();
  }
  void send(uint8_t type, std::span<const uint8_t> payload) { sendAll(seal(type, payload)); }
  /** Takes what the socket has, answers handshake messages, and calls `packet` with type and payload of the rest. */
  void receive(const std::function<void(uint8_t, std::span<const uint8_t>)>& packet) {
    std::array<uint8_t, 65536> datagram;
    for (;;) {
      const ssize_t length = recv(fd_, datagram.data(), datagram.size(), MSG_DONTWAIT);
      if (length <= 0) return;
      note({datagram.data(), static_cast<size_t>(length)});
      BIO_write(in_, datagram.data(), static_cast<int>(length));
      if (!isUp_) {
        sendAll(step());
        if (!isUp_) continue;
      }
      std::array<uint8_t, 16384> text;
      for (;;) {
        ERR_clear_error();
        const int count = SSL_read(ssl_, text.data(), static_cast<int>(text.size()));
        if (count <= 0) break;
        packet(text[0], {text.data() + 1, static_cast<size_t>(count - 1)});
      }
    }
  }
  /** A datagram of the handshake read by the caller; what the client answers is returned, not sent. */
  std::vector<Bytes> give(std::span<const uint8_t> datagram) {
    note(datagram);
    BIO_write(in_, datagram.data(), static_cast<int>(datagram.size()));
    return step();
  }
  /** Records sealed by the server under this key, and nonces that came twice with other bytes. */
  size_t sealedRecords() const { return seen_.size(); }
  size_t repeatedNonces() const { return repeated_; }

 private:
  static unsigned givePsk(SSL* ssl, const char*, char* identity, unsigned, unsigned char* key, unsigned) {
    std::strcpy(identity, "psk");
    std::memcpy(key, static_cast<DtlsClient*>(SSL_get_app_data(ssl))->psk_.data(), 32);
    return 32;
  }
  void note(std::span<const uint8_t> datagram) {
    while (const auto header = ocserv::dtls::parseRecord(datagram)) {
      const size_t length = ocserv::dtls::recordHeaderBytes + header->length;
      if (header->epoch == 1) {
        const Bytes record(datagram.begin(), datagram.begin() + static_cast<ptrdiff_t>(length));
        // With GCM the nonce is in the record, else it follows from the number.
        const uint8_t* nonce = explicitNonce_ ? &record[ocserv::dtls::recordHeaderBytes] : &record[3];
        const auto [place, isNew] = seen_.insert({Bytes(nonce, nonce + 8), record});
        // The same bytes again are a repetition on the wire, not a second use of the nonce.
        if (!isNew && place->record != record) repeated_++;
      }
      datagram = datagram.subspan(length);
    }
  }

  struct Seen {
    Bytes nonce;
    Bytes record;
    bool operator<(const Seen& other) const { return nonce < other.nonce; }
  };
  int fd_;
  std::array<uint8_t, 32> psk_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
  bool isUp_ = false;
  bool explicitNonce_ = true;
  std::set<Seen> seen_;
  size_t repeated_ = 0;
};

}  // namespace peer
