#define _GNU_SOURCE
#include "CLabMachine.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <dlfcn.h>
#include <malloc.h>
#endif

static volatile int endStatus = -1;
static _Thread_local bool answersRefusals;

void labEndOnRefusal(int status) { endStatus = status; }

void *labTryAllocate(size_t bytes, size_t alignment) {
  const bool answered = answersRefusals;
  answersRefusals = true;
  void *memory = NULL;
  if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, bytes) != 0) memory = NULL;
  answersRefusals = answered;
  return memory;
}

// MARK: Threads

typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t mayEnd;
  bool isOver;
} Gathering;

static void *gather(void *argument) {
  Gathering *gathering = argument;
  pthread_mutex_lock(&gathering->lock);
  while (!gathering->isOver) pthread_cond_wait(&gathering->mayEnd, &gathering->lock);
  pthread_mutex_unlock(&gathering->lock);
  return NULL;
}

int labTryThreads(int count) {
  const bool answered = answersRefusals;
  answersRefusals = true;
  Gathering gathering = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
  pthread_t *threads = calloc((size_t)(count > 0 ? count : 1), sizeof *threads);
  int started = 0, code = threads ? 0 : ENOMEM;
  while (code == 0 && started < count) {
    code = pthread_create(&threads[started], NULL, gather, &gathering);
    if (code == 0) started++;
  }
  pthread_mutex_lock(&gathering.lock);
  gathering.isOver = true;
  pthread_cond_broadcast(&gathering.mayEnd);
  pthread_mutex_unlock(&gathering.lock);
  for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
  free(threads);
  answersRefusals = answered;
  return code;
}

// MARK: Addresses

// A limit in bytes; SIZE_MAX without one.
static size_t limitOf(int resource) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return (size_t)limit.rlim_cur;
}

void labReserveFewAddresses(void) {
#ifdef __GLIBC__
  if (limitOf(RLIMIT_AS) != SIZE_MAX) mallopt(M_ARENA_MAX, 1);
#endif
}

static size_t left(size_t limit, size_t usedPages) {
  if (limit == SIZE_MAX) return SIZE_MAX;
  const size_t used = usedPages * (size_t)sysconf(_SC_PAGESIZE);
  return used < limit ? limit - used : 0;
}

long labAddressesLeft(void) {
  size_t all, data;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file) return -1;
  const int fields = fscanf(file, "%zu %*u %*u %*u %*u %zu", &all, &data);
  fclose(file);
  if (fields != 2) return -1;
  const size_t addresses = left(limitOf(RLIMIT_AS), all), memory = left(limitOf(RLIMIT_DATA), data);
  const size_t least = addresses < memory ? addresses : memory;
  return least == SIZE_MAX ? -1 : (long)least;
}

// MARK: Refusals that nobody answers

#ifdef __GLIBC__

// Some callers ask for absurd amounts, as a damaged file tells them to, and take no for an answer.
static const size_t plausibleBytes = (size_t)16 << 30;

static bool isEnd(void) { return endStatus >= 0 && !answersRefusals; }

static void say(const char *text) {
  const ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written;
}

static void endWithoutMemory(size_t bytes) {
  if (!isEnd() || bytes > plausibleBytes) return;
  say("\nlabrun: the system refuses memory: close other programs, raise the limit (ulimit -v), or use fewer workers; "
      "nothing that was stored is lost, and the same command goes on\n");
  _exit(endStatus);
}

// These take the place of the library's own, which they call.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t bytes) {
  void *memory = __libc_malloc(bytes);
  if (__builtin_expect(!memory, 0)) endWithoutMemory(bytes);
  return memory;
}

void *calloc(size_t count, size_t bytes) {
  void *memory = __libc_calloc(count, bytes);
  size_t total;
  if (__builtin_expect(!memory, 0) && !__builtin_mul_overflow(count, bytes, &total)) endWithoutMemory(total);
  return memory;
}

void *realloc(void *old, size_t bytes) {
  void *memory = __libc_realloc(old, bytes);
  if (__builtin_expect(!memory && bytes > 0, 0)) endWithoutMemory(bytes);
  return memory;
}

void *memalign(size_t alignment, size_t bytes) {
  void *memory = __libc_memalign(alignment, bytes);
  if (__builtin_expect(!memory, 0)) endWithoutMemory(bytes);
  return memory;
}

void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void **result, size_t alignment, size_t bytes) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  const int code = errno;
  void *memory = memalign(alignment, bytes);
  errno = code;
  if (!memory) return ENOMEM;
  *result = memory;
  return 0;
}

typedef int (*Create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static Create create;
static pthread_once_t createOnce = PTHREAD_ONCE_INIT;
static void findCreate(void) { create = (Create)dlsym(RTLD_NEXT, "pthread_create"); }

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*body)(void *), void *argument) {
  pthread_once(&createOnce, findCreate);
  const int code = create ? create(thread, attributes, body, argument) : ENOSYS;
  if (__builtin_expect(code == EAGAIN || code == ENOMEM, 0) && isEnd()) {
    say("\nlabrun: the system refuses a thread: raise the limits on processes and memory (ulimit -u, ulimit -v), or use "
        "fewer workers; nothing that was stored is lost, and the same command goes on\n");
    _exit(endStatus);
  }
  return code;
}

#endif
