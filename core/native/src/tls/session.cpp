// See session.h. ASYNC jobs run on small stacks of their own, where no JavaScript may be called: the context is
// therefore chosen between two calls of SSL_do_handshake, and the jobs begin only after that.
#include "tls/session.h"

#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>

#include "tls/description.h"

namespace ocserv::tls {
namespace {

// HandshakeType, RFC 8446, 4
constexpr uint8_t certificateMessage = 11;
constexpr uint8_t certificateVerifyMessage = 15;

/** A handshake with more in it is not recorded: it could not be shown to the security module. */
constexpr size_t maxRecordedBytes = 44 * 1024;

}  // namespace

const std::vector<uint8_t> Session::nothing;

struct Session::Bio {
  static Session* session(BIO* bio) { return static_cast<Session*>(BIO_get_data(bio)); }

  static int write(BIO* bio, const char* bytes, int length) {
    const auto* from = reinterpret_cast<const uint8_t*>(bytes);
    session(bio)->output_.insert(session(bio)->output_.end(), from, from + length);
    return length;
  }
  static int read(BIO* bio, char* to, int room) {
    BIO_clear_retry_flags(bio);
    Session& self = *session(bio);
    const size_t count = std::min(self.unreadInput(), static_cast<size_t>(room));
    if (count == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(to, self.input_.data() + self.inputAt_, count);
    self.inputAt_ += count;
    if (self.inputAt_ == self.input_.size()) {
      self.input_.clear();
      self.inputAt_ = 0;
    }
    return static_cast<int>(count);
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }
  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "event loop buffer");
      BIO_meth_set_write(m, write);
      BIO_meth_set_read(m, read);
      BIO_meth_set_ctrl(m, control);
      return m;
    }();
    return made;
  }
};

std::unique_ptr<Session> Session::make(std::shared_ptr<Context> context) {
  std::unique_ptr<Session> session(new Session);
  session->context_ = std::move(context);
  session->ssl_ = SSL_new(session->context_->native());
  BIO* bio = BIO_new(Bio::method());
  if (session->ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return nullptr;
  }
  BIO_set_data(bio, session.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(session->ssl_, bio, bio);
  SSL_set_app_data(session->ssl_, session.get());
  SSL_set_accept_state(session->ssl_);
  SSL_set_msg_callback(session->ssl_, onMessage);
  return session;
}

Session::~Session() {
  if (ssl_ == nullptr) return;
  if (isInJob_) {
    // A paused job keeps its stack for ever: let it run to its end, which is a refusal.
    giveSignature({});
    handshake();
  }
  SSL_free(ssl_);
  ERR_clear_error();
}

void Session::receive(std::span<const uint8_t> ciphertext) {
  input_.insert(input_.end(), ciphertext.begin(), ciphertext.end());
}

void Session::installHelloCallback(SSL_CTX* context) { SSL_CTX_set_client_hello_cb(context, onHello, nullptr); }

int Session::onHello(SSL* ssl, int*, void*) {
  auto* self = static_cast<Session*>(SSL_get_app_data(ssl));
  if (self == nullptr) return SSL_CLIENT_HELLO_ERROR;
  if (self->hasContext_) return SSL_CLIENT_HELLO_SUCCESS;
  self->readServerName();
  return SSL_CLIENT_HELLO_RETRY;
}

/** server_name, RFC 6066, 3: list length (2), type (1, 0 = host name), name length (2), name; one entry exactly. */
void Session::readServerName() {
  const unsigned char* bytes = nullptr;
  size_t length = 0;
  if (SSL_client_hello_get0_ext(ssl_, TLSEXT_TYPE_server_name, &bytes, &length) != 1 || length < 5) return;
  const size_t list = static_cast<size_t>(bytes[0]) << 8 | bytes[1];
  const size_t name = static_cast<size_t>(bytes[3]) << 8 | bytes[4];
  if (list != length - 2 || bytes[2] != 0 || name != length - 5) return;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 5, name);
  if (text.find('\0') == std::string_view::npos) serverName_ = text;
}

bool Session::chooseContext(std::shared_ptr<Context> context) {
  hasContext_ = true;
  if (context != context_) {
    if (!context->applyTo(ssl_)) {
      error_ = "the virtual host's TLS settings were refused: " + takeError();
      return false;
    }
    context_ = std::move(context);
  }
  if (!context_->asksClients()) stopRecording();
  SSL_set_mode(ssl_, SSL_MODE_ASYNC);
  return true;
}

