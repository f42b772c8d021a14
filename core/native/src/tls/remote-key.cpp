// The provider behind remote-key.h. Everything public about a key is asked of OpenSSL's own implementation.
#include "tls/remote-key.h"

#include <openssl/async.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

#include <cstring>
#include <new>

namespace ocserv::tls {
namespace {

constexpr char providerName[] = "ocserv-remote";
constexpr char properties[] = "provider=ocserv-remote";
constexpr char paramPublicKey[] = "ocserv-public-key";  // bytes of an EVP_PKEY pointer, only inside this file
constexpr char paramKeyId[] = "ocserv-key-id";

thread_local Signer* currentSigner = nullptr;

struct RemoteKey {
  EVP_PKEY* publicKey = nullptr;
  std::string keyId;
  ~RemoteKey() { EVP_PKEY_free(publicKey); }
};

RemoteKey* asKey(void* data) { return static_cast<RemoteKey*>(data); }

// --- key management -----------------------------------------------------------------------------------------

void* newKey(void*) { return new (std::nothrow) RemoteKey; }
void freeKey(void* data) { delete asKey(data); }

int importKey(void* data, int, const OSSL_PARAM params[]) {
  const OSSL_PARAM* pointer = OSSL_PARAM_locate_const(params, paramPublicKey);
  const OSSL_PARAM* keyId = OSSL_PARAM_locate_const(params, paramKeyId);
  if (pointer == nullptr || keyId == nullptr || pointer->data_size != sizeof(EVP_PKEY*)) return 0;
  EVP_PKEY* key = nullptr;
  std::memcpy(&key, pointer->data, sizeof key);
  if (key == nullptr || EVP_PKEY_up_ref(key) != 1) return 0;
  EVP_PKEY_free(asKey(data)->publicKey);
  asKey(data)->publicKey = key;
  asKey(data)->keyId.assign(static_cast<const char*>(keyId->data), keyId->data_size);
  return 1;
}
const OSSL_PARAM* importTypes(int) {
  static const OSSL_PARAM types[] = {OSSL_PARAM_octet_string(paramPublicKey, nullptr, 0),
                                     OSSL_PARAM_utf8_string(paramKeyId, nullptr, 0), OSSL_PARAM_END};
  return types;
}

/** Only the public part can leave; whoever wants the private part must come to our signature operation. */
int exportKey(void* data, int selection, OSSL_CALLBACK* callback, void* argument) {
  if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) return 0;
  return EVP_PKEY_export(asKey(data)->publicKey, EVP_PKEY_PUBLIC_KEY, callback, argument);
}
const OSSL_PARAM* exportTypes(int selection) {
  static const OSSL_PARAM types[] = {
      OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, nullptr, 0), OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, nullptr, 0),
      OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
      OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0), OSSL_PARAM_END};
  return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 ? nullptr : types;
}

int getKeyParams(void* data, OSSL_PARAM params[]) {
  return asKey(data)->publicKey == nullptr ? 0 : EVP_PKEY_get_params(asKey(data)->publicKey, params);
}
const OSSL_PARAM* gettableKeyParams(void*) {
  static const OSSL_PARAM params[] = {OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr),
                                      OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
                                      OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr),
                                      OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
                                      OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, nullptr, 0),
                                      OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, nullptr, 0),
                                      OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, nullptr, 0),
                                      OSSL_PARAM_END};
  return params;
}
int hasKey(const void* data, int) { return static_cast<const RemoteKey*>(data)->publicKey != nullptr; }
const char* ecOperation(int) { return "ECDSA"; }

#define OCSERV_ENTRY(id, function) {id, reinterpret_cast<void (*)(void)>(function)}
#define OCSERV_KEY_ENTRIES                                           \
  OCSERV_ENTRY(OSSL_FUNC_KEYMGMT_NEW, newKey),                       \
  OCSERV_ENTRY(OSSL_FUNC_KEYMGMT_FREE, freeKey),                     \
  OCSERV_ENTRY(OSSL_FUNC_KEYMGMT_IMPORT, importKey),                 \
  OCSERV_ENTRY(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, importTypes),         \
  OCSERV_ENTRY(OSSL_FUNC_KEYMGMT_EXPORT, exportKey),                 \
  OCSERV_ENTRY(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, exportTypes),         \
  OCSERV_ENTRY(OSSL_FUNC_KEYMGMT_GET_PARAMS, getKeyParams),          \
  OCSERV_ENTRY(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettableKeyParams), \
  OCSERV_ENTRY(OSSL_FUNC_KEYMGMT_HAS, hasKey)

