/*
 * What the files of the library share among each other and with the managed code: constants, the table of ranges, and its invariants.
 *
 * The library turns SIGBUS in a registered address range into a mark that the range's owner finds at its next check.
 *
 * What a lost page is: a page of a file mapping that the kernel could not provide when it was accessed, because the file ends before it,
 * the disk is full, or the medium failed. The handler notes the page, tells the range's state word, and puts an anonymous page in its
 * place, so that the access ends: a load sees zeros, a store goes nowhere. Whoever made the access looks at the word after it, and so
 * learns that it must not believe what it saw.
 *
 * Invariants:
 *  1. A range is found by its bounds, which are written last when it is registered and taken away first when it is unregistered. A handler
 *     that has found them counts itself in (readers) and looks at them again; all of that is sequentially consistent. So once the bounds
 *     are gone and readers is zero, no handler is or will be in the range: directmap_unregister returns only then.
 *  2. The same for directmap_restore: once `restoring` is set and readers is zero, no handler marks or replaces a page until it is cleared.
 *     A handler that finds it set returns; the access is tried again. It is set only while pages are mapped, never while the kernel fetches
 *     them: a thread that waits so is on one instruction, and a garbage collection may wait for it.
 *  3. A page is noted, the word set, and every thread made to see it (process-wide barrier), before the page is replaced. A thread whose
 *     access met the anonymous page therefore reads the new word afterwards.
 *  4. A page that was lost in a generation stays noted for that generation, also after it was restored in a later one: an access that began
 *     before the restoration must still learn of it. A page that a restoration leaves lost is noted for the generation that begins then.
 *  5. The handler takes no lock and allocates nothing but with mmap. Tables are never moved, and never freed while a handler may read them.
 */
#ifndef DIRECTMAP_H
#define DIRECTMAP_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

/* What the managed code (src/DirectMap/Linux/Native) has, too. */

/* Counts the changes of the exports. */
enum { ABI = 5 };

/* Instead of a page's number. */
enum { NO_PAGE = -1 };

/* The bit of the state word that says that pages were lost. The owner keeps its own state in the bits below. */
enum { LOST = 4 };

/* What directmap_find looks for. */
enum { LOST_SINCE = 0, NOT_LOST_SINCE = 1, LOST_NOW = 2, NOT_LOST_NOW = 3, NOTED_NOW = 4, NOT_NOTED_NOW = 5 };

/* What directmap_find adds to the code of a page that had no fault of its own. */
enum { TAKEN_ALONG = 8 };

/* What the owner looks at; its memory. It stays until the range is unregistered, even when a restoration has put another in its place. */
struct state {
    _Atomic int32_t word;
    uint32_t generation;        /* 1 or more; each restoration brings a larger one */
    _Atomic int64_t first;      /* page of the generation's first fault, or the first that was still lost when it began; or NO_PAGE */
};

/* What flushes a line. */
enum instruction { NONE = 0, CLFLUSH = 1, CLFLUSHOPT = 2, CLWB = 3, DC_CVAC = 4, DC_CVAP = 5 };

/*
 * What takes the place of pages: sink.c, where a signal handler needs it, and the managed PageSink, which needs no library. Both go through
 * SINK_WAYS, from its lowest four bits on, and take the first way that the kernel does not refuse.
 *  1. Private anonymous memory. vm.overcommit_memory=2 refuses it even with MAP_NORESERVE, and so does RLIMIT_DATA.
 *  2. A sparse file in memory, which is not accounted before it is touched. RLIMIT_FSIZE refuses it.
 *  3. Shared anonymous memory, which is such a file to the kernel, and no file that the process makes longer. Only
 *     vm.overcommit_memory=2 refuses it.
 */
enum { PRIVATE_MEMORY = 1, MEMORY_FILE = 2, SHARED_MEMORY = 3 };
enum { SINK_WAYS = PRIVATE_MEMORY | MEMORY_FILE << 4 | SHARED_MEMORY << 8 };

/* The name of the file in memory, which /proc/self/maps shows. */
#define SINK_NAME(X) \
    X('d') X('i') X('r') X('e') X('c') X('t') X('m') X('a') X('p') X('-') X('s') X('i') X('n') X('k')

/*
 * The list of all that, of the kernel's codes of a lost page, which directmap_find hands out, and of its flags that both sides map with.
 * NativeLayout.cs has the same list, of the managed code's constants. directmap_layout makes one word of it, which is compared when the
 * library is loaded: FNV-1a, over whole values instead of bytes. That is (word ^ value) * prime for each, from the first to the last. Each
 * step is one to one, in the word and in the value, since the prime is odd: two lists that differ in one value never have the same word,
 * and those that differ in more hardly ever.
 */
