/*
 * Compiled before each file of the library: a thread that is about to count itself in stays there while it is told to, between its first
 * look at a range's bounds and the second one.
 * By way of the one place that adds to `readers` (enter() in ranges.c), so that the library's source is compiled as it is; where that has
 * another name, no thread comes here, and the test says so.
 */
#define _GNU_SOURCE /* As each file of the library has it, which comes too late for the headers here. */
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

__attribute__((visibility("default"), weak)) _Atomic int directmap_hold_counting;  /* threads stay while it is 1 */
__attribute__((visibility("default"), weak)) _Atomic int directmap_counting;       /* how many have come so far */

static inline void directmap_before_adding(const char *what)
{
    if (strcmp(what, "&range->readers") == 0) {
        atomic_store(&directmap_counting, atomic_load(&directmap_counting) + 1);
        while (atomic_load(&directmap_hold_counting)) {
            sched_yield();
        }
    }
}

#undef atomic_fetch_add
#define atomic_fetch_add(object, value) (directmap_before_adding(#object), __atomic_fetch_add((object), (value), __ATOMIC_SEQ_CST))