const OSSL_DISPATCH keyFunctions[] = {OCSERV_KEY_ENTRIES, {0, nullptr}};
const OSSL_DISPATCH ecKeyFunctions[] = {
    OCSERV_KEY_ENTRIES, OCSERV_ENTRY(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, ecOperation), {0, nullptr}};

// --- signatures ---------------------------------------------------------------------------------------------

struct Signature {
  RemoteKey* key = nullptr;  // belongs to the EVP_PKEY that OpenSSL holds during the operation
  std::string digest;
  bool isPss = false;
};
Signature* asSignature(void* data) { return static_cast<Signature*>(data); }

void* newSignature(void*, const char*) { return new (std::nothrow) Signature; }
void freeSignature(void* data) { delete asSignature(data); }
void* copySignature(void* data) { return new (std::nothrow) Signature(*asSignature(data)); }

int setSignatureParams(void* data, const OSSL_PARAM params[]) {
  if (params == nullptr) return 1;
  // Salt length and MGF digest follow from the digest in TLS; only the padding is a choice.
  if (const OSSL_PARAM* mode = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE)) {
    int number = 0;
    if (mode->data_type == OSSL_PARAM_UTF8_STRING) {
      asSignature(data)->isPss = std::strcmp(static_cast<const char*>(mode->data), OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
    } else if (OSSL_PARAM_get_int(mode, &number) == 1) {
      asSignature(data)->isPss = number == RSA_PKCS1_PSS_PADDING;
    } else {
      return 0;
    }
  }
  return 1;
}
const OSSL_PARAM* settableSignatureParams(void*, void*) {
  static const OSSL_PARAM params[] = {OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, nullptr, 0),
                                      OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, nullptr, 0),
                                      OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, nullptr, 0),
                                      OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, nullptr, 0), OSSL_PARAM_END};
  return params;
}

int initSignature(void* data, const char* digest, void* key, const OSSL_PARAM params[]) {
  if (key != nullptr) asSignature(data)->key = asKey(key);
  asSignature(data)->digest = digest == nullptr ? "" : digest;
  return setSignatureParams(data, params);
}

/** The hash byte of a TLS 1.2 SignatureAndHashAlgorithm (RFC 5246, 7.4.1.4.1); 0 = none that TLS has. */
uint16_t hashNumber(const std::string& name) {
  struct Row {
    const char* name;
    uint16_t number;
  };
  static constexpr Row rows[] = {{"SHA1", 2},     {"SHA-1", 2},    {"SHA224", 3},   {"SHA2-224", 3}, {"SHA256", 4},
                                 {"SHA2-256", 4}, {"SHA384", 5},   {"SHA2-384", 5}, {"SHA512", 6},   {"SHA2-512", 6}};
  for (const Row& row : rows) {
    if (OPENSSL_strcasecmp(row.name, name.c_str()) == 0) return row.number;
  }
  return 0;
}

uint16_t schemeOf(const Signature& signature) {
  const EVP_PKEY* key = signature.key->publicKey;
  const uint16_t hash = hashNumber(signature.digest);
  if (EVP_PKEY_is_a(key, "ED25519")) return 0x0807;
  if (EVP_PKEY_is_a(key, "ED448")) return 0x0808;
  if (hash == 0) return 0;
  if (EVP_PKEY_is_a(key, "EC")) return static_cast<uint16_t>(hash << 8 | 3);
  if (EVP_PKEY_is_a(key, "RSA-PSS")) return hash >= 4 ? static_cast<uint16_t>(0x0809 + hash - 4) : uint16_t{0};
  if (signature.isPss) return hash >= 4 ? static_cast<uint16_t>(0x0804 + hash - 4) : uint16_t{0};
  return static_cast<uint16_t>(hash << 8 | 1);
}

int refuse() {
  ERR_raise_data(ERR_LIB_SSL, ERR_R_OPERATION_FAIL, "no signature from the holder of the key");
  return 0;
}

int sign(void* data, unsigned char* to, size_t* length, size_t room, const unsigned char* input, size_t inputLength) {
  const Signature& signature = *asSignature(data);
  const size_t most = static_cast<size_t>(EVP_PKEY_get_size(signature.key->publicKey));
  if (to == nullptr) {
    *length = most;
    return 1;
  }
  Signer* const signer = currentSigner;
  const uint16_t scheme = schemeOf(signature);
  if (signer == nullptr || scheme == 0 || ASYNC_get_current_job() == nullptr) return refuse();
  signer->requestSignature({signature.key->keyId, scheme, std::vector<uint8_t>(input, input + inputLength)});
  while (signer->isSignaturePending()) {
    if (ASYNC_pause_job() != 1) return refuse();
  }
  const std::vector<uint8_t> made = signer->takeSignature();
  if (made.empty() || made.size() > room || made.size() > most) return refuse();
  std::memcpy(to, made.data(), made.size());
  *length = made.size();
  return 1;
}

