#ifndef CLABKERNELS_H
#define CLABKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Vector kernels of the CPU executor, compiled for several instruction sets and chosen at run time.
//
// Layouts. "Blocked" is [samples][channel blocks][pixels][block]: `block` neighbouring channels are interleaved, so
// that one vector holds one pixel of a block. Where the channel count is no multiple of the block, the last block's
// remaining lanes hold zeros; kernels that take `channels` keep them zero. "Flat" is dense row-major.
// Pointers need the alignment of a float only; executors align tensors to 64 bytes for speed.
// No kernel allocates, locks or starts threads: callers split work by samples and give each thread its own sums.
// Sums over many elements are accumulated in double precision in an order that does not depend on the caller's chunks
// beyond their boundaries, so equal chunking gives equal bits.

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

// y = activation(scale[c]·x + shift[c] + residual), where
//   residual is 0, r, residualScale[c]·r + residualShift[c]; and addend[n][c] is added where given.
// pooled[n][blocks·block] receives the sums of y over the pixels where given.
typedef struct {
  LabExtent extent;
  const float *x;
  const float *scale, *shift;          // [blocks·block]; both or neither
  const float *residual;               // blocked, or NULL
  const float *residualScale, *residualShift;  // [blocks·block]; both or neither
  const float *addend;                 // [samples][blocks·block], or NULL
  LabActivation activation;
  float *y;                            // blocked, or NULL where only `pooled` is wanted
  float *pooled;                       // [samples][blocks·block], or NULL
} LabApply;

// g = (upstream1 + upstream2 + factor·addend[n][c]) · activation'(…), written to g (which may alias an upstream), and the
// sums that batch normalisation's backward pass needs: sum[c] += Σ g, and for up to two normalised tensors
// sumX[c] += Σ g·(x − mean[c]).
// The derivative is computed from `saved` (the activation's result where it differentiates from the output, else its
// operand). Where `saved` is NULL and the activation is not NONE, the operand is recomputed as in LabApply from
// savedX, savedScale, savedShift (+ savedResidual with savedResidualScale/Shift, or plain).
typedef struct {
  LabExtent extent;
  const float *upstream1, *upstream2;  // upstream2 may be NULL; both may be NULL where only the addend is given
  const float *addend;                 // [samples][blocks·block], or NULL
  float addendFactor;
  LabActivation activation;
  const float *saved;
  const float *savedX, *savedScale, *savedShift;
  const float *savedResidual, *savedResidualScale, *savedResidualShift;
  float *g;                            // or NULL
  const float *x1, *mean1;             // or NULL
  const float *x2, *mean2;             // or NULL
  double *sum, *sumX1, *sumX2;         // [blocks·block] each, accumulated into; NULL where not wanted
} LabReduceGradient;

// Dynamic convolution weights, blocked as [outer block][inner block][tap][16 rows][16 columns], block² a matrix.
typedef struct {
  LabInt kernels, outputBlocks, inputBlocks, taps;
  LabInt kernelStride;                 // floats between kernels
} LabDynamicExtent;

