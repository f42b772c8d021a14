// See client-trust.h.
#include "tls/client-trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/pem.h"

namespace ocserv::tls {
namespace {

/** OpenSSL's "level 1": no SHA-1 signatures, RSA from 1024 bits on. */
constexpr int authLevel = 1;

using StackPointer = std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); })>;

CertificatePointer parse(const std::vector<uint8_t>& der) {
  const unsigned char* at = der.data();
  X509* certificate = X509_new_ex(libraryContext(), propertyQuery);
  if (d2i_X509(&certificate, &at, static_cast<long>(der.size())) == nullptr) {
    X509_free(certificate);
    return nullptr;
  }
  CertificatePointer owned(certificate);
  return at == der.data() + der.size() ? std::move(owned) : nullptr;
}

std::string dotted(const ASN1_OBJECT* object) {
  char text[256];
  const int length = OBJ_obj2txt(text, sizeof text, object, 1);
  return length > 0 && length < static_cast<int>(sizeof text) ? std::string(text, static_cast<size_t>(length)) : "";
}

std::string utf8(const ASN1_STRING* value) {
  unsigned char* bytes = nullptr;
  const int length = ASN1_STRING_to_UTF8(&bytes, value);
  std::string text = length > 0 ? std::string(reinterpret_cast<char*>(bytes), static_cast<size_t>(length)) : "";
  OPENSSL_free(bytes);
  return text;
}

void readNames(X509* leaf, ClientIdentity& identity) {
  const X509_NAME* subject = X509_get_subject_name(leaf);
  for (int i = 0; i < X509_NAME_entry_count(subject); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, i);
    identity.subject.push_back({dotted(X509_NAME_ENTRY_get_object(entry)), utf8(X509_NAME_ENTRY_get_data(entry))});
  }
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_EMAIL) identity.emails.push_back(utf8(name->d.rfc822Name));
  }
  GENERAL_NAMES_free(names);
}

std::string oneLine(const X509_NAME* name) {
  const BioPointer bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(length)};
}

/** A list that names one of the authorities as its issuer must be signed by it. */
bool isSignedByItsAuthority(X509_CRL* list, const std::vector<CertificatePointer>& authorities) {
  bool hasIssuer = false;
  for (const CertificatePointer& authority : authorities) {
    if (X509_NAME_cmp(X509_get_subject_name(authority.get()), X509_CRL_get_issuer(list)) != 0) continue;
    hasIssuer = true;
    if (X509_CRL_verify(list, X509_get0_pubkey(authority.get())) == 1) return true;
  }
  return !hasIssuer;
}

}  // namespace

std::shared_ptr<ClientTrust> ClientTrust::make(const std::string& authorities, const std::string& revocation,
                                               std::string& error) {
  const auto refused = [&error](const std::string& what) -> std::shared_ptr<ClientTrust> {
    error = what + ": " + takeError();
    return nullptr;
  };
  ERR_clear_error();
  std::shared_ptr<ClientTrust> trust(new ClientTrust);
  trust->store_.reset(X509_STORE_new());
  X509_STORE* const store = trust->store_.get();
  if (libraryContext() == nullptr || store == nullptr) return refused("OpenSSL");
  std::vector<CertificatePointer> trusted;
  const BioPointer bio = readOnly(authorities);
  while (CertificatePointer authority = nextCertificate(bio.get())) {
    if (X509_STORE_add_cert(store, authority.get()) != 1) return refused("client authorities");
    trusted.push_back(std::move(authority));
  }
  if (!isEndOfPem() || trusted.empty()) return refused("client authorities");
  // Every authority of the file is trusted as it stands there, whether it is a root or not.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  if (!revocation.empty()) {
    const BioPointer lists = readOnly(revocation);
    while (CrlPointer list{PEM_read_bio_X509_CRL(lists.get(), nullptr, nullptr, nullptr)}) {
      if (!isSignedByItsAuthority(list.get(), trusted)) {
        error = "revocation list: not signed by " + oneLine(X509_CRL_get_issuer(list.get()));
        ERR_clear_error();
        return nullptr;
      }
      if (X509_STORE_add_crl(store, list.get()) != 1) return refused("revocation list");
      trust->lists_.push_back(std::move(list));
    }
    if (!isEndOfPem() || trust->lists_.empty()) return refused("revocation list");
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  }
  X509_STORE_set_verify_cb(store, judge);
  return trust;
}

