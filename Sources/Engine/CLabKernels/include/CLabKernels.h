#ifndef CLABKERNELS_H
#define CLABKERNELS_H

#include "CLabDepthWise.h"
#include "CLabTaps.h"
#include "CLabTypes.h"
#include "CLabWinograd.h"

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
  // The extent is that of the image, of whose pixels nothing is read here. A NaN in a window is its maximum.
  void (*maxPool)(LabExtent extent, LabPooling pooling, const float *x, float *y);
  // the gradient goes to the first maximum of each window in row-major order; dx is overwritten
  void (*maxPoolGradient)(LabExtent extent, LabPooling pooling, const float *x, const float *y, const float *dy,
                          float *dx);
  // count: whether padding counts in the divisor
  void (*averagePool)(LabExtent extent, LabPooling pooling, bool countsPadding, const float *x, float *y);
  void (*averagePoolGradient)(LabExtent extent, LabPooling pooling, bool countsPadding, const float *dy, float *dx);
  // Extent, height and width are those of x. x has whole blocks of channels; y has channels·scale², the row offset
  // fastest: group (column offset · scale + row offset) holds all channels of that offset.
  void (*spaceToDepth)(LabExtent extent, LabInt height, LabInt width, LabInt scale, const float *x, float *y);
  // The inverse; extent, height and width are those of x here too, and x has scale² groups of whole blocks.
  void (*depthToSpace)(LabExtent extent, LabInt height, LabInt width, LabInt scale, const float *x, float *y);

  // --- channels of blocked activations
  // y[n][p] over the channels of a pixel
  void (*reduceChannels)(LabExtent extent, LabReduction function, const float *x, float *y);
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

  // --- depth-wise convolutions, see CLabDepthWise.h; y and dx are overwritten
  LabInt (*depthWiseScratchCount)(const LabDepthWise *geometry);
  void (*depthWiseForward)(const LabDepthWiseConvolution *convolution, const LabDepthWiseResult *result);
  void (*depthWiseBackward)(const LabDepthWiseConvolution *convolution, const LabDepthWiseGradients *gradients);

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
  // x viewed as [outer][reduced][inner]
  void (*reduce)(LabInt outer, LabInt reduced, LabInt inner, LabReduction function, const float *x, float *y);
  // Keeps with probability 1 − rate, scaled by 1/(1 − rate): the same mask for the same key, step and element index,
  // so the gradient is the same call. Element e is kept where word e % 4 of the Philox block of key (key0, key1) and
  // counter (low and high word of e / 4, step, 0), shifted right by 8, times 2⁻²⁴, is at least the rate.
  void (*dropout)(LabInt count, float rate, uint32_t key0, uint32_t key1, uint32_t step, LabInt firstIndex,
                  const float *x, float *y);

  // --- bfloat16, the upper sixteen bits of single-precision numbers; rounded to the nearest, halfway cases to even
  void (*roundToBFloat16)(LabInt count, const float *x, float *rounded);  // rounded may be x
  // bfloats = x rounded; x itself becomes so too where asked for
  void (*narrowToBFloat16)(LabInt count, bool rounds, float *x, uint16_t *bfloats);
  void (*widenBFloat16)(LabInt count, const uint16_t *bfloats, float *y);

  // --- rows
  void (*softmax)(LabInt rows, LabInt columns, const float *x, float *y);
  void (*softmaxGradient)(LabInt rows, LabInt columns, const float *upstream, const float *y, float *dx);
  // One loss a row; class weights or NULL.
  void (*classificationLoss)(LabInt rows, LabInt classes, LabLoss loss, const float *logits,
                             const int32_t *labels, const float *classWeights, float *losses);
  void (*classificationLossGradient)(LabInt rows, LabInt classes, LabLoss loss, const float *upstream,
                                     const float *logits, const int32_t *labels, const float *classWeights,
                                     float *dlogits);

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
  // y = factors[n][c] · x; y may be x
  void (*scaleChannels)(LabExtent extent, const float *x, const float *factors, float *y);
  // sums[n][c] = Σ over pixels of a·b
  void (*poolProducts)(LabExtent extent, const float *a, const float *b, float *sums);
  // Products of one tap at a time, see CLabTaps.h. y and dx are overwritten.
  LabInt (*tapScratchCount)(const LabTapConvolution *convolution);
  void (*tapForward)(const LabTapConvolution *convolution, float *y);
  void (*tapInputGradient)(const LabTapConvolution *convolution, const LabTapGradients *gradients);
  void (*tapWeightGradient)(const LabTapConvolution *convolution, const LabTapGradients *gradients);
} LabKernels;

// The kernels for this machine: the widest of AVX-512, AVX2 and portable vectors that it supports, or the widest up to
// the one that the environment variable LABRUN_MAX_ISA (avx512, avx2, portable) names. Another value counts as unset.
const LabKernels *labKernels(void);

// The Winograd kernels of the same instruction set as `kernels`, which come from labKernels or labKernelsNamed.
const LabWinograd *labWinograd(const LabKernels *kernels);

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

// Bytes a second in 1e9 that one core reads and writes where nothing stays in a cache, measured for about `milliseconds`: as
// STREAM's triad counts them, two numbers read for each one that is written. 0 where there is no memory for it.
double labMeasureBandwidth(int milliseconds);

#endif
