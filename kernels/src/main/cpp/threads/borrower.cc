#include "threads/borrower.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "threads/wait.h"

namespace belle {
namespace {

struct Self {
  int32_t thread = static_cast<int32_t>(syscall(SYS_gettid));
  cpu_set_t allowed;

  Self() { sched_getaffinity(0, sizeof allowed, &allowed); }
};

/// The calling thread, and where it may run, before anyone lends it a processor.
const Self& self() {
  thread_local const Self own;
  return own;
}

/// The thread's time on a processor, so far. Its clock's number is that of pthread_getcpuclockid(3).
int64_t processor_time(int32_t thread) {
  constexpr clockid_t kThread = 4, kScheduled = 2;
  timespec time = {};
  clock_gettime((static_cast<clockid_t>(~thread) * 8) | kThread | kScheduled, &time);
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

bool has_a_processor(int32_t thread) {
  const int64_t before = processor_time(thread);
  for (int look = 0; look < kLooks / 4; look++) relax();
  return processor_time(thread) != before;
}

bool stay_on(int32_t thread, int processor) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(processor), &one);
  return sched_setaffinity(thread, sizeof one, &one) == 0;
}

}  // namespace

void Borrower::begin() {
  home_.store(sched_getcpu() + 1, std::memory_order_relaxed);
  thread_.store(self().thread);
}

void Borrower::end() {
  thread_.store(0);
  const int32_t home = lent_.exchange(0);
  if (home == 0) return;
  stay_on(0, home - 1);  // and off the lender's at once
  sched_setaffinity(0, sizeof(cpu_set_t), &self().allowed);
}

bool Borrower::lend() {
  const int32_t thread = thread_.load(), home = home_.load(std::memory_order_relaxed);
  const int processor = sched_getcpu();
  cpu_set_t allowed;
  if (thread == 0 || home == 0 || home == processor + 1 || lent_.load() != 0 || has_a_processor(thread)) return false;
  if (sched_getaffinity(thread, sizeof allowed, &allowed) != 0 || !CPU_ISSET(static_cast<size_t>(processor), &allowed)) return false;
  int32_t at_home = 0;
  if (!lent_.compare_exchange_strong(at_home, home)) return false;
  // It may have ended meanwhile: then it has gone back, or will not look again.
  if (thread_.load() != thread) {
    lent_.store(0);
    return false;
  }
  const bool moved = stay_on(thread, processor);
  if (moved && lent_.load() != home) sched_setaffinity(thread, sizeof allowed, &allowed);
  return moved;
}

}  // namespace belle
