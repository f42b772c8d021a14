// Devices, accounts, crypt(3), syslog and privileges for JavaScript. Arguments were checked by system.ts.
#include <malloc.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <napi.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <vector>

#include "failure.h"
#include "parts.h"
#include "system/login-record.h"
#include "system/netlink.h"
#include "system/tun-device.h"

namespace ocserv::binding {
namespace {

using Napi::CallbackInfo;
using Napi::Value;
using system::Outcome;

int integer(const Value& value) { return value.As<Napi::Number>().Int32Value(); }
std::string text(const Value& value) { return value.As<Napi::String>(); }

Value finish(const CallbackInfo& info, const Outcome& outcome) {
  if (outcome.failed()) throwSystemError(info.Env(), outcome.error, outcome.call);
  return info.Env().Undefined();
}

/** openTun(prefix, offload, uid, gid) */
Value openTun(const CallbackInfo& info) {
  system::TunDevice device;
  const Outcome outcome =
      system::openTun(text(info[0]), info[1].As<Napi::Boolean>(), integer(info[2]), integer(info[3]), device);
  if (outcome.failed()) return finish(info, outcome);
  auto result = Napi::Object::New(info.Env());
  result.Set("fd", device.fd.release());
  result.Set("name", device.name);
  result.Set("index", device.index);
  result.Set("offload", Napi::Boolean::New(info.Env(), device.offload));
  return result;
}

/** configureDevice(index, settings) */
Value configureDevice(const CallbackInfo& info) {
  const auto given = info[1].As<Napi::Object>();
  system::DeviceSettings settings;
  if (given.Get("mtuBytes").IsNumber()) settings.mtuBytes = integer(given.Get("mtuBytes"));
  if (given.Get("txQueueLength").IsNumber()) settings.txQueueLength = integer(given.Get("txQueueLength"));
  settings.up = given.Get("up").ToBoolean();
  if (given.Get("ipv4").IsObject()) {
    const auto address = given.Get("ipv4").As<Napi::Object>();
    settings.ipv4 = {text(address.Get("local")), text(address.Get("peer"))};
  }
  if (given.Get("ipv6").IsObject()) {
    const auto address = given.Get("ipv6").As<Napi::Object>();
    settings.ipv6 = {text(address.Get("local")), text(address.Get("peer")),
                     static_cast<uint8_t>(integer(address.Get("prefix")))};
  }
  return finish(info, system::configureDevice(integer(info[0]), settings));
}

Value removeDeviceAddresses(const CallbackInfo& info) {
  return finish(info, system::removeDeviceAddresses(integer(info[0])));
}
Value setDeviceAlias(const CallbackInfo& info) {
  return finish(info, system::setDeviceAlias(integer(info[0]), text(info[1])));
}
Value deleteDevice(const CallbackInfo& info) { return finish(info, system::deleteDevice(integer(info[0]))); }

Value listDevices(const CallbackInfo& info) {
  std::vector<system::DeviceEntry> entries;
  if (const Outcome outcome = system::listDevices(entries); outcome.failed()) return finish(info, outcome);
  auto result = Napi::Array::New(info.Env());
  for (const auto& entry : entries) {
    auto row = Napi::Object::New(info.Env());
    row.Set("name", entry.name);
    row.Set("index", entry.index);
    row.Set("alias", entry.alias.empty() ? info.Env().Undefined() : Napi::String::New(info.Env(), entry.alias));
    row.Set("isTun", Napi::Boolean::New(info.Env(), entry.isTun));
    result.Set(result.Length(), row);
  }
  return result;
}

/** Size of the buffers for account look-ups; entries of large groups are long. */
constexpr size_t accountBufferBytes = 1 << 20;

Value lookupUser(const CallbackInfo& info) {
  std::vector<char> buffer(accountBufferBytes);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwnam_r(text(info[0]).c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return info.Env().Undefined();
  }
  auto result = Napi::Object::New(info.Env());
  result.Set("name", std::string(entry.pw_name));
  result.Set("uid", Napi::Number::New(info.Env(), entry.pw_uid));
  result.Set("gid", Napi::Number::New(info.Env(), entry.pw_gid));
  return result;
}

Value lookupGroup(const CallbackInfo& info) {
  std::vector<char> buffer(accountBufferBytes);
  group entry{};
  group* found = nullptr;
  if (::getgrnam_r(text(info[0]).c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return info.Env().Undefined();
  }
  auto result = Napi::Object::New(info.Env());
  result.Set("name", std::string(entry.gr_name));
  result.Set("gid", Napi::Number::New(info.Env(), entry.gr_gid));
  return result;
}

// crypt(3): libxcrypt's interface (crypt_r, crypt_gensalt_rn), opened at run time so that building needs no header.
// struct crypt_data is 32768 bytes in libxcrypt; older glibc used more.
constexpr size_t cryptDataBytes = 1 << 18;
using CryptFunction = char* (*)(const char*, const char*, void*);
using GensaltFunction = char* (*)(const char*, unsigned long, const char*, int, char*, int);

void* cryptLibrary() {
  static void* library = ::dlopen("libcrypt.so.1", RTLD_NOW | RTLD_LOCAL);
  return library;
}

class CryptWork : public Napi::AsyncWorker {
 public:
  CryptWork(Napi::Env env, std::string password, std::string setting)
      : AsyncWorker(env), deferred_(env), password_(std::move(password)), setting_(std::move(setting)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override {
    auto* crypt = reinterpret_cast<CryptFunction>(::dlsym(cryptLibrary(), "crypt_r"));
    std::vector<char> data(cryptDataBytes);
    const char* hash = crypt(password_.c_str(), setting_.c_str(), data.data());
    // libxcrypt answers a refused setting with a text that begins with an asterisk.
    if (hash != nullptr && hash[0] != '*') hash_ = hash;
    ::explicit_bzero(data.data(), data.size());
    ::explicit_bzero(password_.data(), password_.size());
  }
  void OnOK() override {
    deferred_.Resolve(hash_.empty() ? Env().Undefined() : Napi::String::New(Env(), hash_));
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::string password_;
  std::string setting_;
  std::string hash_;
};

/** cryptPassword(password, setting): promise */
Value cryptPassword(const CallbackInfo& info) {
  if (cryptLibrary() == nullptr) {
    Napi::Error::New(info.Env(), std::string("libcrypt cannot be opened: ") + ::dlerror()).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  auto* work = new CryptWork(info.Env(), text(info[0]), text(info[1]));
  const Napi::Promise promise = work->promise();
  work->Queue();
  return promise;
}

/** cryptSetting(prefix, cost) */
Value cryptSetting(const CallbackInfo& info) {
  auto* gensalt =
      cryptLibrary() == nullptr ? nullptr : reinterpret_cast<GensaltFunction>(::dlsym(cryptLibrary(), "crypt_gensalt_rn"));
  char output[192] = "";
  if (gensalt == nullptr || gensalt(text(info[0]).c_str(), info[1].As<Napi::Number>().Uint32Value(), nullptr, 0, output,
                                    sizeof output) == nullptr) {
    Napi::Error::New(info.Env(), "libcrypt makes no salt for " + text(info[0])).ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return Napi::String::New(info.Env(), output);
}

/** tryLockFile(fd): a lock that other programs' POSIX locks respect, but that no other close of this process releases. */
Value tryLockFile(const CallbackInfo& info) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(integer(info[0]), F_OFD_SETLK, &lock) == 0) return Napi::Boolean::New(info.Env(), true);
  if (errno == EAGAIN || errno == EACCES) return Napi::Boolean::New(info.Env(), false);
  throwSystemError(info.Env(), errno, "fcntl");
  return info.Env().Undefined();
}

/** openSyslog(identity, facility number) */
Value openSyslog(const CallbackInfo& info) {
  // openlog(3) keeps the pointer.
  static std::string identity;
  identity = text(info[0]);
  // Now, and with the time zone: a worker can open neither later.
  ::tzset();
  ::openlog(identity.c_str(), LOG_PID | LOG_NDELAY, integer(info[1]));
  return info.Env().Undefined();
}
Value writeSyslog(const CallbackInfo& info) {
  ::syslog(integer(info[0]), "%s", text(info[1]).c_str());
  return info.Env().Undefined();
}

/** notifySupervisor(path, state): sd_notify(3). */
Value notifySupervisor(const CallbackInfo& info) {
  const std::string path = text(info[0]);
  const std::string state = text(info[1]);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return Napi::Boolean::New(info.Env(), false);
  std::memcpy(address.sun_path, path.data(), path.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  system::Descriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const bool sent = ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&address),
                             length) == static_cast<ssize_t>(state.size());
  return Napi::Boolean::New(info.Env(), sent);
}

Value dieWithParent(const CallbackInfo& info) {
  ::prctl(PR_SET_PDEATHSIG, integer(info[0]));
  return info.Env().Undefined();
}
Value trimMemory(const CallbackInfo& info) {
  ::malloc_trim(0);
  return info.Env().Undefined();
}

Value setDumpable(const CallbackInfo& info) {
  ::prctl(PR_SET_DUMPABLE, info[0].ToBoolean() ? 1 : 0);
  return info.Env().Undefined();
}
Value raiseDescriptorLimit(const CallbackInfo& info) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto wanted = static_cast<rlim_t>(info[0].As<Napi::Number>().Int64Value());
  if (limit.rlim_cur >= wanted) return info.Env().Undefined();
  limit.rlim_cur = wanted;
  if (limit.rlim_max < wanted) limit.rlim_max = wanted;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) throwSystemError(info.Env(), errno, "setrlimit");
  return info.Env().Undefined();
}

/** limitData(bytes): RLIMIT_DATA, soft and hard. */
Value limitData(const CallbackInfo& info) {
  const auto bytes = static_cast<rlim_t>(info[0].As<Napi::Number>().Int64Value());
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_DATA, &limit) != 0) throwSystemError(info.Env(), errno, "setrlimit");
  return info.Env().Undefined();
}

