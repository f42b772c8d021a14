// Sockets that carry descriptors, listeners that hand out raw descriptors, and UDP sockets that say where a datagram
// was sent to: what Node's own sockets cannot do. Arguments were checked by system.ts.
#include <fcntl.h>
#include <sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "failure.h"
#include "parts.h"
#include "poll-handle.h"
#include "system/endpoint.h"

namespace ocserv::binding {
namespace {

using Napi::CallbackInfo;
using Napi::Value;
using system::SocketAddress;

/** One read of a descriptor stream. */
constexpr size_t readBytes = 64 * 1024;
/** SCM_MAX_FD of the kernel is 253; our messages carry one or two. */
constexpr size_t maxDescriptorsPerMessage = 16;
/** Connections and datagrams taken per wake-up, so that the loop stays fair. */
constexpr int batch = 64;
/** Larger than any first datagram of a flow; longer ones are delivered cut to this. */
constexpr size_t datagramBytes = 4096;
/** Socket buffers of a client's datagram flow. */
constexpr int flowBufferBytes = 4 * 1024 * 1024;

Napi::Object endpoint(Napi::Env env, const SocketAddress& address) {
  auto object = Napi::Object::New(env);
  object.Set("address", address.text());
  object.Set("port", Napi::Number::New(env, address.port()));
  return object;
}

SocketAddress localOf(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  ::getsockname(fd, address.raw(), &address.length);
  return address;
}

/** An exception of a callback ends the process like any uncaught one; it must not be left pending here. */
template <typename... Arguments>
void call(const Napi::FunctionReference& function, Arguments... arguments) {
  const Napi::Env env = function.Env();
  function.MakeCallback(env.Global(), {arguments...});
  if (env.IsExceptionPending()) napi_fatal_exception(env, env.GetAndClearPendingException().Value());
}

class DescriptorStream final : public Napi::ObjectWrap<DescriptorStream>, public PollHandle {
 public:
  /** new DescriptorStream(fd, onData, onClose) */
  explicit DescriptorStream(const CallbackInfo& info)
      : ObjectWrap(info),
        PollHandle(info.Env(), info[0].As<Napi::Number>().Int32Value()),
        onData_(Napi::Persistent(info[1].As<Napi::Function>())),
        onClose_(Napi::Persistent(info[2].As<Napi::Function>())) {
    if (!isOpen()) {
      throwSystemError(info.Env(), error(), "watch descriptor");
      return;
    }
    // Alive while open, whoever forgets it.
    Ref();
    watch(UV_READABLE);
  }
  ~DescriptorStream() override { dropOutput(); }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "DescriptorStream",
                       {InstanceMethod("write", &DescriptorStream::write), InstanceMethod("close", &DescriptorStream::close),
                        InstanceAccessor("writableLength", &DescriptorStream::writableLength, nullptr)});
  }

 private:
  struct Output {
    std::string bytes;
    size_t sent = 0;
    std::vector<int> descriptors;
  };

  void write(const CallbackInfo& info) {
    if (!isOpen()) return;
    const auto bytes = info[0].As<Napi::Uint8Array>();
    Output output{{reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength()}, 0, {}};
    const auto descriptors = info[1].As<Napi::Array>();
    for (uint32_t index = 0; index < descriptors.Length(); index++) {
      // Duplicated: the caller may close its own at once.
      const int copy = ::fcntl(descriptors.Get(index).As<Napi::Number>().Int32Value(), F_DUPFD_CLOEXEC, 3);
      if (copy < 0) {
        const int error = errno;
        for (const int fd : output.descriptors) ::close(fd);
        throwSystemError(info.Env(), error, "duplicate descriptor");
        return;
      }
      output.descriptors.push_back(copy);
    }
    queued_ += output.bytes.size();
    outputs_.push_back(std::move(output));
    flush();
  }

  Napi::Value writableLength(const CallbackInfo& info) { return Napi::Number::New(info.Env(), static_cast<double>(queued_)); }
  void close(const CallbackInfo&) { end(); }

  void onReady(int events) override {
    if ((events & UV_WRITABLE) != 0) flush();
    if (isOpen() && (events & UV_READABLE) != 0) receive();
  }

