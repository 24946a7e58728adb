// Paged attention with an online softmax over tiles of 64 absolute positions, oldest first.
//
// A row is one (token, query head). Rows of one kv head - the heads of a group, the tokens of a prompt -
// walk the past together and share every load of keys and values. Scores have lanes across positions and d
// ascending; outputs have lanes across d and positions ascending. Which rows are neighbours changes no
// bit, so decode and every cut of a prefill agree.
//
// Codes of an int8 cache are summed as the integers that they are. A position's scale of keys, times the softmax's, is one
// factor of its score, and its scale of values one of its weight; both are 1 in a cache without scales.
//
// A position that a row must not see is skipped, never multiplied by zero: its slot may hold a NaN.
#pragma once
#include "numeric/cache.h"
#include "numeric/exponential.h"
#include "numeric/register_tile.h"

namespace belle {
namespace {

/// From so many row tiles on, panels of keys and values are copied to L1 before use; with AVX2 never, where rows
/// that read the cache in place are 7 to 13% faster.
#if defined(BELLE_LANES_AVX512)
constexpr int kSharedRowTiles = 3;
#else
constexpr int kSharedRowTiles = kMaxQueryRows;
#endif
constexpr int kStripsPerTile = kTilePositions / kLanes;
constexpr int kMinBlockTokens = 16;
/// Strips side by side in a panel: 16 KiB of keys at a head of 128, and of values.
constexpr int kKeyPanelStrips = 2, kValuePanelStrips = 4;

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
  alignas(64) float key_factors[kTilePositions];            ///< of the tile at hand: scale of keys x scale of scores
  alignas(64) float value_factors[kTilePositions];          ///< scale of values
  alignas(64) float panel[kMaxHeadDim * kKeyPanelStrips * kLanes];

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
  for (int i = 0; i < kTilePositions; i += kLanes) {
    store(walk.key_factors + i, broadcast(a.scale));
    store(walk.value_factors + i, broadcast(1.0f));
  }
}

/// A tile's cache blocks, each keys and then values, and where the next tile begins.
template <class T>
struct TileBlocks {
  const T* keys[kTilePositions / kMinBlockTokens];
  int count;
  int block_tokens;
  int64_t half;   ///< elements of a block's keys, and of its values
  const T* next;  ///< keys of the next tile's first block, or this one's where there is none

  const T* values(int block) const { return keys[block] + half; }
  const float* scales(int block) const { return reinterpret_cast<const float*>(values(block) + half); }
  /// What is read after a block's keys, and after its values.
  const char* after_keys(int block) const { return bytes(block + 1 < count ? keys[block + 1] : values(0)); }
  const char* after_values(int block) const { return bytes(block + 1 < count ? values(block + 1) : next); }

  static const char* bytes(const T* p) { return reinterpret_cast<const char*>(p); }
};

/// The blocks of the tile that begins at `first`, of which `visible` positions are looked at.
template <class T>
BELLE_INLINE TileBlocks<T> tile_blocks(const Attention& a, int64_t first, int visible, int64_t last) {
  const int block_tokens = a.cache.block_tokens;
  TileBlocks<T> blocks;
  blocks.count = (visible + block_tokens - 1) / block_tokens;
  blocks.block_tokens = block_tokens;
  blocks.half = static_cast<int64_t>(a.cache.head_dim) * block_tokens;
  const int32_t* ids = a.blocks + first / block_tokens;
  for (int i = 0; i < blocks.count; i++) blocks.keys[i] = cache_head<T>(a.cache, ids[i], a.kv_head);
  const bool more = first + kTilePositions <= last;
  blocks.next = more ? cache_head<T>(a.cache, ids[kTilePositions / block_tokens], a.kv_head) : blocks.keys[0];
  return blocks;
}

/// Turns to the scales of a tile of codes; those of positions that nobody sees keep any value.
template <class T>
BELLE_INLINE void look_at_scales(const Attention& a, const TileBlocks<T>& blocks, Walk& walk) {
  if (!kScaled<T>) return;
  for (int position = 0; position < blocks.count * blocks.block_tokens; position += kLanes) {
    const float* scales = blocks.scales(position / blocks.block_tokens) + position % blocks.block_tokens;
    store(walk.key_factors + position, multiply(load(scales), broadcast(a.scale)));
    store(walk.value_factors + position, load(scales + blocks.block_tokens));
  }
}

BELLE_INLINE int strips_of(int positions) { return (positions + kLanes - 1) / kLanes; }

/// Copies n x 16 keys or values, widened, to a panel whose rows lie panel_step floats apart.
template <class T>
static __attribute__((noinline)) void copy_strip(const T* from, int64_t step, int64_t n, float* panel, int64_t panel_step) {
  for (int64_t i = 0; i < n; i++) store(panel + i * panel_step, load(from + i * step));
}

/// Scores of one row tile against strips of positions that lie side by side.
template <Fetch FETCH, class T>
struct ScoreStrips {
  const float* query;
  const T* keys;
  int64_t step;
  int head_dim;
  int strips;
  float* scores;
  const char* next;

