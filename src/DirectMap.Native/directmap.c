/*
 * Turns SIGBUS in a registered address range into a mark that the range's owner finds at its next check.
 *
 * What a lost page is: a page of a file mapping that the kernel could not provide when it was accessed, because the file ends before it, the disk is full, or the medium failed.
 * The handler notes the page, tells the range's state word, and puts an anonymous page in its place, so that the access ends: a load sees zeros, a store goes nowhere. Whoever made the
 * access looks at the word after it, and so learns that it must not believe what it saw.
 *
 * Invariants:
 *  1. A range is found by its bounds, which are written last when it is registered and taken away first when it is unregistered. A handler that has found them counts itself in (readers) and
 *     looks at them again; all of that is sequentially consistent. So once the bounds are gone and readers is zero, no handler is or will be in the range: directmap_unregister returns only then.
 *  2. The same for directmap_restore: once `restoring` is set and readers is zero, no handler marks or replaces a page until it is cleared. A handler that finds it set returns; the access is tried again.
 *     It is set only while pages are mapped, never while the kernel fetches them: a thread that waits so is on one instruction, and a garbage collection may wait for it.
 *  3. A page is noted, the word set, and every thread made to see it (process-wide barrier), before the page is replaced. A thread whose access met the anonymous page therefore reads the new word afterwards.
 *  4. A page that was lost in a generation stays noted for that generation, also after it was restored in a later one: an access that began before the restoration must still learn of it.
 *     A page that a restoration leaves lost is noted for the generation that begins then.
 *  5. The handler takes no lock and allocates nothing but with mmap. Tables are never moved, and never freed while a handler may read them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { ABI = 3 };

/* The bit of the state word that says that pages were lost. The owner keeps its own state in the bits below. */
enum { LOST = 4 };

/* A page's entry: generation << 4 | si_code << 1 | lost now. Zero: never lost. */
enum { ENTRY_LOST = 1, ENTRY_CODE = 7, ENTRY_CODE_SHIFT = 1, ENTRY_GENERATION_SHIFT = 4 };

/* What the owner looks at; its memory. It stays until the range is unregistered, even when a restoration has put another one in its place. */
struct state {
    _Atomic int32_t word;
    uint32_t generation;        /* 1 or more; each restoration brings a larger one */
    _Atomic int64_t first;      /* page of the first fault of this generation, or the first one that the restoration which began it left lost; or -1 */
};

struct bounds {
    _Atomic uintptr_t start;    /* UINTPTR_MAX: nobody's */
    _Atomic uintptr_t end;
};

typedef _Atomic uint32_t entry_t;

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

enum { CHUNK = 512, MAX_CHUNKS = 512 };

/* The bounds lie together, because the handler looks through them. */
struct chunk {
    struct bounds bounds[CHUNK];
    struct range ranges[CHUNK];
};

static _Atomic(struct chunk *) chunks[MAX_CHUNKS];
static _Atomic int chunk_count;
static struct range *free_ranges;
static atomic_flag gate = ATOMIC_FLAG_INIT; /* of those who register, unregister and install; never of the handler */
static int installed;
static struct sigaction previous;
static _Atomic int previous_is_gone;
static size_t page_size;
static _Atomic int64_t islands;     /* of all ranges */
static int64_t island_limit;        /* from there on whole ranges are replaced, so that the process does not come near vm.max_map_count */

#ifdef DIRECTMAP_HOOKS /* for tests that park a handler inside its range */
EXPORT _Atomic int directmap_hold;   /* handlers stay while it is 1 */
EXPORT _Atomic int directmap_inside; /* how many have come so far */
EXPORT _Atomic int directmap_waits;  /* how often somebody found a handler in the range and had to wait */
EXPORT _Atomic int directmap_hold_replaced; /* whoever has replaced a page stays while it is 1 */
EXPORT _Atomic int directmap_replaced;      /* how many have been replaced so far */
#define HOOK_INSIDE() do { atomic_fetch_add(&directmap_inside, 1); while (atomic_load(&directmap_hold)) sched_yield(); } while (0)
#define HOOK_WAITS() atomic_fetch_add(&directmap_waits, 1)
#define HOOK_REPLACED() do { atomic_fetch_add(&directmap_replaced, 1); while (atomic_load(&directmap_hold_replaced)) sched_yield(); } while (0)
#else
#define HOOK_INSIDE() ((void)0)
#define HOOK_WAITS() ((void)0)
#define HOOK_REPLACED() ((void)0)
#endif

