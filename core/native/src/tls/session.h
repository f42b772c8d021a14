// The server side of one TLS connection as a machine over bytes: ciphertext in, ciphertext out, no socket and no
// thread. Its owner (the binding) reads the socket, answers what the handshake waits for and sends the output.
//   1. receive ciphertext, handshake() until it wants something: input, a context, a signature, a free job
//   2. done: facts(), then read() and write()
//   3. shutdown() and drain, or release() for the packet thread
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tls/context.h"
#include "tls/handover.h"
#include "tls/remote-key.h"

namespace ocserv::tls {

struct Facts {
  std::string version;
  std::string cipher;
  std::string description;
  std::string serverName;
  bool safeRenegotiation = false;
  /** Session::clientProof, where the client presented a certificate. */
  std::vector<uint8_t> clientProof;
};

class Session final : public Signer {
 public:
  enum class Handshake { wantInput, wantContext, wantSignature, wantJob, done, failed };
  enum class Read { ok, wouldBlock, closed, failed };

  /** Null when OpenSSL is out of memory. */
  static std::unique_ptr<Session> make(std::shared_ptr<Context> context);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void receive(std::span<const uint8_t> ciphertext);
  size_t unreadInput() const { return input_.size() - inputAt_; }
  std::vector<uint8_t>& output() { return output_; }

  Handshake handshake();
  /** After wantContext. Empty = the client named none. */
  const std::string& serverName() const { return serverName_; }
  bool chooseContext(std::shared_ptr<Context> context);
  /** After wantSignature, once. */
  SignatureRequest takeRequest() { return std::move(request_); }
  /** Empty = refused: the handshake fails when it goes on. */
  void giveSignature(std::vector<uint8_t> signature);

  Read read(std::span<uint8_t> to, size_t& length);
  bool write(std::span<const uint8_t> plaintext);
  void shutdown();
  const std::string& error() const { return error_; }
  Facts facts() const;
  /**
   * The messages of the handshake (RFC 8446, 4; RFC 5246, 7.4), both ways in their order, up to the client's
   * CertificateVerify or as far as they came. Empty when the client was not asked, or has not answered that.
   */
  const std::vector<uint8_t>& clientProof() const { return hasClientCertificate_ ? messages_ : nothing; }
  /** Gives libssl's object and the rest of the input away; this session is empty afterwards. */
  void release(Handover& handover);

  static void installHelloCallback(SSL_CTX* context);

  void requestSignature(SignatureRequest&& request) override;
  bool isSignaturePending() const override { return isSignaturePending_; }
  std::vector<uint8_t> takeSignature() override { return std::move(signature_); }

 private:
  static const std::vector<uint8_t> nothing;
  struct Bio;
  Session() = default;
  static int onHello(SSL* ssl, int* alert, void*);
  void readServerName();
  void describeFailure();
  static void onMessage(int isSent, int version, int contentType, const void* bytes, size_t length, SSL* ssl, void*);
  void record(bool isSent, std::span<const uint8_t> message);
  void stopRecording();

  std::shared_ptr<Context> context_;
  SSL* ssl_ = nullptr;
  std::vector<uint8_t> input_;
  size_t inputAt_ = 0;
  std::vector<uint8_t> output_;
  std::string serverName_;
  std::string error_;
  SignatureRequest request_;
  std::vector<uint8_t> signature_;
  uint16_t scheme_ = 0;
  std::vector<uint8_t> messages_;
  bool isRecording_ = true;
  bool hasClientCertificate_ = false;
  bool hasContext_ = false;
  bool isSignaturePending_ = false;
  bool isInJob_ = false;
};

}  // namespace ocserv::tls
