// Turns the failure of a system call into a JavaScript error with `code` and `errno`.
#pragma once
#include <napi.h>
#include <uv.h>

#include <string>

namespace ocserv::binding {

inline void throwSystemError(Napi::Env env, int error, const std::string& call) {
  const char* code = uv_err_name(-error);
  Napi::Error failure = Napi::Error::New(env, call + ": " + uv_strerror(-error) + " (" + code + ")");
  failure.Set("code", Napi::String::New(env, code));
  failure.Set("errno", Napi::Number::New(env, error));
  failure.Set("syscall", Napi::String::New(env, call));
  failure.ThrowAsJavaScriptException();
}

}  // namespace ocserv::binding
