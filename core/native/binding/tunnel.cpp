// Binding of the packet thread. Arguments come checked from core/native/tunnel.ts. Commands go into the thread's
// queue; its events come back through one thread-safe function; counters are read from shared memory.
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "flow/packet-thread.h"
#include "parts.h"
#include "tls-handle.h"

namespace ocserv::binding {

namespace {

const char* endName(tunnel::End reason) {
  switch (reason) {
    case tunnel::End::userDisconnect:
      return "userDisconnect";
    case tunnel::End::temporary:
      return "temporary";
    case tunnel::End::serverDisconnect:
      return "serverDisconnect";
    case tunnel::End::idleTimeout:
      return "idleTimeout";
    case tunnel::End::dpdTimeout:
      return "dpdTimeout";
    case tunnel::End::sessionTimeout:
      return "sessionTimeout";
    case tunnel::End::error:
      break;
  }
  return "error";
}

uint32_t uintOf(const Napi::Object& from, const char* name) { return from.Get(name).As<Napi::Number>().Uint32Value(); }
uint64_t rateOf(const Napi::Object& from, const char* name) {
  return static_cast<uint64_t>(from.Get(name).As<Napi::Number>().Int64Value());
}
bool boolOf(const Napi::Object& from, const char* name) { return from.Get(name).As<Napi::Boolean>().Value(); }

std::vector<uint8_t> bytesOf(const Napi::Value& value) {
  const Napi::Uint8Array bytes = value.As<Napi::Uint8Array>();
  return {bytes.Data(), bytes.Data() + bytes.ByteLength()};
}

compress::Algorithm algorithmOf(const Napi::Object& from, const char* name) {
  const Napi::Value value = from.Get(name);
  const std::string text = value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
  return text == "lzs" ? compress::Algorithm::lzs : text == "oc-lz4" ? compress::Algorithm::lz4 : compress::Algorithm::none;
}

tunnel::Options optionsOf(const Napi::Object& from) {
  tunnel::Options options;
  options.tunnelMtuBytes = uintOf(from, "tunnelMtuBytes");
  options.linkMtuBytes = uintOf(from, "linkMtuBytes");
  options.outerIpv6 = boolOf(from, "outerIpv6");
  options.tunOffload = boolOf(from, "tunOffload");
  options.dpdSeconds = uintOf(from, "dpdSeconds");
  options.idleTimeoutSeconds = uintOf(from, "idleTimeoutSeconds");
  options.remainingSeconds = uintOf(from, "remainingSeconds");
  options.rekeySeconds = uintOf(from, "rekeySeconds");
  options.switchToTcpSeconds = uintOf(from, "switchToTcpSeconds");
  options.mtuDiscovery = boolOf(from, "mtuDiscovery");
  const Napi::Value ciphers = from.Get("dtlsCipherList");
  if (ciphers.IsString()) options.dtlsCipherList = ciphers.As<Napi::String>().Utf8Value();
  if (from.Get("dtlsSessionId").IsTypedArray()) {
    options.resumedDtls = {bytesOf(from.Get("dtlsSessionId")), bytesOf(from.Get("dtlsMasterSecret"))};
  }
  options.cstpCompression = algorithmOf(from, "cstpCompression");
  options.dtlsCompression = algorithmOf(from, "dtlsCompression");
  options.noCompressBytes = uintOf(from, "noCompressBytes");
  const Napi::Array sources = from.Get("allowedSources").As<Napi::Array>();
  for (uint32_t i = 0; i < sources.Length(); i++) {
    options.allowedSources.push_back(sources.Get(i).As<Napi::String>().Utf8Value());
  }
  options.rxBytesPerSecond = rateOf(from, "rxBytesPerSecond");
  options.txBytesPerSecond = rateOf(from, "txBytesPerSecond");
  options.sendBufferBytes = uintOf(from, "sendBufferBytes");
  const Napi::Value priority = from.Get("socketPriority");
  if (priority.IsNumber()) options.socketPriority = priority.As<Napi::Number>().Int32Value();
  const Napi::Value tos = from.Get("tos");
  if (tos.IsNumber()) options.tos = tos.As<Napi::Number>().Int32Value();
  return options;
}

/** The native side of a PacketThread. Closed by close(), by the garbage collector or with the environment. */
class PacketThreadHandle final : public Napi::ObjectWrap<PacketThreadHandle>, public tunnel::Listener {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "PacketThreadHandle",
                       {InstanceMethod<&PacketThreadHandle::openTunnel>("openTunnel"),
                        InstanceMethod<&PacketThreadHandle::attachDatagram>("attachDatagram"),
                        InstanceMethod<&PacketThreadHandle::probeDatagram>("probeDatagram"),
                        InstanceMethod<&PacketThreadHandle::closeTunnel>("closeTunnel"),
                        InstanceMethod<&PacketThreadHandle::close>("close")});
  }

