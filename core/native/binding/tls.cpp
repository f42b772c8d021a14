// TLS of one client connection on the event loop, and the contexts it uses. Arguments were checked by tls.ts.
//   1. accept takes the socket; ciphertext goes to the session until it knows the server name: selectContext
//   2. the signature is asked of JavaScript; giveSignature lets the handshake go on
//   3. onSecure, then records both ways; input waits in the kernel while JavaScript has paused
//   4. end, abort, the peer or an error: onClose, once. Or the packet thread takes the connection: no event
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "failure.h"
#include "parts.h"
#include "tls-handle.h"
#include "tls/client-trust.h"
#include "tls/context.h"
#include "tls/session.h"

namespace ocserv::binding {
namespace {

using Napi::CallbackInfo;
using Napi::Value;

constexpr napi_type_tag contextTag = {0x6f637365727674ULL, 0x6c73636f6e746578ULL};
constexpr napi_type_tag connectionTag = {0x6f637365727674ULL, 0x6c73636f6e6e6563ULL};

/** One read of the socket; shared by all connections of the thread. */
constexpr size_t readBytes = 64 * 1024;
/** Ciphertext held while a handshake waits or JavaScript has paused; more stays in the kernel. */
constexpr size_t maxInputBytes = 64 * 1024;
/** Plaintext of one TLS record. */
constexpr size_t recordBytes = 16 * 1024;
/** After our end: how long the peer may take to end too, so that our last bytes are not lost to a reset. */
constexpr uint64_t lingerMs = 2000;

int versionNumber(const std::string& version) {
  if (version == "1.0") return TLS1_VERSION;
  if (version == "1.1") return TLS1_1_VERSION;
  return version == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
}

std::string text(const Napi::Object& from, const char* name) {
  const Value value = from.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}
bool flag(const Napi::Object& from, const char* name) { return from.Get(name).ToBoolean(); }
std::vector<uint8_t> bytesOf(const Napi::Value& value) {
  if (!value.IsTypedArray()) return {};
  const auto array = value.As<Napi::Uint8Array>();
  return {array.Data(), array.Data() + array.ByteLength()};
}

class ContextHandle final : public Napi::ObjectWrap<ContextHandle> {
 public:
  explicit ContextHandle(const CallbackInfo& info) : ObjectWrap(info) {
    napi_type_tag_object(info.Env(), info.This(), &contextTag);
    const auto options = info[0].As<Napi::Object>();
    const auto policy = options.Get("policy").As<Napi::Object>();
    tls::ContextSettings settings;
    settings.policy = {versionNumber(text(policy, "minVersion")),
                       versionNumber(text(policy, "maxVersion")),
                       text(policy, "cipherList"),
                       text(policy, "cipherSuites"),
                       text(policy, "groups"),
                       text(policy, "signatureAlgorithms"),
                       flag(policy, "serverPreference"),
                       flag(policy, "extendedMasterSecret"),
                       flag(policy, "encryptThenMac"),
                       policy.Get("securityLevel").ToNumber().Int32Value()};
    const auto certificates = options.Get("certificates").As<Napi::Array>();
    for (uint32_t index = 0; index < certificates.Length(); index++) {
      const auto certificate = certificates.Get(index).As<Napi::Object>();
      settings.certificates.push_back({text(certificate, "chain"), text(certificate, "keyId")});
    }
    settings.clientAuthorities = text(options, "clientAuthorities");
    settings.dhParameters = text(options, "dhParameters");
    settings.ocspResponse = bytesOf(options.Get("ocspResponse"));
    const std::string wanted = text(options, "clientCertificate");
    settings.clientCertificate = wanted == "require"   ? tls::ClientCertificate::require
                                 : wanted == "request" ? tls::ClientCertificate::request
                                                       : tls::ClientCertificate::none;
    std::string error;
    context_ = tls::Context::make(std::move(settings), error);
    if (!context_) Napi::Error::New(info.Env(), error).ThrowAsJavaScriptException();
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "TlsContext", {InstanceMethod("close", &ContextHandle::close)});
  }
  /** Null if the value is no context, or a closed one. */
  static std::shared_ptr<tls::Context> from(const Napi::Value& value) {
    bool isContext = false;
    if (!value.IsObject()) return nullptr;
    napi_check_object_type_tag(value.Env(), value, &contextTag, &isContext);
    return isContext ? Unwrap(value.As<Napi::Object>())->context_ : nullptr;
  }

