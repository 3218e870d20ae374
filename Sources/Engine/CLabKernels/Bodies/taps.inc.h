// Dynamic convolutions by products of one tap at a time: the forward pass, and what the gradients share with it.
//
// A group is what one product works on: all samples of a call, or where weights are mixed a sample by itself. For a tap, the
// rows of a group are the pairs of pixels of its samples, whose operands are gathered in a panel [group][block][row][lane].

LAB_INLINE LabInt pairsOfTap(const LabTapConvolution *c, LabInt tap) {
  return c->pairs.starts[tap + 1] - c->pairs.starts[tap];
}

LAB_INLINE LabInt mostPairsOfTap(const LabTapConvolution *c) {
  LabInt most = 0;
  for (LabInt tap = 0; tap < c->extent.taps; tap++) most = larger(most, pairsOfTap(c, tap));
  return most;
}

// Blocks of rows of mixed weights that are used together: all samples use a part of the kernels that stays in the first-level
// cache.
LAB_INLINE LabInt mixedRows(const LabTapConvolution *c, LabInt columns) {
  enum { partFloats = 8 * 1024 };
  return larger(partFloats / (c->extent.kernels * columns * matrixFloats), 1);
}

// The memory of a call, in which the parts follow each other.
typedef struct {
  float *panel;        // [group][block][row][lane]
  float *otherPanel;   // [group][column][row][lane]: the other operand of a gradient, or a product's results
  float *kernels;      // [kernel][column][row][lane], transposed
  float *mixed;        // [column][row][lane]
  float *gradients;    // [kernel][column][row][lane]: of kernels that are mixed
  float *kernelSums;   // [sample][kernel][lane]
  float *tapSums;      // [sample][tap][lane]
  LabInt count;
} TapScratch;

LAB_INLINE TapScratch tapScratch(const LabTapConvolution *c) {
  const LabInt blocks = larger(c->extent.inputBlocks, c->extent.outputBlocks);
  const LabInt rows = c->samples * mostPairsOfTap(c), columns = larger(wideColumns, gradientColumns);
  const LabInt kernels = c->extent.kernels;
  TapScratch s = {.panel = c->scratch};
  s.otherPanel = s.panel + blocks * rows * lanes;
  s.kernels = s.otherPanel + columns * rows * lanes;
  s.mixed = s.kernels + (c->mixesWeights ? kernels : 1) * columns * blocks * matrixFloats;
  s.gradients = s.mixed + (c->mixesWeights ? columns * smaller(mixedRows(c, 1), blocks) * matrixFloats : 0);
  s.kernelSums = s.gradients + (c->mixesWeights ? kernels * gradientColumns * matrixFloats : 0);
  s.tapSums = s.kernelSums + c->samples * kernels * lanes;
  s.count = s.tapSums + c->samples * c->extent.taps * lanes - c->scratch;
  return s;
}

static LabInt tapScratchCount(const LabTapConvolution *c) { return tapScratch(c).count; }

// Asks for a matrix that is needed soon.
LAB_INLINE void fetchMatrix(const float *matrix) {
  enum { lineFloats = 16 };
  for (LabInt i = 0; i < matrixFloats; i += lineFloats) __builtin_prefetch(matrix + i, 0, 3);
}

// Gathers a tap's rows of some blocks of an activation: [group][block][row][lane].
LAB_INLINE void gatherRows(const LabTapConvolution *c, LabInt samplesOfGroup, LabInt tap, bool ofImage,
                           const float *source, LabInt blocks, LabInt first, LabInt count, float *panel) {
  const LabInt pixels = ofImage ? c->pairs.imagePixelCount : c->pairs.resultPixelCount;
  const int32_t *places = (ofImage ? c->pairs.imagePixels : c->pairs.resultPixels) + c->pairs.starts[tap];
  const LabInt pairs = pairsOfTap(c, tap);
  for (LabInt group = 0; group < c->samples; group += samplesOfGroup) {
    for (LabInt block = first; block < first + count; block++) {
      for (LabInt sample = group; sample < group + samplesOfGroup; sample++) {
        const float *plane = source + (sample * blocks + block) * pixels * lanes;
        for (LabInt pair = 0; pair < pairs; pair++, panel += lanes) store(panel, load(plane + places[pair] * lanes));
      }
    }
  }
}

