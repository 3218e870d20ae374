// The kernels for AVX-512: vectors and channel blocks of 16.

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <string.h>

#include "instruction_sets.h"

#define LAB_BLOCK 16
#define LAB_CHAINS 16
#define LAB_FIRST_LANES(count) ((__mmask16)((1u << (count)) - 1))
#define LAB_MASKED_LOAD(source, count, fill) \
  ((Vec)_mm512_mask_loadu_ps(_mm512_set1_ps(fill), LAB_FIRST_LANES(count), source))
#define LAB_MASKED_STORE(target, count, v) _mm512_mask_storeu_ps(target, LAB_FIRST_LANES(count), (__m512)(v))
#define LAB_PERMUTE(v, order) ((Vec)_mm512_permutexvar_ps((__m512i)(order), (__m512)(v)))

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2"))), \
                             apply_to = function)
#include "Bodies/all.inc.h"
#pragma clang attribute pop

static const LabKernels kernels = LAB_KERNEL_TABLE("avx512");
static const LabWinograd winograd = LAB_WINOGRAD_TABLE;
const LabInstructionSet labInstructionSetAVX512 = {&kernels, &winograd, multiplyAddChains};

#endif
