// A thread that others wait for, and that may have lost its processor to another process. Who waits for it has one.
#pragma once
#include <sched.h>

#include <atomic>
#include <cstdint>

namespace belle {

/// The place of one thread, which others who wait for it can see.
class Borrower {
 public:
  /// The calling thread begins work that others will wait for.
  void begin();

  /// It has told the others that the work is done; goes back to its own processor if it was lent another one.
  void end();

  /// The calling thread, of the same process, is about to sleep until the work is done, and lends its processor for it, if the borrower
  /// has none and may use it. Linux would leave a thread that has just been interrupted behind the other process for milliseconds.
  /// Returns whether it did.
  bool lend();

 private:
  std::atomic<int32_t> thread_{0};  ///< at work; or 0
  std::atomic<int32_t> home_{0};    ///< one more than the processor on which it began
  std::atomic<int32_t> lent_{0};    ///< one more than the processor to go back to; or 0
};

}  // namespace belle
