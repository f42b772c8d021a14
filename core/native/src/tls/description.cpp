// See description.h.
#include "tls/description.h"

#include <openssl/obj_mac.h>

#include <string_view>

namespace ocserv::tls {
namespace {

struct Name {
  int number;
  const char* text;
};

template <size_t count>
std::string nameOf(const Name (&names)[count], int number) {
  for (const Name& name : names) {
    if (name.number == number) return name.text;
  }
  return "UNKNOWN";
}

constexpr Name ciphers[] = {
    {NID_aes_256_gcm, "AES-256-GCM"},         {NID_aes_128_gcm, "AES-128-GCM"},
    {NID_chacha20_poly1305, "CHACHA20-POLY1305"}, {NID_aes_256_ccm, "AES-256-CCM"},
    {NID_aes_128_ccm, "AES-128-CCM"},         {NID_aes_256_cbc, "AES-256-CBC"},
    {NID_aes_128_cbc, "AES-128-CBC"},         {NID_des_ede3_cbc, "3DES-CBC"},
    {NID_camellia_256_cbc, "CAMELLIA-256-CBC"}, {NID_camellia_128_cbc, "CAMELLIA-128-CBC"}};
constexpr Name macs[] = {{NID_sha1, "SHA1"}, {NID_sha256, "SHA256"}, {NID_sha384, "SHA384"}, {NID_md5, "MD5"}};
constexpr Name groups[] = {
    {NID_X9_62_prime256v1, "ECDHE-SECP256R1"}, {NID_secp384r1, "ECDHE-SECP384R1"}, {NID_secp521r1, "ECDHE-SECP521R1"},
    {NID_X25519, "ECDHE-X25519"},              {NID_X448, "ECDHE-X448"},           {NID_ffdhe2048, "DHE-FFDHE2048"},
    {NID_ffdhe3072, "DHE-FFDHE3072"},          {NID_ffdhe4096, "DHE-FFDHE4096"},   {NID_ffdhe6144, "DHE-FFDHE6144"},
    {NID_ffdhe8192, "DHE-FFDHE8192"}};
constexpr Name schemes[] = {
    {0x0201, "RSA-SHA1"},   {0x0301, "RSA-SHA224"}, {0x0401, "RSA-SHA256"}, {0x0501, "RSA-SHA384"},
    {0x0601, "RSA-SHA512"}, {0x0203, "ECDSA-SHA1"}, {0x0303, "ECDSA-SHA224"}, {0x0403, "ECDSA-SHA256"},
    {0x0503, "ECDSA-SHA384"}, {0x0603, "ECDSA-SHA512"}, {0x0804, "RSA-PSS-RSAE-SHA256"},
    {0x0805, "RSA-PSS-RSAE-SHA384"}, {0x0806, "RSA-PSS-RSAE-SHA512"}, {0x0807, "EDDSA-ED25519"},
    {0x0808, "EDDSA-ED448"}, {0x0809, "RSA-PSS-SHA256"}, {0x080a, "RSA-PSS-SHA384"}, {0x080b, "RSA-PSS-SHA512"}};
// TLS 1.3 ties the curve to the scheme, and so does the name.
constexpr Name curveSchemes[] = {
    {0x0403, "ECDSA-SECP256R1-SHA256"}, {0x0503, "ECDSA-SECP384R1-SHA384"}, {0x0603, "ECDSA-SECP521R1-SHA512"}};

std::string signatureName(uint16_t scheme, bool isTls13) {
  if (isTls13 && (scheme & 0xff) == 3) return nameOf(curveSchemes, scheme);
  return nameOf(schemes, scheme);
}

}  // namespace

std::string describeCipher(const SSL_CIPHER* cipher) {
  std::string text = "(" + nameOf(ciphers, SSL_CIPHER_get_cipher_nid(cipher)) + ")";
  if (SSL_CIPHER_is_aead(cipher) == 0) text += "-(" + nameOf(macs, SSL_CIPHER_get_digest_nid(cipher)) + ")";
  return text;
}

std::string describeTls(const SSL* ssl, uint16_t scheme) {
  std::string version = SSL_get_version(ssl);  // "TLSv1.3", "TLSv1" for 1.0
  version = version == "TLSv1" ? "TLS1.0" : "TLS" + version.substr(4);
  const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
  const bool isTls13 = SSL_version(ssl) == TLS1_3_VERSION;
  std::string exchange;
  const int kind = SSL_CIPHER_get_kx_nid(cipher);
  if (isTls13 || kind == NID_kx_ecdhe) {
    exchange = nameOf(groups, static_cast<int>(SSL_get_negotiated_group(const_cast<SSL*>(ssl))));
    if (exchange == "UNKNOWN") exchange = "ECDHE";
  } else {
    exchange = kind == NID_kx_dhe ? "DHE" : "RSA";
  }
  return "(" + version + ")-(" + exchange + ")-(" + signatureName(scheme, isTls13) + ")-" + describeCipher(cipher);
}

}  // namespace ocserv::tls
