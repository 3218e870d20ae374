#ifndef CLABMACHINE_H
#define CLABMACHINE_H

#include <stdbool.h>
#include <stddef.h>

// What the system refuses, in places where nobody can answer a refusal.
//
// Swift's own allocations end the process by a signal where memory is refused, some libraries read through the null pointer
// that they get, and Dispatch waits for ever for a thread that it cannot have. A process without memory or threads can do
// no more than say so and end: what it has stored is whole at every instant, and the next start goes on from there.

// From now on, memory or a thread that the system refuses ends the process with one sentence on standard error and the
// status. Off until then, and without effect where the C library is not GNU's.
void labEndOnRefusal(int status);

// Memory, aligned to a power of two, or NULL, whatever else was asked for. Freed by `free`.
void *labTryAllocate(size_t bytes, size_t alignment);

// Starts threads that all live at the same time and ends them; returns 0 or the error number of the first that is refused.
int labTryThreads(int count);

// Keeps what the allocator reserves for threads, 64 MB of addresses for each, out of a limit on addresses.
void labReserveFewAddresses(void);

// The bytes of addresses that the process may still take; -1 without a limit.
long labAddressesLeft(void);

#endif
