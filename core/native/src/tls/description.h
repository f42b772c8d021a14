// GnuTLS-style words for what was negotiated, as occtl and the log have always shown them, e.g.
// (TLS1.3)-(ECDHE-SECP256R1)-(RSA-PSS-RSAE-SHA256)-(AES-256-GCM).
#pragma once
#include <openssl/ssl.h>

#include <cstdint>
#include <string>

namespace ocserv::tls {

/** `scheme`: the SignatureScheme of the server's signature. */
std::string describeTls(const SSL* ssl, uint16_t scheme);
/** Bulk cipher and, for CBC suites, the MAC: "(AES-256-GCM)" or "(AES-128-CBC)-(SHA1)". */
std::string describeCipher(const SSL_CIPHER* cipher);

}  // namespace ocserv::tls