typedef struct LabKernels {
  const char *name;                    // "avx512", "avx2", "portable"
  LabInt block;                        // channels a block: 16 or 8

  // --- blocked activations
  // sum[c] += Σ (x − pivot[c]); squares[c] += Σ (x − pivot[c])²
  void (*channelStatistics)(LabExtent extent, const float *x, const float *pivot, double *sum, double *squares);
  void (*apply)(const LabApply *arguments);
  void (*reduceGradient)(const LabReduceGradient *arguments);
  // y = a[c]·g + b[c]·x + c0[c]; y may alias g or x
  void (*normGradientApply)(LabExtent extent, const float *g, const float *x, const float *a, const float *b,
                            const float *c0, float *y);
  // sums[n][c] = factor · Σ over pixels
  void (*poolSums)(LabExtent extent, const float *x, float factor, float *sums);
  // y[n][c][p] = factor · value[n][c]
  void (*broadcastPixels)(LabExtent extent, const float *value, float factor, float *y);
  // sum[c] += Σ over samples and pixels (bias gradients)
  void (*channelSums)(LabExtent extent, const float *x, double *sum);
  // flat [samples][channels][pixels] <-> blocked; to blocked zeroes the tail lanes
  void (*toBlocked)(LabExtent extent, const float *flat, float *blocked);
  void (*fromBlocked)(LabExtent extent, const float *blocked, float *flat);
  // windows: dims of input (h, w), output (oh, ow), window (kh, kw), stride, padding; per blocked plane
  void (*maxPool)(LabExtent extent, const LabInt dims[10], const float *x, float *y);
  // the gradient goes to the first maximum of each window in row-major order; dx is overwritten
  void (*maxPoolGradient)(LabExtent extent, const LabInt dims[10], const float *x, const float *y, const float *dy,
                          float *dx);
  // count: whether padding counts in the divisor
  void (*averagePool)(LabExtent extent, const LabInt dims[10], bool countsPadding, const float *x, float *y);
  void (*averagePoolGradient)(LabExtent extent, const LabInt dims[10], bool countsPadding, const float *dy, float *dx);
  // x blocked with channels a multiple of block, image h×w; y has channels·scale² (row offset fastest)
  void (*spaceToDepth)(LabExtent extent, LabInt height, LabInt width, LabInt scale, const float *x, float *y);
  void (*depthToSpace)(LabExtent extent, LabInt height, LabInt width, LabInt scale, const float *x, float *y);

  // --- any layout, element by element
  void (*activation)(LabInt count, LabActivation activation, const float *x, float *y);
  void (*activationGradient)(LabInt count, LabActivation activation, const float *upstream, const float *saved, float *dx);
  void (*unary)(LabInt count, LabUnary function, float factor, float offset, const float *x, float *y);
  void (*binary)(LabInt count, LabBinary function, const float *a, const float *b, float *y);
  // general broadcasting: y dense with `rank` dims (≤ 6), operands by element strides (0 where broadcast)
  void (*binaryStrided)(LabInt rank, const LabInt *dims, LabBinary function, const float *a, const LabInt *aStrides,
                        const float *b, const LabInt *bStrides, float *y);
  // y dense in `dims` order, x read by strides: permute, slice, broadcast
  void (*copyStrided)(LabInt rank, const LabInt *dims, const float *x, const LabInt *xStrides, float *y,
                      const LabInt *yStrides);
  // x viewed as [outer][reduced][inner]; function 0 sum, 1 mean, 2 maximum
  void (*reduce)(LabInt outer, LabInt reduced, LabInt inner, int function, const float *x, float *y);
  // keep with probability 1 − rate, scaled by 1/(1 − rate); the same mask for the same key, step and element index
  void (*dropout)(LabInt count, float rate, uint32_t key0, uint32_t key1, uint32_t step, LabInt firstIndex,
                  const float *x, float *y);

  // --- rows
  void (*softmax)(LabInt rows, LabInt columns, const float *x, float *y);
  void (*softmaxGradient)(LabInt rows, LabInt columns, const float *upstream, const float *y, float *dx);
  // focal: alpha, gamma; cross entropy: smoothing. classWeights may be NULL
  void (*classificationLoss)(LabInt rows, LabInt classes, bool focal, float first, float second, const float *logits,
                             const int32_t *labels, const float *classWeights, float *losses);
  void (*classificationLossGradient)(LabInt rows, LabInt classes, bool focal, float first, float second,
                                     const float *upstream, const float *logits, const int32_t *labels,
                                     const float *classWeights, float *dlogits);

  // --- updates
  void (*sgd)(LabInt count, float rate, float momentum, bool nesterov, float decay, float gradientScale, float *p,
              const float *g, float *v);
  void (*adam)(LabInt count, float rate, float beta1, float beta2, float epsilon, float decay, bool decoupled,
               float correction1, float correction2, float gradientScale, float *p, const float *g, float *m, float *v);
  void (*movingAverage)(LabInt count, float decay, float *average, const float *value);
  double (*sumOfSquares)(LabInt count, const float *x);
  void (*accumulate)(LabInt count, const float *x, float *y);  // y += x

  // --- dynamic convolution, block × block matrices (rows r, columns c)
  // out = row[t][r] · column[c] · Σ_k kernelWeights[k] · w_k, for each matrix and tap.
  // transposed = false: matrices are [o block][i block][tap][i][o]: rows are inputs, columns outputs.
  // transposed = true: matrices are [o block][i block][tap][o][i]: rows are outputs, columns inputs.
  // rowFactor is [taps][row count], columnFactor [column count].
  void (*aggregate)(LabDynamicExtent extent, bool transposed, const float *w, const float *kernelWeights,
                    const float *rowFactor, const float *columnFactor, float *out);
  // From one sample's weight gradient G ([o block][i block][tap][i][o]) and its attentions: accumulates
  // dw_k += kernelWeights[k]·(rowFactor·columnFactor·G) and, with P = G∘W_b (W_b the aggregated weights), sets
  // sumInput[i] = Σ_{o,t} P, sumOutput[o] = Σ_{i,t} P, sumTap[t] = Σ_{o,i} P, dKernel[k] = Σ rowFactor·columnFactor·G·w_k.
  // Any of the four may be NULL. scratch holds at least (inputBlocks·block + taps + kernels)·block floats.
  void (*contract)(LabDynamicExtent extent, const float *w, const float *gradient, const float *kernelWeights,
                   const float *rowFactor, const float *columnFactor, float *dw, float *sumInput, float *sumOutput,
                   float *sumTap, float *dKernel, float *scratch);
  // transposes each block × block matrix of `count`
  void (*transposeBlocks)(LabInt count, const float *x, float *y);
} LabKernels;

// The kernels for this machine: the widest of AVX-512, AVX2 and portable vectors that it supports, or the one that the
// environment variable LABRUN_MAX_ISA (avx512, avx2, portable) allows.
const LabKernels *labKernels(void);

// The kernels of one name, or NULL where this machine cannot run them or the build has none.
const LabKernels *labKernelsNamed(const char *name);

// Fused multiply-add throughput of one core in GFLOP/s, measured for about `milliseconds`.
double labMeasurePeakGflops(int milliseconds);

#endif
