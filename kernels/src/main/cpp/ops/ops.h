// The ops of domain "belle". Inputs, attributes and layouts: README.md of this module.
//
// Symbols in the comments: T packed tokens, B sequences, E hidden size, K inputs and N outputs of a product,
// H query heads, Hkv key/value heads, D head size, P positions of the rotary tables.
#pragma once
#include "ort/op.h"

namespace belle {

/// Throws unless `group` inputs may share a scale.
inline void require_group(const char* what, int64_t group) {
  if (group != 32 && group != 64 && group != kMaxGroup) {
    refuse("%s must be 32, 64 or 128, but is %lld", what, static_cast<long long>(group));
  }
}

/// ids [T] -> [T, E]: rows of a table, or of a tied head that is stored in column tiles.
class Embedding {
 public:
  static constexpr const char* kName = "Embedding";
  static constexpr Port kInputs[] = {{"ids", ElementType::kInt64}, {"table", ElementType::kAny}};
  Embedding(const Attributes& attributes, const KernelTable& kernels);
  void compute(const Call& call) const;

 private:
  const KernelTable& kernels_;
  int64_t vocabulary_, hidden_;
  int64_t group_;  ///< of a table whose elements have 8 bits
  bool tiled_;
};

/// x [T, K] against up to three weight matrices whose outputs lie side by side -> [T, n0 + n1 + n2]. A rank's outputs may
/// begin inside a matrix's first tile, and its biases inside a longer vector.
class MatMul {
 public:
  void compute(const Call& call) const;

 protected:
  MatMul(const Attributes& attributes, const KernelTable& kernels, ElementType weights);
  static constexpr int kParts = 3;

  /// Refuses a matrix of other dimensions.
  virtual void check_weights(const Tensor& weights, int64_t tiles) const;
  /// Rows that share one pass over the weights, and how they are cut into tiles.
  virtual RowTiles row_tiles(int64_t rows) const;
  /// Brings a block of rows into the form in which run_tile wants them.
  virtual void prepare(const Call& call, const float* x, RowTiles rows, bool shared, Product& product) const;
  virtual void run_tile(const Product& product, int64_t tile) const;

  const KernelTable& kernels_;
  const ElementType weights_;
  int64_t inputs_;
  std::vector<int64_t> leaf_inputs_;

 private:
  /// Outputs of one matrix: behind the first `skip` of its first tile; their biases begin at `bias`.
  struct Part {
    int64_t outputs, skip, bias;
  };
  void run_first_tile(const Product& product, int64_t skip) const;

  Part parts_[kParts];
  bool bias_is_longer_;
};

class MatMulF32 : public MatMul {
 public:
  static constexpr const char* kName = "MatMulF32";
  static constexpr Port kInputs[] = {{"x", ElementType::kFloat},
                                     {"w0", ElementType::kFloat},
                                     {"bias", ElementType::kFloat, Presence::kOptional},
                                     {"w1", ElementType::kFloat, Presence::kOptional},
                                     {"w2", ElementType::kFloat, Presence::kOptional}};
  MatMulF32(const Attributes& attributes, const KernelTable& kernels)
      : MatMul(attributes, kernels, ElementType::kFloat) {}
};

class MatMulF16 : public MatMul {
 public:
  static constexpr const char* kName = "MatMulF16";
  static constexpr Port kInputs[] = {{"x", ElementType::kFloat},
                                     {"w0", ElementType::kFloat16},
                                     {"bias", ElementType::kFloat, Presence::kOptional},
                                     {"w1", ElementType::kFloat16, Presence::kOptional},
                                     {"w2", ElementType::kFloat16, Presence::kOptional}};
  MatMulF16(const Attributes& attributes, const KernelTable& kernels)
      : MatMul(attributes, kernels, ElementType::kFloat16) {}
};

/// The same for weights of 4 or 8 bits; the rows of x become int8. An order [K] says which input each one is.
class QuantisedMatMul : public MatMul {
 protected:
  QuantisedMatMul(const Attributes& attributes, const KernelTable& kernels, int bits);
  void check_weights(const Tensor& weights, int64_t tiles) const override;
  RowTiles row_tiles(int64_t rows) const override;
  void prepare(const Call& call, const float* x, RowTiles rows, bool shared, Product& product) const override;
  void run_tile(const Product& product, int64_t tile) const override;

 private:
  int64_t groups() const { return (inputs_ + group_ - 1) / group_; }

