// Lanes as one AVX-512 register; products of bytes with VNNI where BELLE_LANES_VNNI is defined. See lanes.h.
#pragma once
#include <immintrin.h>

namespace belle {
namespace {

struct Lanes {
  __m512 v;
};

BELLE_INLINE Lanes load(const float* p) { return {_mm512_loadu_ps(p)}; }
BELLE_INLINE Lanes load(const Half* p) {
  return {_mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
BELLE_INLINE Lanes load8(const float* p) { return {_mm512_zextps256_ps512(_mm256_loadu_ps(p))}; }
BELLE_INLINE Lanes load8(const Half* p) {
  return {_mm512_zextps256_ps512(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
}
BELLE_INLINE Lanes load(const uint8_t* p) {
  return {_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
}
BELLE_INLINE Lanes load(const int8_t* p) {
  return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))))};
}
BELLE_INLINE Lanes load8(const int8_t* p) {
  return {_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))))};
}
BELLE_INLINE void store_bytes(int8_t* p, Lanes a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(a.v)));
}
BELLE_INLINE void store(float* p, Lanes a) { _mm512_storeu_ps(p, a.v); }
BELLE_INLINE void store(Half* p, Lanes a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(a.v, _MM_FROUND_TO_NEAREST_INT));
}
BELLE_INLINE void store8(float* p, Lanes a) { _mm256_storeu_ps(p, _mm512_castps512_ps256(a.v)); }
BELLE_INLINE void store8(Half* p, Lanes a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                   _mm256_cvtps_ph(_mm512_castps512_ps256(a.v), _MM_FROUND_TO_NEAREST_INT));
}
BELLE_INLINE Lanes broadcast(float x) { return {_mm512_set1_ps(x)}; }
BELLE_INLINE Lanes add(Lanes a, Lanes b) { return {_mm512_add_ps(a.v, b.v)}; }
BELLE_INLINE Lanes subtract(Lanes a, Lanes b) { return {_mm512_sub_ps(a.v, b.v)}; }
BELLE_INLINE Lanes multiply(Lanes a, Lanes b) { return {_mm512_mul_ps(a.v, b.v)}; }
BELLE_INLINE Lanes divide(Lanes a, Lanes b) { return {_mm512_div_ps(a.v, b.v)}; }
BELLE_INLINE Lanes fma(Lanes a, Lanes b, Lanes c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
BELLE_INLINE Lanes negated_fma(Lanes a, Lanes b, Lanes c) { return {_mm512_fnmadd_ps(a.v, b.v, c.v)}; }
BELLE_INLINE Lanes greater(Lanes a, Lanes b) { return {_mm512_max_ps(a.v, b.v)}; }
BELLE_INLINE Lanes where_less(Lanes a, Lanes b, Lanes yes, Lanes no) {
  return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), no.v, yes.v)};
}
BELLE_INLINE Lanes times_power(Lanes a, Lanes n) {
  const __m512i exponent = _mm512_slli_epi32(_mm512_cvtps_epi32(n.v), 23);
  return {_mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a.v), exponent))};
}

BELLE_INLINE float sum(Lanes a) {
  const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a.v), 1));
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a.v), high);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
BELLE_INLINE float maximum(Lanes a) {
  const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(a.v), 1));
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(a.v), high);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/// The weights of 16 outputs and 4 inputs.
struct Bytes {
  __m512i v;
};
/// Four activations, for every lane.
using Quad = __m512i;

BELLE_INLINE Bytes load_bytes(const uint8_t* p) { return {_mm512_loadu_si512(p)}; }
BELLE_INLINE Bytes low_nibbles(Bytes a) { return {_mm512_and_si512(a.v, _mm512_set1_epi8(15))}; }
BELLE_INLINE Bytes high_nibbles(Bytes a) { return low_nibbles(Bytes{_mm512_srli_epi16(a.v, 4)}); }
BELLE_INLINE Quad load_quad(const int8_t* p) {
  int32_t quad;
  __builtin_memcpy(&quad, p, sizeof quad);
  return _mm512_set1_epi32(quad);
}

#if defined(BELLE_LANES_VNNI)
constexpr bool kByNibbles = false;

struct Dots {
  __m512i v;

  BELLE_INLINE_MEMBER void clear() { v = _mm512_setzero_si512(); }
  BELLE_INLINE_MEMBER void add(Bytes weights, Quad x) { v = _mm512_dpbusd_epi32(v, weights.v, x); }
  template <int TIMES>
  BELLE_INLINE_MEMBER void fold() {}
  BELLE_INLINE_MEMBER void join(Dots other) { v = _mm512_add_epi32(v, other.v); }
  BELLE_INLINE_MEMBER Lanes floats() const { return {_mm512_cvtepi32_ps(v)}; }
};
#else
constexpr bool kByNibbles = true;

/// Two products of a nibble and an int8 are at most 3,810, so sixteen bits hold eight such sums.
struct Dots {
  __m512i v, v16;

  BELLE_INLINE_MEMBER void clear() { v = v16 = _mm512_setzero_si512(); }
  BELLE_INLINE_MEMBER void add(Bytes weights, Quad x) {
    v16 = _mm512_add_epi16(v16, _mm512_maddubs_epi16(weights.v, x));
    BELLE_IN_THIS_ORDER(v16);
  }
  template <int TIMES>
  BELLE_INLINE_MEMBER void fold() {
    v = _mm512_add_epi32(v, _mm512_madd_epi16(v16, _mm512_set1_epi16(TIMES)));
    v16 = _mm512_setzero_si512();
  }
  BELLE_INLINE_MEMBER void join(Dots other) { v = _mm512_add_epi32(v, other.v); }
  BELLE_INLINE_MEMBER Lanes floats() const { return {_mm512_cvtepi32_ps(v)}; }
};
#endif

BELLE_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }
BELLE_INLINE float square_root(float x) { return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x))); }

}  // namespace
}  // namespace belle