ClientIdentity ClientTrust::identify(const std::vector<std::vector<uint8_t>>& chain) const {
  ClientIdentity identity;
  ERR_clear_error();
  const StackPointer others(sk_X509_new_null());
  CertificatePointer leaf;
  for (const std::vector<uint8_t>& der : chain) {
    CertificatePointer certificate = parse(der);
    if (!certificate) {
      identity.problem = "not a certificate";
      break;
    }
    if (!leaf) leaf = std::move(certificate);
    else if (sk_X509_push(others.get(), certificate.get()) > 0) (void)certificate.release();
  }
  if (leaf) readNames(leaf.get(), identity);
  if (!leaf && identity.problem.empty()) identity.problem = "no certificate";
  if (!identity.problem.empty()) return identity;
  const std::unique_ptr<X509_STORE_CTX, Release<X509_STORE_CTX_free>> judgement(
      X509_STORE_CTX_new_ex(libraryContext(), propertyQuery));
  if (!judgement || X509_STORE_CTX_init(judgement.get(), store_.get(), leaf.get(), others.get()) != 1 ||
      X509_STORE_CTX_set_default(judgement.get(), "ssl_client") != 1) {
    identity.problem = "cannot be verified: " + takeError();
    return identity;
  }
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(judgement.get()), authLevel);
  if (X509_verify_cert(judgement.get()) != 1) {
    const int code = X509_STORE_CTX_get_error(judgement.get());
    identity.problem = code == X509_V_OK ? "not trusted" : X509_verify_cert_error_string(code);
  }
  ERR_clear_error();
  return identity;
}

std::vector<RevocationList> ClientTrust::revocationLists() const {
  std::vector<RevocationList> lists;
  for (const CrlPointer& list : lists_) {
    const ASN1_TIME* end = X509_CRL_get0_nextUpdate(list.get());
    lists.push_back({oneLine(X509_CRL_get_issuer(list.get())), end != nullptr && X509_cmp_current_time(end) < 0});
  }
  return lists;
}

bool ClientTrust::applyTo(SSL_CTX* context) const {
  SSL_CTX_set1_cert_store(context, store_.get());
  STACK_OF(X509)* authorities = X509_STORE_get1_all_certs(store_.get());
  bool isComplete = sk_X509_num(authorities) > 0;
  for (int i = 0; i < sk_X509_num(authorities); ++i) {
    isComplete = SSL_CTX_add_client_CA(context, sk_X509_value(authorities, i)) == 1 && isComplete;
  }
  sk_X509_pop_free(authorities, X509_free);
  return isComplete;
}

int ClientTrust::judge(int ok, X509_STORE_CTX* store) {
  if (ok == 1) return 1;
  X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  switch (X509_STORE_CTX_get_error(store)) {
    // A list that is out of date, or missing for one authority, must not lock everybody out; what it revokes stays so.
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
      break;
    // OpenSSL wants clientAuth by name; a certificate for any purpose (RFC 5280, 4.2.1.12) is for this one too.
    case X509_V_ERR_INVALID_PURPOSE:
      if (X509_STORE_CTX_get_error_depth(store) != 0 || certificate == nullptr ||
          (X509_get_extended_key_usage(certificate) & XKU_ANYEKU) == 0) {
        return 0;
      }
      break;
    default:
      return 0;
  }
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

}  // namespace ocserv::tls
