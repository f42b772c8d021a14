// The OpenSSL library context of this server: apart from Node's own, so that no openssl.cnf and no other module of
// the process changes what our TLS does. Holds the default provider and the one for keys that live elsewhere.
#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace ocserv::tls {

/** Prefers OpenSSL's own implementations; the remote provider is used only for keys that belong to it. */
constexpr char propertyQuery[] = "?provider=default";

/** Null if OpenSSL refuses (then nothing works and the error queue says why). Never freed. */
OSSL_LIB_CTX* libraryContext();

/** The oldest error of this thread's queue in words, and an empty queue. */
std::string takeError();

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};
using BioPointer = std::unique_ptr<BIO, Release<BIO_free_all>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using CertificatePointer = std::unique_ptr<X509, Release<X509_free>>;
using SslPointer = std::unique_ptr<SSL, Release<SSL_free>>;
using SslContextPointer = std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>>;

}  // namespace ocserv::tls
