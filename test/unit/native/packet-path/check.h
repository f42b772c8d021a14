// The least a test program needs: CHECK says file, line and expression, and counts; finish() is the exit code.
#pragma once
#include <cstdio>

namespace check {
inline int failures = 0;
inline int checks = 0;
inline int finish(const char* name) {
  std::printf("%s: %d checks, %d failed\n", name, checks, failures);
  return failures == 0 ? 0 : 1;
}
}  // namespace check

#define CHECK(expression)                                                          \
  do {                                                                             \
    check::checks++;                                                               \
    if (!(expression)) {                                                           \
      check::failures++;                                                           \
      std::printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #expression);       \
    }                                                                              \
  } while (false)