  /** (onEvent(kind, id, number, text), names of switched off features) */
  explicit PacketThreadHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<PacketThreadHandle>(info), env_(info.Env()) {
    events_ = Napi::ThreadSafeFunction::New(env_, info[0].As<Napi::Function>(), "packet thread", 0, 1);
    events_.Unref(env_);
    thread_ = std::make_unique<flow::PacketThread>(*this, flow::probeFeatures(info[1].As<Napi::String>().Utf8Value()));
    if (!thread_->start()) {
      thread_.reset();
      events_.Release();
      Napi::Error::New(env_, "the packet thread cannot be started").ThrowAsJavaScriptException();
      return;
    }
    napi_add_env_cleanup_hook(env_, onEnvironmentEnd, this);
    isOpen_ = true;
  }

  ~PacketThreadHandle() override { shutDown(); }

 private:
  static void onEnvironmentEnd(void* self) {
    auto* handle = static_cast<PacketThreadHandle*>(self);
    handle->isOpen_ = false;
    handle->thread_.reset();
    handle->events_.Abort();
  }

  void shutDown() {
    if (!isOpen_) return;
    isOpen_ = false;
    napi_remove_env_cleanup_hook(env_, onEnvironmentEnd, this);
    thread_.reset();  // ends the tunnels and waits; their events are queued by now
    events_.Release();
  }

  void post(const char* kind, uint32_t id, double number, std::string text) {
    struct Event {
      const char* kind;
      uint32_t id;
      double number;
      std::string text;
    };
    auto* event = new Event{kind, id, number, std::move(text)};
    const napi_status status = events_.NonBlockingCall(event, [](Napi::Env env, Napi::Function listener, Event* queued) {
      const std::unique_ptr<Event> owned(queued);
      if (env == nullptr || listener.IsEmpty()) return;
      listener.Call({Napi::String::New(env, owned->kind), Napi::Number::New(env, owned->id),
                     Napi::Number::New(env, owned->number), Napi::String::New(env, owned->text)});
    });
    if (status != napi_ok) delete event;
  }

  void onEnd(uint32_t id, tunnel::End reason, std::string_view detail) override {
    post(endName(reason), id, 0, std::string(detail));
  }
  void onDtls(uint32_t id, std::string_view description) override { post("dtls", id, 0, std::string(description)); }
  void onMtu(uint32_t id, uint32_t mtuBytes) override { post("mtu", id, mtuBytes, {}); }
  void onAnswer(uint32_t request, bool accepted) override { post("answer", request, accepted ? 1 : 0, {}); }

  void onMistake(uint32_t id, std::string_view text) override { post("mistake", id, 0, std::string(text)); }

  /** (id, connection, tunFd, early, options) → ArrayBuffer of 64-bit counters, or undefined if the connection is gone */
  Napi::Value openTunnel(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    tls::Handover connection;
    if (thread_ == nullptr || !takeTlsConnection(info[1], connection)) return env.Undefined();
    auto counters = std::make_shared<tunnel::Counters>();
    // The memory lives as long as either the tunnel or JavaScript looks at it.
    auto* keep = new std::shared_ptr<tunnel::Counters>(counters);
    const Napi::ArrayBuffer shared = Napi::ArrayBuffer::New(
        env, counters.get(), sizeof(tunnel::Counters),
        [](Napi::Env, void*, std::shared_ptr<tunnel::Counters>* held) { delete held; }, keep);
    thread_->open(info[0].As<Napi::Number>().Uint32Value(), std::move(connection),
                  info[2].As<Napi::Number>().Int32Value(), bytesOf(info[3]), optionsOf(info[4].As<Napi::Object>()),
                  std::move(counters));
    return shared;
  }

  void attachDatagram(const Napi::CallbackInfo& info) {
    const int fd = info[2].As<Napi::Number>().Int32Value();
    if (thread_ == nullptr) {
      ::close(fd);
      return;
    }
    thread_->attach(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Number>().Uint32Value(), fd,
                    bytesOf(info[3]), info[4].As<Napi::Boolean>().Value());
  }

  void probeDatagram(const Napi::CallbackInfo& info) {
    if (thread_ == nullptr) return;
    thread_->probe(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Number>().Uint32Value(), bytesOf(info[2]));
  }

  void closeTunnel(const Napi::CallbackInfo& info) {
    if (thread_ == nullptr) return;
    thread_->close(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Boolean>().Value());
  }

  void close(const Napi::CallbackInfo&) { shutDown(); }

  Napi::Env env_;
  Napi::ThreadSafeFunction events_;
  std::unique_ptr<flow::PacketThread> thread_;
  bool isOpen_ = false;
};

}  // namespace

}  // namespace ocserv::binding

void initTunnel(Napi::Env env, Napi::Object exports) {
  exports.Set("PacketThreadHandle", ocserv::binding::PacketThreadHandle::define(env));
  exports.Set("probePacketFeatures", Napi::Function::New(env, [](const Napi::CallbackInfo& info) {
                auto found = Napi::Object::New(info.Env());
                found.Set("udp-gso", Napi::Boolean::New(info.Env(), ocserv::flow::hasUdpSegment()));
                found.Set("udp-gro", Napi::Boolean::New(info.Env(), ocserv::flow::hasUdpReceive()));
                return found;
              }));
}
