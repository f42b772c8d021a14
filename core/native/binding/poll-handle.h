// A descriptor watched by the runtime's event loop. Base of the sockets below; closes its descriptor and its watcher
// once, also when the environment goes away first.
#pragma once
#include <fcntl.h>
#include <napi.h>
#include <uv.h>

#include "system/descriptor.h"

namespace ocserv::binding {

class PollHandle {
 public:
  PollHandle(Napi::Env env, int fd) : env_(env), fd_(fd) {
    uv_loop_t* loop = nullptr;
    napi_get_uv_event_loop(env, &loop);
    poll_ = new uv_poll_t;
    poll_->data = this;
    error_ = -uv_poll_init(loop, poll_, fd);
    // What was inherited (doors, sockets of a supervisor) must not be inherited further.
    if (error_ == 0) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (error_ != 0) {
      // Not ours then: it may be a closed descriptor or watched by somebody else.
      fd_.release();
      delete poll_;
      poll_ = nullptr;
    }
  }
  virtual ~PollHandle() { closeHandle(); }
  PollHandle(const PollHandle&) = delete;
  PollHandle& operator=(const PollHandle&) = delete;

  bool isOpen() const { return poll_ != nullptr; }

 protected:
  /** Readable or writable; may close the handle. */
  virtual void onReady(int events) = 0;

  void watch(int events) {
    if (poll_ == nullptr) return;
    if (events == 0) {
      uv_poll_stop(poll_);
      return;
    }
    uv_poll_start(poll_, events, [](uv_poll_t* poll, int status, int ready) {
      auto* self = static_cast<PollHandle*>(poll->data);
      Napi::HandleScope scope(self->env_);
      self->onReady(status < 0 ? (UV_READABLE | UV_WRITABLE) : ready);
    });
  }

  void closeHandle() {
    unwatch();
    fd_.reset();
  }

  /** Stops watching and gives the descriptor away; -1 when it is closed. */
  int releaseHandle() {
    unwatch();
    return fd_.release();
  }

  int fd() const { return fd_.get(); }
  /** Why it did not open; for the constructors to throw. */
  int error() const { return error_; }

  Napi::Env env_;

 private:
  void unwatch() {
    if (poll_ == nullptr) return;
    uv_poll_stop(poll_);
    poll_->data = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(poll_), [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
    poll_ = nullptr;
  }

  system::Descriptor fd_;
  uv_poll_t* poll_ = nullptr;
  int error_ = 0;
};

}  // namespace ocserv::binding