  void flush() {
    while (!outputs_.empty()) {
      Output& output = outputs_.front();
      iovec part{output.bytes.data() + output.sent, output.bytes.size() - output.sent};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      alignas(cmsghdr) std::array<char, CMSG_SPACE(maxDescriptorsPerMessage * sizeof(int))> control{};
      if (!output.descriptors.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(output.descriptors.size() * sizeof(int));
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(output.descriptors.size() * sizeof(int));
        std::memcpy(CMSG_DATA(header), output.descriptors.data(), output.descriptors.size() * sizeof(int));
      }
      const ssize_t sent = ::sendmsg(fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN) {
          watch(UV_READABLE | UV_WRITABLE);
          return;
        }
        // The reading side reports the end of the stream; what is queued has no reader any more.
        dropOutput();
        break;
      }
      // They went with the first byte.
      for (const int descriptor : output.descriptors) ::close(descriptor);
      output.descriptors.clear();
      output.sent += static_cast<size_t>(sent);
      queued_ -= static_cast<size_t>(sent);
      if (output.sent == output.bytes.size()) outputs_.pop_front();
    }
    watch(UV_READABLE);
  }

  void receive() {
    static thread_local std::array<uint8_t, readBytes> buffer;
    iovec part{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(maxDescriptorsPerMessage * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t received = ::recvmsg(fd(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) {
      const int error = received < 0 ? errno : 0;
      const Napi::Env env = PollHandle::env_;
      end();
      call(onClose_, error == 0 ? env.Undefined() : Napi::Error::New(env, uv_strerror(-error)).Value());
      return;
    }
    const Napi::Env env = PollHandle::env_;
    auto descriptors = Napi::Array::New(env);
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
      const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t index = 0; index < count; index++) {
        int descriptor = -1;
        std::memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof descriptor);
        descriptors.Set(descriptors.Length(), Napi::Number::New(env, descriptor));
      }
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
      // More descriptors than any message of ours has, or none free: what belongs to what is lost.
      for (uint32_t index = 0; index < descriptors.Length(); index++) {
        ::close(descriptors.Get(index).As<Napi::Number>().Int32Value());
      }
      end();
      call(onClose_, Napi::Error::New(env, "descriptors of a message were lost").Value().As<Napi::Value>());
      return;
    }
    call(onData_, Napi::Buffer<uint8_t>::Copy(env, buffer.data(), static_cast<size_t>(received)).As<Napi::Value>(),
         descriptors.As<Napi::Value>());
  }

  void dropOutput() {
    for (Output& output : outputs_) {
      for (const int descriptor : output.descriptors) ::close(descriptor);
    }
    outputs_.clear();
    queued_ = 0;
  }

  void end() {
    if (!isOpen()) return;
    dropOutput();
    closeHandle();
    Unref();
  }

  Napi::FunctionReference onData_;
  Napi::FunctionReference onClose_;
  std::deque<Output> outputs_;
  size_t queued_ = 0;
};

/** Opens, prepares and binds a socket; -1 with errno. */
int bindSocket(const SocketAddress& address, int type) {
  const int fd = ::socket(address.family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd, address.raw(), address.length) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return -1;
}

class TcpListener final : public Napi::ObjectWrap<TcpListener>, public PollHandle {
 public:
  /** new TcpListener(fd, onConnection); fd listens already. */
  explicit TcpListener(const CallbackInfo& info)
      : ObjectWrap(info),
        PollHandle(info.Env(), info[0].As<Napi::Number>().Int32Value()),
        onConnection_(Napi::Persistent(info[1].As<Napi::Function>())),
        spare_(openSpare()) {
    if (!isOpen()) {
      throwSystemError(info.Env(), error(), "watch descriptor");
      return;
    }
    Ref();
    watch(UV_READABLE);
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "TcpListener",
                       {InstanceMethod("pause", &TcpListener::pause), InstanceMethod("resume", &TcpListener::resume),
                        InstanceMethod("close", &TcpListener::close)});
  }

 private:
  void pause(const CallbackInfo&) {
    isPaused_ = true;
    watch(0);
  }
  void resume(const CallbackInfo&) {
    isPaused_ = false;
    watch(UV_READABLE);
  }
  void close(const CallbackInfo&) {
    if (!isOpen()) return;
    closeHandle();
    Unref();
  }

  void onReady(int) override {
    const Napi::Env env = PollHandle::env_;
    for (int count = 0; count < batch && isOpen() && !isPaused_; count++) {
      SocketAddress remote;
      remote.length = sizeof remote.storage;
      const int fd = ::accept4(this->fd(), remote.raw(), &remote.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE) refuseOne();
        return;
      }
      Napi::HandleScope scope(env);
      call(onConnection_, Napi::Number::New(env, fd).As<Napi::Value>(), endpoint(env, remote).As<Napi::Value>(),
           endpoint(env, localOf(fd)).As<Napi::Value>());
    }
  }

  static int openSpare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

  /** Without a free descriptor the connection could not even be closed and would wake the loop for ever. */
  void refuseOne() {
    spare_.reset();
    const int fd = ::accept4(this->fd(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) ::close(fd);
    spare_ = system::Descriptor(openSpare());
  }

  Napi::FunctionReference onConnection_;
  system::Descriptor spare_;
  bool isPaused_ = false;
};

