// See session.h.
#include "session.h"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cstring>

#include "cstp/frame.h"

namespace load {

using namespace ocserv;

namespace {
constexpr size_t tunReadsPerTurn = 64;
constexpr size_t tunBytesPerTurn = 200 * 1024;
constexpr int socketBufferBytes = 2 << 20;
constexpr char pskLabel[] = "EXPORTER-openconnect-psk";
}  // namespace

Session::Session(const Target& target, int tunFd, int epollFd, Buffers& buffers)
    : wantsDtls_(target.wantsDtls),
      epollFd_(epollFd),
      buffers_(buffers),
      login_(logIn(target)),
      tun_(tunFd, true),
      tls_(std::move(login_.connection), buffers.out) {
  watch(tls_.fd(), tlsWatch_, EPOLLIN, true);
  if (tunFd >= 0) {
    coalescer_ = std::make_unique<tun::Coalescer>(*this, tun::Coalescer::Options{true, true, false});
    watch(tunFd, tunWatch_, EPOLLIN, true);
  }
  if (!wantsDtls_) return;
  if (login_.udpPort == 0 || login_.appId.empty()) fail("the server offers no DTLS; setting it up");
  std::array<uint8_t, 32> psk;
  if (!tls_.exportPsk(psk, pskLabel)) fail("exporting the key");
  const int fd = connectTo(target, SOCK_DGRAM, login_.udpPort).release();
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &socketBufferBytes, sizeof socketBufferBytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &socketBufferBytes, sizeof socketBufferBytes);
  udp_ = std::make_unique<udp::UdpPort>(fd, true, true, true);
  dtls_ = std::make_unique<DtlsClient>(psk, login_.appId);
  watch(fd, udpWatch_, EPOLLIN, true);
  say(dtls_->step({}));
}

Session::~Session() {
  if (tun_.fd() >= 0) close(tun_.fd());
}

void Session::watch(int fd, Watch& watched, uint32_t events, bool isNew) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  if (epoll_ctl(epollFd_, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0) fail("epoll_ctl");
}

