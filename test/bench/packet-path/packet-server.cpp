// The packet thread alone behind the least server a real openconnect accepts (`openconnect --cookie=x`): any cookie
// is good, client n gets 10.77.0.(n+1). For measuring and debugging the packet path without the rest.
// Usage: packet-server ADDRESS PORT CERTIFICATE KEY [disabled features, comma separated] [no-dtls] [no-offload]
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "flow/packet-thread.h"

using namespace ocserv;

namespace {

struct Site : tunnel::Listener {
  void onEnd(uint32_t id, tunnel::End reason, std::string_view detail) override {
    std::printf("end %u reason %d %.*s\n", id, static_cast<int>(reason), static_cast<int>(detail.size()), detail.data());
    std::fflush(stdout);
  }
  void onDtls(uint32_t id, std::string_view description) override {
    std::printf("dtls %u %.*s\n", id, static_cast<int>(description.size()), description.data());
    std::fflush(stdout);
  }
  void onMtu(uint32_t id, uint32_t mtuBytes) override {
    std::printf("mtu %u %u\n", id, mtuBytes);
    std::fflush(stdout);
  }
  void onAnswer(uint32_t request, bool accepted) override {
    std::printf("answer %u %d\n", request, accepted);
    std::fflush(stdout);
  }
  void onMistake(uint32_t id, std::string_view text) override {
    std::printf("mistake %u %.*s\n", id, static_cast<int>(text.size()), text.data());
    std::fflush(stdout);
  }
  std::mutex mutex;
  std::map<std::string, uint32_t> ids;  // app id to tunnel
};

int openTun(std::string& name, bool offload) {
  const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0);
  std::strcpy(request.ifr_name, "pkt%d");
  if (ioctl(fd, TUNSETIFF, &request) != 0) std::perror("TUNSETIFF");
  name = request.ifr_name;
  if (offload) {
    const unsigned base = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
    if (ioctl(fd, TUNSETOFFLOAD, base | 0x20U | 0x40U) != 0 && ioctl(fd, TUNSETOFFLOAD, base) != 0) std::perror("TUNSETOFFLOAD");
  }
  return fd;
}

std::string hex(const uint8_t* bytes, size_t count) {
  std::string text;
  char two[3];
  for (size_t i = 0; i < count; i++) {
    std::snprintf(two, sizeof two, "%02x", bytes[i]);
    text += two;
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  signal(SIGPIPE, SIG_IGN);
  const std::string disabled = argc > 5 ? argv[5] : "";
  const bool dtls = !std::strstr(disabled.c_str(), "no-dtls");
  const bool offload = !std::strstr(disabled.c_str(), "no-offload");
  sockaddr_in local{};
  local.sin_family = AF_INET;
  inet_pton(AF_INET, argv[1], &local.sin_addr);
  local.sin_port = htons(static_cast<uint16_t>(std::atoi(argv[2])));

  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, argv[3]) != 1 || SSL_CTX_use_PrivateKey_file(context, argv[4], SSL_FILETYPE_PEM) != 1) return 3;
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  Site site;
  flow::PacketThread packets(site, flow::probeFeatures(disabled));
  packets.start();

  const int on = 1;
  const int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  setsockopt(udp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(tcp, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0 || bind(udp, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0) return 4;
  listen(tcp, 64);
  std::printf("ready\n");
  std::fflush(stdout);

  uint32_t next = 1;
  uint32_t request = 1;
  for (;;) {
    pollfd ready[2] = {{tcp, POLLIN, 0}, {udp, POLLIN, 0}};
    if (poll(ready, 2, -1) < 0) continue;
    if ((ready[1].revents & POLLIN) != 0) {
      uint8_t datagram[2048];
      sockaddr_in remote{};
      socklen_t length = sizeof remote;
      const ssize_t count = recvfrom(udp, datagram, sizeof datagram, 0, reinterpret_cast<sockaddr*>(&remote), &length);
      uint32_t target = 0;
      const bool hello = count > 92 && datagram[0] == 22 && datagram[59] == 32;
      if (hello) {
        const std::lock_guard lock(site.mutex);
        const auto found = site.ids.find(hex(datagram + 60, 32));
        if (found != site.ids.end()) target = found->second;
      } else if (count > 13 && datagram[0] == 23) {
        target = next - 1;  // a client that moved: here the newest one is asked
      }
      if (target != 0) {
        const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        const int size = 2 << 20;
        setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
        setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
        if (bind(fd, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0) std::perror("bind");
        connect(fd, reinterpret_cast<sockaddr*>(&remote), sizeof remote);
        packets.attach(target, request++, fd, {datagram, datagram + count}, hello);
      }
    }
    if ((ready[0].revents & POLLIN) != 0) {
      const int fd = accept4(tcp, nullptr, nullptr, SOCK_CLOEXEC);
      const uint32_t id = next++;
      std::thread([&, fd, id] {
        SSL* ssl = SSL_new(context);
        SSL_set_fd(ssl, fd);
        std::string text;
        char buffer[4096];
        bool ok = SSL_accept(ssl) == 1;
        while (ok && text.find("\r\n\r\n") == std::string::npos) {
          const int count = SSL_read(ssl, buffer, sizeof buffer);
          ok = count > 0;
          if (ok) text.append(buffer, static_cast<size_t>(count));
        }
        if (!ok || text.rfind("CONNECT", 0) != 0) {
          SSL_free(ssl);
          close(fd);
          return;
        }
        const std::string client = "10.77.0." + std::to_string(id + 1);
        uint8_t appId[32];
        RAND_bytes(appId, 32);
        std::string answer = "HTTP/1.1 200 CONNECTED\r\nX-CSTP-Version: 1\r\nX-CSTP-Address: " + client +
                             "\r\nX-CSTP-Netmask: 255.255.255.255\r\nX-CSTP-Split-Include: 10.78.0.0/255.255.0.0\r\n"
                             "X-CSTP-DPD: 30\r\nX-CSTP-Keepalive: 300\r\nX-CSTP-Rekey-Method: none\r\n";
        if (dtls) {
          answer += "X-DTLS-DPD: 30\r\nX-DTLS-Port: " + std::string(argv[2]) + "\r\nX-DTLS-App-ID: " + hex(appId, 32) +
                    "\r\nX-DTLS-CipherSuite: PSK-NEGOTIATE\r\n";
        }
        answer += "X-CSTP-Base-MTU: 1500\r\nX-CSTP-MTU: 1434\r\n\r\n";
        std::string name;
        const int tun = openTun(name, offload);
        const std::string set = "ip addr add 10.77.0.1 peer " + client + " dev " + name + " && ip link set " + name +
                                " mtu 1434 up";
        if (std::system(set.c_str()) != 0) std::printf("ip failed\n");
        SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
        tunnel::Options options;
        options.tunnelMtuBytes = 1434;
        options.tunOffload = offload;
        options.dpdSeconds = 30;
        options.mtuDiscovery = true;
        options.switchToTcpSeconds = 25;
        if (dtls) options.dtlsCipherList = "PSK-AES256-GCM-SHA384:PSK-AES128-GCM-SHA256:PSK-CHACHA20-POLY1305";
        options.allowedSources = {client + "/32"};
        {
          const std::lock_guard lock(site.mutex);
          site.ids[hex(appId, 32)] = id;
        }
        fcntl(fd, F_SETFL, O_NONBLOCK);
        tls::Handover handover;
        handover.ssl = ssl;
        handover.fd = fd;
        packets.open(id, std::move(handover), tun, {}, std::move(options), std::make_shared<tunnel::Counters>());
      }).detach();
    }
  }
}
