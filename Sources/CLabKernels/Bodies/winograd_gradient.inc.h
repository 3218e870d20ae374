// The gradient of the weights: dw = Gᵀ [Σ (Bᵀ x B) ∘ (A dy Aᵀ)] G, a matrix product over the tiles for each frequency.

#if LAB_BLOCK == 16
enum { gradientRows = 8, gradientColumns = 2 };
#elif defined(__x86_64__) && !defined(LAB_MASKED_LOAD)
enum { gradientRows = 4, gradientColumns = 1 };
#else
enum { gradientRows = 4, gradientColumns = 2 };
#endif

// Tiles that are transformed together.
enum { mostGradientTiles = 64 };

// A transformed gradient is [o block][i block][frequency][i][o].
LAB_INLINE LabInt gradientBlockFloats(LabInt results) { return frequencyCount(results) * matrixFloats; }

// The operands of one frequency's product for a block of inputs and one or two blocks of outputs.
typedef struct {
  LabInt tileCount;
  const float *inputs;     // [tile][lane]
  const float *gradients;  // [column block][tile][lane]
  LabInt gradientStride;   // floats between column blocks
  float *results;          // [column block][row][lane]
  LabInt resultStride;     // floats between column blocks
} GradientProduct;

LAB_INLINE void multiplyGradientRows(const GradientProduct *p, LabInt firstRow, int columns, bool accumulates) {
  Vec sums[gradientColumns][gradientRows];
  for (int n = 0; n < columns; n++) {
    for (int i = 0; i < gradientRows; i++) sums[n][i] = (Vec)0.0f;
  }
  const float *inputs = p->inputs + firstRow, *gradients = p->gradients;
#pragma clang loop unroll_count(2)
  for (LabInt tile = 0; tile < p->tileCount; tile++) {
    Vec g[gradientColumns];
    for (int n = 0; n < columns; n++) g[n] = load(gradients + n * p->gradientStride);
    for (int i = 0; i < gradientRows; i++) {
      const Vec factor = (Vec)inputs[i];
      for (int n = 0; n < columns; n++) sums[n][i] = factor * g[n] + sums[n][i];
    }
    inputs += lanes;
    gradients += lanes;
  }
  for (int n = 0; n < columns; n++) {
    for (int i = 0; i < gradientRows; i++) {
      float *target = p->results + n * p->resultStride + (firstRow + i) * lanes;
      store(target, accumulates ? load(target) + sums[n][i] : sums[n][i]);
    }
  }
}

LAB_INLINE void multiplyGradient(const GradientProduct *p, LabInt columns, bool accumulates) {
  for (LabInt row = 0; row < lanes; row += gradientRows) {
    if (columns == 1) {
      accumulates ? multiplyGradientRows(p, row, 1, true) : multiplyGradientRows(p, row, 1, false);
    } else {
      accumulates ? multiplyGradientRows(p, row, gradientColumns, true)
                  : multiplyGradientRows(p, row, gradientColumns, false);
    }
  }
}

// Gᵀ u G of one block of inputs and outputs.
LAB_INLINE void finishGradientBlock(LabInt results, const float *transformed, float *dw) {
  const int side = tileSide(results);
  for (LabInt row = 0; row < lanes; row++) {
    Vec columns[mostTileSide][windowSide];  // [frequency column][window row]
    for (int j = 0; j < side; j++) {
      Vec u[mostTileSide];
      for (int i = 0; i < side; i++) u[i] = load(transformed + (i * side + j) * matrixFloats + row * lanes);
      weightGradientLine(results, u, columns[j]);
    }
    for (int i = 0; i < windowSide; i++) {
      Vec u[mostTileSide], g[windowSide];
      for (int j = 0; j < side; j++) u[j] = columns[j][i];
      weightGradientLine(results, u, g);
      for (int j = 0; j < windowSide; j++) {
        store(dw + (i * windowSide + j) * matrixFloats + row * lanes, g[j]);
      }
    }
  }
}

LAB_INLINE void finishGradientOf(LabWinogradGeometry g, const float *transformed, float *dw) {
  for (LabInt block = 0; block < g.inputBlocks * g.outputBlocks; block++) {
    finishGradientBlock(g.results, transformed + block * gradientBlockFloats(g.results),
                        dw + block * windowTaps * matrixFloats);
  }
}

LAB_INLINE LabInt gradientTiles(LabWinogradGeometry g, LabInt samples) {
  return smaller(mostGradientTiles, samples * tilesOfSample(g));
}

static LabInt winogradTransformedGradientScratchCount(LabWinogradGeometry g, LabInt samples) {
  const LabInt tiles = gradientTiles(g, samples) * lanes;
  return frequencyCount(g.results) * (frequencyStride(g.inputBlocks * tiles) + frequencyStride(g.outputBlocks * tiles));
}

static LabInt winogradWeightGradientScratchCount(LabWinogradGeometry g, LabInt samples) {
  const bool isWhole = samples * tilesOfSample(g) <= mostGradientTiles;
  const LabInt sums = isWhole ? gradientColumns : g.inputBlocks * g.outputBlocks;
  return winogradTransformedGradientScratchCount(g, samples) + sums * gradientBlockFloats(g.results);
}

// The transformed tiles of a panel.
typedef struct {
  LabInt count, inputStride, gradientStride;
  float *inputs;     // [frequency][i block][tile][lane]
  float *gradients;  // [frequency][o block][tile][lane]
} GradientPanel;

