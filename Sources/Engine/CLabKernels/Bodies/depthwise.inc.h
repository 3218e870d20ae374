// Depth-wise convolutions, plane by plane. What windows read lies in the scratch within a border of zeros, so that every place
// has all of the window's taps.
//
// A plane is read whole before anything is computed of it: row by row, with products between rows, the memory's own prediction
// would begin anew with each row.

// A plane within a border of zeros.
typedef struct {
  float *pixels;               // where the border begins
  LabInt width, height;        // with the border
  LabInt firstRow, firstColumn;
} BorderedPlane;

LAB_INLINE float *borderedRow(const BorderedPlane *p, LabInt row) {
  return p->pixels + ((p->firstRow + row) * p->width + p->firstColumn) * lanes;
}

// Pixels before the first one and behind the last one that windows reach, with what lies between.
typedef struct {
  LabInt before, total;
} Reach;

LAB_INLINE Reach imageReach(LabInt size, LabInt results, LabInt kernel, LabInt stride, LabInt padding, LabInt dilation) {
  return (Reach){padding, larger(padding + size, (results - 1) * stride + (kernel - 1) * dilation + 1)};
}

// Of the result, for the gradient of the image: a pixel takes what the results of (pixel + padding − tap·dilation) / stride
// have, where that is whole.
LAB_INLINE Reach resultReach(LabInt size, LabInt results, LabInt kernel, LabInt stride, LabInt padding, LabInt dilation) {
  const LabInt before = ((kernel - 1) * dilation - padding + stride - 1) / stride;
  return (Reach){before, before + larger(results, (size - 1 + padding) / stride + 1)};
}

typedef struct {
  BorderedPlane image, upstream;
  float *rows;                 // some rows of the image's gradient
  LabInt rowCount;             // how many
  LabInt count;
} DepthWiseScratch;

LAB_INLINE DepthWiseScratch depthWiseScratch(const LabDepthWise *g, float *memory) {
  const Reach imageRows = imageReach(g->height, g->outputHeight, g->kernelHeight, g->strideHeight, g->paddingHeight,
                                     g->dilationHeight);
  const Reach imageColumns = imageReach(g->width, g->outputWidth, g->kernelWidth, g->strideWidth, g->paddingWidth,
                                        g->dilationWidth);
  const Reach rows = resultReach(g->height, g->outputHeight, g->kernelHeight, g->strideHeight, g->paddingHeight,
                                 g->dilationHeight);
  const Reach columns = resultReach(g->width, g->outputWidth, g->kernelWidth, g->strideWidth, g->paddingWidth,
                                    g->dilationWidth);
  DepthWiseScratch s;
  s.image = (BorderedPlane){memory, imageColumns.total, imageRows.total, imageRows.before, imageColumns.before};
  float *next = memory + imageRows.total * imageColumns.total * lanes;
  s.upstream = (BorderedPlane){next, columns.total, rows.total, rows.before, columns.before};
  s.rows = next + rows.total * columns.total * lanes;
  // Rows that stay in the nearest cache, whole strides of them.
  enum { pixels = 256 };
  s.rowCount = larger(pixels / g->width / g->strideHeight, 1) * g->strideHeight;
  s.count = s.rows + s.rowCount * g->width * lanes - memory;
  return s;
}

static LabInt depthWiseScratchCount(const LabDepthWise *geometry) { return depthWiseScratch(geometry, NULL).count; }

LAB_INLINE void clearPixels(float *pixels, LabInt count) {
  for (LabInt i = 0; i < count * lanes; i += lanes) store(pixels + i, (Vec)0.0f);
}

// Clears what surrounds a plane of so many rows and columns.
LAB_INLINE void clearBorder(const BorderedPlane *p, LabInt rows, LabInt columns) {
  for (LabInt row = 0; row < p->height; row++) {
    float *pixels = p->pixels + row * p->width * lanes;
    if (row < p->firstRow || row >= p->firstRow + rows) {
      clearPixels(pixels, p->width);
    } else {
      const LabInt end = p->firstColumn + columns;
      clearPixels(pixels, p->firstColumn);
      clearPixels(pixels + end * lanes, p->width - end);
    }
  }
}

// A plane of all samples, and its block of channels.
typedef struct {
  LabInt index, block;
} Plane;

LAB_INLINE Plane nextPlane(Plane plane, LabInt blocks) {
  return (Plane){plane.index + 1, plane.block + 1 == blocks ? 0 : plane.block + 1};
}

// Normalizes and activates a plane.
LAB_INLINE void makeImageWith(ApplySpan span, LabInt rows, const BorderedPlane *target, LabActivation activation) {
  for (LabInt row = 0; row < rows; row++, span.x += span.pixels * lanes) {
    float *pixels = borderedRow(target, row);
#pragma clang loop unroll_count(4)
    for (LabInt pixel = 0; pixel < span.pixels; pixel++) {
      store(pixels + pixel * lanes, applyPixel(&span, pixel, activation, residualNone));
    }
  }
}

