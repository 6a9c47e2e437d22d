/*
 * A SIGBUS handler of somebody else, for the tests of how the library's gets along with others. Compiled by the test itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { REPLACES = 0, JUMPS = 1, CHAINS = 2 };

static struct sigaction previous;
static volatile int behaviour;
static volatile int count;
static __thread sigjmp_buf back;

static void on_sigbus(int number, siginfo_t *info, void *context)
{
    __atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST);
    if (behaviour == JUMPS) {
        siglongjmp(back, 1);
    }

    if (behaviour == CHAINS) {
        previous.sa_sigaction(number, info, context);
        return;
    }

    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    mmap((void *)((uintptr_t)info->si_addr & ~(page - 1)), page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* Installs the handler over whatever is there. */
EXPORT int probe_install(int how)
{
    struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };
    sigemptyset(&action.sa_mask);
    behaviour = how;
    return sigaction(SIGBUS, &action, &previous);
}

/* How often it was called. */
EXPORT int probe_count(void)
{
    return count;
}

/* Loads a byte. -1: the handler has jumped back. */
EXPORT int probe_load(const volatile unsigned char *from)
{
    return sigsetjmp(back, 1) == 0 ? *from : -1;
}

/* What errno is after a load that began with a certain one. */
EXPORT int probe_errno(const volatile unsigned char *from, int before)
{
    errno = before;
    (void)*from;
    __asm__ volatile("" ::: "memory"); /* The handler is unknown to the compiler, which would return what was stored. */
    return errno;
}

/* The flags of the handler that is installed. */
EXPORT int probe_flags(void)
{
    struct sigaction now;
    return sigaction(SIGBUS, NULL, &now) == 0 ? now.sa_flags : -1;
}

/* Whether SIGBUS is blocked in the calling thread. */
EXPORT int probe_is_blocked(void)
{
    sigset_t mask;
    return sigprocmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, SIGBUS);
}
