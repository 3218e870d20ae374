// The kernels for any processor: one pixel in a vector.

#include <stdbool.h>
#include <string.h>

#include "image_sets.h"

#define LAB_LANES 4

#include "Bodies/all.inc.h"

const LabImageKernels labImageKernelsPortable = {"portable", sample};
