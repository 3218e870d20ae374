// The forward pass: transformed tiles times transformed weights, a matrix product a frequency.
//
// Tiles are [frequency][block][tile][lane], so that a product's innermost addresses are constant offsets. The products
// keep tiles × columns vectors of results in registers: many tiles and a few columns, or, where a sample's weights meet
// only a few tiles, few tiles and `wideColumns` columns.

#if LAB_BLOCK == 16
enum { productTiles = 12, productColumns = 2, wideTiles = 6, wideColumns = 4 };
#elif defined(__x86_64__) && !defined(LAB_MASKED_LOAD)
enum { productTiles = 4, productColumns = 1, wideTiles = 2, wideColumns = 2 };
#else
enum { productTiles = 6, productColumns = 2, wideTiles = 3, wideColumns = 4 };
#endif

// The operands of one frequency's product.
typedef struct {
  const float *tiles;    // [row block][tile][lane]
  LabInt tileStride;     // floats between row blocks
  LabInt rowBlocks;
  const float *weights;  // [column block][row block][row][lane]
  LabInt weightStride;   // floats between row blocks of the weights
  LabInt columnStride;   // floats between column blocks of the weights
  float *results;        // [column block][tile][lane]
  LabInt resultStride;   // floats between column blocks of the results
} TileProduct;

LAB_INLINE void multiplyTiles(const TileProduct *p, LabInt firstTile, int tiles, int columns, bool accumulates) {
  Vec sums[wideColumns][productTiles];
  float *results = p->results + firstTile * lanes;
  for (int n = 0; n < columns; n++) {
    LAB_UNROLLED
    for (int t = 0; t < tiles; t++) {
      sums[n][t] = accumulates ? load(results + n * p->resultStride + t * lanes) : (Vec)0.0f;
    }
  }
  for (LabInt block = 0; block < p->rowBlocks; block++) {
    const float *weights = p->weights + block * p->weightStride;
    const float *source = p->tiles + block * p->tileStride + firstTile * lanes;
#pragma clang loop unroll_count(2)
    for (LabInt row = 0; row < lanes; row++) {
      Vec w[wideColumns];
      for (int n = 0; n < columns; n++) w[n] = load(weights + n * p->columnStride);
      LAB_UNROLLED
      for (int t = 0; t < tiles; t++) {
        const Vec factor = (Vec)source[t * lanes];
        for (int n = 0; n < columns; n++) sums[n][t] = factor * w[n] + sums[n][t];
      }
      weights += lanes;
      source++;
    }
  }
  for (int n = 0; n < columns; n++) {
    LAB_UNROLLED
    for (int t = 0; t < tiles; t++) store(results + n * p->resultStride + t * lanes, sums[n][t]);
  }
}

#define LAB_EACH_TILE_COUNT(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)

LAB_INLINE void multiplyTileRun(const TileProduct *p, LabInt firstTile, int tiles, int columns, bool accumulates) {
  switch (tiles) {
#define LAB_CASE(TILES)                                                                                \
  case TILES:                                                                                          \
    if (TILES <= productTiles) multiplyTiles(p, firstTile, TILES, columns, accumulates);               \
    break;
    LAB_EACH_TILE_COUNT(LAB_CASE)
#undef LAB_CASE
  }
}

// At most wideTiles tiles and exactly wideColumns columns.
static void multiplyWide(const TileProduct *p, int tiles, bool accumulates) {
  switch (tiles) {
#define LAB_CASE(TILES)                                                                                \
  case TILES:                                                                                          \
    if (TILES <= wideTiles) {                                                                          \
      accumulates ? multiplyTiles(p, 0, TILES, wideColumns, true) : multiplyTiles(p, 0, TILES, wideColumns, false); \
    }                                                                                                  \
    break;
    LAB_EACH_TILE_COUNT(LAB_CASE)
#undef LAB_CASE
  }
}

