// Lanes as two AVX registers, with FMA and F16C. See lanes.h.
#pragma once
#include <immintrin.h>

namespace belle {
namespace {

struct Lanes {
  __m256 low, high;
};

BELLE_INLINE __m256 widen(const Half* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
BELLE_INLINE void narrow(Half* p, __m256 a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT));
}

BELLE_INLINE Lanes load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
BELLE_INLINE Lanes load(const Half* p) { return {widen(p), widen(p + 8)}; }
BELLE_INLINE Lanes load8(const float* p) { return {_mm256_loadu_ps(p), _mm256_setzero_ps()}; }
BELLE_INLINE Lanes load8(const Half* p) { return {widen(p), _mm256_setzero_ps()}; }
BELLE_INLINE __m256 widen(const uint8_t* p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
BELLE_INLINE Lanes load(const uint8_t* p) { return {widen(p), widen(p + 8)}; }
BELLE_INLINE __m256 widen(const int8_t* p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
BELLE_INLINE Lanes load(const int8_t* p) { return {widen(p), widen(p + 8)}; }
BELLE_INLINE Lanes load8(const int8_t* p) { return {widen(p), _mm256_setzero_ps()}; }
BELLE_INLINE void store_bytes(int8_t* p, Lanes a) {
  const __m256i words = _mm256_permute4x64_epi64(
      _mm256_packs_epi32(_mm256_cvtps_epi32(a.low), _mm256_cvtps_epi32(a.high)), 0xd8);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                   _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
}
BELLE_INLINE void store(float* p, Lanes a) {
  _mm256_storeu_ps(p, a.low);
  _mm256_storeu_ps(p + 8, a.high);
}
BELLE_INLINE void store(Half* p, Lanes a) {
  narrow(p, a.low);
  narrow(p + 8, a.high);
}
BELLE_INLINE void store8(float* p, Lanes a) { _mm256_storeu_ps(p, a.low); }
BELLE_INLINE void store8(Half* p, Lanes a) { narrow(p, a.low); }
BELLE_INLINE Lanes broadcast(float x) {
  const __m256 v = _mm256_set1_ps(x);
  return {v, v};
}
BELLE_INLINE Lanes add(Lanes a, Lanes b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
BELLE_INLINE Lanes subtract(Lanes a, Lanes b) { return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
BELLE_INLINE Lanes multiply(Lanes a, Lanes b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
BELLE_INLINE Lanes divide(Lanes a, Lanes b) { return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)}; }
BELLE_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
BELLE_INLINE Lanes negated_fma(Lanes a, Lanes b, Lanes c) {
  return {_mm256_fnmadd_ps(a.low, b.low, c.low), _mm256_fnmadd_ps(a.high, b.high, c.high)};
}
BELLE_INLINE Lanes greater(Lanes a, Lanes b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
BELLE_INLINE Lanes where_less(Lanes a, Lanes b, Lanes yes, Lanes no) {
  return {_mm256_blendv_ps(no.low, yes.low, _mm256_cmp_ps(a.low, b.low, _CMP_LT_OQ)),
          _mm256_blendv_ps(no.high, yes.high, _mm256_cmp_ps(a.high, b.high, _CMP_LT_OQ))};
}
BELLE_INLINE __m256 times_power(__m256 a, __m256 n) {
  const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(a), exponent));
}
BELLE_INLINE Lanes times_power(Lanes a, Lanes n) { return {times_power(a.low, n.low), times_power(a.high, n.high)}; }

BELLE_INLINE float sum(Lanes a) {
  const __m256 eight = _mm256_add_ps(a.low, a.high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
BELLE_INLINE float maximum(Lanes a) {
  const __m256 eight = _mm256_max_ps(a.low, a.high);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/// The weights of 16 outputs and 4 inputs.
struct Bytes {
  __m256i low, high;
};
/// Four activations, for every lane.
using Quad = __m256i;

BELLE_INLINE Bytes load_bytes(const uint8_t* p) {
  return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)),
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32))};
}
BELLE_INLINE __m256i low_nibbles(__m256i a) { return _mm256_and_si256(a, _mm256_set1_epi8(15)); }
BELLE_INLINE Bytes low_nibbles(Bytes a) { return {low_nibbles(a.low), low_nibbles(a.high)}; }
BELLE_INLINE Bytes high_nibbles(Bytes a) {
  return {low_nibbles(_mm256_srli_epi16(a.low, 4)), low_nibbles(_mm256_srli_epi16(a.high, 4))};
}
BELLE_INLINE Quad load_quad(const int8_t* p) {
  int32_t quad;
  __builtin_memcpy(&quad, p, sizeof quad);
  return _mm256_set1_epi32(quad);
}

constexpr bool kByNibbles = true;

/// Two products of a nibble and an int8 are at most 3,810, so sixteen bits hold eight such sums.
struct Dots {
  __m256i low, high, low16, high16;

  BELLE_INLINE_MEMBER void clear() { low = high = low16 = high16 = _mm256_setzero_si256(); }
  BELLE_INLINE_MEMBER void add(Bytes weights, Quad x) {
    low16 = _mm256_add_epi16(low16, _mm256_maddubs_epi16(weights.low, x));
    high16 = _mm256_add_epi16(high16, _mm256_maddubs_epi16(weights.high, x));
    BELLE_IN_THIS_ORDER(low16);
    BELLE_IN_THIS_ORDER(high16);
  }
  template <int TIMES>
  BELLE_INLINE_MEMBER void fold() {
    const __m256i times = _mm256_set1_epi16(TIMES);
    low = _mm256_add_epi32(low, _mm256_madd_epi16(low16, times));
    high = _mm256_add_epi32(high, _mm256_madd_epi16(high16, times));
    low16 = high16 = _mm256_setzero_si256();
  }
  BELLE_INLINE_MEMBER void join(Dots other) {
    low = _mm256_add_epi32(low, other.low);
    high = _mm256_add_epi32(high, other.high);
  }
  BELLE_INLINE_MEMBER Lanes floats() const { return {_mm256_cvtepi32_ps(low), _mm256_cvtepi32_ps(high)}; }
};

BELLE_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
BELLE_INLINE float square_root(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }

}  // namespace
}  // namespace belle
