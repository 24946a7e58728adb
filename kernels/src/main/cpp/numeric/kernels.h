// The border between the ops and the arithmetic: plain structs in, one table of functions per
// instruction set. Everything behind it is compiled once for each set from the same source.
#pragma once
#include <cstdint>

#include "numeric/half.h"

namespace belle {

/// Rows that share one pass over the weights.
constexpr int kRowBlock = 96;
/// Outputs side by side in a column tile.
constexpr int kTileOutputs = 64;
/// Leaves of the fixed summation tree.
constexpr int kMaxLeaves = 8;
/// Positions that one step of the online softmax covers.
constexpr int kTilePositions = 64;
constexpr int kMaxHeadDim = 256;
/// (token, head) rows that walk the past together.
constexpr int kMaxQueryRows = 48;

/// Rows [count] are cut into tiles of at most `most` rows, evenly: 8 rows are 4 + 4, not 6 + 2.
struct RowTiles {
  static constexpr int kMax = 6;
  static constexpr int kMaxQuantised = 4;  // GCC 12 spills five rows of four strips
  int rows;
  int most = kMax;

  int count() const { return (rows + most - 1) / most; }
  int begin(int tile) const { return rows * tile / count(); }
  int size(int tile) const { return begin(tile + 1) - begin(tile); }
};

/// Inputs that share a scale, of weights and of activations: 32, 64 or 128.
constexpr int kMaxGroup = 128;
/// Rows of int8 activations that share one pass over the weights: with one group of weights they fit L1.
constexpr int kQuantisedRowBlock = 48;

/// Bytes of one group of a column tile: codes, then 64 float scales, then 64 unsigned zeros.
///   8 bits: codes [group / 4][64][4], 4 bits: [group / 8][64][4], low nibbles for inputs 8i..8i+3, high for 8i+4..8i+7.
/// A weight is (code - zero) * scale.
constexpr int64_t block_bytes(int bits, int64_t group) {
  return kTileOutputs * (group * bits / 8 + static_cast<int64_t>(sizeof(float)) + 1);
}

/// Rows as int8, `group` inputs sharing a scale: a value is about code * scale. Row tile by row tile; in the tile whose
/// first row is r and which has m rows, all lie behind r rows' worth of each array.
struct QuantisedRows {
  int8_t* codes;  ///< [K / 4][m][4], K filled up with zeros to whole groups of the weights
  float* scales;  ///< [K / group][m]
  float* sums;    ///< likewise: the codes' sum
  int64_t group;
};

/// At most kRowBlock rows of x against one weight matrix.
struct Product {
  const float* x;              ///< as pack_rows left them; a single row is simply itself
  int rows;
  int64_t inputs;              ///< K
  const int64_t* leaf_inputs;  ///< leaves + 1 places in [0, K], ascending
  int leaves;                  ///< 1, 2, 4 or 8
  const void* weights;         ///< leaf by leaf: [ceil(outputs / 64)][K of the leaf][64]
  int64_t outputs;             ///< N
  const float* bias;           ///< [N] or null
  float* y;                    ///< row 0, output 0; rows lie y_stride floats apart
  int64_t y_stride;
  QuantisedRows quantised;     ///< in place of x, for weights of 4 or 8 bits
  int64_t group;               ///< inputs that share a scale in these weights; leaves begin at whole groups
};

/// Bytes of one kv head in one block of the cache: keys, values, and where elements have 8 bits a float scale for each row.
constexpr int64_t cache_head_bytes(int64_t bits, int64_t head_dim, int64_t block_tokens) {
  return 2 * block_tokens * (head_dim * bits / 8 + (bits == 8 ? static_cast<int64_t>(sizeof(float)) : 0));
}

/// A layer's key/value cache: [block][kv head] holds keys [D][block_tokens], then values [block_tokens][D], then scales of
/// int8 elements: of keys [block_tokens], of values [block_tokens].
struct Cache {
  void* layer;
  int block_tokens;
  int kv_heads;
  int head_dim;
};

/// Rotary tables [P][D/2]; null for none.
struct Rotary {
  const float* cosines;
  const float* sines;
};

/// Consecutive tokens of one sequence that fall into one cache block.
struct CacheWrite {
  Cache cache;
  Rotary rotary;
  int64_t block;        ///< block id
  int64_t position;     ///< absolute position of the first token
  int tokens;
  const float* keys;    ///< first token's key of kv head 0; tokens lie `stride` floats apart
  const float* values;
  int64_t stride;
};

/// Query rows of one sequence and one kv head. Row r is token r / group, query head r % group of the head.
struct Attention {
  Cache cache;
  Rotary rotary;
  const int32_t* blocks;  ///< block ids of the sequence, oldest first
  int kv_head;
  int group;              ///< query heads that share the kv head
  float scale;
  const float* slopes;    ///< ALiBi slopes of the group's heads, or null
  int64_t first_position; ///< absolute position of token 0
  const float* queries;   ///< token 0, first head of the group; tokens lie query_stride floats apart
  int64_t query_stride;
  float* out;             ///< likewise
  int64_t out_stride;
};

/// One instruction set's functions.
struct KernelTable {
  const char* name;