LAB_INLINE GradientPanel gradientPanel(LabWinogradGeometry g, LabInt samples, float *scratch) {
  const LabInt tiles = gradientTiles(g, samples) * lanes;
  const LabInt inputStride = frequencyStride(g.inputBlocks * tiles);
  return (GradientPanel){
      .inputStride = inputStride,
      .gradientStride = frequencyStride(g.outputBlocks * tiles),
      .inputs = scratch,
      .gradients = scratch + frequencyCount(g.results) * inputStride,
  };
}

LAB_INLINE float *endOfPanel(LabWinogradGeometry g, const GradientPanel *p) {
  return p->gradients + frequencyCount(g.results) * p->gradientStride;
}

// Transforms `count` tiles from the cursor on, and returns the cursor behind them.
LAB_INLINE TileCursor fillPanel(GradientPanel *p, LabWinogradGeometry g, TileCursor cursor, LabInt count,
                                const float *x, const float *dy) {
  p->count = count;
  for (LabInt tile = 0; tile < count; tile++, cursor = nextTile(g, cursor)) {
    for (LabInt block = 0; block < g.inputBlocks; block++) {
      const float *plane = x + (cursor.sample * g.inputBlocks + block) * planeFloats(g);
      transformInputTile(g, plane, cursor, p->inputs + (block * count + tile) * lanes, p->inputStride);
    }
    for (LabInt block = 0; block < g.outputBlocks; block++) {
      const float *plane = dy + (cursor.sample * g.outputBlocks + block) * planeFloats(g);
      transformResultGradientTile(g, plane, cursor, p->gradients + (block * count + tile) * lanes, p->gradientStride);
    }
  }
  return cursor;
}

// The products of all frequencies for one block of inputs and `columns` blocks of outputs.
LAB_INLINE void multiplyPanel(LabWinogradGeometry g, const GradientPanel *p, LabInt o, LabInt columns, LabInt i,
                              float *results, LabInt resultStride, bool accumulates) {
  for (LabInt f = 0; f < frequencyCount(g.results); f++) {
    const GradientProduct product = {
        .tileCount = p->count,
        .inputs = p->inputs + f * p->inputStride + i * p->count * lanes,
        .gradients = p->gradients + f * p->gradientStride + o * p->count * lanes,
        .gradientStride = p->count * lanes,
        .results = results + f * matrixFloats,
        .resultStride = resultStride,
    };
    multiplyGradient(&product, columns, accumulates);
  }
}

LAB_INLINE void transformedGradientOf(LabWinogradGeometry g, LabInt samples, const float *x, const float *dy,
                                        float *transformed, bool accumulates, float *scratch) {
  GradientPanel panel = gradientPanel(g, samples, scratch);
  const LabInt total = samples * tilesOfSample(g);
  TileCursor cursor = {0, 0, 0};
  for (LabInt first = 0; first < total; first += mostGradientTiles) {
    cursor = fillPanel(&panel, g, cursor, smaller(mostGradientTiles, total - first), x, dy);
    for (LabInt o = 0; o < g.outputBlocks; o += gradientColumns) {
      for (LabInt i = 0; i < g.inputBlocks; i++) {
        multiplyPanel(g, &panel, o, smaller(gradientColumns, g.outputBlocks - o), i,
                      transformed + (o * g.inputBlocks + i) * gradientBlockFloats(g.results),
                      g.inputBlocks * gradientBlockFloats(g.results),
                      accumulates || first > 0);
      }
    }
  }
}

LAB_INLINE void weightGradientOf(LabWinogradGeometry g, LabInt samples, const float *x, const float *dy, float *dw,
                                 float *scratch) {
  GradientPanel panel = gradientPanel(g, samples, scratch);
  float *sums = endOfPanel(g, &panel);
  const LabInt total = samples * tilesOfSample(g);
  if (total > mostGradientTiles) {
    transformedGradientOf(g, samples, x, dy, sums, false, scratch);
    finishGradientOf(g, sums, dw);
    return;
  }
  // All tiles fit into one panel: each block is finished while it is in the cache.
  fillPanel(&panel, g, (TileCursor){0, 0, 0}, total, x, dy);
  for (LabInt o = 0; o < g.outputBlocks; o += gradientColumns) {
    const LabInt columns = smaller(gradientColumns, g.outputBlocks - o);
    for (LabInt i = 0; i < g.inputBlocks; i++) {
      multiplyPanel(g, &panel, o, columns, i, sums, gradientBlockFloats(g.results), false);
      for (LabInt n = 0; n < columns; n++) {
        finishGradientBlock(g.results, sums + n * gradientBlockFloats(g.results),
                            dw + ((o + n) * g.inputBlocks + i) * windowTaps * matrixFloats);
      }
    }
  }
}

static void winogradFinishGradient(LabWinogradGeometry g, const float *transformed, float *dw) {
  LAB_BY_RESULTS(finishGradientOf(g, transformed, dw))
}

static void winogradTransformedGradient(LabWinogradGeometry g, LabInt samples, const float *x, const float *dy,
                                        float *transformed, bool accumulates, float *scratch) {
  LAB_BY_RESULTS(transformedGradientOf(g, samples, x, dy, transformed, accumulates, scratch))
}

static void winogradWeightGradient(LabWinogradGeometry g, LabInt samples, const float *x, const float *dy, float *dw,
                                   float *scratch) {
  LAB_BY_RESULTS(weightGradientOf(g, samples, x, dy, dw, scratch))
}
