// The kernels for AVX2 with fused multiply-add: vectors and channel blocks of 8.

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "instruction_sets.h"

#define LAB_BLOCK 8
#define LAB_CHAINS 12
#define LAB_MASKED_LOAD(source, count, fill) \
  (firstLanes(count) ? (Vec)_mm256_maskload_ps(source, (__m256i)firstLanes(count)) : (Vec)(fill))
#define LAB_MASKED_STORE(target, count, v) _mm256_maskstore_ps(target, (__m256i)firstLanes(count), (__m256)(v))
#define LAB_PERMUTE(v, order) ((Vec)_mm256_permutevar8x32_ps((__m256)(v), (__m256i)(order)))

#pragma clang attribute push(__attribute__((target("avx2,fma,bmi2"))), apply_to = function)
#include "Bodies/all.inc.h"
#pragma clang attribute pop

static const LabKernels kernels = LAB_KERNEL_TABLE("avx2");
static const LabWinograd winograd = LAB_WINOGRAD_TABLE;
const LabInstructionSet labInstructionSetAVX2 = {&kernels, &winograd, multiplyAddChains};

#endif
