#include <cmath>

#include "ops/ops.h"

namespace belle {
namespace {

/// A query row's distance to a key must be exact in float32.
constexpr int64_t kMaxPositions = 1 << 24;
/// Fewer claims than this leave threads without work; then query rows are split further.
constexpr int64_t kWantedClaims = 4;
/// Blocks x kv heads below which writing the cache is not worth a second thread.
constexpr int64_t kSharedWrites = 16;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// "name[i]".
std::string entry(const char* name, int64_t i) { return std::string(name) + "[" + std::to_string(i) + "]"; }

}  // namespace

/// The checked inputs of one call.
struct PagedAttention::Batch {
  const float* qkv;
  int64_t tokens, width;
  const int32_t* table;
  int64_t sequences, table_width;
  const int32_t* starts;
  const int32_t* past;
  Rotary rotary;
  int64_t rotary_positions;
  const float* slopes;
  Cache cache;
  int64_t blocks;
  int64_t bits;

  int64_t first_token(int64_t b) const { return starts[b]; }
  int64_t new_tokens(int64_t b) const { return static_cast<int64_t>(starts[b + 1]) - starts[b]; }
  const int32_t* blocks_of(int64_t b) const { return table + b * table_width; }
};

PagedAttention::PagedAttention(const Attributes& attributes, const KernelTable& kernels)
    : kernels_(kernels),
      heads_(attributes.integer("num_heads")),
      kv_heads_(attributes.integer("kv_num_heads")),
      head_dim_(attributes.integer("head_dim")),
      layer_(attributes.integer("layer")),
      scale_(attributes.number("scale")) {
  require_range("num_heads", heads_, 1, 65536);
  require_range("kv_num_heads", kv_heads_, 1, heads_);
  require_range("head_dim", head_dim_, 8, kMaxHeadDim);
  require_range("layer", layer_, 0, INT32_MAX);
  if (heads_ % kv_heads_ != 0) {
    refuse("num_heads must be a multiple of kv_num_heads = %lld, but is %lld", static_cast<long long>(kv_heads_),
           static_cast<long long>(heads_));
  }
  if (head_dim_ % 8 != 0) refuse("head_dim must be a multiple of 8, but is %lld", static_cast<long long>(head_dim_));
  if (!std::isfinite(scale_)) refuse("scale must be finite, but is %g", static_cast<double>(scale_));
}

void PagedAttention::compute(const Call& call) const {
  const Batch batch = read(call);
  float* out = call.output({batch.tokens, heads_ * head_dim_});
  write_cache(call, batch);
  attend(call, batch, out);
}

PagedAttention::Batch PagedAttention::read(const Call& call) const {
  Batch batch = {};
  const Tensor qkv = call.input(0, "qkv"), table = call.input(2, "block_table"), starts = call.input(3, "cu_seqlens");
  batch.width = (heads_ + 2 * kv_heads_) * head_dim_;
  batch.qkv = qkv.floats({kAnySize, batch.width});
  batch.tokens = qkv.dim(0);
  batch.table = table.int32s({kAnySize, kAnySize});
  batch.sequences = table.dim(0);
  batch.table_width = table.dim(1);
  batch.starts = starts.int32s({batch.sequences + 1});
  batch.past = call.input(4, "past_lens").int32s({batch.sequences});
  const Tensor slopes = call.input(7, "slopes");
  if (slopes.present()) batch.slopes = slopes.floats({heads_});
  read_rotary(call, batch);
  read_pool(call, batch);
  check_sequences(batch);
  return batch;
}

void PagedAttention::read_rotary(const Call& call, Batch& batch) const {
  const Tensor cosines = call.input(5, "cos"), sines = call.input(6, "sin");
  batch.rotary_positions = kMaxPositions;
  if (!cosines.present() && !sines.present()) return;
  batch.rotary.cosines = cosines.floats({kAnySize, head_dim_ / 2});
  batch.rotary_positions = cosines.dim(0);
  batch.rotary.sines = sines.floats({batch.rotary_positions, head_dim_ / 2});
}

void PagedAttention::read_pool(const Call& call, Batch& batch) const {
  const int64_t* pool = call.input(1, "kv_pool").int64s({6});
  const int64_t address = pool[0], bytes = pool[1], layers = pool[2], blocks = pool[3];
  const int64_t block_tokens = pool[4], bits = pool[5];
  if (block_tokens != 16 && block_tokens != 32 && block_tokens != 64) {
    refuse("kv_pool block_tokens must be 16, 32 or 64, but is %lld", static_cast<long long>(block_tokens));
  }
  if (bits != 8 && bits != 16 && bits != 32) {
    refuse("kv_pool element_bits must be 8, 16 or 32, but is %lld", static_cast<long long>(bits));
  }
  require_range("kv_pool layers", layers, layer_ + 1, INT32_MAX);
  require_range("kv_pool blocks", blocks, 1, INT32_MAX);
  if (address == 0 || address % 64 != 0) {
    refuse("kv_pool address must be a multiple of 64 and not 0, but is %lld", static_cast<long long>(address));
  }
  const int64_t block_bytes = kv_heads_ * cache_head_bytes(bits, head_dim_, block_tokens);
  int64_t layer_bytes = 0, wanted = 0;
  if (__builtin_mul_overflow(blocks, block_bytes, &layer_bytes) || __builtin_mul_overflow(layers, layer_bytes, &wanted) ||
      wanted != bytes) {
    refuse("kv_pool bytes must be layers * blocks * block bytes = %lld * %lld * %lld, but is %lld",
           static_cast<long long>(layers), static_cast<long long>(blocks), static_cast<long long>(block_bytes),
           static_cast<long long>(bytes));
  }
  char* first = reinterpret_cast<char*>(address);
  batch.cache = {first + layer_ * layer_bytes, static_cast<int>(block_tokens), static_cast<int>(kv_heads_),
                 static_cast<int>(head_dim_)};
  batch.blocks = blocks;
  batch.bits = bits;
}

void PagedAttention::check_sequences(const Batch& batch) const {
  if (batch.starts[0] != 0) refuse("cu_seqlens[0] must be 0, but is %d", batch.starts[0]);
  const int64_t block_tokens = batch.cache.block_tokens;
  for (int64_t b = 0; b < batch.sequences; b++) {
    require_range(entry("cu_seqlens", b + 1).c_str(), batch.starts[b + 1], batch.starts[b], batch.tokens);
    require_range(entry("past_lens", b).c_str(), batch.past[b], 0, kMaxPositions);
    const int64_t length = batch.past[b] + batch.new_tokens(b);
    if (length > batch.table_width * block_tokens) {
      refuse("past_lens[%lld] + new tokens must be at most %lld (block_table columns * block_tokens), but is %lld",
             static_cast<long long>(b), static_cast<long long>(batch.table_width * block_tokens),
             static_cast<long long>(length));
    }
    if (length > batch.rotary_positions) {
      refuse("past_lens[%lld] + new tokens must be at most %lld (positions), but is %lld", static_cast<long long>(b),
             static_cast<long long>(batch.rotary_positions), static_cast<long long>(length));
    }
    const int32_t* blocks = batch.blocks_of(b);
    for (int64_t i = 0; i * block_tokens < length; i++) {
      if (blocks[i] >= 0 && blocks[i] < batch.blocks) continue;
      require_range((entry("block_table", b) + "[" + std::to_string(i) + "]").c_str(), blocks[i], 0, batch.blocks - 1);
    }
  }
  if (batch.starts[batch.sequences] != batch.tokens) {
    refuse("cu_seqlens[%lld] must be the number of tokens = %lld, but is %d", static_cast<long long>(batch.sequences),
           static_cast<long long>(batch.tokens), batch.starts[batch.sequences]);
  }
}

/// A claim is one kv head's part of one block, so no two threads touch the same lines.
void PagedAttention::write_cache(const Call& call, const Batch& batch) const {
  std::vector<CacheWrite> writes;
  const int64_t block_tokens = batch.cache.block_tokens;
  for (int64_t b = 0; b < batch.sequences; b++) {
    const int64_t past = batch.past[b], end = past + batch.new_tokens(b);
    for (int64_t position = past; position < end;) {
      const int64_t block = position / block_tokens;
      const int64_t block_end = (block + 1) * block_tokens < end ? (block + 1) * block_tokens : end;
      const float* keys =
          batch.qkv + (batch.first_token(b) + position - past) * batch.width + heads_ * head_dim_;
      writes.push_back({batch.cache, batch.rotary, batch.blocks_of(b)[block], position,
                        static_cast<int>(block_end - position), keys, keys + kv_heads_ * head_dim_, batch.width});
      position = block_end;
    }
  }
  const auto write = batch.bits == 8    ? kernels_.write_cache_q8
                     : batch.bits == 16 ? kernels_.write_cache_f16
                                        : kernels_.write_cache_f32;
  const int64_t claims = static_cast<int64_t>(writes.size()) * kv_heads_;
  call.parallel(claims, claims >= kSharedWrites, [&](int64_t claim) {
    write(writes[static_cast<size_t>(claim / kv_heads_)], static_cast<int>(claim % kv_heads_));
  });
}

/// A claim is up to kMaxQueryRows rows of one kv head of one sequence.
void PagedAttention::attend(const Call& call, const Batch& batch, float* out) const {
  const int64_t group = heads_ / kv_heads_;
  int64_t rows_per_claim = kMaxQueryRows;
  const auto claims_of = [&](int64_t b) { return divide_up(batch.new_tokens(b) * group, rows_per_claim); };
  std::vector<int64_t> first_claim(static_cast<size_t>(batch.sequences) + 1);
  for (;;) {
    for (int64_t b = 0; b < batch.sequences; b++) {
      first_claim[static_cast<size_t>(b) + 1] = first_claim[static_cast<size_t>(b)] + claims_of(b) * kv_heads_;
    }
    if (first_claim.back() >= kWantedClaims || rows_per_claim <= RowTiles::kMax) break;
    rows_per_claim /= 2;
  }
  const auto walk = batch.bits == 8    ? kernels_.attend_q8
                    : batch.bits == 16 ? kernels_.attend_f16
                                       : kernels_.attend_f32;
  call.parallel(first_claim.back(), true, [&](int64_t claim) {
    int64_t low = 0, high = batch.sequences - 1;  // the last sequence whose first claim is not after this one
    while (low < high) {
      const int64_t middle = (low + high + 1) / 2;
      if (first_claim[static_cast<size_t>(middle)] <= claim) low = middle; else high = middle - 1;
    }
    const int64_t b = low, claims = claims_of(b), rows = batch.new_tokens(b) * group;
    const int64_t local = claim - first_claim[static_cast<size_t>(b)];
    const int64_t kv_head = local / claims, begin = local % claims * rows_per_claim;
    const int64_t head = kv_head * group;
    const Attention attention = {batch.cache,
                                 batch.rotary,
                                 batch.blocks_of(b),
                                 static_cast<int>(kv_head),
                                 static_cast<int>(group),
                                 scale_,
                                 batch.slopes == nullptr ? nullptr : batch.slopes + head,
                                 batch.past[b],
                                 batch.qkv + batch.first_token(b) * batch.width + head * head_dim_,
                                 batch.width,
                                 out + (batch.first_token(b) * heads_ + head) * head_dim_,
                                 heads_ * head_dim_};
    walk(attention, begin, begin + rows_per_claim < rows ? begin + rows_per_claim : rows);
  });
}

}  // namespace belle