  const int bits_;
  int64_t group_, activation_group_;
};

template <int BITS>
class MatMulQ : public QuantisedMatMul {
 public:
  static constexpr const char* kName = BITS == 4 ? "MatMulQ4" : "MatMulQ8";
  static constexpr Port kInputs[] = {{"x", ElementType::kFloat},
                                     {"w0", ElementType::kUint8},
                                     {"bias", ElementType::kFloat, Presence::kOptional},
                                     {"w1", ElementType::kUint8, Presence::kOptional},
                                     {"w2", ElementType::kUint8, Presence::kOptional},
                                     {"order", ElementType::kInt32, Presence::kOptional}};
  MatMulQ(const Attributes& attributes, const KernelTable& kernels) : QuantisedMatMul(attributes, kernels, BITS) {}
};

/// Ragged batch of queries, keys and values [T, (H + 2 Hkv) D] -> [T, H D], through the paged cache.
class PagedAttention {
 public:
  static constexpr const char* kName = "PagedAttention";
  static constexpr Port kInputs[] = {{"qkv", ElementType::kFloat},
                                     {"kv_pool", ElementType::kInt64},
                                     {"block_table", ElementType::kInt32},
                                     {"cu_seqlens", ElementType::kInt32},
                                     {"past_lens", ElementType::kInt32},
                                     {"cos", ElementType::kFloat, Presence::kOptional},
                                     {"sin", ElementType::kFloat, Presence::kOptional},
                                     {"slopes", ElementType::kFloat, Presence::kOptional}};
  PagedAttention(const Attributes& attributes, const KernelTable& kernels);
  void compute(const Call& call) const;

 private:
  struct Batch;
  Batch read(const Call& call) const;
  void read_pool(const Call& call, Batch& batch) const;
  void read_rotary(const Call& call, Batch& batch) const;
  void check_sequences(const Batch& batch) const;
  void write_cache(const Call& call, const Batch& batch) const;
  void attend(const Call& call, const Batch& batch, float* out) const;

  const KernelTable& kernels_;
  int64_t heads_, kv_heads_, head_dim_, layer_;
  float scale_;
};

/// x [T, E], w [E] -> [T, E].
class RmsNorm {
 public:
  static constexpr const char* kName = "RMSNorm";
  static constexpr Port kInputs[] = {{"x", ElementType::kFloat}, {"w", ElementType::kFloat}};
  RmsNorm(const Attributes& attributes, const KernelTable& kernels);
  void compute(const Call& call) const;

 private:
  const KernelTable& kernels_;
  float epsilon_;
};

/// x [T, E], w [E], b [E] -> [T, E].
class LayerNorm {
 public:
  static constexpr const char* kName = "LayerNorm";
  static constexpr Port kInputs[] = {{"x", ElementType::kFloat}, {"w", ElementType::kFloat}, {"b", ElementType::kFloat}};
  LayerNorm(const Attributes& attributes, const KernelTable& kernels);
  void compute(const Call& call) const;

 private:
  const KernelTable& kernels_;
  float epsilon_;
};

/// BLOOM's tanh form, x [T, N] -> [T, N].
class Gelu {
 public:
  static constexpr const char* kName = "Gelu";
  static constexpr Port kInputs[] = {{"x", ElementType::kFloat}};
  Gelu(const Attributes&, const KernelTable& kernels) : kernels_(kernels) {}
  void compute(const Call& call) const;

 private:
  const KernelTable& kernels_;
};

/// x [T, 2 I], gates then ups -> silu(gate) * up [T, I].
class SiluMul {
 public:
  static constexpr const char* kName = "SiluMul";
  static constexpr Port kInputs[] = {{"x", ElementType::kFloat}};
  SiluMul(const Attributes&, const KernelTable& kernels) : kernels_(kernels) {}
  void compute(const Call& call) const;

 private:
  const KernelTable& kernels_;
};

/// x [T, E], delta [T, E], bias [E] or none -> x + (delta + bias).
class Residual {
 public:
  static constexpr const char* kName = "Residual";
  static constexpr Port kInputs[] = {{"x", ElementType::kFloat},
                                     {"delta", ElementType::kFloat},
                                     {"bias", ElementType::kFloat, Presence::kOptional}};
  Residual(const Attributes&, const KernelTable& kernels) : kernels_(kernels) {}
  void compute(const Call& call) const;

 private:
  const KernelTable& kernels_;
};

/// Adds `total` floats of each rank in the order in which one rank adds its leaves; returns when `y` is the sum. Every rank calls it
/// with its own `x`. `collective` says where they meet: {address, bytes, rank, ranks, number of the step}.
void all_reduce(const KernelTable& kernels, const int64_t* collective, const float* x, int64_t total, float* y);

/// x [T, N] of each rank -> their sum [T, N]; see all_reduce.
class AllReduce {
 public:
  static constexpr const char* kName = "AllReduce";
  static constexpr Port kInputs[] = {{"x", ElementType::kFloat}, {"collective", ElementType::kInt64}};
  AllReduce(const Attributes&, const KernelTable& kernels) : kernels_(kernels) {}
  void compute(const Call& call) const;

 private:
  const KernelTable& kernels_;
};

}  // namespace belle
