// The two functions a fuzzer calls, ours (driver.cpp) and libFuzzer alike.
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length) {
  fuzz::perform(fuzz::parse({bytes, length}));
  return 0;
}

/** Structure-aware: adds, drops, exchanges and spoils chunks, never the frame around them. */
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* bytes, size_t length, size_t room, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<fuzz::Chunk> chunks = fuzz::parse({bytes, length});
  for (unsigned steps = 1 + random() % 4; steps > 0; steps--) {
    switch (chunks.empty() ? 0 : random() % 5) {
      case 0:
      case 1:
        if (chunks.size() < fuzz::maxChunks) chunks.insert(chunks.begin() + static_cast<ptrdiff_t>(random() % (chunks.size() + 1)), fuzz::sample(random));
        break;
      case 2:
        chunks.erase(chunks.begin() + static_cast<ptrdiff_t>(random() % chunks.size()));
        break;
      case 3:
        std::swap(chunks[random() % chunks.size()], chunks[random() % chunks.size()]);
        break;
      default:
        fuzz::spoil(chunks[random() % chunks.size()].bytes, random);
    }
  }
  const std::vector<uint8_t> made = fuzz::format(chunks);
  const size_t count = std::min(made.size(), room);
  std::copy_n(made.begin(), count, bytes);
  return count;
}
