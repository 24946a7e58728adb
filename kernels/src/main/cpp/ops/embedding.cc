#include "ops/ops.h"

namespace belle {
namespace {

/// Rows of the table that one claim copies.
constexpr int64_t kTokensPerClaim = 4;

}  // namespace

Embedding::Embedding(const Attributes& attributes, const KernelTable& kernels)
    : kernels_(kernels),
      vocabulary_(attributes.integer("vocabulary")),
      hidden_(attributes.integer("hidden")),
      group_(attributes.integer("group", kMaxGroup)) {
  require_range("vocabulary", vocabulary_, 1, INT32_MAX);
  require_range("hidden", hidden_, 1, INT32_MAX);
  const std::string layout = attributes.text("layout");
  if (layout != "rows" && layout != "tiles64") refuse("layout must be rows or tiles64, but is '%s'", layout.c_str());
  tiled_ = layout == "tiles64";
  require_group("group", group_);
}

void Embedding::compute(const Call& call) const {
  const Tensor id_input = call.input(0, "ids"), table_input = call.input(1, "table");
  const int64_t* ids = id_input.int64s({kAnySize});
  const int64_t tokens = id_input.dim(0);
  const bool half = table_input.type() == ElementType::kFloat16;
  const bool bytes = table_input.type() == ElementType::kUint8 && tiled_;
  if (!half && !bytes) table_input.require_type(ElementType::kFloat);
  const int64_t tiles = (vocabulary_ + kTileOutputs - 1) / kTileOutputs, groups = (hidden_ + group_ - 1) / group_;
  const int64_t tile_bytes = groups * block_bytes(8, group_);
  if (bytes) {
    table_input.require_dims({tiles, groups, block_bytes(8, group_)});
  } else if (tiled_) {
    table_input.require_dims({tiles, hidden_, kTileOutputs});
  } else {
    table_input.require_dims({vocabulary_, hidden_});
  }
  for (int64_t t = 0; t < tokens; t++) {
    if (ids[t] >= 0 && ids[t] < vocabulary_) continue;
    require_range(("ids[" + std::to_string(t) + "]").c_str(), ids[t], 0, vocabulary_ - 1);
  }
  float* y = call.output({tokens, hidden_});
  const int64_t stride = tiled_ ? kTileOutputs : 1;
  call.parallel((tokens + kTokensPerClaim - 1) / kTokensPerClaim, true, [&](int64_t item) {
    for (int64_t t = item * kTokensPerClaim; t < tokens && t < (item + 1) * kTokensPerClaim; t++) {
      if (bytes) {
        const uint8_t* tile = static_cast<const uint8_t*>(table_input.data()) + ids[t] / kTileOutputs * tile_bytes;
        kernels_.gather_q8(tile, group_, static_cast<int>(ids[t] % kTileOutputs), hidden_, y + t * hidden_);
        continue;
      }
      const int64_t first = tiled_ ? ids[t] / kTileOutputs * kTileOutputs * hidden_ + ids[t] % kTileOutputs : ids[t] * hidden_;
      if (half) {
        kernels_.gather_f16(static_cast<const Half*>(table_input.data()) + first, stride, hidden_, y + t * hidden_);
      } else {
        kernels_.gather_f32(static_cast<const float*>(table_input.data()) + first, stride, hidden_, y + t * hidden_);
      }
    }
  });
}

}  // namespace belle
