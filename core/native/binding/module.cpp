// Entry of the addon: makes sure that it runs in the Node it was built for, then registers its parts.
#include <openssl/opensslv.h>

#include <string>
#include <string_view>

#include "parts.h"

// Another OpenSSL's headers (the system's, through a nodedir in somebody's npmrc) compile and load without a word.
static_assert(std::string_view(OPENSSL_VERSION_STR) == NODE_OPENSSL_VERSION,
              "the OpenSSL headers are not those of the Node that builds the addon; use bin/dev/build-addon.mjs");

static Napi::Object initModule(Napi::Env env, Napi::Object exports) {
  const Napi::Value versions =
      env.Global().Get("process").As<Napi::Object>().Get("versions").As<Napi::Object>().Get("openssl");
  const std::string running = versions.IsString() ? versions.As<Napi::String>().Utf8Value() : "none";
  if (running != OPENSSL_VERSION_STR) {
    Napi::Error::New(env, "the native addon is built for OpenSSL " OPENSSL_VERSION_STR ", this Node has " + running +
                              "; build it again with \"npm run build\"")
        .ThrowAsJavaScriptException();
    return exports;
  }
  initSystem(env, exports);
  initSandbox(env, exports);
  initTls(env, exports);
  initTunnel(env, exports);
  initGssapi(env, exports);
  return exports;
}

NODE_API_MODULE(ocserv, initModule)
