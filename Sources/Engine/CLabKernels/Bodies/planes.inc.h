// Statistics, sums and affine maps of blocked activations, plane by plane.

LAB_INLINE void statisticsOfSpan(const float *x, LabInt pixels, Vec pivot, Vec *sum, Vec *squares) {
  Vec sums[streams] = {0}, squareSums[streams] = {0};
  LabInt pixel = 0;
  for (; pixel + streams <= pixels; pixel += streams) {
    for (int u = 0; u < streams; u++) {
      const Vec v = load(x + (pixel + u) * lanes) - pivot;
      sums[u] += v;
      squareSums[u] = v * v + squareSums[u];
    }
  }
  for (; pixel < pixels; pixel++) {
    const Vec v = load(x + pixel * lanes) - pivot;
    sums[0] += v;
    squareSums[0] = v * v + squareSums[0];
  }
  *sum = sumOfStreams(sums);
  *squares = sumOfStreams(squareSums);
}

static void channelStatistics(LabExtent extent, const float *x, const float *pivot, double *sum, double *squares) {
  for (LabInt sample = 0; sample < extent.samples; sample++) {
    for (LabInt block = 0; block < extent.blocks; block++) {
      const float *plane = x + planeOffset(extent, sample, block);
      const Vec center = channelVector(pivot, block, liveLanes(extent.channels, block), 0);
      for (LabInt start = 0; start < extent.pixels; start += longestSpan) {
        Vec spanSum, spanSquares;
        statisticsOfSpan(plane + start * lanes, smaller(longestSpan, extent.pixels - start), center, &spanSum,
                         &spanSquares);
        addToDoubles(sum + block * lanes, spanSum);
        addToDoubles(squares + block * lanes, spanSquares);
      }
    }
  }
}

LAB_INLINE Vec sumOfSpan(const float *x, LabInt pixels) {
  Vec sums[4] = {0};
  LabInt pixel = 0;
  for (; pixel + 4 <= pixels; pixel += 4) {
    for (int u = 0; u < 4; u++) sums[u] += load(x + (pixel + u) * lanes);
  }
  for (; pixel < pixels; pixel++) sums[0] += load(x + pixel * lanes);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void channelSums(LabExtent extent, const float *x, double *sum) {
  for (LabInt sample = 0; sample < extent.samples; sample++) {
    for (LabInt block = 0; block < extent.blocks; block++) {
      const float *plane = x + planeOffset(extent, sample, block);
      for (LabInt start = 0; start < extent.pixels; start += longestSpan) {
        addToDoubles(sum + block * lanes,
                     sumOfSpan(plane + start * lanes, smaller(longestSpan, extent.pixels - start)));
      }
    }
  }
}

static void poolSums(LabExtent extent, const float *x, float factor, float *sums) {
  for (LabInt plane = 0; plane < extent.samples * extent.blocks; plane++) {
    Vec total = (Vec)0.0f;
    for (LabInt start = 0; start < extent.pixels; start += longestSpan) {
      total += sumOfSpan(x + (plane * extent.pixels + start) * lanes, smaller(longestSpan, extent.pixels - start));
    }
    store(sums + plane * lanes, total * factor);
  }
}

static void broadcastPixels(LabExtent extent, const float *value, float factor, float *y) {
  for (LabInt sample = 0; sample < extent.samples; sample++) {
    for (LabInt block = 0; block < extent.blocks; block++) {
      const Vec v = factor * channelVector(value + sample * extent.blocks * lanes, block,
                                           liveLanes(extent.channels, block), 0);
      float *plane = y + planeOffset(extent, sample, block);
      for (LabInt pixel = 0; pixel < extent.pixels; pixel++) store(plane + pixel * lanes, v);
    }
  }
}

static void normGradientApply(LabExtent extent, LabSource g, LabSource x, const float *a, const float *b,
                              const float *c0, float *y) {
  const LabInt spanPixels = g.bfloat16 || x.bfloat16 ? widenedPixels : extent.pixels;
  WidenedSpan widenedG, widenedX;
  for (LabInt sample = 0; sample < extent.samples; sample++) {
    for (LabInt block = 0; block < extent.blocks; block++) {
      const VecInt live = liveLanes(extent.channels, block);
      const Vec factorG = channelVector(a, block, live, 0);
      const Vec factorX = channelVector(b, block, live, 0);
      const Vec constant = channelVector(c0, block, live, 0);
      for (LabInt start = 0; start < extent.pixels; start += spanPixels) {
        const LabInt offset = planeOffset(extent, sample, block) + start * lanes;
        const LabInt pixels = smaller(spanPixels, extent.pixels - start);
        const float *gradient = spanOf(g, offset, pixels, &widenedG), *image = spanOf(x, offset, pixels, &widenedX);
#pragma clang loop unroll_count(4)
        for (LabInt i = 0; i < pixels * lanes; i += lanes) {
          const Vec inner = load(image + i) * factorX + constant;
          store(y + offset + i, load(gradient + i) * factorG + inner);
        }
      }
    }
  }
}
