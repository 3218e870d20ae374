// What the library is asked for when a convolution is made. Its second and third major versions differ most here.

#include "internal.h"

// Everything that both versions want to know, in their terms.
typedef struct {
  OneDnnKind kind;
  ConvolutionOperands operands;
  dnnl_dims_t strides, dilation, before, after;
  dnnl_primitive_attr_t attributes;
} Request;

static const dnnl_alg_kind_t algorithm = dnnl_convolution_direct;

// A window need not reach the padded border: the padding behind may be smaller than the one asked for, even negative.
static long paddingBehind(long input, long output, long kernel, long stride, long padding, long dilation) {
  return (output - 1) * stride + dilation * (kernel - 1) + 1 - input - padding;
}

#if V3

static dnnl_status_t describeForward(const Request *r, dnnl_primitive_desc_t *description) {
  const ConvolutionOperands *o = &r->operands;
  return dnnl_convolution_forward_primitive_desc_create(
      description, sharedEngine(), dnnl_forward_training, algorithm, o->hintImage, o->hintWeights, NULL, o->result,
      r->strides, r->dilation, r->before, r->after, r->attributes);
}

static dnnl_status_t describeBackward(const Request *r, dnnl_primitive_desc_t forward,
                                      dnnl_primitive_desc_t *description) {
  const ConvolutionOperands *o = &r->operands;
  if (r->kind == ONEDNN_INPUT_GRADIENT)
    return dnnl_convolution_backward_data_primitive_desc_create(
        description, sharedEngine(), algorithm, o->image, o->weights, o->result, r->strides, r->dilation, r->before,
        r->after, forward, r->attributes);
  return dnnl_convolution_backward_weights_primitive_desc_create(
      description, sharedEngine(), algorithm, o->image, o->weights, NULL, o->result, r->strides, r->dilation, r->before,
      r->after, forward, r->attributes);
}

#else

static dnnl_status_t describeForward(const Request *r, dnnl_primitive_desc_t *description) {
  const ConvolutionOperands *o = &r->operands;
  dnnl_convolution_desc_t operation;
  const dnnl_status_t status = dnnl_dilated_convolution_forward_desc_init(
      &operation, dnnl_forward_training, algorithm, o->hintImage, o->hintWeights, NULL, o->result, r->strides,
      r->dilation, r->before, r->after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(description, &operation, r->attributes, sharedEngine(), NULL);
}

static dnnl_status_t describeBackward(const Request *r, dnnl_primitive_desc_t forward,
                                      dnnl_primitive_desc_t *description) {
  const ConvolutionOperands *o = &r->operands;
  dnnl_convolution_desc_t operation;
  const dnnl_status_t status =
      r->kind == ONEDNN_INPUT_GRADIENT
          ? dnnl_dilated_convolution_backward_data_desc_init(&operation, algorithm, o->image, o->weights, o->result,
                                                             r->strides, r->dilation, r->before, r->after)
          : dnnl_dilated_convolution_backward_weights_desc_init(&operation, algorithm, o->image, o->weights, NULL,
                                                                o->result, r->strides, r->dilation, r->before,
                                                                r->after);
  if (status != dnnl_success) return status;
  return dnnl_primitive_desc_create(description, &operation, r->attributes, sharedEngine(), forward);
}

#endif

dnnl_primitive_desc_t describeConvolution(OneDnnKind kind, const OneDnnConvolutionShape *s,
                                          const ConvolutionOperands *operands) {
  Request request = {
      .kind = kind,
      .operands = *operands,
      .strides = {s->strideHeight, s->strideWidth},
      .dilation = {s->dilationHeight - 1, s->dilationWidth - 1},
      .before = {s->paddingHeight, s->paddingWidth},
      .after = {paddingBehind(s->inputHeight, s->outputHeight, s->kernelHeight, s->strideHeight, s->paddingHeight,
                              s->dilationHeight),
                paddingBehind(s->inputWidth, s->outputWidth, s->kernelWidth, s->strideWidth, s->paddingWidth,
                              s->dilationWidth)},
  };
  dnnl_primitive_desc_t forward = NULL, backward = NULL;
  dnnl_status_t status = dnnl_primitive_attr_create(&request.attributes);
  if (status == dnnl_success) {
    dnnl_primitive_attr_set_scratchpad_mode(request.attributes, dnnl_scratchpad_mode_user);
    status = describeForward(&request, &forward);
    if (status == dnnl_success && kind != ONEDNN_FORWARD) {
      status = describeBackward(&request, forward, &backward);
      dnnl_primitive_desc_destroy(forward);
    }
    dnnl_primitive_attr_destroy(request.attributes);
  }
  if (failed(status, "make a convolution")) return NULL;
  return kind == ONEDNN_FORWARD ? forward : backward;
}

// A blocked tensor's tail lanes are zeros, so a convolution may take them for channels whose weights are zeros too.
OneDnnConvolutionShape wholeBlocks(const OneDnnConvolutionShape *shape, long block, bool imageBlocked,
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