void Session::onReady(const Watch& watched, uint32_t events) {
  if (ended_) return;
  switch (watched.kind) {
    case Watch::Kind::tun:
      return readTun();
    case Watch::Kind::udp:
      return readUdp();
    case Watch::Kind::tls:
      if ((events & EPOLLOUT) != 0) flushTls();
      if ((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) readTls();
  }
}

void Session::readTun() {
  size_t bytes = 0;
  for (size_t reads = 0; reads < tunReadsPerTurn && bytes < tunBytesPerTurn; reads++) {
    tun::VnetHeader header;
    std::span<uint8_t> packet;
    const auto result = tun_.read({buffers_.tun.get(), tun::TunPort::readBytes}, header, packet);
    if (result == tun::TunPort::Result::wouldBlock) break;
    if (result != tun::TunPort::Result::ok || !segmenter_.begin(header, packet)) continue;
    bytes += packet.size();
    while (!segmenter_.done()) {
      const size_t length = segmenter_.nextLength();
      if (wantsDtls_) {
        if (!isUp()) {
          segmenter_.skip();
          continue;
        }
        if (batchUsed_ + dtls_->seal.overhead() + 1 + length > Buffers::batchBytes) sendBatch();
        uint8_t* record = buffers_.batch.get() + batchUsed_;
        uint8_t* text = record + dtls_->seal.headroom();
        text[0] = cstp::typeData;
        segmenter_.take(text + 1);
        const size_t sealed = dtls_->seal.seal(record, dtls::contentApplicationData, 1 + length);
        buffers_.lengths.push_back(static_cast<uint16_t>(sealed));
        batchUsed_ += sealed;
      } else {
        uint8_t* frame = buffers_.batch.get();
        cstp::writeHeader(frame, cstp::typeData, length);
        segmenter_.take(frame + cstp::headerBytes);
        tls_.writeRecord({frame, cstp::headerBytes + length});
      }
    }
  }
  sendBatch();
  flushTls();
}

void Session::sendBatch() {
  uint8_t* bytes = buffers_.batch.get();
  std::span<const uint16_t> lengths(buffers_.lengths);
  while (!lengths.empty()) {
    size_t done = 0;
    const auto result = udp_->send(bytes, lengths, done);
    for (size_t i = 0; i < done; i++) bytes += lengths[i];
    lengths = lengths.subspan(done);
    if (result == udp::UdpPort::Sent::all) break;
    if (result == udp::UdpPort::Sent::wouldBlock) {
      // This client has nothing else to do meanwhile.
      pollfd ready{udp_->fd(), POLLOUT, 0};
      poll(&ready, 1, 100);
    } else if (!lengths.empty()) {
      bytes += lengths[0];
      lengths = lengths.subspan(1);
    }
  }
  buffers_.lengths.clear();
  batchUsed_ = 0;
}

void Session::flushTls() {
  if (tls_.flush() == cstp::TlsChannel::Result::failed) ended_ = true;
  if (ended_ || tls_.isBlocked() == isBlocked_) return;
  isBlocked_ = tls_.isBlocked();
  watch(tls_.fd(), tlsWatch_, EPOLLIN | (isBlocked_ ? EPOLLOUT : 0U), false);
  if (tun_.fd() >= 0) watch(tun_.fd(), tunWatch_, isBlocked_ ? 0U : EPOLLIN, false);
}

void Session::readTls() {
  bool filled = false;
  const auto received = tls_.receive({buffers_.cipher.get(), Buffers::cipherBytes}, filled);
  if (received == cstp::TlsChannel::Result::wouldBlock) return;
  size_t used = 0;
  while (received == cstp::TlsChannel::Result::ok) {
    if (Buffers::cipherBytes - used < Buffers::recordBytes) {
      if (coalescer_) coalescer_->flush();
      used = 0;
    }
    size_t length = 0;
    const std::span<uint8_t> room(buffers_.plaintext.get() + used, Buffers::recordBytes);
    const auto result = tls_.readRecord(room, length);
    if (result == cstp::TlsChannel::Result::wouldBlock) break;
    if (result != cstp::TlsChannel::Result::ok) {
      ended_ = true;
      break;
    }
    used += (length + 15) & ~size_t{15};
    const cstp::Frame frame = cstp::parseFrame(room.first(length));
    if (frame.status != cstp::Frame::Status::ok) fail("reading a frame of the server");
    silentSeconds_ = 0;
    handle(frame.type, frame.payload, false);
  }
  if (received != cstp::TlsChannel::Result::ok) ended_ = true;
  if (coalescer_) coalescer_->flush();
  if (!ended_) flushTls();
}

void Session::readUdp() {
  const size_t count = buffers_.receiver.receive(*udp_);
  for (size_t i = 0; i < count; i++) {
    const udp::Receiver::Message& message = buffers_.receiver.message(i);
    std::span<uint8_t> left = message.bytes;
    while (!left.empty()) {
      const size_t length = std::min(left.size(), message.segmentBytes);
      handleDatagram(left.first(length));
      left = left.subspan(length);
    }
  }
  if (coalescer_) coalescer_->flush();
  sendBatch();
  if (!ended_) flushTls();
}

void Session::handleDatagram(std::span<uint8_t> datagram) {
  if (!dtls_->isUp()) return say(dtls_->step(datagram));
  const auto header = dtls::parseRecord(datagram);
  if (!header || header->epoch != 1) return;
  const auto opened = dtls_->open.unseal(datagram, *header);
  if (!opened.ok || header->type != dtls::contentApplicationData || opened.plaintext.empty()) return;
  handle(opened.plaintext[0], opened.plaintext.subspan(1), true);
}

void Session::handle(uint8_t type, std::span<uint8_t> payload, bool byDtls) {
  if (type == cstp::typeData && coalescer_ && !payload.empty()) coalescer_->add(payload);
  if (type == cstp::typeDpdRequest) sendControl(cstp::typeDpdResponse, byDtls);
  if (type == cstp::typeDisconnect) ended_ = true;
}

void Session::sendControl(uint8_t type, bool byDtls) {
  if (byDtls) {
    uint8_t* record = buffers_.batch.get() + batchUsed_;
    record[dtls_->seal.headroom()] = type;
    const size_t sealed = dtls_->seal.seal(record, dtls::contentApplicationData, 1);
    buffers_.lengths.push_back(static_cast<uint16_t>(sealed));
    batchUsed_ += sealed;
    return;
  }
  uint8_t frame[cstp::headerBytes];
  cstp::writeHeader(frame, type, 0);
  tls_.writeRecord(frame);
}

void Session::say(const std::vector<std::vector<uint8_t>>& datagrams) {
  for (const std::vector<uint8_t>& datagram : datagrams) {
    if (::send(udp_->fd(), datagram.data(), datagram.size(), 0) < 0) fail("sending a datagram");
  }
}

void Session::writePacket(std::span<const iovec> slices, size_t) { tun_.write(slices); }

void Session::onTick() {
  if (ended_) return;
  if (wantsDtls_ && !dtls_->isUp()) say(dtls_->repeat());
  if (login_.dpdSeconds == 0 || ++silentSeconds_ < login_.dpdSeconds) return;
  silentSeconds_ = 0;
  sendControl(cstp::typeDpdRequest, false);
  if (wantsDtls_ && dtls_->isUp()) sendControl(cstp::typeDpdRequest, true);
  sendBatch();
  flushTls();
}

void Session::leave() {
  if (ended_) return;
  const uint8_t frame[] = {'S', 'T', 'F', 1, 0, 1, cstp::typeDisconnect, 0, cstp::byeUser};
  tls_.writeRecord(frame);
  flushTls();
  ended_ = true;
}

}  // namespace load
