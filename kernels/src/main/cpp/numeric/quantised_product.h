// y = x W for one column tile of 64 outputs whose weights have 4 or 8 bits: int8 rows times unsigned codes in int32, exact
// inside a group of activations; then one FMA a group, groups ascending, within the leaf:
//
//   sum = fma(dot - zero * (sum of the row's codes), weight's scale * row's scale, sum)
//
// The first factor is an integer below 2^24, so only the product of the scales and the FMA round.
#pragma once
#include "numeric/int8_row.h"
#include "numeric/product.h"

namespace belle {
namespace {

/// Strips of 16 columns beside `rows` rows whose integer sums the machine's registers hold.
#if defined(BELLE_LANES_AVX512)
constexpr int dot_strips_beside(int) { return 4; }
#else
constexpr int dot_strips_beside(int rows) { return rows == 1 ? 4 : rows == 2 ? 2 : 1; }
#endif

/// Inputs between two folds of the integer sums.
constexpr int64_t kFold = 32;

static void quantise_rows(const float* x, int64_t inputs, const int32_t* order, int64_t filled, int rows,
                          const QuantisedRows& out) {
  alignas(64) float values[kMaxGroup];
  alignas(64) int8_t codes[kMaxGroup];
  for (int row = 0; row < rows; row++, x += inputs) {
    for (int64_t group = 0; group < filled / out.group; group++) {
      const int64_t first = group * out.group, left = inputs - first;
      const float* from = x + first;
      if (order != nullptr || left < out.group) {
        for (int64_t i = 0; i < out.group; i++) {
          values[i] = i >= left ? 0.0f : order != nullptr ? x[order[first + i]] : from[i];
        }
        from = values;
      }
      out.scales[group * rows + row] = quantise(from, out.group, codes, out.sums + group * rows + row);
      for (int64_t i = 0; i < out.group / 4; i++) {
        __builtin_memcpy(out.codes + ((first / 4 + i) * rows + row) * 4, codes + 4 * i, 4);
      }
    }
  }
}

static void gather_q8(const uint8_t* tile, int64_t group, int column, int64_t count, float* out) {
  for (int64_t first = 0; first < count; first += group, tile += block_bytes(8, group)) {
    const uint8_t* scales = tile + kTileOutputs * group;
    float scale;
    __builtin_memcpy(&scale, scales + column * sizeof(float), sizeof scale);
    const int zero = scales[kTileOutputs * sizeof(float) + column];
    for (int64_t i = 0; i < group && first + i < count; i++) {
      const int code = tile[(i / 4 * kTileOutputs + column) * 4 + i % 4];
      out[first + i] = static_cast<float>(code - zero) * scale;
    }
  }
}

/// Asks for memory line after line, in whatever order strips are multiplied meanwhile: asked for every fourth line first,
/// a block comes up to a quarter later.
struct LinesAhead {
  const uint8_t* line;

  template <Fetch FETCH>
  BELLE_INLINE_MEMBER void fetch() {
    if (FETCH == Fetch::kNothing) return;
    prefetch(line);
    line += 64;
  }
};

/// One group of weights of a column tile, against one tile of rows.
template <int BITS>
struct GroupOfWeights {
  const uint8_t* block;
  int64_t group;
  const int8_t* x;       ///< [group / 4][ROWS][4]
  const float* scales;   ///< [group / x_group][ROWS]
  const float* x_sums;   ///< likewise
  int64_t x_group;
  const uint8_t* next;   ///< block to ask for meanwhile, or null
  float* sums;

  template <int ROWS>
  BELLE_INLINE_MEMBER void run() const {
    if (next != nullptr) {
      columns<ROWS, Fetch::kAhead>(*this);
    } else {
      columns<ROWS, Fetch::kNothing>(*this);
    }
  }

 private:
  /// Whether the machine's products are too narrow for the weights: each is multiplied as two nibbles then.
  static constexpr bool kTwice = BITS == 8 && kByNibbles;