static void makeImage(const LabDepthWiseConvolution *c, Plane plane, const BorderedPlane *target) {
  const LabInt block = plane.block, rows = c->geometry.height;
  const VecInt live = liveLanes(c->channels, block);
  ApplySpan span = {
      .pixels = c->geometry.width,
      .x = c->x + plane.index * rows * c->geometry.width * lanes,
      .scale = channelVector(c->scale, block, live, 1),
      .shift = channelVector(c->shift, block, live, 0),
      .residualScale = (Vec)1.0f,
      .live = live,
  };
  if (c->scale == NULL) {
    for (LabInt row = 0; row < rows; row++, span.x += span.pixels * lanes) {
      __builtin_memcpy(borderedRow(target, row), span.x, (size_t)(span.pixels * lanes) * sizeof(float));
    }
    return;
  }
  switch (c->activation) {
    case LAB_ACTIVATION_NONE: makeImageWith(span, rows, target, LAB_ACTIVATION_NONE); break;
    case LAB_ACTIVATION_RELU: makeImageWith(span, rows, target, LAB_ACTIVATION_RELU); break;
    case LAB_ACTIVATION_RELU6: makeImageWith(span, rows, target, LAB_ACTIVATION_RELU6); break;
    default:
      for (LabInt row = 0; row < rows; row++, span.x += span.pixels * lanes) {
        span.y = borderedRow(target, row);
        applyOther(&span, c->activation, residualNone, outputStored);
      }
  }
}

// Rows of places, each of which sums the window's taps: a place's pixels are `readStep` from its neighbour's.
typedef struct {
  const float *pixels[labMostDepthWiseTaps];   // for the first place: of each of the window's rows that count
  const float *weights[labMostDepthWiseTaps];
  LabInt starts[labMostDepthWiseTaps];         // the pixel of each of the window's columns that count
  LabInt columns[labMostDepthWiseTaps];        // that column
  LabInt rowCount, columnCount;
  LabInt places, readStep, writeStep;
  LabInt rows, readRow, writeRow;              // rows of places, and the floats from one to the next
  float *target;
  bool passesCache;
} DepthWiseSums;

typedef struct {
  Vec pivot, sum, squares;
} StatisticsSums;

// `count` neighbouring places of any window.
LAB_INLINE void sumPlaces(const DepthWiseSums *d, LabInt offset, LabInt count, LabInt step, Vec *sums) {
  LAB_UNROLLED
  for (LabInt u = 0; u < count; u++) sums[u] = (Vec)0.0f;
  for (LabInt row = 0; row < d->rowCount; row++) {
    for (LabInt column = 0; column < d->columnCount; column++) {
      const Vec weight = load(d->weights[row] + d->columns[column] * lanes);
      const float *pixels = d->pixels[row] + offset + d->starts[column] * lanes;
      LAB_UNROLLED
      for (LabInt u = 0; u < count; u++) sums[u] = load(pixels + u * step * lanes) * weight + sums[u];
    }
  }
}

// The same of a window of 3×3, whose weights stay in registers.
LAB_INLINE void sumPlaces3x3(const DepthWiseSums *d, const Vec weights[9], LabInt offset, LabInt count, LabInt step,
                             Vec *sums) {
  LAB_UNROLLED
  for (LabInt u = 0; u < count; u++) sums[u] = (Vec)0.0f;
  LAB_UNROLLED
  for (LabInt tap = 0; tap < 9; tap++) {
    const float *pixels = d->pixels[tap / 3] + offset + d->starts[tap % 3] * lanes;
    LAB_UNROLLED
    for (LabInt u = 0; u < count; u++) sums[u] = load(pixels + u * step * lanes) * weights[tap] + sums[u];
  }
}

LAB_INLINE void putPlaces(const Vec *sums, LabInt count, const DepthWiseSums *d, float *target, StatisticsSums *statistics) {
  if (d->passesCache) {
    LAB_UNROLLED
    for (LabInt u = 0; u < count; u++) storePast(target + u * d->writeStep * lanes, sums[u]);
  } else {
    LAB_UNROLLED
    for (LabInt u = 0; u < count; u++) store(target + u * d->writeStep * lanes, sums[u]);
  }
  if (statistics) {
    Vec total = (Vec)0.0f, squares = (Vec)0.0f;
    LAB_UNROLLED
    for (LabInt u = 0; u < count; u++) {
      const Vec v = sums[u] - statistics->pivot;
      total += v;
      squares = v * v + squares;
    }
    statistics->sum += total;
    statistics->squares += squares;
  }
}