 private:
  void close(const CallbackInfo&) { context_.reset(); }

  std::shared_ptr<tls::Context> context_;
};

/** new ClientTrust(authorities, revocation) */
class TrustHandle final : public Napi::ObjectWrap<TrustHandle> {
 public:
  explicit TrustHandle(const CallbackInfo& info) : ObjectWrap(info) {
    std::string error;
    trust_ = tls::ClientTrust::make(info[0].As<Napi::String>().Utf8Value(), info[1].As<Napi::String>().Utf8Value(), error);
    if (!trust_) Napi::Error::New(info.Env(), error).ThrowAsJavaScriptException();
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "ClientTrust",
                       {InstanceMethod("identify", &TrustHandle::identify),
                        InstanceMethod("revocationLists", &TrustHandle::revocationLists)});
  }

 private:
  Napi::Value identify(const CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const auto given = info[0].As<Napi::Array>();
    std::vector<std::vector<uint8_t>> chain;
    for (uint32_t index = 0; index < given.Length(); index++) chain.push_back(bytesOf(given.Get(index)));
    const tls::ClientIdentity identity = trust_->identify(chain);
    auto subject = Napi::Array::New(env, identity.subject.size());
    for (uint32_t index = 0; index < identity.subject.size(); index++) {
      auto attribute = Napi::Object::New(env);
      attribute.Set("oid", identity.subject[index].oid);
      attribute.Set("value", identity.subject[index].value);
      subject.Set(index, attribute);
    }
    auto emails = Napi::Array::New(env, identity.emails.size());
    for (uint32_t index = 0; index < identity.emails.size(); index++) emails.Set(index, identity.emails[index]);
    auto object = Napi::Object::New(env);
    object.Set("problem", identity.problem.empty() ? env.Undefined() : Napi::Value(Napi::String::New(env, identity.problem)));
    object.Set("subject", subject);
    object.Set("emails", emails);
    return object;
  }

  Napi::Value revocationLists(const CallbackInfo& info) {
    const Napi::Env env = info.Env();
    auto array = Napi::Array::New(env);
    for (const tls::RevocationList& list : trust_->revocationLists()) {
      auto object = Napi::Object::New(env);
      object.Set("issuer", list.issuer);
      object.Set("isOutOfDate", Napi::Boolean::New(env, list.isOutOfDate));
      array.Set(array.Length(), object);
    }
    return array;
  }

  std::shared_ptr<tls::ClientTrust> trust_;
};

class ConnectionHandle final : public Napi::ObjectWrap<ConnectionHandle> {
 public:
  /** new TlsConnection(fd, context, { selectContext, onSignature, onSecure, onData, onEnd, onClose }) */
  explicit ConnectionHandle(const CallbackInfo& info)
      : ObjectWrap(info), events_(Napi::Persistent(info[2].As<Napi::Object>())) {
    napi_type_tag_object(info.Env(), info.This(), &connectionTag);
    const std::shared_ptr<tls::Context> context = ContextHandle::from(info[1]);
    if (!context) {
      Napi::TypeError::New(info.Env(), "not an open TLS context").ThrowAsJavaScriptException();
      return;
    }
    session_ = tls::Session::make(context);
    if (!session_) {
      Napi::Error::New(info.Env(), "no memory for a TLS connection").ThrowAsJavaScriptException();
      return;
    }
    fd_ = info[0].As<Napi::Number>().Int32Value();
    napi_get_uv_event_loop(info.Env(), &loop_);
    poll_ = new uv_poll_t;
    poll_->data = this;
    const int failed = uv_poll_init(loop_, poll_, fd_);
    if (failed != 0) {
      delete poll_;
      poll_ = nullptr;
      fd_ = -1;  // stays with the caller
      session_.reset();
      throwSystemError(info.Env(), -failed, "watch socket");
      return;
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Ref();  // alive while open, whoever forgets it
    updateWatch();
  }
  ~ConnectionHandle() override { closeHandles(); }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(
        env, "TlsConnection",
        {InstanceMethod("write", &ConnectionHandle::write), InstanceMethod("pause", &ConnectionHandle::pause),
         InstanceMethod("resume", &ConnectionHandle::resume), InstanceMethod("end", &ConnectionHandle::end),
         InstanceMethod("abort", &ConnectionHandle::end), InstanceMethod("close", &ConnectionHandle::close),
         InstanceMethod("pathMtu", &ConnectionHandle::pathMtu),
         InstanceMethod("giveSignature", &ConnectionHandle::giveSignature),
         InstanceAccessor("writableLength", &ConnectionHandle::writableLength, nullptr)});
  }

