// Kerberos logins for JavaScript. Arguments were checked by gssapi.ts.
#include "gssapi/acceptor.h"

#include <napi.h>

#include <string>

#include "parts.h"

namespace ocserv::binding {
namespace {

using gssapi::Accepted;
using Napi::CallbackInfo;

/** A name or text of others: JavaScript takes no bytes that are not UTF-8 without changing them. */
Napi::String textOf(Napi::Env env, const std::string& text) { return Napi::String::New(env, text); }

class AcceptWork final : public Napi::AsyncWorker {
 public:
  AcceptWork(Napi::Env env, std::shared_ptr<gssapi::Negotiation> negotiation, std::string token)
      : AsyncWorker(env), deferred_(env), negotiation_(std::move(negotiation)), token_(std::move(token)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { result_ = negotiation_->accept(std::move(token_)); }
  void OnOK() override {
    const Napi::Env env = Env();
    auto reply = Napi::Object::New(env);
    if (result_.state == Accepted::State::failed) {
      reply.Set("state", "failed");
      reply.Set("problem", textOf(env, result_.problem));
    } else {
      reply.Set("state", result_.state == Accepted::State::done ? "done" : "underWay");
      reply.Set("token", Napi::Buffer<char>::Copy(env, result_.token.data(), result_.token.size()));
    }
    if (result_.state == Accepted::State::done) {
      reply.Set("principal", textOf(env, result_.principal));
      if (!result_.localName.empty()) reply.Set("localName", textOf(env, result_.localName));
      if (result_.authenticatedAt) reply.Set("authenticatedAt", Napi::Number::New(env, *result_.authenticatedAt));
      reply.Set("isAnonymous", Napi::Boolean::New(env, result_.isAnonymous));
    }
    deferred_.Resolve(reply);
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<gssapi::Negotiation> negotiation_;
  std::string token_;
  Accepted result_;
};

class NegotiationHandle final : public Napi::ObjectWrap<NegotiationHandle> {
 public:
  static Napi::FunctionReference constructor;

  explicit NegotiationHandle(const CallbackInfo& info) : ObjectWrap(info) {
    auto& credentials = *info[0].As<Napi::External<std::shared_ptr<const gssapi::Credentials>>>().Data();
    negotiation_ = std::make_shared<gssapi::Negotiation>(credentials);
  }

  /** accept(token): promise */
  Napi::Value accept(const CallbackInfo& info) {
    const auto token = info[0].As<Napi::Uint8Array>();
    auto* work = new AcceptWork(info.Env(), negotiation_,
                                std::string(reinterpret_cast<const char*>(token.Data()), token.ByteLength()));
    const Napi::Promise promise = work->promise();
    work->Queue();
    return promise;
  }

 private:
  std::shared_ptr<gssapi::Negotiation> negotiation_;
};

class CredentialsHandle final : public Napi::ObjectWrap<CredentialsHandle> {
 public:
  /** new(keytab or "") */
  explicit CredentialsHandle(const CallbackInfo& info) : ObjectWrap(info) {
    std::string problem;
    credentials_ = gssapi::Credentials::acquire(info[0].As<Napi::String>(), problem);
    if (credentials_ == nullptr) Napi::Error::New(info.Env(), problem).ThrowAsJavaScriptException();
  }

  Napi::Value begin(const CallbackInfo& info) {
    return NegotiationHandle::constructor.New(
        {Napi::External<std::shared_ptr<const gssapi::Credentials>>::New(info.Env(), &credentials_)});
  }

 private:
  std::shared_ptr<const gssapi::Credentials> credentials_;
};

Napi::FunctionReference NegotiationHandle::constructor;

}  // namespace
}  // namespace ocserv::binding

void initGssapi(Napi::Env env, Napi::Object exports) {
  using namespace ocserv::binding;
  using Napi::InstanceWrap;
  NegotiationHandle::constructor = Napi::Persistent(NegotiationHandle::DefineClass(
      env, "GssapiNegotiation", {InstanceWrap<NegotiationHandle>::InstanceMethod("accept", &NegotiationHandle::accept)}));
  NegotiationHandle::constructor.SuppressDestruct();
  exports.Set("GssapiCredentials",
              CredentialsHandle::DefineClass(env, "GssapiCredentials",
                                             {InstanceWrap<CredentialsHandle>::InstanceMethod("begin", &CredentialsHandle::begin)}));
}