  template <int ROWS>
  BELLE_INLINE_MEMBER void run() const {
    register_tiles<ROWS, Start::kZero, FETCH>(Operand<ROWS, 1>{query}, keys, step, head_dim, strips, scores,
                                              kTilePositions, next);
  }
};

/// Scores of every row against the `strips` strips of keys that begin at the tile's position `column`.
template <Fetch FETCH, class T>
static void score_rows(Walk& walk, const T* keys, int64_t step, int column, int strips, const char* next) {
  const RowTiles tiles = walk.tiles();
  for (int t = 0; t < tiles.count(); t++) {
    const int row = tiles.begin(t), last = tiles.begin(t + 1) - 1;
    if (walk.seen[last] <= column) continue;  // rows ascend in position: none of these sees the strips
    const int seen = strips_of(walk.seen[last] - column);
    const float* query = walk.query + row * walk.head_dim;
    float* scores = walk.scores + row * kTilePositions + column;
    with_rows(tiles.size(t), ScoreStrips<FETCH, T>{query, keys, step, walk.head_dim, seen < strips ? seen : strips,
                                                   scores, next});
  }
}

/// q . k for a few rows, block after block, keys read in place.
template <class T>
static void score_blocks(const TileBlocks<T>& blocks, Walk& walk) {
  for (int i = 0; i < blocks.count; i++) {
    score_rows<Fetch::kAhead>(walk, blocks.keys[i], blocks.block_tokens, i * blocks.block_tokens,
                              blocks.block_tokens / kLanes, blocks.after_keys(i));
  }
}

/// q . k for many rows: a panel of the tile is copied to L1, then all rows use it.
template <class T>
static void score_panels(const TileBlocks<T>& blocks, int visible, Walk& walk) {
  constexpr int kStep = kKeyPanelStrips * kLanes;
  for (int column = 0; column < visible; column += kStep) {
    for (int strip = 0; strip < kKeyPanelStrips && column + strip * kLanes < visible; strip++) {
      const int position = column + strip * kLanes;
      const T* keys = blocks.keys[position / blocks.block_tokens] + position % blocks.block_tokens;
      copy_strip(keys, blocks.block_tokens, walk.head_dim, walk.panel + strip * kLanes, kStep);
    }
    score_rows<Fetch::kNothing>(walk, walk.panel, kStep, column, kKeyPanelStrips, nullptr);
  }
}

/// Turns a row's scores into weights e^(score - top) times the scales of values, after ALiBi and the new running maximum.
/// Returns the old maximum less the new one. Scores of positions that the row does not see are never looked at.
BELLE_INLINE float weigh_row(int64_t first, int row, Walk& walk) {
  float* scores = walk.scores + row * kTilePositions;
  const Lanes visible = broadcast(static_cast<float>(walk.seen[row]));
  const Lanes distance = broadcast(static_cast<float>(first - walk.position[row]));
  const Lanes slope = broadcast(walk.slope[row]), hidden = broadcast(-__builtin_inff());
  Lanes s[kStripsPerTile], highest = hidden;
  for (int strip = 0; strip < kStripsPerTile; strip++) {
    const Lanes column = add(ramp(), broadcast(static_cast<float>(strip * kLanes)));
    const Lanes score = fma(slope, add(column, distance), multiply(load(scores + strip * kLanes), load(walk.key_factors + strip * kLanes)));
    s[strip] = where_less(column, visible, score, hidden);
    highest = greater(s[strip], highest);
  }
  const float before = walk.top[row], tile_top = maximum(highest);
  const float now = before > tile_top ? before : tile_top;
  walk.top[row] = now;
  for (int strip = 0; strip < kStripsPerTile; strip++) {
    s[strip] = exponential(subtract(s[strip], broadcast(now)));
    store(scores + strip * kLanes, multiply(s[strip], load(walk.value_factors + strip * kLanes)));
  }
  walk.total[row] = sum(add(add(s[0], s[1]), add(s[2], s[3])));  // of this tile; weigh_tile adds the past
  return before - now;
}

/// Softmax step of all rows: weights, denominators, and numerators scaled to the new maximum.
static void weigh_tile(int64_t first, Walk& walk) {
  for (int begin = 0; begin < walk.rows; begin += kLanes) {
    const int count = walk.rows - begin < kLanes ? walk.rows - begin : kLanes;
    alignas(64) float past[kLanes], factor[kLanes] = {};
    for (int i = 0; i < count; i++) {
      past[i] = walk.total[begin + i];
      factor[i] = weigh_row(first, begin + i, walk);
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
  int strips;  ///< from the column on; 0 for half a strip
  const char* next;
};

/// Adds weight x value over a run for one row tile: first the positions that all rows see, then each row alone along the
/// slanted edge.
template <Fetch FETCH, class T>
struct ValueStrips {
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
    add<ROWS, FETCH>(weights, r.values, common, sums);
    for (int i = 0; i < ROWS; i++) {
      if (seen[i] == common) continue;
      add<1, Fetch::kNothing>(weights + i * kTilePositions + common, r.values + common * r.step, seen[i] - common,
                              sums + i * walk.padded_dim);
    }
  }

  template <int ROWS, Fetch FETCH_AHEAD>
  BELLE_INLINE_MEMBER void add(const float* weights, const T* values, int n, float* sums) const {
    const ValueRun<T>& r = run_of;
    const Operand<1, kTilePositions> operand{weights};
    if (r.strips == 0) {
      register_tile<ROWS, 1, Start::kMemory, Fetch::kNothing, true>(operand, values, r.step, n, sums, walk.padded_dim);
    } else {
      register_tiles<ROWS, Start::kMemory, FETCH_AHEAD>(operand, values, r.step, n, r.strips, sums, walk.padded_dim,
                                                        r.next);
    }
  }
};

template <Fetch FETCH, class T>
static void value_rows(Walk& walk, const ValueRun<T>& run) {
  const RowTiles tiles = walk.tiles();
  for (int t = 0; t < tiles.count(); t++) {
    with_rows(tiles.size(t), ValueStrips<FETCH, T>{walk, run, tiles.begin(t)});
  }
}

/// Numerators of the columns from `column` on, block after block, values read in place.
template <class T>
static void value_blocks(const TileBlocks<T>& blocks, int visible, int column, Walk& walk) {
  const int dim = walk.head_dim, strips = (dim - column) / kLanes, half = column + strips * kLanes;
  for (int i = 0; i < blocks.count; i++) {
    const int offset = i * blocks.block_tokens, rest = visible - offset;
    const int n = rest < blocks.block_tokens ? rest : blocks.block_tokens;
    const char* next = blocks.after_values(i);
    if (strips > 0) {
      value_rows<Fetch::kAhead>(walk, ValueRun<T>{blocks.values(i) + column, dim, offset, n, column, strips, next});
    }
    if (half < dim) value_rows<Fetch::kAhead>(walk, ValueRun<T>{blocks.values(i) + half, dim, offset, n, half, 0, next});
  }
}

/// Numerators of many rows: a panel of the whole tile is copied to L1, then all rows use it.
template <class T>
static void value_panels(const TileBlocks<T>& blocks, int visible, Walk& walk) {
  const int dim = walk.head_dim;
  int column = 0;
  while (column + kLanes <= dim) {
    const int rest = (dim - column) / kLanes, strips = rest < kValuePanelStrips ? rest : kValuePanelStrips;
    const int step = strips * kLanes;
    for (int i = 0; i < blocks.count; i++) {
      const int offset = i * blocks.block_tokens, left = visible - offset;
      const int n = left < blocks.block_tokens ? left : blocks.block_tokens;
      for (int strip = 0; strip < strips; strip++) {
        copy_strip(blocks.values(i) + column + strip * kLanes, dim, n, walk.panel + offset * step + strip * kLanes, step);
      }
    }
    value_rows<Fetch::kNothing>(walk, ValueRun<float>{walk.panel, step, 0, visible, column, strips, nullptr});
    column += step;
  }
  if (column < dim) value_blocks(blocks, visible, column, walk);
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
    const TileBlocks<T> blocks = tile_blocks<T>(a, first, visible, last);
    const bool shared = walk.tiles().count() >= kSharedRowTiles;
    walk.look_at(first);
    look_at_scales(a, blocks, walk);
    if (shared) score_panels(blocks, visible, walk); else score_blocks(blocks, walk);
    weigh_tile(first, walk);
    if (shared) value_panels(blocks, visible, walk); else value_blocks(blocks, visible, 0, walk);
  }
  end_walk(a, begin, walk);
}

}  // namespace
}  // namespace belle