#define SHARED(X) \
    X(ABI) \
    X(NO_PAGE) \
    X(LOST) \
    X(sizeof(struct state)) \
    X(offsetof(struct state, word)) \
    X(offsetof(struct state, generation)) \
    X(offsetof(struct state, first)) \
    X(sizeof(((struct state *)0)->word)) \
    X(sizeof(((struct state *)0)->generation)) \
    X(sizeof(((struct state *)0)->first)) \
    X(LOST_SINCE) \
    X(NOT_LOST_SINCE) \
    X(LOST_NOW) \
    X(NOT_LOST_NOW) \
    X(NOTED_NOW) \
    X(NOT_NOTED_NOW) \
    X(TAKEN_ALONG) \
    X(BUS_ADRERR) \
    X(BUS_OBJERR) \
    X(BUS_MCEERR_AR) \
    X(BUS_MCEERR_AO) \
    X(NONE) \
    X(CLFLUSH) \
    X(CLFLUSHOPT) \
    X(CLWB) \
    X(DC_CVAC) \
    X(DC_CVAP) \
    X(PRIVATE_MEMORY) \
    X(MEMORY_FILE) \
    X(SHARED_MEMORY) \
    X(SINK_WAYS) \
    SINK_NAME(X) \
    X(PROT_READ) \
    X(PROT_WRITE) \
    X(MAP_SHARED) \
    X(MAP_PRIVATE) \
    X(MAP_FIXED) \
    X(MAP_ANONYMOUS) \
    X(MAP_NORESERVE)

/* What only the library has. */

/* A page's entry: generation << 4 | si_code << 1 | lost now. Zero: never lost. */
typedef _Atomic uint32_t entry_t;
enum { ENTRY_LOST = 1, ENTRY_CODE = 7, ENTRY_CODE_SHIFT = 1, ENTRY_GENERATION_SHIFT = 4 };

struct bounds {
    _Atomic uintptr_t start;    /* UINTPTR_MAX: nobody's */
    _Atomic uintptr_t end;
};

struct range {
    _Atomic uint32_t readers;
    _Atomic uint32_t restoring;
    _Atomic(struct state *) state;
    _Atomic(entry_t *) lost;    /* an entry for each page; made by the first fault */
    entry_t all;                /* one for all pages, where single ones could not be noted or replaced: then the others are taken along */
    _Atomic int64_t low, high;  /* the first and the last page that was ever noted by itself; low > high: none */
    _Atomic int64_t islands;    /* about how many runs of replaced pages there are; each is a mapping or two to the kernel */
    struct bounds *bounds;
    struct range *next_free;
    uintptr_t start;            /* as in the bounds, but it stays while a handler is inside: the bounds go before */
    size_t pages;
    int protection;
    int sharing;                /* how the file is mapped again: the mapping must not be a lesser one than it was (MAP_SYNC) */
};

/* Hidden also where the compiler was not told so for the whole library: a call from file to file then goes by no table. */
#pragma GCC visibility push(hidden)

/* ranges.c */

extern size_t page_size;            /* from the installation on */

void lock(void);
void unlock(void);

/* Counts the caller in. NULL: the address is in no range. */
struct range *enter(uintptr_t address);

void leave(struct range *range);

/* Nobody new comes in any more: waits for those who are inside. */
void wait_for_readers(struct range *range);

/* lost.c */

extern _Atomic int64_t islands;     /* of all ranges */

void add_islands(struct range *range, int64_t count);

/* The range's entries, which it makes where there are none. NULL: there is no memory for them. */
entry_t *table_of(struct range *range);

/* Nobody is inside the range, and nobody will be. */
void free_table(struct range *range);

/* The page is, or will be, noted by itself. */
void widen(struct range *range, int64_t page);

static inline int is_lost(entry_t *table, size_t pages, size_t page)
{
    return page < pages && (atomic_load(&table[page]) & ENTRY_LOST) != 0;
}

/* sink.c */

/* Puts memory without a file over a part of a range. Returns 0 or the error number. */
int replace(uintptr_t start, size_t length, int protection);

#pragma GCC visibility pop

/* The exports; what they promise is said where they are. */

EXPORT int directmap_abi(void);
EXPORT uint64_t directmap_layout(void);

EXPORT int directmap_install(int64_t limit);
EXPORT uintptr_t directmap_handler(void);
EXPORT uintptr_t directmap_top(void);

EXPORT struct range *directmap_register(uintptr_t start, size_t length, int protection, int sharing, struct state *state);
EXPORT void directmap_unregister(struct range *range);

EXPORT int64_t directmap_find(struct range *range, int64_t page, int64_t end, int wanted, uint32_t generation, int *code);
EXPORT void directmap_replaced_whole(struct range *range);

EXPORT int64_t directmap_restore(
    struct range *range, int file, int64_t offset, struct state *next, const int64_t *good, int64_t count, int *failure);

EXPORT int directmap_choose_x64(uint32_t edx, uint32_t ebx);
EXPORT int directmap_choose_arm64(uint64_t hwcap);
EXPORT int directmap_evicts_x64(uint32_t ebx, uint32_t edx, uint32_t ecx);
EXPORT int directmap_flush_instruction(void);
EXPORT int directmap_flush_line(void);
EXPORT int directmap_evicts(void);
EXPORT void directmap_flush(uintptr_t start, size_t length);
EXPORT void directmap_drain(void);

#endif
