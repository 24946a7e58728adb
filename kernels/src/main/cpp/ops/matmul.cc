#include "ops/ops.h"

namespace belle {
namespace {

/// Multiply-adds below which a second thread costs more than it saves.
constexpr int64_t kSharedWork = 1 << 16;
/// Multiply-adds (at least) that one claim of a column tile or of a few covers.
constexpr int64_t kWorkPerClaim = 1 << 17;

int64_t tiles_of(int64_t outputs) { return (outputs + kTileOutputs - 1) / kTileOutputs; }

/// Memory for packed rows; grows, and stays with the thread that runs the session.
float* packing_space(size_t floats) {
  thread_local std::vector<float> space;
  if (space.size() < floats) space.resize(floats);
  return space.data();
}

}  // namespace

MatMul::MatMul(const Attributes& attributes, const KernelTable& kernels, ElementType weights)
    : kernels_(kernels),
      weights_(weights),
      inputs_(attributes.integer("K")),
      outputs_{attributes.integer("n0"), attributes.integer("n1", 0), attributes.integer("n2", 0)},
      leaf_inputs_(attributes.integers("leaf_inputs")) {
  require_range("K", inputs_, 1, INT32_MAX);
  require_range("n0", outputs_[0], 1, INT32_MAX);
  require_range("n1", outputs_[1], 0, INT32_MAX);
  require_range("n2", outputs_[2], 0, outputs_[1] == 0 ? 0 : INT32_MAX);
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
  const int64_t tokens = input.dim(0), width = outputs_[0] + outputs_[1] + outputs_[2];
  const void* weights[kParts] = {};
  int64_t first_tile[kParts + 1] = {};
  for (int part = 0; part < kParts; part++) {
    const int64_t tiles = tiles_of(outputs_[part]);
    const Tensor w = call.input(kWeightInputs[part], kWeightNames[part]);
    first_tile[part + 1] = first_tile[part] + tiles;
    if (outputs_[part] == 0) {
      if (w.present()) refuse("%s is given, but n%d is 0", kWeightNames[part], part);
      continue;
    }
    w.require_type(weights_);
    w.require_dims({tiles, inputs_, kTileOutputs});  // also when the bytes lie leaf by leaf
    weights[part] = w.data();
  }
  const Tensor bias_input = call.input(2, "bias");
  const float* bias = bias_input.present() ? bias_input.floats({width}) : nullptr;
  float* y = call.output({tokens, width});

  const auto run_tile = weights_ == ElementType::kFloat ? kernels_.product_f32 : kernels_.product_f16;
  for (int64_t row = 0; row < tokens; row += kRowBlock) {
    const RowTiles rows{static_cast<int>(tokens - row < kRowBlock ? tokens - row : kRowBlock)};
    const float* block = x + row * inputs_;
    const bool shared = rows.rows * inputs_ * width >= kSharedWork;
    if (rows.rows > 1) {
      float* packed = packing_space(static_cast<size_t>(rows.rows * inputs_));
      call.parallel(rows.count(), shared && rows.count() > 2, [&](int64_t t) {
        const int first = rows.begin(static_cast<int>(t));
        kernels_.pack_rows(block + first * inputs_, inputs_, rows.size(static_cast<int>(t)), packed + first * inputs_);
      });
      block = packed;
    }
    const int64_t tiles_per_claim = kWorkPerClaim / (rows.rows * inputs_ * kTileOutputs) + 1;
    const int64_t claims = (first_tile[kParts] + tiles_per_claim - 1) / tiles_per_claim;
    call.parallel(claims, shared, [&](int64_t claim) {
      int part = 0;
      for (int64_t i = claim * tiles_per_claim; i < (claim + 1) * tiles_per_claim && i < first_tile[kParts]; i++) {
        while (i >= first_tile[part + 1]) part++;
        const int64_t column = part == 0 ? 0 : part == 1 ? outputs_[0] : outputs_[0] + outputs_[1];
        run_tile({block, rows.rows, inputs_, leaf_inputs_.data(), static_cast<int>(leaf_inputs_.size()) - 1, weights[part],
                  outputs_[part], bias == nullptr ? nullptr : bias + column, y + row * width + column, width},
                 i - first_tile[part]);
      }
    });
  }
}

}  // namespace belle