/** Asks the kernel to say which local address each datagram was sent to. */
void wantDestination(int fd, int family) {
  const int on = 1;
  if (family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  else ::setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

class UdpListener final : public Napi::ObjectWrap<UdpListener>, public PollHandle {
 public:
  /** new UdpListener(fd, onDatagram); fd is bound already. */
  explicit UdpListener(const CallbackInfo& info)
      : ObjectWrap(info),
        PollHandle(info.Env(), info[0].As<Napi::Number>().Int32Value()),
        onDatagram_(Napi::Persistent(info[1].As<Napi::Function>())),
        local_(localOf(fd())) {
    if (!isOpen()) {
      throwSystemError(info.Env(), error(), "watch descriptor");
      return;
    }
    Ref();
    wantDestination(fd(), local_.family());
    // The sockets of flows are bound to the same port; a socket of a supervisor may not allow it yet.
    const int on = 1;
    ::setsockopt(fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    watch(UV_READABLE);
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "UdpListener", {InstanceMethod("close", &UdpListener::close)});
  }

 private:
  void close(const CallbackInfo&) {
    if (!isOpen()) return;
    closeHandle();
    Unref();
  }

  void onReady(int) override {
    const Napi::Env env = PollHandle::env_;
    for (int count = 0; count < batch && isOpen(); count++) {
      std::array<uint8_t, datagramBytes> buffer;
      iovec part{buffer.data(), buffer.size()};
      alignas(cmsghdr) std::array<char, 256> control{};
      SocketAddress remote;
      msghdr message{};
      message.msg_name = remote.raw();
      message.msg_namelen = sizeof remote.storage;
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      const ssize_t received = ::recvmsg(fd(), &message, MSG_DONTWAIT);
      // A pending ICMP error of some earlier flow is reported here; it concerns nobody.
      if (received < 0 && errno != EAGAIN && errno != EINTR) continue;
      if (received < 0) return;
      remote.length = message.msg_namelen;
      if (message.msg_namelen == 0) continue;
      Napi::HandleScope scope(env);
      call(onDatagram_, Napi::Buffer<uint8_t>::Copy(env, buffer.data(), static_cast<size_t>(received)).As<Napi::Value>(),
           endpoint(env, remote).As<Napi::Value>(), endpoint(env, destination(message)).As<Napi::Value>());
    }
  }

  SocketAddress destination(msghdr& message) const {
    SocketAddress address = local_;
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
      if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
        in_pktinfo information;
        std::memcpy(&information, CMSG_DATA(header), sizeof information);
        reinterpret_cast<sockaddr_in&>(address.storage).sin_addr = information.ipi_addr;
      }
      if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
        in6_pktinfo information;
        std::memcpy(&information, CMSG_DATA(header), sizeof information);
        reinterpret_cast<sockaddr_in6&>(address.storage).sin6_addr = information.ipi6_addr;
      }
    }
    return address;
  }

  Napi::FunctionReference onDatagram_;
  SocketAddress local_;
};

/**
 * The first bytes of an accepted connection, shown before it is handed on. What is not taken stays in the socket for
 * whoever has it next.
 */
