// The gradients of depth-wise convolutions, plane by plane.

// Gives the gradient of the result.
static void makeUpstream(const LabDepthWiseConvolution *c, const LabDepthWiseGradients *gradients, Plane plane,
                         const BorderedPlane *target) {
  const LabInt rows = c->geometry.outputHeight, width = c->geometry.outputWidth, block = plane.block;
  const VecInt live = liveLanes(c->channels, block);
  const Vec a = channelVector(gradients->a, block, live, 1), b = channelVector(gradients->b, block, live, 0);
  const Vec c0 = channelVector(gradients->c0, block, live, 0);
  for (LabInt row = 0; row < rows; row++) {
    const LabInt offset = (plane.index * rows + row) * width * lanes;
    const float *upstream = gradients->upstream + offset;
    float *pixels = borderedRow(target, row);
    if (gradients->a == NULL) {
      __builtin_memcpy(pixels, upstream, (size_t)(width * lanes) * sizeof(float));
      continue;
    }
    const float *y = gradients->y + offset;
#pragma clang loop unroll_count(4)
    for (LabInt i = 0; i < width * lanes; i += lanes) {
      const Vec inner = load(y + i) * b + c0;
      store(pixels + i, load(upstream + i) * a + inner);
    }
  }
}

// Sums of products with rows of the result's gradient for a window of 3×3, which stay in registers.
LAB_INLINE void sumProducts3x3(const LabDepthWise *g, const DepthWiseScratch *s, LabInt firstRow, LabInt rows,
                               LabInt dilation, LabInt step, double *dw) {
  Vec own[9];
  LAB_UNROLLED
  for (LabInt tap = 0; tap < 9; tap++) own[tap] = (Vec)0.0f;
  for (LabInt row = firstRow; row < firstRow + rows; row++) {
    const float *upstream = borderedRow(&s->upstream, row), *pixels[3];
    LAB_UNROLLED
    for (LabInt ky = 0; ky < 3; ky++) {
      pixels[ky] = borderedRow(&s->image, row * g->strideHeight - g->paddingHeight + ky * g->dilationHeight) -
                   g->paddingWidth * lanes;
    }
    for (LabInt place = 0; place < g->outputWidth; place++) {
      const Vec gradient = load(upstream + place * lanes);
      LAB_UNROLLED
      for (LabInt tap = 0; tap < 9; tap++) {
        own[tap] = load(pixels[tap / 3] + (tap % 3 * dilation + place * step) * lanes) * gradient + own[tap];
      }
    }
  }
  LAB_UNROLLED
  for (LabInt tap = 0; tap < 9; tap++) addToDoubles(dw + tap * lanes, own[tap]);
}

// The same for one tap of any window, on several streams.
LAB_INLINE void sumProducts(const LabDepthWise *g, const DepthWiseScratch *s, LabInt firstRow, LabInt rows, LabInt ky,
                            LabInt kx, double *dw) {
  const LabInt step = g->strideWidth;
  Vec sums[streams] = {0};
  for (LabInt row = firstRow; row < firstRow + rows; row++) {
    const float *upstream = borderedRow(&s->upstream, row);
    const float *pixels = borderedRow(&s->image, row * g->strideHeight - g->paddingHeight + ky * g->dilationHeight) +
                          (kx * g->dilationWidth - g->paddingWidth) * lanes;
    LabInt place = 0;
    for (; place + streams <= g->outputWidth; place += streams) {
      for (int u = 0; u < streams; u++) {
        sums[u] = load(pixels + (place + u) * step * lanes) * load(upstream + (place + u) * lanes) + sums[u];
      }
    }
    for (; place < g->outputWidth; place++) {
      sums[0] = load(pixels + place * step * lanes) * load(upstream + place * lanes) + sums[0];
    }
  }
  addToDoubles(dw, sumOfStreams(sums));
}

static void weightGradientOfPlane(const LabDepthWise *g, const DepthWiseScratch *s, double *dw) {
  const LabInt spanRows = rowsOfSpan(g->outputWidth);
  for (LabInt row = 0; row < g->outputHeight; row += spanRows) {
    const LabInt rows = smaller(spanRows, g->outputHeight - row);
    if (g->kernelHeight == 3 && g->kernelWidth == 3 && g->strideWidth == 1 && g->dilationWidth == 1) {
      sumProducts3x3(g, s, row, rows, 1, 1, dw);
    } else if (g->kernelHeight == 3 && g->kernelWidth == 3) {
      sumProducts3x3(g, s, row, rows, g->dilationWidth, g->strideWidth, dw);
    } else {
      for (LabInt tap = 0; tap < g->kernelHeight * g->kernelWidth; tap++) {
        sumProducts(g, s, row, rows, tap / g->kernelWidth, tap % g->kernelWidth, dw + tap * lanes);
      }
    }
  }
}

