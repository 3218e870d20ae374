// Physical layouts of activations and weights.

#include <stdlib.h>

#include "internal.h"

void destroyDescriptor(Descriptor descriptor) {
  if (!descriptor) return;
#if V3
  dnnl_memory_desc_destroy(descriptor);
#else
  free(descriptor);
#endif
}

Descriptor makeDescriptor(int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag) {
  Descriptor descriptor = NULL;
#if V3
  const dnnl_status_t status = dnnl_memory_desc_create_with_tag(&descriptor, rank, dims, type, tag);
  if (failed(status, "describe a tensor")) return NULL;
#else
  descriptor = malloc(sizeof *descriptor);
  if (refused(descriptor, "describe a tensor")) return NULL;
  if (failed(dnnl_memory_desc_init_by_tag(descriptor, rank, dims, type, tag), "describe a tensor")) {
    free(descriptor);
    return NULL;
  }
#endif
  return descriptor;
}

Descriptor copyDescriptor(const OneDnnLayout *layout) {
#if V3
  Descriptor copy = NULL;
  return failed(dnnl_memory_desc_clone(&copy, layout->descriptor), "describe a tensor") ? NULL : copy;
#else
  Descriptor copy = malloc(sizeof *copy);
  if (refused(copy, "describe a tensor")) return NULL;
  *copy = *layout->descriptor;
  return copy;
#endif
}

Descriptor queryDescriptor(dnnl_primitive_desc_t description, dnnl_query_t query) {
  return (Descriptor)dnnl_primitive_desc_query_md(description, query, 0);
}

static OneDnnLayout *makeLayout(Descriptor descriptor) {
  if (!descriptor) return NULL;
  OneDnnLayout *layout = malloc(sizeof *layout);
  if (refused(layout, "describe a tensor")) {
    destroyDescriptor(descriptor);
    return NULL;
  }
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

bool descriptorsEqual(Descriptor a, Descriptor b) { return dnnl_memory_desc_equal(a, b) != 0; }

bool oneDnnLayoutsEqual(const OneDnnLayout *a, const OneDnnLayout *b) {
  return descriptorsEqual(a->descriptor, b->descriptor);
}

int weightDims(const OneDnnConvolutionShape *shape, dnnl_dims_t dims) {
  long g = shape->groups;
  int rank = 0;
  if (g > 1) dims[rank++] = g;
  dims[rank++] = shape->outputChannels / g;
  dims[rank++] = shape->inputChannels / g;
  dims[rank++] = shape->kernelHeight;
  dims[rank++] = shape->kernelWidth;
  return rank;
}

void setWeightDims(Descriptor descriptor, const OneDnnConvolutionShape *shape) {
#if !V3
  weightDims(shape, descriptor->dims);
#endif
}

static Descriptor weightDescriptor(const OneDnnConvolutionShape *shape, dnnl_format_tag_t plain,
                                   dnnl_format_tag_t grouped) {
  dnnl_dims_t dims;
  int rank = weightDims(shape, dims);
  return makeDescriptor(rank, dims, dnnl_f32, rank == 5 ? grouped : plain);
}

OneDnnLayout *oneDnnDenseWeights(const OneDnnConvolutionShape *shape) {
  return makeLayout(weightDescriptor(shape, dnnl_oihw, dnnl_goihw));
}

OneDnnLayout *oneDnnBlockedWeights(const OneDnnConvolutionShape *shape, long block, bool transposed,
                                   bool outerSwapped) {
  const bool isDepthWise =
      shape->groups > 1 && shape->inputChannels == shape->groups && shape->outputChannels == shape->groups;
  dnnl_format_tag_t plain, grouped;
  if (block == 16) {
    plain = !transposed ? dnnl_OIhw16i16o : outerSwapped ? dnnl_IOhw16o16i : dnnl_OIhw16o16i;
    grouped = isDepthWise    ? dnnl_Goihw16g
              : !transposed  ? dnnl_gOIhw16i16o
              : outerSwapped ? dnnl_gIOhw16o16i
                             : dnnl_gOIhw16o16i;
  } else {
    plain = transposed ? dnnl_OIhw8o8i : dnnl_OIhw8i8o;
    grouped = isDepthWise ? dnnl_Goihw8g : transposed ? dnnl_gOIhw8o8i : dnnl_gOIhw8i8o;
  }
  return makeLayout(weightDescriptor(shape, plain, grouped));
}