class SocketPreview final : public Napi::ObjectWrap<SocketPreview>, public PollHandle {
 public:
  /** new SocketPreview(fd, limit, onBytes); onBytes(bytes), none at the end of the stream or after an error. */
  explicit SocketPreview(const CallbackInfo& info)
      : ObjectWrap(info),
        PollHandle(info.Env(), info[0].As<Napi::Number>().Int32Value()),
        limit_(std::min<size_t>(info[1].As<Napi::Number>().Uint32Value(), datagramBytes)),
        onBytes_(Napi::Persistent(info[2].As<Napi::Function>())) {
    if (!isOpen()) {
      throwSystemError(info.Env(), error(), "watch descriptor");
      return;
    }
    Ref();
    watch(UV_READABLE);
  }

  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "SocketPreview",
                       {InstanceMethod("take", &SocketPreview::take), InstanceMethod("release", &SocketPreview::release),
                        InstanceMethod("close", &SocketPreview::close)});
  }

 private:
  /** take(count): removes that many of the bytes shown. */
  void take(const CallbackInfo& info) {
    std::array<uint8_t, datagramBytes> taken;
    size_t left = std::min<size_t>(info[0].As<Napi::Number>().Uint32Value(), taken.size());
    while (isOpen() && left > 0) {
      const ssize_t count = ::recv(fd(), taken.data(), left, MSG_DONTWAIT);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return;
      left -= static_cast<size_t>(count);
    }
  }

  /** The descriptor, which is the caller's again; -1 when it was closed. */
  Napi::Value release(const CallbackInfo& info) {
    const int descriptor = releaseHandle();
    if (descriptor >= 0) Unref();
    return Napi::Number::New(info.Env(), descriptor);
  }
  void close(const CallbackInfo&) {
    if (!isOpen()) return;
    closeHandle();
    Unref();
  }

  void onReady(int) override {
    const Napi::Env env = PollHandle::env_;
    std::array<uint8_t, datagramBytes> buffer;
    const ssize_t count = ::recv(fd(), buffer.data(), limit_, MSG_DONTWAIT | MSG_PEEK);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const size_t length = count < 0 ? 0 : static_cast<size_t>(count);
    call(onBytes_, Napi::Buffer<uint8_t>::Copy(env, buffer.data(), length).As<Napi::Value>());
  }

  size_t limit_;
  Napi::FunctionReference onBytes_;
};

SocketAddress addressArgument(const CallbackInfo& info, size_t at) {
  const auto port = static_cast<uint16_t>(info[at + 1].As<Napi::Number>().Uint32Value());
  return SocketAddress::parse(info[at].As<Napi::String>(), port).value_or(SocketAddress{});
}

/** bindTcp(address, port, backlog): fd */
Value bindTcp(const CallbackInfo& info) {
  const int fd = bindSocket(addressArgument(info, 0), SOCK_STREAM);
  if (fd < 0) {
    throwSystemError(info.Env(), errno, "bind");
    return info.Env().Undefined();
  }
  if (::listen(fd, info[2].As<Napi::Number>().Int32Value()) != 0) {
    const int error = errno;
    ::close(fd);
    throwSystemError(info.Env(), error, "listen");
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), fd);
}

/** bindUdp(address, port): fd */
Value bindUdp(const CallbackInfo& info) {
  const int fd = bindSocket(addressArgument(info, 0), SOCK_DGRAM);
  if (fd < 0) throwSystemError(info.Env(), errno, "bind");
  return Napi::Number::New(info.Env(), fd);
}

/** connectUdp(localAddress, localPort, remoteAddress, remotePort): fd */
Value connectUdp(const CallbackInfo& info) {
  const SocketAddress local = addressArgument(info, 0);
  const SocketAddress remote = addressArgument(info, 2);
  system::Descriptor fd(bindSocket(local, SOCK_DGRAM));
  if (!fd.isOpen() || ::connect(fd.get(), remote.raw(), remote.length) != 0) {
    throwSystemError(info.Env(), errno, "connect datagram socket");
    return info.Env().Undefined();
  }
  // Between bind and connect this socket may have been given datagrams of others; they are lost, as datagrams may be.
  std::array<uint8_t, 1> byte;
  for (;;) {
    SocketAddress from;
    from.length = sizeof from.storage;
    if (::recvfrom(fd.get(), byte.data(), byte.size(), MSG_DONTWAIT | MSG_PEEK, from.raw(), &from.length) < 0) break;
    if (from == remote) break;
    ::recv(fd.get(), byte.data(), byte.size(), MSG_DONTWAIT);
  }
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &flowBufferBytes, sizeof flowBufferBytes);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &flowBufferBytes, sizeof flowBufferBytes);
  return Napi::Number::New(info.Env(), fd.release());
}

