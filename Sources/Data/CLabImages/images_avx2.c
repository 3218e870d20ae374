// The kernels for AVX2: two pixels in a vector.

#if defined(__x86_64__)

#include <stdbool.h>
#include <string.h>

#include "image_sets.h"

#define LAB_LANES 8

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "Bodies/all.inc.h"
#pragma clang attribute pop

const LabImageKernels labImageKernelsAVX2 = {"avx2", sample};

#endif
