// See library.h.
#include "tls/library.h"

#include <openssl/err.h>
#include <openssl/provider.h>

#include "tls/remote-key.h"

namespace ocserv::tls {

OSSL_LIB_CTX* libraryContext() {
  static OSSL_LIB_CTX* const made = []() -> OSSL_LIB_CTX* {
    OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
    if (context == nullptr) return nullptr;
    if (OSSL_PROVIDER_load(context, "default") == nullptr || !loadRemoteProvider(context)) {
      OSSL_LIB_CTX_free(context);
      return nullptr;
    }
    return context;
  }();
  return made;
}

std::string takeError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "nothing usable in it";
  const char* reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

}  // namespace ocserv::tls
