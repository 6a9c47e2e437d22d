/* The memory that takes the place of pages that are lost. */
#define _GNU_SOURCE
#include "directmap.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
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
 * An empty file in memory that is made longer; -1: there is none. To go beyond the process's limit of file sizes raises SIGXFSZ, which ends
 * the process, so it must be asked before and not found out.
 */
static int memory_file(size_t length)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && length > limit.rlim_cur) {
        errno = EFBIG;
        return -1;
    }

    int file = (int)syscall(SYS_memfd_create, "directmap-sink", 1 /* MFD_CLOEXEC */);
    if (file >= 0 && ftruncate(file, (off_t)length) != 0) {
        int error = errno;
        close(file);
        errno = error;
        return -1;
    }

    return file;
}

static int place(uintptr_t start, size_t length, int protection, int flags, int file)
{
    void *at = (void *)start;
    return mmap(at, length, protection, flags | MAP_FIXED | MAP_NORESERVE, file, 0) == at ? 0 : errno;
}

/*
 * 1. Private anonymous memory. vm.overcommit_memory=2 and RLIMIT_DATA refuse it.
 * 2. A sparse file in memory, which is not accounted before it is touched. RLIMIT_FSIZE refuses it.
 * 3. Shared anonymous memory, which is such a file to the kernel, and no file that the process makes longer. Only
 *    vm.overcommit_memory=2 refuses it.
 * Returns 0 or the first error number.
 */
static int replace_directly(uintptr_t start, size_t length, int protection)
{
    int error = place(start, length, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (error == 0) {
        return 0;
    }

    int file = memory_file(length);
    if (file >= 0) {
        int other = place(start, length, protection, MAP_SHARED, file);
        close(file);
        if (other == 0) {
            return 0;
        }
    }

    return place(start, length, protection, MAP_SHARED | MAP_ANONYMOUS, -1) == 0 ? 0 : error;
}

/* Puts memory without a file over a part of a range. Returns 0 or the error number. */
int replace(uintptr_t start, size_t length, int protection)
{
    int error = replace_directly(start, length, protection);
    if (error == 0) {
        HOOK_REPLACED();
    }

    return error;
}
