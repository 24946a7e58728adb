// Activations, residual sum and gathers: lane by lane, no order to keep.
#pragma once
#include "numeric/exponential.h"

namespace belle {
namespace {

/// out[i] = function(lanes of every input at i). The last, short group runs through zero-padded lanes.
template <class Function, class... Inputs>
BELLE_INLINE void map_lanes(int64_t n, float* out, const Function& function, const Inputs*... inputs) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, function(load(inputs + i)...));
  if (i < n) store_some(out + i, n - i, function(load_some(inputs + i, n - i)...));
}

static void gelu(const float* x, int64_t n, float* out) {
  map_lanes(n, out, [](Lanes v) { return gelu_of(v); }, x);
}

static void silu_mul(const float* gate, const float* up, int64_t n, float* out) {
  map_lanes(n, out, [](Lanes g, Lanes u) { return multiply(silu_of(g), u); }, gate, up);
}

static void residual(const float* x, const float* delta, const float* bias, int64_t n, float* out) {
  if (bias == nullptr) {
    map_lanes(n, out, [](Lanes a, Lanes d) { return add(a, d); }, x, delta);
  } else {
    map_lanes(n, out, [](Lanes a, Lanes d, Lanes b) { return add(a, add(d, b)); }, x, delta, bias);
  }
}

/// Adds what 2, 4 or 8 ranks have as a tree.
static void add_parts(const float* const* parts, int ranks, int64_t n, float* out) {
  if (ranks == 2) return map_lanes(n, out, [](Lanes a, Lanes b) { return add(a, b); }, parts[0], parts[1]);
  const auto four = [](Lanes a, Lanes b, Lanes c, Lanes d) { return add(add(a, b), add(c, d)); };
  if (ranks == 4) return map_lanes(n, out, four, parts[0], parts[1], parts[2], parts[3]);
  map_lanes(n, out, [four](Lanes a, Lanes b, Lanes c, Lanes d, Lanes e, Lanes f, Lanes g, Lanes h) {
    return add(four(a, b, c, d), four(e, f, g, h));
  }, parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6], parts[7]);
}

static void gather_f32(const float* table, int64_t stride, int64_t count, float* out) {
  for (int64_t i = 0; i < count; i++) out[i] = table[i * stride];
}

static void gather_f16(const Half* table, int64_t stride, int64_t count, float* out) {
  alignas(32) Half sixteen[kLanes];
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int j = 0; j < kLanes; j++) sixteen[j] = table[(i + j) * stride];
    store(out + i, load(sixteen));
  }
  if (i == count) return;
  for (int j = 0; j < kLanes; j++) sixteen[j] = i + j < count ? table[(i + j) * stride] : Half{0};
  store_some(out + i, count - i, load(sixteen));
}

}  // namespace
}  // namespace belle
