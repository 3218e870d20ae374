// The gradient of the weights: dw = Gᵀ [Σ (Bᵀ x B) ∘ (A dy Aᵀ)] G, a matrix product over the tiles for each frequency.

#if LAB_BLOCK == 16
enum { gradientRows = 8, gradientColumns = 2 };
#elif defined(__x86_64__) && !defined(LAB_MASKED_LOAD)
enum { gradientRows = 4, gradientColumns = 1 };
#else
enum { gradientRows = 4, gradientColumns = 2 };
#endif

// Tiles of a panel: enough to use each sum often, few enough to stay in the cache beside the sums. One sample's own
// gradient, whose sums need not stay, takes all its tiles where there are no more than these.
enum { panelTiles = 32, mostWholeTiles = 64 };

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
    finishGradientBlock(g.resultSide, transformed + block * gradientBlockFloats(g.resultSide),
                        dw + block * windowTaps * matrixFloats);
  }
}

// Which operand a panel holds in full: that with fewer channels. The other one's blocks are transformed one after the
// other, and each is used while it is in the cache.
LAB_INLINE bool holdsInputs(LabWinogradGeometry g) { return g.inputBlocks <= g.outputBlocks; }

LAB_INLINE LabInt inputBlocksOfPanel(LabWinogradGeometry g) { return holdsInputs(g) ? g.inputBlocks : 1; }
LAB_INLINE LabInt outputBlocksOfPanel(LabWinogradGeometry g) {
  return holdsInputs(g) ? smaller(gradientColumns, g.outputBlocks) : g.outputBlocks;
}

LAB_INLINE bool isWhole(LabWinogradGeometry g, LabInt samples) { return samples * tilesOfSample(g) <= mostWholeTiles; }

// Floats of an operand's panel.
LAB_INLINE LabInt panelStride(LabInt blocks, LabInt tiles) { return frequencyStride(blocks * tiles * lanes); }

LAB_INLINE LabInt panelFloats(LabWinogradGeometry g, LabInt tiles) {
  return frequencyCount(g.resultSide) *
         (panelStride(inputBlocksOfPanel(g), tiles) + panelStride(outputBlocksOfPanel(g), tiles));
}

static LabInt winogradTransformedGradientScratchCount(LabWinogradGeometry g, LabInt samples) {
  return panelFloats(g, smaller(panelTiles, samples * tilesOfSample(g)));
}

static LabInt winogradWeightGradientScratchCount(LabWinogradGeometry g, LabInt samples) {
  if (isWhole(g, samples)) {
    return panelFloats(g, samples * tilesOfSample(g)) + gradientColumns * gradientBlockFloats(g.resultSide);
  }
  return winogradTransformedGradientScratchCount(g, samples) +
         g.inputBlocks * g.outputBlocks * gradientBlockFloats(g.resultSide);
}

// One operand's transformed tiles.
typedef struct {
  bool isGradient;      // of the result; else it is the image
  const float *source;
  LabInt blocks;        // of a sample
  LabInt stride;        // floats between frequencies
  float *tiles;         // [frequency][place of a block][tile][lane]
} PanelOperand;

// The tiles of a panel and where the products of two blocks go.
typedef struct {
  LabInt count;
  TileCursor start;
  PanelOperand input, gradient;
  float *transformed;  // all blocks' sums, or those of gradientColumns blocks where dw is given
  bool accumulates;
  float *dw;           // or NULL: finished from the sums at once
} GradientPanel;

LAB_INLINE GradientPanel gradientPanel(LabWinogradGeometry g, LabInt tiles, const float *x, const float *dy,
                                       float *scratch) {
  const LabInt inputStride = panelStride(inputBlocksOfPanel(g), tiles);
  float *gradients = scratch + frequencyCount(g.resultSide) * inputStride;
  return (GradientPanel){
      .input = {false, x, g.inputBlocks, inputStride, scratch},
      .gradient = {true, dy, g.outputBlocks, panelStride(outputBlocksOfPanel(g), tiles), gradients},
  };
}

// Transforms the panel's tiles of a block of an operand to a place, and returns the cursor behind them.
LAB_INLINE TileCursor fillPlace(LabWinogradGeometry g, const GradientPanel *p, const PanelOperand *operand, LabInt block,
                                LabInt place) {
  TileCursor cursor = p->start;
  for (LabInt tile = 0; tile < p->count; tile++, cursor = nextTile(g, cursor)) {
    const float *plane = operand->source + (cursor.sample * operand->blocks + block) * planeFloats(g);
    float *target = operand->tiles + (place * p->count + tile) * lanes;
    if (operand->isGradient) {
      transformResultGradientTile(g, plane, cursor, target, operand->stride);
    } else {
      transformInputTile(g, plane, cursor, target, operand->stride);
    }
  }
  return cursor;
}