static void multiplyOne(const TileProduct *p, LabInt firstTile, int tiles) {
  multiplyTileRun(p, firstTile, tiles, 1, false);
}
static void multiplyOneMore(const TileProduct *p, LabInt firstTile, int tiles) {
  multiplyTileRun(p, firstTile, tiles, 1, true);
}
static void multiplyPair(const TileProduct *p, LabInt firstTile, int tiles) {
  multiplyTileRun(p, firstTile, tiles, productColumns, false);
}
static void multiplyPairMore(const TileProduct *p, LabInt firstTile, int tiles) {
  multiplyTileRun(p, firstTile, tiles, productColumns, true);
}

// How tiles are divided into runs of nearly equal length: the first `longer` ones have a tile more.
typedef struct {
  LabInt tiles, count, shortest, longer;
} TileRuns;

LAB_INLINE TileRuns tileRuns(LabInt tiles) {
  const LabInt count = (tiles + productTiles - 1) / productTiles;
  return (TileRuns){tiles, count, tiles / count, tiles % count};
}

// All tiles of one to productColumns columns.
LAB_INLINE void multiplyTileRuns(const TileProduct *p, TileRuns runs, LabInt columns, bool accumulates) {
  LabInt first = 0;
  for (LabInt run = 0; run < runs.count; run++) {
    const int count = (int)(runs.shortest + (run < runs.longer));
    if (columns == 1) {
      accumulates ? multiplyOneMore(p, first, count) : multiplyOne(p, first, count);
    } else {
      accumulates ? multiplyPairMore(p, first, count) : multiplyPair(p, first, count);
    }
    first += count;
  }
}

// Columns of one product with so many tiles.
LAB_INLINE LabInt columnsOfProduct(LabInt tiles) { return tiles <= wideTiles ? wideColumns : productColumns; }

// All tiles of some columns.
LAB_INLINE void multiplyAllTiles(TileProduct p, TileRuns runs, LabInt columns, bool accumulates) {
  while (columns > 0) {
    const bool isWide = runs.tiles <= wideTiles && columns >= wideColumns;
    const LabInt taken = isWide ? wideColumns : smaller(productColumns, columns);
    if (isWide) {
      multiplyWide(&p, (int)runs.tiles, accumulates);
    } else {
      multiplyTileRuns(&p, runs, taken, accumulates);
    }
    columns -= taken;
    p.weights += taken * p.columnStride;
    p.results += taken * p.resultStride;
  }
}

// Tiles of a group.
enum { fewestTiles = 12, mostTiles = 48 };

// Tiles that are worked on together: as many as stay in the cache beside the weights, but where all transformed weights do
// not stay there themselves, enough to use each of them often while it is at hand.
LAB_INLINE LabInt tilesOfGroup(LabWinogradGeometry g) {
  enum { cachedBytes = 340 << 10 };
  const LabInt frequencies = frequencyCount(g.resultSide);
  const LabInt weightBytes = 4 * frequencies * g.inputBlocks * g.outputBlocks * matrixFloats;
  const LabInt tileBytes = 4 * frequencies * (g.inputBlocks + g.outputBlocks) * lanes;
  const LabInt least = weightBytes <= 1 << 20 ? fewestTiles : weightBytes <= 4 << 20 ? 2 * fewestTiles : mostTiles;
  return smaller(larger(cachedBytes / tileBytes / fewestTiles * fewestTiles, least), mostTiles);
}

// Columns whose results are transformed together, while they are in the cache: few, unless the tiles, which are read again
// for each, do not stay there. Fewer tiles have no more results than a whole group.
LAB_INLINE LabInt columnsOfGroup(LabWinogradGeometry g, LabInt tiles) {
  enum { mostTileBytes = 1 << 20 };
  _Static_assert(wideTiles * wideColumns <= fewestTiles * productColumns, "few tiles exceed the memory of a group");
  const LabInt bytes = 4 * frequencyCount(g.resultSide) * g.inputBlocks * tilesOfGroup(g) * lanes;
  return bytes <= mostTileBytes ? smaller(columnsOfProduct(tiles), g.outputBlocks) : g.outputBlocks;
}

LAB_INLINE LabInt groupResultStride(LabWinogradGeometry g) {
  return frequencyStride(columnsOfGroup(g, tilesOfGroup(g)) * tilesOfGroup(g) * lanes);
}