const OSSL_DISPATCH signatureFunctions[] = {
    OCSERV_ENTRY(OSSL_FUNC_SIGNATURE_NEWCTX, newSignature),
    OCSERV_ENTRY(OSSL_FUNC_SIGNATURE_FREECTX, freeSignature),
    OCSERV_ENTRY(OSSL_FUNC_SIGNATURE_DUPCTX, copySignature),
    OCSERV_ENTRY(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, initSignature),
    OCSERV_ENTRY(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, sign),
    OCSERV_ENTRY(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, setSignatureParams),
    OCSERV_ENTRY(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, settableSignatureParams),
    {0, nullptr}};

// The names, aliases included, are those of the default provider: keys are compared across providers by name.
const OSSL_ALGORITHM keyAlgorithms[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", properties, keyFunctions, "remote RSA key"},
    {"RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", properties, keyFunctions, "remote RSA-PSS key"},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", properties, ecKeyFunctions, "remote EC key"},
    {"ED25519:1.3.101.112", properties, keyFunctions, "remote Ed25519 key"},
    {"ED448:1.3.101.113", properties, keyFunctions, "remote Ed448 key"},
    {nullptr, nullptr, nullptr, nullptr}};
const OSSL_ALGORITHM signatureAlgorithms[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", properties, signatureFunctions, "remote RSA signature"},
    {"RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", properties, signatureFunctions, "remote RSA-PSS signature"},
    {"ECDSA", properties, signatureFunctions, "remote ECDSA signature"},
    {"ED25519:1.3.101.112", properties, signatureFunctions, "remote Ed25519 signature"},
    {"ED448:1.3.101.113", properties, signatureFunctions, "remote Ed448 signature"},
    {nullptr, nullptr, nullptr, nullptr}};

const OSSL_ALGORITHM* queryOperation(void*, int operation, int* noCache) {
  *noCache = 0;
  if (operation == OSSL_OP_KEYMGMT) return keyAlgorithms;
  if (operation == OSSL_OP_SIGNATURE) return signatureAlgorithms;
  return nullptr;
}
void teardown(void*) {}

const OSSL_DISPATCH providerFunctions[] = {OCSERV_ENTRY(OSSL_FUNC_PROVIDER_QUERY_OPERATION, queryOperation),
                                           OCSERV_ENTRY(OSSL_FUNC_PROVIDER_TEARDOWN, teardown),
                                           {0, nullptr}};

int initProvider(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH*, const OSSL_DISPATCH** out, void** context) {
  *out = providerFunctions;
  *context = const_cast<OSSL_CORE_HANDLE*>(handle);
  return 1;
}

const char* typeName(const EVP_PKEY* key) {
  for (const char* name : {"RSA-PSS", "RSA", "EC", "ED25519", "ED448"}) {
    if (EVP_PKEY_is_a(key, name)) return name;
  }
  return nullptr;
}

}  // namespace

SigningScope::SigningScope(Signer& signer) { currentSigner = &signer; }
SigningScope::~SigningScope() { currentSigner = nullptr; }

bool loadRemoteProvider(OSSL_LIB_CTX* context) {
  return OSSL_PROVIDER_add_builtin(context, providerName, initProvider) == 1 &&
         OSSL_PROVIDER_load(context, providerName) != nullptr;
}

EVP_PKEY* makeRemoteKey(OSSL_LIB_CTX* context, EVP_PKEY* publicKey, const std::string& keyId) {
  const char* type = typeName(publicKey);
  if (type == nullptr) return nullptr;
  EVP_PKEY_CTX* maker = EVP_PKEY_CTX_new_from_name(context, type, properties);
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(paramPublicKey, &publicKey, sizeof publicKey),
      OSSL_PARAM_construct_utf8_string(paramKeyId, const_cast<char*>(keyId.c_str()), keyId.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  if (maker != nullptr && EVP_PKEY_fromdata_init(maker) == 1) EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEYPAIR, params);
  EVP_PKEY_CTX_free(maker);
  return key;
}

}  // namespace ocserv::tls
