// DTLS associations of a tunnel: set up beside the active one, switched when complete, moved to a new address.
//   records are sorted by type and epoch before anything else:
//   epoch 0: a ClientHello starts an attempt; other handshake bytes feed it, or repeat our last flight
//   epoch 1: must authenticate under the active keys, else under the previous ones, else feeds the attempt
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "cstp/frame.h"
#include "tunnel/tunnel.h"

namespace ocserv::tunnel {

namespace {
constexpr uint8_t messageClientHello = 1;
constexpr size_t handshakeHeaderBytes = 12;
// record header, handshake header, client_version
constexpr size_t clientRandomOffset = dtls::recordHeaderBytes + handshakeHeaderBytes + 2;
constexpr size_t leastHelloBytes = clientRandomOffset + 32 + 1;
// Ours: attempts and moves to another address are no cheap thing to ask for.
constexpr uint64_t attemptIntervalMs = 1'000;
constexpr uint64_t rebindIntervalMs = 1'000;
constexpr uint64_t repeatIntervalMs = 200;
constexpr uint64_t repeatLimitMs = 60'000;
// A longer gap in the numbers is no loss.
constexpr uint64_t longestLoss = 65'536;

bool isClientHello(std::span<const uint8_t> datagram) {
  return datagram.size() >= leastHelloBytes && datagram[0] == dtls::contentHandshake &&
         datagram[dtls::recordHeaderBytes] == messageClientHello;
}

}  // namespace

std::shared_ptr<UdpPath> Tunnel::makePath(int fd) {
  // Large buffers: main raised them if it could; this is what an ordinary process may ask for.
  const flow::Features& features = shared_.features;
  auto path = std::shared_ptr<UdpPath>(new UdpPath{
      {Watch::Kind::udp, this, 0}, udp::UdpPort(fd, features.udpSegment, features.udpReceive, features.multiMessage)});
  path->port.setDontFragment(options_.outerIpv6, options_.mtuDiscovery);
  if (options_.socketPriority) {
    setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &*options_.socketPriority, sizeof(int));
  }
  setTypeOfService(fd);
  return path;
}

std::shared_ptr<UdpPath> Tunnel::findPath(const Watch& ready) const {
  if (active_ && &active_->path->watch == &ready) return active_->path;
  if (attempt_ && &attempt_->path->watch == &ready) return attempt_->path;
  if (previous_ && &previous_->path->watch == &ready) return previous_->path;
  return nullptr;
}

void Tunnel::retire(std::shared_ptr<UdpPath>& path) {
  if (path == nullptr) return;
  const bool used = (active_ && &active_->path != &path && active_->path == path) ||
                    (previous_ && &previous_->path != &path && previous_->path == path) ||
                    (attempt_ && &attempt_->path != &path && attempt_->path == path);
  if (!used) watch(path->port.fd(), path->watch, 0);
  shared_.retiredPaths.push_back(path);
}

bool Tunnel::startAttempt(const std::shared_ptr<UdpPath>& path, std::span<const uint8_t> hello) {
  if (!options_.dtlsCipherList || !isClientHello(hello)) return false;
  const auto refuse = [&](std::string_view why) {
    tell(Mistake::handshake, "ClientHello from " + path->port.peer() + " refused: " + std::string(why));
    return false;
  };
  const std::span<const uint8_t> random = hello.subspan(clientRandomOffset, 32);
  // GnuTLS 3.6.3 to 3.6.12 sends such hellos; without a random there is no fresh key.
  if (std::all_of(random.begin(), random.end(), [](uint8_t byte) { return byte == 0; })) return refuse("its random is zero");
  if (lastAttemptMs_ != 0 && shared_.nowMs - lastAttemptMs_ < attemptIntervalMs) return refuse("too soon after another");
  lastAttemptMs_ = shared_.nowMs;

  dtls::SslContext& context = shared_.dtlsContexts[*options_.dtlsCipherList];
  if (!context) context = dtls::makeContext(*options_.dtlsCipherList);
  if (!context) return false;
  auto attempt = std::make_unique<Attempt>();
  attempt->path = path;
  std::copy(random.begin(), random.end(), attempt->clientRandom.begin());
  if (options_.resumedDtls) {
    const auto& [id, secret] = *options_.resumedDtls;
    if (!attempt->handshake.beginResumed(context.get(), id, secret, 1200, shared_.nowMs)) return false;
  } else {
    std::array<uint8_t, dtls::pskBytes> psk;
    if (!tls_.exportPsk(psk, dtls::pskExporterLabel)) return false;
    if (!attempt->handshake.begin(context.get(), psk, 1200, shared_.nowMs)) return false;
  }
  if (attempt_) {
    if (attempt_->path != path) tell(Mistake::handshake, "with " + attempt_->path->port.peer() + " given up for one with " + path->port.peer());
    retire(attempt_->path);
  }
  attempt_ = std::move(attempt);
  attempt_->handshake.feed(hello);
  advanceAttempt();
  return attempt_ != nullptr;
}

