// The AVX-512 intrinsics that lanes_avx512.h uses, spelled with AVX2, so that the AVX-512 source can be
// proved on a machine without it. Included before that source by -include; never part of the product.
#pragma once
#include <immintrin.h>

namespace emulated {

struct Floats {
  __m256 low, high;
};
struct Integers {
  __m256i low, high;
};
struct Doubles {
  __m256d low, high;
};
struct Mask {
  __m256 low, high;
};

template <class Function>
static inline Floats both(Floats a, Floats b, const Function& f) {
  return {f(a.low, b.low), f(a.high, b.high)};
}

static inline Floats loadu_ps(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
static inline void storeu_ps(float* p, Floats a) {
  _mm256_storeu_ps(p, a.low);
  _mm256_storeu_ps(p + 8, a.high);
}
static inline Floats cvtph_ps(__m256i a) {
  return {_mm256_cvtph_ps(_mm256_castsi256_si128(a)), _mm256_cvtph_ps(_mm256_extracti128_si256(a, 1))};
}
static inline __m256i cvtps_ph(Floats a) {
  return _mm256_set_m128i(_mm256_cvtps_ph(a.high, _MM_FROUND_TO_NEAREST_INT),
                          _mm256_cvtps_ph(a.low, _MM_FROUND_TO_NEAREST_INT));
}
static inline Floats zextps256_ps512(__m256 a) { return {a, _mm256_setzero_ps()}; }
static inline __m256 castps512_ps256(Floats a) { return a.low; }
static inline Floats set1_ps(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
static inline Floats add_ps(Floats a, Floats b) {
  return both(a, b, [](__m256 x, __m256 y) { return _mm256_add_ps(x, y); });
}
static inline Floats sub_ps(Floats a, Floats b) {
  return both(a, b, [](__m256 x, __m256 y) { return _mm256_sub_ps(x, y); });
}
static inline Floats mul_ps(Floats a, Floats b) {
  return both(a, b, [](__m256 x, __m256 y) { return _mm256_mul_ps(x, y); });
}
static inline Floats div_ps(Floats a, Floats b) {
  return both(a, b, [](__m256 x, __m256 y) { return _mm256_div_ps(x, y); });
}
static inline Floats max_ps(Floats a, Floats b) {
  return both(a, b, [](__m256 x, __m256 y) { return _mm256_max_ps(x, y); });
}
static inline Floats fmadd_ps(Floats a, Floats b, Floats c) {
  return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
static inline Floats fnmadd_ps(Floats a, Floats b, Floats c) {
  return {_mm256_fnmadd_ps(a.low, b.low, c.low), _mm256_fnmadd_ps(a.high, b.high, c.high)};
}
static inline Mask cmp_lt(Floats a, Floats b) {
  return {_mm256_cmp_ps(a.low, b.low, _CMP_LT_OQ), _mm256_cmp_ps(a.high, b.high, _CMP_LT_OQ)};
}
static inline Floats mask_blend_ps(Mask mask, Floats no, Floats yes) {
  return {_mm256_blendv_ps(no.low, yes.low, mask.low), _mm256_blendv_ps(no.high, yes.high, mask.high)};
}
static inline Integers cvtps_epi32(Floats a) { return {_mm256_cvtps_epi32(a.low), _mm256_cvtps_epi32(a.high)}; }
static inline Integers slli_epi32(Integers a, int bits) {
  return {_mm256_slli_epi32(a.low, bits), _mm256_slli_epi32(a.high, bits)};
}
static inline Integers add_epi32(Integers a, Integers b) {
  return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
}
static inline Integers castps_si512(Floats a) { return {_mm256_castps_si256(a.low), _mm256_castps_si256(a.high)}; }
static inline Floats castsi512_ps(Integers a) { return {_mm256_castsi256_ps(a.low), _mm256_castsi256_ps(a.high)}; }
static inline Doubles castps_pd(Floats a) { return {_mm256_castps_pd(a.low), _mm256_castps_pd(a.high)}; }
static inline __m256d extractf64x4_pd(Doubles a, int half) { return half == 0 ? a.low : a.high; }

static inline Integers loadu_si512(const void* p) {
  const __m256i* halves = static_cast<const __m256i*>(p);
  return {_mm256_loadu_si256(halves), _mm256_loadu_si256(halves + 1)};
}
template <class Function>
static inline Integers both(Integers a, Integers b, const Function& f) {
  return {f(a.low, b.low), f(a.high, b.high)};
}
static inline Integers and_si512(Integers a, Integers b) {
  return both(a, b, [](__m256i x, __m256i y) { return _mm256_and_si256(x, y); });
}
static inline Integers add_epi16(Integers a, Integers b) {
  return both(a, b, [](__m256i x, __m256i y) { return _mm256_add_epi16(x, y); });
}
static inline Integers maddubs_epi16(Integers a, Integers b) {
  return both(a, b, [](__m256i x, __m256i y) { return _mm256_maddubs_epi16(x, y); });
}
static inline Integers madd_epi16(Integers a, Integers b) {
  return both(a, b, [](__m256i x, __m256i y) { return _mm256_madd_epi16(x, y); });
}
static inline Integers srli_epi16(Integers a, int bits) {
  return {_mm256_srli_epi16(a.low, bits), _mm256_srli_epi16(a.high, bits)};
}
static inline Integers set1_epi8(char x) { return {_mm256_set1_epi8(x), _mm256_set1_epi8(x)}; }
static inline Integers set1_epi16(short x) { return {_mm256_set1_epi16(x), _mm256_set1_epi16(x)}; }
static inline Integers set1_epi32(int x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
static inline Integers setzero_si512() { return set1_epi32(0); }
static inline Floats cvtepi32_ps(Integers a) { return {_mm256_cvtepi32_ps(a.low), _mm256_cvtepi32_ps(a.high)}; }
static inline Integers cvtepu8_epi32(__m128i a) {
  return {_mm256_cvtepu8_epi32(a), _mm256_cvtepu8_epi32(_mm_srli_si128(a, 8))};
}
static inline Integers cvtepi8_epi32(__m128i a) {
  return {_mm256_cvtepi8_epi32(a), _mm256_cvtepi8_epi32(_mm_srli_si128(a, 8))};
}
static inline __m128i cvtepi32_epi8(Integers a) {
  alignas(32) int values[16];
  _mm256_store_si256(reinterpret_cast<__m256i*>(values), a.low);
  _mm256_store_si256(reinterpret_cast<__m256i*>(values + 8), a.high);
  alignas(16) char bytes[16];
  for (int i = 0; i < 16; i++) bytes[i] = static_cast<char>(values[i]);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(bytes));
}

}  // namespace emulated

#define __m512 emulated::Floats
#define __m512i emulated::Integers
#define _mm512_loadu_ps emulated::loadu_ps
#define _mm512_storeu_ps emulated::storeu_ps
#define _mm512_cvtph_ps emulated::cvtph_ps
#define _mm512_cvtps_ph(a, rounding) emulated::cvtps_ph(a)
#define _mm512_zextps256_ps512 emulated::zextps256_ps512
#define _mm512_castps512_ps256 emulated::castps512_ps256
#define _mm512_set1_ps emulated::set1_ps
#define _mm512_add_ps emulated::add_ps
#define _mm512_sub_ps emulated::sub_ps
#define _mm512_mul_ps emulated::mul_ps
#define _mm512_div_ps emulated::div_ps
#define _mm512_max_ps emulated::max_ps
#define _mm512_fmadd_ps emulated::fmadd_ps
#define _mm512_fnmadd_ps emulated::fnmadd_ps
#define _mm512_cmp_ps_mask(a, b, comparison) emulated::cmp_lt(a, b)
#define _mm512_mask_blend_ps emulated::mask_blend_ps
#define _mm512_cvtps_epi32 emulated::cvtps_epi32
#define _mm512_slli_epi32 emulated::slli_epi32
#define _mm512_add_epi32 emulated::add_epi32
#define _mm512_loadu_si512 emulated::loadu_si512
#define _mm512_and_si512 emulated::and_si512
#define _mm512_add_epi16 emulated::add_epi16
#define _mm512_maddubs_epi16 emulated::maddubs_epi16
#define _mm512_madd_epi16 emulated::madd_epi16
#define _mm512_srli_epi16 emulated::srli_epi16
#define _mm512_set1_epi8 emulated::set1_epi8
#define _mm512_set1_epi16 emulated::set1_epi16
#define _mm512_set1_epi32 emulated::set1_epi32
#define _mm512_setzero_si512 emulated::setzero_si512
#define _mm512_cvtepi32_ps emulated::cvtepi32_ps
#define _mm512_cvtepu8_epi32 emulated::cvtepu8_epi32
#define _mm512_cvtepi8_epi32 emulated::cvtepi8_epi32
#define _mm512_cvtepi32_epi8 emulated::cvtepi32_epi8
#define _mm512_castps_si512 emulated::castps_si512
#define _mm512_castsi512_ps emulated::castsi512_ps
#define _mm512_castps_pd emulated::castps_pd
#define _mm512_extractf64x4_pd emulated::extractf64x4_pd
