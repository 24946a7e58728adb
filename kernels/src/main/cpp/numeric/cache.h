// The paged key/value cache: where a row lies, how it is written, and rotary embedding on the way.
//
// A block holds, for each kv head, keys [D][block_tokens] (transposed, so that scores have lanes across positions), then
// values [block_tokens][D], and behind int8 codes a float scale for each row of keys and for each row of values. A row is
// rounded once, here, and always read back from here.
#pragma once
#include "numeric/int8_row.h"
#include "numeric/kernels.h"
#include "numeric/lanes.h"

namespace belle {
namespace {

/// Whether rows of T have scales.
template <class T>
constexpr bool kScaled = sizeof(T) == 1;

/// Keys of one kv head in one block; the values follow at + D * block_tokens, scales at + 2 * D * block_tokens.
template <class T>
BELLE_INLINE T* cache_head(const Cache& cache, int64_t block, int kv_head) {
  const int64_t bytes = cache_head_bytes(8 * sizeof(T), cache.head_dim, cache.block_tokens);
  return reinterpret_cast<T*>(static_cast<char*>(cache.layer) + (block * cache.kv_heads + kv_head) * bytes);
}

/// Rotates pairs (i, i + D/2) by the position's angles, rounding each product and the sum on its own.
BELLE_INLINE void rotate(const Rotary& rotary, int64_t position, int head_dim, const float* from, float* to) {
  const int half = head_dim / 2;
  const float* cosine = rotary.cosines + position * half;
  const float* sine = rotary.sines + position * half;
  for (int i = 0; i < half; i++) {
    to[i] = from[i] * cosine[i] - from[i + half] * sine[i];
    to[i + half] = from[i + half] * cosine[i] + from[i] * sine[i];
  }
}

/// Rounds D floats (a multiple of 8) to the cache's elements. Returns their scale, 1 where they need none.
template <class T>
BELLE_INLINE float round_row(const float* from, int head_dim, T* to) {
  int i = 0;
  for (; i + kLanes <= head_dim; i += kLanes) store(to + i, load(from + i));
  if (i < head_dim) store8(to + i, load8(from + i));
  return 1.0f;
}

BELLE_INLINE float round_row(const float* from, int head_dim, int8_t* to) {
  alignas(64) float row[kMaxHeadDim];
  alignas(64) int8_t codes[kMaxHeadDim];
  const int filled = (head_dim + kLanes - 1) / kLanes * kLanes;
  for (int d = 0; d < filled; d++) row[d] = d < head_dim ? from[d] : 0.0f;
  float sum_of_codes;
  const float scale = quantise(row, filled, codes, &sum_of_codes);
  for (int d = 0; d < head_dim; d++) to[d] = codes[d];
  return scale;
}

template <class T>
static void write_cache(const CacheWrite& w, int kv_head) {
  const int dim = w.cache.head_dim, block_tokens = w.cache.block_tokens;
  T* keys = cache_head<T>(w.cache, w.block, kv_head);
  T* values = keys + dim * block_tokens;
  alignas(64) float rotated[kMaxHeadDim];
  alignas(64) T rounded[kMaxHeadDim];
  for (int t = 0; t < w.tokens; t++) {
    const int64_t position = w.position + t;
    const int slot = static_cast<int>(position % block_tokens);
    const float* key = w.keys + t * w.stride + kv_head * dim;
    if (w.rotary.cosines != nullptr) {
      rotate(w.rotary, position, dim, key, rotated);
      key = rotated;
    }
    const float key_scale = round_row(key, dim, rounded);
    for (int d = 0; d < dim; d++) keys[d * block_tokens + slot] = rounded[d];
    const float value_scale = round_row(w.values + t * w.stride + kv_head * dim, dim, values + slot * dim);
    if constexpr (kScaled<T>) {
      float* scales = reinterpret_cast<float*>(values + dim * block_tokens);
      scales[slot] = key_scale;
      scales[block_tokens + slot] = value_scale;
    }
  }
}

}  // namespace
}  // namespace belle
