#ifndef CONEDNN_H
#define CONEDNN_H

#include <stdbool.h>
#include <stddef.h>

// A narrow face of oneDNN: convolutions, layout changes and matrix products, one thread a call.
//
// The library's C interface changed between its second and third major version; everything that differs stays
// behind these functions. A plan is made once and executed many times; executing allocates nothing.
// Functions that make something return NULL on failure, and oneDnnLastError() tells why.

typedef struct OneDnnLayout OneDnnLayout;            // a tensor's physical layout
typedef struct OneDnnConvolution OneDnnConvolution;  // a convolution of one kind and shape
typedef struct OneDnnReorder OneDnnReorder;          // a change of layout

typedef enum {
  ONEDNN_FORWARD = 0,
  ONEDNN_INPUT_GRADIENT,
  ONEDNN_WEIGHT_GRADIENT
} OneDnnKind;

typedef struct {
  long samples, inputChannels, outputChannels, groups;
  long inputHeight, inputWidth, outputHeight, outputWidth;
  long kernelHeight, kernelWidth, strideHeight, strideWidth;
  long paddingHeight, paddingWidth, dilationHeight, dilationWidth;
} OneDnnConvolutionShape;

// The library's version, such as "2.6.3".
const char *oneDnnVersion(void);
// Why the last call on this thread failed.
const char *oneDnnLastError(void);
// How this processor multiplies bfloat16 numbers, within what the environment allows the library.
typedef enum {
  ONEDNN_BFLOAT16_NONE = 0,  // only by way of single precision
  ONEDNN_BFLOAT16_VECTORS,   // pairs of them in vector units, at twice the rate of single precision
  ONEDNN_BFLOAT16_TILES      // in matrix units, many times faster
} OneDnnBFloat16;
OneDnnBFloat16 oneDnnBFloat16(void);
// Makes the calling thread execute primitives alone; to be called on every thread that makes or executes plans.
void oneDnnUseOneThread(void);

// Activations are dense NCHW, or blocked nChw<block>c (8 or 16 channels a block, tail lanes zero) where `blocked`.
// `weights` fixes the layout of the weights (or of their gradient); NULL lets the library choose.
// `bfloat16`: operands are multiplied in bfloat16 and summed in single precision. Activations are rounded on the way, in
// the scratch memory, and weights that are read must already be in the convolution's layout, which is one of bfloat16;
// gradients of weights are in single precision.
// `threads`: how many threads may execute the plan at the same time.
OneDnnConvolution *oneDnnConvolutionCreate(OneDnnKind kind, const OneDnnConvolutionShape *shape, long block,
                                           bool imageBlocked, bool resultBlocked, bool bfloat16,
                                           const OneDnnLayout *weights, int threads);
void oneDnnConvolutionDestroy(OneDnnConvolution *convolution);
// The layout of the weights; owned by the convolution.
const OneDnnLayout *oneDnnConvolutionWeights(const OneDnnConvolution *convolution);
size_t oneDnnConvolutionScratchBytes(const OneDnnConvolution *convolution);
// The implementation's name, such as "jit:avx512_core".
const char *oneDnnConvolutionImplementation(const OneDnnConvolution *convolution);
// image, weights, result: read or written as the kind says (the gradient of the operand takes its place).
// Returns 0 on success.
int oneDnnConvolutionExecute(OneDnnConvolution *convolution, int thread, const void *image, const void *weights,
                             const void *result, void *scratch);

// Dense weights [O, I/groups, kh, kw].
OneDnnLayout *oneDnnDenseWeights(const OneDnnConvolutionShape *shape);
// Matrices of block × block: [O/b][I/b][kh][kw][i][o], or [o][i] inside where `transposed`. `outerSwapped` swaps the
// outer blocks of the transposed form to [I/b][O/b], as 16-channel 1×1 input gradients want it; others ignore it. Groups
// come first; those of one channel are interleaved, [G/b][kh][kw][g].
OneDnnLayout *oneDnnBlockedWeights(const OneDnnConvolutionShape *shape, long block, bool transposed, bool outerSwapped);
OneDnnLayout *oneDnnLayoutCopy(const OneDnnLayout *layout);
void oneDnnLayoutDestroy(OneDnnLayout *layout);
size_t oneDnnLayoutBytes(const OneDnnLayout *layout);
bool oneDnnLayoutsEqual(const OneDnnLayout *a, const OneDnnLayout *b);

OneDnnReorder *oneDnnReorderCreate(const OneDnnLayout *from, const OneDnnLayout *to);
void oneDnnReorderDestroy(OneDnnReorder *reorder);
size_t oneDnnReorderScratchBytes(const OneDnnReorder *reorder);
int oneDnnReorderExecute(OneDnnReorder *reorder, const void *from, void *to, void *scratch);

// c[m, n] = alpha · op(a) op(b) + beta · c, row-major with leading dimensions.
int oneDnnMatrixProduct(bool transposeA, bool transposeB, long m, long n, long k, float alpha, const float *a, long lda,
                        const float *b, long ldb, float beta, float *c, long ldc);

#endif
