// Convolutions: made once for a shape and executed many times.

#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

// A convolution's operands, in the order of its memory objects.
enum { imageOperand, weightOperand, resultOperand, operandCount };

typedef struct {
  dnnl_stream_t stream;
  dnnl_memory_t memories[operandCount + 1];
  dnnl_exec_arg_t arguments[operandCount + 1];
  // Where an activation has another type or layout than the caller's.
  OneDnnReorder *changes[operandCount];
} Worker;

struct OneDnnConvolution {
  dnnl_primitive_t primitive;
  OneDnnLayout weights;
  // The scratch memory holds the primitive's, then copies of activations, then what changing them needs.
  size_t scratchBytes, copyOffsets[operandCount], changeOffset;
  char implementation[64];
  OneDnnKind kind;
  int threads, argumentCount;
  Worker *workers;
};

static Descriptor activationDescriptor(long samples, long channels, long height, long width, long block, bool blocked) {
  const dnnl_dims_t dims = {samples, channels, height, width};
  return makeDescriptor(4, dims, dnnl_f32, !blocked ? dnnl_nchw : block == 16 ? dnnl_nChw16c : dnnl_nChw8c);
}

static void setImplementation(OneDnnConvolution *convolution, dnnl_primitive_desc_t description) {
  const char *name = "";
  dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
  snprintf(convolution->implementation, sizeof convolution->implementation, "%s", name);
}

static size_t aligned(size_t bytes) { return (bytes + 63) / 64 * 64; }

static bool isOutput(OneDnnKind kind, int operand) {
  return operand == (kind == ONEDNN_FORWARD          ? resultOperand
                     : kind == ONEDNN_INPUT_GRADIENT ? imageOperand
                                                     : weightOperand);
}

static bool makeWorkers(OneDnnConvolution *convolution, const Descriptor descriptors[operandCount],
                        Descriptor scratch) {
  const OneDnnKind kind = convolution->kind;
  const int names[operandCount] = {kind == ONEDNN_INPUT_GRADIENT ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC,
                                   kind == ONEDNN_WEIGHT_GRADIENT ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS,
                                   kind == ONEDNN_FORWARD ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST};
  convolution->workers = calloc((size_t)convolution->threads, sizeof(Worker));
  if (refused(convolution->workers, "create a convolution")) return false;
  for (int thread = 0; thread < convolution->threads; thread++) {
    Worker *worker = &convolution->workers[thread];
    if (failed(dnnl_stream_create(&worker->stream, sharedEngine(), dnnl_stream_default_flags), "create a stream"))
      return false;
    for (int i = 0; i < convolution->argumentCount; i++) {
      Descriptor descriptor = i < operandCount ? descriptors[i] : scratch;
      if (failed(dnnl_memory_create(&worker->memories[i], descriptor, sharedEngine(), DNNL_MEMORY_NONE),
                 "create a memory object"))
        return false;
      worker->arguments[i].arg = i < operandCount ? names[i] : DNNL_ARG_SCRATCHPAD;
      worker->arguments[i].memory = worker->memories[i];
    }
  }
  return true;
}

// Has each thread change those activations that the primitive wants otherwise than the caller has them.
static bool makeChanges(OneDnnConvolution *convolution, const Descriptor given[operandCount],
                        const Descriptor wanted[operandCount]) {
  size_t changeBytes = 0;
  for (int i = 0; i < operandCount; i++) {
    if (i == weightOperand || descriptorsEqual(given[i], wanted[i])) continue;
    convolution->copyOffsets[i] = aligned(convolution->scratchBytes);
    convolution->scratchBytes = convolution->copyOffsets[i] + dnnl_memory_desc_get_size(wanted[i]);
    for (int thread = 0; thread < convolution->threads; thread++) {
      OneDnnReorder *change = isOutput(convolution->kind, i) ? makeReorder(wanted[i], given[i])
                                                             : makeReorder(given[i], wanted[i]);
      if (!change) return false;
      convolution->workers[thread].changes[i] = change;
      if (oneDnnReorderScratchBytes(change) > changeBytes) changeBytes = oneDnnReorderScratchBytes(change);
    }
  }
  convolution->changeOffset = aligned(convolution->scratchBytes);
  if (changeBytes > 0) convolution->scratchBytes = convolution->changeOffset + changeBytes;
  return true;
}

