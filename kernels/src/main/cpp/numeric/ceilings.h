// What the machine can do at most, measured with the kernels' own loads and FMAs.
#pragma once
#include "numeric/register_tile.h"

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

}  // namespace
}  // namespace belle
