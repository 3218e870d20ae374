// The kernels for any processor: channel blocks of 8, of which the compiler makes two native vectors (SSE2, NEON).

#include <math.h>
#include <string.h>

#include "instruction_sets.h"

#define LAB_BLOCK 8
#if defined(__x86_64__)
#define LAB_CHAINS 6
#else
#define LAB_CHAINS 12
#endif

#include "Bodies/all.inc.h"

static const LabKernels kernels = LAB_KERNEL_TABLE("portable");
static const LabWinograd winograd = LAB_WINOGRAD_TABLE;
const LabInstructionSet labInstructionSetPortable = {&kernels, &winograd, multiplyAddChains};
