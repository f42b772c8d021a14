// Private keys that are not in this process: an OpenSSL provider whose keys hold the public part and a name, and
// whose signatures are made by somebody else while the handshake waits in an ASYNC job. It implements only the
// one-shot digest_sign, so that the signer sees everything that is signed and never a bare hash.
#pragma once
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ocserv::tls {

struct SignatureRequest {
  std::string keyId;
  /** TLS SignatureScheme, RFC 8446, 4.2.3. */
  uint16_t scheme = 0;
  std::vector<uint8_t> input;
};

/** Who gets the signatures made. One request at a time; asked from within the job of a handshake. */
class Signer {
 public:
  virtual void requestSignature(SignatureRequest&& request) = 0;
  virtual bool isSignaturePending() const = 0;
  /** Empty = refused. */
  virtual std::vector<uint8_t> takeSignature() = 0;

 protected:
  ~Signer() = default;
};

/** Names the signer of handshakes that run on this thread, until the end of the scope. */
class SigningScope {
 public:
  explicit SigningScope(Signer& signer);
  ~SigningScope();
  SigningScope(const SigningScope&) = delete;
  SigningScope& operator=(const SigningScope&) = delete;
};

bool loadRemoteProvider(OSSL_LIB_CTX* context);

/** A key for SSL_CTX_use_PrivateKey with the public part of `publicKey`. Null: a type that is not supported. */
EVP_PKEY* makeRemoteKey(OSSL_LIB_CTX* context, EVP_PKEY* publicKey, const std::string& keyId);

}  // namespace ocserv::tls
