// y = x W for one column tile of 64 outputs: f32 or f16 weights, one leaf or a tree of eight.
//
// A leaf is walked in slices of kDepth inputs, which all row tiles share: the first one reads them from memory, and asks for
// the slice behind meanwhile; the others find them in L1.
#pragma once
#include "numeric/register_tile.h"

namespace belle {
namespace {

constexpr int64_t kDepth = 128;
/// Bytes that a tile of rows which multiplies whole rows of weights fetches ahead.
constexpr int64_t kWeightsAhead = 4096;
/// So many row tiles with one fetch ahead, where the first multiplies whole rows of weights; more have time to wait.
constexpr int kFetchingRowTiles = 2;

static void pack_rows(const float* x, int64_t k, int rows, float* packed) {
  for (int64_t i = 0; i < k; i++) {
    for (int row = 0; row < rows; row++) packed[i * rows + row] = x[row * k + i];
  }
}

/// One slice of one row tile.
template <class W>
struct Slice {
  const float* x;
  const W* weights;
  int64_t depth;
  float* sums;
  int tile, tiles;

  template <int ROWS>
  BELLE_INLINE_MEMBER void run() const {
    // Strip by strip a slice is read several times, so that what is fetched must lie behind it.
    constexpr bool kWhole = strips_beside(ROWS) * kLanes == kTileOutputs;
    const char* next = reinterpret_cast<const char*>(weights) +
                       (kWhole ? kWeightsAhead : depth * kTileOutputs * static_cast<int64_t>(sizeof(W)));
    if (kWhole ? tiles <= kFetchingRowTiles : tile == 0) {
      multiply<ROWS, Fetch::kAhead>(next);
    } else {
      multiply<ROWS, Fetch::kNothing>(nullptr);
    }
  }

 private:
  template <int ROWS, Fetch FETCH>
  BELLE_INLINE_MEMBER void multiply(const char* next) const {
    register_tiles<ROWS, Start::kMemory, FETCH>(Operand<ROWS, 1>{x}, weights, kTileOutputs, depth, kTileOutputs / kLanes,
                                                sums, kTileOutputs, next);
  }
};

template <class W>
static void product_slice(const Product& p, const W* weights, int64_t first, int64_t depth, float* sums) {
  const RowTiles tiles{p.rows};
  for (int t = 0; t < tiles.count(); t++) {
    const int row = tiles.begin(t), rows = tiles.size(t);
    const float* x = p.x + row * p.inputs + first * rows;
    with_rows(rows, Slice<W>{x, weights, depth, sums + row * kTileOutputs, t, tiles.count()});
  }
}

/// Joins leaves as a binary tree, the way carries ripple through a counter: when a leaf is done, every
/// subtree that it completes is added up. `level[i]` holds a finished subtree of 2^i leaves.
struct LeafTree {
  static constexpr int kLevels = 3;
  float level[kLevels][kRowBlock * kTileOutputs];

  /// `sums` [count] is the finished leaf `leaf`; after the last of `leaves` it holds the root.
  BELLE_INLINE_MEMBER void join(int leaf, int leaves, float* sums, int count) {
    int depth = 0;
    for (; leaf >> depth & 1; depth++) {
      for (int i = 0; i < count; i += kLanes) store(sums + i, add(load(level[depth] + i), load(sums + i)));
    }
    if (leaf + 1 == leaves) return;
    for (int i = 0; i < count; i += kLanes) store(level[depth] + i, load(sums + i));
  }
};

/// Writes the columns that exist, plus the bias (one rounding).
static void write_tile(const Product& p, int64_t tile, const float* sums) {
  const int64_t first = tile * kTileOutputs;
  const int64_t columns = p.outputs - first < kTileOutputs ? p.outputs - first : kTileOutputs;
  for (int row = 0; row < p.rows; row++) {
    float* y = p.y + row * p.y_stride + first;
    const float* s = sums + row * kTileOutputs;
    if (p.bias == nullptr) {
      for (int64_t i = 0; i < columns; i++) y[i] = s[i];
    } else {
      for (int64_t i = 0; i < columns; i++) y[i] = s[i] + p.bias[first + i];
    }
  }
}

template <class W>
static void product(const Product& p, int64_t tile) {
  alignas(64) float sums[kRowBlock * kTileOutputs];
  alignas(64) LeafTree tree;
  const int64_t tiles = (p.outputs + kTileOutputs - 1) / kTileOutputs;
  for (int leaf = 0; leaf < p.leaves; leaf++) {
    const int64_t begin = p.leaf_inputs[leaf], end = p.leaf_inputs[leaf + 1];
    const W* weights = static_cast<const W*>(p.weights) + (begin * tiles + (end - begin) * tile) * kTileOutputs;
    for (int i = 0; i < p.rows * kTileOutputs; i += kLanes) store(sums + i, broadcast(0.0f));
    for (int64_t k = begin; k < end; k += kDepth) {
      const int64_t depth = end - k < kDepth ? end - k : kDepth;
      product_slice(p, weights + (k - begin) * kTileOutputs, k, depth, sums);
    }
    if (p.leaves > 1) tree.join(leaf, p.leaves, sums, p.rows * kTileOutputs);
  }
  write_tile(p, tile, sums);
}

}  // namespace
}  // namespace belle
