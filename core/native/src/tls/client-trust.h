// Whom client certificates must come from and how they are judged: the same in the worker's handshakes (context.cpp)
// and in the security module, which judges them again. Immutable; replaced as a whole when a file changes.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tls/library.h"

namespace ocserv::tls {

using StorePointer = std::unique_ptr<X509_STORE, Release<X509_STORE_free>>;
using CrlPointer = std::unique_ptr<X509_CRL, Release<X509_CRL_free>>;

/** One attribute of a distinguished name, in the order of the certificate. */
struct NameAttribute {
  std::string oid;  // dotted
  std::string value;  // UTF-8
};

/** What a leaf says of its owner; worth something only where `problem` is empty. */
struct ClientIdentity {
  /** Why the chain is not to be trusted, in words; empty = it is. */
  std::string problem;
  std::vector<NameAttribute> subject;
  /** rfc822 names of the subjectAltName, in order. */
  std::vector<std::string> emails;
};

struct RevocationList {
  std::string issuer;
  /** nextUpdate has passed: it stays in force, but somebody should know. */
  bool isOutOfDate = false;
};

class ClientTrust {
 public:
  /** Both PEM; `revocation` may be empty. Null, and `error` says what was refused. */
  static std::shared_ptr<ClientTrust> make(const std::string& authorities, const std::string& revocation,
                                           std::string& error);

  /** `chain`: DER, leaf first. */
  ClientIdentity identify(const std::vector<std::vector<uint8_t>>& chain) const;
  std::vector<RevocationList> revocationLists() const;

  /** Makes handshakes of `context` judge the way identify does, and tells clients the names of the authorities. */
  bool applyTo(SSL_CTX* context) const;
  /** For SSL_set_verify: lets pass what must not lock everybody out. */
  static int judge(int ok, X509_STORE_CTX* store);

 private:
  StorePointer store_;
  std::vector<CrlPointer> lists_;
};

}  // namespace ocserv::tls
