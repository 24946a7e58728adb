// How an op says no: it throws a Refusal, which becomes an ONNX Runtime status at the op's border.
#pragma once
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>

namespace belle {

/// One line that names the op, the input or attribute, the limit and the value given.
struct Refusal {
  std::string message;
};

/// Throws a Refusal with the printf-formatted message.
[[noreturn]] __attribute__((format(printf, 1, 2))) inline void refuse(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  throw Refusal{line};
}

/// Throws unless low <= value <= high. `what` reads like "past_lens[3]".
inline void require_range(const char* what, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high) {
    refuse("%s must lie in [%lld, %lld], but is %lld", what, static_cast<long long>(low), static_cast<long long>(high),
           static_cast<long long>(value));
  }
}

}  // namespace belle
