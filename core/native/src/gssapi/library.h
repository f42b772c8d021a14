// The part of GSS-API (RFC 2743, 2744) and of MIT Kerberos' extensions that is used, with the library opened at run time:
// building needs no header of it, and a server without Kerberos never loads it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace ocserv::gssapi {

/** As the C bindings lay them out (RFC 2744, section 3). */
struct Buffer {
  size_t length;
  void* value;
};
struct Oid {
  uint32_t length;
  void* elements;
};
struct OidSet {
  size_t count;
  Oid* elements;
};
/** gss_key_value_set_desc of MIT Kerberos. */
struct KeyValue {
  const char* key;
  const char* value;
};
struct KeyValueSet {
  uint32_t count;
  KeyValue* elements;
};
struct NameHandle;
struct CredentialsHandle;
struct ContextHandle;

constexpr uint32_t errorBits = 0xffff0000;
constexpr uint32_t continueNeeded = 1;
constexpr uint32_t isAnonymousFlag = 64;
constexpr int acceptUsage = 2;
constexpr int majorStatus = 1;
constexpr int minorStatus = 2;
constexpr uint32_t indefinite = 0xffffffff;

struct Library {
  uint32_t (*acquireCredentials)(uint32_t* minor, NameHandle*, uint32_t seconds, OidSet* mechanisms, int usage,
                                 const KeyValueSet* store, CredentialsHandle**, OidSet**, uint32_t* actualSeconds);
  uint32_t (*setNegotiable)(uint32_t* minor, CredentialsHandle*, const OidSet* mechanisms);
  uint32_t (*accept)(uint32_t* minor, ContextHandle**, CredentialsHandle*, Buffer* token, void* channelBindings,
                     NameHandle** source, Oid** mechanism, Buffer* answer, uint32_t* flags, uint32_t* seconds,
                     CredentialsHandle** delegated);
  uint32_t (*displayName)(uint32_t* minor, NameHandle*, Buffer*, Oid** type);
  uint32_t (*displayStatus)(uint32_t* minor, uint32_t value, int type, Oid* mechanism, uint32_t* more, Buffer*);
  uint32_t (*localName)(uint32_t* minor, NameHandle*, Oid* mechanism, Buffer*);
  /** Seconds since 1970 in 32 bits: krb5_timestamp. */
  uint32_t (*authenticationTime)(uint32_t* minor, ContextHandle*, int32_t* at);
  uint32_t (*releaseBuffer)(uint32_t* minor, Buffer*);
  uint32_t (*releaseName)(uint32_t* minor, NameHandle**);
  uint32_t (*releaseCredentials)(uint32_t* minor, CredentialsHandle**);
  uint32_t (*deleteContext)(uint32_t* minor, ContextHandle**, Buffer*);
};

/** Opened at the first call and kept. Null: `problem` says why. Not for two threads at the same time. */
const Library* openLibrary(std::string& problem);

}  // namespace ocserv::gssapi
