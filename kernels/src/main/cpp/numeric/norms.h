// RMSNorm and LayerNorm. A sum over a row is sixteen strided chains (lane i adds i, i + 16, ...) joined
// along the fixed tree of lanes.h.
#pragma once
#include "numeric/lanes.h"

namespace belle {
namespace {

static float row_sum(const float* x, int64_t n) {
  Lanes chains = broadcast(0.0f);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) chains = add(chains, load(x + i));
  if (i < n) chains = add(chains, load_some(x + i, n - i));
  return sum(chains);
}

/// The sum of (x - centre)^2.
static float row_sum_of_squares(const float* x, float centre, int64_t n) {
  const Lanes c = broadcast(centre);
  Lanes chains = broadcast(0.0f);
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Lanes d = subtract(load(x + i), c);
    chains = fma(d, d, chains);
  }
  if (i < n) {
    // Lanes beyond the end hold 0 - centre: they are cleared, not counted.
    const Lanes d = subtract(load_some(x + i, n - i), c);
    const Lanes inside = where_less(ramp(), broadcast(static_cast<float>(n - i)), d, broadcast(0.0f));
    chains = fma(inside, inside, chains);
  }
  return sum(chains);
}

/// out = (x * r) * weight with r = 1 / sqrt(mean of x^2 + epsilon).
static void rms_norm(const float* x, const float* weight, float epsilon, int64_t n, float* out) {
  const float mean_square = row_sum_of_squares(x, 0.0f, n) / static_cast<float>(n);
  const Lanes r = broadcast(1.0f / square_root(mean_square + epsilon));
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, multiply(multiply(load(x + i), r), load(weight + i)));
  if (i < n) {
    const Lanes y = multiply(multiply(load_some(x + i, n - i), r), load_some(weight + i, n - i));
    store_some(out + i, n - i, y);
  }
}

/// out = ((x - mean) * r) * weight + bias with r = 1 / sqrt(variance + epsilon).
static void layer_norm(const float* x, const float* weight, const float* bias, float epsilon, int64_t n, float* out) {
  const float mean = row_sum(x, n) / static_cast<float>(n);
  const float variance = row_sum_of_squares(x, mean, n) / static_cast<float>(n);
  const Lanes m = broadcast(mean), r = broadcast(1.0f / square_root(variance + epsilon));
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    store(out + i, fma(multiply(subtract(load(x + i), m), r), load(weight + i), load(bias + i)));
  }
  if (i < n) {
    const Lanes normal = multiply(subtract(load_some(x + i, n - i), m), r);
    store_some(out + i, n - i, fma(normal, load_some(weight + i, n - i), load_some(bias + i, n - i)));
  }
}

}  // namespace
}  // namespace belle
