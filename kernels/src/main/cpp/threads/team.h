// The threads that compute one step together: the one that runs the session, and helpers of its own.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "threads/borrower.h"

namespace belle {

/// A caller and its helpers share out the items of a loop. Each has a range of its own, which it takes item by item, then takes from
/// the others' ranges; a helper that does not come, since another process has its processor, holds up nobody. Helpers look for the
/// next loop for some tens of microseconds, then sleep. One that loses its processor in the middle of an item is lent the caller's.
class Team {
 public:
  static constexpr int kMaxThreads = 1024;

  /// The calling thread's team of so many, itself counted. It is kept until the thread ends, or asks for another number.
  static Team& of_this_thread(int threads);

  explicit Team(int threads);
  Team(const Team&) = delete;
  ~Team();

  int threads() const { return static_cast<int>(members_.size()); }

  /// Calls body(data, i) once for every i in [0, count), on any thread of the team, and returns when all calls have. The body
  /// must not throw.
  void run(int64_t count, void (*body)(void*, int64_t), void* data);

 private:
  using Clock = std::chrono::steady_clock;

  /// One thread of the team, and those of its items that nobody has taken yet.
  struct alignas(64) Member {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
    Borrower borrower;
  };

  void serve(int own);
  int64_t work(int own);
  void leave();
  void await_helpers(Clock::time_point until);

  /// The loop's number; whether it may be joined; whether the team is over; how many helpers are in it.
  static constexpr uint32_t kHelpers = (1 << 11) - 1, kOpen = 1 << 11, kOver = 1 << 12;
  static constexpr int kNumber = 13;

  alignas(64) std::atomic<uint32_t> state_{0};
  alignas(64) std::atomic<int> sleepers_{0};
  std::atomic<bool> caller_sleeps_{false};
  alignas(64) void (*body_)(void*, int64_t) = nullptr;
  void* data_ = nullptr;
  std::vector<Member> members_;
  std::vector<std::thread> helpers_;
};

}  // namespace belle
