// An immutable TLS server context: certificates whose keys are elsewhere, policy, client authorities. Made by the
// binding, shared by the sessions that use it.
#pragma once
#include <memory>
#include <string>

#include "tls/library.h"
#include "tls/policy.h"

namespace ocserv::tls {

class Context {
 public:
  /** Null, and `error` says which part OpenSSL refused and why. */
  static std::shared_ptr<Context> make(ContextSettings settings, std::string& error);

  bool asksClients() const { return settings_.clientCertificate != ClientCertificate::none; }
  SSL_CTX* native() const { return context_.get(); }
  /** Makes a connection that was begun under another context go on under this one. */
  bool applyTo(SSL* ssl) const;

 private:
  bool build(std::string& error);
  bool useCertificate(const Certificate& certificate, std::string& error);
  bool trustClients(std::string& error);
  static int staple(SSL* ssl, void* argument);

  ContextSettings settings_;
  SslContextPointer context_;
};

}  // namespace ocserv::tls
