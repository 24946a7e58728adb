// The ops that treat each row on its own: norms, activations, residual sum.
#include <cmath>

#include "ops/ops.h"

namespace belle {
namespace {

/// Below so many elements a second thread costs more than it saves.
constexpr int64_t kSharedElements = 16384;

/// Runs row(t) for each of `rows` rows of `width` elements, several rows to a claim.
template <class Row>
void each_row(const Call& call, int64_t rows, int64_t width, const Row& row) {
  const int64_t group = width >= kSharedElements ? 1 : kSharedElements / (width + 1) + 1;
  call.parallel((rows + group - 1) / group, rows * width >= 2 * kSharedElements, [&](int64_t item) {
    const int64_t end = (item + 1) * group < rows ? (item + 1) * group : rows;
    for (int64_t t = item * group; t < end; t++) row(t);
  });
}

float epsilon_attribute(const Attributes& attributes) {
  const float epsilon = attributes.number("epsilon");
  if (!(epsilon >= 0.0f && std::isfinite(epsilon))) {
    refuse("epsilon must be finite and at least 0, but is %g", static_cast<double>(epsilon));
  }
  return epsilon;
}

}  // namespace

RmsNorm::RmsNorm(const Attributes& attributes, const KernelTable& kernels)
    : kernels_(kernels), epsilon_(epsilon_attribute(attributes)) {}

void RmsNorm::compute(const Call& call) const {
  const Tensor input = call.input(0, "x");
  const float* x = input.floats({kAnySize, kAnySize});
  const int64_t rows = input.dim(0), width = input.dim(1);
  const float* w = call.input(1, "w").floats({width});
  float* y = call.output({rows, width});
  each_row(call, rows, width, [&](int64_t t) { kernels_.rms_norm(x + t * width, w, epsilon_, width, y + t * width); });
}

LayerNorm::LayerNorm(const Attributes& attributes, const KernelTable& kernels)
    : kernels_(kernels), epsilon_(epsilon_attribute(attributes)) {}

void LayerNorm::compute(const Call& call) const {
  const Tensor input = call.input(0, "x");
  const float* x = input.floats({kAnySize, kAnySize});
  const int64_t rows = input.dim(0), width = input.dim(1);
  const float* w = call.input(1, "w").floats({width});
  const float* b = call.input(2, "b").floats({width});
  float* y = call.output({rows, width});
  each_row(call, rows, width,
           [&](int64_t t) { kernels_.layer_norm(x + t * width, w, b, epsilon_, width, y + t * width); });
}

void Gelu::compute(const Call& call) const {
  const Tensor input = call.input(0, "x");
  const float* x = input.floats({kAnySize, kAnySize});
  const int64_t rows = input.dim(0), width = input.dim(1);
  float* y = call.output({rows, width});
  each_row(call, rows, width, [&](int64_t t) { kernels_.gelu(x + t * width, width, y + t * width); });
}

void SiluMul::compute(const Call& call) const {
  const Tensor input = call.input(0, "x");
  const float* x = input.floats({kAnySize, kAnySize});
  const int64_t rows = input.dim(0), width = input.dim(1) / 2;
  if (input.dim(1) % 2 != 0) {
    refuse("x must have an even number of columns (gates, then ups), but has %lld", static_cast<long long>(input.dim(1)));
  }
  float* y = call.output({rows, width});
  each_row(call, rows, width, [&](int64_t t) {
    const float* gate = x + t * 2 * width;
    kernels_.silu_mul(gate, gate + width, width, y + t * width);
  });
}

void Residual::compute(const Call& call) const {
  const Tensor input = call.input(0, "x");
  const float* x = input.floats({kAnySize, kAnySize});
  const int64_t rows = input.dim(0), width = input.dim(1);
  const float* delta = call.input(1, "delta").floats({rows, width});
  const Tensor bias_input = call.input(2, "bias");
  const float* bias = bias_input.present() ? bias_input.floats({width}) : nullptr;
  float* y = call.output({rows, width});
  each_row(call, rows, width,
           [&](int64_t t) { kernels_.residual(x + t * width, delta + t * width, bias, width, y + t * width); });
}

}  // namespace belle
