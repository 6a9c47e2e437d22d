/*
 * The memory that takes the place of pages that are lost.
 *
 * The managed PageSink does the same for pages that are taken away, and neither can do without the other: this one runs in a signal
 * handler, where no managed code may, and that one works where there is no library. What both must have alike is in SHARED (directmap.h).
 */
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
#define CHARACTER(character) character,
    static const char name[] = { SINK_NAME(CHARACTER) 0 };
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && length > limit.rlim_cur) {
        errno = EFBIG;
        return -1;
    }

    int file = (int)syscall(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */);
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

static int replace_by(int way, uintptr_t start, size_t length, int protection)
{
    if (way != MEMORY_FILE) {
        return place(start, length, protection, (way == PRIVATE_MEMORY ? MAP_PRIVATE : MAP_SHARED) | MAP_ANONYMOUS, -1);
    }

    int file = memory_file(length);
    if (file < 0) {
        return errno;
    }

    int error = place(start, length, protection, MAP_SHARED, file);
    close(file);
    return error;
}

/* Returns 0 or the first error number. */
static int replace_directly(uintptr_t start, size_t length, int protection)
{
    int first = 0;
    for (int ways = SINK_WAYS; ways != 0; ways >>= 4) {
        int error = replace_by(ways & 15, start, length, protection);
        if (error == 0) {
            return 0;
        }

        first = first == 0 ? error : first;
    }

    return first;
}

/* Whether the kernel locks what is mapped now, and so populates it (mlockall with MCL_FUTURE). */
static int is_new_locked(void)
{
    void *probe = mmap(NULL, page_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED) {
        return 1; /* Nothing more may be locked (EAGAIN), or there is no memory at all. */
    }

    int is_locked = msync(probe, page_size, MS_INVALIDATE) != 0; /* EBUSY, says the kernel of what is locked. */
    munmap(probe, page_size);
    return is_locked;
}

/*
 * Shared memory that is not locked takes the range's place. Without access a mapping is not populated; it is unlocked before it gets any,
 * and moved in one step, so the range is there all the time. Not private memory, which the kernel accounts once more while it is moved: it
 * may refuse that when the range is already gone (vm.overcommit_memory=2).
 */
static int move_over(uintptr_t start, size_t length, int protection, int flags, int file, size_t offset)
{
    void *made = mmap(NULL, length, PROT_NONE, MAP_SHARED | flags | MAP_NORESERVE, file, (off_t)offset);
    if (made == MAP_FAILED) {
        return errno;
    }

    void *at = (void *)start;
    if (munlock(made, length) == 0
        && mprotect(made, length, protection) == 0
        && mremap(made, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at) {
        return 0;
    }

    int error = errno;
    munmap(made, length);
    return error;
}

static int replace_unlocked(uintptr_t start, size_t length, int protection)
{
    int error = move_over(start, length, protection, MAP_ANONYMOUS, -1, 0);
    int file = error == 0 ? -1 : memory_file(length);
    if (file >= 0) {
        error = move_over(start, length, protection, 0, file, 0);
        close(file);
    }

    return error;
}

/*
 * In pieces, each of which is as much as may be locked at that moment (RLIMIT_MEMLOCK): the kernel counts a new mapping until it is
 * unlocked. They are neighbours in one file, so they become one mapping.
 */
static int replace_in_pieces(uintptr_t start, size_t length, int protection)
{
    int file = memory_file(length), error = file < 0 ? errno : 0;
    size_t piece = length;
    for (size_t done = 0; error == 0 && done < length;) {
        size_t size = piece < length - done ? piece : length - done;
        error = move_over(start + done, size, protection, 0, file, done);
        if (error == 0) {
            done += size;
        } else if (error == EAGAIN && piece > page_size) {
            piece = (piece / 2 + page_size - 1) & ~(page_size - 1);
            error = 0;
        }
    }

    if (file >= 0) {
        close(file);
    }

    return error;
}

/* A single page is accessed at once when it is there: populating it is no loss. */
static int try_replace(uintptr_t start, size_t length, int protection)
{
    return length > page_size && is_new_locked() && replace_unlocked(start, length, protection) == 0
        ? 0
        : replace_directly(start, length, protection);
}

/* Puts memory without a file over a part of a range. Returns 0 or the error number. */
int replace(uintptr_t start, size_t length, int protection)
{
    int error = try_replace(start, length, protection);
    if (error == EAGAIN && munlock((void *)start, length) == 0) {
        error = try_replace(start, length, protection); /* As much may be locked as what is there has been. */
    }

    if (error == EAGAIN && replace_in_pieces(start, length, protection) == 0) {
        error = 0;
    }

    if (error == 0) {
        HOOK_REPLACED();
    }

    return error;
}
