// The library itself: its version, its errors, its threads, its engine, and the one function that needs no plan.

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static _Thread_local char lastError[256];

const char *oneDnnLastError(void) { return lastError; }

bool failed(dnnl_status_t status, const char *what) {
  if (status == dnnl_success) return false;
  const char *reason = status == dnnl_out_of_memory       ? "out of memory"
                       : status == dnnl_invalid_arguments ? "invalid arguments"
                       : status == dnnl_unimplemented     ? "not implemented"
                                                          : "runtime error";
  snprintf(lastError, sizeof lastError, "oneDNN could not %s: %s", what, reason);
  return true;
}

bool refused(const void *memory, const char *what) { return !memory && failed(dnnl_out_of_memory, what); }

const char *oneDnnVersion(void) {
  static char text[32];
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  const dnnl_version_t *version = dnnl_version();
  snprintf(text, sizeof text, "%d.%d.%d", version->major, version->minor, version->patch);
  pthread_mutex_unlock(&lock);
  return text;
}

// Holds the library to the instructions that our own kernels are held to, unless a variable of its own says otherwise. It
// can be told so before it computes anything, and only then.
static pthread_once_t limitOnce = PTHREAD_ONCE_INIT;
static void limitInstructions(void) {
#if defined(__x86_64__)
  const char *limit = getenv("LABRUN_MAX_ISA");
  if (!limit || getenv("ONEDNN_MAX_CPU_ISA") || getenv("DNNL_MAX_CPU_ISA")) return;
  if (strcmp(limit, "avx2") == 0) dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx2);
  if (strcmp(limit, "portable") == 0) dnnl_set_max_cpu_isa(dnnl_cpu_isa_sse41);
#endif
}

OneDnnBFloat16 oneDnnBFloat16(void) {
  pthread_once(&limitOnce, limitInstructions);
#if defined(__x86_64__)
  // Each instruction set's bits contain those of the sets before it.
  const unsigned set = (unsigned)dnnl_get_effective_cpu_isa();
  const unsigned tiles = (unsigned)dnnl_cpu_isa_avx512_core_amx, vectors = (unsigned)dnnl_cpu_isa_avx512_core_bf16;
  if ((set & tiles) == tiles) return ONEDNN_BFLOAT16_TILES;
  if ((set & vectors) == vectors) return ONEDNN_BFLOAT16_VECTORS;
#endif
  return ONEDNN_BFLOAT16_NONE;
}

static void (*setOpenMPThreads)(int);
static pthread_once_t openMPOnce = PTHREAD_ONCE_INIT;
static void findOpenMP(void) { setOpenMPThreads = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads"); }

void oneDnnUseOneThread(void) {
  // The library's OpenMP runtime is whichever its package was built with, so it is looked up, not linked.
  pthread_once(&openMPOnce, findOpenMP);
  if (setOpenMPThreads) setOpenMPThreads(1);
}

static dnnl_engine_t engine;
static pthread_once_t engineOnce = PTHREAD_ONCE_INIT;
static void makeEngine(void) {
  pthread_once(&limitOnce, limitInstructions);
  dnnl_engine_create(&engine, dnnl_cpu, 0);
}

dnnl_engine_t sharedEngine(void) {
  pthread_once(&engineOnce, makeEngine);
  return engine;
}

int oneDnnMatrixProduct(bool transposeA, bool transposeB, long m, long n, long k, float alpha, const float *a, long lda,
                        const float *b, long ldb, float beta, float *c, long ldc) {
  pthread_once(&limitOnce, limitInstructions);
  const dnnl_status_t status =
      dnnl_sgemm(transposeA ? 'T' : 'N', transposeB ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  return failed(status, "multiply matrices") ? 1 : 0;
}
