// Replay window, MTU search, path probes, token bucket, moderation and frames: numbered lists of input and verdict.
#include <random>
#include <set>

#include "check.h"
#include "cstp/frame.h"
#include "dtls/replay-window.h"
#include "tunnel/mtu-search.h"
#include "tunnel/path-probe.h"
#include "flow/moderation.h"
#include "tunnel/token-bucket.h"

using namespace ocserv;

namespace {

void replay() {
  dtls::ReplayWindow window;
  struct Case {
    uint64_t number;
    bool accepted;
  };
  const Case cases[] = {{0, true},    {0, false},     {1, true},      {1, false},     {5, true},      {3, true},
                        {3, false},   {1029, true},   {5, false},     {6, true},      {4, false},     {1028, true},
                        {1028, false}, {100000, true}, {98977, true},  {98976, false}, {98978, true}, {99999, true},
                        {(uint64_t{1} << 48) - 1, true}, {100001, false}};
  for (const Case& one : cases) {
    const bool accepted = window.accepts(one.number);
    if (accepted != one.accepted) std::printf("number %llu\n", static_cast<unsigned long long>(one.number));
    CHECK(accepted == one.accepted);
    if (accepted) window.mark(one.number);
  }
  // Against the slow way: a set of all numbers seen.
  std::mt19937_64 random(7);
  dtls::ReplayWindow fast;
  std::set<uint64_t> seen;
  uint64_t top = 0;
  for (int i = 0; i < 200000; i++) {
    const uint64_t number = top + 3 > 1500 && random() % 3 ? top + 3 - random() % 1500 : top + random() % (random() % 50 ? 4 : 5000);
    const bool expected = seen.empty() || number > *seen.rbegin() ||
                          (number + dtls::ReplayWindow::width > *seen.rbegin() && !seen.contains(number));
    CHECK(fast.accepts(number) == expected);
    if (!expected) continue;
    fast.mark(number);
    seen.insert(number);
    top = *seen.rbegin();
    while (seen.size() > 3000) seen.erase(seen.begin());
  }
}

void mtu() {
  tunnel::MtuSearch off(1500, 800, false);
  off.tooBig(false, 0);
  CHECK(off.link() == 1500 && !off.enabled());
  tunnel::MtuSearch small(800, 800, true);
  CHECK(!small.enabled());

  // A path of 1400: down to two thirds, then up by halves, never over it again for long.
  tunnel::MtuSearch search(1500, 800, true);
  CHECK(!search.fullSizeSent() && search.link() == 1500);
  for (int i = 0; i < 40; i++) {
    if (search.link() > 1400) search.tooBig(false, 0);
    else if (!search.fullSizeSent()) break;
  }
  CHECK(search.link() <= 1400 && search.link() >= 1390);
  // A path that carries nothing of the minimum ends the search.
  tunnel::MtuSearch dead(1500, 800, true);
  for (int i = 0; i < 40 && dead.enabled(); i++) dead.tooBig(false, 0);
  CHECK(!dead.enabled() && dead.link() == 800);
  // What the kernel knows of the path ends the search at once.
  tunnel::MtuSearch known(1500, 800, true);
  known.tooBig(false, 1300);
  CHECK(known.link() == 1300 && !known.fullSizeSent());
  known.tooBig(false, 1300);
  CHECK(known.link() < 1300);
  // IPv6 goes by what the kernel knows, never above what was announced.
  tunnel::MtuSearch six(1500, 1280, true);
  six.tooBig(true, 1400);
  CHECK(six.link() == 1400);
  six.tooBig(true, 9000);
  CHECK(six.link() == 1500);
  six.tooBig(true, 1279);
  CHECK(!six.enabled() && six.link() == 1280);
  tunnel::MtuSearch proof(1500, 800, true);
  proof.tooBig(false, 0);
  CHECK(proof.link() == 1000);
  CHECK(proof.confirmed(1300) && proof.link() == 1300);
  CHECK(!proof.confirmed(1200) && proof.confirmed(60000) && proof.link() == 1500);
  CHECK(proof.limit(1450) && proof.link() == 1450 && !proof.limit(1450));
}

struct Path {
  uint32_t carries;
  bool answers = true;
  int largeProbes = 0;
  /** Plays a client behind a path that swallows larger datagrams, for `seconds`. */
  void run(tunnel::PathProbe& probe, uint64_t& nowMs, int seconds) {
    for (int i = 0; i < seconds; i++, nowMs += 1000) {
      tunnel::PathProbe::Step step = probe.onTick(nowMs);
      while (step.ask || step.probeLink > 0) {
        if (step.probeLink > 0) largeProbes++;
        if (!answers || (!step.ask && step.probeLink > carries)) break;
        step = probe.onAnswer(nowMs);
      }
    }
  }
};

void pathProbe() {
  uint64_t now = 5000;
  tunnel::PathProbe off(1500, 800, false, now);
  Path wide{1500};
  wide.run(off, now, 20);
  CHECK(wide.largeProbes == 0 && off.proven() == 1500);
  tunnel::PathProbe easy(1500, 800, true, now);
  wide.run(easy, now, 2000);
  CHECK(wide.largeProbes == 1 && easy.proven() == 1500);

  for (const uint32_t carries : {1496u, 1492u, 1400u, 1281u, 1280u, 1279u, 1000u, 801u, 800u}) {
    tunnel::PathProbe probe(1500, 800, true, now);
    Path path{carries};
    path.run(probe, now, 40);
    CHECK(probe.proven() <= carries && probe.proven() + 4 > carries);
  }
  // What passes nowhere goes by the least.
  tunnel::PathProbe narrow(1500, 1280, true, now);
  Path(500).run(narrow, now, 40);
  CHECK(narrow.proven() == 1280);

  // Silence says nothing about sizes; when the client answers at last, the search begins.
  tunnel::PathProbe busy(1500, 800, true, now);
  Path silent{1400, false};
  silent.run(busy, now, 7);
  CHECK(silent.largeProbes > 0 && busy.proven() == 1500);
  silent.answers = true;
  silent.run(busy, now, 40);
  CHECK(busy.proven() <= 1400 && busy.proven() > 1396);
  // A path that has become wider is found after ten minutes.
  silent.carries = 1500;
  silent.run(busy, now, 300);
  CHECK(busy.proven() <= 1400);
  silent.run(busy, now, 400);
  CHECK(busy.proven() == 1500);
  // One that never answers is asked ten times, then left alone for ten minutes.
  tunnel::PathProbe mute(1500, 800, true, now);
  Path deaf{1500, false};
  deaf.run(mute, now, 500);
  CHECK(deaf.largeProbes == 10 && mute.proven() == 1500);
  // One or two losses among much traffic change nothing.
  tunnel::PathProbe lossy(1500, 800, true, now);
  now += 1000;
  CHECK(lossy.onTick(now).probeLink == 1500);
  for (int i = 0; i < 2; i++) {
    now += 1000;
    CHECK(lossy.onTick(now).ask && lossy.onAnswer(now).probeLink == 1500);
  }
  CHECK(!lossy.onAnswer(now).changed && lossy.proven() == 1500);
  // What the kernel says of the path is the upper end.
  tunnel::PathProbe told(1500, 800, true, now);
  told.limit(1300);
  CHECK(told.proven() == 1300);
}

void bucket() {
  tunnel::TokenBucket off(0, 0);
  CHECK(off.take(1u << 30, 0));
  tunnel::TokenBucket limited(1000, 0);
  CHECK(limited.take(999, 0) && limited.take(1, 0) && !limited.take(1, 0));
  CHECK(!limited.take(101, 100) && limited.take(100, 100) && !limited.take(1, 100));
  CHECK(limited.take(1000, 60000) && !limited.take(1, 60000));
  CHECK(limited.take(1500, 62000));  // larger than a second's worth: when full
  CHECK(!limited.take(1, 61000));    // a clock that goes back gives nothing
}

void moderation() {
  constexpr size_t packet = 1400;
  const auto restsAtPace = [](uint64_t everyUs, size_t connections, size_t bytes, size_t turns) {
    flow::Moderation made;
    size_t rests = 0;
    for (size_t i = 0; i < turns; i++) rests += made.restAfter(connections, bytes, 1'000'000 + i * everyUs) > 0 ? 1 : 0;
    return rests;
  };
  CHECK(restsAtPace(1000, 1, packet, 100) == 0);       // 11 Mbit/s: no hurry, no rest
  CHECK(restsAtPace(10, 1, 60, 2000) == 0);            // acknowledgements of a download
  CHECK(restsAtPace(10, 1, packet, 100) == 0);         // the first millisecond is not known to be busy
  CHECK(restsAtPace(10, 1, packet, 300) == 200);       // later ones are
  CHECK(restsAtPace(10, 1, 64 * 1024, 300) == 0);      // batches that are full already
  CHECK(restsAtPace(10, 4, 64 * 1024, 300) == 200);    // not so if four connections share them

  flow::Moderation pausing;
  for (uint64_t now = 1'000'000; now < 1'003'000; now += 10) pausing.restAfter(1, packet, now);
  CHECK(pausing.restAfter(1, packet, 1'003'000) > 0);
  CHECK(pausing.restAfter(1, packet, 2'003'000) == 0);  // a lone packet after a pause goes at once
  CHECK(pausing.restAfter(1, 0, 2'003'010) == 0);
}

void frames() {
  uint8_t good[] = {'S', 'T', 'F', 1, 0, 2, 3, 0, 'h', 'i'};
  const cstp::Frame frame = cstp::parseFrame(good);
  CHECK(frame.status == cstp::Frame::Status::ok && frame.type == 3 && frame.payload.size() == 2);
  for (size_t length = 0; length < sizeof good; length++) {
    const auto status = cstp::parseFrame({good, length}).status;
    CHECK(status == (length < 8 ? cstp::Frame::Status::tooShort : cstp::Frame::Status::malformed));
  }
  for (const size_t at : {0, 1, 2, 3, 4, 5, 7}) {
    good[at] ^= 1;
    CHECK(cstp::parseFrame(good).status == cstp::Frame::Status::malformed);
    good[at] ^= 1;
  }
}

}  // namespace

int main() {
  replay();
  mtu();
  pathProbe();
  bucket();
  moderation();
  frames();
  return check::finish("state");
}
