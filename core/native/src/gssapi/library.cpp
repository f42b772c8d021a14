#include "library.h"

#include <dlfcn.h>

namespace ocserv::gssapi {
namespace {

constexpr const char* fileName = "libgssapi_krb5.so.2";

template <typename Function>
bool find(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(handle, name));
  return function != nullptr;
}

}  // namespace

const Library* openLibrary(std::string& problem) {
  static Library library{};
  static bool isOpen = false;
  if (isOpen) return &library;
  // Deep binding: a plugin of Kerberos that uses OpenSSL must not be bound to the one inside Node.
  void* handle = ::dlopen(fileName, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
  if (handle == nullptr) {
    problem = ::dlerror();
    return nullptr;
  }
  isOpen = find(handle, "gss_acquire_cred_from", library.acquireCredentials) &&
           find(handle, "gss_set_neg_mechs", library.setNegotiable) &&
           find(handle, "gss_accept_sec_context", library.accept) &&
           find(handle, "gss_display_name", library.displayName) &&
           find(handle, "gss_display_status", library.displayStatus) &&
           find(handle, "gss_localname", library.localName) &&
           find(handle, "gsskrb5_extract_authtime_from_sec_context", library.authenticationTime) &&
           find(handle, "gss_release_buffer", library.releaseBuffer) &&
           find(handle, "gss_release_name", library.releaseName) &&
           find(handle, "gss_release_cred", library.releaseCredentials) &&
           find(handle, "gss_delete_sec_context", library.deleteContext);
  if (isOpen) return &library;
  problem = std::string(fileName) + " lacks what MIT Kerberos 1.11 and later have";
  ::dlclose(handle);
  return nullptr;
}

}  // namespace ocserv::gssapi