#define LAB_PLACES(COUNT)                                              \
  case COUNT: {                                                        \
    Vec sums[COUNT];                                                   \
    if (is3x3) {                                                       \
      sumPlaces3x3(d, weights, offset, COUNT, step, sums);             \
    } else {                                                           \
      sumPlaces(d, offset, COUNT, step, sums);                         \
    }                                                                  \
    putPlaces(sums, COUNT, d, target + place * d->writeStep * lanes, statistics); \
    break;                                                             \
  }

LAB_INLINE void sumRowsWith(const DepthWiseSums *d, LabInt firstRow, LabInt rows, LabInt step, bool is3x3,
                            StatisticsSums *statistics) {
  enum { most = 8 };
  Vec weights[9];
  if (is3x3) {
    LAB_UNROLLED
    for (LabInt tap = 0; tap < 9; tap++) weights[tap] = load(d->weights[tap / 3] + d->columns[tap % 3] * lanes);
  }
  // Groups as equal as can be.
  const LabInt groups = (d->places + most - 1) / most;
  const LabInt least = groups == 1 ? d->places : d->places / groups, longer = d->places - groups * least;
  for (LabInt row = firstRow; row < firstRow + rows; row++) {
    float *target = d->target + row * d->writeRow;
    LabInt place = 0;
    for (LabInt group = 0; group < groups; group++) {
      const LabInt count = least + (group < longer), offset = row * d->readRow + place * step * lanes;
      switch (count) {
        LAB_PLACES(1)
        LAB_PLACES(2)
        LAB_PLACES(3)
        LAB_PLACES(4)
        LAB_PLACES(5)
        LAB_PLACES(6)
        LAB_PLACES(7)
        LAB_PLACES(8)
        default: break;
      }
      place += count;
    }
  }
}

// Some rows of places, and where asked for the sums of their results.
static void sumRows(const DepthWiseSums *d, LabInt firstRow, LabInt rows, StatisticsSums *statistics) {
  const bool is3x3 = d->rowCount == 3 && d->columnCount == 3;
  if (is3x3 && d->readStep == 1) {
    sumRowsWith(d, firstRow, rows, 1, true, statistics);
  } else if (is3x3 && d->readStep == 2) {
    sumRowsWith(d, firstRow, rows, 2, true, statistics);
  } else {
    sumRowsWith(d, firstRow, rows, d->readStep, false, statistics);
  }
}

// The rows of so many pixels whose values may be added up in single precision.
LAB_INLINE LabInt rowsOfSpan(LabInt width) { return larger(longestSpan / width, 1); }

static void forwardPlane(const LabDepthWiseConvolution *c, const LabDepthWiseResult *result, const DepthWiseScratch *s,
                         Plane plane) {
  const LabDepthWise *g = &c->geometry;
  const LabInt block = plane.block, taps = g->kernelHeight * g->kernelWidth;
  makeImage(c, plane, &s->image);
  DepthWiseSums d;
  d.rowCount = g->kernelHeight;
  d.columnCount = g->kernelWidth;
  for (LabInt ky = 0; ky < g->kernelHeight; ky++) {
    d.pixels[ky] = borderedRow(&s->image, ky * g->dilationHeight - g->paddingHeight);
    d.weights[ky] = c->weights + (block * taps + ky * g->kernelWidth) * lanes;
  }
  for (LabInt kx = 0; kx < g->kernelWidth; kx++) {
    d.columns[kx] = kx;
    d.starts[kx] = kx * g->dilationWidth - g->paddingWidth;
  }
  d.places = g->outputWidth;
  d.readStep = g->strideWidth;
  d.writeStep = 1;
  d.rows = g->outputHeight;
  d.readRow = g->strideHeight * s->image.width * lanes;
  d.writeRow = g->outputWidth * lanes;
  d.target = result->y + plane.index * g->outputHeight * g->outputWidth * lanes;
  d.passesCache = c->passesCache && (uintptr_t)d.target % sizeof(Vec) == 0;
  if (!result->pivot) {
    sumRows(&d, 0, d.rows, NULL);
    return;
  }
  const LabInt spanRows = rowsOfSpan(g->outputWidth);
  for (LabInt row = 0; row < d.rows; row += spanRows) {
    StatisticsSums sums = {channelVector(result->pivot, block, liveLanes(c->channels, block), 0), (Vec)0.0f, (Vec)0.0f};
    sumRows(&d, row, smaller(spanRows, d.rows - row), &sums);
    addToDoubles(result->sum + block * lanes, sums.sum);
    addToDoubles(result->squares + block * lanes, sums.squares);
  }
}

static void depthWiseForward(const LabDepthWiseConvolution *c, const LabDepthWiseResult *result) {
  const DepthWiseScratch s = depthWiseScratch(&c->geometry, c->scratch);
  clearBorder(&s.image, c->geometry.height, c->geometry.width);
  for (Plane plane = {0, 0}; plane.index < c->samples * c->blocks; plane = nextPlane(plane, c->blocks)) {
    forwardPlane(c, result, &s, plane);
  }
  fenceStores(c->passesCache);
}
