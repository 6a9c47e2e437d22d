/* The handler of SIGBUS, and the chain to the handler that was there before it. */
#define _GNU_SOURCE
#include "directmap.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Handlers that were seen on top of all, this library's first. More than these nobody stacks. */
enum { MAX_TOPS = 8 };

/* How long a change of the word takes, at most, to be seen by all threads where there is no barrier. */
enum { GRACE_NANOSECONDS = 2000000 };

static int installed;
static struct sigaction previous;
static _Atomic int previous_is_gone;
static struct sigaction tops[MAX_TOPS];
static _Atomic int top_states[MAX_TOPS]; /* 0: free, 1: being written, 2: written for good */
static _Atomic int last_top;

/*
 * A page that is 1 in the memory that the ranges are in, and that a child of fork finds empty (MADV_WIPEONFORK): the mappings are not in
 * the child (MADV_DONTFORK), and what it has itself at their addresses is its own business. Not the process's number: a child of vfork
 * shares the memory, and has another number. NULL: the kernel is older than Linux 4.14, and `owner` is compared instead.
 */
static _Atomic int *home;
static pid_t owner;
static int64_t island_limit; /* from there on whole ranges are replaced, so that the process does not come near vm.max_map_count */

#ifdef DIRECTMAP_HOOKS /* for tests that park a handler inside its range */
EXPORT _Atomic int directmap_hold;   /* handlers stay while it is 1 */
EXPORT _Atomic int directmap_inside; /* how many have come so far */
#define HOOK_INSIDE() \
    do { \
        atomic_fetch_add(&directmap_inside, 1); \
        while (atomic_load(&directmap_hold)) sched_yield(); \
    } while (0)
EXPORT _Atomic int directmap_hold_chain;   /* those that pass a signal on stay before they look who is on top, up to so many */
EXPORT _Atomic int directmap_chaining;     /* how many have come so far */
#define HOOK_CHAIN() \
    do { \
        int number_here = atomic_fetch_add(&directmap_chaining, 1); \
        while (number_here < atomic_load(&directmap_hold_chain)) sched_yield(); \
    } while (0)
#else
#define HOOK_INSIDE() ((void)0)
#define HOOK_CHAIN() ((void)0)
#endif

/* Whether the ranges' mappings are in the caller's memory. */
static int is_home(void)
{
    return home != NULL ? atomic_load(home) != 0 : getpid() == owner;
}

/*
 * Where membarrier is refused, as by a filter of system calls that came later. What a thread had stored when the word was set is out of its
 * processor after a while, and what it loads it loads in order (the owner's accesses have a barrier between the load and the word).
 */
static void wait_for_grace(void)
{
    struct timespec began, now;
    clock_gettime(CLOCK_MONOTONIC, &began);
    do {
        sched_yield();
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - began.tv_sec) * 1000000000L + now.tv_nsec - began.tv_nsec < GRACE_NANOSECONDS);
}

/*
 * Invariant 3. The barrier: an access is "load or store, then read the word". After it, every thread has either not read the word yet, and
 * will see it set, or had made its access before, on the page as it was.
 */
static void tell(struct range *range, size_t page)
{
    struct state *state = atomic_load(&range->state);
    int64_t none = NO_PAGE;
    atomic_compare_exchange_strong(&state->first, &none, (int64_t)page);
#ifndef DIRECTMAP_BROKEN_WORD
    atomic_fetch_or(&state->word, LOST);
#endif
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) {
        wait_for_grace();
    }
}

/* The caller is counted in. 0: neither the page nor the whole range could be replaced. */
static int lose(struct range *range, uintptr_t address, int code)
{
    uintptr_t start = range->start;
    size_t page = (address - start) / page_size;
    uint32_t generation = atomic_load(&range->state)->generation;
    uint32_t entry = generation << ENTRY_GENERATION_SHIFT | (uint32_t)code << ENTRY_CODE_SHIFT | ENTRY_LOST;
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
    struct range *range = is_home() ? enter(address) : NULL;
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

static int is_default(const struct sigaction *action)
{
    return !(action->sa_flags & SA_SIGINFO) && action->sa_handler == SIG_DFL;
}

static int is_same(const struct sigaction *action, const struct sigaction *other)
{
    return action->sa_sigaction == other->sa_sigaction && action->sa_flags == other->sa_flags
        && memcmp(&action->sa_mask, &other->sa_mask, sizeof action->sa_mask) == 0;
}

/* Whether two threads pass signals on at one time or not: what is kept here is never the default. */
static void keep_top(const struct sigaction *action)
{
    for (int i = 0; i < MAX_TOPS; i++) {
        int state = 0;
        if (atomic_compare_exchange_strong(&top_states[i], &state, 1)) {
            tops[i] = *action;
            atomic_store(&top_states[i], 2);
            state = 2;
        }

        if (state == 2 && is_same(&tops[i], action)) {
            atomic_store(&last_top, i);
            return;
        }
    }
}

/*
 * The handler that is on top: this one, or one that was installed over it. While another thread's signal is passed on it may be off, as
 * put_back says: then the one that was there before.
 */
static void look_at_top(int number, struct sigaction *top)
{
    if (sigaction(number, NULL, top) == 0 && !is_default(top)) {
        keep_top(top);
    } else {
#ifndef DIRECTMAP_BROKEN_TOP
        *top = tops[atomic_load(&last_top)];
#endif
    }
}

/*
 * The runtime's handler puts what was there before it, the default, in place of whatever is there, and returns. For an access that is
 * right, since it is made again; after a signal that was sent the process goes on, and must not go on without the handlers that were there.
 * The next signal that is none of its own finds the default all the same.
 */
static void put_back(int number, const struct sigaction *top)
{
    struct sigaction now;
    if (sigaction(number, NULL, &now) == 0 && is_default(&now)) {
        atomic_store(&previous_is_gone, 1);
        sigaction(number, top, NULL);
    }
}

static void chain(int number, siginfo_t *info, void *context)
{
    int is_gone = atomic_load(&previous_is_gone);
    HOOK_CHAIN();
    if (!is_gone && (previous.sa_flags & SA_SIGINFO || (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN))) {
        sigset_t before;
        struct sigaction top;
        look_at_top(number, &top);
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

/* Before the handler is there. */
static void make_home(void)
{
    owner = getpid();
    void *made = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (made != MAP_FAILED && madvise(made, page_size, MADV_WIPEONFORK) != 0) {
        munmap(made, page_size);
        made = MAP_FAILED;
    }

    if (made != MAP_FAILED) {
        home = made;
        atomic_store(home, 1);
    }
}

/*
 * Installs the handler, once in the life of the process; further calls do nothing. It stays: a handler cannot be taken away under running
 * threads, and others may have chained to it.
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
        make_home();
        keep_top(&own);

        /* The previous handler is read first: before the installation has reported it, another thread's fault may need to be passed on. */
        if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0
            || sigaction(SIGBUS, NULL, &previous) != 0
            || sigaction(SIGBUS, &own, &replaced) != 0) {
            error = errno;
        } else {
            /* The same, unless somebody came in between; a handler that reads it just then can only meet a fault that is nobody's. */
            previous = replaced;
            installed = 1;
        }
    }

    unlock();
    return error;
}

/* The address of the handler. */
EXPORT uintptr_t directmap_handler(void)
{
    return (uintptr_t)on_sigbus;
}

/* The address of the handler that is the first to see a SIGBUS; 0 where there is none. */
EXPORT uintptr_t directmap_top(void)
{
    struct sigaction now;
    return sigaction(SIGBUS, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) ? (uintptr_t)now.sa_sigaction : 0;
}
