#ifndef CLABTYPES_H
#define CLABTYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What the vector kernels take: extents, operands, functions. CLabKernels.h describes the layouts.

typedef long LabInt;

typedef enum {
  LAB_ACTIVATION_NONE = 0,
  LAB_ACTIVATION_RELU,
  LAB_ACTIVATION_RELU6,
  LAB_ACTIVATION_SILU,
  LAB_ACTIVATION_HARD_SWISH,
  LAB_ACTIVATION_HARD_SIGMOID,
  LAB_ACTIVATION_GELU,
  LAB_ACTIVATION_SIGMOID,
  LAB_ACTIVATION_TANH
} LabActivation;

typedef enum { LAB_ADD = 0, LAB_SUBTRACT, LAB_MULTIPLY, LAB_DIVIDE } LabBinary;

typedef enum { LAB_SUM = 0, LAB_MEAN, LAB_MAXIMUM } LabReduction;

typedef enum {
  LAB_NEGATE = 0,
  LAB_EXPONENTIAL,
  LAB_LOGARITHM,
  LAB_SQUARE,
  LAB_SQUARE_ROOT,
  LAB_RECIPROCAL,
  LAB_RECIPROCAL_SQUARE_ROOT,
  LAB_AFFINE  // factor·x + offset
} LabUnary;

// A blocked activation's extent: `blocks` = ceil(channels / block).
typedef struct {
  LabInt samples, channels, blocks, pixels;
} LabExtent;

// A blocked activation that is read, in single precision or in bfloat16; absent where both are NULL.
typedef struct {
  const float *floats;
  const uint16_t *bfloat16;  // where there are no floats
} LabSource;

// y = activation(scale[c]·x + shift[c] + residual + addend[n][c]), where the residual is 0, r, or
// residualScale[c]·r + residualShift[c]. pooled[n][c] is set to the sum of y over the pixels.
// y may be x or the residual where that is in single precision.
typedef struct {
  LabExtent extent;
  LabSource x;
  const float *scale, *shift;                  // [blocks·block]; both or neither
  LabSource residual;                          // or absent
  const float *residualScale, *residualShift;  // [blocks·block]; both or neither
  const float *addend;                         // [samples][blocks·block], or NULL
  LabActivation activation;
  float *y;                                    // blocked, or NULL where only `pooled` is wanted
  float *pooled;                               // [samples][blocks·block], or NULL
} LabApply;

// g = (upstream1 + upstream2 + addendFactor·addend[n][c]) · activation'(…), and the sums that batch normalisation's
// backward pass needs: sum[c] += Σ g, and for up to two normalised tensors sumX[c] += Σ g·(x − mean[c]).
// The derivative is computed from `saved` (the activation's result where it differentiates from the output: ReLU,
// ReLU6, sigmoid, tanh; else its operand). Where `saved` is absent and the activation is not NONE, the operand is
// recomputed as in LabApply from savedX, savedScale, savedShift (+ savedResidual, scaled or plain), with the same
// roundings.
// g may be any of the blocked operands that are in single precision.
typedef struct {
  LabExtent extent;
  LabSource upstream1, upstream2;      // upstream2 may be absent; both may be where only the addend is given
  const float *addend;                 // [samples][blocks·block], or NULL
  float addendFactor;
  LabActivation activation;
  LabSource saved, savedX, savedResidual;
  const float *savedScale, *savedShift;
  const float *savedResidualScale, *savedResidualShift;
  float *g;                            // or NULL
  bool passesCache;                    // whether the caches will not hold g until it is read again
  LabSource x1, x2;                    // or absent; x2 only with x1
  const float *mean1, *mean2;
  double *sum, *sumX1, *sumX2;         // [blocks·block] each, accumulated into; NULL where not wanted
} LabReduceGradient;

// Dynamic convolution weights, blocked as [output block][input block of the same group][tap][block rows][block columns].
// Each group has whole blocks. Depth-wise weights, with a channel a group, are [block][tap][block]: matrices of one row,
// for which `groups`, `outputBlocks` and `inputBlocks` are the same number.
typedef struct {
  LabInt kernels, outputBlocks, inputBlocks, taps;
  LabInt kernelStride;                 // floats between kernels
  LabInt groups;
  bool isDepthWise;
} LabDynamicExtent;