Value socketPair(const CallbackInfo& info) {
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
    throwSystemError(info.Env(), errno, "socketpair");
    return info.Env().Undefined();
  }
  auto result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, Napi::Number::New(info.Env(), pair[0]));
  result.Set(1u, Napi::Number::New(info.Env(), pair[1]));
  return result;
}

Value closeDescriptor(const CallbackInfo& info) {
  ::close(info[0].As<Napi::Number>().Int32Value());
  return info.Env().Undefined();
}

/** localEndpoint(fd) */
Value localEndpoint(const CallbackInfo& info) {
  return endpoint(info.Env(), localOf(info[0].As<Napi::Number>().Int32Value()));
}

/** socketKind(fd): what a supervisor handed over. */
Value socketKind(const CallbackInfo& info) {
  const int fd = info[0].As<Napi::Number>().Int32Value();
  int type = 0;
  int listens = 0;
  socklen_t length = sizeof type;
  const bool isSocket = ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0;
  length = sizeof listens;
  ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length);
  const int family = isSocket ? localOf(fd).family() : AF_UNSPEC;
  const bool isInternet = family == AF_INET || family == AF_INET6;
  const char* kind = !isInternet                            ? "foreign"
                     : type == SOCK_STREAM && listens == 1 ? "tcp"
                     : type == SOCK_DGRAM                   ? "udp"
                                                            : "other";
  return Napi::String::New(info.Env(), kind);
}

/** inNamespace(fd, function): calls it with this thread in another network namespace; its sockets stay there. */
Value inNamespace(const CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const system::Descriptor home(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!home.isOpen() || ::setns(info[0].As<Napi::Number>().Int32Value(), CLONE_NEWNET) != 0) {
    throwSystemError(env, errno, "enter network namespace");
    return env.Undefined();
  }
  const Napi::Value result = info[1].As<Napi::Function>().Call({});
  // Elsewhere than it thinks, this process would do harm to a network that is not its own.
  if (::setns(home.get(), CLONE_NEWNET) != 0) std::abort();
  return result;
}

/** peerCredentials(fd) -> {pid, uid, gid, groups}; groups is empty where the kernel does not tell. */
Value peerCredentials(const CallbackInfo& info) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (::getsockopt(info[0].As<Napi::Number>().Int32Value(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
    throwSystemError(info.Env(), errno, "SO_PEERCRED");
    return info.Env().Undefined();
  }
  auto result = Napi::Object::New(info.Env());
  result.Set("pid", Napi::Number::New(info.Env(), credentials.pid));
  result.Set("uid", Napi::Number::New(info.Env(), credentials.uid));
  result.Set("gid", Napi::Number::New(info.Env(), credentials.gid));
  // Supplementary groups, since Linux 4.13. More than a first guess of them: the kernel says how many.
  std::vector<gid_t> groups(64);
  length = groups.size() * sizeof(gid_t);
  int outcome = ::getsockopt(info[0].As<Napi::Number>().Int32Value(), SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length);
  if (outcome != 0 && errno == ERANGE) {
    groups.resize(length / sizeof(gid_t));
    outcome = ::getsockopt(info[0].As<Napi::Number>().Int32Value(), SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length);
  }
  auto listed = Napi::Array::New(info.Env());
  if (outcome == 0) {
    for (uint32_t index = 0; index < length / sizeof(gid_t); ++index)
      listed.Set(index, Napi::Number::New(info.Env(), groups[index]));
  }
  result.Set("groups", listed);
  return result;
}

}  // namespace
}  // namespace ocserv::binding

void initSockets(Napi::Env env, Napi::Object exports) {
  using namespace ocserv::binding;
  exports.Set("DescriptorStream", DescriptorStream::define(env));
  exports.Set("TcpListener", TcpListener::define(env));
  exports.Set("UdpListener", UdpListener::define(env));
  exports.Set("SocketPreview", SocketPreview::define(env));
  const auto add = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("bindTcp", bindTcp);
  add("bindUdp", bindUdp);
  add("connectUdp", connectUdp);
  add("socketPair", socketPair);
  add("closeDescriptor", closeDescriptor);
  add("localEndpoint", localEndpoint);
  add("peerCredentials", peerCredentials);
  add("socketKind", socketKind);
  add("inNamespace", inNamespace);
}
