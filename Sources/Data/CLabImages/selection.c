// The choice of an instruction set.

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "image_sets.h"

// Vectors of 16 would gain nothing: four pixels have to be put together from memory one by one in any case.
static const LabImageKernels *widestKernels(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) return &labImageKernelsAVX2;
#endif
  return NULL;
}

const LabImageKernels *labImageKernels(void) {
  const char *limit = getenv("LABRUN_MAX_ISA");
  const LabImageKernels *widest = widestKernels();
  return widest && !(limit && strcmp(limit, "portable") == 0) ? widest : &labImageKernelsPortable;
}

const LabImageKernels *labImageKernelsNamed(const char *name) {
  if (strcmp(name, "portable") == 0) return &labImageKernelsPortable;
  const LabImageKernels *widest = widestKernels();
  return widest && strcmp(name, widest->name) == 0 ? widest : NULL;
}

long labImageScratch(long height, long width) {
  // The pixels with their border, and three numbers for each place of a row of whole vectors.
  return 4 * (height + 3) * (width + 3) + 3 * ((width + 7) / 8 * 8);
}
