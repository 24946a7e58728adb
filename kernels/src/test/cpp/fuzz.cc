// Runs every op over random cases, good and spoilt, without ONNX Runtime: for the sanitizers, for the
// emulated AVX-512 source and for other processors.
//
//   fuzz [cases] [seed]
//
// A good case must give the same bits on every instruction set, with one thread and two. A spoilt case
// must be refused or computed, never touch memory that is not its own. The last line is a hash of all good
// results: equal on every machine.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>

#include "host.h"
#include "numeric/kernels.h"

extern "C" belle::OrtStatus* RegisterCustomOps(belle::OrtSessionOptions*, const belle::OrtApiBase*);
extern "C" int belle_select_isa(const char* name);

namespace belle {
namespace {

/// A case of one op: attributes and inputs (null where left out), and memory outside of the tensors.
struct Case {
  std::string op;
  OrtKernelInfo info;
  std::vector<HostTensor> tensors;
  std::vector<int> inputs;  // index into tensors, or -1
  std::vector<char> pool;   // the cache, with room to align it

  void add(HostTensor tensor) {
    inputs.push_back(static_cast<int>(tensors.size()));
    tensors.push_back(std::move(tensor));
  }
  void leave_out() { inputs.push_back(-1); }
  std::vector<const OrtValue*> values() const {
    std::vector<const OrtValue*> list;
    for (int i : inputs) list.push_back(i < 0 ? nullptr : &tensors[static_cast<size_t>(i)].value());
    return list;
  }
};

class Cases {
 public:
  explicit Cases(uint64_t seed) : random_(seed) {}

  Case next() {
    switch (below(10)) {
      case 0: return embedding();
      case 8:
      case 9: return quantised_product();
      case 1:
      case 2: return product();
      case 3:
      case 4: return attention();
      case 5: return norm();
      case 6: return activation();
      default: return residual();
    }
  }

  /// Changes one attribute, dimension, type or integer input of the case.
  void spoil(Case& c) {
    switch (below(4)) {
      case 0: return spoil_attribute(c);
      case 1: return spoil_shape(c);
      default: return spoil_integer(c);
    }
  }

 private:
  int64_t below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }
  int64_t up_to(int64_t n) { return 1 + below(n); }
  bool coin() { return below(2) == 0; }
  float value() { return static_cast<float>(static_cast<double>(random_() >> 11) * 0x1p-52 - 1.0); }

  HostTensor floats(std::vector<int64_t> dims) {
    HostTensor t(ElementType::kFloat, std::move(dims));
    for (size_t i = 0; i < t.count(); i++) t.data<float>()[i] = value();
    return t;
  }
  /// Halves of any finite value between -2 and 2.
  HostTensor halves(std::vector<int64_t> dims) {
    HostTensor t(ElementType::kFloat16, std::move(dims));
    for (size_t i = 0; i < t.count(); i++) t.data<uint16_t>()[i] = static_cast<uint16_t>(random_() & 0xbfff);
    return t;
  }
  HostTensor weights(bool half, std::vector<int64_t> dims) {
    return half ? halves(std::move(dims)) : floats(std::move(dims));
  }

  Case embedding() {
    Case c;
    c.op = "Embedding";
    const int64_t vocabulary = up_to(150), hidden = up_to(90);
    const bool tiled = coin(), bytes = tiled && coin();
    const int64_t tiles = (vocabulary + 63) / 64, group = 32 << below(3);
    c.info.integers = {{"vocabulary", vocabulary}, {"hidden", hidden}};
    if (bytes) c.info.integers["group"] = group;
    c.info.texts = {{"layout", tiled ? "tiles64" : "rows"}};
    HostTensor ids(ElementType::kInt64, {below(20)});
    for (size_t i = 0; i < ids.count(); i++) ids.data<int64_t>()[i] = below(vocabulary);
    c.add(std::move(ids));
    if (bytes) {
      c.add(blocks(8, group, {tiles, (hidden + group - 1) / group, block_bytes(8, group)}));
    } else {
      c.add(weights(coin(), tiled ? std::vector<int64_t>{tiles, hidden, 64} : std::vector<int64_t>{vocabulary, hidden}));
    }
    return c;
  }