  /// Never inlined: one body for all callers. By reference: copied, it cost four rows 3%.
  template <int ROWS, Fetch FETCH>
  static __attribute__((noinline)) void columns(const GroupOfWeights& w) {
    constexpr int kStrips = dot_strips_beside(ROWS);
    LinesAhead ahead{w.next};
    const float* weight_scales = reinterpret_cast<const float*>(w.block + kTileOutputs * w.group * BITS / 8);
    const uint8_t* zeros = reinterpret_cast<const uint8_t*>(weight_scales + kTileOutputs);
    for (int column = 0; column < kTileOutputs; column += kStrips * kLanes) {
      // As many lines as the scales have, and the one of the zeros.
      for (int line = column == 0 ? -1 : 0; line < kStrips; line++) ahead.fetch<FETCH>();
      const uint8_t* codes = w.block + column * 4;
      const int8_t* x = w.x;
      for (int64_t part = 0; part < w.group / w.x_group; part++) {
        Dots dots[ROWS][kStrips];
#pragma GCC unroll 4
        for (int row = 0; row < ROWS; row++) {
#pragma GCC unroll 4
          for (int strip = 0; strip < kStrips; strip++) dots[row][strip].clear();
        }
        for (int64_t k = 0; k < w.x_group; k += kFold) {
          if (kTwice && ROWS == 1) {
            fold_row<kStrips, FETCH>(codes, x, ahead, dots[0]);
          } else {
            fold<ROWS, kStrips, FETCH, 1>(codes, x, ahead, dots);
            if (kTwice) {
              const int8_t* again = x;
              __asm__("" : "+r"(again));  // or GCC keeps on the stack what it has read of the rows
              fold<ROWS, kStrips, Fetch::kNothing, 16>(codes, again, ahead, dots);
            }
          }
          codes += kFold * BITS / 8 * kTileOutputs;
          x += kFold * ROWS;
        }
#pragma GCC unroll 4
        for (int strip = 0; strip < kStrips; strip++) {
          const int at = column + strip * kLanes;
          const Lanes zero = load(zeros + at), scale = load(weight_scales + at);
#pragma GCC unroll 4
          for (int row = 0; row < ROWS; row++) {
            float* sum = w.sums + row * kTileOutputs + at;
            const Lanes whole = negated_fma(zero, broadcast(w.x_sums[part * ROWS + row]), dots[row][strip].floats());
            store(sum, fma(whole, multiply(scale, broadcast(w.scales[part * ROWS + row])), load(sum)));
          }
        }
      }
    }
  }

  /// Adds kFold inputs to the integer sums; of bytes the lower or the upper nibbles alone where bytes are too wide.
  template <int ROWS, int STRIPS, Fetch FETCH, int TIMES>
  static BELLE_INLINE_MEMBER void fold(const uint8_t* codes, const int8_t* x, LinesAhead& ahead,
                                       Dots (&dots)[ROWS][STRIPS]) {
    for (int64_t i = 0; i < kFold * BITS / 32; i++, codes += 4 * kTileOutputs) {
      Bytes bytes[STRIPS];
#pragma GCC unroll 4
      for (int strip = 0; strip < STRIPS; strip++) {
        ahead.fetch<FETCH>();
        bytes[strip] = load_bytes(codes + strip * 64);
        if (kTwice) {
          bytes[strip] = TIMES == 1 ? low_nibbles(bytes[strip]) : high_nibbles(bytes[strip]);
        }
      }
      if (BITS == 8) {
        add<ROWS, STRIPS>(bytes, x, dots);
        x += 4 * ROWS;
      } else {
        Bytes half[STRIPS];
#pragma GCC unroll 4
        for (int strip = 0; strip < STRIPS; strip++) half[strip] = low_nibbles(bytes[strip]);
        add<ROWS, STRIPS>(half, x, dots);
#pragma GCC unroll 4
        for (int strip = 0; strip < STRIPS; strip++) half[strip] = high_nibbles(bytes[strip]);
        add<ROWS, STRIPS>(half, x + 4 * ROWS, dots);
        x += 8 * ROWS;
      }
    }
#pragma GCC unroll 4
    for (int row = 0; row < ROWS; row++) {
#pragma GCC unroll 4
      for (int strip = 0; strip < STRIPS; strip++) dots[row][strip].template fold<TIMES>();
    }
  }

