#include "COneDNN.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define V3 (DNNL_VERSION_MAJOR >= 3)

static _Thread_local char lastError[256];

const char *oneDnnLastError(void) { return lastError; }

static bool failed(dnnl_status_t status, const char *what) {
  if (status == dnnl_success) return false;
  const char *reason = status == dnnl_out_of_memory       ? "out of memory"
                       : status == dnnl_invalid_arguments ? "invalid arguments"
                       : status == dnnl_unimplemented     ? "not implemented"
                                                          : "runtime error";
  snprintf(lastError, sizeof lastError, "oneDNN could not %s: %s", what, reason);
  return true;
}

const char *oneDnnVersion(void) {
  static char text[32];
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  const dnnl_version_t *version = dnnl_version();
  snprintf(text, sizeof text, "%d.%d.%d", version->major, version->minor, version->patch);
  pthread_mutex_unlock(&lock);
  return text;
}

static void (*setOpenMPThreads)(int);
static pthread_once_t openMPOnce = PTHREAD_ONCE_INIT;
static void findOpenMP(void) { setOpenMPThreads = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads"); }

void oneDnnUseOneThread(void) {
  // The library's OpenMP runtime is whichever its package was built with, so it is looked up, not linked.
  pthread_once(&openMPOnce, findOpenMP);
  if (setOpenMPThreads) setOpenMPThreads(1);
}

// MARK: Engine

static dnnl_engine_t engine;
static pthread_once_t engineOnce = PTHREAD_ONCE_INIT;
static void makeEngine(void) { dnnl_engine_create(&engine, dnnl_cpu, 0); }

static dnnl_engine_t sharedEngine(void) {
  pthread_once(&engineOnce, makeEngine);
  return engine;
}

// MARK: Layouts

#if V3
typedef dnnl_memory_desc_t Descriptor;
#else
typedef dnnl_memory_desc_t *Descriptor;
#endif

struct OneDnnLayout {
  Descriptor descriptor;
};

static void destroyDescriptor(Descriptor descriptor) {
  if (!descriptor) return;
#if V3
  dnnl_memory_desc_destroy(descriptor);
#else
  free(descriptor);
#endif
}

static Descriptor makeDescriptor(int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag) {
  Descriptor descriptor = NULL;
#if V3
  if (failed(dnnl_memory_desc_create_with_tag(&descriptor, rank, dims, dnnl_f32, tag), "describe a tensor")) return NULL;
#else
  descriptor = malloc(sizeof *descriptor);
  if (failed(dnnl_memory_desc_init_by_tag(descriptor, rank, dims, dnnl_f32, tag), "describe a tensor")) {
    free(descriptor);
    return NULL;
  }
#endif
  return descriptor;
}

static Descriptor copyDescriptor(const struct OneDnnLayout *layout) {
#if V3
  Descriptor copy = NULL;
  dnnl_memory_desc_clone(&copy, layout->descriptor);
  return copy;
#else
  Descriptor copy = malloc(sizeof *copy);
  *copy = *layout->descriptor;
  return copy;
#endif
}

static OneDnnLayout *makeLayout(Descriptor descriptor) {
  if (!descriptor) return NULL;
  OneDnnLayout *layout = malloc(sizeof *layout);
  layout->descriptor = descriptor;
  return layout;
}

OneDnnLayout *oneDnnLayoutCopy(const OneDnnLayout *layout) { return makeLayout(copyDescriptor(layout)); }

void oneDnnLayoutDestroy(OneDnnLayout *layout) {
  if (!layout) return;
  destroyDescriptor(layout->descriptor);
  free(layout);
}

size_t oneDnnLayoutBytes(const OneDnnLayout *layout) { return dnnl_memory_desc_get_size(layout->descriptor); }

bool oneDnnLayoutsEqual(const OneDnnLayout *a, const OneDnnLayout *b) {
  return dnnl_memory_desc_equal(a->descriptor, b->descriptor) != 0;
}

static int weightDims(const OneDnnConvolutionShape *shape, dnnl_dims_t dims) {
  long g = shape->groups;
  int rank = 0;
  if (g > 1) dims[rank++] = g;
  dims[rank++] = shape->outputChannels / g;
  dims[rank++] = shape->inputChannels / g;
  dims[rank++] = shape->kernelHeight;
  dims[rank++] = shape->kernelWidth;
  return rank;
}

static Descriptor weightDescriptor(const OneDnnConvolutionShape *shape, dnnl_format_tag_t plain, dnnl_format_tag_t grouped) {
  dnnl_dims_t dims;
  int rank = weightDims(shape, dims);
  return makeDescriptor(rank, dims, rank == 5 ? grouped : plain);
}

OneDnnLayout *oneDnnDenseWeights(const OneDnnConvolutionShape *shape) {
  return makeLayout(weightDescriptor(shape, dnnl_oihw, dnnl_goihw));
}

OneDnnLayout *oneDnnBlockedWeights(const OneDnnConvolutionShape *shape, long block, bool transposed, bool outerSwapped) {
  dnnl_format_tag_t tag;
  if (block == 16)
    tag = !transposed ? dnnl_OIhw16i16o : outerSwapped ? dnnl_IOhw16o16i : dnnl_OIhw16o16i;
  else
    tag = transposed ? dnnl_OIhw8o8i : dnnl_OIhw8i8o;
  return makeLayout(weightDescriptor(shape, tag, tag));
}

// MARK: Convolutions

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

static dnnl_primitive_desc_t describe(OneDnnKind kind, const OneDnnConvolutionShape *s, Descriptor image,
                                      Descriptor weights, Descriptor result) {
  const dnnl_dims_t strides = {s->strideHeight, s->strideWidth};
  const dnnl_dims_t dilation = {s->dilationHeight - 1, s->dilationWidth - 1};
  const dnnl_dims_t before = {s->paddingHeight, s->paddingWidth};
  // A window need not reach the padded border: the padding behind may be smaller than the one asked for, even negative.
  const dnnl_dims_t after = {
      (s->outputHeight - 1) * s->strideHeight + s->dilationHeight * (s->kernelHeight - 1) + 1 - s->inputHeight - s->paddingHeight,
      (s->outputWidth - 1) * s->strideWidth + s->dilationWidth * (s->kernelWidth - 1) + 1 - s->inputWidth - s->paddingWidth};
  dnnl_primitive_attr_t attributes;
  if (failed(dnnl_primitive_attr_create(&attributes), "create attributes")) return NULL;
  dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  dnnl_primitive_desc_t forward = NULL, description = NULL;
  dnnl_status_t status;
#if V3
  const dnnl_alg_kind_t algorithm = dnnl_convolution_direct;
  status = dnnl_convolution_forward_primitive_desc_create(&forward, sharedEngine(), dnnl_forward_training, algorithm,
                                                          image, weights, NULL, result, strides, dilation, before, after,
                                                          attributes);
  if (status == dnnl_success && kind == ONEDNN_INPUT_GRADIENT)
    status = dnnl_convolution_backward_data_primitive_desc_create(&description, sharedEngine(), algorithm, image, weights,
                                                                  result, strides, dilation, before, after, forward,
                                                                  attributes);
  if (status == dnnl_success && kind == ONEDNN_WEIGHT_GRADIENT)
    status = dnnl_convolution_backward_weights_primitive_desc_create(&description, sharedEngine(), algorithm, image,
                                                                     weights, NULL, result, strides, dilation, before,
                                                                     after, forward, attributes);
#else
  const dnnl_alg_kind_t algorithm = dnnl_convolution_direct;
  dnnl_convolution_desc_t operation;
  // The hint of a backward pass must exist whatever layout that pass itself is given.
  dnnl_dims_t dims;
  int rank = weightDims(s, dims);
  Descriptor any = makeDescriptor(rank, dims, dnnl_format_tag_any);
  status = dnnl_dilated_convolution_forward_desc_init(&operation, dnnl_forward_training, algorithm, image,
                                                      kind == ONEDNN_FORWARD ? weights : any, NULL, result, strides,
                                                      dilation, before, after);
  if (status == dnnl_success) status = dnnl_primitive_desc_create(&forward, &operation, attributes, sharedEngine(), NULL);
  if (status == dnnl_success && kind == ONEDNN_INPUT_GRADIENT) {
    status = dnnl_dilated_convolution_backward_data_desc_init(&operation, algorithm, image, weights, result, strides,
                                                              dilation, before, after);
    if (status == dnnl_success)
      status = dnnl_primitive_desc_create(&description, &operation, attributes, sharedEngine(), forward);
  }
  if (status == dnnl_success && kind == ONEDNN_WEIGHT_GRADIENT) {
    status = dnnl_dilated_convolution_backward_weights_desc_init(&operation, algorithm, image, weights, NULL, result,
                                                                 strides, dilation, before, after);
    if (status == dnnl_success)
      status = dnnl_primitive_desc_create(&description, &operation, attributes, sharedEngine(), forward);
  }
  destroyDescriptor(any);
#endif
  dnnl_primitive_attr_destroy(attributes);
  if (kind == ONEDNN_FORWARD && status == dnnl_success) return forward;
  if (forward) dnnl_primitive_desc_destroy(forward);
  return failed(status, "make a convolution") ? NULL : description;
}

// The library's fast kernels want whole blocks of channels on both sides. A blocked tensor's tail lanes are zeros, so a
// convolution may take them for channels whose weights are zeros too.
static OneDnnConvolutionShape wholeBlocks(const OneDnnConvolutionShape *shape, long block, bool imageBlocked,
                                          bool resultBlocked) {
  OneDnnConvolutionShape whole = *shape;
#if !V3
  // Towards a dense result the library may choose dense weights, which have no tail lanes.
  if (shape->groups == 1 && imageBlocked && resultBlocked)
    whole.inputChannels = (shape->inputChannels + block - 1) / block * block;
  if (shape->groups == 1 && resultBlocked) whole.outputChannels = (shape->outputChannels + block - 1) / block * block;
#endif
  return whole;
}

// The same memory under other extents: those with or without the tail lanes.
static void setWeightDims(Descriptor descriptor, const OneDnnConvolutionShape *shape) {
#if !V3
  weightDims(shape, descriptor->dims);
#endif
}

static void setImplementation(OneDnnConvolution *convolution, dnnl_primitive_desc_t description) {
  const char *name = "";
  dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name);
  snprintf(convolution->implementation, sizeof convolution->implementation, "%s", name);
}

