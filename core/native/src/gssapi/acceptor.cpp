#include "acceptor.h"

#include <cstring>

#include "library.h"

namespace ocserv::gssapi {
namespace {

// Contents of the object identifiers, without tag and length.
char spnegoBytes[] = "\x2b\x06\x01\x05\x05\x02";                  // 1.3.6.1.5.5.2
char kerberosBytes[] = "\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";  // 1.2.840.113554.1.2.2

Oid spnego{sizeof spnegoBytes - 1, spnegoBytes};
Oid kerberos{sizeof kerberosBytes - 1, kerberosBytes};

constexpr int maxTexts = 4;

/** The library's own memory, handed back to it. */
class Text {
 public:
  explicit Text(const Library& library) : library_(library) {}
  ~Text() {
    uint32_t minor = 0;
    if (buffer_.value != nullptr) library_.releaseBuffer(&minor, &buffer_);
  }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  Buffer* buffer() { return &buffer_; }
  std::string text() const {
    return buffer_.value == nullptr ? std::string() : std::string(static_cast<const char*>(buffer_.value), buffer_.length);
  }

 private:
  const Library& library_;
  Buffer buffer_{0, nullptr};
};

void append(const Library& library, uint32_t value, int type, std::string& to) {
  uint32_t more = 0;
  for (int count = 0; count < maxTexts; ++count) {
    uint32_t minor = 0;
    Text text(library);
    if ((library.displayStatus(&minor, value, type, nullptr, &more, text.buffer()) & errorBits) != 0) return;
    // Some end with a NUL that counts.
    const std::string words = text.text().c_str();
    if (!words.empty()) to += (to.empty() ? "" : "; ") + words;
    if (more == 0) return;
  }
}

std::string describe(const Library& library, uint32_t major, uint32_t minor) {
  std::string text;
  append(library, major, majorStatus, text);
  if (minor != 0) append(library, minor, minorStatus, text);
  return text.empty() ? "no reason given" : text;
}

}  // namespace

std::shared_ptr<const Credentials> Credentials::acquire(const std::string& keytab, std::string& problem) {
  const Library* library = openLibrary(problem);
  if (library == nullptr) return nullptr;
  KeyValue entry{"keytab", keytab.c_str()};
  const KeyValueSet store{1, &entry};
  OidSet mechanisms{1, &spnego};
  CredentialsHandle* handle = nullptr;
  uint32_t minor = 0;
  uint32_t major = library->acquireCredentials(&minor, nullptr, indefinite, &mechanisms, acceptUsage,
                                               keytab.empty() ? nullptr : &store, &handle, nullptr, nullptr);
  if ((major & errorBits) != 0) {
    problem = "gss_acquire_cred[maj]: " + describe(*library, major, minor);
    return nullptr;
  }
  // Nothing else that the system may have: IAKERB would make us ask a KDC of the client's choice.
  OidSet negotiable{1, &kerberos};
  major = library->setNegotiable(&minor, handle, &negotiable);
  if ((major & errorBits) != 0) {
    problem = "gss_set_neg_mechs: " + describe(*library, major, minor);
    library->releaseCredentials(&minor, &handle);
    return nullptr;
  }
  return std::shared_ptr<const Credentials>(new Credentials(*library, handle));
}

Credentials::~Credentials() {
  uint32_t minor = 0;
  library_.releaseCredentials(&minor, &handle_);
}

Negotiation::~Negotiation() {
  uint32_t minor = 0;
  if (context_ != nullptr) credentials_->library().deleteContext(&minor, &context_, nullptr);
}

Accepted Negotiation::accept(std::string token) {
  const std::lock_guard guard(mutex_);
  const Library& library = credentials_->library();
  Accepted result;
  Text answer(library);
  Buffer input{token.size(), token.data()};
  NameHandle* source = nullptr;
  CredentialsHandle* delegated = nullptr;
  uint32_t flags = 0;
  uint32_t minor = 0;
  const uint32_t major =
      library.accept(&minor, &context_, credentials_->handle(), &input, nullptr, &source, nullptr, answer.buffer(),
                     &flags, nullptr, &delegated);
  uint32_t ignored = 0;
  // Credentials the client hands over are of no use to us.
  if (delegated != nullptr) library.releaseCredentials(&ignored, &delegated);
  ::explicit_bzero(token.data(), token.size());
  if ((major & errorBits) != 0) {
    result.problem = describe(library, major, minor);
  } else if ((major & continueNeeded) != 0) {
    result.state = Accepted::State::underWay;
    result.token = answer.text();
  } else {
    result.token = answer.text();
    result.isAnonymous = (flags & isAnonymousFlag) != 0;
    Text principal(library);
    const uint32_t named = source == nullptr ? errorBits : library.displayName(&minor, source, principal.buffer(), nullptr);
    if ((named & errorBits) != 0) {
      result.problem = "the client has no name";
    } else {
      result.state = Accepted::State::done;
      result.principal = principal.text();
      Text local(library);
      if ((library.localName(&minor, source, nullptr, local.buffer()) & errorBits) == 0) result.localName = local.text();
      int32_t at = 0;
      if ((library.authenticationTime(&minor, context_, &at) & errorBits) == 0)
        result.authenticatedAt = static_cast<uint32_t>(at);
    }
  }
  if (source != nullptr) library.releaseName(&ignored, &source);
  return result;
}

}  // namespace ocserv::gssapi