/** recordLogin(isLogin, line, pid, user, host) */
Value recordLogin(const CallbackInfo& info) {
  system::recordLogin({info[0].ToBoolean(), text(info[1]), integer(info[2]), text(info[3]), text(info[4])});
  return info.Env().Undefined();
}

}  // namespace
}  // namespace ocserv::binding

void initSystem(Napi::Env env, Napi::Object exports) {
  using namespace ocserv::binding;
  const auto add = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("openTun", openTun);
  add("configureDevice", configureDevice);
  add("removeDeviceAddresses", removeDeviceAddresses);
  add("setDeviceAlias", setDeviceAlias);
  add("deleteDevice", deleteDevice);
  add("listDevices", listDevices);
  add("lookupUser", lookupUser);
  add("lookupGroup", lookupGroup);
  add("cryptPassword", cryptPassword);
  add("cryptSetting", cryptSetting);
  add("tryLockFile", tryLockFile);
  add("openSyslog", openSyslog);
  add("writeSyslog", writeSyslog);
  add("notifySupervisor", notifySupervisor);
  add("dieWithParent", dieWithParent);
  add("setDumpable", setDumpable);
  add("trimMemory", trimMemory);
  add("raiseDescriptorLimit", raiseDescriptorLimit);
  add("limitData", limitData);
  add("recordLogin", recordLogin);
  initSockets(env, exports);
}