  /// The same for both nibbles of bytes at once: one row has the registers for it, and waits for memory.
  template <int STRIPS, Fetch FETCH>
  static BELLE_INLINE_MEMBER void fold_row(const uint8_t* codes, const int8_t* x, LinesAhead& ahead, Dots (&dots)[STRIPS]) {
    Dots upper[STRIPS];
#pragma GCC unroll 4
    for (int strip = 0; strip < STRIPS; strip++) upper[strip].clear();
    for (int64_t i = 0; i < kFold / 4; i++, codes += 4 * kTileOutputs, x += 4) {
      const Quad quad = load_quad(x);
#pragma GCC unroll 4
      for (int strip = 0; strip < STRIPS; strip++) {
        ahead.fetch<FETCH>();
        const Bytes bytes = load_bytes(codes + strip * 64);
        dots[strip].add(low_nibbles(bytes), quad);
        upper[strip].add(high_nibbles(bytes), quad);
      }
    }
#pragma GCC unroll 4
    for (int strip = 0; strip < STRIPS; strip++) {
      dots[strip].template fold<1>();
      upper[strip].template fold<16>();
      dots[strip].join(upper[strip]);
    }
  }

  template <int ROWS, int STRIPS>
  static BELLE_INLINE_MEMBER void add(const Bytes (&bytes)[STRIPS], const int8_t* x, Dots (&dots)[ROWS][STRIPS]) {
#pragma GCC unroll 4
    for (int row = 0; row < ROWS; row++) {
      const Quad quad = load_quad(x + 4 * row);
#pragma GCC unroll 4
      for (int strip = 0; strip < STRIPS; strip++) dots[row][strip].add(bytes[strip], quad);
    }
  }
};

/// Calls body.template run<ROWS>() for the run-time number of rows in a tile of int8 rows.
template <class Body>
BELLE_INLINE void with_quantised_rows(int rows, const Body& body) {
  switch (rows) {
    case 1: return body.template run<1>();
    case 2: return body.template run<2>();
    case 3: return body.template run<3>();
    case 4: return body.template run<4>();
  }
}

/// The groups of one leaf, and its blocks of one column tile.
template <int BITS>
struct LeafBlocks {
  int64_t begin, end;
  const uint8_t* first;

  // A leaf begins at a whole group, or, when it is empty, where the last group may have ended short.
  LeafBlocks(const Product& p, int64_t tiles, int64_t tile, int leaf)
      : begin((p.leaf_inputs[leaf] + p.group - 1) / p.group),
        end((p.leaf_inputs[leaf + 1] + p.group - 1) / p.group),
        first(static_cast<const uint8_t*>(p.weights) +
              (begin * tiles + (end - begin) * tile) * block_bytes(BITS, p.group)) {}
};

template <int BITS>
static void quantised_product(const Product& p, int64_t tile) {
  alignas(64) float sums[kQuantisedRowBlock * kTileOutputs];
  alignas(64) LeafTree tree;
  const RowTiles rows{p.rows, RowTiles::kMaxQuantised};
  const QuantisedRows& x = p.quantised;
  const int64_t tiles = (p.outputs + kTileOutputs - 1) / kTileOutputs, block = block_bytes(BITS, p.group);
  const int64_t groups = (p.inputs + p.group - 1) / p.group, x_groups = groups * (p.group / x.group);
  for (int leaf = 0; leaf < p.leaves; leaf++) {
    const LeafBlocks<BITS> own(p, tiles, tile, leaf);
    // A thread mostly goes on with the next tile.
    const bool last = leaf + 1 == p.leaves;
    const uint8_t* after = !last             ? LeafBlocks<BITS>(p, tiles, tile, leaf + 1).first
                           : tile + 1 < tiles ? LeafBlocks<BITS>(p, tiles, tile + 1, 0).first
                                              : nullptr;
    const uint8_t* weights = own.first;
    for (int i = 0; i < p.rows * kTileOutputs; i += kLanes) store(sums + i, broadcast(0.0f));
    for (int64_t group = own.begin; group < own.end; group++, weights += block) {
      const uint8_t* next = group + 1 < own.end ? weights + block : after;
      for (int t = 0; t < rows.count(); t++) {
        const int64_t row = rows.begin(t), size = rows.size(t), part = group * (p.group / x.group) * size;
        with_quantised_rows(rows.size(t),
                            GroupOfWeights<BITS>{weights, p.group, x.codes + row * groups * p.group + group * p.group * size,
                                                 x.scales + row * x_groups + part, x.sums + row * x_groups + part, x.group,
                                                 t == 0 ? next : nullptr, sums + row * kTileOutputs});
      }
    }
    if (p.leaves > 1) tree.join(leaf, p.leaves, sums, p.rows * kTileOutputs);
  }
  write_tile(p, tile, sums);
}

}  // namespace
}  // namespace belle
