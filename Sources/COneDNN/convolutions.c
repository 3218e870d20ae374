// Convolutions: made once for a shape and executed many times.

#include <stdio.h>
#include <stdlib.h>

#include "internal.h"

typedef struct {
  dnnl_stream_t stream;
  dnnl_memory_t memories[4];
  dnnl_exec_arg_t arguments[4];
} Worker;

struct OneDnnConvolution {
  dnnl_primitive_t primitive;
  OneDnnLayout weights;
  size_t scratchBytes;
  char implementation[64];
  int threads, argumentCount;
  Worker *workers;
};

static Descriptor activationDescriptor(long samples, long channels, long height, long width, long block, bool blocked) {
  const dnnl_dims_t dims = {samples, channels, height, width};
  return makeDescriptor(4, dims, !blocked ? dnnl_nchw : block == 16 ? dnnl_nChw16c : dnnl_nChw8c);
}

static void setImplementation(OneDnnConvolution *convolution, dnnl_primitive_desc_t description) {
  const char *name = "";
  dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
  snprintf(convolution->implementation, sizeof convolution->implementation, "%s", name);
}

static bool makeWorkers(OneDnnConvolution *convolution, const int names[3], Descriptor descriptors[3],
                        Descriptor scratch) {
  convolution->workers = calloc((size_t)convolution->threads, sizeof(Worker));
  for (int thread = 0; thread < convolution->threads; thread++) {
    Worker *worker = &convolution->workers[thread];
    if (failed(dnnl_stream_create(&worker->stream, sharedEngine(), dnnl_stream_default_flags), "create a stream"))
      return false;
    for (int i = 0; i < convolution->argumentCount; i++) {
      Descriptor descriptor = i < 3 ? descriptors[i] : scratch;
      if (failed(dnnl_memory_create(&worker->memories[i], descriptor, sharedEngine(), DNNL_MEMORY_NONE),
                 "create a memory object"))
        return false;
      worker->arguments[i].arg = i < 3 ? names[i] : DNNL_ARG_SCRATCHPAD;
      worker->arguments[i].memory = worker->memories[i];
    }
  }
  return true;
}

OneDnnConvolution *oneDnnConvolutionCreate(OneDnnKind kind, const OneDnnConvolutionShape *given, long block,
                                           bool imageBlocked, bool resultBlocked, const OneDnnLayout *weights,
                                           int threads) {
  oneDnnUseOneThread();
  const OneDnnConvolutionShape whole = wholeBlocks(given, block, imageBlocked, resultBlocked);
  const OneDnnConvolutionShape *shape = &whole;
  Descriptor image = activationDescriptor(shape->samples, shape->inputChannels, shape->inputHeight, shape->inputWidth,
                                          block, imageBlocked);
  Descriptor result = activationDescriptor(shape->samples, shape->outputChannels, shape->outputHeight,
                                           shape->outputWidth, block, resultBlocked);
  dnnl_dims_t dims;
  int rank = weightDims(shape, dims);
  Descriptor wanted = weights ? copyDescriptor(weights) : makeDescriptor(rank, dims, dnnl_format_tag_any);
  if (weights) setWeightDims(wanted, shape);
  OneDnnConvolution *convolution = NULL;
  dnnl_primitive_desc_t description =
      image && result && wanted ? describeConvolution(kind, shape, image, wanted, result) : NULL;
  if (description) {
    convolution = calloc(1, sizeof *convolution);
    convolution->threads = threads;
    setImplementation(convolution, description);
    Descriptor actual = queryDescriptor(
        description, kind == ONEDNN_WEIGHT_GRADIENT ? dnnl_query_diff_weights_md : dnnl_query_weights_md);
    struct OneDnnLayout queried = {actual};
    convolution->weights.descriptor = copyDescriptor(&queried);
    setWeightDims(convolution->weights.descriptor, given);
    Descriptor scratch = queryDescriptor(description, dnnl_query_scratchpad_md);
    convolution->scratchBytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
    convolution->argumentCount = convolution->scratchBytes > 0 ? 4 : 3;
    const int names[3] = {kind == ONEDNN_INPUT_GRADIENT ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC,
                          kind == ONEDNN_WEIGHT_GRADIENT ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS,
                          kind == ONEDNN_FORWARD ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST};
    Descriptor descriptors[3] = {image, actual, result};
    if (failed(dnnl_primitive_create(&convolution->primitive, description), "create a convolution") ||
        !makeWorkers(convolution, names, descriptors, scratch)) {
      oneDnnConvolutionDestroy(convolution);
      convolution = NULL;
    }
    dnnl_primitive_desc_destroy(description);
  }
  destroyDescriptor(image);
  destroyDescriptor(result);
  destroyDescriptor(wanted);
  return convolution;
}

void oneDnnConvolutionDestroy(OneDnnConvolution *convolution) {
  if (!convolution) return;
  for (int thread = 0; convolution->workers && thread < convolution->threads; thread++) {
    for (int i = 0; i < 4; i++)
      if (convolution->workers[thread].memories[i]) dnnl_memory_destroy(convolution->workers[thread].memories[i]);
    if (convolution->workers[thread].stream) dnnl_stream_destroy(convolution->workers[thread].stream);
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
  const void *handles[4] = {image, weights, result, scratch};
  for (int i = 0; i < convolution->argumentCount; i++)
    dnnl_memory_set_data_handle(worker->memories[i], (void *)handles[i]);
  dnnl_status_t status =
      dnnl_primitive_execute(convolution->primitive, worker->stream, convolution->argumentCount, worker->arguments);
  return failed(status, "execute a convolution") ? 1 : 0;
}
