// Paged attention with an online softmax over tiles of 64 absolute positions, oldest first.
//
// A row is one (token, query head). Rows of one kv head - the heads of a group, the tokens of a prompt -
// walk the past together and share every load of keys and values. Scores have lanes across positions and d
// ascending; outputs have lanes across d and positions ascending. Which rows are neighbours changes no
// bit, so decode and every cut of a prefill agree.
//
// A position that a row must not see is skipped, never multiplied by zero: its slot may hold a NaN.
#pragma once
#include "numeric/cache.h"
#include "numeric/exponential.h"
#include "numeric/register_tile.h"

namespace belle {
namespace {

/// From so many row tiles on, strips of keys and values are copied to L1 before use.
constexpr int kSharedRowTiles = 3;
constexpr int kStripsPerTile = kTilePositions / kLanes;

/// The rows' state while they walk. Heads are padded to whole strips.
struct Walk {
  int rows;
  int head_dim;
  int padded_dim;
  int64_t position[kMaxQueryRows];                          ///< absolute position of the row's token
  int seen[kMaxQueryRows];                                  ///< positions of the tile at hand that the row sees
  float slope[kMaxQueryRows];
  float top[kMaxQueryRows];                                 ///< running maximum
  float total[kMaxQueryRows];                               ///< running denominator
  alignas(64) float query[kMaxQueryRows * kMaxHeadDim];     ///< by row tile, then d, then row
  alignas(64) float sums[kMaxQueryRows * kMaxHeadDim];      ///< [row][padded_dim], running numerators
  alignas(64) float scores[kMaxQueryRows * kTilePositions]; ///< [row][64]: scores, then their weights
  alignas(64) float panel[kMaxHeadDim * kLanes];

  RowTiles tiles() const { return RowTiles{rows}; }
  /// Turns to the tile of positions that begins at `first`.
  void look_at(int64_t first) {
    for (int row = 0; row < rows; row++) {
      const int64_t n = position[row] + 1 - first;
      seen[row] = static_cast<int>(n < 0 ? 0 : n < kTilePositions ? n : kTilePositions);
    }
  }
};

/// Fetches, rotates and packs the query rows [begin, end), and clears the state.
static void begin_walk(const Attention& a, int64_t begin, int64_t end, Walk& walk) {
  const int dim = a.cache.head_dim;
  walk.rows = static_cast<int>(end - begin);
  walk.head_dim = dim;
  walk.padded_dim = (dim + kLanes - 1) / kLanes * kLanes;
  alignas(64) float rotated[kMaxHeadDim];
  const RowTiles tiles = walk.tiles();
  for (int t = 0; t < tiles.count(); t++) {
    const int first = tiles.begin(t), size = tiles.size(t);
    for (int row = first; row < first + size; row++) {
      const int64_t token = (begin + row) / a.group, head = (begin + row) % a.group;
      const float* query = a.queries + token * a.query_stride + head * dim;
      walk.position[row] = a.first_position + token;
      if (a.rotary.cosines != nullptr) {
        rotate(a.rotary, walk.position[row], dim, query, rotated);
        query = rotated;
      }
      for (int d = 0; d < dim; d++) walk.query[first * dim + d * size + (row - first)] = query[d];
      walk.slope[row] = a.slopes == nullptr ? 0.0f : a.slopes[head];
      walk.top[row] = -__builtin_inff();
      walk.total[row] = 0.0f;
    }
  }
  for (int i = 0; i < walk.rows * walk.padded_dim; i += kLanes) store(walk.sums + i, broadcast(0.0f));
}

/// Scores of one row tile against 16 positions that lie side by side.
template <class T>
struct ScoreStrip {
  const float* query;
  const T* keys;
  int64_t step;
  int head_dim;
  float* scores;