void Session::onMessage(int isSent, int, int contentType, const void* bytes, size_t length, SSL* ssl, void*) {
  auto* self = static_cast<Session*>(SSL_get_app_data(ssl));
  if (self == nullptr || contentType != SSL3_RT_HANDSHAKE || length == 0) return;
  self->record(isSent == 1, {static_cast<const uint8_t*>(bytes), length});
}

void Session::record(bool isSent, std::span<const uint8_t> message) {
  if (!isRecording_) return;
  if (messages_.size() + message.size() > maxRecordedBytes) {
    stopRecording();
    return;
  }
  messages_.insert(messages_.end(), message.begin(), message.end());
  if (isSent) return;
  if (message[0] == certificateMessage) hasClientCertificate_ = true;
  if (message[0] == certificateVerifyMessage) isRecording_ = false;
}

void Session::stopRecording() {
  isRecording_ = false;
  std::vector<uint8_t>().swap(messages_);
}

Session::Handshake Session::handshake() {
  ERR_clear_error();
  int result;
  {
    const SigningScope scope(*this);
    result = SSL_do_handshake(ssl_);
  }
  isInJob_ = false;
  const int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_, result);
  // A handshake needs one signature: what comes after it, the client's certificates too, has the usual stack.
  if (error == SSL_ERROR_NONE || (scheme_ != 0 && error != SSL_ERROR_WANT_ASYNC)) SSL_clear_mode(ssl_, SSL_MODE_ASYNC);
  switch (error) {
    case SSL_ERROR_NONE:
      SSL_set_msg_callback(ssl_, nullptr);
      return Handshake::done;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Handshake::wantInput;
    case SSL_ERROR_WANT_CLIENT_HELLO_CB:
      return Handshake::wantContext;
    case SSL_ERROR_WANT_ASYNC:
      isInJob_ = true;
      return Handshake::wantSignature;
    case SSL_ERROR_WANT_ASYNC_JOB:
      return Handshake::wantJob;
    default:
      describeFailure();
      return Handshake::failed;
  }
}

void Session::describeFailure() {
  error_ = takeError();
  const long verified = SSL_get_verify_result(ssl_);
  if (verified != X509_V_OK) error_ += std::string(" (client certificate: ") + X509_verify_cert_error_string(verified) + ")";
}

void Session::requestSignature(SignatureRequest&& request) {
  request_ = std::move(request);
  scheme_ = request_.scheme;
  signature_.clear();
  isSignaturePending_ = true;
}

void Session::giveSignature(std::vector<uint8_t> signature) {
  signature_ = std::move(signature);
  isSignaturePending_ = false;
}

Session::Read Session::read(std::span<uint8_t> to, size_t& length) {
  ERR_clear_error();
  if (SSL_read_ex(ssl_, to.data(), to.size(), &length) == 1) return Read::ok;
  switch (SSL_get_error(ssl_, 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Read::wouldBlock;
    case SSL_ERROR_ZERO_RETURN:
      return Read::closed;
    default:
      describeFailure();
      return Read::failed;
  }
}

bool Session::write(std::span<const uint8_t> plaintext) {
  ERR_clear_error();
  size_t written = 0;
  if (SSL_write_ex(ssl_, plaintext.data(), plaintext.size(), &written) == 1) return true;
  describeFailure();
  return false;
}

void Session::shutdown() {
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

Facts Session::facts() const {
  Facts facts;
  facts.version = SSL_get_version(ssl_);
  facts.cipher = SSL_get_cipher_name(ssl_);
  facts.description = describeTls(ssl_, scheme_);
  facts.serverName = serverName_;
  facts.safeRenegotiation = SSL_version(ssl_) == TLS1_3_VERSION || SSL_get_secure_renegotiation_support(ssl_) == 1;
  if (SSL_get0_peer_certificate(ssl_) != nullptr) facts.clientProof = clientProof();
  return facts;
}

void Session::release(Handover& handover) {
  // Nothing of the connection may point here any more: it goes to another thread.
  SSL_set_app_data(ssl_, nullptr);
  BIO_set_data(SSL_get_rbio(ssl_), nullptr);
  handover.ssl = ssl_;
  ssl_ = nullptr;
  handover.pendingInput.assign(input_.begin() + static_cast<ptrdiff_t>(inputAt_), input_.end());
  handover.pendingOutput = std::move(output_);
}

}  // namespace ocserv::tls