  static ConnectionHandle* from(const Napi::Value& value) {
    bool isConnection = false;
    if (!value.IsObject()) return nullptr;
    napi_check_object_type_tag(value.Env(), value, &connectionTag, &isConnection);
    return isConnection ? Unwrap(value.As<Napi::Object>()) : nullptr;
  }

  bool release(tls::Handover& handover) {
    if (!isOpen() || stage_ != Stage::secure) return false;
    session_->release(handover);
    handover.pendingOutput.erase(handover.pendingOutput.begin(),
                                 handover.pendingOutput.begin() + static_cast<ptrdiff_t>(outputAt_));
    outputAt_ = 0;
    handover.fd = fd_;
    fd_ = -1;
    stage_ = Stage::closed;
    closeHandles();
    events_.Reset();
    if (!isPumping_) session_.reset();
    Unref();
    return true;
  }

 private:
  enum class Stage { handshake, secure, ending, closed };

  bool isOpen() const { return stage_ != Stage::closed && session_ != nullptr; }

  // --- calls from JavaScript --------------------------------------------------------------------------------

  void write(const CallbackInfo& info) {
    if (stage_ != Stage::secure) return;
    const auto bytes = info[0].As<Napi::Uint8Array>();
    std::span<const uint8_t> left(bytes.Data(), bytes.ByteLength());
    while (!left.empty()) {
      const auto piece = left.first(std::min(left.size(), recordBytes));
      if (!session_->write(piece)) {
        failLater_ = true;
        break;
      }
      left = left.subspan(piece.size());
    }
    if (!isPumping_) pump();
  }
  void pause(const CallbackInfo&) {
    isPaused_ = true;
    updateWatch();
  }
  void resume(const CallbackInfo&) {
    isPaused_ = false;
    if (!isPumping_) pump();
  }
  void end(const CallbackInfo&) {
    if (!isOpen() || stage_ == Stage::ending) return;
    if (stage_ == Stage::handshake) {
      finish(std::nullopt);
      return;
    }
    session_->shutdown();
    stage_ = Stage::ending;
    if (!isPumping_) pump();
  }
  void close(const CallbackInfo&) {
    if (isOpen()) finish(std::nullopt);
  }
  void giveSignature(const CallbackInfo& info) {
    if (!isOpen() || !session_->isSignaturePending()) return;
    session_->giveSignature(bytesOf(info[0]));
    pump();
  }
  Napi::Value pathMtu(const CallbackInfo& info) {
    tcp_info facts{};
    socklen_t length = sizeof facts;
    const bool isKnown = fd_ >= 0 && ::getsockopt(fd_, IPPROTO_TCP, TCP_INFO, &facts, &length) == 0;
    return Napi::Number::New(info.Env(), isKnown ? facts.tcpi_pmtu : 0);
  }
  Napi::Value writableLength(const CallbackInfo& info) {
    return Napi::Number::New(info.Env(), session_ ? static_cast<double>(session_->output().size() - outputAt_) : 0);
  }

  // --- events to JavaScript ---------------------------------------------------------------------------------

  template <typename... Arguments>
  Napi::Value emit(const char* name, Arguments... arguments) {
    const Napi::Object events = events_.Value();
    // Runs promise reactions afterwards; an exception of the callback becomes an uncaught one.
    return events.Get(name).As<Napi::Function>().MakeCallback(events, {arguments...});
  }

  // --- the machine ------------------------------------------------------------------------------------------

  void onReady(int status, int ready) {
    if (status < 0) {
      // libuv has stopped watching. What came before the error is read first; the error is what the next read finds.
      watched_ = 0;
      ready = UV_READABLE;
    }
    if ((ready & UV_READABLE) != 0 && !receive()) return;
    pump();
  }

  /** False when the connection ended. */
  bool receive() {
    static thread_local std::array<uint8_t, readBytes> buffer;
    ssize_t count;
    do {
      count = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
      sawBytes_ = true;
      if (stage_ != Stage::ending) session_->receive({buffer.data(), static_cast<size_t>(count)});
      return true;
    }
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
    if (stage_ == Stage::ending) {
      finish(std::nullopt);
      return false;
    }
    if (count < 0) {
      finish(std::string(uv_strerror(-errno)));
      return false;
    }
    isInputEnded_ = true;
    if (stage_ == Stage::handshake) {
      finish(sawBytes_ ? std::optional<std::string>("connection closed during the handshake") : std::nullopt);
      return false;
    }
    return true;
  }

