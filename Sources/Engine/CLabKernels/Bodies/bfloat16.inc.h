// Numbers of sixteen bits with the exponents of single precision.

typedef uint16_t VecBFloat16 __attribute__((ext_vector_type(LAB_BLOCK)));

// The nearest number whose lower sixteen bits are zeros, the even one of two that are as near. A NaN stays one.
LAB_INLINE VecBits nearestBFloat16(Vec x) {
  const VecBits bits = (VecBits)x;
  const VecBits rounded = bits + (0x7fff + (bits >> 16 & 1));
  const VecBits quiet = bits | 0x400000;
  return (x != x ? quiet : rounded) & 0xffff0000;
}

LAB_INLINE void storeBFloat16(uint16_t *target, LabInt count, VecBits bits) {
  const VecBFloat16 bfloats = __builtin_convertvector(bits >> 16, VecBFloat16);
  if (count == lanes) {
    __builtin_memcpy(target, &bfloats, sizeof bfloats);
  } else {
    for (LabInt lane = 0; lane < count; lane++) target[lane] = bfloats[lane];
  }
}

LAB_INLINE Vec loadBFloat16(const uint16_t *source, LabInt count) {
  VecBFloat16 bfloats = 0;
  if (count == lanes) {
    __builtin_memcpy(&bfloats, source, sizeof bfloats);
  } else {
    for (LabInt lane = 0; lane < count; lane++) bfloats[lane] = source[lane];
  }
  return (Vec)(__builtin_convertvector(bfloats, VecBits) << 16);
}

LAB_INLINE void roundStep(LabInt i, LabInt live, const float *x, float *rounded) {
  storeFirst(rounded + i, live, (Vec)nearestBFloat16(loadFirst(x + i, live)));
}

static void roundToBFloat16(LabInt count, const float *x, float *rounded) {
  LAB_SWEEP(count, roundStep, x, rounded);
}

LAB_INLINE void narrowStep(LabInt i, LabInt live, bool rounds, float *x, uint16_t *bfloats) {
  const VecBits bits = nearestBFloat16(loadFirst(x + i, live));
  if (rounds) storeFirst(x + i, live, (Vec)bits);
  storeBFloat16(bfloats + i, live, bits);
}

static void narrowToBFloat16(LabInt count, bool rounds, float *x, uint16_t *bfloats) {
  if (rounds) {
    LAB_SWEEP(count, narrowStep, true, x, bfloats);
  } else {
    LAB_SWEEP(count, narrowStep, false, x, bfloats);
  }
}

LAB_INLINE void widenStep(LabInt i, LabInt live, const uint16_t *bfloats, float *y) {
  storeFirst(y + i, live, loadBFloat16(bfloats + i, live));
}

static void widenBFloat16(LabInt count, const uint16_t *bfloats, float *y) { LAB_SWEEP(count, widenStep, bfloats, y); }