static OneDnnConvolution *makeConvolution(OneDnnKind kind, dnnl_primitive_desc_t description,
                                          const OneDnnConvolutionShape *shape, const Descriptor given[operandCount],
                                          int threads) {
  OneDnnConvolution *convolution = calloc(1, sizeof *convolution);
  if (refused(convolution, "create a convolution")) return NULL;
  convolution->kind = kind;
  convolution->threads = threads;
  setImplementation(convolution, description);
  const dnnl_query_t queries[operandCount] = {
      kind == ONEDNN_INPUT_GRADIENT ? dnnl_query_diff_src_md : dnnl_query_src_md,
      kind == ONEDNN_WEIGHT_GRADIENT ? dnnl_query_diff_weights_md : dnnl_query_weights_md,
      kind == ONEDNN_FORWARD ? dnnl_query_dst_md : dnnl_query_diff_dst_md};
  Descriptor actual[operandCount];
  for (int i = 0; i < operandCount; i++) actual[i] = queryDescriptor(description, queries[i]);
  const OneDnnLayout queried = {actual[weightOperand]};
  convolution->weights.descriptor = copyDescriptor(&queried);
  if (refused(convolution->weights.descriptor, "create a convolution")) {
    free(convolution);
    return NULL;
  }
  setWeightDims(convolution->weights.descriptor, shape);
  Descriptor scratch = queryDescriptor(description, dnnl_query_scratchpad_md);
  convolution->scratchBytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
  convolution->argumentCount = convolution->scratchBytes > 0 ? operandCount + 1 : operandCount;
  if (failed(dnnl_primitive_create(&convolution->primitive, description), "create a convolution") ||
      !makeWorkers(convolution, actual, scratch) || !makeChanges(convolution, given, actual)) {
    oneDnnConvolutionDestroy(convolution);
    return NULL;
  }
  return convolution;
}

OneDnnConvolution *oneDnnConvolutionCreate(OneDnnKind kind, const OneDnnConvolutionShape *given, long block,
                                           bool imageBlocked, bool resultBlocked, bool bfloat16,
                                           const OneDnnLayout *weights, int threads) {
  oneDnnUseOneThread();
  const OneDnnConvolutionShape whole = wholeBlocks(given, block, imageBlocked, resultBlocked);
  const OneDnnConvolutionShape *shape = &whole;
  const dnnl_dims_t imageDims = {shape->samples, shape->inputChannels, shape->inputHeight, shape->inputWidth};
  const dnnl_dims_t resultDims = {shape->samples, shape->outputChannels, shape->outputHeight, shape->outputWidth};
  dnnl_dims_t weightExtents;
  const int rank = weightDims(shape, weightExtents);
  // What is read is in bfloat16 and what is computed in single precision, both in the layout that suits the library.
  const dnnl_data_type_t readType = bfloat16 ? dnnl_bf16 : dnnl_f32;
  const dnnl_format_tag_t any = dnnl_format_tag_any;
  Descriptor image = activationDescriptor(shape->samples, shape->inputChannels, shape->inputHeight, shape->inputWidth,
                                          block, imageBlocked);
  Descriptor result = activationDescriptor(shape->samples, shape->outputChannels, shape->outputHeight,
                                           shape->outputWidth, block, resultBlocked);
  Descriptor readImage = makeDescriptor(4, imageDims, readType, any);
  Descriptor anyImage = makeDescriptor(4, imageDims, isOutput(kind, imageOperand) ? dnnl_f32 : readType, any);
  Descriptor anyResult = makeDescriptor(4, resultDims, isOutput(kind, resultOperand) ? dnnl_f32 : readType, any);
  Descriptor readWeights = makeDescriptor(rank, weightExtents, readType, any);
  Descriptor wanted =
      weights ? copyDescriptor(weights)
              : makeDescriptor(rank, weightExtents, isOutput(kind, weightOperand) ? dnnl_f32 : readType, any);
  if (weights) setWeightDims(wanted, shape);
  OneDnnConvolution *convolution = NULL;
  if (image && result && readImage && anyImage && anyResult && readWeights && wanted) {
    const ConvolutionOperands operands = {
        .image = bfloat16 ? anyImage : image,
        .weights = wanted,
        .result = bfloat16 ? anyResult : result,
        .hintImage = bfloat16 ? readImage : image,
        .hintWeights = kind == ONEDNN_FORWARD ? wanted : readWeights,
    };
    dnnl_primitive_desc_t description = describeConvolution(kind, shape, &operands);
    if (description) {
      const Descriptor caller[operandCount] = {image, wanted, result};
      convolution = makeConvolution(kind, description, given, caller, threads);
      dnnl_primitive_desc_destroy(description);
    }
  }
  Descriptor owned[] = {image, result, readImage, anyImage, anyResult, readWeights, wanted};
  for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) destroyDescriptor(owned[i]);
  return convolution;
}

