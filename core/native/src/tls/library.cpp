// See library.h.
#include "tls/library.h"

#include <openssl/async.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tls/remote-key.h"

namespace ocserv::tls {
namespace {

#if OPENSSL_VERSION_NUMBER >= 0x30500000L
/** OpenSSL's own choice is 32 KB from the heap, where an overflow would go unnoticed. */
constexpr size_t jobStackBytes = 128 * 1024;

size_t guardBytes() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

void* makeJobStack(size_t* size) {
  const size_t guard = guardBytes();
  void* memory = mmap(nullptr, guard + jobStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  mprotect(memory, guard, PROT_NONE);
  *size = jobStackBytes;
  return static_cast<char*>(memory) + guard;
}
void freeJobStack(void* stack) {
  if (stack != nullptr) munmap(static_cast<char*>(stack) - guardBytes(), guardBytes() + jobStackBytes);
}
void guardJobStacks() { ASYNC_set_mem_functions(makeJobStack, freeJobStack); }
#else
void guardJobStacks() {}
#endif

}  // namespace

OSSL_LIB_CTX* libraryContext() {
  static OSSL_LIB_CTX* const made = []() -> OSSL_LIB_CTX* {
    guardJobStacks();
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