  Case product() {
    Case c;
    const bool half = coin(), leaves = coin();
    c.op = half ? "MatMulF16" : "MatMulF32";
    const int64_t inputs = up_to(300), parts = up_to(3);
    int64_t n[3] = {up_to(150), parts > 1 ? up_to(80) : 0, parts > 2 ? up_to(80) : 0};
    c.info.integers = {{"K", inputs}, {"n0", n[0]}, {"n1", n[1]}, {"n2", n[2]}};
    if (leaves) {
      const int64_t unit = coin() ? 64 : 8, units = (inputs + unit - 1) / unit;
      for (int64_t i = 0; i <= 8; i++) c.info.lists["leaf_inputs"].push_back(std::min(inputs, i * units / 8 * unit));
    }
    const auto shape = [&](int64_t outputs) {
      return std::vector<int64_t>{(outputs + 63) / 64, inputs, 64};
    };
    c.add(floats({below(8) == 0 ? below(120) : up_to(20), inputs}));
    c.add(weights(half, shape(n[0])));
    if (coin()) c.add(floats({n[0] + n[1] + n[2]})); else c.leave_out();
    for (int64_t part = 1; part < parts; part++) c.add(weights(half, shape(n[part])));
    return c;
  }

  /// Codes and zeros of any value, and scales between -1 and 1.
  HostTensor blocks(int bits, int64_t group, std::vector<int64_t> dims) {
    HostTensor t(ElementType::kUint8, std::move(dims));
    for (size_t i = 0; i < t.count(); i++) t.data<uint8_t>()[i] = static_cast<uint8_t>(random_());
    const int64_t block = block_bytes(bits, group);
    for (size_t at = 0; at < t.count(); at += static_cast<size_t>(block)) {
      float* scales = reinterpret_cast<float*>(t.data<uint8_t>() + at + static_cast<size_t>(kTileOutputs * group * bits / 8));
      for (int i = 0; i < kTileOutputs; i++) scales[i] = value();
    }
    return t;
  }

  Case quantised_product() {
    Case c;
    const int bits = coin() ? 4 : 8;
    c.op = bits == 4 ? "MatMulQ4" : "MatMulQ8";
    const int64_t inputs = up_to(400), parts = up_to(3), group = 32 << below(3), groups = (inputs + group - 1) / group;
    int64_t n[3] = {up_to(150), parts > 1 ? up_to(80) : 0, parts > 2 ? up_to(80) : 0};
    c.info.integers = {{"K", inputs}, {"n0", n[0]}, {"n1", n[1]}, {"n2", n[2]}, {"group", group}};
    if (coin()) c.info.integers["activation_group"] = std::min(group, static_cast<int64_t>(32 << below(3)));
    if (coin()) {
      for (int64_t i = 0; i <= 8; i++) c.info.lists["leaf_inputs"].push_back(std::min(inputs, i * groups / 8 * group));
    }
    const auto shape = [&](int64_t outputs) {
      return std::vector<int64_t>{(outputs + 63) / 64, groups, block_bytes(bits, group)};
    };
    c.add(floats({below(8) == 0 ? below(120) : up_to(20), inputs}));
    c.add(blocks(bits, group, shape(n[0])));
    if (coin()) c.add(floats({n[0] + n[1] + n[2]})); else c.leave_out();
    for (int64_t part = 1; part < 3; part++) {
      if (part < parts) c.add(blocks(bits, group, shape(n[part]))); else c.leave_out();
    }
    if (coin()) {
      HostTensor order(ElementType::kInt32, {inputs});
      for (int64_t i = 0; i < inputs; i++) order.data<int32_t>()[i] = static_cast<int32_t>(below(inputs));
      c.add(std::move(order));
    }
    return c;
  }

