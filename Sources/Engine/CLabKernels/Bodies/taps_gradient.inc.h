// The gradients of dynamic convolutions by products of one tap at a time.

enum { turnedAhead = 4 };

// Turns a tap's weights of some input blocks around: [kernel][column][output block][row][lane].
LAB_INLINE TapWeights turnedWeights(const LabTapConvolution *c, const TapScratch *s, LabInt tap, LabInt kernel,
                                    LabInt kernels, LabInt column, LabInt columns) {
  const LabDynamicExtent extent = c->extent;
  const LabInt columnStride = extent.outputBlocks * matrixFloats;
  for (LabInt k = 0; k < kernels; k++) {
    const float *w = c->w + (kernel + k) * extent.kernelStride;
    for (LabInt n = 0; n < columns; n++) {
      for (LabInt block = 0; block < extent.outputBlocks; block++) {
        // The matrices of a tap lie far from each other.
        if (block + turnedAhead < extent.outputBlocks) {
          fetchMatrix(w + matrixIndex(extent, block + turnedAhead, column + n, tap) * matrixFloats);
        }
        transposeTile(w + matrixIndex(extent, block, column + n, tap) * matrixFloats, lanes,
                      s->kernels + (k * columns + n) * columnStride + block * matrixFloats, lanes);
      }
    }
  }
  return (TapWeights){s->kernels, columns * columnStride, columnStride, matrixFloats, column, columns};
}

LAB_INLINE void clearVectors(LabInt count, float *vectors) {
  for (LabInt i = 0; i < count; i++) store(vectors + i * lanes, (Vec)0.0f);
}

// Adds a turn's products to the image's gradient, and what they are times the image to the sums of the factors' gradients.
LAB_INLINE void addGradients(const LabTapConvolution *c, const LabTapGradients *g, const TapScratch *s, TapTurn turn,
                             const TapWeights *weights, const float *results) {
  const LabDynamicExtent extent = c->extent;
  const LabInt pairs = pairsOfTap(c, turn.tap), pixels = c->pairs.imagePixelCount;
  const int32_t *places = c->pairs.imagePixels + c->pairs.starts[turn.tap];
  for (LabInt sample = turn.firstSample; sample < turn.firstSample + turn.samples; sample++) {
    const Vec factor = (Vec)productFactor(c, turn, sample);
    Vec sum = (Vec)0.0f;
    for (LabInt n = 0; n < weights->columns; n++) {
      const LabInt plane = sample * extent.inputBlocks + weights->column + n;
      const float *own = results + (n * turn.rows + (sample - turn.firstSample) * pairs) * lanes;
      Vec products = (Vec)0.0f;
      for (LabInt pair = 0; pair < pairs; pair++, own += lanes) {
        const LabInt at = (plane * pixels + places[pair]) * lanes;
        const Vec result = load(own);
        products = result * load(g->image + at) + products;
        store(g->dx + at, factor * result + load(g->dx + at));
      }
      if (g->dInput) addTo(g->dInput + plane * lanes, factor * products);
      sum += products * factorVector(c->inputFactor, plane * lanes);
    }
    const float tapFactor = factorOf(rowOf(c->tapFactor, sample, extent.taps), turn.tap);
    const float kernelFactor =
        c->mixesWeights ? 1 : factorOf(rowOf(c->kernelFactor, sample, extent.kernels), turn.kernel);
    addTo(s->tapSums + (sample * extent.taps + turn.tap) * lanes, kernelFactor * sum);
    if (!c->mixesWeights) addTo(s->kernelSums + (sample * extent.kernels + turn.kernel) * lanes, tapFactor * sum);
  }
}

static void tapInputGradient(const LabTapConvolution *c, const LabTapGradients *g) {
  const LabDynamicExtent extent = c->extent;
  const TapScratch s = tapScratch(c);
  const LabInt planes = c->samples * extent.inputBlocks;
  clearVectors(planes * c->pairs.imagePixelCount, g->dx);
  clearVectors(c->samples * extent.taps, s.tapSums);
  clearVectors(c->samples * extent.kernels, s.kernelSums);
  if (g->dInput) clearVectors(planes, g->dInput);
  for (LabInt tap = 0; tap < extent.taps; tap++) {
    if (pairsOfTap(c, tap) == 0) continue;
    const LabInt mostColumns = columnsOfProduct(tapTurn(c, tap, 0).rows);
    gatherRows(c, tapTurn(c, tap, 0).samples, tap, false, g->upstream, extent.outputBlocks, 0, extent.outputBlocks,
               s.panel);
    for (LabInt column = 0; column < extent.inputBlocks; column += mostColumns) {
      const LabInt columns = smaller(mostColumns, extent.inputBlocks - column);
      TapWeights weights;
      for (LabInt i = 0; i < turnsOfTap(c); i++) {
        TapTurn turn = tapTurn(c, tap, i);
        if (!c->mixesWeights) {
          weights = turnedWeights(c, &s, tap, turn.kernel, 1, column, columns);
          weights.kernelStride = 0;
        } else if (i == 0) {
          weights = turnedWeights(c, &s, tap, 0, extent.kernels, column, columns);
        }
        addGradients(c, g, &s, turn, &weights, multiplyTurn(c, &s, turn, extent.outputBlocks, &weights));
      }
    }
  }
  if (c->inputFactor) {
    scaleChannels(extentOfBlocks(c->samples, extent.inputBlocks, c->pairs.imagePixelCount), g->dx, c->inputFactor, g->dx);
  }
  if (g->dTap) sumEachVector(c->samples * extent.taps, s.tapSums, g->dTap);
  if (g->dKernel && !c->mixesWeights) sumEachVector(c->samples * extent.kernels, s.kernelSums, g->dKernel);
}

