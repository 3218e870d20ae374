// Dynamic convolution: the samples' weights from the kernels and attentions, and the way back.
//
// The loops run over the matrices outside and the samples inside, so that a matrix of each kernel is read from the
// first-level cache for all samples but one; pairs of samples share its registers where there are enough.

enum { matrixFloats = LAB_BLOCK * LAB_BLOCK, sampleTuple = LAB_BLOCK == 16 ? 2 : 1, registerKernels = 4 };

// Input blocks of each group.
LAB_INLINE LabInt blocksOfGroup(LabDynamicExtent extent) { return extent.inputBlocks / extent.groups; }

// `inputBlock` counts within the group.
LAB_INLINE LabInt matrixIndex(LabDynamicExtent extent, LabInt outputBlock, LabInt inputBlock, LabInt tap) {
  return (outputBlock * blocksOfGroup(extent) + inputBlock) * extent.taps + tap;
}

// The position among all groups' input blocks of one of an output block's group.
LAB_INLINE LabInt inputBlockOf(LabDynamicExtent extent, LabInt outputBlock, LabInt inputBlock) {
  return outputBlock / (extent.outputBlocks / extent.groups) * blocksOfGroup(extent) + inputBlock;
}

// Vector `index` of a table whose entries are 1 where it is absent.
LAB_INLINE Vec factorVector(const float *table, LabInt index) { return table ? load(table + index) : (Vec)1.0f; }

LAB_INLINE float factorOf(const float *table, LabInt index) { return table ? table[index] : 1; }

LAB_INLINE const float *rowOf(const float *table, LabInt row, LabInt columns) {
  return table ? table + row * columns : NULL;
}

// One matrix of `tuple` samples. Up to four kernels' factors are kept in registers.
LAB_INLINE void aggregateMatrix(LabInt kernels, int rowCount, LabInt kernelStride, int tuple, const float *w,
                                const float *const kernelWeights[], const Vec columns[], const float *const rows[],
                                float *const out[]) {
  Vec scaled[sampleTuple][registerKernels];
  for (int s = 0; s < tuple; s++) {
    for (LabInt k = 0; k < smaller(kernels, registerKernels); k++) {
      scaled[s][k] = columns[s] * factorOf(kernelWeights[s], k);
    }
  }
  for (int row = 0; row < rowCount; row++) {
    Vec v[sampleTuple];
    for (int s = 0; s < tuple; s++) v[s] = (Vec)0.0f;
    for (LabInt k = 0; k < kernels; k++) {
      const Vec own = load(w + k * kernelStride + row * lanes);
      for (int s = 0; s < tuple; s++) {
        const Vec factor = kernels <= registerKernels ? scaled[s][k] : columns[s] * factorOf(kernelWeights[s], k);
        v[s] = k == 0 ? own * factor : own * factor + v[s];
      }
    }
    for (int s = 0; s < tuple; s++) store(out[s] + row * lanes, rows[s] ? v[s] * rows[s][row] : v[s]);
  }
}

LAB_INLINE void aggregateTuple(const LabAggregate *a, LabInt kernels, int rowCount, int tuple, LabInt sample,
                               LabInt outputBlock, LabInt inputBlock, LabInt tap) {
  const LabDynamicExtent extent = a->extent;
  const LabInt outputs = extent.outputBlocks * lanes, inputs = extent.inputBlocks * lanes;
  const LabInt ownInputs = inputBlockOf(extent, outputBlock, inputBlock) * lanes, ownOutputs = outputBlock * lanes;
  const LabInt rowStride = rowCount == 1 ? 1 : a->transposed ? outputs : inputs;
  const LabInt row = rowCount == 1 ? 0 : a->transposed ? ownOutputs : ownInputs;
  const LabInt columnCount = a->transposed ? inputs : outputs;
  const LabInt column = a->transposed ? ownInputs : ownOutputs;
  const LabInt offset = matrixIndex(extent, outputBlock, inputBlock, tap) * rowCount * lanes;
  const float *kernelWeights[sampleTuple], *rows[sampleTuple];
  Vec columns[sampleTuple];
  float *out[sampleTuple];
  for (int s = 0; s < tuple; s++) {
    kernelWeights[s] = rowOf(a->kernelWeights, sample + s, kernels);
    rows[s] = rowOf(a->rowFactor, (sample + s) * extent.taps + tap, rowStride);
    if (rows[s]) rows[s] += row;
    columns[s] = factorVector(a->columnFactor, (sample + s) * columnCount + column);
    out[s] = a->out + (sample + s) * a->outStride + offset;
  }
  aggregateMatrix(kernels, rowCount, extent.kernelStride, tuple, a->w + offset, kernelWeights, columns, rows, out);
}

