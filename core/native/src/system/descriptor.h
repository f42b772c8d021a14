// Owners of descriptors and results of system calls, used by everything in this folder.
#pragma once
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

namespace ocserv::system {

/** Closes its descriptor unless it was released. */
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  bool isOpen() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

/** Zero, or the errno of what failed, with the name of the call. */
struct Outcome {
  int error = 0;
  const char* call = "";

  bool failed() const { return error != 0; }
  static Outcome ok() { return {}; }
  static Outcome last(const char* call) { return {errno, call}; }
};

}  // namespace ocserv::system