  void pump() {
    if (!isOpen() || isPumping_) return;
    const Napi::HandleScope scope(Env());
    [[maybe_unused]] const Napi::Object self = Value();  // keeps this object while callbacks close it
    isPumping_ = true;
    if (stage_ == Stage::handshake) shakeHands();
    if (stage_ == Stage::secure) deliver();
    isPumping_ = false;
    if (stage_ == Stage::closed) {
      session_.reset();
      return;
    }
    if (failLater_) {
      finish(session_->error());
      return;
    }
    if (flush()) updateWatch();
  }



  void shakeHands() {
    const Napi::Env env = Env();
    while (stage_ == Stage::handshake) {
      if (session_->isSignaturePending()) return;
      switch (session_->handshake()) {
        case tls::Session::Handshake::wantInput:
          return;
        case tls::Session::Handshake::wantContext: {
          const std::string& name = session_->serverName();
          const Napi::Value chosen =
              emit("selectContext", name.empty() ? env.Undefined() : Napi::Value(Napi::String::New(env, name)));
          if (stage_ != Stage::handshake) return;
          const std::shared_ptr<tls::Context> context = ContextHandle::from(chosen);
          if (!context || !session_->chooseContext(context)) {
            fail(context ? session_->error() : "no TLS context for this name");
            return;
          }
          break;
        }
        case tls::Session::Handshake::wantSignature: {
          tls::SignatureRequest request = session_->takeRequest();
          auto object = Napi::Object::New(env);
          object.Set("keyId", request.keyId);
          object.Set("scheme", Napi::Number::New(env, request.scheme));
          object.Set("input", Napi::Buffer<uint8_t>::Copy(env, request.input.data(), request.input.size()));
          emit("onSignature", object);
          break;
        }
        case tls::Session::Handshake::done:
          stage_ = Stage::secure;
          if (!flush()) return;
          emit("onSecure", factsObject(env));
          return;
        case tls::Session::Handshake::wantJob:
          fail("no memory for another handshake");
          return;
        case tls::Session::Handshake::failed:
          fail(session_->error());
          return;
      }
    }
  }

  void deliver() {
    static thread_local std::array<uint8_t, recordBytes> record;
    const Napi::Env env = Env();
    while (stage_ == Stage::secure && !isPaused_ && !hasEnded_) {
      const Napi::HandleScope scope(env);
      size_t length = 0;
      switch (session_->read(record, length)) {
        case tls::Session::Read::ok:
          emit("onData", Napi::Buffer<uint8_t>::Copy(env, record.data(), length));
          break;
        case tls::Session::Read::wouldBlock:
          if (!isInputEnded_) return;
          [[fallthrough]];
        case tls::Session::Read::closed:
          hasEnded_ = true;
          emit("onEnd");
          return;
        case tls::Session::Read::failed:
          fail(session_->error());
          return;
      }
    }
  }

  Napi::Object factsObject(Napi::Env env) {
    const tls::Facts facts = session_->facts();
    auto object = Napi::Object::New(env);
    object.Set("version", facts.version);
    object.Set("cipher", facts.cipher);
    object.Set("description", facts.description);
    object.Set("serverName", facts.serverName.empty() ? env.Undefined() : Napi::Value(Napi::String::New(env, facts.serverName)));
    object.Set("safeRenegotiation", Napi::Boolean::New(env, facts.safeRenegotiation));
    object.Set("clientProof", proofValue(env, facts.clientProof));
    return object;
  }

  static Napi::Value proofValue(Napi::Env env, const std::vector<uint8_t>& proof) {
    if (proof.empty()) return env.Undefined();
    return Napi::Buffer<uint8_t>::Copy(env, proof.data(), proof.size());
  }

  /** Sends the alert libssl made, as far as the socket takes it, and ends. */
  void fail(const std::string& reason) {
    flush();
    if (isOpen()) finish(reason);
  }