void Tunnel::advanceAttempt() {
  if (!attempt_) return;
  dtls::Handshake& handshake = attempt_->handshake;
  if (handshake.state() == dtls::Handshake::State::running) handshake.onTimer(shared_.nowMs);
  if (handshake.state() == dtls::Handshake::State::done) return completeAttempt();
  for (dtls::Datagram& datagram : handshake.takeOutput()) {
    const uint16_t length[1] = {static_cast<uint16_t>(datagram.size())};
    size_t done = 0;
    attempt_->path->port.send(datagram.data(), length, done);
  }
  if (handshake.state() == dtls::Handshake::State::failed) {
    tell(Mistake::handshake, "with " + attempt_->path->port.peer() + " failed: " + handshake.failure());
    retire(attempt_->path);
    attempt_.reset();
  }
}

void Tunnel::completeAttempt() {
  auto association = std::make_unique<Association>();
  association->path = attempt_->path;
  association->lastFlight = attempt_->handshake.takeOutput();
  association->clientRandom = attempt_->clientRandom;
  association->sinceMs = shared_.nowMs;
  const bool ok = attempt_->handshake.takeKeys(association->keys, options_.dtlsRecordLimit);
  if (!ok) {
    retire(attempt_->path);
    attempt_.reset();
    return;
  }
  association->window.mark(0);  // the client's Finished
  for (dtls::Datagram& datagram : association->lastFlight) {
    const uint16_t length[1] = {static_cast<uint16_t>(datagram.size())};
    size_t done = 0;
    association->path->port.send(datagram.data(), length, done);
  }
  // What is sealed but not sent belongs to the keys that are leaving.
  if (active_) flushDatagrams();
  dropUnsentDatagrams();
  attempt_.reset();
  if (previous_) retire(previous_->path);
  previous_ = std::move(active_);
  active_ = std::move(association);
  lastUdpRxMs_ = shared_.nowMs;
  refusedWaitMs_ = 0;
  dtlsPreferred_ = true;
  const uint32_t least = MtuSearch::leastLink(options_.outerIpv6);
  mtu_ = MtuSearch(options_.linkMtuBytes, least, options_.mtuDiscovery);
  path_ = PathProbe(options_.linkMtuBytes, least, options_.mtuDiscovery, shared_.nowMs);
  applyMtu();
  dtlsReported_ = true;
  listener_.onDtls(id_, active_->keys.description);
}

void Tunnel::dropDtls(std::string_view) {
  if (!active_) return;
  add(counters_->txDropped, shared_.lengths.size());
  shared_.lengths.clear();
  datagramBytes_ = 0;
  dropUnsentDatagrams();
  retire(active_->path);
  if (previous_) retire(previous_->path);
  previous_.reset();
  active_.reset();
  dtlsPreferred_ = false;
  if (dtlsReported_) listener_.onDtls(id_, {});
  dtlsReported_ = false;
}

Tunnel::Opening Tunnel::openRecord(Association& association, std::span<uint8_t> record, const dtls::RecordHeader& header) {
  if (!association.window.accepts(header.sequence)) return Opening::replayed;
  const auto opened = association.keys.open.unseal(record, header);
  if (!opened.ok) return Opening::notAuthentic;
  countLoss(association.window.next(), header.sequence);
  association.window.mark(header.sequence);
  lastUdpRxMs_ = shared_.nowMs;
  handleOpened(association, header.type, opened.plaintext);
  return Opening::done;
}

void Tunnel::countLoss(uint64_t expected, uint64_t sequence) {
  const uint64_t lost = counters_->rxLost.load(std::memory_order_relaxed);
  if (sequence < expected) {
    // Late, not lost.
    if (lost > 0) counters_->rxLost.store(lost - 1, std::memory_order_relaxed);
  } else if (expected != 0 && sequence - expected <= longestLoss) {
    counters_->rxLost.store(lost + (sequence - expected), std::memory_order_relaxed);
  }
}

void Tunnel::tellRecord(Opening opening, const dtls::RecordHeader& header) {
  if (opening == Opening::done) return;
  tell(opening == Opening::replayed ? Mistake::replayed : Mistake::notAuthentic,
       "number " + std::to_string(header.sequence) + " of epoch " + std::to_string(header.epoch));
}

void Tunnel::handleOpened(const Association& association, uint8_t contentType, std::span<uint8_t> plaintext) {
  if (contentType == dtls::contentAlert) {
    // close_notify or a fatal alert: this association is over, the tunnel goes on by TLS.
    if (&association == active_.get() && plaintext.size() == 2 && (plaintext[0] == 2 || plaintext[1] == dtls::alertCloseNotify)) dropDtls("alert");
    return;
  }
  // A renegotiation is refused by silence.
  if (contentType != dtls::contentApplicationData) return tell(Mistake::unknownRecord, std::to_string(contentType));
  if (plaintext.empty()) return tell(Mistake::emptyRecord);
  // What the client sends says nothing about our direction while somebody refuses that.
  dtlsPreferred_ = refusedWaitMs_ == 0;
  if (!dtlsReported_) {
    dtlsReported_ = true;
    listener_.onDtls(id_, association.keys.description);
  }
  if (plaintext[0] == cstp::typeData) return acceptPacket(plaintext.subspan(1));
  handleControl(plaintext[0], plaintext.subspan(1), true);
}