// Each sample's weights: out = rowFactor[tap][row] · columnFactor[column] · Σ_k kernelWeights[k] · w_k.
// transposed = false: a matrix's rows are inputs and its columns outputs ([o block][i block][tap][i][o]).
// transposed = true: its rows are outputs and its columns inputs ([o block][i block][tap][o][i]).
// A factor that is NULL counts as 1. Row and column counts are whole blocks; there is one row where matrices have one,
// and then `transposed` makes no difference.
typedef struct {
  LabDynamicExtent extent;
  LabInt samples;
  bool transposed;
  const float *w;
  const float *kernelWeights;  // [samples][kernels]
  const float *rowFactor;      // [samples][taps][row count]
  const float *columnFactor;   // [samples][column count]
  float *out;
  LabInt outStride;            // floats between samples
} LabAggregate;

// From each sample's weight gradient G ([o block][i block][tap][i][o]) and its attentions, which are those of the
// aggregation with transposed = false:
// dw_k += kernelWeights[k]·H with H = rowFactor·columnFactor·G, and, with P = H ∘ Σ_k kernelWeights[k]·w_k (which is G
// times the aggregated weights), sets sumInput[i] = Σ_{o,t} P, sumOutput[o] = Σ_{i,t} P, sumTap[t] = Σ_{o,i} P and
// dKernel[k] = Σ H·w_k. Any of the four may be NULL; sumInput has to be for depth-wise weights, where it is sumOutput.
typedef struct {
  LabDynamicExtent extent;
  LabInt samples;
  const float *w;
  const float *gradient;
  LabInt gradientStride;       // floats between samples
  const float *kernelWeights;  // [samples][kernels], or NULL
  const float *rowFactor;      // [samples][taps][inputBlocks·block], or NULL
  const float *columnFactor;   // [samples][outputBlocks·block], or NULL
  float *dw;                   // as w, with its kernelStride
  float *sumInput;             // [samples][inputBlocks·block]
  float *sumOutput;            // [samples][outputBlocks·block]
  float *sumTap;               // [samples][taps]
  float *dKernel;              // [samples][kernels]
  float *scratch;              // samples · (inputBlocks·block + taps + kernels) · block floats; no inputs if depth-wise
} LabContract;

// Channel c of y is channel channels[c] of sources[origins[c]], or zeros where the origin is negative. Both tables have
// blocks·block entries; y is no source.
typedef struct {
  LabExtent extent;            // of y
  const float *const *sources; // blocked, with the samples and pixels of y
  const LabInt *sourceBlocks;
  const int32_t *origins, *channels;
  float *y;
} LabSelection;

// A convolution with unit stride of flat images of a few channels, [samples][channels][height][width].
typedef struct {
  LabInt samples, inputChannels, outputChannels;
  LabInt height, width, outputHeight, outputWidth;
  LabInt kernelHeight, kernelWidth;
  LabInt paddingHeight, paddingWidth;    // before the image; behind it as the output's extent asks for
  LabInt dilationHeight, dilationWidth;
} LabThinConvolution;

// Pooling over windows. Padding is the same before and after; windows may reach beyond it, as with output sizes that
// are rounded up.
typedef struct {
  LabInt height, width, outputHeight, outputWidth, windowHeight, windowWidth;
  LabInt rowStride, columnStride, rowPadding, columnPadding;
} LabPooling;

// A loss of a row of logits, times the class weight of its label where given: −ln p of the label, mixed with the mean over
// all classes by the label smoothing; or alpha·(1 − p)^gamma · −ln p.
typedef enum { LAB_CROSS_ENTROPY = 0, LAB_FOCAL } LabLossFunction;
typedef struct {
  LabLossFunction function;
  float labelSmoothing;  // of the cross entropy
  float alpha, gamma;    // of the focal loss
} LabLoss;

#endif
