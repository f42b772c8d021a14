// See login.h. Requests and headers: those of openconnect 9.
#include "login.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace load {

namespace {

constexpr const char* xmlProlog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

class Connection {
 public:
  explicit Connection(const Target& target) : socket_(connectTo(target, SOCK_STREAM, target.port)) {
    static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, socket_.get());
    SSL_set_tlsext_host_name(ssl_, "vpn.test");
    if (SSL_connect(ssl_) != 1) fail("the TLS handshake");
  }

  /** Sends a request and answers with the whole reply. */
  std::string ask(const std::string& request) {
    if (SSL_write(ssl_, request.data(), static_cast<int>(request.size())) <= 0) fail("sending a request");
    std::string text;
    size_t end;
    while ((end = text.find("\r\n\r\n")) == std::string::npos) readMore(text);
    const std::string length = header(text, "Content-Length");
    const size_t whole = end + 4 + (length.empty() ? 0 : std::strtoul(length.c_str(), nullptr, 10));
    while (text.size() < whole) readMore(text);
    return text;
  }

  static std::string header(const std::string& head, const std::string& name) {
    // The servers under test write the names as they are spelled here.
    const std::string start = "\r\n" + name + ": ";
    const size_t at = head.find(start);
    return at == std::string::npos ? "" : head.substr(at + start.size(), head.find("\r\n", at + 2) - at - start.size());
  }

  ocserv::tls::Handover release() {
    ocserv::tls::Handover handover;
    handover.ssl = ssl_;
    handover.fd = socket_.release();
    return handover;
  }

 private:
  void readMore(std::string& text) {
    char bytes[16384];
    const int count = SSL_read(ssl_, bytes, sizeof bytes);
    if (count <= 0) fail("reading an answer; so far: " + text);
    text.append(bytes, static_cast<size_t>(count));
  }

  ocserv::system::Descriptor socket_;
  SSL* ssl_;
};

std::string request(const std::string& line, const std::string& headers, const std::string& body) {
  std::string text = line + " HTTP/1.1\r\nHost: vpn.test\r\nUser-Agent: Open AnyConnect VPN Agent v9.12\r\n" + headers;
  if (!body.empty()) text += "X-Aggregate-Auth: 1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

std::string element(const std::string& name, const std::string& value) { return "<" + name + ">" + value + "</" + name + ">"; }

std::string authReply(const std::string& context, const std::string& elements) {
  return request("POST /auth", context.empty() ? "" : "Cookie: webvpncontext=" + context + "\r\n",
                 std::string(xmlProlog) + "<config-auth client=\"vpn\" type=\"auth-reply\"><auth>" + elements +
                     "</auth></config-auth>");
}

std::string cookieIn(const std::string& head, const std::string& name) {
  const std::string start = "\r\nSet-Cookie: " + name + "=";
  const size_t at = head.find(start);
  if (at == std::string::npos) return "";
  const size_t from = at + start.size();
  return head.substr(from, head.find(';', from) - from);
}

}  // namespace

void fail(const std::string& what) {
  std::fprintf(stderr, "load-client: %s failed: %s\n", what.c_str(), std::strerror(errno));
  ERR_print_errors_fp(stderr);
  std::exit(1);
}

ocserv::system::Descriptor connectTo(const Target& target, int type, uint16_t port) {
  sockaddr_storage storage{};
  socklen_t length;
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, target.address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    length = sizeof v4;
  } else if (inet_pton(AF_INET6, target.address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    length = sizeof v6;
  } else {
    fail("reading the address " + target.address);
  }
  ocserv::system::Descriptor made(socket(storage.ss_family, type | SOCK_CLOEXEC, 0));
  if (!made.isOpen() || connect(made.get(), reinterpret_cast<sockaddr*>(&storage), length) != 0) fail("connecting");
  return made;
}

Login logIn(const Target& target) {
  Connection connection(target);
  std::string form = connection.ask(request("POST /", "",
                                            std::string(xmlProlog) +
                                                "<config-auth client=\"vpn\" type=\"init\"><version who=\"vpn\">v9.12</version>"
                                                "<device-id>linux-64</device-id></config-auth>"));
  std::string user = element("username", target.user);
  if (form.find("name=\"password\"") == std::string::npos) {
    // The C server asks for the name first.
    form = connection.ask(authReply("", user));
    user.clear();
  }
  const std::string password = element("password", target.password);
  const std::string cookie = cookieIn(connection.ask(authReply(cookieIn(form, "webvpncontext"), user + password)), "webvpn");
  if (cookie.empty()) fail("the login");
  std::string headers = "Cookie: webvpn=" + cookie +
                        "\r\nX-CSTP-Version: 1\r\nX-CSTP-Hostname: load\r\nX-CSTP-Base-MTU: 1500\r\nX-CSTP-MTU: 1400\r\n"
                        "X-CSTP-Address-Type: IPv4\r\n";
  if (target.wantsDtls) headers += "X-DTLS-CipherSuite: PSK-NEGOTIATE\r\nX-DTLS-Master-Secret: " + std::string(96, '0') + "\r\n";
  const std::string head = connection.ask(request("CONNECT /CSCOSSLC/tunnel", headers, ""));
  if (head.rfind("HTTP/1.1 200", 0) != 0) fail("CONNECT; the answer: " + head);

  Login login;
  login.address = Connection::header(head, "X-CSTP-Address");
  login.mtuBytes = static_cast<uint32_t>(std::atoi(Connection::header(head, "X-CSTP-MTU").c_str()));
  login.dpdSeconds = static_cast<uint32_t>(std::atoi(Connection::header(head, "X-CSTP-DPD").c_str()));
  login.udpPort = static_cast<uint16_t>(std::atoi(Connection::header(head, "X-DTLS-Port").c_str()));
  const std::string appId = Connection::header(head, "X-DTLS-App-ID");
  for (size_t at = 0; at + 1 < appId.size(); at += 2) {
    login.appId.push_back(static_cast<uint8_t>(std::strtoul(appId.substr(at, 2).c_str(), nullptr, 16)));
  }
  login.connection = connection.release();
  return login;
}

}  // namespace load
