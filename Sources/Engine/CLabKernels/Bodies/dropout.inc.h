// Dropout with counter-based random numbers: Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011, many counters side by side.

typedef struct {
  VecBits words[4];
} PhiloxBlock;

typedef uint64_t LanePairs __attribute__((ext_vector_type(LAB_BLOCK / 2)));

// The high words of 64-bit products. Even and odd lanes are multiplied apart, as pairs of lanes, without widening.
LAB_INLINE VecBits highProduct(VecBits v, uint32_t factor) {
  const LanePairs lowHalf = (LanePairs)0xffffffffu;
  const LanePairs pairs = (LanePairs)v;
  const LanePairs even = (pairs & lowHalf) * factor, odd = (pairs >> 32) * factor;
  return (VecBits)((even >> 32) | (odd & ~lowHalf));
}

LAB_INLINE PhiloxBlock philox(PhiloxBlock counter, uint32_t key0, uint32_t key1) {
  VecBits *c = counter.words;
  for (int round = 0; round < 10; round++) {
    const uint32_t factor0 = 0xd2511f53u, factor1 = 0xcd9e8d57u;
    const VecBits high0 = highProduct(c[0], factor0), high1 = highProduct(c[2], factor1);
    const VecBits low0 = c[0] * factor0, low1 = c[2] * factor1;
    c[0] = high1 ^ c[1] ^ key0;
    c[1] = low1;
    c[2] = high0 ^ c[3] ^ key1;
    c[3] = low0;
    key0 += 0x9e3779b9u;
    key1 += 0xbb67ae85u;
  }
  return counter;
}

// Whether to keep the elements 4·firstCounter …, as all-ones lanes: element e has word e % 4 of counter e / 4.
LAB_INLINE void keptLanes(uint64_t firstCounter, float rate, uint32_t key0, uint32_t key1, uint32_t step,
                          VecInt kept[4]) {
  const VecBits indices = LAB_LANE_INDICES;
  const VecBits low = (uint32_t)firstCounter + indices;
  // A lane whose low word has wrapped around is one further in the high word.
  const VecBits high = (uint32_t)(firstCounter >> 32) - (VecBits)(low < (uint32_t)firstCounter);
  const PhiloxBlock block = philox((PhiloxBlock){{low, high, (VecBits)step, (VecBits)0}}, key0, key1);
  VecInt words[4];
  for (int word = 0; word < 4; word++) {
    const Vec uniform = __builtin_convertvector(block.words[word] >> 8, Vec) * 0x1p-24f;
    words[word] = uniform >= rate;
  }
  const VecInt even[2] = {LAB_INTERLEAVE_LOW(words[0], words[2]), LAB_INTERLEAVE_HIGH(words[0], words[2])};
  const VecInt odd[2] = {LAB_INTERLEAVE_LOW(words[1], words[3]), LAB_INTERLEAVE_HIGH(words[1], words[3])};
  for (int half = 0; half < 2; half++) {
    kept[2 * half] = LAB_INTERLEAVE_LOW(even[half], odd[half]);
    kept[2 * half + 1] = LAB_INTERLEAVE_HIGH(even[half], odd[half]);
  }
}

static void dropout(LabInt count, float rate, uint32_t key0, uint32_t key1, uint32_t step, LabInt firstIndex,
                    const float *x, float *y) {
  const float scale = 1.0f / (1.0f - rate);
  const LabInt lead = firstIndex % 4;  // elements of the first counter that belong to an earlier chunk
  for (LabInt start = -lead; start < count; start += 4 * lanes) {
    VecInt kept[4];
    keptLanes((uint64_t)(firstIndex + start) / 4, rate, key0, key1, step, kept);
    if (start >= 0 && start + 4 * lanes <= count) {
      for (int word = 0; word < 4; word++) {
        const LabInt i = start + word * lanes;
        store(y + i, masked(load(x + i) * scale, kept[word]));
      }
    } else {
      int32_t keeps[4 * LAB_BLOCK];
      __builtin_memcpy(keeps, kept, sizeof keeps);
      for (LabInt i = larger(start, 0); i < smaller(start + 4 * lanes, count); i++) {
        y[i] = keeps[i - start] ? x[i] * scale : 0;
      }
    }
  }
}