void oneDnnConvolutionDestroy(OneDnnConvolution *convolution) {
  if (!convolution) return;
  for (int thread = 0; convolution->workers && thread < convolution->threads; thread++) {
    Worker *worker = &convolution->workers[thread];
    for (int i = 0; i <= operandCount; i++)
      if (worker->memories[i]) dnnl_memory_destroy(worker->memories[i]);
    for (int i = 0; i < operandCount; i++) oneDnnReorderDestroy(worker->changes[i]);
    if (worker->stream) dnnl_stream_destroy(worker->stream);
  }
  free(convolution->workers);
  if (convolution->primitive) dnnl_primitive_destroy(convolution->primitive);
  destroyDescriptor(convolution->weights.descriptor);
  free(convolution);
}

const OneDnnLayout *oneDnnConvolutionWeights(const OneDnnConvolution *convolution) { return &convolution->weights; }
size_t oneDnnConvolutionScratchBytes(const OneDnnConvolution *convolution) { return convolution->scratchBytes; }
const char *oneDnnConvolutionImplementation(const OneDnnConvolution *convolution) {
  return convolution->implementation;
}

int oneDnnConvolutionExecute(OneDnnConvolution *convolution, int thread, const void *image, const void *weights,
                             const void *result, void *scratch) {
  Worker *worker = &convolution->workers[thread];
  void *const given[operandCount] = {(void *)image, (void *)weights, (void *)result};
  void *const changeScratch = (char *)scratch + convolution->changeOffset;
  void *handles[operandCount + 1];
  for (int i = 0; i < operandCount; i++) {
    handles[i] = worker->changes[i] ? (char *)scratch + convolution->copyOffsets[i] : given[i];
    if (worker->changes[i] && !isOutput(convolution->kind, i) &&
        oneDnnReorderExecute(worker->changes[i], given[i], handles[i], changeScratch) != 0)
      return 1;
  }
  handles[operandCount] = scratch;
  for (int i = 0; i < convolution->argumentCount; i++) dnnl_memory_set_data_handle(worker->memories[i], handles[i]);
  const dnnl_status_t status =
      dnnl_primitive_execute(convolution->primitive, worker->stream, convolution->argumentCount, worker->arguments);
  if (failed(status, "execute a convolution")) return 1;
  for (int i = 0; i < operandCount; i++) {
    if (worker->changes[i] && isOutput(convolution->kind, i) &&
        oneDnnReorderExecute(worker->changes[i], handles[i], given[i], changeScratch) != 0)
      return 1;
  }
  return 0;
}
