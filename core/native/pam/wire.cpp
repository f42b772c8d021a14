#include "wire.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ocserv::pam {
namespace {

/** No answer or list of groups comes near. */
constexpr uint32_t maxFrameBytes = 256 * 1024;

bool readFully(char* bytes, size_t length) {
  while (length > 0) {
    const ssize_t got = ::read(STDIN_FILENO, bytes, length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    length -= static_cast<size_t>(got);
  }
  return true;
}

bool writeFully(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return true;
}

}  // namespace

bool readFrame(Frame& frame) {
  unsigned char head[4];
  if (!readFully(reinterpret_cast<char*>(head), sizeof head)) return false;
  const uint32_t length = head[0] | head[1] << 8 | head[2] << 16 | static_cast<uint32_t>(head[3]) << 24;
  if (length == 0 || length > maxFrameBytes) return false;
  std::string body(length, '\0');
  if (!readFully(body.data(), length)) return false;
  frame.kind = static_cast<Kind>(body[0]);
  frame.fields.clear();
  std::string_view rest(body);
  rest.remove_prefix(1);
  for (;;) {
    const size_t end = rest.find('\0');
    frame.fields.emplace_back(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  ::explicit_bzero(body.data(), body.size());
  return true;
}

bool writeFrame(Kind kind, const std::vector<std::string>& fields) {
  std::string body(1, static_cast<char>(kind));
  for (size_t index = 0; index < fields.size(); ++index) {
    if (index > 0) body.push_back('\0');
    body += fields[index];
  }
  if (body.size() > maxFrameBytes) return false;
  const auto length = static_cast<uint32_t>(body.size());
  const char head[4] = {static_cast<char>(length), static_cast<char>(length >> 8), static_cast<char>(length >> 16),
                        static_cast<char>(length >> 24)};
  return writeFully(std::string(head, sizeof head) + body);
}

}  // namespace ocserv::pam