  template <int ROWS>
  BELLE_INLINE_MEMBER void run() const {
    register_tile<ROWS, 1, Start::kZero>(Operand<ROWS, 1>{query}, keys, step, head_dim, scores, kTilePositions);
  }
};

template <class T>
static void score_rows(Walk& walk, const T* keys, int64_t step, int column) {
  const RowTiles tiles = walk.tiles();
  for (int t = 0; t < tiles.count(); t++) {
    const int row = tiles.begin(t), last = tiles.begin(t + 1) - 1;
    if (walk.seen[last] <= column) continue;  // rows ascend in position: none of these sees the strip
    const float* query = walk.query + row * walk.head_dim;
    float* scores = walk.scores + row * kTilePositions + column;
    with_rows(tiles.size(t), ScoreStrip<T>{query, keys, step, walk.head_dim, scores});
  }
}

/// q . k for every row and every strip of the tile in which some row sees a position.
template <class T>
static void score_tile(const Attention& a, int64_t first, int visible, Walk& walk) {
  const int block_tokens = a.cache.block_tokens;
  const bool shared = walk.tiles().count() >= kSharedRowTiles;
  for (int column = 0; column < visible;) {
    const int64_t position = first + column;
    const int slot = static_cast<int>(position % block_tokens);
    const T* keys = cache_head<T>(a.cache, a.blocks[position / block_tokens], a.kv_head) + slot;
    if (walk.rows == 1 && block_tokens - slot >= 2 * kLanes) {
      register_tile<1, 2, Start::kZero>(Operand<1, 1>{walk.query}, keys, block_tokens, walk.head_dim,
                                        walk.scores + column, kTilePositions);
      column += 2 * kLanes;
      continue;
    }
    if (shared) {
      copy_strip(keys, block_tokens, walk.head_dim, walk.panel);
      score_rows(walk, walk.panel, kLanes, column);
    } else {
      score_rows(walk, keys, block_tokens, column);
    }
    column += kLanes;
  }
}

/// Turns a row's scores into weights e^(score - top), after ALiBi and the new running maximum. Returns the
/// old maximum less the new one. Scores of positions that the row does not see are never looked at.
BELLE_INLINE float weigh_row(const Attention& a, int64_t first, int row, Walk& walk) {
  float* scores = walk.scores + row * kTilePositions;
  const Lanes visible = broadcast(static_cast<float>(walk.seen[row]));
  const Lanes distance = broadcast(static_cast<float>(first - walk.position[row]));
  const Lanes slope = broadcast(walk.slope[row]), scale = broadcast(a.scale);
  const Lanes hidden = broadcast(-__builtin_inff());
  Lanes s[kStripsPerTile], highest = hidden;
  for (int strip = 0; strip < kStripsPerTile; strip++) {
    const Lanes column = add(ramp(), broadcast(static_cast<float>(strip * kLanes)));
    const Lanes score = fma(slope, add(column, distance), multiply(load(scores + strip * kLanes), scale));
    s[strip] = where_less(column, visible, score, hidden);
    highest = greater(s[strip], highest);
  }
  const float before = walk.top[row], tile_top = maximum(highest);
  const float now = before > tile_top ? before : tile_top;
  walk.top[row] = now;
  for (int strip = 0; strip < kStripsPerTile; strip++) {
    s[strip] = exponential(subtract(s[strip], broadcast(now)));
    store(scores + strip * kLanes, s[strip]);
  }
  walk.total[row] = sum(add(add(s[0], s[1]), add(s[2], s[3])));  // of this tile; weigh_tile adds the past
  return before - now;
}

/// Softmax step of all rows: weights, denominators, and numerators scaled to the new maximum.
static void weigh_tile(const Attention& a, int64_t first, Walk& walk) {
  for (int begin = 0; begin < walk.rows; begin += kLanes) {
    const int count = walk.rows - begin < kLanes ? walk.rows - begin : kLanes;
    alignas(64) float past[kLanes], factor[kLanes] = {};
    for (int i = 0; i < count; i++) {
      past[i] = walk.total[begin + i];
      factor[i] = weigh_row(a, first, begin + i, walk);
    }
    store(factor, exponential(load(factor)));
    for (int i = 0; i < count; i++) {
      walk.total[begin + i] = __builtin_fmaf(past[i], factor[i], walk.total[begin + i]);
      if (factor[i] == 1.0f) continue;  // the maximum stands: a product with one changes nothing
      float* sums = walk.sums + (begin + i) * walk.padded_dim;
      for (int d = 0; d < walk.padded_dim; d += kLanes) store(sums + d, multiply(load(sums + d), broadcast(factor[i])));
    }
  }
}

/// A run of positions of the tile whose values lie in order, and the columns of it in question.
template <class T>
struct ValueRun {
  const T* values;
  int64_t step;
  int offset;  ///< of the run in the tile
  int n;       ///< positions in the run
  int column;
};

/// Adds weight x value over a run for 16 columns of one row tile: first the positions that all rows see,
/// then each row alone along the slanted edge.
template <bool HALF_STRIP, class T>
struct ValueStrip {
  Walk& walk;
  const ValueRun<T>& run_of;
  int row;  ///< first row of the tile of rows

