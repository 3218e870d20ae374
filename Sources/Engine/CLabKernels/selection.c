// The choice of an instruction set, and the measurement of its peak and of the memory's.

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "instruction_sets.h"

enum { setCount = 3 };

// The instruction sets that this machine and its operating system can run, the widest first; NULL where it cannot.
static void availableSets(const LabInstructionSet *sets[setCount]) {
  sets[0] = sets[1] = NULL;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool hasAVX2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                       __builtin_cpu_supports("bmi2");
  const bool hasAVX512 = hasAVX2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (hasAVX512) sets[0] = &labInstructionSetAVX512;
  if (hasAVX2) sets[1] = &labInstructionSetAVX2;
#endif
  sets[2] = &labInstructionSetPortable;
}

static const char *const setNames[setCount] = {"avx512", "avx2", "portable"};

static int indexOfName(const char *name) {
  for (int i = 0; i < setCount; i++) {
    if (strcmp(name, setNames[i]) == 0) return i;
  }
  return -1;
}

const LabKernels *labKernels(void) {
  const LabInstructionSet *sets[setCount];
  availableSets(sets);
  const char *limit = getenv("LABRUN_MAX_ISA");
  const int index = limit ? indexOfName(limit) : 0;
  for (int i = index < 0 ? 0 : index; i < setCount; i++) {
    if (sets[i]) return sets[i]->kernels;
  }
  return labInstructionSetPortable.kernels;
}

const LabKernels *labKernelsNamed(const char *name) {
  const LabInstructionSet *sets[setCount];
  availableSets(sets);
  const int index = indexOfName(name);
  return index >= 0 && sets[index] ? sets[index]->kernels : NULL;
}

const LabWinograd *labWinograd(const LabKernels *kernels) {
  const LabInstructionSet *sets[setCount];
  availableSets(sets);
  for (int i = 0; i < setCount; i++) {
    if (sets[i] && sets[i]->kernels == kernels) return sets[i]->winograd;
  }
  return NULL;
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double labMeasurePeakGflops(int milliseconds) {
  const LabInstructionSet *sets[setCount];
  availableSets(sets);
  const LabInstructionSet *widest = sets[0] ? sets[0] : sets[1] ? sets[1] : sets[2];
  // The best of many slices, because other work on the machine can only make a slice slower.
  const LabInt sliceIterations = 100000;
  const double end = seconds() + 1e-3 * milliseconds;
  double best = 0;
  do {
    float result;
    const double start = seconds();
    const double operations = widest->multiplyAddChains(sliceIterations, &result);
    const double rate = 1e-9 * operations / (seconds() - start);
    // The result is used, so that the work cannot be left out.
    if (result > 0 && rate > best) best = rate;
  } while (seconds() < end);
  return best;
}

double labMeasureBandwidth(int milliseconds) {
  // Three arrays that together are larger than the last-level caches of today's processors.
  const LabInt count = (LabInt)64 << 18;
  float *memory = aligned_alloc(64, 3 * count * sizeof(float));
  if (!memory) return 0;
  float *a = memory, *b = a + count, *c = b + count;
  for (LabInt i = 0; i < 3 * count; i++) memory[i] = 1;
  const double end = seconds() + 1e-3 * milliseconds;
  double best = 0;
  float factor = 0.5f;
  do {
    const double start = seconds();
    for (LabInt i = 0; i < count; i++) a[i] = b[i] + factor * c[i];
    const double rate = 1e-9 * 3 * count * sizeof(float) / (seconds() - start);
    // The result is used, so that the work cannot be left out.
    factor = a[count / 2] > 0 ? 0.5f : 0.25f;
    if (rate > best) best = rate;
  } while (seconds() < end);
  free(memory);
  return best;
}