// The window's rows, or columns, that a row of the image takes its gradient from, and those of the result that they belong
// to: where (place + padding − tap·dilation) is a whole number of strides. What lies before the result makes all positive.
LAB_INLINE LabInt tapsOfPlace(LabInt place, LabInt kernel, LabInt stride, LabInt padding, LabInt dilation, LabInt before,
                              LabInt *taps, LabInt *results) {
  LabInt count = 0;
  for (LabInt tap = 0; tap < kernel; tap++) {
    const LabInt distance = place + padding - tap * dilation + before * stride;
    // A division takes as long as a row of a small image.
    const LabInt whole = stride == 1 ? distance : distance / stride;
    if (whole * stride != distance) continue;
    taps[count] = tap;
    results[count++] = whole - before;
  }
  return count;
}

// Some rows of the image's gradient. Rows and columns that are a stride apart take it from the same taps.
static void imageGradientRows(const LabDepthWise *g, const DepthWiseScratch *s, const float *weights, LabInt firstRow,
                              LabInt rows, float *target) {
  DepthWiseSums d;
  d.readStep = 1;
  d.passesCache = false;
  d.writeStep = g->strideWidth;
  d.readRow = s->upstream.width * lanes;
  d.writeRow = g->strideHeight * g->width * lanes;
  for (LabInt rowPhase = 0; rowPhase < smaller(g->strideHeight, rows); rowPhase++) {
    LabInt windowRows[labMostDepthWiseTaps], resultRows[labMostDepthWiseTaps];
    d.rows = (rows - rowPhase + g->strideHeight - 1) / g->strideHeight;
    d.rowCount = tapsOfPlace(firstRow + rowPhase, g->kernelHeight, g->strideHeight, g->paddingHeight, g->dilationHeight,
                             s->upstream.firstRow, windowRows, resultRows);
    for (LabInt i = 0; i < d.rowCount; i++) {
      d.pixels[i] = borderedRow(&s->upstream, resultRows[i]);
      d.weights[i] = weights + windowRows[i] * g->kernelWidth * lanes;
    }
    for (LabInt phase = 0; phase < smaller(g->strideWidth, g->width); phase++) {
      d.columnCount = tapsOfPlace(phase, g->kernelWidth, g->strideWidth, g->paddingWidth, g->dilationWidth,
                                  s->upstream.firstColumn, d.columns, d.starts);
      d.places = (g->width - phase + g->strideWidth - 1) / g->strideWidth;
      d.target = target + (rowPhase * g->width + phase) * lanes;
      sumRows(&d, 0, d.rows, NULL);
    }
  }
}

static void imageGradientOfPlane(const LabDepthWiseConvolution *c, const LabDepthWiseGradients *gradients,
                                 const DepthWiseScratch *s, Plane plane) {
  const LabDepthWise *g = &c->geometry;
  const LabInt block = plane.block, offset = plane.index * g->height * g->width * lanes;
  const float *weights = c->weights + block * g->kernelHeight * g->kernelWidth * lanes;
  if (!gradients->mean) {
    imageGradientRows(g, s, weights, 0, g->height, gradients->dx + offset);
    return;
  }
  const VecInt live = liveLanes(c->channels, block);
  const bool isPlain = c->activation == LAB_ACTIVATION_NONE;
  const GradientSpanFunction reduce = gradientFunction(c->activation, isPlain ? derivativeNone : derivativeRecomputed, 1, 1);
  GradientSpan span = {
      .upstream1 = s->rows,
      .addend = (Vec)0.0f,
      .savedScale = channelVector(c->scale, block, live, 1),
      .savedShift = channelVector(c->shift, block, live, 0),
      .savedResidualScale = (Vec)1.0f,
      .mean1 = channelVector(gradients->mean, block, live, 0),
  };
  for (LabInt row = 0; row < g->height; row += s->rowCount) {
    const LabInt rows = smaller(s->rowCount, g->height - row), at = offset + row * g->width * lanes;
    imageGradientRows(g, s, weights, row, rows, s->rows);
    span.pixels = rows * g->width;
    span.savedX = span.x1 = c->x + at;
    span.g = gradients->dx + at;
    span.passesCache = c->passesCache && (uintptr_t)span.g % sizeof(Vec) == 0;
    if (reduce) {
      reduce(&span);
    } else {
      gradientOther(&span, c->activation, derivativeRecomputed, 1, 1);
    }
    addToDoubles(gradients->sum + block * lanes, span.sum);
    addToDoubles(gradients->sumX + block * lanes, span.sumX1);
  }
}

static void depthWiseBackward(const LabDepthWiseConvolution *c, const LabDepthWiseGradients *gradients) {
  const LabDepthWise *g = &c->geometry;
  const DepthWiseScratch s = depthWiseScratch(g, c->scratch);
  clearBorder(&s.image, g->height, g->width);
  clearBorder(&s.upstream, g->outputHeight, g->outputWidth);
  for (Plane plane = {0, 0}; plane.index < c->samples * c->blocks; plane = nextPlane(plane, c->blocks)) {
    makeUpstream(c, gradients, plane, &s.upstream);
    if (gradients->dw) {
      makeImage(c, plane, &s.image);
      weightGradientOfPlane(g, &s, gradients->dw + plane.block * g->kernelHeight * g->kernelWidth * lanes);
    }
    if (gradients->dx) imageGradientOfPlane(c, gradients, &s, plane);
  }
  fenceStores(c->passesCache);
}