// Sums kernels for a sample: `rows` blocks of rows in `columns` columns, which become contiguous.
LAB_INLINE void mixKernels(LabInt kernels, LabInt kernelStride, LabInt columns, LabInt columnStride, LabInt rows,
                           LabInt rowStride, const float *w, const float *factors, float *mixed) {
  Vec own[registerKernels];
  for (LabInt k = 0; k < smaller(kernels, registerKernels); k++) own[k] = (Vec)factorOf(factors, k);
  for (LabInt n = 0; n < columns; n++) {
    for (LabInt block = 0; block < rows; block++) {
      const float *source = w + n * columnStride + block * rowStride;
#pragma clang loop unroll_count(4)
      for (LabInt row = 0; row < lanes; row++, source += lanes, mixed += lanes) {
        Vec sum = load(source) * own[0];
        for (LabInt k = 1; k < kernels; k++) {
          const Vec factor = kernels <= registerKernels ? own[k] : (Vec)factors[k];
          sum = factor * load(source + k * kernelStride) + sum;
        }
        store(mixed, sum);
      }
    }
  }
}

LAB_INLINE void mixAnyKernels(LabInt kernels, LabInt kernelStride, LabInt columns, LabInt columnStride, LabInt rows,
                              LabInt rowStride, const float *w, const float *factors, float *mixed) {
  switch (kernels) {
    case 1: mixKernels(1, kernelStride, columns, columnStride, rows, rowStride, w, factors, mixed); break;
    case 4: mixKernels(4, kernelStride, columns, columnStride, rows, rowStride, w, factors, mixed); break;
    default: mixKernels(kernels, kernelStride, columns, columnStride, rows, rowStride, w, factors, mixed); break;
  }
}

// y = factor · x of each channel of a sample; y may be x.
static void scaleChannels(LabExtent extent, const float *x, const float *factors, float *y) {
  for (LabInt plane = 0; plane < extent.samples * extent.blocks; plane++) {
    const Vec factor = load(factors + plane * lanes);
    for (LabInt pixel = 0; pixel < extent.pixels; pixel++, x += lanes, y += lanes) store(y, load(x) * factor);
  }
}

// sums[n][c] = Σ over pixels of a·b.
static void poolProducts(LabExtent extent, const float *a, const float *b, float *sums) {
  for (LabInt plane = 0; plane < extent.samples * extent.blocks; plane++) {
    Vec sum = (Vec)0.0f;
    for (LabInt pixel = 0; pixel < extent.pixels; pixel++, a += lanes, b += lanes) sum = load(a) * load(b) + sum;
    store(sums + plane * lanes, sum);
  }
}

// Some columns of the weights of a tap, as [kernel][column][source block][row][lane] with these strides.
typedef struct {
  const float *w;
  LabInt kernelStride, columnStride, weightStride;
  LabInt column, columns;  // the first target block and their number
} TapWeights;

// What one product, or where kernels are mixed one sample's, stands for.
typedef struct {
  LabInt tap, firstSample, samples;
  LabInt kernel;  // 0 where kernels are mixed
  LabInt rows;
} TapTurn;

// A pass goes through the kernels, or where they are mixed, through the samples.
LAB_INLINE LabInt turnsOfTap(const LabTapConvolution *c) { return c->mixesWeights ? c->samples : c->extent.kernels; }

LAB_INLINE TapTurn tapTurn(const LabTapConvolution *c, LabInt tap, LabInt turn) {
  const LabInt samples = c->mixesWeights ? 1 : c->samples;
  return (TapTurn){tap, c->mixesWeights ? turn : 0, samples, c->mixesWeights ? 0 : turn, samples * pairsOfTap(c, tap)};
}

// Multiplies the rows in the panel by a kernel's weights, or by the mixed weights of each of all samples: [column][row][lane]
// of each turn.
LAB_INLINE void multiplyByKernel(const TapScratch *s, TapTurn turn, LabInt sourceBlocks, const TapWeights *weights) {
  const TileProduct product = {
      .tiles = s->panel,
      .tileStride = turn.rows * lanes,
      .rowBlocks = sourceBlocks,
      .weights = weights->w + turn.kernel * weights->kernelStride,
      .weightStride = weights->weightStride,
      .columnStride = weights->columnStride,
      .results = s->otherPanel,
      .resultStride = turn.rows * lanes,
  };
  multiplyAllTiles(product, tileRuns(turn.rows), weights->columns, false);
}

