// What the shared library exports: the registration that ONNX Runtime calls, and a few plain C functions.
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

#include "ops/ops.h"

#define BELLE_EXPORT extern "C" __attribute__((visibility("default")))

namespace belle {
namespace {

/// The option of a session that says how many threads compute it, the calling one counted; without it one does.
constexpr char kThreads[] = "belle.threads";

/// The ops for sessions of so many threads. They stay for the life of the process: sessions keep pointers into them.
struct Operators {
  OrtCustomOpDomain* domain = nullptr;
  std::vector<std::unique_ptr<SizedOp>> ops;

  Operators(const Api& api, int threads) {
    check(api, api.create_domain("belle", &domain));
    add<Embedding, MatMulF32, MatMulF16, MatMulQ<4>, MatMulQ<8>, PagedAttention, RmsNorm, LayerNorm, Gelu, SiluMul, Residual,
        AllReduce>(api, threads);
  }

 private:
  template <class... Ops>
  void add(const Api& api, int threads) {
    (ops.push_back(Adapter<Ops>::describe(threads)), ...);
    for (const auto& op : ops) check(api, api.domain_add(domain, op.get()));
  }
};

int threads_of(const Api& api, const OrtSessionOptions* options) {
  int has = 0;
  check(api, api.has_option(options, kThreads, &has));
  if (has == 0) return 1;
  char text[32] = {};
  size_t size = sizeof text;
  check(api, api.option(options, kThreads, text, &size));
  char* end = text;
  const int64_t threads = std::strtoll(text, &end, 10);
  if (*end != 0) refuse("%s must be a whole number, but is %s", kThreads, text);
  require_range(kThreads, threads, 1, Team::kMaxThreads);
  return static_cast<int>(threads);
}

void register_ops(const Api& api, OrtSessionOptions* options) {
  selected_kernels();  // a wrong BELLE_ISA is refused here, before any graph is read
  static std::mutex mutex;
  static auto& of_threads = *new std::map<int, Operators>;
  const std::lock_guard<std::mutex> lock(mutex);
  const int threads = threads_of(api, options);
  const Operators& operators = of_threads.try_emplace(threads, api, threads).first->second;
  check(api, api.options_add_domain(options, operators.domain));
}

}  // namespace
}  // namespace belle

BELLE_EXPORT belle::OrtStatus* RegisterCustomOps(belle::OrtSessionOptions* options, const belle::OrtApiBase* base) {
  using namespace belle;
  const OrtApi* table = base->get_api(kApiVersion);
  if (table == nullptr) {
    const std::string message = "belle ops need ONNX Runtime 1." + std::to_string(kApiVersion) +
                                " or newer, but this is " + base->version();
    return Api(base->get_api(1)).create_status(ErrorCode::kFail, message.c_str());
  }
  const Api api(table);
  return guarded(api, "register", [&] { register_ops(api, options); });
}

/// The instruction set in use; empty when BELLE_ISA names one that this machine lacks.
BELLE_EXPORT const char* belle_isa() {
  try {
    return belle::selected_kernels().name;
  } catch (const belle::Refusal&) {
    return "";
  }
}

/// Sessions opened from now on use the named instruction set. 0, or -1 when this machine lacks it.
BELLE_EXPORT int belle_select_isa(const char* name) {
  try {
    belle::select_kernels(name);
    return 0;
  } catch (const belle::Refusal&) {
    return -1;
  }
}

/// Reads n floats at memory speed. For benches.
BELLE_EXPORT float belle_read(const float* p, int64_t n) { return belle::selected_kernels().read_floats(p, n); }

/// Runs `rounds` of products of bytes in registers; returns the number of integer operations. For benches.
BELLE_EXPORT int64_t belle_dots(int64_t rounds) {
  float value = 0.0f;
  const int64_t operations = belle::selected_kernels().run_dots(rounds, &value);
  return value == 1.0f ? 0 : operations;
}

/// Runs `rounds` of FMAs in registers; returns the number of floating-point operations. For benches.
BELLE_EXPORT int64_t belle_fmas(int64_t rounds) {
  float value = 1.0f;
  const int64_t operations = belle::selected_kernels().run_fmas(rounds, &value);
  return value == 0.0f ? 0 : operations;
}

/// One rank's part in `times` sums of `total` floats, and how long each took, in microseconds. 0, or -1 when `collective` is refused.
/// For benches.
BELLE_EXPORT int belle_all_reduces(const int64_t* collective, const float* x, int64_t total, float* y, int64_t times, double* micros) {
  using Clock = std::chrono::steady_clock;
  try {
    for (int64_t i = 0; i < times; i++) {
      const Clock::time_point begin = Clock::now();
      belle::all_reduce(belle::selected_kernels(), collective, x, total, y);
      micros[i] = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    }
    return 0;
  } catch (const belle::Refusal&) {
    return -1;
  }
}
