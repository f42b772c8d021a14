// The server's TLS handshake as the worker makes it: tls::Session over bytes, the key elsewhere, the signature given
// while the handshake is parked; then the hand-over.
#pragma once
#include <sys/socket.h>

#include "peer.h"
#include "tls/session.h"

namespace peer {

inline std::shared_ptr<ocserv::tls::Context> remoteKeyContext() {
  static const std::shared_ptr<ocserv::tls::Context> made = [] {
    ocserv::tls::ContextSettings settings;
    settings.certificates = {{Identity::get().pem(), "key 1"}};
    settings.policy.minVersion = TLS1_2_VERSION;
    settings.policy.maxVersion = TLS1_3_VERSION;
    settings.policy.cipherList = "ECDHE-ECDSA-AES256-GCM-SHA384";
    settings.policy.cipherSuites = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
    std::string error;
    auto context = ocserv::tls::Context::make(std::move(settings), error);
    if (!context) std::printf("TLS context: %s\n", error.c_str());
    return context;
  }();
  return made;
}

/** What the security module does. */
inline Bytes signWithKey(const ocserv::tls::SignatureRequest& request) {
  // The hash of an ECDSA scheme, RFC 8446, 4.2.3.
  const int hash = request.scheme >> 8;
  must(request.keyId == "key 1" && (request.scheme & 0xff) == 3, "the request for a signature");
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  size_t length = 0;
  EVP_DigestSignInit(context, nullptr, hash == 6 ? EVP_sha512() : hash == 5 ? EVP_sha384() : EVP_sha256(), nullptr, Identity::get().key);
  EVP_DigestSign(context, nullptr, &length, request.input.data(), request.input.size());
  Bytes signature(length);
  must(EVP_DigestSign(context, signature.data(), &length, request.input.data(), request.input.size()) == 1, "sign");
  signature.resize(length);
  EVP_MD_CTX_free(context);
  return signature;
}

/** One step: socket to session, session to socket. False when the handshake failed. */
inline bool stepSession(ocserv::tls::Session& session, int fd, bool& done) {
  using Handshake = ocserv::tls::Session::Handshake;
  std::array<uint8_t, 16384> buffer;
  const ssize_t count = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) session.receive({buffer.data(), static_cast<size_t>(count)});
  for (bool more = true; more && !done;) {
    switch (session.handshake()) {
      case Handshake::wantContext:
        must(session.chooseContext(remoteKeyContext()), "choose context");
        break;
      case Handshake::wantSignature:
        session.giveSignature(signWithKey(session.takeRequest()));
        break;
      case Handshake::done:
        done = true;
        break;
      case Handshake::wantInput:
        more = false;
        break;
      case Handshake::wantJob:
      case Handshake::failed:
        return false;
    }
  }
  Bytes& output = session.output();
  if (!output.empty()) must(send(fd, output.data(), output.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(output.size()), "send");
  output.clear();
  return true;
}

inline ocserv::tls::Handover shakeSession(TlsClient& client, int serverFd) {
  auto session = ocserv::tls::Session::make(remoteKeyContext());
  bool done = false;
  for (int i = 0; i < 1000 && !(client.step() && done); i++) must(stepSession(*session, serverFd, done), "handshake");
  ocserv::tls::Handover handover;
  session->release(handover);
  handover.fd = serverFd;
  return handover;
}

}  // namespace peer