  /** False when the connection ended. */
  bool flush() {
    std::vector<uint8_t>& output = session_->output();
    while (outputAt_ < output.size()) {
      const ssize_t count = ::send(fd_, output.data() + outputAt_, output.size() - outputAt_, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count > 0) {
        outputAt_ += static_cast<size_t>(count);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return true;
      } else if (errno != EINTR) {
        finish(std::string(uv_strerror(-errno)));
        return false;
      }
    }
    std::vector<uint8_t>().swap(output);  // an idle connection holds no buffer
    outputAt_ = 0;
    if (stage_ == Stage::ending && timer_ == nullptr) {
      ::shutdown(fd_, SHUT_WR);
      if (isInputEnded_) {
        finish(std::nullopt);
        return false;
      }
      linger();
    }
    return true;
  }

  void linger() {
    timer_ = new uv_timer_t;
    timer_->data = this;
    uv_timer_init(loop_, timer_);
    uv_timer_start(
        timer_,
        [](uv_timer_t* timer) {
          auto* self = static_cast<ConnectionHandle*>(timer->data);
          const Napi::HandleScope scope(self->Env());
          if (self->isOpen()) self->finish(std::nullopt);
        },
        lingerMs, 0);
  }

  void updateWatch() {
    if (poll_ == nullptr) return;
    const bool isInputWanted = !isInputEnded_ && (stage_ == Stage::ending || (!isPaused_ && !hasEnded_)) &&
                               session_->unreadInput() < maxInputBytes;
    const int events = (isInputWanted ? UV_READABLE : 0) | (session_->output().size() > outputAt_ ? UV_WRITABLE : 0);
    if (events == watched_) return;
    watched_ = events;
    if (events == 0) {
      uv_poll_stop(poll_);
      return;
    }
    uv_poll_start(poll_, events, [](uv_poll_t* poll, int status, int ready) {
      auto* self = static_cast<ConnectionHandle*>(poll->data);
      const Napi::HandleScope scope(self->Env());
      self->onReady(status, ready);
    });
  }

  void finish(const std::optional<std::string>& error) {
    const Napi::Env env = Env();
    const Napi::HandleScope scope(env);
    [[maybe_unused]] const Napi::Object self = Value();
    const bool isUnfinished = stage_ == Stage::handshake && session_ != nullptr;
    const Napi::Value proof = isUnfinished ? proofValue(env, session_->clientProof()) : env.Undefined();
    stage_ = Stage::closed;
    closeHandles();
    if (!isPumping_) session_.reset();
    const Napi::ObjectReference events = std::move(events_);
    const Napi::Object target = events.Value();
    const Napi::Value reason = error ? Napi::Value(Napi::Error::New(env, *error).Value()) : env.Undefined();
    target.Get("onClose").As<Napi::Function>().MakeCallback(target, {reason, Napi::Boolean::New(env, sawBytes_), proof});
    Unref();
  }

  void closeHandles() {
    if (poll_ != nullptr) {
      uv_poll_stop(poll_);
      uv_close(reinterpret_cast<uv_handle_t*>(poll_), [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
      poll_ = nullptr;
    }
    if (timer_ != nullptr) {
      uv_close(reinterpret_cast<uv_handle_t*>(timer_), [](uv_handle_t* handle) { delete reinterpret_cast<uv_timer_t*>(handle); });
      timer_ = nullptr;
    }
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  Napi::ObjectReference events_;
  std::unique_ptr<tls::Session> session_;
  uv_loop_t* loop_ = nullptr;
  uv_poll_t* poll_ = nullptr;
  uv_timer_t* timer_ = nullptr;
  int fd_ = -1;
  int watched_ = 0;
  size_t outputAt_ = 0;
  Stage stage_ = Stage::handshake;
  bool isPaused_ = false;
  bool isPumping_ = false;
  bool isInputEnded_ = false;
  bool hasEnded_ = false;
  bool failLater_ = false;
  bool sawBytes_ = false;
};

}  // namespace

bool takeTlsConnection(const Napi::Value& connection, tls::Handover& handover) {
  ConnectionHandle* handle = ConnectionHandle::from(connection);
  return handle != nullptr && handle->release(handover);
}

}  // namespace ocserv::binding

void initTls(Napi::Env env, Napi::Object exports) {
  exports.Set("TlsContext", ocserv::binding::ContextHandle::define(env));
  exports.Set("ClientTrust", ocserv::binding::TrustHandle::define(env));
  exports.Set("TlsConnection", ocserv::binding::ConnectionHandle::define(env));
}