// The products of all frequencies for block i of inputs and `columns` blocks of outputs from block o on, which are in the
// panel's places `inputPlace` and `outputPlace`.
LAB_INLINE void multiplyPanel(LabWinogradGeometry g, const GradientPanel *p, LabInt i, LabInt inputPlace, LabInt o,
                              LabInt outputPlace, LabInt columns) {
  const LabInt blockFloats = gradientBlockFloats(g.resultSide);
  float *results = p->transformed + (p->dw ? 0 : (o * g.inputBlocks + i) * blockFloats);
  for (LabInt f = 0; f < frequencyCount(g.resultSide); f++) {
    const GradientProduct product = {
        .tileCount = p->count,
        .inputs = p->input.tiles + f * p->input.stride + inputPlace * p->count * lanes,
        .gradients = p->gradient.tiles + f * p->gradient.stride + outputPlace * p->count * lanes,
        .gradientStride = p->count * lanes,
        .results = results + f * matrixFloats,
        .resultStride = p->dw ? blockFloats : g.inputBlocks * blockFloats,
    };
    multiplyGradient(&product, columns, p->accumulates);
  }
  for (LabInt n = 0; p->dw && n < columns; n++) {
    finishGradientBlock(g.resultSide, results + n * blockFloats,
                        p->dw + ((o + n) * g.inputBlocks + i) * windowTaps * matrixFloats);
  }
}

// The products of all blocks for the panel's tiles; returns the cursor behind them.
LAB_INLINE TileCursor multiplyAllBlocks(LabWinogradGeometry g, const GradientPanel *p) {
  TileCursor end = p->start;
  if (holdsInputs(g)) {
    for (LabInt i = 0; i < g.inputBlocks; i++) end = fillPlace(g, p, &p->input, i, i);
    for (LabInt o = 0; o < g.outputBlocks; o += gradientColumns) {
      const LabInt columns = smaller(gradientColumns, g.outputBlocks - o);
      for (LabInt n = 0; n < columns; n++) fillPlace(g, p, &p->gradient, o + n, n);
      for (LabInt i = 0; i < g.inputBlocks; i++) multiplyPanel(g, p, i, i, o, 0, columns);
    }
    return end;
  }
  for (LabInt o = 0; o < g.outputBlocks; o++) end = fillPlace(g, p, &p->gradient, o, o);
  for (LabInt i = 0; i < g.inputBlocks; i++) {
    fillPlace(g, p, &p->input, i, 0);
    for (LabInt o = 0; o < g.outputBlocks; o += gradientColumns) {
      multiplyPanel(g, p, i, 0, o, o, smaller(gradientColumns, g.outputBlocks - o));
    }
  }
  return end;
}

LAB_INLINE void transformedGradientOf(LabWinogradGeometry g, LabInt samples, const float *x, const float *dy,
                                      float *transformed, bool accumulates, float *scratch) {
  const LabInt total = samples * tilesOfSample(g);
  GradientPanel panel = gradientPanel(g, smaller(panelTiles, total), x, dy, scratch);
  panel.transformed = transformed;
  for (LabInt first = 0; first < total; first += panelTiles) {
    panel.count = smaller(panelTiles, total - first);
    panel.accumulates = accumulates || first > 0;
    panel.start = multiplyAllBlocks(g, &panel);
  }
}

LAB_INLINE void weightGradientOf(LabWinogradGeometry g, LabInt samples, const float *x, const float *dy, float *dw,
                                 float *scratch) {
  if (!isWhole(g, samples)) {
    float *sums = scratch + winogradTransformedGradientScratchCount(g, samples);
    transformedGradientOf(g, samples, x, dy, sums, false, scratch);
    finishGradientOf(g, sums, dw);
    return;
  }
  // All tiles fit into one panel: each block is finished while it is in the cache.
  const LabInt total = samples * tilesOfSample(g);
  GradientPanel panel = gradientPanel(g, total, x, dy, scratch);
  panel.count = total;
  panel.transformed = scratch + panelFloats(g, total);
  panel.dw = dw;
  multiplyAllBlocks(g, &panel);
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