static Descriptor queryDescriptor(dnnl_primitive_desc_t description, dnnl_query_t query) {
  return (Descriptor)dnnl_primitive_desc_query_md(description, query, 0);
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
      image && result && wanted ? describe(kind, shape, image, wanted, result) : NULL;
  if (description) {
    convolution = calloc(1, sizeof *convolution);
    convolution->threads = threads;
    setImplementation(convolution, description);
    Descriptor actual =
        queryDescriptor(description, kind == ONEDNN_WEIGHT_GRADIENT ? dnnl_query_diff_weights_md : dnnl_query_weights_md);
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
const char *oneDnnConvolutionImplementation(const OneDnnConvolution *convolution) { return convolution->implementation; }

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

// MARK: Layout changes

struct OneDnnReorder {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t from, to, scratch;
  size_t scratchBytes;
};

OneDnnReorder *oneDnnReorderCreate(const OneDnnLayout *from, const OneDnnLayout *to) {
  oneDnnUseOneThread();
  dnnl_primitive_attr_t attributes;
  if (failed(dnnl_primitive_attr_create(&attributes), "create attributes")) return NULL;
  dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = dnnl_reorder_primitive_desc_create(&description, from->descriptor, sharedEngine(),
                                                            to->descriptor, sharedEngine(), attributes);
  dnnl_primitive_attr_destroy(attributes);
  if (failed(status, "make a layout change")) return NULL;
  OneDnnReorder *reorder = calloc(1, sizeof *reorder);
  Descriptor scratch = queryDescriptor(description, dnnl_query_scratchpad_md);
  reorder->scratchBytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
  bool ok = !failed(dnnl_primitive_create(&reorder->primitive, description), "create a layout change") &&
            !failed(dnnl_stream_create(&reorder->stream, sharedEngine(), dnnl_stream_default_flags), "create a stream") &&
            !failed(dnnl_memory_create(&reorder->from, from->descriptor, sharedEngine(), DNNL_MEMORY_NONE), "create memory") &&
            !failed(dnnl_memory_create(&reorder->to, to->descriptor, sharedEngine(), DNNL_MEMORY_NONE), "create memory");
  if (ok && reorder->scratchBytes > 0)
    ok = !failed(dnnl_memory_create(&reorder->scratch, scratch, sharedEngine(), DNNL_MEMORY_NONE), "create memory");
  dnnl_primitive_desc_destroy(description);
  if (!ok) {
    oneDnnReorderDestroy(reorder);
    return NULL;
  }
  return reorder;
}

void oneDnnReorderDestroy(OneDnnReorder *reorder) {
  if (!reorder) return;
  if (reorder->from) dnnl_memory_destroy(reorder->from);
  if (reorder->to) dnnl_memory_destroy(reorder->to);
  if (reorder->scratch) dnnl_memory_destroy(reorder->scratch);
  if (reorder->stream) dnnl_stream_destroy(reorder->stream);
  if (reorder->primitive) dnnl_primitive_destroy(reorder->primitive);
  free(reorder);
}

size_t oneDnnReorderScratchBytes(const OneDnnReorder *reorder) { return reorder->scratchBytes; }

int oneDnnReorderExecute(OneDnnReorder *reorder, const void *from, void *to, void *scratch) {
  dnnl_memory_set_data_handle(reorder->from, (void *)from);
  dnnl_memory_set_data_handle(reorder->to, to);
  dnnl_exec_arg_t arguments[3] = {{DNNL_ARG_FROM, reorder->from}, {DNNL_ARG_TO, reorder->to}};
  int count = 2;
  if (reorder->scratchBytes > 0) {
    dnnl_memory_set_data_handle(reorder->scratch, scratch);
    arguments[count++] = (dnnl_exec_arg_t){DNNL_ARG_SCRATCHPAD, reorder->scratch};
  }
  return failed(dnnl_primitive_execute(reorder->primitive, reorder->stream, count, arguments), "change a layout") ? 1 : 0;
}

// MARK: Matrix products

int oneDnnMatrixProduct(bool transposeA, bool transposeB, long m, long n, long k, float alpha, const float *a, long lda,
                        const float *b, long ldb, float beta, float *c, long ldc) {
  return failed(dnnl_sgemm(transposeA ? 'T' : 'N', transposeB ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc),
                "multiply matrices")
             ? 1
             : 0;
}