LAB_INLINE void multiplyByMixture(const LabTapConvolution *c, const TapScratch *s, LabInt tap, LabInt sourceBlocks,
                                  const TapWeights *weights) {
  const LabInt mostBlocks = mixedRows(c, weights->columns), rows = pairsOfTap(c, tap);
  for (LabInt block = 0; block < sourceBlocks; block += mostBlocks) {
    const LabInt blocks = smaller(mostBlocks, sourceBlocks - block);
    for (LabInt sample = 0; sample < c->samples; sample++) {
      mixAnyKernels(c->extent.kernels, weights->kernelStride, weights->columns, weights->columnStride, blocks,
                    weights->weightStride, weights->w + block * weights->weightStride,
                    rowOf(c->kernelFactor, sample, c->extent.kernels), s->mixed);
      const TileProduct product = {
          .tiles = s->panel + (sample * sourceBlocks + block) * rows * lanes,
          .tileStride = rows * lanes,
          .rowBlocks = blocks,
          .weights = s->mixed,
          .weightStride = matrixFloats,
          .columnStride = blocks * matrixFloats,
          .results = s->otherPanel + sample * weights->columns * rows * lanes,
          .resultStride = rows * lanes,
      };
      multiplyAllTiles(product, tileRuns(rows), weights->columns, block > 0);
    }
  }
}

// The products of a turn, which are computed now or, where kernels are mixed, with those of the first one.
LAB_INLINE const float *multiplyTurn(const LabTapConvolution *c, const TapScratch *s, TapTurn turn, LabInt sourceBlocks,
                                     const TapWeights *weights) {
  if (!c->mixesWeights) {
    multiplyByKernel(s, turn, sourceBlocks, weights);
    return s->otherPanel;
  }
  if (turn.firstSample == 0) multiplyByMixture(c, s, turn.tap, sourceBlocks, weights);
  return s->otherPanel + turn.firstSample * weights->columns * turn.rows * lanes;
}

// The factor of a tap's products with one kernel, or with mixed ones.
LAB_INLINE float productFactor(const LabTapConvolution *c, TapTurn turn, LabInt sample) {
  const float tap = factorOf(rowOf(c->tapFactor, sample, c->extent.taps), turn.tap);
  return c->mixesWeights ? tap : tap * factorOf(rowOf(c->kernelFactor, sample, c->extent.kernels), turn.kernel);
}

LAB_INLINE LabExtent extentOfBlocks(LabInt samples, LabInt blocks, LabInt pixels) {
  return (LabExtent){samples, blocks * lanes, blocks, pixels};
}

LAB_INLINE void addResults(const LabTapConvolution *c, TapTurn turn, const TapWeights *weights, const float *results,
                           float *y) {
  const LabInt pairs = pairsOfTap(c, turn.tap), pixels = c->pairs.resultPixelCount;
  const int32_t *places = c->pairs.resultPixels + c->pairs.starts[turn.tap];
  for (LabInt n = 0; n < weights->columns; n++) {
    for (LabInt sample = turn.firstSample; sample < turn.firstSample + turn.samples; sample++) {
      const Vec factor = (Vec)productFactor(c, turn, sample);
      float *plane = y + (sample * c->extent.outputBlocks + weights->column + n) * pixels * lanes;
      for (LabInt pair = 0; pair < pairs; pair++, results += lanes) {
        float *target = plane + places[pair] * lanes;
        store(target, factor * load(results) + load(target));
      }
    }
  }
}

static void tapForward(const LabTapConvolution *c, float *y) {
  const LabDynamicExtent extent = c->extent;
  const TapScratch s = tapScratch(c);
  const LabInt floats = c->samples * extent.outputBlocks * c->pairs.resultPixelCount * lanes;
  for (LabInt i = 0; i < floats; i += lanes) store(y + i, (Vec)0.0f);
  for (LabInt tap = 0; tap < extent.taps; tap++) {
    if (pairsOfTap(c, tap) == 0) continue;
    const LabInt columns = columnsOfProduct(tapTurn(c, tap, 0).rows);
    gatherRows(c, tapTurn(c, tap, 0).samples, tap, true, c->x, extent.inputBlocks, 0, extent.inputBlocks, s.panel);
    for (LabInt column = 0; column < extent.outputBlocks; column += columns) {
      const TapWeights weights = {
          .w = c->w + matrixIndex(extent, column, 0, tap) * matrixFloats,
          .kernelStride = extent.kernelStride,
          .columnStride = extent.inputBlocks * extent.taps * matrixFloats,
          .weightStride = extent.taps * matrixFloats,
          .column = column,
          .columns = smaller(columns, extent.outputBlocks - column),
      };
      for (LabInt i = 0; i < turnsOfTap(c); i++) {
        const TapTurn turn = tapTurn(c, tap, i);
        addResults(c, turn, &weights, multiplyTurn(c, &s, turn, extent.inputBlocks, &weights), y);
      }
    }
  }
  if (c->outputFactor) {
    scaleChannels(extentOfBlocks(c->samples, extent.outputBlocks, c->pairs.resultPixelCount), y, c->outputFactor, y);
  }
}
