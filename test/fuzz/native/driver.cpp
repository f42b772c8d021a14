// Runs a target without libFuzzer: a seeded walk through its inputs, for a number of rounds or of seconds. The input
// that ended it is written to crash-input in the current folder.
//   PROGRAM rounds COUNT [SEED]      PROGRAM seconds COUNT [SEED]      PROGRAM FILE: that input alone
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t length);
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* bytes, size_t length, size_t room, unsigned seed);
extern "C" void __sanitizer_set_death_callback(void (*callback)());

namespace {
std::vector<uint8_t> input(1 << 18);
size_t inputBytes = 0;

void keepInput() {
  if (FILE* file = std::fopen("crash-input", "wb")) {
    std::fwrite(input.data(), 1, inputBytes, file);
    std::fclose(file);
  }
}
}  // namespace

int main(int count, char** words) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGABRT, [](int) {
    keepInput();
    std::_Exit(1);
  });
  __sanitizer_set_death_callback(keepInput);
  if (count == 2) {
    FILE* file = std::fopen(words[1], "rb");
    if (file == nullptr) return 2;
    inputBytes = std::fread(input.data(), 1, input.size(), file);
    std::fclose(file);
    return LLVMFuzzerTestOneInput(input.data(), inputBytes);
  }
  if (count < 3) return 2;
  const bool byTime = std::strcmp(words[1], "seconds") == 0;
  const auto amount = static_cast<size_t>(std::atol(words[2]));
  const auto seed = static_cast<unsigned>(count > 3 ? std::atol(words[3]) : 1);
  std::mt19937 random(seed);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(byTime ? amount : 0);
  size_t rounds = 0;
  for (; byTime ? std::chrono::steady_clock::now() < end : rounds < amount; rounds++) {
    // Inputs grow out of each other and begin anew now and then.
    if (random() % 16 == 0) inputBytes = 0;
    inputBytes = LLVMFuzzerCustomMutator(input.data(), inputBytes, input.size(), static_cast<unsigned>(random()));
    LLVMFuzzerTestOneInput(input.data(), inputBytes);
  }
  std::printf("%zu rounds, seed %u\n", rounds, seed);
  return 0;
}
