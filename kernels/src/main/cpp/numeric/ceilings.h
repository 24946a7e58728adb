// What the machine can do at most, measured with the kernels' own loads and FMAs.
#pragma once
#include "numeric/quantised_product.h"

namespace belle {
namespace {

/// Reads every float once, sequentially; the result only keeps the reads alive.
static float read_floats(const float* p, int64_t n) {
  Lanes chains[4];
  for (Lanes& chain : chains) chain = broadcast(0.0f);
  for (int64_t i = 0; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int c = 0; c < 4; c++) chains[c] = add(chains[c], load(p + i + c * kLanes));
  }
  return sum(add(add(chains[0], chains[1]), add(chains[2], chains[3])));
}

/// Runs FMAs on registers alone and returns how many floating-point operations they were.
static int64_t run_fmas(int64_t rounds, float* result) {
  constexpr int kChains = RowTiles::kMax * strips_beside(RowTiles::kMax);
  Lanes chains[kChains];
  const Lanes factor = broadcast(0.999f), term = broadcast(*result);
  for (Lanes& chain : chains) chain = term;
  for (int64_t i = 0; i < rounds; i++) {
#pragma GCC unroll 24
    for (int c = 0; c < kChains; c++) chains[c] = fma(factor, chains[c], term);
  }
  for (int c = 1; c < kChains; c++) chains[0] = add(chains[0], chains[c]);
  *result = sum(chains[0]);
  return rounds * kChains * kLanes * 2;
}

/// Multiplies bytes in registers alone and returns how many integer operations they were.
static int64_t run_dots(int64_t rounds, float* result) {
  constexpr int kChains = RowTiles::kMaxQuantised * dot_strips_beside(RowTiles::kMaxQuantised);
  int8_t quads[4 * kChains] = {1, -1, 2, -2};
  const uint8_t codes[64] = {1, 2, 3};
  const Bytes bytes = load_bytes(codes);
  Dots chains[kChains];
#pragma GCC unroll 16
  for (int c = 0; c < kChains; c++) chains[c].clear();
  for (int64_t i = 0; i < rounds; i += 8) {
    for (int j = 0; j < 8; j++) {
#pragma GCC unroll 16
      for (int c = 0; c < kChains; c++) chains[c].add(bytes, load_quad(quads + 4 * c));
      __asm__ volatile("" : "+m"(quads));  // or the compiler multiplies once
    }
#pragma GCC unroll 16
    for (int c = 0; c < kChains; c++) chains[c].fold<1>();
  }
  Lanes total = broadcast(*result);
#pragma GCC unroll 16
  for (int c = 0; c < kChains; c++) total = add(total, chains[c].floats());
  *result = sum(total);
  return (rounds + 7) / 8 * 8 * kChains * kLanes * 4 * 2;
}

}  // namespace
}  // namespace belle