LAB_INLINE void aggregateKernels(const LabAggregate *a, LabInt kernels, int rowCount) {
  for (LabInt o = 0; o < a->extent.outputBlocks; o++) {
    for (LabInt i = 0; i < blocksOfGroup(a->extent); i++) {
      for (LabInt tap = 0; tap < a->extent.taps; tap++) {
        LabInt sample = 0;
        for (; sample + sampleTuple <= a->samples; sample += sampleTuple) {
          aggregateTuple(a, kernels, rowCount, sampleTuple, sample, o, i, tap);
        }
        for (; sample < a->samples; sample++) aggregateTuple(a, kernels, rowCount, 1, sample, o, i, tap);
      }
    }
  }
}

static void aggregateSamples(const LabAggregate *a) {
  const LabInt kernels = a->extent.kernels;
  if (a->extent.isDepthWise) {
    aggregateKernels(a, kernels, 1);
  } else if (kernels == 1) {
    aggregateKernels(a, 1, lanes);
  } else if (kernels == 4) {
    aggregateKernels(a, 4, lanes);
  } else {
    aggregateKernels(a, kernels, lanes);
  }
}

static void aggregate(LabDynamicExtent extent, bool transposed, const float *w, const float *kernelWeights,
                      const float *rowFactor, const float *columnFactor, float *out) {
  const LabAggregate arguments = {extent, 1, transposed, w, kernelWeights, rowFactor, columnFactor, out, 0};
  aggregateSamples(&arguments);
}

// One sample's sums, each a vector wide until the end.
typedef struct {
  float *inputs;   // [inputBlocks·block][block], none for depth-wise weights
  float *taps;     // [taps][block]
  float *kernels;  // [kernels][block]
} ContractSums;

// Vectors of the inputs' sums: depth-wise weights need none.
LAB_INLINE LabInt inputVectors(LabDynamicExtent extent) { return extent.isDepthWise ? 0 : extent.inputBlocks * lanes; }

LAB_INLINE LabInt contractVectors(LabDynamicExtent extent) {
  return inputVectors(extent) + extent.taps + extent.kernels;
}

LAB_INLINE ContractSums contractSums(const LabContract *a, LabInt sample) {
  float *base = a->scratch + sample * contractVectors(a->extent) * lanes;
  float *taps = base + inputVectors(a->extent) * lanes;
  return (ContractSums){base, taps, taps + a->extent.taps * lanes};
}

LAB_INLINE void addTo(float *sums, Vec v) { store(sums, load(sums) + v); }

// What one matrix of one sample works with.
typedef struct {
  const float *gradient, *kernelWeights, *rows;
  Vec column;
  float *inputSums, *kernelSums;
  Vec matrixSum;  // result: Σ over rows of P
} ContractMatrix;

LAB_INLINE void contractMatrix(LabInt kernels, int rowCount, LabInt kernelStride, int tuple, const float *w, float *dw,
                               ContractMatrix samples[]) {
  Vec kernelSums[sampleTuple][registerKernels];
  Vec factors[sampleTuple][registerKernels];
  Vec matrixSums[sampleTuple];
  for (int s = 0; s < tuple; s++) {
    matrixSums[s] = (Vec)0.0f;
    for (LabInt k = 0; k < smaller(kernels, registerKernels); k++) {
      kernelSums[s][k] = (Vec)0.0f;
      factors[s][k] = (Vec)factorOf(samples[s].kernelWeights, k);
    }
  }
  for (int row = 0; row < rowCount; row++) {
    const LabInt at = row * lanes;
    Vec scaled[sampleTuple], weights[sampleTuple];
    for (int s = 0; s < tuple; s++) {
      scaled[s] = load(samples[s].gradient + at) * samples[s].column;
      if (samples[s].rows) scaled[s] *= samples[s].rows[row];
      weights[s] = (Vec)0.0f;
    }
    for (LabInt k = 0; k < kernels; k++) {
      const Vec own = load(w + k * kernelStride + at);
      float *target = dw + k * kernelStride + at;
      Vec sum = load(target);
      for (int s = 0; s < tuple; s++) {
        const Vec factor =
            kernels <= registerKernels ? factors[s][k] : (Vec)factorOf(samples[s].kernelWeights, k);
        weights[s] = factor * own + weights[s];
        sum = factor * scaled[s] + sum;
        if (kernels <= registerKernels) {
          kernelSums[s][k] = scaled[s] * own + kernelSums[s][k];
        } else {
          addTo(samples[s].kernelSums + k * lanes, scaled[s] * own);
        }
      }
      store(target, sum);
    }
    for (int s = 0; s < tuple; s++) {
      const Vec product = scaled[s] * weights[s];
      if (rowCount > 1) addTo(samples[s].inputSums + at, product);
      matrixSums[s] += product;
    }
  }
  for (int s = 0; s < tuple; s++) {
    samples[s].matrixSum = matrixSums[s];
    for (LabInt k = 0; k < kernels && kernels <= registerKernels; k++) {
      addTo(samples[s].kernelSums + k * lanes, kernelSums[s][k]);
    }
  }
}

