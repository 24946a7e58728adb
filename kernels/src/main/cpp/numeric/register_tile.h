// The one inner loop: ROWS x (16 STRIPS) running sums in registers, for products, attention scores and
// attention values alike.
//
//   sums[row][column] += x[row][i] * w[i][column]     for i = 0, 1, ..., n - 1, one FMA each
//
// Each sum is one chain in ascending i; how many rows and strips are neighbours changes no bit. That, and
// that a sum put aside in memory is the same float, is why neither batch nor blocking can matter.
#pragma once
#include "numeric/kernels.h"
#include "numeric/lanes.h"

namespace belle {
namespace {

/// Strips of 16 columns beside `rows` rows that the machine's registers hold.
#if defined(BELLE_LANES_AVX512)
constexpr int strips_beside(int) { return 4; }  // 6 rows x 4 = 24 of 32 registers
#else
constexpr int strips_beside(int rows) { return rows == 1 ? 4 : 1; }  // at most 12 of 16; two strips read no faster
#endif

/// x[row][i] lies at x[row * ROW_STEP + i * STEP].
template <int STEP, int ROW_STEP>
struct Operand {
  const float* x;
  BELLE_INLINE_MEMBER Lanes at(int row, int64_t i) const { return broadcast(x[row * ROW_STEP + i * STEP]); }
};

/// How a tile's sums begin.
enum class Start { kZero, kMemory };

/// Whether a tile asks for what is read after it while it computes: as many bytes as it reads, one after the other, whatever its
/// own steps: the first of several strips, which touches every line, would ask for all of them.
enum class Fetch { kNothing, kAhead };

/// w[i] lies at w + i * w_step, the sums of a row at sums + row * sums_step. With HALF_STRIP only 8 columns of w
/// exist (STRIPS is 1); the other eight sums of the strip keep their value. Never inlined: one body for all callers.
template <int ROWS, int STRIPS, Start START, Fetch FETCH = Fetch::kNothing, bool HALF_STRIP = false, class X, class W>
static __attribute__((noinline)) void register_tile(X x, const W* w, int64_t w_step, int64_t n, float* sums, int64_t sums_step,
                                                    const char* next = nullptr) {
  // Every loop over rows and strips must be unrolled, or the compiler keeps the sums in memory.
  Lanes s[ROWS][STRIPS];
#pragma GCC unroll 6
  for (int row = 0; row < ROWS; row++) {
#pragma GCC unroll 4
    for (int strip = 0; strip < STRIPS; strip++) {
      s[row][strip] = START == Start::kZero ? broadcast(0.0f) : load(sums + row * sums_step + strip * kLanes);
    }
  }
  for (int64_t i = 0; i < n; i++, w += w_step) {
    if (FETCH == Fetch::kAhead) {
#pragma GCC unroll 4
      for (int byte = 0; byte < static_cast<int>(STRIPS * kLanes * sizeof(W)); byte += 64) {
        prefetch(next + byte);
      }
      next += STRIPS * kLanes * sizeof(W);
    }
    Lanes columns[STRIPS];
#pragma GCC unroll 4
    for (int strip = 0; strip < STRIPS; strip++) {
      columns[strip] = HALF_STRIP ? load8(w) : load(w + strip * kLanes);
      // At once: beside the sums of a single row there is no room for four strips.
      if (ROWS == 1) s[0][strip] = fma(x.at(0, i), columns[strip], s[0][strip]);
    }
#pragma GCC unroll 6
    for (int row = 0; row < (ROWS == 1 ? 0 : ROWS); row++) {
      const Lanes factor = x.at(row, i);
#pragma GCC unroll 4
      for (int strip = 0; strip < STRIPS; strip++) s[row][strip] = fma(factor, columns[strip], s[row][strip]);
    }
  }
#pragma GCC unroll 6
  for (int row = 0; row < ROWS; row++) {
#pragma GCC unroll 4
    for (int strip = 0; strip < STRIPS; strip++) store(sums + row * sums_step + strip * kLanes, s[row][strip]);
  }
}

/// The same over `strips` strips that lie side by side, as many at once as the registers hold. A single row
/// fetches ahead bytes alone, of which a loop that waits reads too few by itself; wider elements the processor follows better.
template <int ROWS, Start START, Fetch FETCH = Fetch::kNothing, class X, class W>
BELLE_INLINE void register_tiles(X x, const W* w, int64_t w_step, int64_t n, int strips, float* sums, int64_t sums_step,
                                 const char* next = nullptr) {
  constexpr Fetch kFetch = ROWS == 1 && sizeof(W) > 1 ? Fetch::kNothing : FETCH;
  constexpr int kMost = strips_beside(ROWS);
  const int64_t strip_bytes = kFetch == Fetch::kAhead ? n * kLanes * static_cast<int64_t>(sizeof(W)) : 0;
  int strip = 0;
  for (; strip + kMost <= strips; strip += kMost) {
    register_tile<ROWS, kMost, START, kFetch>(x, w + strip * kLanes, w_step, n, sums + strip * kLanes, sums_step,
                                              next + strip * strip_bytes);
  }
  if (kMost > 2 && strip + 2 <= strips) {
    register_tile<ROWS, 2, START, kFetch>(x, w + strip * kLanes, w_step, n, sums + strip * kLanes, sums_step,
                                          next + strip * strip_bytes);
    strip += 2;
  }
  if (kMost > 1 && strip < strips) {
    register_tile<ROWS, 1, START, kFetch>(x, w + strip * kLanes, w_step, n, sums + strip * kLanes, sums_step,
                                          next + strip * strip_bytes);
  }
}

/// Calls body.template run<ROWS>() for the run-time number of rows in a tile.
template <class Body>
BELLE_INLINE void with_rows(int rows, const Body& body) {
  switch (rows) {
    case 1: return body.template run<1>();
    case 2: return body.template run<2>();
    case 3: return body.template run<3>();
    case 4: return body.template run<4>();
    case 5: return body.template run<5>();
    case 6: return body.template run<6>();
  }
}

}  // namespace
}  // namespace belle
