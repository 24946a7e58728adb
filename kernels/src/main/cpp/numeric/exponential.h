// e^x, and the two activations built on it.
#pragma once
#include "numeric/lanes.h"

namespace belle {
namespace {

/// e^x within 1e-7 of the true value, relatively. Zero below -87.3 (no subnormals), infinite above 88.7.
///
/// x = n ln 2 + r with |r| <= ln 2 / 2; e^r = 1 + r + r^2 q(r), where q interpolates (e^r - 1 - r) / r^2 at
/// the five Chebyshev points of that interval; then times 2^n.
BELLE_INLINE Lanes exponential(Lanes x) {
  const Lanes rounder = broadcast(0x1.8p23f);  // adding and subtracting it rounds to an integer, half to even
  const Lanes n = subtract(fma(x, broadcast(0x1.715476p0f), rounder), rounder);
  // ln 2 in two parts; the first has 15 bits, so that its product with n is exact.
  const Lanes r = negated_fma(n, broadcast(0x1.7f7d1cp-20f), negated_fma(n, broadcast(0x1.62e4p-1f), x));
  Lanes q = broadcast(0x1.6d110ap-10f);
  q = fma(q, r, broadcast(0x1.120b6ep-7f));
  q = fma(q, r, broadcast(0x1.55551ap-5f));
  q = fma(q, r, broadcast(0x1.5554dcp-3f));
  q = fma(q, r, broadcast(0.5f));
  const Lanes e = add(fma(multiply(r, r), q, r), broadcast(1.0f));
  const Lanes y = where_less(x, broadcast(-87.3f), broadcast(0.0f), times_power(e, n));
  return where_less(broadcast(88.7f), x, broadcast(__builtin_inff()), y);
}

/// x / (1 + e^-z): x times the logistic function of z.
BELLE_INLINE Lanes gated(Lanes x, Lanes z) {
  return divide(x, add(broadcast(1.0f), exponential(subtract(broadcast(0.0f), z))));
}

/// x sigmoid(x).
BELLE_INLINE Lanes silu_of(Lanes x) { return gated(x, x); }

/// BLOOM's GELU, x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3). As (1 + tanh u) / 2 is the
/// logistic function of 2u, no tanh is needed.
BELLE_INLINE Lanes gelu_of(Lanes x) {
  const Lanes cubic = multiply(multiply(x, x), x);
  return gated(x, multiply(fma(cubic, broadcast(0.044715f), x), broadcast(0x1.988454p0f)));
}

}  // namespace
}  // namespace belle