void Tunnel::onDatagram(const std::shared_ptr<UdpPath>& path, std::span<uint8_t> datagram) {
  const auto first = dtls::parseRecord(datagram);
  if (!first) return tell(Mistake::truncatedDatagram, std::to_string(datagram.size()) + " bytes");
  if (first->epoch == 0) {
    const bool hello = isClientHello(datagram);
    if (hello && attempt_ && attempt_->path == path &&
        std::memcmp(attempt_->clientRandom.data(), &datagram[clientRandomOffset], 32) != 0) {
      startAttempt(path, datagram);
      return;
    }
    if (attempt_ && attempt_->path == path) {
      attempt_->handshake.feed(datagram);
      advanceAttempt();
      return;
    }
    if (hello) {
      // One that made the active association is a late copy: a handshake on it would only be in the way.
      const bool isStale = active_ && std::memcmp(active_->clientRandom.data(), &datagram[clientRandomOffset], 32) == 0;
      if (!isStale) startAttempt(path, datagram);
      return;
    }
    // The client repeats its last flight: ours was lost. The same bytes again, never new ones (a nonce is used once).
    const bool isOfHandshake = first->type == dtls::contentHandshake || first->type == dtls::contentChangeCipherSpec;
    const bool mayRepeat = active_ && active_->path == path && isOfHandshake &&
                           shared_.nowMs - active_->sinceMs < repeatLimitMs;
    if (!mayRepeat) return tell(Mistake::plainRecord, "type " + std::to_string(first->type));
    if (shared_.nowMs - active_->repeatedMs >= repeatIntervalMs) {
      active_->repeatedMs = shared_.nowMs;
      for (dtls::Datagram& flight : active_->lastFlight) {
        const uint16_t length[1] = {static_cast<uint16_t>(flight.size())};
        size_t done = 0;
        path->port.send(flight.data(), length, done);
      }
    }
    return;
  }
  const bool feedsAttempt = attempt_ && attempt_->path == path && first->type == dtls::contentHandshake;
  if (feedsAttempt) {
    attempt_->handshake.feed(datagram);
    advanceAttempt();
    return;
  }
  // Several records may share a datagram.
  std::span<uint8_t> left = datagram;
  while (!ended_) {
    const auto header = dtls::parseRecord(left);
    if (!header) {
      if (!left.empty()) tell(Mistake::truncatedDatagram, std::to_string(left.size()) + " bytes behind the last record");
      return;
    }
    const std::span<uint8_t> record = left.first(dtls::recordHeaderBytes + header->length);
    left = left.subspan(record.size());
    if (previous_ && active_ && !(active_->path == path && previous_->path != path)) {
      std::array<uint8_t, 2048> copy;
      if (record.size() <= copy.size()) {
        std::copy(record.begin(), record.end(), copy.begin());
        const Opening opening = active_->path == path ? openRecord(*active_, record, *header) : Opening::notAuthentic;
        if (opening == Opening::done) continue;
        if (previous_->path != path) {
          tellRecord(opening, *header);
          continue;
        }
        // Slow only in the seconds after a switch; the copy goes back so that the packet outlives this frame.
        std::copy_n(copy.begin(), record.size(), record.begin());
        tellRecord(openRecord(*previous_, record, *header), *header);
        continue;
      }
    }
    if (active_ && active_->path == path) tellRecord(openRecord(*active_, record, *header), *header);
  }
}

bool Tunnel::probe(std::span<const uint8_t> datagram) const {
  const auto header = dtls::parseRecord(datagram);
  if (!active_ || !header || header->type != dtls::contentApplicationData || !active_->window.isNewest(header->sequence)) {
    return false;
  }
  std::vector<uint8_t> copy(datagram.begin(), datagram.begin() + static_cast<ptrdiff_t>(dtls::recordHeaderBytes + header->length));
  return active_->keys.open.unseal(copy, *header).ok;
}

bool Tunnel::attach(int fd, std::span<const uint8_t> datagram, bool hello) {
  shared_.sink = this;
  std::shared_ptr<UdpPath> path = makePath(fd);
  if (ended_) return false;
  bool accepted;
  if (hello) {
    accepted = startAttempt(path, datagram);
  } else {
    // Authentic and newer than all before: only then do we send where it came from.
    accepted = (lastRebindMs_ == 0 || shared_.nowMs - lastRebindMs_ >= rebindIntervalMs) && probe(datagram);
    if (accepted) {
      lastRebindMs_ = shared_.nowMs;
      flushDatagrams();
      retire(active_->path);
      active_->path = path;
      std::vector<uint8_t> copy(datagram.begin(), datagram.end());
      onDatagram(path, copy);
      coalescer().flush();
    }
  }
  if (!ended_) flushDown();
  updateWatches();
  return accepted;
}

}  // namespace ocserv::tunnel
