#include "library.h"

#include <dlfcn.h>

#include <type_traits>

namespace ocserv::pam {

std::string openLibrary(Library& library) {
  void* opened = ::dlopen("libpam.so.0", RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) return ::dlerror();
  std::string missing;
  const auto resolve = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(opened, name));
    if (function == nullptr) missing = std::string("libpam.so.0 has no ") + name;
  };
  resolve(library.start, "pam_start");
  resolve(library.end, "pam_end");
  resolve(library.setItem, "pam_set_item");
  resolve(library.getItem, "pam_get_item");
  resolve(library.authenticate, "pam_authenticate");
  resolve(library.checkAccount, "pam_acct_mgmt");
  resolve(library.changeToken, "pam_chauthtok");
  resolve(library.describe, "pam_strerror");
  return missing;
}

}  // namespace ocserv::pam
