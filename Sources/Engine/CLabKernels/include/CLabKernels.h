#ifndef CLABKERNELS_H
#define CLABKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Vector kernels of the CPU executor, compiled for several instruction sets and chosen at run time.
//
// Layouts. "Blocked" is [samples][channel blocks][pixels][block]: `block` neighbouring channels are interleaved, so
// that one vector holds one pixel of a block. Where the channel count is no multiple of the block, the last block's
// remaining lanes hold zeros; kernels that take an extent keep them zero, whatever their tables hold there. "Flat" is
// dense row-major. A table [blocks·block] is read in whole blocks.
// Pointers need the alignment of a float only; executors align tensors to 64 bytes for speed. Operands may not overlap
// the result unless said otherwise; element-wise kernels may work in place.
// No kernel allocates, locks or starts threads: callers split work by samples and give each thread its own sums.
// Sums over many elements are taken in single precision over at most a plane and in double precision beyond, in an
// order that depends on nothing but the caller's chunks, so equal chunking gives equal bits.

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
  const uint16_t *halves;  // where there are no floats
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

typedef struct LabKernels {
  const char *name;                    // "avx512", "avx2", "portable"
  LabInt block;                        // channels a block: 16 or 8

  // --- blocked activations
  // sum[c] += Σ (x − pivot[c]); squares[c] += Σ (x − pivot[c])²
  void (*channelStatistics)(LabExtent extent, const float *x, const float *pivot, double *sum, double *squares);
  void (*apply)(const LabApply *arguments);
  void (*reduceGradient)(const LabReduceGradient *arguments);
  // y = a[c]·g + b[c]·x + c0[c]; y may be g or x where that is in single precision
  void (*normGradientApply)(LabExtent extent, LabSource g, LabSource x, const float *a, const float *b, const float *c0,
                            float *y);
  // sums[n][c] = factor · Σ over pixels
  void (*poolSums)(LabExtent extent, const float *x, float factor, float *sums);
  // y[n][c][p] = factor · value[n][c]
  void (*broadcastPixels)(LabExtent extent, const float *value, float factor, float *y);
  // sum[c] += Σ over samples and pixels (bias gradients)
  void (*channelSums)(LabExtent extent, const float *x, double *sum);
  // flat [samples][channels][pixels] <-> blocked; to blocked zeroes the tail lanes
  void (*toBlocked)(LabExtent extent, const float *flat, float *blocked);
  void (*fromBlocked)(LabExtent extent, const float *blocked, float *flat);
  // Pooling over windows. dims: input height and width, output height and width, window height and width, row and
  // column stride, row and column padding (before and after; windows may reach beyond it, as with rounded-up output
  // sizes). The extent's pixels are not read. A NaN in a window is its maximum.
  void (*maxPool)(LabExtent extent, const LabInt dims[10], const float *x, float *y);
  // the gradient goes to the first maximum of each window in row-major order; dx is overwritten
  void (*maxPoolGradient)(LabExtent extent, const LabInt dims[10], const float *x, const float *y, const float *dy,
                          float *dx);
  // count: whether padding counts in the divisor
  void (*averagePool)(LabExtent extent, const LabInt dims[10], bool countsPadding, const float *x, float *y);
  void (*averagePoolGradient)(LabExtent extent, const LabInt dims[10], bool countsPadding, const float *dy, float *dx);
  // Extent, height and width are those of x. x has whole blocks of channels; y has channels·scale², the row offset
  // fastest: group (column offset · scale + row offset) holds all channels of that offset.
  void (*spaceToDepth)(LabExtent extent, LabInt height, LabInt width, LabInt scale, const float *x, float *y);
  // The inverse; extent, height and width are those of x here too, and x has scale² groups of whole blocks.
  void (*depthToSpace)(LabExtent extent, LabInt height, LabInt width, LabInt scale, const float *x, float *y);

  // --- channels of blocked activations
  // y[n][p] over the channels of a pixel; function as in `reduce`
  void (*reduceChannels)(LabExtent extent, int function, const float *x, float *y);
  // y[n][c][p] = factor · value[n][p]
  void (*broadcastChannels)(LabExtent extent, const float *value, float factor, float *y);
  // The gradients of maxima go to the first element that attains it: of a pixel's channels (maxima [n][p]), or of a
  // channel's pixels (maxima [n][blocks·block]).
  void (*maximumOfChannelsGradient)(LabExtent extent, const float *upstream, const float *x, const float *maxima,
                                    float *dx);
  void (*poolMaximum)(LabExtent extent, const float *x, float *maxima);
  void (*poolMaximumGradient)(LabExtent extent, const float *upstream, const float *x, const float *maxima, float *dx);
  void (*selectChannels)(const LabSelection *arguments);

  // --- convolutions of a few flat channels; weights [outputs][inputs][kernel height][kernel width]
  LabInt (*thinScratchCount)(const LabThinConvolution *convolution);
  void (*thinForward)(const LabThinConvolution *convolution, const float *x, const float *weights, float *y,
                      float *scratch);
  // dw is added to
  void (*thinWeightGradient)(const LabThinConvolution *convolution, const float *x, const float *upstream, double *dw,
                             float *scratch);

  // --- any layout, element by element (unused lanes of a blocked tensor get f(0), which is not 0 for the sigmoids and
  // the exponential: blocked activations are apply's and reduceGradient's)
  void (*activation)(LabInt count, LabActivation activation, const float *x, float *y);
  // `saved` as in LabReduceGradient
  void (*activationGradient)(LabInt count, LabActivation activation, const float *upstream, const float *saved,
                             float *dx);
  void (*unary)(LabInt count, LabUnary function, float factor, float offset, const float *x, float *y);
  void (*binary)(LabInt count, LabBinary function, const float *a, const float *b, float *y);
  // general broadcasting: y dense with `rank` dims (≤ 8), operands by element strides (0 where broadcast)
  void (*binaryStrided)(LabInt rank, const LabInt *dims, LabBinary function, const float *a, const LabInt *aStrides,
                        const float *b, const LabInt *bStrides, float *y);
  // x read and y written by element strides, `rank` ≤ 8: permute, slice, broadcast, concatenate
  void (*copyStrided)(LabInt rank, const LabInt *dims, const float *x, const LabInt *xStrides, float *y,
                      const LabInt *yStrides);
  // x viewed as [outer][reduced][inner]; function 0 sum, 1 mean, 2 maximum
  void (*reduce)(LabInt outer, LabInt reduced, LabInt inner, int function, const float *x, float *y);
  // Keeps with probability 1 − rate, scaled by 1/(1 − rate): the same mask for the same key, step and element index,
  // so the gradient is the same call. Element e is kept where word e % 4 of the Philox block of key (key0, key1) and
  // counter (low and high word of e / 4, step, 0), shifted right by 8, times 2⁻²⁴, is at least the rate.
  void (*dropout)(LabInt count, float rate, uint32_t key0, uint32_t key1, uint32_t step, LabInt firstIndex,
                  const float *x, float *y);

  // --- bfloat16, the upper halves of single-precision numbers; rounded to the nearest, halfway cases to even
  void (*roundToBFloat16)(LabInt count, const float *x, float *rounded);  // rounded may be x
  // halves = x rounded; x itself becomes so too where asked for
  void (*narrowToBFloat16)(LabInt count, bool rounds, float *x, uint16_t *halves);
  void (*widenBFloat16)(LabInt count, const uint16_t *halves, float *y);

  // --- rows
  void (*softmax)(LabInt rows, LabInt columns, const float *x, float *y);
  void (*softmaxGradient)(LabInt rows, LabInt columns, const float *upstream, const float *y, float *dx);
  // One loss a row, times the class weight of its label where given. focal: first is alpha, second gamma; cross
  // entropy: first is the label smoothing.
  void (*classificationLoss)(LabInt rows, LabInt classes, bool focal, float first, float second, const float *logits,
                             const int32_t *labels, const float *classWeights, float *losses);
  void (*classificationLossGradient)(LabInt rows, LabInt classes, bool focal, float first, float second,
                                     const float *upstream, const float *logits, const int32_t *labels,
                                     const float *classWeights, float *dlogits);

  // --- updates
  // g' = gradientScale·g + decay·p; v = momentum·v + g'; p −= rate·(nesterov ? g' + momentum·v : v).
  // Without momentum v is not used and may be NULL.
  void (*sgd)(LabInt count, float rate, float momentum, bool nesterov, float decay, float gradientScale, float *p,
              const float *g, float *v);
  // m += (1 − β₁)·(g' − m); v += (1 − β₂)·(g'² − v); p −= rate/correction1 · m / (√v/√correction2 + ε), where
  // g' = gradientScale·g, and the decay is added to it (decay·p) or, decoupled, first taken off p (rate·decay·p).
  void (*adam)(LabInt count, float rate, double beta1, double beta2, float epsilon, float decay, bool decoupled,
               float correction1, float correction2, float gradientScale, float *p, const float *g, float *m, float *v);
  // average += share·(value − average)
  void (*movingAverage)(LabInt count, float share, float *average, const float *value);
  double (*sumOfSquares)(LabInt count, const float *x);
  void (*accumulate)(LabInt count, const float *x, float *y);  // y += x

  // --- dynamic convolution, block × block matrices
  // LabAggregate for one sample
  void (*aggregate)(LabDynamicExtent extent, bool transposed, const float *w, const float *kernelWeights,
                    const float *rowFactor, const float *columnFactor, float *out);
  // LabContract for one sample
  void (*contract)(LabDynamicExtent extent, const float *w, const float *gradient, const float *kernelWeights,
                   const float *rowFactor, const float *columnFactor, float *dw, float *sumInput, float *sumOutput,
                   float *sumTap, float *dKernel, float *scratch);
  // transposes each block × block matrix of `count`; y may be x
  void (*transposeBlocks)(LabInt count, const float *x, float *y);
  // Several samples at once read each kernel's weights from memory once: with several kernels, four to eight samples
  // take about half the time of single ones.
  void (*aggregateSamples)(const LabAggregate *arguments);
  void (*contractSamples)(const LabContract *arguments);
} LabKernels;

// The kernels for this machine: the widest of AVX-512, AVX2 and portable vectors that it supports, or the widest up to
// the one that the environment variable LABRUN_MAX_ISA (avx512, avx2, portable) names. Another value counts as unset.
const LabKernels *labKernels(void);

// The kernels of one name, or NULL where this machine cannot run them or the build has none.
const LabKernels *labKernelsNamed(const char *name);

// Makes this thread take denormal numbers for zeros, as operands and as results, and returns the mode that it had. Their
// arithmetic takes a hundred times as long as that of other numbers. Does nothing where the processor is none that we know.
uint64_t labFlushDenormals(void);

// Gives this thread a floating-point mode that `labFlushDenormals` returned.
void labRestoreFloatingPointMode(uint64_t mode);

// Fused multiply-add throughput of one core with the widest vectors in GFLOP/s, a multiply-add counted as two
// operations, measured for about `milliseconds`.
double labMeasurePeakGflops(int milliseconds);

#include "CLabWinograd.h"

#endif
