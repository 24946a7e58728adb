// A row of floats as int8 codes with one scale: largest / 127, ties to even. A value that is not finite makes the scale NaN,
// since as a code it would look like a number.
#pragma once
#include "numeric/lanes.h"

namespace belle {
namespace {

/// Codes of `count` values, a multiple of kLanes, and what to multiply them with.
static float quantise(const float* x, int64_t count, int8_t* codes, float* sum_of_codes) {
  Lanes largest = broadcast(0.0f), poison = broadcast(0.0f);
  for (int64_t i = 0; i < count; i += kLanes) {
    const Lanes v = load(x + i);
    largest = greater(greater(v, subtract(broadcast(0.0f), v)), largest);
    poison = fma(v, broadcast(0.0f), poison);  // NaN as soon as one value is not finite
  }
  const float most = maximum(largest);
  const bool flat = !(most > 1e-30f);  // where 127 / most could overflow
  const Lanes factor = broadcast(flat ? 0.0f : 127.0f / most), rounder = broadcast(0x1.8p23f);
  Lanes total = broadcast(0.0f);
  for (int64_t i = 0; i < count; i += kLanes) {
    // Adding 1.5 * 2^23 rounds to integers, ties to even. A NaN becomes 0: the scale tells of it.
    const Lanes rounded = subtract(fma(load(x + i), factor, rounder), rounder);
    const Lanes code = where_less(rounded, broadcast(128.0f), rounded, broadcast(0.0f));
    total = add(total, code);
    store_bytes(codes + i, code);
  }
  *sum_of_codes = sum(total);
  return (flat ? 0.0f : most / 127.0f) + sum(poison);
}

}  // namespace
}  // namespace belle