// Samples whose gradients are handed to the kernels together; and what a second-level cache holds at the most.
enum { distributedSamples = LAB_BLOCK == 16 ? 4 : 1, cachedFloats = 1 << 20 };

// The gradients of one matrix of the mixed weights of some samples, and of the kernels that they are handed to.
typedef struct {
  const float *matrices[distributedSamples];
  const float *kernelFactors[distributedSamples];
  float tapFactors[distributedSamples];
  float *kernelSums[distributedSamples];
  const float *w;
  LabInt kernelStride;
  float *gradients;
  LabInt gradientStride;  // from a kernel's to the next one's
} MixedGradients;

// Adds them to those of up to registerKernels kernels from `first` on, and sums their products with each.
LAB_INLINE void distributeMatrices(int kernels, int samples, LabInt first, const MixedGradients *m) {
  Vec factors[distributedSamples][registerKernels], sums[distributedSamples][registerKernels];
  for (int s = 0; s < samples; s++) {
    for (int k = 0; k < kernels; k++) {
      factors[s][k] = (Vec)(m->tapFactors[s] * m->kernelFactors[s][first + k]);
      sums[s][k] = (Vec)0.0f;
    }
  }
  const float *w = m->w + first * m->kernelStride;
  float *target = m->gradients + first * m->gradientStride;
  for (LabInt row = 0; row < matrixFloats; row += lanes) {
    Vec gradients[distributedSamples];
    for (int s = 0; s < samples; s++) gradients[s] = load(m->matrices[s] + row);
    for (int k = 0; k < kernels; k++) {
      const Vec own = load(w + k * m->kernelStride + row);
      Vec sum = load(target + k * m->gradientStride + row);
      for (int s = 0; s < samples; s++) {
        sum = factors[s][k] * gradients[s] + sum;
        sums[s][k] = gradients[s] * own + sums[s][k];
      }
      store(target + k * m->gradientStride + row, sum);
    }
  }
  for (int s = 0; s < samples; s++) {
    for (int k = 0; k < kernels; k++) addTo(m->kernelSums[s] + (first + k) * lanes, m->tapFactors[s] * sums[s][k]);
  }
}

LAB_INLINE void distributeToKernels(int samples, LabInt kernels, const MixedGradients *m) {
  for (LabInt first = 0; first < kernels; first += registerKernels) {
    switch (kernels - first) {
      case 1: distributeMatrices(1, samples, first, m); break;
      case 2: distributeMatrices(2, samples, first, m); break;
      case 3: distributeMatrices(3, samples, first, m); break;
      default: distributeMatrices(registerKernels, samples, first, m); break;
    }
  }
}

// Moves what was summed to its place; what the cache does not hold until it is read again goes past it, so that its lines
// need not be read before.
LAB_INLINE void storeMatrix(const float *source, float *target, bool passesCache) {
  const bool streams = passesCache && (uintptr_t)target % sizeof(Vec) == 0;
  for (LabInt i = 0; i < matrixFloats; i += lanes) {
    if (streams) {
      storePast(target + i, load(source + i));
    } else {
      store(target + i, load(source + i));
    }
  }
}

