// The handshake as a machine over bytes: given away at every step, its signature refused or spoiled, its input cut,
// damaged and random; then records after a hand-over.
#include <random>

#include "check.h"
#include "cstp/tls-channel.h"
#include "session-peer.h"

using namespace ocserv;
using peer::Bytes;
using Handshake = tls::Session::Handshake;

namespace {

struct Ends {
  peer::Pair pair = peer::streamPair();
  peer::TlsClient client;
  std::unique_ptr<tls::Session> session = tls::Session::make(peer::remoteKeyContext());
  explicit Ends(int version = TLS1_3_VERSION) : client(pair.client, version) { client.step(); }
  ~Ends() { close(pair.server); }
  Bytes fromClient() const {
    Bytes bytes(16'384);
    const ssize_t count = recv(pair.server, bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(count > 0 ? static_cast<size_t>(count) : 0);
    return bytes;
  }
};

void givenAwayAtEveryStep() {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (int steps = 0; steps < 12; steps++) {
      Ends ends(version);
      int left = steps;
      bool stop = false;
      while (left > 0 && !stop) {
        ends.session->receive(ends.fromClient());
        const Handshake state = ends.session->handshake();
        left--;
        if (state == Handshake::wantContext) CHECK(ends.session->chooseContext(peer::remoteKeyContext()));
        if (state == Handshake::wantSignature && left > 0) ends.session->giveSignature(peer::signWithKey(ends.session->takeRequest()));
        if (state == Handshake::wantInput && !ends.session->output().empty()) {
          Bytes& output = ends.session->output();
          CHECK(send(ends.pair.server, output.data(), output.size(), MSG_NOSIGNAL) > 0);
          output.clear();
          ends.client.step();
        }
        CHECK(state != Handshake::failed);
        stop = state == Handshake::done;
      }
    }
  }
}

void refusedSignatures() {
  for (const Bytes& answer : {Bytes{}, Bytes(1, 0x30), Bytes(72, 0x11), Bytes(4'000, 0x22)}) {
    Ends ends;
    ends.session->receive(ends.fromClient());
    CHECK(ends.session->handshake() == Handshake::wantContext);
    CHECK(ends.session->chooseContext(peer::remoteKeyContext()));
    CHECK(ends.session->handshake() == Handshake::wantSignature);
    CHECK(ends.session->handshake() == Handshake::wantSignature);  // nothing moves without an answer
    ends.session->giveSignature(answer);
    const Handshake state = ends.session->handshake();
    // What has the length of a signature goes out and is the client's to refuse.
    CHECK(answer.size() == 1 || answer.size() == 72 ? state == Handshake::wantInput : state == Handshake::failed);
    Bytes& output = ends.session->output();
    CHECK(!output.empty());
    CHECK(send(ends.pair.server, output.data(), output.size(), MSG_NOSIGNAL) > 0);
    CHECK(!ends.client.step());
  }
}

void spoiledInput(std::mt19937& random) {
  Ends first;
  const Bytes hello = first.fromClient();
  CHECK(hello.size() > 100);
  for (size_t length = 0; length < hello.size(); length++) {
    auto session = tls::Session::make(peer::remoteKeyContext());
    session->receive({hello.data(), length});
    CHECK(session->handshake() == Handshake::wantInput);
  }
  for (int round = 0; round < 3'000; round++) {
    Bytes bytes = hello;
    for (unsigned i = random() % 6; i > 0; i--) bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    if (random() % 4 == 0) {
      bytes.resize(random() % 300);
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    }
    auto session = tls::Session::make(peer::remoteKeyContext());
    // In pieces, as a network may deliver it.
    Handshake state = Handshake::wantInput;
    for (size_t at = 0; at < bytes.size() && state == Handshake::wantInput;) {
      const size_t piece = std::min(bytes.size() - at, 1 + random() % 200);
      session->receive({bytes.data() + at, piece});
      at += piece;
      state = session->handshake();
      if (state != Handshake::wantContext) continue;
      CHECK(session->serverName().find('\0') == std::string::npos);
      CHECK(session->chooseContext(peer::remoteKeyContext()));
      state = session->handshake();
    }
    CHECK(state != Handshake::done);
    if (state == Handshake::wantSignature && random() % 2) {
      session->giveSignature(peer::signWithKey(session->takeRequest()));
      CHECK(session->handshake() != Handshake::done);
    }
  }
}

void handedOver() {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const peer::Pair pair = peer::streamPair();
    peer::TlsClient client(pair.client, version);
    auto session = tls::Session::make(peer::remoteKeyContext());
    bool done = false;
    for (int i = 0; i < 100 && !(client.step() && done); i++) CHECK(peer::stepSession(*session, pair.server, done));
    const tls::Facts facts = session->facts();
    CHECK(facts.version == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3") && facts.safeRenegotiation);
    // Half a record has arrived and one is on its way out when the connection changes hands.
    CHECK(client.send(cstp::typeKeepalive, Bytes(3'000, 'k')));
    Bytes bytes(1'000);
    CHECK(recv(pair.server, bytes.data(), bytes.size(), MSG_DONTWAIT) == 1'000);
    session->receive(bytes);
    Bytes frame(cstp::headerBytes);
    cstp::writeHeader(frame.data(), cstp::typeKeepalive, 0);
    CHECK(session->write(frame));
    tls::Handover handover;
    session->release(handover);
    session.reset();
    handover.fd = pair.server;
    Bytes out;
    cstp::TlsChannel channel(std::move(handover), out);
    Bytes record(16'384);
    size_t length = 0;
    channel.feedPending();
    CHECK(channel.readRecord(record, length) == cstp::TlsChannel::Result::wouldBlock);
    Bytes cipher(65'536);
    bool filled = false;
    CHECK(channel.receive(cipher, filled) == cstp::TlsChannel::Result::ok && !filled);
    CHECK(channel.readRecord(record, length) == cstp::TlsChannel::Result::ok && length == 3'008);
    CHECK(channel.flush() == cstp::TlsChannel::Result::ok && !channel.isBlocked());
    CHECK(client.read()->type == cstp::typeKeepalive);
    // A damaged record ends it, and never gives plaintext.
    CHECK(client.send(cstp::typeKeepalive, Bytes(100, 'k')));
    const ssize_t count = recv(pair.server, cipher.data(), cipher.size(), MSG_PEEK | MSG_DONTWAIT);
    CHECK(count > 0);
    CHECK(channel.receive(cipher, filled) == cstp::TlsChannel::Result::ok);
    cipher[static_cast<size_t>(count) - 1] ^= 1;
    CHECK(channel.readRecord(record, length) == cstp::TlsChannel::Result::failed);
  }
}

}  // namespace

int main() {
  std::mt19937 random(20260105);
  givenAwayAtEveryStep();
  refusedSignatures();
  spoiledInput(random);
  handedOver();
  return check::finish("tls-session");
}
