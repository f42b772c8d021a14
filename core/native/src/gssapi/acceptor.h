// The server's side of SPNEGO (RFC 4178) with Kerberos inside: who sends this token? No policy: what is known of the
// sender is told, what it is worth is decided elsewhere. Calls may touch files (keytab, replay cache), so they belong
// on a thread; different negotiations may be under way at the same time.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace ocserv::gssapi {

struct Library;
struct CredentialsHandle;
struct ContextHandle;

/** The keys tickets are checked with. */
class Credentials {
 public:
  /** Any service of the keytab; empty: of the system's. Null: `problem` says why, in the library's words. */
  static std::shared_ptr<const Credentials> acquire(const std::string& keytab, std::string& problem);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  const Library& library() const { return library_; }
  CredentialsHandle* handle() const { return handle_; }

 private:
  Credentials(const Library& library, CredentialsHandle* handle) : library_(library), handle_(handle) {}

  const Library& library_;
  CredentialsHandle* handle_;
};

struct Accepted {
  enum class State { failed, underWay, done };
  State state = State::failed;
  /** Why it failed. */
  std::string problem;
  /** For the client. */
  std::string token;
  /** user@REALM. */
  std::string principal;
  /** What the rules of krb5.conf (auth_to_local) make of it; empty: nothing. */
  std::string localName;
  /** When the person proved who he is, seconds since 1970. */
  std::optional<uint32_t> authenticatedAt;
  bool isAnonymous = false;
};

/** One negotiation. */
class Negotiation {
 public:
  explicit Negotiation(std::shared_ptr<const Credentials> credentials) : credentials_(std::move(credentials)) {}
  ~Negotiation();
  Negotiation(const Negotiation&) = delete;
  Negotiation& operator=(const Negotiation&) = delete;

  Accepted accept(std::string token);

 private:
  std::shared_ptr<const Credentials> credentials_;
  ContextHandle* context_ = nullptr;
  std::mutex mutex_;
};

}  // namespace ocserv::gssapi