LAB_INLINE void contractTuple(const LabContract *a, LabInt kernels, int rowCount, int tuple, LabInt sample,
                              LabInt outputBlock, LabInt inputBlock, LabInt tap) {
  const LabDynamicExtent extent = a->extent;
  const LabInt outputs = extent.outputBlocks * lanes;
  const LabInt ownInputs = rowCount == 1 ? 0 : inputBlockOf(extent, outputBlock, inputBlock) * lanes;
  const LabInt rowStride = rowCount == 1 ? 1 : extent.inputBlocks * lanes;
  const LabInt offset = matrixIndex(extent, outputBlock, inputBlock, tap) * rowCount * lanes;
  ContractMatrix matrices[sampleTuple];
  for (int s = 0; s < tuple; s++) {
    const ContractSums sums = contractSums(a, sample + s);
    const float *rows = rowOf(a->rowFactor, (sample + s) * extent.taps + tap, rowStride);
    matrices[s] = (ContractMatrix){
        .gradient = a->gradient + (sample + s) * a->gradientStride + offset,
        .kernelWeights = rowOf(a->kernelWeights, sample + s, kernels),
        .rows = rows ? rows + ownInputs : NULL,
        .column = factorVector(a->columnFactor, (sample + s) * outputs + outputBlock * lanes),
        .inputSums = sums.inputs + ownInputs * lanes,
        .kernelSums = sums.kernels,
    };
  }
  contractMatrix(kernels, rowCount, extent.kernelStride, tuple, a->w + offset, a->dw + offset, matrices);
  for (int s = 0; s < tuple; s++) {
    addTo(contractSums(a, sample + s).taps + tap * lanes, matrices[s].matrixSum);
    if (a->sumOutput) addTo(a->sumOutput + (sample + s) * outputs + outputBlock * lanes, matrices[s].matrixSum);
  }
}

LAB_INLINE void contractKernels(const LabContract *a, LabInt kernels, int rowCount) {
  for (LabInt o = 0; o < a->extent.outputBlocks; o++) {
    for (LabInt i = 0; i < blocksOfGroup(a->extent); i++) {
      for (LabInt tap = 0; tap < a->extent.taps; tap++) {
        LabInt sample = 0;
        for (; sample + sampleTuple <= a->samples; sample += sampleTuple) {
          contractTuple(a, kernels, rowCount, sampleTuple, sample, o, i, tap);
        }
        for (; sample < a->samples; sample++) contractTuple(a, kernels, rowCount, 1, sample, o, i, tap);
      }
    }
  }
}

LAB_INLINE void sumEachVector(LabInt count, const float *vectors, float *result) {
  for (LabInt i = 0; i < count; i++) result[i] = (float)sumOfLanes(load(vectors + i * lanes));
}

static void contractSamples(const LabContract *a) {
  const LabDynamicExtent extent = a->extent;
  const LabInt inputs = extent.inputBlocks * lanes, outputs = extent.outputBlocks * lanes;
  const LabInt sums = a->samples * contractVectors(extent) * lanes;
  for (LabInt i = 0; i < sums; i += lanes) store(a->scratch + i, (Vec)0.0f);
  for (LabInt i = 0; a->sumOutput && i < a->samples * outputs; i += lanes) store(a->sumOutput + i, (Vec)0.0f);
  if (extent.isDepthWise) {
    contractKernels(a, extent.kernels, 1);
  } else if (extent.kernels == 1) {
    contractKernels(a, 1, lanes);
  } else if (extent.kernels == 4) {
    contractKernels(a, 4, lanes);
  } else {
    contractKernels(a, extent.kernels, lanes);
  }
  for (LabInt sample = 0; sample < a->samples; sample++) {
    const ContractSums own = contractSums(a, sample);
    if (a->sumInput) sumEachVector(inputs, own.inputs, a->sumInput + sample * inputs);
    if (a->sumTap) sumEachVector(extent.taps, own.taps, a->sumTap + sample * extent.taps);
    if (a->dKernel) sumEachVector(extent.kernels, own.kernels, a->dKernel + sample * extent.kernels);
  }
}

static void contract(LabDynamicExtent extent, const float *w, const float *gradient, const float *kernelWeights,
                     const float *rowFactor, const float *columnFactor, float *dw, float *sumInput, float *sumOutput,
                     float *sumTap, float *dKernel, float *scratch) {
  const LabContract arguments = {extent, 1, w, gradient, 0, kernelWeights, rowFactor, columnFactor, dw, sumInput,
                                 sumOutput, sumTap, dKernel, scratch};
  contractSamples(&arguments);
}