  Case attention() {
    Case c;
    c.op = "PagedAttention";
    const int64_t kv = up_to(3), heads = kv * up_to(4), dim = 8 * up_to(coin() ? 4 : 32), layers = up_to(2);
    const int64_t block_tokens = 16 << below(3), bits = 8 << below(3), sequences = up_to(3);
    c.info.integers = {{"num_heads", heads}, {"kv_num_heads", kv}, {"head_dim", dim}, {"layer", below(layers)}};
    c.info.numbers = {{"scale", 1.0f / std::sqrt(static_cast<float>(dim))}};
    HostTensor starts(ElementType::kInt32, {sequences + 1}), past(ElementType::kInt32, {sequences});
    int64_t longest = 1;
    for (int64_t b = 0; b < sequences; b++) {
      const int64_t before = below(3) == 0 ? 0 : below(150), fresh = coin() ? 1 : below(90);
      past.data<int32_t>()[b] = static_cast<int32_t>(before);
      starts.data<int32_t>()[b + 1] = starts.data<int32_t>()[b] + static_cast<int32_t>(fresh);
      longest = std::max(longest, before + fresh);
    }
    const int64_t tokens = starts.data<int32_t>()[sequences];
    const int64_t columns = (longest + block_tokens - 1) / block_tokens, blocks = sequences * columns;
    HostTensor table(ElementType::kInt32, {sequences, columns});
    for (int64_t i = 0; i < blocks; i++) table.data<int32_t>()[i] = static_cast<int32_t>(blocks - 1 - i);
    const int64_t bytes = layers * blocks * kv * cache_head_bytes(bits, dim, block_tokens);
    c.pool.resize(static_cast<size_t>(bytes) + 64);
    const int64_t address = (reinterpret_cast<int64_t>(c.pool.data()) + 63) / 64 * 64;
    for (int64_t i = 0; i < bytes; i += 2) {  // halves between -2 and 2, floats with an odd tail, or codes
      const uint16_t word = static_cast<uint16_t>(random_() & 0xbfff);
      std::memcpy(reinterpret_cast<char*>(address) + i, &word, 2);
    }
    HostTensor pool(ElementType::kInt64, {6});
    const int64_t description[6] = {address, bytes, layers, blocks, block_tokens, bits};
    std::memcpy(pool.data<int64_t>(), description, sizeof description);
    c.add(floats({tokens, (heads + 2 * kv) * dim}));
    c.add(std::move(pool));
    c.add(std::move(table));
    c.add(std::move(starts));
    c.add(std::move(past));
    if (coin()) {
      c.add(floats({longest, dim / 2}));
      c.add(floats({longest, dim / 2}));
    } else {
      c.leave_out();
      c.leave_out();
    }
    if (coin()) c.add(floats({heads}));
    return c;
  }

  Case norm() {
    Case c;
    const bool mean = coin();
    const int64_t width = up_to(200);
    c.op = mean ? "LayerNorm" : "RMSNorm";
    c.info.numbers = {{"epsilon", 1e-5f}};
    c.add(floats({below(20), width}));
    c.add(floats({width}));
    if (mean) c.add(floats({width}));
    return c;
  }

  Case activation() {
    Case c;
    c.op = coin() ? "Gelu" : "SiluMul";
    c.add(floats({below(20), 2 * up_to(100)}));
    for (size_t i = 0; i < c.tensors[0].count(); i++) c.tensors[0].data<float>()[i] *= static_cast<float>(1 << below(30));
    return c;
  }

  Case residual() {
    Case c;
    c.op = "Residual";
    const int64_t rows = below(20), width = up_to(200);
    c.add(floats({rows, width}));
    c.add(floats({rows, width}));
    if (coin()) c.add(floats({width}));
    return c;
  }

