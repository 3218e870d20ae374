// Numbers of sixteen bits with the exponents of single precision.

typedef uint16_t VecHalves __attribute__((ext_vector_type(LAB_BLOCK)));

// The nearest number whose lower sixteen bits are zeros, the even one of two that are as near. A NaN stays one.
LAB_INLINE VecBits nearestBFloat16(Vec x) {
  const VecBits bits = (VecBits)x;
  const VecBits rounded = bits + (0x7fff + (bits >> 16 & 1));
  const VecBits quiet = bits | 0x400000;
  return (x != x ? quiet : rounded) & 0xffff0000;
}

LAB_INLINE void storeHalves(uint16_t *target, LabInt count, VecBits bits) {
  const VecHalves halves = __builtin_convertvector(bits >> 16, VecHalves);
  if (count == lanes) {
    __builtin_memcpy(target, &halves, sizeof halves);
  } else {
    for (LabInt lane = 0; lane < count; lane++) target[lane] = halves[lane];
  }
}

LAB_INLINE Vec loadHalves(const uint16_t *source, LabInt count) {
  VecHalves halves = 0;
  if (count == lanes) {
    __builtin_memcpy(&halves, source, sizeof halves);
  } else {
    for (LabInt lane = 0; lane < count; lane++) halves[lane] = source[lane];
  }
  return (Vec)(__builtin_convertvector(halves, VecBits) << 16);
}

LAB_INLINE void roundStep(LabInt i, LabInt live, const float *x, float *rounded) {
  storeFirst(rounded + i, live, (Vec)nearestBFloat16(loadFirst(x + i, live)));
}

static void roundToBFloat16(LabInt count, const float *x, float *rounded) {
  LAB_SWEEP(count, roundStep, x, rounded);
}

LAB_INLINE void narrowStep(LabInt i, LabInt live, bool rounds, float *x, uint16_t *halves) {
  const VecBits bits = nearestBFloat16(loadFirst(x + i, live));
  if (rounds) storeFirst(x + i, live, (Vec)bits);
  storeHalves(halves + i, live, bits);
}

static void narrowToBFloat16(LabInt count, bool rounds, float *x, uint16_t *halves) {
  if (rounds) {
    LAB_SWEEP(count, narrowStep, true, x, halves);
  } else {
    LAB_SWEEP(count, narrowStep, false, x, halves);
  }
}

LAB_INLINE void widenStep(LabInt i, LabInt live, const uint16_t *halves, float *y) {
  storeFirst(y + i, live, loadHalves(halves + i, live));
}

static void widenBFloat16(LabInt count, const uint16_t *halves, float *y) { LAB_SWEEP(count, widenStep, halves, y); }
