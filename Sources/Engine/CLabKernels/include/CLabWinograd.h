#ifndef CLABWINOGRAD_H
#define CLABWINOGRAD_H

#include "CLabTypes.h"

// Winograd's minimal filtering F(r×r, 3×3) with r = 4 or 2 for convolutions with 3×3 windows, stride 1 and padding 1, on
// blocked activations without borders: a quarter (r = 2: four ninths) of the direct method's multiplications, in exchange
// for transforms of tiles of the image, of the weights and of the result. Images of any size; what reaches beyond an edge
// is zero. A tile that reaches beyond the image costs as much as a whole one. The smaller tiles round less, and their
// weights are transformed in half the time, which pays where a sample's own weights meet a few tiles only.
//
// Rounding, against double precision and relative to the largest number of a result: with r = 4 below 1e-5 for up to 128
// channels and below 2e-5 for 448, with r = 2 less than half of that; of the lengths of the results, below 1e-5 throughout.
//
// The gradient of the image is the forward pass from the result's gradient with `swapped` geometry and weights that were
// transformed as `transposed`.
//
// Source: Lavin, Gray, "Fast algorithms for convolutional neural networks", CVPR 2016, arXiv 1509.09308.

// `inputBlocks` and `outputBlocks` are those of the pass: swapped for an image's gradient.
typedef struct {
  LabInt resultSide;  // the results of a tile on each side: 4 or 2
  LabInt height, width;
  LabInt inputBlocks, outputBlocks;
} LabWinogradGeometry;

typedef struct LabWinograd {
  LabInt block;  // as in LabKernels

  // Floats of one sample's transformed weights, and of a transformed weight gradient.
  LabInt (*weightCount)(LabWinogradGeometry geometry);
  // Aggregates each sample's weights as LabAggregate describes and transforms them into `out`, with 9 taps and an
  // outStride of at least weightCount floats. Static weights are one kernel without factors. Where `transposed`, the
  // window is turned as well, as the gradient of the image needs it.
  void (*transformWeights)(LabInt resultSide, const LabAggregate *weights);

  // y = the convolution of each sample with the same transformed weights. Where the results are far, in memory and not in
  // the cache, their lines are asked for while products are computed.
  LabInt (*forwardScratchCount)(LabWinogradGeometry geometry);
  void (*forward)(LabWinogradGeometry geometry, LabInt samples, const float *x, const float *transformed, float *y,
                  bool resultsAreFar, float *scratch);

  // y = the convolution of each sample with its own weights, which are aggregated and transformed in pieces that are used
  // at once where images are small; far results are asked for where they are not. `out` and `outStride` of the weights are
  // not used.
  LabInt (*forwardDynamicScratchCount)(LabWinogradGeometry geometry, LabInt samples);
  void (*forwardDynamic)(LabWinogradGeometry geometry, const LabAggregate *weights, const float *x, float *y,
                         bool resultsAreFar, float *scratch);

  // dw = the weights' gradient, summed over the samples, [o block][i block][9][i][o]. The geometry is that of the forward
  // pass.
  LabInt (*weightGradientScratchCount)(LabWinogradGeometry geometry, LabInt samples);
  void (*weightGradient)(LabWinogradGeometry geometry, LabInt samples, const float *x, const float *dy, float *dw,
                         float *scratch);
  // The same in two parts, for a sum over many chunks of samples: transformed gradients (weightCount floats) can be added
  // up where a call `accumulates`, also those of several threads, and are turned into dw once.
  LabInt (*transformedGradientScratchCount)(LabWinogradGeometry geometry, LabInt samples);
  void (*transformedGradient)(LabWinogradGeometry geometry, LabInt samples, const float *x, const float *dy,
                              float *transformed, bool accumulates, float *scratch);
  void (*finishGradient)(LabWinogradGeometry geometry, const float *transformed, float *dw);
} LabWinograd;

#endif
