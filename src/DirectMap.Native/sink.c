/* The memory that takes the place of pages that are lost. */
#define _GNU_SOURCE
#include "directmap.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef DIRECTMAP_HOOKS /* for tests that park a thread when it has replaced a page */
#include <sched.h>

EXPORT _Atomic int directmap_hold_replaced; /* whoever has replaced a page stays while it is 1 */
EXPORT _Atomic int directmap_replaced;      /* how many have been replaced so far */
#define HOOK_REPLACED() \
    do { \
        atomic_fetch_add(&directmap_replaced, 1); \
        while (atomic_load(&directmap_hold_replaced)) sched_yield(); \
    } while (0)
#else
#define HOOK_REPLACED() ((void)0)
#endif

/*
 * Where the kernel refuses anonymous memory (vm.overcommit_memory=2) a sparse file in memory does, since it is not accounted before it is
 * touched.
 */
int replace(uintptr_t start, size_t length, int protection)
{
    void *at = (void *)start;
    if (mmap(at, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == at) {
        HOOK_REPLACED();
        return 0;
    }

    int error = errno;
    int sink = (int)syscall(SYS_memfd_create, "directmap-sink", 1 /* MFD_CLOEXEC */);
    if (sink >= 0) {
        if (ftruncate(sink, (off_t)length) == 0
            && mmap(at, length, protection, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, sink, 0) == at) {
            error = 0;
        }

        close(sink);
    }

    return error;
}
