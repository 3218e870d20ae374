// Vector types and elementary helpers.

#define LAB_INLINE static inline __attribute__((always_inline))

typedef float Four __attribute__((ext_vector_type(4)));
typedef float Vec __attribute__((ext_vector_type(LAB_LANES)));
typedef int32_t VecInt __attribute__((ext_vector_type(LAB_LANES)));
typedef uint8_t Bytes __attribute__((ext_vector_type(LAB_LANES)));

// Pixels in a vector, of four channels each.
enum { lanes = LAB_LANES, pixelsPerVector = LAB_LANES / 4 };

#if LAB_LANES == 8
#define LAB_LANE_INDICES {0, 1, 2, 3, 4, 5, 6, 7}
// Pixels one after the other.
#define LAB_JOIN(first, second) __builtin_shufflevector(first, second, 0, 1, 2, 3, 4, 5, 6, 7)
#define LAB_TWICE(four) LAB_JOIN(four, four)
// Of each four lanes, lane k in all.
#define LAB_SPREAD(v, k) __builtin_shufflevector(v, v, k, k, k, k, 4 + k, 4 + k, 4 + k, 4 + k)
// Of each four lanes of two vectors, the halves by single lanes and by pairs in turn.
#define LAB_LANES_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define LAB_LANES_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define LAB_PAIRS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define LAB_PAIRS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#else
#define LAB_LANE_INDICES {0, 1, 2, 3}
#define LAB_TWICE(four) (four)
#define LAB_SPREAD(v, k) __builtin_shufflevector(v, v, k, k, k, k)
#define LAB_LANES_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define LAB_LANES_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#define LAB_PAIRS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 4, 5)
#define LAB_PAIRS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 6, 7)
#endif

LAB_INLINE Vec load(const float *source) {
  Vec v;
  __builtin_memcpy(&v, source, sizeof v);
  return v;
}

LAB_INLINE Four loadFour(const float *source) {
  Four v;
  __builtin_memcpy(&v, source, sizeof v);
  return v;
}

LAB_INLINE void store(float *target, Vec v) { __builtin_memcpy(target, &v, sizeof v); }

LAB_INLINE void storeFour(float *target, Four v) { __builtin_memcpy(target, &v, sizeof v); }

// The larger operand; the second where either is a NaN.
LAB_INLINE Vec maximum(Vec a, Vec b) { return a > b ? a : b; }
// The smaller operand; the second where either is a NaN.
LAB_INLINE Vec minimum(Vec a, Vec b) { return a < b ? a : b; }

// The value between two; exactly the first at share 0.
LAB_INLINE Vec mix(Vec first, Vec second, Vec share) { return first + (second - first) * share; }
