// Transformed weights: U = G g Gᵀ of each pair of channels, from weights that are aggregated on the way.

// Floats between frequencies of a tensor whose frequencies hold `count` floats: one vector more, so that they do not
// fall into the same cache sets.
LAB_INLINE LabInt frequencyStride(LabInt count) { return count + lanes; }

// A transformed weight tensor is [frequency][column block][row][column], where columns are the pass's outputs.
LAB_INLINE LabInt transformedStride(LabInt rowBlocks, LabInt columnBlocks) {
  return frequencyStride(rowBlocks * columnBlocks * matrixFloats);
}

static LabInt winogradWeightCount(LabWinogradGeometry g) {
  return frequencyCount(g.resultSide) * transformedStride(g.inputBlocks, g.outputBlocks);
}

// What one matrix of one sample is aggregated from.
typedef struct {
  const float *w;               // the first kernel's first tap of the matrix
  LabInt kernelStride;
  const float *kernelWeights;   // or NULL
  const float *rowFactor;       // the matrix's first row in the first tap, or NULL
  LabInt rowStride;             // floats between taps of the row factor
  Vec column;
  bool turned;
} WeightSource;

LAB_INLINE WeightSource weightSource(const LabAggregate *a, LabInt sample, LabInt rowBlock, LabInt columnBlock) {
  const LabDynamicExtent extent = a->extent;
  const LabInt rowCount = (a->transposed ? extent.outputBlocks : extent.inputBlocks) * lanes;
  const LabInt columnCount = (a->transposed ? extent.inputBlocks : extent.outputBlocks) * lanes;
  const LabInt o = a->transposed ? rowBlock : columnBlock, i = a->transposed ? columnBlock : rowBlock;
  const float *rows = rowOf(a->rowFactor, sample * windowTaps, rowCount);
  return (WeightSource){
      .w = a->w + matrixIndex(extent, o, i, 0) * matrixFloats,
      .kernelStride = extent.kernelStride,
      .kernelWeights = rowOf(a->kernelWeights, sample, extent.kernels),
      .rowFactor = rows ? rows + rowBlock * lanes : NULL,
      .rowStride = rowCount,
      .column = factorVector(a->columnFactor, sample * columnCount + columnBlock * lanes),
      .turned = a->transposed,
  };
}

// Transforms a matrix; frequency f of row r goes to target + f·stride + r·lanes. Where `turned` and `kernels` are constants,
// the matrix is read at constant offsets.
LAB_INLINE void transformWeightRows(LabInt results, bool turned, const WeightSource *s, LabInt kernels, float *target,
                                    LabInt stride) {
  const int side = tileSide(results);
  Vec scaled[registerKernels];
  float rowFactors[windowTaps * LAB_BLOCK] __attribute__((aligned(64)));
  for (LabInt k = 0; k < smaller(kernels, registerKernels); k++) scaled[k] = s->column * factorOf(s->kernelWeights, k);
  for (int tap = 0; tap < windowTaps; tap++) {
    store(rowFactors + tap * lanes, factorVector(s->rowFactor, tap * s->rowStride));
  }
  const float *w = s->w;
  for (LabInt row = 0; row < lanes; row++, w += lanes, target += lanes) {
    Vec columns[windowSide][mostTileSide];  // [window column][frequency]
    LAB_UNROLLED
    for (int j = 0; j < windowSide; j++) {
      Vec g[windowSide];
      for (int i = 0; i < windowSide; i++) {
        const int position = i * windowSide + j;
        const int tap = turned ? windowTaps - 1 - position : position;
        Vec v = (Vec)0.0f;
        for (LabInt k = 0; k < kernels; k++) {
          const Vec factor = kernels <= registerKernels ? scaled[k] : s->column * factorOf(s->kernelWeights, k);
          const Vec own = load(w + k * s->kernelStride + tap * matrixFloats);
          v = k == 0 ? own * factor : own * factor + v;
        }
        g[i] = v * rowFactors[tap * lanes + row];
      }
      weightLine(results, g, columns[j]);
    }
    LAB_UNROLLED
    for (int i = 0; i < side; i++) {
      Vec g[windowSide], u[mostTileSide];
      for (int j = 0; j < windowSide; j++) g[j] = columns[j][i];
      weightLine(results, g, u);
      for (int j = 0; j < side; j++) store(target + (i * side + j) * stride, u[j]);
    }
  }
}

// The window's direction as a constant.
LAB_INLINE void transformWeightDirection(LabInt results, const WeightSource *s, LabInt kernels, float *target,
                                         LabInt stride) {
  s->turned ? transformWeightRows(results, true, s, kernels, target, stride)
            : transformWeightRows(results, false, s, kernels, target, stride);
}

// Few kernels as constants.
LAB_INLINE void transformWeightMatrix(LabInt results, const WeightSource *s, LabInt kernels, float *target,
                                      LabInt stride) {
  switch (kernels) {
    case 1: transformWeightDirection(results, s, 1, target, stride); break;
    case 4: transformWeightDirection(results, s, 4, target, stride); break;
    default: transformWeightDirection(results, s, kernels, target, stride); break;
  }
}

LAB_INLINE void transformWeights(LabInt results, const LabAggregate *a) {
  const LabDynamicExtent extent = a->extent;
  const LabInt rowBlocks = a->transposed ? extent.outputBlocks : extent.inputBlocks;
  const LabInt columnBlocks = a->transposed ? extent.inputBlocks : extent.outputBlocks;
  const LabInt stride = transformedStride(rowBlocks, columnBlocks);
  for (LabInt column = 0; column < columnBlocks; column++) {
    for (LabInt row = 0; row < rowBlocks; row++) {
      for (LabInt sample = 0; sample < a->samples; sample++) {
        const WeightSource source = weightSource(a, sample, row, column);
        float *target = a->out + sample * a->outStride + (column * rowBlocks + row) * matrixFloats;
        transformWeightMatrix(results, &source, extent.kernels, target, stride);
      }
    }
  }
}

static void winogradTransformWeights(LabInt results, const LabAggregate *weights) {
  results == 2 ? transformWeights(2, weights) : transformWeights(4, weights);
}
