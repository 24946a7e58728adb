// How a thread waits for another one: it looks for a while, then sleeps. A waiting thread that only looked would take a
// processor from whoever needs one; one that slept at once would wake up too late for work of microseconds.
#pragma once
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace belle {

/// Looks before a thread sleeps: some tens of microseconds.
constexpr int kLooks = 1000;

/// Between two looks.
inline void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Sleeps until `word` is woken, `timeout` is over (null: never) or for no reason; not at all unless it is `seen`.
/// Between processes that share the word's memory, too.
inline void sleep_on(const void* word, uint32_t seen, const timespec* timeout) {
  syscall(SYS_futex, word, FUTEX_WAIT, seen, timeout, nullptr, 0);
}

inline void wake_all(const void* word) { syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

}  // namespace belle
