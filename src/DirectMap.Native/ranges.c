/* The table of ranges: who is in it, and which of them an address is in. */
#define _GNU_SOURCE
#include "directmap.h"

#include <sched.h>
#include <sys/mman.h>

enum { CHUNK = 512, MAX_CHUNKS = 512 };

/* The bounds lie together, because the handler looks through them. */
struct chunk {
    struct bounds bounds[CHUNK];
    struct range ranges[CHUNK];
};

size_t page_size;

static _Atomic(struct chunk *) chunks[MAX_CHUNKS];
static _Atomic int chunk_count;
static struct range *free_ranges;
static atomic_flag gate = ATOMIC_FLAG_INIT; /* of those who register, unregister and install; never of the handler */

#ifdef DIRECTMAP_HOOKS /* for tests that park a handler inside its range */
EXPORT _Atomic int directmap_waits; /* how often somebody found a handler in the range and had to wait */
#define HOOK_WAITS() atomic_fetch_add(&directmap_waits, 1)
#else
#define HOOK_WAITS() ((void)0)
#endif

void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&gate, memory_order_acquire)) {
        sched_yield();
    }
}

void unlock(void)
{
    atomic_flag_clear_explicit(&gate, memory_order_release);
}

/* Invariant 1. The first look at the bounds may see anything; the second one, after the count, is what is believed. */
struct range *enter(uintptr_t address)
{
    int count = atomic_load(&chunk_count);
    for (int c = 0; c < count; c++) {
        struct chunk *chunk = atomic_load(&chunks[c]);
        for (int i = 0; i < CHUNK; i++) {
            struct bounds *bounds = &chunk->bounds[i];
            if (address < atomic_load_explicit(&bounds->start, memory_order_relaxed)
                || address >= atomic_load_explicit(&bounds->end, memory_order_relaxed)) {
                continue;
            }

            struct range *range = &chunk->ranges[i];
            atomic_fetch_add(&range->readers, 1);
            if (address >= atomic_load(&bounds->start) && address < atomic_load(&bounds->end)) {
                return range;
            }

            atomic_fetch_sub(&range->readers, 1);
        }
    }

    return NULL;
}

void leave(struct range *range)
{
    atomic_fetch_sub(&range->readers, 1);
}

void wait_for_readers(struct range *range)
{
#ifndef DIRECTMAP_BROKEN_UNREGISTER
    while (atomic_load(&range->readers) != 0) {
        HOOK_WAITS();
        sched_yield();
    }
#else
    (void)range;
#endif
}

/*
 * Registers a mapping. start is page-aligned; protection and sharing are its own (PROT_READ, PROT_WRITE; MAP_SHARED, or MAP_SHARED_VALIDATE
 * with MAP_SYNC); state is as described in the header and outlives the range.
 * Returns the range, or NULL when there is no memory.
 */
EXPORT struct range *directmap_register(uintptr_t start, size_t length, int protection, int sharing, struct state *state)
{
    lock();
    if (free_ranges == NULL) {
        int count = atomic_load(&chunk_count);
        struct chunk *chunk = count == MAX_CHUNKS
            ? MAP_FAILED
            : mmap(NULL, sizeof *chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (chunk == MAP_FAILED) {
            unlock();
            return NULL;
        }

        for (int i = CHUNK - 1; i >= 0; i--) {
            atomic_store(&chunk->bounds[i].start, UINTPTR_MAX);
            chunk->ranges[i].bounds = &chunk->bounds[i];
            chunk->ranges[i].next_free = free_ranges;
            free_ranges = &chunk->ranges[i];
        }

        atomic_store(&chunks[count], chunk);
        atomic_store(&chunk_count, count + 1);
    }

    struct range *range = free_ranges;
    free_ranges = range->next_free;
    unlock();

    range->start = start;
    range->pages = (length + page_size - 1) / page_size;
    range->protection = protection;
    range->sharing = sharing;
    atomic_store(&range->state, state);
    atomic_store(&range->all, 0);
    atomic_store(&range->low, INT64_MAX);
    atomic_store(&range->high, -1);
    atomic_store(&range->islands, 0);

    /* Invariant 1. The start last: while it is UINTPTR_MAX no address is in the range. */
    atomic_store(&range->bounds->end, start + range->pages * page_size);
    atomic_store(&range->bounds->start, start);
    return range;
}

/* When it returns no handler is, or will be, at work in the range: it may be unmapped then, and not before. */
EXPORT void directmap_unregister(struct range *range)
{
    atomic_store(&range->bounds->start, UINTPTR_MAX);
    atomic_store(&range->bounds->end, 0);
    wait_for_readers(range);
    add_islands(range, -atomic_load(&range->islands));
    free_table(range);

    lock();
    range->next_free = free_ranges;
    free_ranges = range;
    unlock();
}
