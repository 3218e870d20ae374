// Changes of layout.

#include <stdlib.h>

#include "internal.h"

struct OneDnnReorder {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t from, to, scratch;
  size_t scratchBytes;
};

static bool makeMemory(dnnl_memory_t *memory, Descriptor descriptor) {
  return !failed(dnnl_memory_create(memory, descriptor, sharedEngine(), DNNL_MEMORY_NONE), "create a memory object");
}

OneDnnReorder *makeReorder(Descriptor from, Descriptor to) {
  oneDnnUseOneThread();
  dnnl_primitive_attr_t attributes;
  if (failed(dnnl_primitive_attr_create(&attributes), "create attributes")) return NULL;
  dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  dnnl_primitive_desc_t description = NULL;
  dnnl_status_t status = dnnl_reorder_primitive_desc_create(&description, from, sharedEngine(), to, sharedEngine(),
                                                            attributes);
  dnnl_primitive_attr_destroy(attributes);
  if (failed(status, "make a layout change")) return NULL;
  OneDnnReorder *reorder = calloc(1, sizeof *reorder);
  if (refused(reorder, "make a layout change")) {
    dnnl_primitive_desc_destroy(description);
    return NULL;
  }
  Descriptor scratch = queryDescriptor(description, dnnl_query_scratchpad_md);
  reorder->scratchBytes = scratch ? dnnl_memory_desc_get_size(scratch) : 0;
  const bool ok =
      !failed(dnnl_primitive_create(&reorder->primitive, description), "create a layout change") &&
      !failed(dnnl_stream_create(&reorder->stream, sharedEngine(), dnnl_stream_default_flags), "create a stream") &&
      makeMemory(&reorder->from, from) && makeMemory(&reorder->to, to) &&
      (reorder->scratchBytes == 0 || makeMemory(&reorder->scratch, scratch));
  dnnl_primitive_desc_destroy(description);
  if (!ok) {
    oneDnnReorderDestroy(reorder);
    return NULL;
  }
  return reorder;
}

OneDnnReorder *oneDnnReorderCreate(const OneDnnLayout *from, const OneDnnLayout *to) {
  return makeReorder(from->descriptor, to->descriptor);
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
  const dnnl_status_t status = dnnl_primitive_execute(reorder->primitive, reorder->stream, count, arguments);
  return failed(status, "change a layout") ? 1 : 0;
}
