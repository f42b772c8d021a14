// Reading PEM texts that hold several objects, for context.cpp and client-trust.cpp.
#pragma once
#include <openssl/err.h>
#include <openssl/pem.h>

#include <string>

#include "tls/library.h"

namespace ocserv::tls {

inline BioPointer readOnly(const std::string& text) {
  return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/** Null at the end, and at something unreadable. */
inline CertificatePointer nextCertificate(BIO* from) {
  X509* certificate = X509_new_ex(libraryContext(), propertyQuery);
  if (PEM_read_bio_X509(from, &certificate, nullptr, nullptr) == nullptr) {
    X509_free(certificate);
    return nullptr;
  }
  return CertificatePointer(certificate);
}

/** After the last object of a text: nothing more to read, or something unreadable? */
inline bool isEndOfPem() {
  const unsigned long last = ERR_peek_last_error();
  const bool end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (end) ERR_clear_error();
  return end;
}

}  // namespace ocserv::tls