  template <int ROWS>
  BELLE_INLINE_MEMBER void run() const {
    const ValueRun<T>& r = run_of;
    int seen[ROWS], common = r.n;
    for (int i = 0; i < ROWS; i++) {
      const int visible = walk.seen[row + i] - r.offset;
      seen[i] = visible < 0 ? 0 : visible < r.n ? visible : r.n;
      common = seen[i] < common ? seen[i] : common;
    }
    const float* weights = walk.scores + row * kTilePositions + r.offset;
    float* sums = walk.sums + row * walk.padded_dim + r.column;
    register_tile<ROWS, 1, Start::kMemory, 0, HALF_STRIP>(Operand<1, kTilePositions>{weights}, r.values, r.step, common,
                                                          sums, walk.padded_dim);
    for (int i = 0; i < ROWS; i++) {
      if (seen[i] == common) continue;
      register_tile<1, 1, Start::kMemory, 0, HALF_STRIP>(
          Operand<1, kTilePositions>{weights + i * kTilePositions + common}, r.values + common * r.step, r.step,
          seen[i] - common, sums + i * walk.padded_dim, walk.padded_dim);
    }
  }
};

template <bool HALF_STRIP, class T>
static void value_rows(Walk& walk, const ValueRun<T>& run) {
  const RowTiles tiles = walk.tiles();
  for (int t = 0; t < tiles.count(); t++) {
    with_rows(tiles.size(t), ValueStrip<HALF_STRIP, T>{walk, run, tiles.begin(t)});
  }
}

/// Values of the block in which the tile's position `offset` lies, and how many of the tile's first `visible`
/// positions are in it.
template <class T>
BELLE_INLINE const T* values_at(const Attention& a, int64_t first, int offset, int visible, int* n) {
  const int block_tokens = a.cache.block_tokens;
  *n = visible - offset < block_tokens ? visible - offset : block_tokens;
  const T* keys = cache_head<T>(a.cache, a.blocks[(first + offset) / block_tokens], a.kv_head);
  return keys + a.cache.head_dim * block_tokens;
}

/// Numerators of a few rows, block after block, values read in place.
template <class T>
static void value_blocks(const Attention& a, int64_t first, int visible, Walk& walk) {
  constexpr int kWide = 4;
  const int dim = walk.head_dim;
  for (int offset = 0, n; offset < visible; offset += a.cache.block_tokens) {
    const T* values = values_at<T>(a, first, offset, visible, &n);
    int column = 0;
    if (walk.rows == 1) {
      for (; column + kWide * kLanes <= dim; column += kWide * kLanes) {
        register_tile<1, kWide, Start::kMemory>(Operand<1, kTilePositions>{walk.scores + offset}, values + column, dim,
                                                n, walk.sums + column, walk.padded_dim);
      }
    }
    for (; column + kLanes <= dim; column += kLanes) {
      value_rows<false>(walk, ValueRun<T>{values + column, dim, offset, n, column});
    }
    if (column < dim) value_rows<true>(walk, ValueRun<T>{values + column, dim, offset, n, column});
  }
}

/// Numerators of many rows: a strip of the whole tile is copied to L1, then all rows use it.
template <class T>
static void value_panels(const Attention& a, int64_t first, int visible, Walk& walk) {
  const int dim = walk.head_dim;
  int column = 0, n;
  for (; column + kLanes <= dim; column += kLanes) {
    for (int offset = 0; offset < visible; offset += a.cache.block_tokens) {
      const T* values = values_at<T>(a, first, offset, visible, &n);
      copy_strip(values + column, dim, n, walk.panel + offset * kLanes);
    }
    value_rows<false>(walk, ValueRun<float>{walk.panel, kLanes, 0, visible, column});
  }
  for (int offset = 0; column < dim && offset < visible; offset += a.cache.block_tokens) {
    const T* values = values_at<T>(a, first, offset, visible, &n);
    value_rows<true>(walk, ValueRun<T>{values + column, dim, offset, n, column});
  }
}

/// out = numerators / denominator.
static void end_walk(const Attention& a, int64_t begin, const Walk& walk) {
  for (int row = 0; row < walk.rows; row++) {
    const int64_t token = (begin + row) / a.group, head = (begin + row) % a.group;
    float* out = a.out + token * a.out_stride + head * walk.head_dim;
    const float* sums = walk.sums + row * walk.padded_dim;
    const Lanes factor = broadcast(1.0f / walk.total[row]);
    int d = 0;
    for (; d + kLanes <= walk.head_dim; d += kLanes) store(out + d, multiply(load(sums + d), factor));
    if (d < walk.head_dim) store8(out + d, multiply(load(sums + d), factor));
  }
}

template <class T>
static void attend(const Attention& a, int64_t begin, int64_t end) {
  Walk walk;
  begin_walk(a, begin, end, walk);
  const int64_t last = walk.position[walk.rows - 1];
  for (int64_t first = 0; first <= last; first += kTilePositions) {
    const int64_t rest = last + 1 - first;
    const int visible = static_cast<int>(rest < kTilePositions ? rest : kTilePositions);
    walk.look_at(first);
    score_tile<T>(a, first, visible, walk);
    weigh_tile(a, first, walk);
    if (walk.tiles().count() >= kSharedRowTiles) {
      value_panels<T>(a, first, visible, walk);
    } else {
      value_blocks<T>(a, first, visible, walk);
    }
  }
  end_walk(a, begin, walk);
}

}  // namespace
}  // namespace belle
