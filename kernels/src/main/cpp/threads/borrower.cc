#include "threads/borrower.h"

#include <sys/syscall.h>
#include <unistd.h>

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

void Borrower::lend() {
  const int32_t thread = thread_.load(), home = home_.load(std::memory_order_relaxed);
  const int processor = sched_getcpu();
  cpu_set_t allowed;
  if (thread == 0 || home == 0 || home == processor + 1 || lent_.load() != 0) return;
  if (sched_getaffinity(thread, sizeof allowed, &allowed) != 0 || !CPU_ISSET(static_cast<size_t>(processor), &allowed)) return;
  int32_t at_home = 0;
  if (!lent_.compare_exchange_strong(at_home, home)) return;
  // It may have ended meanwhile: then it has gone back, or will not look again.
  if (thread_.load() != thread) {
    lent_.store(0);
    return;
  }
  const bool moved = stay_on(thread, processor);
  if (moved && lent_.load() != home) sched_setaffinity(thread, sizeof allowed, &allowed);
}

}  // namespace belle
