// Control frames, timers and the choice of channel; see tunnel.h. Rules: AnyConnect/OpenConnect protocol as the C
// server speaks it (DPD after 2x silence, end after 3x; back to TLS when UDP is silent).
#include <sys/epoll.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "cstp/frame.h"
#include "tunnel/tunnel.h"

namespace ocserv::tunnel {

namespace {
// Demanded by the protocol: a frame by TLS while UDP was silent that long moves our sending to TLS.
constexpr uint64_t udpSilenceMs = 15'000;
// Ours.
constexpr uint64_t previousKeysMs = 5'000;
constexpr uint64_t udpBlockedLimitMs = 2'000;
constexpr uint64_t tlsBlockedLimitMs = 10'000;
constexpr uint64_t pathCheckMs = 30'000;
constexpr uint64_t heardMs = 3'000;
constexpr uint64_t firstRefusedWaitMs = 1'000;
constexpr uint64_t longestRefusedWaitMs = 16'000;
constexpr size_t maxControlBacklogBytes = 512 * 1024;
}  // namespace

namespace {
/** Of a record with room for a header: which of its parts is wrong. */
std::string describeMalformed(std::span<const uint8_t> record) {
  const size_t announced = ip::read16(&record[4]);
  const size_t present = record.size() - cstp::headerBytes;
  std::string text = "malformed CSTP frame: ";
  if (record[0] != 'S' || record[1] != 'T' || record[2] != 'F' || record[3] != 1 || record[7] != 0) {
    return text + "no frame begins with " + ip::hexOf(record.first(cstp::headerBytes));
  }
  return text + "it announces " + std::to_string(announced) + " bytes and has " + std::to_string(present);
}
}  // namespace

void Tunnel::tell(Mistake mistake, std::string_view detail) {
  if (!mistakes_.isNews(mistake, shared_.nowMs)) return;
  std::string text(Mistakes::name(mistake));
  if (!detail.empty()) text.append(": ").append(detail);
  listener_.onMistake(id_, text);
}

bool Tunnel::sendTlsFrame(uint8_t type, std::span<const uint8_t> payload) {
  if (payload.size() > cstp::maxPayloadBytes || tls_.unsentBytes() > maxControlBacklogBytes) return false;
  std::vector<uint8_t> frame(cstp::headerBytes + payload.size());
  cstp::writeHeader(frame.data(), type, payload.size());
  if (!payload.empty()) std::memcpy(frame.data() + cstp::headerBytes, payload.data(), payload.size());
  return tls_.writeRecord(frame);
}

void Tunnel::protocolError(std::string_view detail) { end(End::error, detail, true); }

void Tunnel::handleTlsFrame(std::span<uint8_t> record) {
  const cstp::Frame frame = cstp::parseFrame(record);
  if (frame.status == cstp::Frame::Status::tooShort) {
    return tell(Mistake::shortFrame, std::to_string(record.size()) + " bytes");
  }
  if (frame.status == cstp::Frame::Status::malformed) return protocolError(describeMalformed(record));
  lastTlsRxMs_ = shared_.nowMs;
  if (dtlsPreferred_ && shared_.nowMs - lastUdpRxMs_ > udpSilenceMs) dtlsPreferred_ = false;
  if (frame.type == cstp::typeCompressed) dtlsPreferred_ = false;
  if (frame.type == cstp::typeData) {
    // The peer sends by TLS: it has given up on UDP for now, so do we until it is heard there again.
    dtlsPreferred_ = false;
    return acceptPacket(frame.payload);
  }
  handleControl(frame.type, frame.payload, false);
}

void Tunnel::handleControl(uint8_t type, std::span<uint8_t> payload, bool byDtls) {
  switch (type) {
    case cstp::typeDpdRequest:
      if (!byDtls) {
        sendTlsFrame(cstp::typeDpdResponse, payload);
        return;
      }
      // What reaches us need not pass the other way, so a large probe of the client's is but a reason for ours.
      if (active_ && payload.size() > dataMtu_) path_.reconsider(shared_.nowMs);
      queueDatagram(cstp::typeDpdResponse, payload);
      return;
    case cstp::typeDisconnect:
      return handleBye(payload);
    case cstp::typeCompressed: {
      const auto algorithm = byDtls ? options_.dtlsCompression : options_.cstpCompression;
      if (!byDtls && algorithm == compress::Algorithm::none) {
        return protocolError("compressed packet without negotiated compression");
      }
      const std::span<uint8_t> packet = inflate(algorithm, payload);
      if (!packet.empty()) return acceptPacket(packet);
      if (!byDtls) return protocolError("a compressed packet that cannot be read");
      tell(algorithm == compress::Algorithm::none ? Mistake::compressed : Mistake::malformedCompressed);
      return add(counters_->rxDropped, 1);
    }
    case cstp::typeDpdResponse:
      if (byDtls && refusedWaitMs_ > 0) {
        // An answer to what we sent there: our datagrams pass again.
        refusedWaitMs_ = 0;
        dtlsPreferred_ = true;
      }
      if (byDtls) takeStep(path_.onAnswer(shared_.nowMs));
      return;
    case cstp::typeKeepalive:
      return;  // liveness is noted already
    default:
      return tell(Mistake::unknownFrame, std::to_string(type));
  }
}

void Tunnel::handleBye(std::span<const uint8_t> payload) {
  if (payload.empty()) return end(End::temporary, "the client changes its network", false);
  // The rest is the client's own text; whoever logs it escapes it.
  const std::string text(payload.begin() + 1, payload.begin() + static_cast<ptrdiff_t>(std::min<size_t>(payload.size(), 128)));
  if (payload[0] == cstp::byeUser) return end(End::userDisconnect, text, false);
  if (payload[0] == cstp::byeReconnect) return end(End::temporary, text, false);
  end(End::error, "the client ends the session for an unknown reason (" + std::to_string(payload[0]) + ") " + text, true);
}

bool Tunnel::sendsByDtls() {
  if (!active_ || !dtlsPreferred_) return false;
  if (options_.switchToTcpSeconds > 0 && shared_.nowMs - lastUdpRxMs_ > options_.switchToTcpSeconds * uint64_t{1000}) {
    dtlsPreferred_ = false;
  }
  return dtlsPreferred_;
}

void Tunnel::noteRefusal() {
  if (!active_ || !active_->path->port.takeRefusal()) return;
  dtlsPreferred_ = false;
  if (refusedWaitMs_ > 0) return;
  refusedWaitMs_ = firstRefusedWaitMs;
  refusedAskedMs_ = shared_.nowMs;
}

uint32_t Tunnel::dtlsOverhead() const {
  const uint32_t record = active_ ? static_cast<uint32_t>(active_->keys.seal.overhead()) : 0;
  return (options_.outerIpv6 ? 48U : 28U) + record + 1;
}

void Tunnel::applyMtu() {
  const uint32_t overhead = dtlsOverhead();
  if (active_) dataMtu_ = std::min(options_.tunnelMtuBytes, mtu_.link() > overhead ? mtu_.link() - overhead : 0);
  const uint32_t deviceMtu = std::min(options_.tunnelMtuBytes, std::max(dataMtu_, leastMtu_));
  if (deviceMtu == reportedMtu_) return;
  reportedMtu_ = deviceMtu;
  listener_.onMtu(id_, deviceMtu);
}

void Tunnel::takeStep(const PathProbe::Step& step) {
  if (step.changed) {
    const uint32_t link = path_.proven();
    if (link < mtu_.link() ? mtu_.limit(link) : mtu_.confirmed(link)) applyMtu();
  }
  const uint32_t overhead = dtlsOverhead();
  if (step.ask) {
    queueDatagram(cstp::typeDpdRequest, {});
  } else if (step.probeLink > overhead) {
    const std::vector<uint8_t> zeros(step.probeLink - overhead, 0);
    queueDatagram(cstp::typeDpdRequest, zeros);
  }
}

void Tunnel::onTick() {
  if (ended_) return;
  shared_.sink = this;
  advanceAttempt();
  if (previous_ && active_ && shared_.nowMs - active_->sinceMs > previousKeysMs) {
    retire(previous_->path);
    previous_.reset();
  }
  counters_->roundTripMicros.store(tls_.roundTripMicros(), std::memory_order_relaxed);
  mistakes_.sumUp(shared_.nowMs, false, [this](const std::string& line) { listener_.onMistake(id_, line); });
  checkLiveness();
  // Only while the client is heard: our requests alone would make it think that its own datagrams arrive.
  const bool isHeard = shared_.nowMs - lastUdpRxMs_ < heardMs;
  if (!ended_ && active_ && isHeard && refusedWaitMs_ == 0) takeStep(path_.onTick(shared_.nowMs));
  if (!ended_) flushDown();
  updateWatches();
}

void Tunnel::checkLiveness() {
  const uint64_t now = shared_.nowMs;
  const auto expired = [now](uint64_t since, uint64_t seconds) { return now - since >= seconds * 1000; };
  if (options_.remainingSeconds > 0 && expired(startedMs_, options_.remainingSeconds)) {
    return end(End::sessionTimeout, "session timeout", true);
  }
  if (options_.idleTimeoutSeconds > 0 && expired(lastUseMs_, options_.idleTimeoutSeconds)) {
    return end(End::idleTimeout, "idle timeout", true);
  }
  const uint64_t dpd = options_.dpdSeconds;
  if (tlsBlockedSinceMs_ != 0 && now - tlsBlockedSinceMs_ > std::max<uint64_t>(tlsBlockedLimitMs, dpd * 2000)) {
    return end(End::error, "the client takes no data", false);
  }
  if (udpBlockedSinceMs_ != 0 && now - udpBlockedSinceMs_ > udpBlockedLimitMs) dropUnsentDatagrams();
  if (dpd > 0) {
    // Only a client that was asked, and had time to answer, is given up.
    const bool wasAsked = lastTlsProbeMs_ > lastTlsRxMs_ && now - lastTlsProbeMs_ >= dpd * 500;
    if (wasAsked && expired(lastTlsRxMs_, dpd * 3)) return end(End::dpdTimeout, "the client does not answer", false);
    if (expired(lastTlsRxMs_, dpd * 2) && now - lastTlsProbeMs_ >= dpd * 500) {
      lastTlsProbeMs_ = now;
      sendTlsFrame(cstp::typeDpdRequest, {});
    }
    if (active_ && expired(lastUdpRxMs_, dpd * 3)) {
      dtlsPreferred_ = false;
      if (dtlsReported_) listener_.onDtls(id_, {});
      dtlsReported_ = false;
    } else if (active_ && expired(lastUdpRxMs_, dpd * 2) && now - lastUdpProbeMs_ >= dpd * 500) {
      // Of full size, so that a path that shrank is noticed.
      lastUdpProbeMs_ = now;
      const std::vector<uint8_t> zeros(dataMtu_, 0);
      queueDatagram(cstp::typeDpdRequest, zeros);
    }
  }
  if (active_ && refusedWaitMs_ > 0 && now - refusedAskedMs_ >= refusedWaitMs_) {
    refusedAskedMs_ = now;
    refusedWaitMs_ = std::min(refusedWaitMs_ * 2, longestRefusedWaitMs);
    queueDatagram(cstp::typeDpdRequest, {});
  }
  if (active_ && now - lastPathCheckMs_ >= pathCheckMs) {
    lastPathCheckMs_ = now;
    const int pathMtu = tls_.pathMtu();
    if (pathMtu > 0 && mtu_.limit(static_cast<uint32_t>(pathMtu))) {
      path_.limit(mtu_.link());
      applyMtu();
    }
  }
}

void Tunnel::close(bool notify) { end(End::serverDisconnect, "closed by the server", notify); }

void Tunnel::end(End reason, std::string_view detail, bool notify) {
  if (ended_) return;
  coalescer().flush();
  ended_ = true;
  shared_.lengths.clear();
  datagramBytes_ = 0;
  if (notify) sendTlsFrame(cstp::typeDisconnect, {});
  if (!tls_.isBlocked()) tls_.sendCloseNotify();
  tls_.flush();
  shared_.cipherOut.clear();
  watch(tun_.fd(), tunWatch_, 0);
  watch(tls_.fd(), tlsWatch_, 0);
  if (attempt_) retire(attempt_->path);
  if (previous_) retire(previous_->path);
  if (active_) retire(active_->path);
  attempt_.reset();
  previous_.reset();
  active_.reset();
  mistakes_.sumUp(shared_.nowMs, true, [this](const std::string& line) { listener_.onMistake(id_, line); });
  listener_.onEnd(id_, reason, detail);
}

}  // namespace ocserv::tunnel
