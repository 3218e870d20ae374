#ifndef CLABDEPTHWISE_H
#define CLABDEPTHWISE_H

#include "CLabTypes.h"

// Depth-wise convolutions of blocked images: a channel of the result is one channel of the image under a window of its own.
//
// Such a convolution computes little for what it reads and writes, so that it does on the way what stands around it: the
// normalization and activation of its image, the statistics of its result, and of its backward pass the normalizations on
// both sides. Everything in between lives for a plane, in a core's own caches: from memory and to memory go the tensors that are
// kept in any case, once.
//
// Weights are [blocks][taps][block]. Sums go through a window's taps row by row.

// The geometry of a convolution; its padding counts before the image, and behind it as the result's extent asks for. It is no
// wider than a window reaches.
typedef struct {
  LabInt height, width, outputHeight, outputWidth;
  LabInt kernelHeight, kernelWidth;
  LabInt strideHeight, strideWidth;
  LabInt paddingHeight, paddingWidth;
  LabInt dilationHeight, dilationWidth;
} LabDepthWise;

// Windows have so many taps at most.
enum { labMostDepthWiseTaps = 49 };

// activation(scale[c]·x + shift[c]) is what is convolved.
typedef struct {
  LabDepthWise geometry;
  LabInt samples, channels, blocks;
  const float *weights;
  const float *x;
  const float *scale, *shift;          // [blocks·block]; both or neither
  LabActivation activation;            // none where there is no scale
  bool passesCache;                    // whether the caches will not hold what is written until it is read again
  float *scratch;                      // depthWiseScratchCount floats
} LabDepthWiseConvolution;

// The result, and where asked for the sums of its statistics as channelStatistics adds them.
typedef struct {
  float *y;
  const float *pivot;                  // [blocks·block], or NULL
  double *sum, *squares;
} LabDepthWiseResult;

// The gradients. That of the result is upstream, or where there are factors a[c]·upstream + b[c]·y + c0[c].
typedef struct {
  const float *upstream, *y;
  const float *a, *b, *c0;             // [blocks·block]; all or none
  double *dw;                          // [blocks][taps][block], added to; or NULL
  float *dx;                           // of what is convolved or, where `mean` is given, of scale·x + shift; or NULL
  const float *mean;                   // [blocks·block], or NULL
  double *sum, *sumX;                  // sum[c] += Σ dx, sumX[c] += Σ dx·(x − mean[c]), where `mean` is given
} LabDepthWiseGradients;

#endif
