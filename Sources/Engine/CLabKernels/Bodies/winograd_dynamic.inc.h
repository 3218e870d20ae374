// The forward pass with each sample's own weights.
//
// Where a sample has few tiles and its transformed weights would leave the cache before they are used, they are made in
// pieces that stay: the columns of one product, and as many rows as fit. All samples use a piece of the kernels in turn, so
// that it is read from memory once.

enum { mostPieceTiles = 16, leastPieceWeights = 48 * 1024, mostPieceFloats = 48 * 1024 };

LAB_INLINE bool usesPieces(LabWinogradGeometry g) {
  return tilesOfSample(g) <= mostPieceTiles && winogradWeightCount(g) >= leastPieceWeights;
}

LAB_INLINE LabInt pieceColumns(LabWinogradGeometry g) { return columnsOfProduct(tilesOfSample(g)); }

LAB_INLINE LabInt pieceRows(LabWinogradGeometry g) {
  const LabInt fitting = mostPieceFloats / (frequencyCount(g.resultSide) * pieceColumns(g) * matrixFloats);
  return smaller(g.inputBlocks, larger(fitting, 1));
}

// Floats between a piece's frequencies.
LAB_INLINE LabInt pieceStride(LabWinogradGeometry g) {
  return frequencyStride(pieceRows(g) * pieceColumns(g) * matrixFloats);
}

static LabInt winogradForwardDynamicScratchCount(LabWinogradGeometry g, LabInt samples) {
  if (!usesPieces(g)) return winogradWeightCount(g) + winogradForwardScratchCount(g);
  const LabInt tiles = tilesOfSample(g) * lanes;
  const LabInt ofSample = frequencyStride(g.inputBlocks * tiles) + frequencyStride(pieceColumns(g) * tiles);
  return frequencyCount(g.resultSide) * (samples * ofSample + pieceStride(g));
}

// One sample's weights at a time in full.
static void forwardWithWholeWeights(LabWinogradGeometry g, const LabAggregate *weights, const float *x, float *y,
                                    bool resultsAreFar, float *scratch) {
  const LabInt rows = g.inputBlocks * lanes, columns = g.outputBlocks * lanes;
  for (LabInt sample = 0; sample < weights->samples; sample++) {
    LabAggregate own = *weights;
    own.samples = 1;
    own.kernelWeights = rowOf(weights->kernelWeights, sample, weights->extent.kernels);
    own.rowFactor = rowOf(weights->rowFactor, sample * windowTaps, rows);
    own.columnFactor = rowOf(weights->columnFactor, sample, columns);
    own.out = scratch;
    winogradTransformWeights(g.resultSide, &own);
    winogradForward(g, 1, x + sample * g.inputBlocks * planeFloats(g), scratch,
                    y + sample * g.outputBlocks * planeFloats(g), resultsAreFar, scratch + winogradWeightCount(g));
  }
}

// The memory of a pass in pieces.
typedef struct {
  LabInt tileCount, tileStride, resultStride;
  float *tiles;    // [sample][frequency][row block][tile][lane]
  float *results;  // [sample][frequency][column block of the piece][tile][lane]
  float *piece;    // [frequency][column block of the piece][row][lane]
} PieceScratch;

// Adds the products of `rows` blocks of rows and `columns` blocks of columns, for one sample.
LAB_INLINE void multiplyPiece(LabWinogradGeometry g, const PieceScratch *s, const LabAggregate *weights, LabInt sample,
                              LabInt row, LabInt rows, LabInt column, LabInt columns) {
  for (LabInt n = 0; n < columns; n++) {
    for (LabInt i = 0; i < rows; i++) {
      const WeightSource source = weightSource(weights, sample, row + i, column + n);
      transformWeightMatrix(g.resultSide, &source, weights->extent.kernels, s->piece + (n * rows + i) * matrixFloats,
                            pieceStride(g));
    }
  }
  const LabInt tiles = s->tileCount * lanes;
  const TileRuns runs = tileRuns(s->tileCount);
  for (LabInt f = 0; f < frequencyCount(g.resultSide); f++) {
    const TileProduct product = {
        .tiles = s->tiles + (sample * frequencyCount(g.resultSide) + f) * s->tileStride + row * tiles,
        .tileStride = tiles,
        .rowBlocks = rows,
        .weights = s->piece + f * pieceStride(g),
        .weightStride = matrixFloats,
        .columnStride = rows * matrixFloats,
        .results = s->results + (sample * frequencyCount(g.resultSide) + f) * s->resultStride,
        .resultStride = tiles,
    };
    multiplyAllTiles(product, runs, columns, row > 0);
  }
}

LAB_INLINE void forwardWithPieces(LabWinogradGeometry g, const LabAggregate *weights, const float *x, float *y,
                                  float *scratch) {
  const LabInt samples = weights->samples, tileCount = tilesOfSample(g);
  PieceScratch s = {
      .tileCount = tileCount,
      .tileStride = frequencyStride(g.inputBlocks * tileCount * lanes),
      .resultStride = frequencyStride(pieceColumns(g) * tileCount * lanes),
      .tiles = scratch,
  };
  s.results = s.tiles + samples * frequencyCount(g.resultSide) * s.tileStride;
  s.piece = s.results + samples * frequencyCount(g.resultSide) * s.resultStride;
  for (LabInt sample = 0; sample < samples; sample++) {
    float *tiles = s.tiles + sample * frequencyCount(g.resultSide) * s.tileStride;
    for (LabInt block = 0; block < g.inputBlocks; block++) {
      const float *plane = x + (sample * g.inputBlocks + block) * planeFloats(g);
      TileCursor cursor = {0, 0, 0};
      for (LabInt tile = 0; tile < tileCount; tile++, cursor = nextTile(g, cursor)) {
        transformInputTile(g, plane, cursor, tiles + (block * tileCount + tile) * lanes, s.tileStride);
      }
    }
  }
  for (LabInt column = 0; column < g.outputBlocks; column += pieceColumns(g)) {
    const LabInt columns = smaller(pieceColumns(g), g.outputBlocks - column);
    for (LabInt row = 0; row < g.inputBlocks; row += pieceRows(g)) {
      const LabInt rows = smaller(pieceRows(g), g.inputBlocks - row);
      for (LabInt sample = 0; sample < samples; sample++) {
        multiplyPiece(g, &s, weights, sample, row, rows, column, columns);
      }
    }
    for (LabInt sample = 0; sample < samples; sample++) {
      const float *results = s.results + sample * frequencyCount(g.resultSide) * s.resultStride;
      for (LabInt n = 0; n < columns; n++) {
        float *plane = y + (sample * g.outputBlocks + column + n) * planeFloats(g);
        TileCursor cursor = {0, 0, 0};
        for (LabInt tile = 0; tile < tileCount; tile++, cursor = nextTile(g, cursor)) {
          transformResultTile(g, results + (n * tileCount + tile) * lanes, s.resultStride, plane, cursor);
        }
      }
    }
  }
}

static void winogradForwardDynamic(LabWinogradGeometry g, const LabAggregate *weights, const float *x, float *y,
                                   bool resultsAreFar, float *scratch) {
  if (!usesPieces(g)) {
    forwardWithWholeWeights(g, weights, x, y, resultsAreFar, scratch);
    return;
  }
  LAB_BY_RESULTS(forwardWithPieces(g, weights, x, y, scratch))
}