static void lock(void)
{
    while (atomic_flag_test_and_set_explicit(&gate, memory_order_acquire)) {
        sched_yield();
    }
}

static void unlock(void)
{
    atomic_flag_clear_explicit(&gate, memory_order_release);
}

/* Memory without a file over a part of a range. Where the kernel refuses anonymous memory (vm.overcommit_memory=2) a sparse file in memory does, since it is not accounted before it is touched. */
static int replace(uintptr_t start, size_t length, int protection)
{
    void *at = (void *)start;
    if (mmap(at, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == at) {
        HOOK_REPLACED();
        return 0;
    }

    int error = errno;
    int sink = (int)syscall(SYS_memfd_create, "directmap-sink", 1 /* MFD_CLOEXEC */);
    if (sink >= 0) {
        if (ftruncate(sink, (off_t)length) == 0 && mmap(at, length, protection, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, sink, 0) == at) {
            error = 0;
        }

        close(sink);
    }

    return error;
}

/* Counts the caller in. NULL: the address is in no range. */
static struct range *enter(uintptr_t address)
{
    int count = atomic_load(&chunk_count);
    for (int c = 0; c < count; c++) {
        struct chunk *chunk = atomic_load(&chunks[c]);
        for (int i = 0; i < CHUNK; i++) {
            struct bounds *bounds = &chunk->bounds[i];
            if (address < atomic_load_explicit(&bounds->start, memory_order_relaxed) || address >= atomic_load_explicit(&bounds->end, memory_order_relaxed)) {
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

static void leave(struct range *range)
{
    atomic_fetch_sub(&range->readers, 1);
}

/* Nobody new comes in any more: waits for those who are inside. */
static void wait_for_readers(struct range *range)
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

static size_t table_size(struct range *range)
{
    return (range->pages * sizeof(entry_t) + page_size - 1) & ~(page_size - 1);
}

static entry_t *table_of(struct range *range)
{
    entry_t *table = atomic_load(&range->lost);
    if (table == NULL) {
        void *made = mmap(NULL, table_size(range), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (made == MAP_FAILED) {
            return NULL;
        }

        if (atomic_compare_exchange_strong(&range->lost, &table, made)) {
            return made;
        }

        munmap(made, table_size(range)); /* Another thread's fault was first; the exchange has told which table is there. */
    }

    return table;
}

static int is_lost(entry_t *table, size_t pages, size_t page)
{
    return page < pages && (atomic_load(&table[page]) & ENTRY_LOST) != 0;
}

static void add_islands(struct range *range, int64_t count)
{
    atomic_fetch_add(&range->islands, count);
    atomic_fetch_add(&islands, count);
}

static void widen(struct range *range, int64_t page)
{
    int64_t low = atomic_load(&range->low), high = atomic_load(&range->high);
    while (page < low && !atomic_compare_exchange_weak(&range->low, &low, page)) {
    }

    while (page > high && !atomic_compare_exchange_weak(&range->high, &high, page)) {
    }
}

/* Invariant 3. The barrier: an access is "load or store, then read the word". After it, every thread has either not read the word yet, and will see it set, or had made its access before, on the page as it was. */
static void tell(struct range *range, size_t page)
{
    struct state *state = atomic_load(&range->state);
    int64_t none = -1;
    atomic_compare_exchange_strong(&state->first, &none, (int64_t)page);
#ifndef DIRECTMAP_BROKEN_WORD
    atomic_fetch_or(&state->word, LOST);
#endif
    syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

/* The caller is counted in. 0: neither the page nor the whole range could be replaced. */
static int lose(struct range *range, uintptr_t address, int code)
{
    uintptr_t start = range->start;
    size_t page = (address - start) / page_size;
    uint32_t entry = atomic_load(&range->state)->generation << ENTRY_GENERATION_SHIFT | (uint32_t)code << ENTRY_CODE_SHIFT | ENTRY_LOST;
    entry_t *table = table_of(range);
    widen(range, (int64_t)page);
    int was_lost = table != NULL && (atomic_exchange(&table[page], entry) & ENTRY_LOST) != 0;
    if (table != NULL && atomic_load(&islands) < island_limit) {
        int neighbours = (page > 0 && is_lost(table, range->pages, page - 1)) + is_lost(table, range->pages, page + 1);
        if (!was_lost) {
            add_islands(range, 1 - neighbours);
        }

        tell(range, page);
        if (replace(start + page * page_size, page_size, range->protection) == 0) {
            return 1;
        }
    }

    atomic_store(&range->all, entry);
    tell(range, page);
    if (replace(start, range->pages * page_size, range->protection) != 0) {
        return 0;
    }

    atomic_fetch_add(&islands, 1 - atomic_exchange(&range->islands, 1));
    return 1;
}

static int contain(uintptr_t address, int code)
{
    struct range *range = enter(address);
    if (range == NULL) {
        return 0;
    }

    HOOK_INSIDE();
    int is_restoring = atomic_load(&range->restoring) != 0;
    int done = is_restoring || lose(range, address, code);
    leave(range);
    if (is_restoring) {
        sched_yield(); /* The access is tried again, as often as it takes, until the pages are mapped. */
    }

    return done;
}

/*
 * The runtime's handler puts what was there before it, the default, in place of whatever is there, and returns. For an access that is right, since it is made again; after a signal that was sent the process goes on, and
 * must not go on without the handlers that were there. The next signal that is none of its own finds the default all the same.
 */
static void put_back(int number, const struct sigaction *top)
{
    struct sigaction now;
    if (sigaction(number, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL) {
        atomic_store(&previous_is_gone, 1);
        sigaction(number, top, NULL);
    }
}

static void chain(int number, siginfo_t *info, void *context)
{
    int is_gone = atomic_load(&previous_is_gone);
    if (!is_gone && (previous.sa_flags & SA_SIGINFO || (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN))) {
        sigset_t before;
        struct sigaction top; /* this handler, or one that was installed over it */
        sigaction(number, NULL, &top);
        sigprocmask(SIG_BLOCK, &previous.sa_mask, &before);
        if (previous.sa_flags & SA_SIGINFO) {
            previous.sa_sigaction(number, info, context);
        } else {
            previous.sa_handler(number);
        }

        put_back(number, &top);
        sigprocmask(SIG_SETMASK, &before, NULL);
        return;
    }

    int was_sent = info->si_code <= 0; /* by kill(2) and the like, not by an access */
    if (was_sent && !is_gone && previous.sa_handler == SIG_IGN) {
        return;
    }

    struct sigaction fatal = { .sa_handler = SIG_DFL };
    sigaction(number, &fatal, NULL);
    if (was_sent) {
        raise(number); /* Blocked until the handler returns. An access is simply made again. */
    }
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
    int error = errno;
    int code = info->si_code;
    int is_lost_page = code == BUS_ADRERR || code == BUS_OBJERR || code == BUS_MCEERR_AR || code == BUS_MCEERR_AO;
    if (!is_lost_page || !contain((uintptr_t)info->si_addr, code)) {
        chain(number, info, context);
    }

    errno = error;
}

/* Which interface this is, of all files of the library. */
EXPORT int directmap_abi(void)
{
    return ABI;
}

/*
 * Installs the handler, once in the life of the process; further calls do nothing. It stays: a handler cannot be taken away under running threads, and others may have chained to it.
 * No SA_ONSTACK: the runtime's own handler, to which it chains, takes a fault on the alternate stack for a stack overflow.
 * limit: how many runs of replaced pages the process may have before whole ranges are replaced.
 * Returns 0 or the error number (ENOSYS, EPERM: no membarrier).
 */
EXPORT int directmap_install(int64_t limit)
{
    int error = 0;
    lock();
    if (!installed) {
        page_size = (size_t)sysconf(_SC_PAGESIZE);
        island_limit = limit;
        struct sigaction own = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_RESTART };
        sigemptyset(&own.sa_mask);
        struct sigaction replaced;

        /* The previous handler is read first: between the installation and its report another thread's fault may already need to be passed on. */
        if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0 || sigaction(SIGBUS, NULL, &previous) != 0 || sigaction(SIGBUS, &own, &replaced) != 0) {
            error = errno;
        } else {
            previous = replaced; /* The same as it was, unless somebody came in between; a handler that reads it just then can only meet a fault that is nobody's. */
            installed = 1;
        }
    }

    unlock();
    return error;
}

/* Whether the handler is the first to see a SIGBUS; otherwise somebody has installed another one over it, which may pass the signal on or not. */
EXPORT int directmap_is_first(void)
{
    struct sigaction now;
    return sigaction(SIGBUS, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_sigbus;
}

/*
 * Registers a mapping. start is page-aligned; protection and sharing are its own (PROT_READ, PROT_WRITE; MAP_SHARED, or MAP_SHARED_VALIDATE with MAP_SYNC); state is as described above and outlives the range.
 * Returns the range, or NULL when there is no memory.
 */
EXPORT struct range *directmap_register(uintptr_t start, size_t length, int protection, int sharing, struct state *state)
{
    lock();
    if (free_ranges == NULL) {
        int count = atomic_load(&chunk_count);
        struct chunk *chunk = count == MAX_CHUNKS ? MAP_FAILED : mmap(NULL, sizeof *chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
    entry_t *table = atomic_exchange(&range->lost, NULL);
    if (table != NULL) {
        munmap(table, table_size(range));
    }

    lock();
    range->next_free = free_ranges;
    free_ranges = range;
    unlock();
}

/* The owner has put other memory in place of the whole range: what was replaced before is one mapping with it. */
EXPORT void directmap_replaced_whole(struct range *range)
{
    add_islands(range, -atomic_load(&range->islands));
}

enum { LOST_SINCE = 0, NOT_LOST_SINCE = 1, LOST_NOW = 2, NOT_LOST_NOW = 3, NOTED_NOW = 4, NOT_NOTED_NOW = 5 };
enum { TAKEN_ALONG = 8 };

static int is_lost_since(uint32_t entry, uint32_t generation)
{
    return entry & ENTRY_LOST || (entry != 0 && entry >> ENTRY_GENERATION_SHIFT >= generation);
}

/*
 * The first page from `page` up to `end` that is as asked for: LOST_SINCE is one that an access that began in a generation must not believe, because it is lost, or was since then; NOTED_NOW is one that is lost and was accessed, not only
 * taken along. Returns its number, or -1. code: the si_code of its fault, with TAKEN_ALONG where it had none of its own.
 */
EXPORT int64_t directmap_find(struct range *range, int64_t page, int64_t end, int wanted, uint32_t generation, int *code)
{
    int is_negative = wanted & 1, is_since = wanted < LOST_NOW;
    uint32_t all = atomic_load(&range->all);
    int all_hit = wanted < NOTED_NOW && (is_since ? is_lost_since(all, generation) : (all & ENTRY_LOST) != 0);
    entry_t *table = atomic_load(&range->lost);
    int64_t low = atomic_load(&range->low), high = atomic_load(&range->high);
    for (; page < end; page++) {
        uint32_t entry = table == NULL || page < low || page > high ? 0 : atomic_load(&table[page]);
        int hit = is_since ? is_lost_since(entry, generation) : (entry & ENTRY_LOST) != 0;
        if ((hit || all_hit) != is_negative) {
            *code = (int)((hit ? entry : all) >> ENTRY_CODE_SHIFT & ENTRY_CODE) | (hit || !all_hit ? 0 : TAKEN_ALONG);
            return page;
        }

        if (page > high) {
            page = end; /* all the same from here on, */
        } else if (page < low) {
            page = low - 1; /* and up to there */
        }
    }

    return -1;
}

/* What a restoration makes of a page. */
enum fate { IS_THERE, COMES_BACK, STAYS_LOST };

static enum fate fate_of(struct range *range, int64_t page, int is_whole, int is_noted_whole, const int64_t **good, const int64_t *good_end)
{
    int is_noted = is_noted_whole || (page >= atomic_load(&range->low) && page <= atomic_load(&range->high) && is_lost(range->lost, range->pages, (size_t)page));
    if (!is_noted) {
        return is_whole ? COMES_BACK : IS_THERE;
    }

    while (*good < good_end && (*good)[1] <= page) {
        *good += 2;
    }

    return *good < good_end && (*good)[0] <= page ? COMES_BACK : STAYS_LOST;
}

/* The end of the run of pages from `page` on that share a fate, as far as that is told without looking at each. */
static int64_t end_of(struct range *range, int64_t page, int is_noted_whole)
{
    int64_t low = atomic_load(&range->low), high = atomic_load(&range->high), pages = (int64_t)range->pages;
    if (is_noted_whole || (page >= low && page <= high)) {
        return page + 1;
    }

    return page < low && low < pages ? low : pages;
}

/*
 * Maps the file again where pages were lost and the kernel has them now. good: count runs, first page and end, in order: pages that it was asked for and gave. Pages that were only taken along come back in any case.
 * next: the state of the next generation, with the owner's bits set; it takes the place of the present one, and has LOST and the first lost page set when pages are still lost.
 * The caller makes sure that nobody unregisters the range, restores it or changes either state meanwhile.
 * Returns how many pages are still lost, or -1 when there is no memory; then everything is as before. failure: the error number where the file could not be mapped, or 0.
 */
EXPORT int64_t directmap_restore(struct range *range, int file, int64_t offset, struct state *next, const int64_t *good, int64_t count, int *failure)
{
    int is_noted_whole = atomic_load(&range->lost) == NULL; /* nothing could be noted: each page has to be good */
    entry_t *table = table_of(range);
    *failure = table == NULL ? ENOMEM : 0;
    if (table == NULL) {
        return -1;
    }

    atomic_store(&range->restoring, 1);
    wait_for_readers(range);
    int is_whole = (atomic_load(&range->all) & ENTRY_LOST) != 0;
    const int64_t *good_end = good + 2 * count;
    int64_t left = 0, runs = 0, pages = (int64_t)range->pages;
    for (int64_t page = 0, end; page < pages; page = end) {
        enum fate fate = fate_of(range, page, is_whole, is_noted_whole, &good, good_end);
        for (end = end_of(range, page, is_noted_whole); end < pages && fate_of(range, end, is_whole, is_noted_whole, &good, good_end) == fate;) {
            end = end_of(range, end, is_noted_whole);
        }

        if (fate == IS_THERE) {
            continue;
        }

        if (fate == COMES_BACK) {
            void *at = (void *)(range->start + (uintptr_t)page * page_size);
            size_t length = (size_t)(end - page) * page_size;
            if (mmap(at, length, range->protection, range->sharing | MAP_FIXED, file, offset + (off_t)page * (off_t)page_size) == at) {
                madvise(at, length, MADV_DONTFORK);
                int64_t low = atomic_load(&range->low), high = atomic_load(&range->high);
                for (int64_t i = page > low ? page : low; i < end && i <= high; i++) {
                    atomic_fetch_and(&table[i], ~(uint32_t)ENTRY_LOST);
                }

                continue;
            }

            *failure = errno;
            (void)replace((uintptr_t)at, length, range->protection); /* Before about Linux 6.12 a file system that refuses (MAP_SYNC) leaves a gap; where this fails, too, the anonymous pages are mostly still there. */
        }

        /* Noted for the generation that begins: an access of it that meets the anonymous page must learn of it even after the next restoration. */
        uint32_t code = atomic_load(&table[page]) & ENTRY_CODE << ENTRY_CODE_SHIFT;
        if (left == 0) {
            atomic_store(&next->first, page);
        }

        widen(range, page);
        widen(range, end - 1);
        for (int64_t i = page; i < end; i++) {
            atomic_store(&table[i], next->generation << ENTRY_GENERATION_SHIFT | code | ENTRY_LOST);
        }

        left += end - page;
        runs++;
    }

    atomic_fetch_and(&range->all, ~(uint32_t)ENTRY_LOST);
    add_islands(range, runs - atomic_load(&range->islands));
    if (left != 0) {
        atomic_fetch_or(&next->word, LOST);
    }

    atomic_store(&range->state, next);
    atomic_store(&range->restoring, 0);
    return left;
}
