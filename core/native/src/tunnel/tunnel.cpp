// The packets of a tunnel, both directions; see tunnel.h.
#include "tunnel/tunnel.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "cstp/frame.h"

namespace ocserv::tunnel {

namespace {
// Ours: what one session may do in one turn before the next one has its own.
constexpr size_t tunReadsPerTurn = 64;
constexpr size_t tunBytesPerTurn = 200 * 1024;
constexpr size_t receiveRoundsPerTurn = 2;
// Ours: packets the tun device would not take for the moment.
constexpr size_t maxTunPendingBytes = 512 * 1024;
// Ours: records a full UDP socket may leave waiting; the tun device is not read then, but probes are answered.
constexpr size_t maxUdpUnsentBytes = 512 * 1024;

// Linux takes IPv6 off a device with less than 1280 (RFC 8200, 5); what is too large for DTLS goes by TLS then.
uint32_t leastDeviceMtu(const Options& options) {
  const auto isIpv6 = [](const std::string& network) { return network.find(':') != std::string::npos; };
  return std::any_of(options.allowedSources.begin(), options.allowedSources.end(), isIpv6) ? 1280 : 576;
}

}  // namespace

Tunnel::Tunnel(uint32_t id, Resources& shared, Listener& listener, tls::Handover&& connection, int tunFd,
               Options&& options, std::shared_ptr<Counters> counters)
    : id_(id),
      shared_(shared),
      listener_(listener),
      options_(std::move(options)),
      counters_(std::move(counters)),
      tls_(std::move(connection), shared.cipherOut),
      tun_(tunFd, options_.tunOffload),
      tunWatch_{Watch::Kind::tun, this, 0},
      tlsWatch_{Watch::Kind::tls, this, 0},
      mtu_(options_.linkMtuBytes, MtuSearch::leastLink(options_.outerIpv6), options_.mtuDiscovery),
      path_(options_.linkMtuBytes, MtuSearch::leastLink(options_.outerIpv6), false, shared.nowMs),
      leastMtu_(leastDeviceMtu(options_)),
      rxBucket_(options_.rxBytesPerSecond, shared.nowMs),
      txBucket_(options_.txBytesPerSecond, shared.nowMs),
      dataMtu_(options_.tunnelMtuBytes),
      reportedMtu_(options_.tunnelMtuBytes),
      startedMs_(shared.nowMs),
      lastUseMs_(shared.nowMs),
      lastTlsRxMs_(shared.nowMs),
      lastPathCheckMs_(shared.nowMs) {
  for (const std::string& network : options_.allowedSources) sources_.add(network);
  const bool compresses = options_.cstpCompression != compress::Algorithm::none ||
                          options_.dtlsCompression != compress::Algorithm::none;
  if (compresses && !shared_.compression) shared_.compression = std::make_unique<CompressionRoom>();
  const int on = 1;
  setsockopt(tls_.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (options_.sendBufferBytes > 0) {
    const int bytes = static_cast<int>(options_.sendBufferBytes);
    setsockopt(tls_.fd(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
  if (options_.socketPriority) {
    setsockopt(tls_.fd(), SOL_SOCKET, SO_PRIORITY, &*options_.socketPriority, sizeof(int));
  }
  setTypeOfService(tls_.fd());
}

Tunnel::~Tunnel() {
  ::close(tun_.fd());
  if (options_.resumedDtls) OPENSSL_cleanse(options_.resumedDtls->masterSecret.data(), options_.resumedDtls->masterSecret.size());
}

void Tunnel::setTypeOfService(int fd) const {
  if (!options_.tos) return;
  // Behind a front end the two channels may be of different families.
  int family = AF_INET;
  socklen_t length = sizeof family;
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &length);
  if (family == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &*options_.tos, sizeof(int));
  } else {
    setsockopt(fd, IPPROTO_IP, IP_TOS, &*options_.tos, sizeof(int));
  }
}

void Tunnel::start(std::span<const uint8_t> early) {
  watch(tls_.fd(), tlsWatch_, EPOLLIN);
  watch(tun_.fd(), tunWatch_, EPOLLIN);
  shared_.sink = this;
  // Application data that came in the same records as the request: whole frames, whatever the records were.
  std::vector<uint8_t> bytes(early.begin(), early.end());
  std::span<uint8_t> left(bytes);
  while (left.size() >= cstp::headerBytes && !ended_) {
    const size_t length = cstp::headerBytes + ip::read16(&left[4]);
    if (length > left.size()) break;
    handleTlsFrame(left.first(length));
    left = left.subspan(length);
  }
  if (!ended_ && !left.empty()) return protocolError("incomplete frame behind the request");
  if (ended_) return;
  tls_.feedPending();
  readTlsRecords();
  coalescer().flush();
  if (!ended_) flushDown();
  updateWatches();
}

void Tunnel::watch(int fd, Watch& watched, uint32_t events) {
  if (events == watched.events) return;
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  // A descriptor with no event wanted stays in the set: errors and hang-ups are reported all the same, which would
  // spin for a tun device that is down, so it is taken out.
  const int operation = watched.events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  if (epoll_ctl(shared_.epollFd, operation, fd, &event) == 0) watched.events = events;
}

void Tunnel::updateWatches() {
  if (ended_) return;
  const bool tunFull = tunPendingBytes_ > 0;
  const bool sendFull = tls_.isBlocked() || !udpUnsentLengths_.empty();
  watch(tun_.fd(), tunWatch_, (sendFull ? 0U : EPOLLIN) | (tunFull ? EPOLLOUT : 0U));
  watch(tls_.fd(), tlsWatch_, (tunFull ? 0U : EPOLLIN) | (tls_.isBlocked() ? EPOLLOUT : 0U));
  const auto watchPath = [&](UdpPath& path, bool sends) {
    watch(path.port.fd(), path.watch, (tunFull ? 0U : EPOLLIN) | (sends && !udpUnsentLengths_.empty() ? EPOLLOUT : 0U));
  };
  if (attempt_) watchPath(*attempt_->path, false);
  if (previous_) watchPath(*previous_->path, false);
  if (active_) watchPath(*active_->path, true);
}

void Tunnel::onReady(Watch& ready, uint32_t events) {
  if (ended_) return;
  shared_.sink = this;
  switch (ready.kind) {
    case Watch::Kind::tun:
      if ((events & EPOLLOUT) != 0) resumeTunWrites();
      // A device that is gone reports an error whatever is waited for: reading it says so.
      if ((events & (EPOLLERR | EPOLLHUP)) != 0 || (events & ready.events & EPOLLIN) != 0) readTun();
      break;
    case Watch::Kind::tls:
      if ((events & EPOLLOUT) != 0) flushDown();
      if (!ended_ && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) readTls();
      break;
    case Watch::Kind::udp: {
      const std::shared_ptr<UdpPath> path = findPath(ready);
      if (path == nullptr) break;
      if ((events & EPOLLOUT) != 0) flushDatagrams();
      if (!ended_ && (events & (EPOLLIN | EPOLLERR)) != 0) readUdp(path);
      break;
    }
    case Watch::Kind::wake:
      break;
  }
  updateWatches();
}

// ---- down ----

void Tunnel::readTun() {
  const bool byDtls = sendsByDtls();
  size_t bytes = 0;
  for (size_t reads = 0; reads < tunReadsPerTurn && bytes < tunBytesPerTurn; reads++) {
    tun::VnetHeader header;
    std::span<uint8_t> packet;
    const auto result = tun_.read({shared_.tunBuffer.get(), tun::TunPort::readBytes}, header, packet);
    if (result == tun::TunPort::Result::wouldBlock) break;
    if (result == tun::TunPort::Result::gone) return end(End::error, "the tun device is gone", true);
    if (result == tun::TunPort::Result::refused || !segmenter_.begin(header, packet)) {
      add(counters_->txDropped, 1);
      continue;
    }
    bytes += packet.size();
    if (ip::countsAsUse(packet) && !ip::isLinkLocalMulticast(packet)) lastUseMs_ = shared_.nowMs;
    while (!segmenter_.done()) sealPacket(byDtls);
  }
  flushDown();
}

void Tunnel::sealPacket(bool byDtls) {
  const size_t length = segmenter_.nextLength();
  if (!txBucket_.take(length, shared_.nowMs) || length > cstp::maxPayloadBytes) {
    segmenter_.skip();
    add(counters_->txDropped, 1);
    return;
  }
  add(counters_->txBytes, length);
  add(counters_->txPackets, 1);
  if (byDtls && active_ && length <= dataMtu_) {
    dtls::RecordCipher& cipher = active_->keys.seal;
    if (datagramBytes_ + cipher.overhead() + 1 + length > Resources::datagramBatchBytes) flushDatagrams();
    if (active_ && datagramBytes_ + cipher.overhead() + 1 + length <= Resources::datagramBatchBytes) {
      uint8_t* record = shared_.datagrams.get() + datagramBytes_;
      uint8_t* text = record + cipher.headroom();
      const auto [type, bytes] = takePacket(options_.dtlsCompression, text + 1);
      text[0] = type;
      const size_t sealed = cipher.seal(record, dtls::contentApplicationData, 1 + bytes);
      if (sealed == 0) {
        flushDatagrams();
        if (!resendByTls({text, 1 + bytes})) add(counters_->txDropped, 1);
        return dropDtls("record numbers used up");
      }
      datagramBytes_ += sealed;
      shared_.lengths.push_back(static_cast<uint16_t>(sealed));
      return;
    }
    segmenter_.skip();
    add(counters_->txDropped, 1);
    return;
  }
  uint8_t* frame = shared_.frame.get();
  const auto [type, bytes] = takePacket(options_.cstpCompression, frame + cstp::headerBytes);
  cstp::writeHeader(frame, type, bytes);
  if (!tls_.writeRecord({frame, cstp::headerBytes + bytes})) add(counters_->txDropped, 1);
}

std::pair<uint8_t, size_t> Tunnel::takePacket(compress::Algorithm algorithm, uint8_t* to) {
  const size_t length = segmenter_.nextLength();
  if (algorithm == compress::Algorithm::none || length <= options_.noCompressBytes || length > compress::maxPacketBytes) {
    segmenter_.take(to);
    return {cstp::typeData, length};
  }
  CompressionRoom& room = *shared_.compression;
  segmenter_.take(room.packet);
  // No more room than makes it shorter: what cannot be compressed is given up early.
  const size_t packed = compress::compress(algorithm, {room.packet, length}, {to, length - 1}, room.matches);
  if (packed > 0) return {cstp::typeCompressed, packed};
  std::memcpy(to, room.packet, length);
  return {cstp::typeData, length};
}

std::span<uint8_t> Tunnel::inflate(compress::Algorithm algorithm, std::span<const uint8_t> payload) {
  if (algorithm == compress::Algorithm::none) return {};
  CompressionRoom& room = *shared_.compression;
  if (CompressionRoom::inflatedBytes - room.used < compress::maxPacketBytes) {
    coalescer().flush();
    room.used = 0;
  }
  uint8_t* to = room.inflated + room.used;
  const size_t length = compress::decompress(algorithm, payload, {to, compress::maxPacketBytes});
  room.used += (length + 15) & ~size_t{15};
  return {to, length};
}

bool Tunnel::resendByTls(std::span<const uint8_t> text) {
  if (text[0] == cstp::typeData) return sendTlsFrame(cstp::typeData, text.subspan(1));
  // The other channel may have another algorithm, or none.
  return sendTlsFrame(cstp::typeData, inflate(options_.dtlsCompression, text.subspan(1)));
}

void Tunnel::flushDown() {
  if (!shared_.lengths.empty()) flushDatagrams();
  if (ended_) return;
  const auto result = tls_.flush();
  if (result == cstp::TlsChannel::Result::failed) return end(End::error, "the TLS connection broke while sending", false);
  if (!tls_.isBlocked()) {
    tlsBlockedSinceMs_ = 0;
  } else if (tlsBlockedSinceMs_ == 0 || tls_.sentBytes() != tlsSentBytes_) {
    tlsBlockedSinceMs_ = shared_.nowMs;
    tlsSentBytes_ = tls_.sentBytes();
  }
}

bool Tunnel::queueDatagram(uint8_t type, std::span<const uint8_t> payload) {
  if (!active_) return false;
  dtls::RecordCipher& cipher = active_->keys.seal;
  const size_t need = cipher.overhead() + 1 + payload.size();
  if (need > 65000) return false;
  if (datagramBytes_ + need > Resources::datagramBatchBytes) flushDatagrams();
  if (!active_ || datagramBytes_ + need > Resources::datagramBatchBytes) return false;
  uint8_t* record = shared_.datagrams.get() + datagramBytes_;
  uint8_t* text = record + cipher.headroom();
  text[0] = type;
  if (!payload.empty()) std::memcpy(text + 1, payload.data(), payload.size());
  const size_t sealed = cipher.seal(record, dtls::contentApplicationData, 1 + payload.size());
  if (sealed == 0) {
    dropDtls("record numbers used up");
    return false;
  }
  datagramBytes_ += sealed;
  shared_.lengths.push_back(static_cast<uint16_t>(sealed));
  return true;
}

void Tunnel::flushDatagrams() {
  // What waited goes first, then this turn's batch.
  std::vector<uint8_t> waiting;
  std::vector<uint16_t> waitingLengths;
  uint8_t* bytes = shared_.datagrams.get();
  std::span<const uint16_t> lengths(shared_.lengths);
  if (udpUnsent_.size() > maxUdpUnsentBytes && !lengths.empty()) {
    add(counters_->txDropped, lengths.size());
    lengths = {};
    datagramBytes_ = 0;
  }
  if (!udpUnsentLengths_.empty()) {
    waiting.swap(udpUnsent_);
    waitingLengths.swap(udpUnsentLengths_);
    waiting.insert(waiting.end(), bytes, bytes + datagramBytes_);
    waitingLengths.insert(waitingLengths.end(), lengths.begin(), lengths.end());
    bytes = waiting.data();
    lengths = waitingLengths;
  }
  const uint32_t transport = options_.outerIpv6 ? 48 : 28;
  bool tooBigSeen = false;
  while (!lengths.empty() && active_) {
    size_t done = 0;
    const udp::UdpPort::Sent result = active_->path->port.send(bytes, lengths, done);
    noteRefusal();
    for (size_t i = 0; i < done; i++) {
      bytes += lengths[i];
      if (lengths[i] + transport >= mtu_.link() && !tooBigSeen && !options_.outerIpv6 && mtu_.fullSizeSent()) applyMtu();
    }
    lengths = lengths.subspan(done);
    if (result == udp::UdpPort::Sent::all) break;
    if (result == udp::UdpPort::Sent::wouldBlock) {
      size_t left = 0;
      for (const uint16_t length : lengths) left += length;
      std::vector<uint8_t> rest(bytes, bytes + left);
      std::vector<uint16_t> restLengths(lengths.begin(), lengths.end());
      udpUnsent_.swap(rest);
      udpUnsentLengths_.swap(restLengths);
      if (udpBlockedSinceMs_ == 0) udpBlockedSinceMs_ = shared_.nowMs;
      lengths = {};
      break;
    }
    if (result == udp::UdpPort::Sent::noRoom) {
      add(counters_->txDropped, lengths.size());
      break;
    }
    const std::span<uint8_t> record(bytes, lengths[0]);
    {
      // Refused for another reason than length: this path does not work now, TLS does until UDP is heard again.
      const bool tooBig = result == udp::UdpPort::Sent::tooBig;
      tooBigSeen = true;
      if (!tooBig) dtlsPreferred_ = false;
      if (tooBig && (record.size() + transport <= mtu_.link() || !mtu_.enabled())) {
        mtu_.tooBig(options_.outerIpv6, static_cast<uint32_t>(std::max(0, active_->path->port.pathMtu(options_.outerIpv6))));
        if (!mtu_.enabled()) active_->path->port.setDontFragment(options_.outerIpv6, false);
        applyMtu();
      }
      if (tooBig) {
        const int known = active_->path->port.pathMtu(options_.outerIpv6);
        path_.limit(known > 0 ? static_cast<uint32_t>(known) : mtu_.link());
      }
      // The packet itself goes by TLS: our own key opens it again.
      const auto header = dtls::parseRecord(record);
      const auto opened = header ? active_->keys.seal.unseal(record, *header) : dtls::RecordCipher::Opened{};
      if (opened.ok && !opened.plaintext.empty()) {
        if (opened.plaintext[0] == cstp::typeDpdResponse) {
          // The peer probed for more than the path carries: an answer of one byte tells that we live.
          const uint8_t short1 = cstp::typeDpdResponse;
          uint8_t small[64];
          small[active_->keys.seal.headroom()] = short1;
          const size_t sealed = active_->keys.seal.seal(small, dtls::contentApplicationData, 1);
          const uint16_t one[1] = {static_cast<uint16_t>(sealed)};
          size_t sent = 0;
          if (sealed > 0) active_->path->port.send(small, one, sent);
        } else if (opened.plaintext[0] == cstp::typeData || opened.plaintext[0] == cstp::typeCompressed) {
          if (!resendByTls(opened.plaintext)) add(counters_->txDropped, 1);
        }
      }
    }
    bytes += lengths[0];
    lengths = lengths.subspan(1);
  }
  if (udpUnsentLengths_.empty()) udpBlockedSinceMs_ = 0;
  shared_.lengths.clear();
  datagramBytes_ = 0;
}

void Tunnel::dropUnsentDatagrams() {
  add(counters_->txDropped, udpUnsentLengths_.size());
  std::vector<uint8_t>().swap(udpUnsent_);
  std::vector<uint16_t>().swap(udpUnsentLengths_);
  udpBlockedSinceMs_ = 0;
}

// ---- up ----

void Tunnel::readTls() {
  const uint64_t bytesBefore = counters_->rxBytes.load(std::memory_order_relaxed);
  for (size_t round = 0; round < receiveRoundsPerTurn && !ended_; round++) {
    bool filled = false;
    const auto result = tls_.receive({shared_.cipherIn.get(), Resources::cipherInBytes}, filled);
    if (result == cstp::TlsChannel::Result::wouldBlock) break;
    if (result == cstp::TlsChannel::Result::closed) return end(End::temporary, "the client closed the connection", false);
    if (result == cstp::TlsChannel::Result::failed) return end(End::error, "the TLS connection broke", false);
    readTlsRecords();
    if (ended_) return;
    coalescer().flush();
    if (!filled) break;
  }
  shared_.turnTlsConnections++;
  shared_.turnTlsBytes += counters_->rxBytes.load(std::memory_order_relaxed) - bytesBefore;
  if (!ended_) flushDown();
}

void Tunnel::readTlsRecords() {
  size_t used = 0;
  while (!ended_) {
    if (Resources::plaintextBytes - used < Resources::plaintextRecordBytes) {
      coalescer().flush();
      used = 0;
    }
    size_t length = 0;
    const std::span<uint8_t> room(shared_.plaintext.get() + used, Resources::plaintextRecordBytes);
    const auto result = tls_.readRecord(room, length);
    if (result == cstp::TlsChannel::Result::wouldBlock) return;
    if (result == cstp::TlsChannel::Result::ok) {
      handleTlsFrame(room.first(length));
      used += (length + 15) & ~size_t{15};
      continue;
    }
    coalescer().flush();
    if (result == cstp::TlsChannel::Result::closed) return end(End::temporary, "the client closed its TLS session", false);
    return end(End::error, "a TLS record was refused", false);
  }
}

void Tunnel::readUdp(const std::shared_ptr<UdpPath>& path) {
  for (size_t round = 0; round < receiveRoundsPerTurn && !ended_; round++) {
    const size_t count = shared_.receiver.receive(path->port);
    noteRefusal();
    if (count == 0) break;
    for (size_t i = 0; i < count && !ended_; i++) {
      const udp::Receiver::Message& message = shared_.receiver.message(i);
      std::span<uint8_t> left = message.bytes;
      if (left.empty()) tell(Mistake::truncatedDatagram, "0 bytes");
      while (!left.empty() && !ended_) {
        const size_t length = std::min(left.size(), message.segmentBytes);
        onDatagram(path, left.first(length));
        left = left.subspan(length);
      }
    }
    if (ended_) return;
    coalescer().flush();
    if (shared_.receiver.drained()) break;
  }
  if (!ended_) flushDown();
}

void Tunnel::acceptPacket(std::span<uint8_t> bytes) {
  if (bytes.empty()) return tell(Mistake::notIp, "0 bytes");
  const size_t length = ip::packetLength(bytes);
  if (length == 0) {
    tell(Mistake::notIp, std::to_string(bytes.size()) + " bytes beginning with " + ip::hexOf(bytes.first(std::min<size_t>(bytes.size(), 8))));
    return add(counters_->rxDropped, 1);
  }
  const std::span<uint8_t> packet = bytes.first(length);
  if (!sources_.allows(packet)) {
    // Every device of a client with IPv6 looks for routers and neighbours from its link-local address.
    if (!ip::isLinkLocal(packet)) tell(Mistake::foreignSource, ip::sourceOf(packet));
    return add(counters_->rxDropped, 1);
  }
  if (!rxBucket_.take(length, shared_.nowMs)) return add(counters_->rxDropped, 1);
  if (ip::countsAsUse(packet)) lastUseMs_ = shared_.nowMs;
  add(counters_->rxBytes, length);
  add(counters_->rxPackets, 1);
  coalescer().add(packet);
}

void Tunnel::writePacket(std::span<const iovec> slices, size_t packets) {
  if (tunPending_.empty()) {
    const auto result = writeToTun(slices);
    if (result == tun::TunPort::Result::ok) return;
    if (result != tun::TunPort::Result::wouldBlock) return add(counters_->rxDropped, packets);
  }
  keepForTun(slices, packets);
}

void Tunnel::keepForTun(std::span<const iovec> slices, size_t packets) {
  size_t total = 0;
  for (const iovec& slice : slices) total += slice.iov_len;
  if (tunPendingBytes_ + total > maxTunPendingBytes) return add(counters_->rxDropped, packets);
  std::vector<uint8_t> copy;
  copy.reserve(total);
  for (const iovec& slice : slices) {
    const auto* from = static_cast<const uint8_t*>(slice.iov_base);
    copy.insert(copy.end(), from, from + slice.iov_len);
  }
  tunPendingBytes_ += total;
  tunPending_.push_back(std::move(copy));
}

tun::TunPort::Result Tunnel::writeToTun(std::span<const iovec> slices) {
  const auto result = tun_.write(slices);
  return result == tun::TunPort::Result::refused ? writeCut(slices) : result;
}

/** A super-packet the device does not take (Linux before 6.2: those of UDP) goes packet by packet. */
tun::TunPort::Result Tunnel::writeCut(std::span<const iovec> slices) {
  tun::VnetHeader header;
  std::memcpy(&header, slices[0].iov_base, sizeof header);
  if (header.gsoType == tun::gsoNone) return tun::TunPort::Result::refused;
  std::vector<uint8_t> whole;
  for (const iovec& slice : slices.subspan(1)) {
    const auto* from = static_cast<const uint8_t*>(slice.iov_base);
    whole.insert(whole.end(), from, from + slice.iov_len);
  }
  tun::Segmenter cutter;
  if (!cutter.begin(header, whole)) return tun::TunPort::Result::refused;
  tun::VnetHeader none{};
  std::vector<uint8_t> packet;
  bool taken = false;
  while (!cutter.done()) {
    packet.resize(cutter.nextLength());
    cutter.take(packet.data());
    const iovec one[2] = {{&none, sizeof none}, {packet.data(), packet.size()}};
    const auto result = tunPending_.empty() ? tun_.write(one) : tun::TunPort::Result::wouldBlock;
    if (result == tun::TunPort::Result::ok) taken = true;
    else if (result == tun::TunPort::Result::wouldBlock) keepForTun(one, 1);
    else add(counters_->rxDropped, 1);
  }
  if (taken && header.gsoType == tun::gsoUdp) shared_.coalescer.stopJoiningUdp();
  return tun::TunPort::Result::ok;
}

void Tunnel::resumeTunWrites() {
  std::vector<std::vector<uint8_t>> waiting;
  waiting.swap(tunPending_);
  tunPendingBytes_ = 0;
  for (std::vector<uint8_t>& packet : waiting) {
    const iovec slices[2] = {{packet.data(), sizeof(tun::VnetHeader)},
                             {packet.data() + sizeof(tun::VnetHeader), packet.size() - sizeof(tun::VnetHeader)}};
    writePacket(slices, 1);
  }
}

}  // namespace ocserv::tunnel
