// The paged key/value cache: where a row lies, how it is written, and rotary embedding on the way.
//
// A block holds, for each kv head, keys [D][block_tokens] (transposed, so that scores have lanes across
// positions) and then values [block_tokens][D]. A row is rounded once, here, and always read back from here.
#pragma once
#include "numeric/kernels.h"
#include "numeric/lanes.h"

namespace belle {
namespace {

/// Keys of one kv head in one block; the values follow at + D * block_tokens.
template <class T>
BELLE_INLINE T* cache_head(const Cache& cache, int64_t block, int kv_head) {
  const int64_t half = static_cast<int64_t>(cache.head_dim) * cache.block_tokens;
  return static_cast<T*>(cache.layer) + (block * cache.kv_heads + kv_head) * 2 * half;
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

/// Rounds D floats (a multiple of 8) to the cache's elements.
template <class T>
BELLE_INLINE void round_row(const float* from, int head_dim, T* to) {
  int i = 0;
  for (; i + kLanes <= head_dim; i += kLanes) store(to + i, load(from + i));
  if (i < head_dim) store8(to + i, load8(from + i));
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
    round_row(key, dim, rounded);
    for (int d = 0; d < dim; d++) keys[d * block_tokens + slot] = rounded[d];
    round_row(w.values + t * w.stride + kv_head * dim, dim, values + slot * dim);
  }
}

}  // namespace
}  // namespace belle
