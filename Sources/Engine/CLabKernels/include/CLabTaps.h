#ifndef CLABTAPS_H
#define CLABTAPS_H

#include "CLabTypes.h"

// Dynamic convolutions by products of one tap at a time, on blocked activations.
//
//   y[n][p] = outputFactor[n] ∘ Σ_t tapFactor[n][t] Σ_k kernelFactor[n][k] · w[k][t]ᵀ (inputFactor[n] ∘ x[n][p + t])
//
// A factor of a sample can stand before, within or behind such a product: channels' factors multiply the image, the others the
// product's result. So all samples of a call share the kernels, each of which is read once, and no sample has weights of its
// own: that is the fastest way where images have few pixels, or where there is one kernel. With several kernels and more
// pixels, products cost more than weights: then kernels are mixed for each sample, by parts that stay in the cache
// (`mixesWeights`), and each part of the kernels is used by all samples before the next.

// Which pixels of the image each tap multiplies for which pixels of the result: pairs of pixels, tap after tap.
typedef struct {
  const int32_t *starts;        // [taps + 1]: a tap's first pair
  const int32_t *imagePixels;   // of each pair
  const int32_t *resultPixels;
  LabInt imagePixelCount, resultPixelCount;
} LabTapPairs;

typedef struct {
  LabDynamicExtent extent;      // one group; kernels are [o block][i block][tap][i][o]
  LabTapPairs pairs;
  LabInt samples;
  bool mixesWeights;
  const float *w;
  const float *kernelFactor;    // [samples][kernels], or NULL where there is one kernel, which is not mixed
  const float *tapFactor;       // [samples][taps], or NULL
  const float *inputFactor;     // [samples][inputBlocks·block], or NULL
  const float *outputFactor;    // [samples][outputBlocks·block], or NULL
  const float *x;               // the image times inputFactor
  float *scratch;               // tapScratchCount floats
} LabTapConvolution;

// The gradients of such a convolution. Sums over pixels and channels that are NULL are left out.
typedef struct {
  const float *image;           // as it was before inputFactor
  const float *upstream;        // the result's gradient times outputFactor
  float *dx;
  float *dw;                    // as w, with its kernelStride
  bool accumulates;             // whether dw is added to
  float *dKernel;               // [samples][kernels]: of the input gradient, or of the weights' where these are mixed
  float *dTap;                  // [samples][taps]
  float *dInput;                // [samples][inputBlocks·block]
} LabTapGradients;

#endif
