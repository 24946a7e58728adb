// `Lanes`: sixteen floats with one meaning and three spellings. A translation unit picks one by defining
// BELLE_LANES_AVX512, BELLE_LANES_AVX2 or neither.
//
// Every operation is exact or one IEEE rounding, so all spellings give the same bits; nothing is fused
// except where fma() is written (the build passes -ffp-contract=off).
//
//   load / load8        16 values, or 8 and eight zeros; halves are widened
//   store / store8      16 values, or the first 8; halves round to nearest even
//   fma(a, b, c)        a * b + c          negated_fma(a, b, c)   c - a * b
//   greater(a, b)       a > b ? a : b
//   where_less(a, b, yes, no)              lane by lane: a < b ? yes : no
//   times_power(a, n)   a * 2^n by the exponent bits; n integral, neither side subnormal or infinite
//   load(uint8_t*), load(int8_t*), load8(int8_t*)   bytes as floats
//   store_bytes         16 integral floats in [-127, 127] as int8
//   sum / maximum       over the lanes along the fixed tree i, i+8; i+4; i+2; i+1
//
// `Dots`: sixteen int32 sums of (four unsigned weights) x (four int8), exact. Where kByNibbles the weights are at most 15.
//
//   add(Bytes, Quad)    lane i += the products of its four bytes; at most 8 times between two calls of fold
//   fold<1>, fold<16>   moves what was added, or 16 times that, into the int32 sums
//   join(Dots)          adds other int32 sums
//   floats              the sums; exact below 2^24
//
// Everything is in an unnamed namespace and no library template is used: the linker can never pick a
// body that was compiled for a wider machine.
#pragma once
#include <cstdint>

#include "numeric/half.h"

#define BELLE_INLINE static inline __attribute__((always_inline))
#define BELLE_INLINE_MEMBER inline __attribute__((always_inline))

// Integers may be added in any order, and GCC 12 first makes all products, more than there are registers.
#if defined(BELLE_EMULATE_AVX512)
#define BELLE_IN_THIS_ORDER(sum)
#else
#define BELLE_IN_THIS_ORDER(sum) __asm__("" : "+v"(sum))
#endif

#if defined(BELLE_LANES_AVX512)
#include "numeric/lanes_avx512.h"
#elif defined(BELLE_LANES_AVX2)
#include "numeric/lanes_avx2.h"
#else
#include "numeric/lanes_portable.h"
#endif

namespace belle {
namespace {

constexpr int kLanes = 16;

/// 0, 1, ..., 15.
BELLE_INLINE Lanes ramp() {
  alignas(64) static const float values[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return load(values);
}

/// Lanes from `count` < 16 floats, the rest zero.
BELLE_INLINE Lanes load_some(const float* p, int64_t count) {
  alignas(64) float values[kLanes] = {};
  for (int64_t i = 0; i < count; i++) values[i] = p[i];
  return load(values);
}

BELLE_INLINE void store_some(float* p, int64_t count, Lanes a) {
  alignas(64) float values[kLanes];
  store(values, a);
  for (int64_t i = 0; i < count; i++) p[i] = values[i];
}

}  // namespace
}  // namespace belle