static LabInt winogradForwardScratchCount(LabWinogradGeometry g) {
  return frequencyCount(g.resultSide) *
         (frequencyStride(g.inputBlocks * tilesOfGroup(g) * lanes) + groupResultStride(g));
}

// Asks for the lines of a tile's results in some columns, to be overwritten.
LAB_INLINE void requestResultTile(LabWinogradGeometry g, float *y, TileCursor cursor, LabInt column, LabInt columns) {
  const LabInt top = cursor.row * g.resultSide, left = cursor.column * g.resultSide;
  const LabInt rows = smaller(g.resultSide, g.height - top), width = smaller(g.resultSide, g.width - left);
  for (LabInt block = column; block < column + columns; block++) {
    const float *origin = y + (cursor.sample * g.outputBlocks + block) * planeFloats(g) + (top * g.width + left) * lanes;
    for (LabInt i = 0; i < rows; i++) {
      for (LabInt j = 0; j < width; j++) __builtin_prefetch(origin + (i * g.width + j) * lanes, 1, 3);
    }
  }
}

LAB_INLINE void forwardTiles(LabWinogradGeometry g, LabInt samples, const float *x, const float *transformed, float *y,
                             bool resultsAreFar, float *scratch) {
  const LabInt groupTiles = tilesOfGroup(g), total = samples * tilesOfSample(g);
  const LabInt tileStride = frequencyStride(g.inputBlocks * groupTiles * lanes);
  const LabInt resultStride = groupResultStride(g);
  const LabInt weightStride = transformedStride(g.inputBlocks, g.outputBlocks);
  float *tiles = scratch, *results = scratch + frequencyCount(g.resultSide) * tileStride;
  TileCursor start = {0, 0, 0};
  for (LabInt first = 0; first < total; first += groupTiles) {
    const LabInt count = smaller(groupTiles, total - first);
    const LabInt groupColumns = columnsOfGroup(g, count);
    const TileRuns runs = tileRuns(count);
    TileCursor cursor = start;
    for (LabInt tile = 0; tile < count; tile++, cursor = nextTile(g, cursor)) {
      for (LabInt block = 0; block < g.inputBlocks; block++) {
        const float *plane = x + (cursor.sample * g.inputBlocks + block) * planeFloats(g);
        transformInputTile(g, plane, cursor, tiles + (block * count + tile) * lanes, tileStride);
      }
    }
    for (LabInt column = 0; column < g.outputBlocks; column += groupColumns) {
      const LabInt columns = smaller(groupColumns, g.outputBlocks - column);
      TileCursor requested = start;
      LabInt requestedTiles = 0;
      for (LabInt f = 0; f < frequencyCount(g.resultSide); f++) {
        // Products leave the memory idle, and results come faster where their lines are there.
        const LabInt wantedTiles = resultsAreFar ? count * (f + 1) / frequencyCount(g.resultSide) : 0;
        for (; requestedTiles < wantedTiles; requestedTiles++, requested = nextTile(g, requested)) {
          requestResultTile(g, y, requested, column, columns);
        }
        const TileProduct product = {
            .tiles = tiles + f * tileStride,
            .tileStride = count * lanes,
            .rowBlocks = g.inputBlocks,
            .weights = transformed + f * weightStride + column * g.inputBlocks * matrixFloats,
            .weightStride = matrixFloats,
            .columnStride = g.inputBlocks * matrixFloats,
            .results = results + f * resultStride,
            .resultStride = count * lanes,
        };
        multiplyAllTiles(product, runs, columns, false);
      }
      for (LabInt n = 0; n < columns; n++) {
        cursor = start;
        for (LabInt tile = 0; tile < count; tile++, cursor = nextTile(g, cursor)) {
          float *plane = y + (cursor.sample * g.outputBlocks + column + n) * planeFloats(g);
          transformResultTile(g, results + (n * count + tile) * lanes, resultStride, plane, cursor);
        }
      }
    }
    start = cursor;
  }
}

static void winogradForward(LabWinogradGeometry g, LabInt samples, const float *x, const float *transformed, float *y,
                            bool resultsAreFar, float *scratch) {
  LAB_BY_RESULTS(forwardTiles(g, samples, x, transformed, y, resultsAreFar, scratch))
}
