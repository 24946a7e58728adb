// Lanes in plain C++: the reference spelling, and the one that other processors build. See lanes.h.
#pragma once
#include <cstring>

namespace belle {
namespace {

struct Lanes {
  float v[16];
};

/// Lanes whose lane i is `expression`.
#define BELLE_EACH_LANE(expression)                   \
  Lanes result;                                       \
  for (int i = 0; i < 16; i++) result.v[i] = (expression); \
  return result

BELLE_INLINE float float_of_bits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
BELLE_INLINE uint32_t bits_of_float(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Exact. A signalling NaN comes out quiet, as F16C has it.
BELLE_INLINE float widen(Half half) {
  const uint32_t sign = static_cast<uint32_t>(half.bits & 0x8000) << 16;
  const uint32_t exponent = half.bits >> 10 & 31, fraction = half.bits & 1023;
  if (exponent == 0) return float_of_bits(bits_of_float(static_cast<float>(fraction) * 0x1p-24f) | sign);
  if (exponent == 31) return float_of_bits(sign | 0x7f800000 | fraction << 13 | (fraction != 0 ? 0x400000 : 0));
  return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

/// To nearest, ties to even; too large becomes infinite.
BELLE_INLINE Half narrow(float value) {
  const uint32_t bits = bits_of_float(value);
  const uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  uint32_t half;
  if (magnitude > 0x7f800000) {
    half = 0x7e00 | (magnitude >> 13 & 0x3ff);
  } else if (magnitude >= 0x477ff000) {
    half = 0x7c00;
  } else if (magnitude < 0x38800000) {
    // Subnormal halves count units of 2^-24. Adding 1.5 * 2^23 leaves the rounded count in the low bits.
    half = bits_of_float(float_of_bits(magnitude) * 0x1p24f + 0x1.8p23f) & 0x7ff;
  } else {
    half = (magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000) >> 13;
  }
  return {static_cast<uint16_t>(sign | half)};
}

BELLE_INLINE Lanes load(const float* p) { BELLE_EACH_LANE(p[i]); }
BELLE_INLINE Lanes load(const Half* p) { BELLE_EACH_LANE(widen(p[i])); }
BELLE_INLINE Lanes load8(const float* p) { BELLE_EACH_LANE(i < 8 ? p[i] : 0.0f); }
BELLE_INLINE Lanes load8(const Half* p) { BELLE_EACH_LANE(i < 8 ? widen(p[i]) : 0.0f); }
BELLE_INLINE Lanes load(const uint8_t* p) { BELLE_EACH_LANE(static_cast<float>(p[i])); }
BELLE_INLINE Lanes load(const int8_t* p) { BELLE_EACH_LANE(static_cast<float>(p[i])); }
BELLE_INLINE Lanes load8(const int8_t* p) { BELLE_EACH_LANE(i < 8 ? static_cast<float>(p[i]) : 0.0f); }
BELLE_INLINE void store_bytes(int8_t* p, Lanes a) {
  for (int i = 0; i < 16; i++) p[i] = static_cast<int8_t>(a.v[i]);
}
BELLE_INLINE void store(float* p, Lanes a) {
  for (int i = 0; i < 16; i++) p[i] = a.v[i];
}
BELLE_INLINE void store(Half* p, Lanes a) {
  for (int i = 0; i < 16; i++) p[i] = narrow(a.v[i]);
}
BELLE_INLINE void store8(float* p, Lanes a) {
  for (int i = 0; i < 8; i++) p[i] = a.v[i];
}
BELLE_INLINE void store8(Half* p, Lanes a) {
  for (int i = 0; i < 8; i++) p[i] = narrow(a.v[i]);
}
BELLE_INLINE Lanes broadcast(float x) { BELLE_EACH_LANE(x); }
BELLE_INLINE Lanes add(Lanes a, Lanes b) { BELLE_EACH_LANE(a.v[i] + b.v[i]); }
BELLE_INLINE Lanes subtract(Lanes a, Lanes b) { BELLE_EACH_LANE(a.v[i] - b.v[i]); }
BELLE_INLINE Lanes multiply(Lanes a, Lanes b) { BELLE_EACH_LANE(a.v[i] * b.v[i]); }
BELLE_INLINE Lanes divide(Lanes a, Lanes b) { BELLE_EACH_LANE(a.v[i] / b.v[i]); }
BELLE_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) { BELLE_EACH_LANE(__builtin_fmaf(a.v[i], b.v[i], c.v[i])); }
BELLE_INLINE Lanes negated_fma(Lanes a, Lanes b, Lanes c) { BELLE_EACH_LANE(__builtin_fmaf(-a.v[i], b.v[i], c.v[i])); }
BELLE_INLINE Lanes greater(Lanes a, Lanes b) { BELLE_EACH_LANE(a.v[i] > b.v[i] ? a.v[i] : b.v[i]); }
BELLE_INLINE Lanes where_less(Lanes a, Lanes b, Lanes yes, Lanes no) {
  BELLE_EACH_LANE(a.v[i] < b.v[i] ? yes.v[i] : no.v[i]);
}
BELLE_INLINE float times_power(float a, float n) {
  // Outside of this range the caller replaces the result; only the conversion must be defined.
  const int exponent = n > -1024.0f && n < 1024.0f ? static_cast<int>(n) : 0;
  return float_of_bits(bits_of_float(a) + (static_cast<uint32_t>(exponent) << 23));
}
BELLE_INLINE Lanes times_power(Lanes a, Lanes n) { BELLE_EACH_LANE(times_power(a.v[i], n.v[i])); }

BELLE_INLINE float sum(Lanes a) {
  for (int n = 8; n > 0; n /= 2) {
    for (int i = 0; i < n; i++) a.v[i] = a.v[i] + a.v[i + n];
  }
  return a.v[0];
}
BELLE_INLINE float maximum(Lanes a) {
  for (int n = 8; n > 0; n /= 2) {
    for (int i = 0; i < n; i++) a.v[i] = a.v[i] > a.v[i + n] ? a.v[i] : a.v[i + n];
  }
  return a.v[0];
}

/// The weights of 16 outputs and 4 inputs.
struct Bytes {
  uint8_t v[64];
};
/// Four activations, for every lane.
struct Quad {
  int8_t v[4];
};

BELLE_INLINE Bytes load_bytes(const uint8_t* p) {
  Bytes bytes;
  std::memcpy(bytes.v, p, sizeof bytes.v);
  return bytes;
}
BELLE_INLINE Bytes low_nibbles(Bytes a) {
  for (int i = 0; i < 64; i++) a.v[i] &= 15;
  return a;
}
BELLE_INLINE Bytes high_nibbles(Bytes a) {
  for (int i = 0; i < 64; i++) a.v[i] >>= 4;
  return a;
}
BELLE_INLINE Quad load_quad(const int8_t* p) {
  Quad quad;
  std::memcpy(quad.v, p, sizeof quad.v);
  return quad;
}

constexpr bool kByNibbles = false;

struct Dots {
  int32_t v[16];

  BELLE_INLINE_MEMBER void clear() {
    for (int i = 0; i < 16; i++) v[i] = 0;
  }
  BELLE_INLINE_MEMBER void add(const Bytes& weights, Quad x) {
    for (int i = 0; i < 16; i++) {
      for (int j = 0; j < 4; j++) v[i] += weights.v[4 * i + j] * x.v[j];
    }
  }
  template <int TIMES>
  BELLE_INLINE_MEMBER void fold() {}
  BELLE_INLINE_MEMBER void join(const Dots& other) {
    for (int i = 0; i < 16; i++) v[i] += other.v[i];
  }
  BELLE_INLINE_MEMBER Lanes floats() const { BELLE_EACH_LANE(static_cast<float>(v[i])); }
};

BELLE_INLINE void prefetch(const void* p) { __builtin_prefetch(p); }
BELLE_INLINE float square_root(float x) { return __builtin_sqrtf(x); }

#undef BELLE_EACH_LANE

}  // namespace
}  // namespace belle