// The gradient of some columns of mixed weights, sample by sample for each matrix.
LAB_INLINE void distributeColumns(const LabTapConvolution *c, const LabTapGradients *g, const TapScratch *s, LabInt tap,
                                  LabInt column, LabInt columns) {
  const LabDynamicExtent extent = c->extent;
  const LabInt pairs = pairsOfTap(c, tap), gradientStride = gradientColumns * matrixFloats;
  const LabInt columnStride = extent.inputBlocks * extent.taps * matrixFloats;
  const bool passesCache = !g->accumulates && extent.kernels * extent.kernelStride > cachedFloats;
  float matrices[distributedSamples * gradientColumns * matrixFloats] __attribute__((aligned(64)));
  for (LabInt block = 0; block < extent.inputBlocks; block++) {
    const LabInt at = matrixIndex(extent, column, block, tap) * matrixFloats;
    for (LabInt k = 0; k < extent.kernels; k++) {
      for (LabInt n = 0; n < columns; n++) {
        const LabInt place = k * extent.kernelStride + at + n * columnStride;
        float *sums = s->gradients + k * gradientStride + n * matrixFloats;
        fetchMatrix(c->w + place);
        for (LabInt i = 0; i < matrixFloats; i += lanes) {
          store(sums + i, g->accumulates ? load(g->dw + place + i) : (Vec)0.0f);
        }
      }
    }
    for (LabInt first = 0, samples; first < c->samples; first += samples) {
      samples = c->samples - first >= distributedSamples ? distributedSamples : 1;
      MixedGradients mixed[gradientColumns];
      for (int i = 0; i < samples; i++) {
        const LabInt sample = first + i;
        float *own = matrices + i * gradientColumns * matrixFloats;
        const GradientProduct product = {
            .tileCount = pairs,
            .inputs = s->panel + (sample * extent.inputBlocks + block) * pairs * lanes,
            .gradients = s->otherPanel + sample * columns * pairs * lanes,
            .gradientStride = pairs * lanes,
            .results = own,
            .resultStride = matrixFloats,
        };
        multiplyGradient(&product, columns, false);
        for (LabInt n = 0; n < columns; n++) {
          mixed[n].matrices[i] = own + n * matrixFloats;
          mixed[n].kernelFactors[i] = c->kernelFactor + sample * extent.kernels;
          mixed[n].tapFactors[i] = factorOf(rowOf(c->tapFactor, sample, extent.taps), tap);
          mixed[n].kernelSums[i] = s->kernelSums + sample * extent.kernels * lanes;
        }
      }
      for (LabInt n = 0; n < columns; n++) {
        mixed[n].w = c->w + at + n * columnStride;
        mixed[n].kernelStride = extent.kernelStride;
        mixed[n].gradients = s->gradients + n * matrixFloats;
        mixed[n].gradientStride = gradientStride;
        samples == distributedSamples ? distributeToKernels(distributedSamples, extent.kernels, &mixed[n])
                                      : distributeToKernels(1, extent.kernels, &mixed[n]);
      }
    }
    for (LabInt k = 0; k < extent.kernels; k++) {
      for (LabInt n = 0; n < columns; n++) {
        storeMatrix(s->gradients + k * gradientStride + n * matrixFloats,
                    g->dw + k * extent.kernelStride + at + n * columnStride, passesCache);
      }
    }
  }
}

// The gradient of some columns of one kernel's weights, of all samples' rows, whose factors come with the result's gradient.
LAB_INLINE void sumColumns(const LabTapConvolution *c, const LabTapGradients *g, const TapScratch *s, TapTurn turn,
                           LabInt column, LabInt columns) {
  const LabDynamicExtent extent = c->extent;
  const LabInt pairs = pairsOfTap(c, turn.tap), pixels = c->pairs.resultPixelCount;
  const int32_t *places = c->pairs.resultPixels + c->pairs.starts[turn.tap];
  float *row = s->otherPanel;
  for (LabInt n = 0; n < columns; n++) {
    for (LabInt sample = 0; sample < c->samples; sample++) {
      const Vec factor = (Vec)productFactor(c, turn, sample);
      const float *plane = g->upstream + (sample * extent.outputBlocks + column + n) * pixels * lanes;
      for (LabInt pair = 0; pair < pairs; pair++, row += lanes) store(row, factor * load(plane + places[pair] * lanes));
    }
  }
  for (LabInt block = 0; block < extent.inputBlocks; block++) {
    const GradientProduct product = {
        .tileCount = turn.rows,
        .inputs = s->panel + block * turn.rows * lanes,
        .gradients = s->otherPanel,
        .gradientStride = turn.rows * lanes,
        .results = g->dw + turn.kernel * extent.kernelStride + matrixIndex(extent, column, block, turn.tap) * matrixFloats,
        .resultStride = extent.inputBlocks * extent.taps * matrixFloats,
    };
    multiplyGradient(&product, columns, g->accumulates);
  }
}

static void tapWeightGradient(const LabTapConvolution *c, const LabTapGradients *g) {
  const LabDynamicExtent extent = c->extent;
  const TapScratch s = tapScratch(c);
  if (c->mixesWeights) clearVectors(c->samples * extent.kernels, s.kernelSums);
  for (LabInt tap = 0; tap < extent.taps; tap++) {
    const LabInt samplesOfGroup = c->mixesWeights ? 1 : c->samples;
    gatherRows(c, samplesOfGroup, tap, true, c->x, extent.inputBlocks, 0, extent.inputBlocks, s.panel);
    for (LabInt column = 0; column < extent.outputBlocks; column += gradientColumns) {
      const LabInt columns = smaller(gradientColumns, extent.outputBlocks - column);
      if (c->mixesWeights) {
        gatherRows(c, 1, tap, false, g->upstream, extent.outputBlocks, column, columns, s.otherPanel);
        distributeColumns(c, g, &s, tap, column, columns);
        continue;
      }
      for (LabInt kernel = 0; kernel < extent.kernels; kernel++) {
        sumColumns(c, g, &s, tapTurn(c, tap, kernel), column, columns);
      }
    }
  }
  if (g->dKernel && c->mixesWeights) sumEachVector(c->samples * extent.kernels, s.kernelSums, g->dKernel);
  fenceStores(c->mixesWeights);
}
