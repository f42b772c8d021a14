// The sandbox and the daemon's session for JavaScript. Arguments were checked by system.ts.
#include "system/sandbox.h"

#include <unistd.h>

#include <cerrno>

#include "failure.h"
#include "parts.h"

namespace ocserv::binding {
namespace {

using Napi::CallbackInfo;
using Napi::Value;

/** enterSandbox(uid, gid, chroot or "", seccomp): what is missing */
Value enterSandbox(const CallbackInfo& info) {
  system::SandboxSettings settings;
  settings.uid = info[0].As<Napi::Number>().Uint32Value();
  settings.gid = info[1].As<Napi::Number>().Uint32Value();
  settings.chroot = info[2].As<Napi::String>();
  settings.seccomp = info[3].ToBoolean();
  std::vector<std::string> missing;
  if (const auto outcome = system::enterSandbox(settings, missing); outcome.failed()) {
    throwSystemError(info.Env(), outcome.error, outcome.call);
    return info.Env().Undefined();
  }
  auto result = Napi::Array::New(info.Env());
  for (const std::string& entry : missing) result.Set(result.Length(), Napi::String::New(info.Env(), entry));
  return result;
}

Value forbidRings(const CallbackInfo& info) {
  if (const auto outcome = system::forbidRings(); outcome.failed()) {
    throwSystemError(info.Env(), outcome.error, outcome.call);
  }
  return info.Env().Undefined();
}

Value becomeSessionLeader(const CallbackInfo& info) {
  if (::setsid() < 0) throwSystemError(info.Env(), errno, "setsid");
  return info.Env().Undefined();
}

}  // namespace
}  // namespace ocserv::binding

void initSandbox(Napi::Env env, Napi::Object exports) {
  using namespace ocserv::binding;
  exports.Set("enterSandbox", Napi::Function::New(env, enterSandbox, "enterSandbox"));
  exports.Set("forbidRings", Napi::Function::New(env, forbidRings, "forbidRings"));
  exports.Set("becomeSessionLeader", Napi::Function::New(env, becomeSessionLeader, "becomeSessionLeader"));
}
