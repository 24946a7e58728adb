#include "threads/team.h"

#include <algorithm>
#include <memory>

#include "threads/wait.h"

namespace belle {
namespace {

/// So much longer than for an item nobody is waited for that has a processor.
constexpr std::chrono::microseconds kAtOnce{30};
/// Whatever an item takes, a caller does not look for a helper longer than this.
constexpr std::chrono::microseconds kPatience{500};
constexpr int kLooksAtTheTime = 16;
/// A caller that sleeps looks again after so long whether a helper has lost its processor.
constexpr timespec kNap = {0, 200'000};

}  // namespace

Team& Team::of_this_thread(int threads) {
  thread_local std::unique_ptr<Team> team;
  if (team == nullptr || team->threads() != threads) {
    team.reset();
    team = std::make_unique<Team>(threads);
  }
  return *team;
}

Team::Team(int threads) : members_(static_cast<size_t>(threads)) {
  for (int helper = 1; helper < threads; helper++) helpers_.emplace_back(&Team::serve, this, helper);
}

Team::~Team() {
  state_.store(kOver);
  wake_all(&state_);
  for (std::thread& helper : helpers_) helper.join();
}

void Team::run(int64_t count, void (*body)(void*, int64_t), void* data) {
  body_ = body;
  data_ = data;
  for (int64_t i = 0; i < threads(); i++) {
    members_[static_cast<size_t>(i)].next.store(count * i / threads(), std::memory_order_relaxed);
    members_[static_cast<size_t>(i)].end = count * (i + 1) / threads();
  }
  state_.store((((state_.load(std::memory_order_relaxed) >> kNumber) + 1) << kNumber) | kOpen);
  if (sleepers_.load() > 0) wake_all(&state_);
  const Clock::time_point begin = Clock::now();
  const int64_t done = work(0);
  state_.fetch_and(~kOpen);
  const Clock::time_point end = Clock::now();
  await_helpers(end + (done == 0 ? kPatience : std::min<Clock::duration>(kAtOnce + (end - begin) / done, kPatience)));
}

/// Every item is taken, but perhaps not done.
void Team::await_helpers(Clock::time_point until) {
  for (int look = 1; (state_.load(std::memory_order_acquire) & kHelpers) != 0; look++) {
    if (look % kLooksAtTheTime == 0 && Clock::now() > until) break;
    relax();
  }
  caller_sleeps_.store(true);
  for (uint32_t seen; ((seen = state_.load()) & kHelpers) != 0;) {
    bool lent = false;
    for (size_t i = 1; i < members_.size() && !lent; i++) lent = members_[i].borrower.lend();
    sleep_on(&state_, seen, &kNap);
  }
  caller_sleeps_.store(false);
}

void Team::serve(int own) {
  Borrower& borrower = members_[static_cast<size_t>(own)].borrower;
  uint32_t last = 0;
  for (int look = 0;; look++) {
    uint32_t seen = state_.load(std::memory_order_acquire);
    if ((seen & kOver) != 0) return;
    if ((seen & kOpen) != 0 && seen >> kNumber != last) {
      if (!state_.compare_exchange_strong(seen, seen + 1)) continue;
      last = seen >> kNumber;
      borrower.begin();
      work(own);
      leave();
      borrower.end();
      look = 0;
    } else if (look < kLooks) {
      relax();
    } else {
      sleepers_.fetch_add(1);
      sleep_on(&state_, seen, nullptr);
      sleepers_.fetch_sub(1);
      look = 0;
    }
  }
}

/// Returns the number of items that this thread has done.
int64_t Team::work(int own) {
  int64_t done = 0;
  for (int i = 0; i < threads(); i++) {
    Member& member = members_[static_cast<size_t>((own + i) % threads())];
    for (int64_t item; (item = member.next.fetch_add(1, std::memory_order_relaxed)) < member.end; done++) body_(data_, item);
  }
  return done;
}

void Team::leave() {
  const uint32_t left = state_.fetch_sub(1) - 1;
  if ((left & (kOpen | kHelpers)) == 0 && caller_sleeps_.load()) wake_all(&state_);
}

}  // namespace belle
