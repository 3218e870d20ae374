#ifndef CONEDNN_INTERNAL_H
#define CONEDNN_INTERNAL_H

// What the files of this target share.

#include <oneapi/dnnl/dnnl.h>

#include "COneDNN.h"

#define V3 (DNNL_VERSION_MAJOR >= 3)

#if V3
typedef dnnl_memory_desc_t Descriptor;
#else
typedef dnnl_memory_desc_t *Descriptor;
#endif

struct OneDnnLayout {
  Descriptor descriptor;
};

// MARK: library.c

// Whether a call failed; if so, remembers why as "oneDNN could not <what>: …".
bool failed(dnnl_status_t status, const char *what);
// Whether memory was refused; if so, remembers that, as for a failed call.
bool refused(const void *memory, const char *what);
// The CPU, made at first use.
dnnl_engine_t sharedEngine(void);

// MARK: layouts.c

// NULL, and a remembered error, where the library refuses.
Descriptor makeDescriptor(int rank, const dnnl_dims_t dims, dnnl_data_type_t type, dnnl_format_tag_t tag);
bool descriptorsEqual(Descriptor a, Descriptor b);
Descriptor copyDescriptor(const OneDnnLayout *layout);
void destroyDescriptor(Descriptor descriptor);
// A description's part; owned by the description.
Descriptor queryDescriptor(dnnl_primitive_desc_t description, dnnl_query_t query);
// Fills in the extents of a convolution's weights and returns their number.
int weightDims(const OneDnnConvolutionShape *shape, dnnl_dims_t dims);
// The same memory under other extents: those with or without the tail lanes.
void setWeightDims(Descriptor descriptor, const OneDnnConvolutionShape *shape);

// MARK: convolution_descriptions.c

// The shape under which the library finds its fast kernels.
OneDnnConvolutionShape wholeBlocks(const OneDnnConvolutionShape *shape, long block, bool imageBlocked,
                                   bool resultBlocked);
// What a convolution is made for. A backward pass needs a forward pass as a hint, which must exist whatever types and
// layouts the backward pass itself is given.
typedef struct {
  Descriptor image, weights, result;
  Descriptor hintImage, hintWeights;
} ConvolutionOperands;
// NULL, and a remembered error, where the library has no such convolution.
dnnl_primitive_desc_t describeConvolution(OneDnnKind kind, const OneDnnConvolutionShape *shape,
                                          const ConvolutionOperands *operands);

// MARK: reorders.c

OneDnnReorder *makeReorder(Descriptor from, Descriptor to);

#endif