  int64_t odd_integer() {
    static constexpr int64_t kOdd[] = {0, -1, 1, 2, 7, 63, 64, 65, 1 << 20, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    return kOdd[below(static_cast<int64_t>(std::size(kOdd)))];
  }

  void spoil_attribute(Case& c) {
    for (auto& entry : c.info.integers) {
      if (coin()) {
        entry.second = odd_integer();
        return;
      }
    }
    for (auto& entry : c.info.lists) {
      if (coin()) entry.second[static_cast<size_t>(below(static_cast<int64_t>(entry.second.size())))] = odd_integer();
      else entry.second.resize(static_cast<size_t>(below(12)), 5);
    }
    if (coin()) c.info.numbers.clear();
    if (coin()) c.info.texts["layout"] = "columns";
  }

  /// A tensor of another shape or type, with exactly that much memory; or none.
  void spoil_shape(Case& c) {
    const size_t which = static_cast<size_t>(below(static_cast<int64_t>(c.inputs.size())));
    if (c.inputs[which] < 0) return;
    if (below(4) == 0) {
      c.inputs[which] = -1;
      return;
    }
    HostTensor& old = c.tensors[static_cast<size_t>(c.inputs[which])];
    std::vector<int64_t> dims = old.value().dims;
    ElementType type = old.value().type;
    const int64_t how = below(4);
    if (how == 0) {
      dims.push_back(1);
    } else if (how == 1) {
      dims.pop_back();
    } else if (how == 2) {
      int64_t& dim = dims[static_cast<size_t>(below(static_cast<int64_t>(dims.size())))];
      dim = dim > 0 && coin() ? dim - 1 : dim + 1;
    } else {
      type = type == ElementType::kFloat ? ElementType::kInt32 : ElementType::kFloat;
    }
    c.inputs[which] = static_cast<int>(c.tensors.size());
    c.tensors.push_back(HostTensor(type, dims));
  }

  /// One entry of an integer input; never the address of the cache, which cannot be checked.
  void spoil_integer(Case& c) {
    for (HostTensor& t : c.tensors) {
      if (t.value().type != ElementType::kInt32 && t.value().type != ElementType::kInt64) continue;
      if (t.count() == 0) continue;
      if (coin()) continue;
      size_t i = static_cast<size_t>(below(static_cast<int64_t>(t.count())));
      if (t.value().type == ElementType::kInt32) {
        t.data<int32_t>()[i] = static_cast<int32_t>(coin() ? odd_integer() : t.data<int32_t>()[i] + value() * 40);
      } else {
        if (c.op == "PagedAttention") i = static_cast<size_t>(up_to(5));
        t.data<int64_t>()[i] = odd_integer();
      }
      return;
    }
  }

  std::mt19937_64 random_;
};

uint64_t hash(const std::vector<float>& values, uint64_t seed) {
  for (float v : values) {
    uint32_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    seed = (seed ^ bits) * 0x100000001b3;
  }
  return seed;
}

struct Fuzz {
  std::vector<const char*> sets;
  uint64_t result = 0xcbf29ce484222325;
  int good = 0, refused = 0, computed = 0, wrong = 0;

  /// The outputs of every instruction set and thread count must be equal. Each run begins with the same cache.
  void run_good(const Case& c, int number) {
    std::vector<float> first;
    const std::vector<char> pool = c.pool;
    for (const char* set : sets) {
      belle_select_isa(set);
      for (int threads = 1; threads <= 2; threads++) {
        if (!pool.empty()) std::memcpy(const_cast<char*>(c.pool.data()), pool.data(), pool.size());
        HostOp op(c.op, c.info, threads);
        const std::vector<float> y = op.error.empty() ? op.run(c.values()) : std::vector<float>();
        const bool begin = set == sets[0] && threads == 1;
        if (begin) first = y;
        const bool same = y.size() == first.size() && (y.empty() || std::memcmp(y.data(), first.data(), y.size() * 4) == 0);
        if (!op.error.empty() || !same) {
          wrong++;
          std::printf("case %d: %s on %s with %d threads: %s\n", number, c.op.c_str(), set, threads,
                      op.error.empty() ? "other bits" : op.error.c_str());
        }
      }
    }
    result = hash(first, result);
    good++;
  }

  void run_spoilt(const Case& c) {
    belle_select_isa(sets[sets.size() - 1]);
    HostOp op(c.op, c.info, 2);
    if (op.error.empty()) op.run(c.values());
    (op.error.empty() ? computed : refused)++;
  }
};

const OrtApi* get_api(uint32_t) { return host::api(); }
const char* get_version() { return "1.29.0"; }

}  // namespace
}  // namespace belle

int main(int count, char** arguments) {
  using namespace belle;
  const int cases = count > 1 ? std::atoi(arguments[1]) : 400;
  const uint64_t seed = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1;
  const OrtApiBase base = {get_api, get_version};
  for (int threads = 1; threads <= 2; threads++) {
    OrtSessionOptions options = {threads};
    if (RegisterCustomOps(&options, &base) != nullptr) return 1;
  }
  Fuzz fuzz;
  for (const char* set : {"scalar", "avx2", "avx512", "vnni"}) {
    if (belle_select_isa(set) == 0) fuzz.sets.push_back(set);
  }
  Cases make(seed);
  for (int i = 0; i < cases; i++) {
    Case good = make.next();
    fuzz.run_good(good, i);
    Case spoilt = make.next();
    make.spoil(spoilt);
    fuzz.run_spoilt(spoilt);
  }
  for (const char* set : fuzz.sets) std::printf("%s ", set);
  std::printf(": %d good cases, %d with other bits; %d spoilt cases refused, %d computed; hash %016llx\n", fuzz.good,
              fuzz.wrong, fuzz.refused, fuzz.computed, static_cast<unsigned long long>(fuzz.result));
  return fuzz.wrong == 0 ? 0 : 1;
}
