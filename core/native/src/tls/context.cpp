// See context.h. The client-hello callback lives in session.cpp.
#include "tls/context.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstring>

#include "tls/client-trust.h"
#include "tls/pem.h"
#include "tls/remote-key.h"
#include "tls/session.h"

namespace ocserv::tls {
namespace {

// Compressed certificates came with OpenSSL 3.2; Node's has them.
#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
constexpr uint64_t noCertificateCompression =
    SSL_OP_NO_RX_CERTIFICATE_COMPRESSION | SSL_OP_NO_TX_CERTIFICATE_COMPRESSION;
#else
constexpr uint64_t noCertificateCompression = 0;
#endif

/** Options a policy may set; cleared before those of another context are set on a running connection. */
constexpr uint64_t policyOptions =
    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_EXTENDED_MASTER_SECRET | SSL_OP_NO_ENCRYPT_THEN_MAC;

uint64_t optionsOf(const Policy& policy) {
  return (policy.serverPreference ? SSL_OP_CIPHER_SERVER_PREFERENCE : 0) |
         (policy.extendedMasterSecret ? 0 : SSL_OP_NO_EXTENDED_MASTER_SECRET) |
         (policy.encryptThenMac ? 0 : SSL_OP_NO_ENCRYPT_THEN_MAC);
}

/** What a client may present; the security module is shown all of it in one message. */
constexpr long maxClientChainBytes = 20 * 1024;

/** Static RSA key exchange would need the private key for decryption, which nobody does for us. */
std::string cipherListOf(const Policy& policy) { return policy.cipherList + ":!kRSA"; }

int verifyMode(ClientCertificate wanted) {
  switch (wanted) {
    case ClientCertificate::none:
      return SSL_VERIFY_NONE;
    case ClientCertificate::request:
      return SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE;
    case ClientCertificate::require:
      return SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  }
  return SSL_VERIFY_NONE;
}

}  // namespace

std::shared_ptr<Context> Context::make(ContextSettings settings, std::string& error) {
  std::shared_ptr<Context> context(new Context);
  context->settings_ = std::move(settings);
  ERR_clear_error();
  return context->build(error) ? context : nullptr;
}

bool Context::build(std::string& error) {
  const auto refused = [&error](const std::string& what) {
    error = what + ": " + takeError();
    return false;
  };
  if (libraryContext() == nullptr) return refused("OpenSSL");
  context_.reset(SSL_CTX_new_ex(libraryContext(), propertyQuery, TLS_server_method()));
  if (!context_) return refused("TLS context");
  SSL_CTX* const context = context_.get();
  const Policy& policy = settings_.policy;

  SSL_CTX_set_security_level(context, policy.securityLevel);
  if (SSL_CTX_set_min_proto_version(context, policy.minVersion) != 1 ||
      SSL_CTX_set_max_proto_version(context, policy.maxVersion) != 1) {
    return refused("TLS versions");
  }
  if (policy.cipherList.empty() ? policy.cipherSuites.empty()
                                : SSL_CTX_set_cipher_list(context, cipherListOf(policy).c_str()) != 1) {
    return refused("cipher list \"" + policy.cipherList + "\"");
  }
  if (SSL_CTX_set_ciphersuites(context, policy.cipherSuites.c_str()) != 1) {
    return refused("TLS 1.3 cipher suites \"" + policy.cipherSuites + "\"");
  }
  if (!policy.groups.empty() && SSL_CTX_set1_groups_list(context, policy.groups.c_str()) != 1) {
    return refused("groups \"" + policy.groups + "\"");
  }
  if (!policy.signatureAlgorithms.empty() &&
      SSL_CTX_set1_sigalgs_list(context, policy.signatureAlgorithms.c_str()) != 1) {
    return refused("signature algorithms \"" + policy.signatureAlgorithms + "\"");
  }
  SSL_CTX_set_options(context, optionsOf(policy) | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
                                   noCertificateCompression | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_max_cert_list(context, maxClientChainBytes);
  Session::installHelloCallback(context);

  for (const Certificate& certificate : settings_.certificates) {
    if (!useCertificate(certificate, error)) return false;
  }
  if (settings_.dhParameters.empty()) {
    SSL_CTX_set_dh_auto(context, 1);
  } else {
    const BioPointer bio = readOnly(settings_.dhParameters);
    EVP_PKEY* parameters = PEM_read_bio_Parameters_ex(bio.get(), nullptr, libraryContext(), propertyQuery);
    if (parameters == nullptr || SSL_CTX_set0_tmp_dh_pkey(context, parameters) != 1) {
      EVP_PKEY_free(parameters);
      return refused("DH parameters");
    }
  }
  if (!settings_.ocspResponse.empty()) {
    SSL_CTX_set_tlsext_status_cb(context, staple);
    SSL_CTX_set_tlsext_status_arg(context, this);
  }
  return !asksClients() || trustClients(error);
}

bool Context::useCertificate(const Certificate& certificate, std::string& error) {
  const auto refused = [&](const char* what) {
    error = std::string(what) + " of key \"" + certificate.keyId + "\": " + takeError();
    return false;
  };
  SSL_CTX* const context = context_.get();
  const BioPointer bio = readOnly(certificate.chain);
  const CertificatePointer leaf = nextCertificate(bio.get());
  if (!leaf || SSL_CTX_use_certificate(context, leaf.get()) != 1) return refused("certificate");
  const KeyPointer key(makeRemoteKey(libraryContext(), X509_get0_pubkey(leaf.get()), certificate.keyId));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return refused("public key");
  while (CertificatePointer next = nextCertificate(bio.get())) {
    if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) return refused("certificate chain");
  }
  return isEndOfPem() || refused("certificate chain");
}

bool Context::trustClients(std::string& error) {
  // What was revoked since is for the security module to say.
  const std::shared_ptr<ClientTrust> trust = ClientTrust::make(settings_.clientAuthorities, "", error);
  if (!trust) return false;
  if (!trust->applyTo(context_.get())) {
    error = "client authorities: " + takeError();
    return false;
  }
  SSL_CTX_set_verify(context_.get(), verifyMode(settings_.clientCertificate), ClientTrust::judge);
  return true;
}

int Context::staple(SSL* ssl, void* argument) {
  const std::vector<uint8_t>& response = static_cast<Context*>(argument)->settings_.ocspResponse;
  auto* copy = static_cast<unsigned char*>(OPENSSL_malloc(response.size()));
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  std::memcpy(copy, response.data(), response.size());
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(response.size()));
  return SSL_TLSEXT_ERR_OK;
}

bool Context::applyTo(SSL* ssl) const {
  const Policy& policy = settings_.policy;
  // SSL_set_SSL_CTX brings certificates, signature algorithms, security level and the authorities along; the
  // rest was copied when the connection was made and has to be set again.
  if (SSL_set_SSL_CTX(ssl, context_.get()) == nullptr) return false;
  SSL_clear_options(ssl, policyOptions);
  SSL_set_options(ssl, optionsOf(policy));
  SSL_set_verify(ssl, verifyMode(settings_.clientCertificate), ClientTrust::judge);
  return SSL_set_min_proto_version(ssl, policy.minVersion) == 1 &&
         SSL_set_max_proto_version(ssl, policy.maxVersion) == 1 &&
         (policy.cipherList.empty() || SSL_set_cipher_list(ssl, cipherListOf(policy).c_str()) == 1) &&
         SSL_set_ciphersuites(ssl, policy.cipherSuites.c_str()) == 1 &&
         (policy.groups.empty() || SSL_set1_groups_list(ssl, policy.groups.c_str()) == 1);
}

}  // namespace ocserv::tls
