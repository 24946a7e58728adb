// y = x W for one column tile of 64 outputs: f32 or f16 weights, one leaf or a tree of eight.
//
// A leaf is walked in slices of kDepth inputs. With few rows the weights stream straight through the
// registers, each read from memory once. With many rows a strip of the slice is first copied (and widened) into a
// panel in L1, which all row tiles then share.
#pragma once
#include "numeric/register_tile.h"

namespace belle {
namespace {

constexpr int64_t kDepth = 128;
/// Up to so many row tiles read the weights directly.
constexpr int kDirectRowTiles = 2;
/// Bytes that several rows fetch ahead in the weights.
constexpr int64_t kWeightsAhead = 4096;

static void pack_rows(const float* x, int64_t k, int rows, float* packed) {
  for (int64_t i = 0; i < k; i++) {
    for (int row = 0; row < rows; row++) packed[i * rows + row] = x[row * k + i];
  }
}

/// One slice of one row tile, weights read in place.
template <class W>
struct DirectSlice {
  const float* x;
  const W* weights;
  int64_t depth;
  float* sums;

  template <int ROWS>
  BELLE_INLINE_MEMBER void run() const {
    register_tiles<ROWS, Start::kMemory, Fetch::kAhead>(Operand<ROWS, 1>{x}, weights, kTileOutputs, depth,
                                                        kTileOutputs / kLanes, sums, kTileOutputs, kWeightsAhead);
  }
};

/// One strip group of one slice of one row tile, weights in a panel or in place.
template <class W>
struct SharedSlice {
  const float* x;
  const W* weights;
  int64_t step;
  int64_t depth;
  float* sums;

  template <int ROWS>
  BELLE_INLINE_MEMBER void run() const {
    register_tile<ROWS, strips_beside(RowTiles::kMax), Start::kMemory>(Operand<ROWS, 1>{x}, weights, step, depth, sums,
                                                                       kTileOutputs);
  }
};

template <class W>
static void product_slice(const Product& p, const W* weights, int64_t first, int64_t depth, float* sums) {
  const RowTiles tiles{p.rows};
  if (tiles.count() <= kDirectRowTiles) {
    for (int t = 0; t < tiles.count(); t++) {
      const int row = tiles.begin(t), rows = tiles.size(t);
      const float* x = p.x + row * p.inputs + first * rows;
      with_rows(rows, DirectSlice<W>{x, weights, depth, sums + row * kTileOutputs});
    }
    return;
  }
  constexpr int kGroup = strips_beside(RowTiles::kMax) * kLanes;
  constexpr bool kPanel = kGroup == kLanes;  // with 32 registers the weights are read in place
  alignas(64) float panel[kPanel ? kDepth * kLanes : 1];
  for (int column = 0; column < kTileOutputs; column += kGroup) {
    if (kPanel) copy_strip(weights + column, kTileOutputs, depth, panel, kLanes);
    for (int t = 0; t < tiles.count(); t++) {
      const int row = tiles.begin(t), rows = tiles.size(t);
      const float* x = p.x + row * p.inputs + first * rows;
      float* out = sums + row * kTileOutputs + column;
      if (kPanel) {
        with_rows(rows, SharedSlice<float>{x, panel, kLanes, depth, out});
      } else {
        with_rows(rows, SharedSlice<W>{x, weights + column, kTileOutputs, depth, out});
      }
    }
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
