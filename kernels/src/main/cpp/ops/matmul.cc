#include <algorithm>

#include "ops/ops.h"

namespace belle {
namespace {

/// Multiply-adds below which a second thread costs more than it saves.
constexpr int64_t kSharedWork = 1 << 16;
/// Multiply-adds (at least) that one claim of a column tile or of a few covers.
constexpr int64_t kWorkPerClaim = 1 << 17;

int64_t tiles_of(int64_t outputs) { return (outputs + kTileOutputs - 1) / kTileOutputs; }

/// Memory for prepared rows; grows, and stays with the thread that runs the session.
float* row_space(size_t floats) {
  thread_local std::vector<float> space;
  if (space.size() < floats) space.resize(floats);
  return space.data();
}

}  // namespace

MatMul::MatMul(const Attributes& attributes, const KernelTable& kernels, ElementType weights)
    : kernels_(kernels),
      weights_(weights),
      inputs_(attributes.integer("K")),
      leaf_inputs_(attributes.integers("leaf_inputs")) {
  require_range("K", inputs_, 1, INT32_MAX);
  const std::vector<int64_t> skip = attributes.integers("skip"), bias_at = attributes.integers("bias_at");
  if (!skip.empty() && skip.size() != kParts) refuse("skip must have 3 numbers, but has %zu", skip.size());
  if (!bias_at.empty() && bias_at.size() != kParts) refuse("bias_at must have 3 numbers, but has %zu", bias_at.size());
  bias_is_longer_ = !bias_at.empty();
  int64_t column = 0;
  for (size_t part = 0; part < kParts; part++) {
    const std::string name = "n" + std::to_string(part);
    const int64_t outputs = part == 0 ? attributes.integer("n0") : attributes.integer(name.c_str(), 0);
    require_range(name.c_str(), outputs, part == 0, part == 2 && parts_[1].outputs == 0 ? 0 : INT32_MAX);
    parts_[part] = {outputs, skip.empty() ? 0 : skip[part], bias_at.empty() ? column : bias_at[part]};
    require_range(("skip[" + std::to_string(part) + "]").c_str(), parts_[part].skip, 0, kTileOutputs - 1);
    require_range(("bias_at[" + std::to_string(part) + "]").c_str(), parts_[part].bias, 0, INT32_MAX);
    column += outputs;
  }
  if (leaf_inputs_.empty()) leaf_inputs_ = {0, inputs_};
  const size_t leaves = leaf_inputs_.size() - 1;
  if (leaves < 1 || leaves > kMaxLeaves || (leaves & (leaves - 1)) != 0) {
    refuse("leaf_inputs must have 2, 3, 5 or 9 places, but has %zu", leaves + 1);
  }
  if (leaf_inputs_.front() != 0 || leaf_inputs_.back() != inputs_) {
    refuse("leaf_inputs must begin at 0 and end at K = %lld, but they run from %lld to %lld",
           static_cast<long long>(inputs_), static_cast<long long>(leaf_inputs_.front()),
           static_cast<long long>(leaf_inputs_.back()));
  }
  for (size_t i = 0; i < leaves; i++) {
    if (leaf_inputs_[i] > leaf_inputs_[i + 1]) {
      refuse("leaf_inputs must ascend, but %lld is followed by %lld", static_cast<long long>(leaf_inputs_[i]),
             static_cast<long long>(leaf_inputs_[i + 1]));
    }
  }
}

void MatMul::compute(const Call& call) const {
  static constexpr int kWeightInputs[kParts] = {1, 3, 4};
  static constexpr const char* kWeightNames[kParts] = {"w0", "w1", "w2"};
  const Tensor input = call.input(0, "x");
  const float* x = input.floats({kAnySize, inputs_});
  const int64_t tokens = input.dim(0), width = parts_[0].outputs + parts_[1].outputs + parts_[2].outputs;
  const void* weights[kParts] = {};
  int64_t first_tile[kParts + 1] = {};
  for (int part = 0; part < kParts; part++) {
    const int64_t tiles = parts_[part].outputs == 0 ? 0 : tiles_of(parts_[part].skip + parts_[part].outputs);
    const Tensor w = call.input(kWeightInputs[part], kWeightNames[part]);
    first_tile[part + 1] = first_tile[part] + tiles;
    if (parts_[part].outputs == 0) {
      if (w.present()) refuse("%s is given, but n%d is 0", kWeightNames[part], part);
      continue;
    }
    w.require_type(weights_);
    check_weights(w, tiles);
    weights[part] = w.data();
  }
  const Tensor bias_input = call.input(2, "bias");
  const float* bias = bias_input.present() ? bias_input.floats({bias_is_longer_ ? kAnySize : width}) : nullptr;
  for (int part = 0; bias != nullptr && part < kParts; part++) {
    if (parts_[part].outputs == 0) continue;
    require_range(("bias_at[" + std::to_string(part) + "]").c_str(), parts_[part].bias, parts_[part].skip,
                  bias_input.dim(0) - parts_[part].outputs);
  }
  float* y = call.output({tokens, width});

  for (int64_t row = 0; row < tokens;) {
    const RowTiles rows = row_tiles(tokens - row);
    const bool shared = rows.rows * inputs_ * width >= kSharedWork;
    Product prepared = {};
    prepare(call, x + row * inputs_, rows, shared, prepared);
    prepared.rows = rows.rows;
    prepared.inputs = inputs_;
    prepared.leaf_inputs = leaf_inputs_.data();
    prepared.leaves = static_cast<int>(leaf_inputs_.size()) - 1;
    prepared.y_stride = width;
    const int64_t tiles_per_claim = kWorkPerClaim / (rows.rows * inputs_ * kTileOutputs) + 1;
    const int64_t claims = (first_tile[kParts] + tiles_per_claim - 1) / tiles_per_claim;
    call.parallel(claims, shared, [&](int64_t claim) {
      int part = 0;
      for (int64_t i = claim * tiles_per_claim; i < (claim + 1) * tiles_per_claim && i < first_tile[kParts]; i++) {
        while (i >= first_tile[part + 1]) part++;
        const int64_t skip = parts_[part].skip;
        const int64_t column = part == 0 ? 0 : part == 1 ? parts_[0].outputs : parts_[0].outputs + parts_[1].outputs;
        Product product = prepared;
        product.weights = weights[part];
        product.outputs = skip + parts_[part].outputs;
        product.bias = bias == nullptr ? nullptr : bias + (parts_[part].bias - skip);
        product.y = y + row * width + column - skip;
        if (skip > 0 && i == first_tile[part]) {
          run_first_tile(product, skip);
        } else {
          run_tile(product, i - first_tile[part]);
        }
      }
    });
    row += rows.rows;
  }
}

/// The columns of the first tile that are not asked for have no place in y.
void MatMul::run_first_tile(const Product& product, int64_t skip) const {
  constexpr int kMostRows = kRowBlock > kQuantisedRowBlock ? kRowBlock : kQuantisedRowBlock;
  alignas(64) float columns[kMostRows * kTileOutputs];
  Product whole = product;
  whole.y = columns;
  whole.y_stride = kTileOutputs;
  run_tile(whole, 0);
  const int64_t end = product.outputs < kTileOutputs ? product.outputs : kTileOutputs;
  for (int64_t row = 0; row < product.rows; row++) {
    const float* from = columns + row * kTileOutputs;
    std::copy(from + skip, from + end, product.y + row * product.y_stride + skip);
  }
}

void MatMul::check_weights(const Tensor& weights, int64_t tiles) const {
  weights.require_dims({tiles, inputs_, kTileOutputs});  // also when the bytes lie leaf by leaf
}

RowTiles MatMul::row_tiles(int64_t rows) const { return {static_cast<int>(rows < kRowBlock ? rows : kRowBlock)}; }

void MatMul::prepare(const Call& call, const float* x, RowTiles rows, bool shared, Product& product) const {
  product.x = x;
  if (rows.rows == 1) return;
  float* packed = row_space(static_cast<size_t>(rows.rows * inputs_));
  call.parallel(rows.count(), shared && rows.count() > 2, [&](int64_t t) {
    const int first = rows.begin(static_cast<int>(t));
    kernels_.pack_rows(x + first * inputs_, inputs_, rows.size(static_cast<int>(t)), packed + first * inputs_);
  });
  product.x = packed;
}

void MatMul::run_tile(const Product& product, int64_t tile) const {
  (weights_ == ElementType::kFloat ? kernels_.product_f32 : kernels_.product_f16)(product, tile);
}

QuantisedMatMul::QuantisedMatMul(const Attributes& attributes, const KernelTable& kernels, int bits)
    : MatMul(attributes, kernels, ElementType::kUint8),
      bits_(bits),
      group_(attributes.integer("group")),
      activation_group_(attributes.integer("activation_group", group_)) {
  require_group("group", group_);
  require_group("activation_group", activation_group_);
  if (activation_group_ > group_) {
    refuse("activation_group must be at most group = %lld, but is %lld", static_cast<long long>(group_),
           static_cast<long long>(activation_group_));
  }
  for (size_t i = 0; i < leaf_inputs_.size(); i++) {
    if (leaf_inputs_[i] % group_ != 0 && leaf_inputs_[i] != inputs_) {
      refuse("leaf_inputs must be multiples of group = %lld or K, but one is %lld", static_cast<long long>(group_),
             static_cast<long long>(leaf_inputs_[i]));
    }
  }
}

void QuantisedMatMul::check_weights(const Tensor& weights, int64_t tiles) const {
  weights.require_dims({tiles, groups(), block_bytes(bits_, group_)});
}

RowTiles QuantisedMatMul::row_tiles(int64_t rows) const {
  return {static_cast<int>(rows < kQuantisedRowBlock ? rows : kQuantisedRowBlock), RowTiles::kMaxQuantised};
}

void QuantisedMatMul::prepare(const Call& call, const float* x, RowTiles rows, bool shared, Product& product) const {
  const Tensor order_input = call.input(5, "order");
  const int32_t* order = order_input.present() ? order_input.int32s({inputs_}) : nullptr;
  for (int64_t i = 0; order != nullptr && i < inputs_; i++) {
    if (order[i] >= 0 && order[i] < inputs_) continue;
    require_range(("order[" + std::to_string(i) + "]").c_str(), order[i], 0, inputs_ - 1);
  }
  const int64_t filled = groups() * group_, scales = filled / activation_group_;
  float* space = row_space(static_cast<size_t>(rows.rows * (2 * scales + filled / static_cast<int64_t>(sizeof(float)))));
  const QuantisedRows all = {reinterpret_cast<int8_t*>(space + 2 * rows.rows * scales), space, space + rows.rows * scales,
                             activation_group_};
  call.parallel(rows.count(), shared && rows.count() > 1, [&](int64_t t) {
    const int64_t first = rows.begin(static_cast<int>(t));
    kernels_.quantise_rows(x + first * inputs_, inputs_, order, filled, rows.size(static_cast<int>(t)),
                           {all.codes + first * filled, all.scales + first * scales, all.sums + first * scales, all.group});
  });
  product.quantised = all;
  product.group = group_;
}

void QuantisedMatMul::run_tile(const Product& product, int64_t tile) const {
  (bits_ == 4 ? kernels_.product_q4 : kernels_.product_q8)(product, tile);
}

}  // namespace belle
