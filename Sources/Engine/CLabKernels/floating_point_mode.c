// The treatment of denormal numbers, which each thread decides for itself.

#include "CLabKernels.h"

#if defined(__x86_64__)
#include <xmmintrin.h>

// "Denormals are zeros" for operands, "flush to zero" for results.
enum { denormalBits = 1 << 6 | 1 << 15 };

uint64_t labFlushDenormals(void) {
  const unsigned mode = _mm_getcsr();
  _mm_setcsr(mode | denormalBits);
  return mode;
}

void labRestoreFloatingPointMode(uint64_t mode) { _mm_setcsr((unsigned)mode); }

#elif defined(__aarch64__)

uint64_t labFlushDenormals(void) {
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  __asm__ volatile("msr fpcr, %0" ::"r"(mode | 1u << 24));
  return mode;
}

void labRestoreFloatingPointMode(uint64_t mode) { __asm__ volatile("msr fpcr, %0" ::"r"(mode)); }

#else

uint64_t labFlushDenormals(void) { return 0; }

void labRestoreFloatingPointMode(uint64_t mode) { (void)mode; }

#endif
