// Reductions of [outer][reduced][inner] and sums of squares.

// The sum of one dense row: single precision over spans, double precision across them.
LAB_INLINE double sumOfRow(const float *x, LabInt count) {
  enum { span = longestSpan * 4 };
  double total = 0;
  for (LabInt start = 0; start < count; start += span) {
    const LabInt end = smaller(start + span, count);
    Vec sums[4] = {0};
    LabInt i = start;
    for (; i + 4 * lanes <= end; i += 4 * lanes) {
      for (int u = 0; u < 4; u++) sums[u] += load(x + i + u * lanes);
    }
    for (; i + lanes <= end; i += lanes) sums[0] += load(x + i);
    if (i < end) sums[1] += loadFirst(x + i, end - i);
    total += sumOfLanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }
  return total;
}

typedef float FourFloats __attribute__((ext_vector_type(4)));
typedef float EightFloats __attribute__((ext_vector_type(8)));

LAB_INLINE float maximumOfLanes(Vec v) {
#define LAB_FOLD(a, b) ((((a) > (b)) | ((a) != (a))) ? (a) : (b))
  const EightFloats eight = LAB_EIGHT_LANES(v, LAB_FOLD);
  const FourFloats four = LAB_FOLD(eight.lo, eight.hi);
#undef LAB_FOLD
  float result = four[0];
  for (int lane = 1; lane < 4; lane++) result = result > four[lane] || result != result ? result : four[lane];
  return result;
}

LAB_INLINE float maximumOfRow(const float *x, LabInt count) {
  Vec results[2] = {(Vec)-INFINITY, (Vec)-INFINITY};
  LabInt i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    for (int u = 0; u < 2; u++) results[u] = maximumOrNaN(results[u], load(x + i + u * lanes));
  }
  for (; i < count; i += lanes) {
    results[0] = maximumOrNaN(results[0], loadFirstOr(x + i, smaller(count - i, lanes), -INFINITY));
  }
  return maximumOfLanes(maximumOrNaN(results[0], results[1]));
}

// One strip of `live` neighbouring columns.
LAB_INLINE void reduceStep(LabInt column, LabInt live, LabInt reduced, LabInt inner, LabReduction function,
                           const float *x, float *y) {
  if (function == LAB_MAXIMUM) {
    Vec result = (Vec)-INFINITY;
    for (LabInt row = 0; row < reduced; row++) {
      result = maximumOrNaN(result, loadFirst(x + row * inner + column, live));
    }
    storeFirst(y + column, live, result);
    return;
  }
  VecDouble total = (VecDouble)0.0;
  for (LabInt start = 0; start < reduced; start += longestSpan) {
    const LabInt end = smaller(start + longestSpan, reduced);
    Vec sum = (Vec)0.0f;
    for (LabInt row = start; row < end; row++) sum += loadFirst(x + row * inner + column, live);
    total += __builtin_convertvector(sum, VecDouble);
  }
  if (function == LAB_MEAN) total /= (double)reduced;
  storeFirst(y + column, live, __builtin_convertvector(total, Vec));
}

LAB_INLINE void reduceOuter(LabInt outer, LabInt reduced, LabInt inner, LabReduction function, const float *x,
                            float *y) {
  for (LabInt i = 0; i < outer; i++) {
    const float *slice = x + i * reduced * inner;
    if (inner > 1) {
      LAB_SWEEP(inner, reduceStep, reduced, inner, function, slice, y + i * inner);
    } else if (function == LAB_MAXIMUM) {
      y[i] = maximumOfRow(slice, reduced);
    } else {
      const double sum = sumOfRow(slice, reduced);
      y[i] = (float)(function == LAB_MEAN ? sum / (double)reduced : sum);
    }
  }
}

static void reduce(LabInt outer, LabInt reduced, LabInt inner, LabReduction function, const float *x, float *y) {
  switch (function) {
    case LAB_SUM: reduceOuter(outer, reduced, inner, LAB_SUM, x, y); break;
    case LAB_MEAN: reduceOuter(outer, reduced, inner, LAB_MEAN, x, y); break;
    default: reduceOuter(outer, reduced, inner, LAB_MAXIMUM, x, y); break;
  }
}

static double sumOfSquares(LabInt count, const float *x) {
  VecDouble sums[2] = {0};
  LabInt i = 0;
  for (; i + 2 * lanes <= count; i += 2 * lanes) {
    for (int u = 0; u < 2; u++) {
      const VecDouble v = __builtin_convertvector(load(x + i + u * lanes), VecDouble);
      sums[u] = v * v + sums[u];
    }
  }
  for (; i < count; i += lanes) {
    const VecDouble v = __builtin_convertvector(loadFirst(x + i, smaller(count - i, lanes)), VecDouble);
    sums[0] = v * v + sums[0];
  }
  return sumOfDoubles(sums[0] + sums[1]);
}
