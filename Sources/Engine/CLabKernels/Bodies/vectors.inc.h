// Vector types and elementary helpers.
//
// The files of this folder are bodies: each instruction set's translation unit defines LAB_BLOCK, the lanes of a vector
// and channels of a block, and includes all of them under its target attribute.

#define LAB_INLINE static inline __attribute__((always_inline))
// Before a loop of known length over an array of vectors: unrolled in full, the array becomes registers. The compiler does
// so by itself for short bodies only.
#define LAB_UNROLLED _Pragma("clang loop unroll(full)")

typedef float Vec __attribute__((ext_vector_type(LAB_BLOCK)));
typedef int32_t VecInt __attribute__((ext_vector_type(LAB_BLOCK)));
typedef uint32_t VecBits __attribute__((ext_vector_type(LAB_BLOCK)));
typedef double VecDouble __attribute__((ext_vector_type(LAB_BLOCK)));

// Independent accumulators of a loop: enough to hide the latency of an addition, few enough to stay in registers.
enum { lanes = LAB_BLOCK, streams = LAB_BLOCK == 16 ? 4 : 2 };

// Longest run of pixels or elements that is summed in single precision before the sum moves on to a wider one.
enum { longestSpan = 1024 };

#if LAB_BLOCK == 16
#define LAB_INTERLEAVE_LOW(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define LAB_INTERLEAVE_HIGH(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define LAB_LANE_INDICES {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
#else
#define LAB_INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define LAB_INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define LAB_LANE_INDICES {0, 1, 2, 3, 4, 5, 6, 7}
#endif

LAB_INLINE LabInt smaller(LabInt a, LabInt b) { return a < b ? a : b; }
LAB_INLINE LabInt larger(LabInt a, LabInt b) { return a > b ? a : b; }

LAB_INLINE Vec load(const float *source) {
  Vec v;
  __builtin_memcpy(&v, source, sizeof v);
  return v;
}

LAB_INLINE void store(float *target, Vec v) { __builtin_memcpy(target, &v, sizeof v); }

// Stores past the caches, whose lines need not be read before; the target is aligned to a vector.
LAB_INLINE void storePast(float *target, Vec v) { __builtin_nontemporal_store(v, (Vec *)target); }

// What went past the caches is ordered by a fence only.
LAB_INLINE void fenceStores(bool passesCache) {
  if (passesCache) __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

// All bits set in the first `count` lanes.
LAB_INLINE VecInt firstLanes(LabInt count) {
  const VecInt indices = LAB_LANE_INDICES;
  return indices < (int32_t)count;
}

// The first `count` elements, and `fill` in the other lanes. A constant count of all lanes is an ordinary load.
LAB_INLINE Vec loadFirstOr(const float *source, LabInt count, float fill) {
  if (count == lanes) return load(source);
#ifdef LAB_MASKED_LOAD
  return LAB_MASKED_LOAD(source, count, fill);
#else
  float values[LAB_BLOCK];
  for (LabInt lane = 0; lane < lanes; lane++) values[lane] = lane < count ? source[lane] : fill;
  return load(values);
#endif
}

LAB_INLINE Vec loadFirst(const float *source, LabInt count) { return loadFirstOr(source, count, 0); }

LAB_INLINE void storeFirst(float *target, LabInt count, Vec v) {
  if (count == lanes) {
    store(target, v);
    return;
  }
#ifdef LAB_MASKED_STORE
  LAB_MASKED_STORE(target, count, v);
#else
  float values[LAB_BLOCK];
  store(values, v);
  for (LabInt lane = 0; lane < count; lane++) target[lane] = values[lane];
#endif
}

// Runs step(index, live lanes, …) over `count` elements: whole vectors with a constant lane count, then the rest.
#define LAB_SWEEP(count, step, ...)                                          \
  do {                                                                       \
    const LabInt sweepCount = (count);                                       \
    LabInt sweepIndex = 0;                                                   \
    _Pragma("clang loop unroll_count(4)")                                    \
    for (; sweepIndex + lanes <= sweepCount; sweepIndex += lanes) {          \
      step(sweepIndex, lanes, __VA_ARGS__);                                  \
    }                                                                        \
    if (sweepIndex < sweepCount) step(sweepIndex, sweepCount - sweepIndex, __VA_ARGS__); \
  } while (0)

// The larger operand; a NaN in `b` wins.
LAB_INLINE Vec maximum(Vec a, Vec b) { return a > b ? a : b; }
// The smaller operand; a NaN in `b` wins.
LAB_INLINE Vec minimum(Vec a, Vec b) { return a < b ? a : b; }
// The larger operand; a NaN in either wins.
LAB_INLINE Vec maximumOrNaN(Vec a, Vec b) { return ((a > b) | (a != a)) ? a : b; }

LAB_INLINE Vec masked(Vec v, VecInt mask) { return (Vec)((VecInt)v & mask); }

// All bits set in those lanes of a channel block that hold channels.
LAB_INLINE VecInt liveLanes(LabInt channels, LabInt block) {
  return firstLanes(smaller(channels - block * lanes, lanes));
}

// One block's vector of a table [blocks·block], with zeros beyond the channels, or `absent` where there is no table.
LAB_INLINE Vec channelVector(const float *table, LabInt block, VecInt live, float absent) {
  return table ? masked(load(table + block * lanes), live) : (Vec)absent;
}

LAB_INLINE VecDouble loadDoubles(const double *source) {
  VecDouble v;
  __builtin_memcpy(&v, source, sizeof v);
  return v;
}

LAB_INLINE void addToDoubles(double *sums, Vec v) {
  const VecDouble total = loadDoubles(sums) + __builtin_convertvector(v, VecDouble);
  __builtin_memcpy(sums, &total, sizeof total);
}

// Halves are folded until one lane is left.
#if LAB_BLOCK == 16
#define LAB_EIGHT_LANES(v, fold) fold((v).lo, (v).hi)
#else
#define LAB_EIGHT_LANES(v, fold) (v)
#endif

typedef double FourDoubles __attribute__((ext_vector_type(4)));
typedef double EightDoubles __attribute__((ext_vector_type(8)));

LAB_INLINE double sumOfDoubles(VecDouble v) {
#define LAB_FOLD(a, b) ((a) + (b))
  const EightDoubles eight = LAB_EIGHT_LANES(v, LAB_FOLD);
#undef LAB_FOLD
  const FourDoubles four = eight.lo + eight.hi;
  return (four.x + four.z) + (four.y + four.w);
}

LAB_INLINE double sumOfLanes(Vec v) { return sumOfDoubles(__builtin_convertvector(v, VecDouble)); }

LAB_INLINE Vec sumOfStreams(const Vec sums[streams]) {
  return streams == 4 ? (sums[0] + sums[1]) + (sums[2] + sums[3]) : sums[0] + sums[1];
}

// Floats before a plane of a blocked activation.
LAB_INLINE LabInt planeOffset(LabExtent extent, LabInt sample, LabInt block) {
  return (sample * extent.blocks + block) * extent.pixels * lanes;
}