  /// Lays `rows` (at most RowTiles::kMax) rows of k floats side by side: packed[i * rows + row].
  void (*pack_rows)(const float* x, int64_t k, int rows, float* packed);
  /// Column tile `tile` of the product.
  void (*product_f32)(const Product&, int64_t tile);
  void (*product_f16)(const Product&, int64_t tile);
  void (*product_q4)(const Product&, int64_t tile);
  void (*product_q8)(const Product&, int64_t tile);
  /// Quantises one tile of rows that lie `inputs` floats apart, filled up with zeros to `filled` inputs. Input i is
  /// x[order[i]], or x[i] without an order. A group with a value that is not finite gets the scale NaN.
  void (*quantise_rows)(const float* x, int64_t inputs, const int32_t* order, int64_t filled, int rows,
                        const QuantisedRows& out);

  /// Rotates, rounds and stores the tokens' keys and values of one kv head.
  void (*write_cache_f32)(const CacheWrite&, int kv_head);
  void (*write_cache_f16)(const CacheWrite&, int kv_head);
  void (*write_cache_q8)(const CacheWrite&, int kv_head);
  /// Rows [begin, end), at most kMaxQueryRows.
  void (*attend_f32)(const Attention&, int64_t begin, int64_t end);
  void (*attend_f16)(const Attention&, int64_t begin, int64_t end);
  void (*attend_q8)(const Attention&, int64_t begin, int64_t end);

  /// out[i] = table[i * stride], i < count.
  void (*gather_f32)(const float* table, int64_t stride, int64_t count, float* out);
  void (*gather_f16)(const Half* table, int64_t stride, int64_t count, float* out);
  /// The first `count` weights of a column of a quantised tile.
  void (*gather_q8)(const uint8_t* tile, int64_t group, int column, int64_t count, float* out);

  void (*rms_norm)(const float* x, const float* weight, float epsilon, int64_t n, float* out);
  void (*layer_norm)(const float* x, const float* weight, const float* bias, float epsilon, int64_t n, float* out);
  void (*gelu)(const float* x, int64_t n, float* out);
  void (*silu_mul)(const float* gate, const float* up, int64_t n, float* out);
  /// x + (delta + bias); bias may be null.
  void (*residual)(const float* x, const float* delta, const float* bias, int64_t n, float* out);
  void (*add_parts)(const float* const* parts, int ranks, int64_t n, float* out);

  /// For benches: reads n floats; runs FMAs and returns the number of floating-point operations.
  float (*read_floats)(const float* p, int64_t n);
  int64_t (*run_fmas)(int64_t rounds, float* result);
  /// The same for products of bytes: returns the number of integer operations, of which a multiply-add is two.
  int64_t (*run_dots)(int64_t rounds, float* result);
};

extern const KernelTable scalar_kernels;
#if defined(__x86_64__)
extern const KernelTable avx2_kernels;
extern const KernelTable avx512_kernels;
extern const KernelTable vnni_kernels;
#endif

}  // namespace belle
