/*
 * A SIGBUS handler of somebody else, for the tests of how the library's gets along with others. Compiled by the test itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { REPLACES = 0, JUMPS = 1, CHAINS = 2, RETURNS = 3, RESETS = 4 };

static struct sigaction previous;
static volatile int behaviour;
static volatile int count;
static volatile int was_masked;
static volatile int resets;
static volatile int released;
static __thread sigjmp_buf back;

static int is_blocked(int number)
{
    sigset_t mask;
    return pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0 && sigismember(&mask, number);
}

/* As the runtime's handler, and it takes its time: the first call after it has put the default there, the second one before. */
static void reset(int number)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    int before = __atomic_load_n(&resets, __ATOMIC_SEQ_CST);
    if (before == 0) {
        sigaction(number, &action, NULL);
    }

    __atomic_fetch_add(&resets, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&released, __ATOMIC_SEQ_CST) <= before) {
        sched_yield();
    }

    if (before != 0) {
        sigaction(number, &action, NULL);
    }
}

static void on_sigbus(int number, siginfo_t *info, void *context)
{
    __atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST);
    was_masked = is_blocked(SIGUSR1);
    errno = ENOTTY; /* One that does not care for whom it interrupts. */
    if (behaviour == JUMPS) {
        siglongjmp(back, 1);
    }

    if (behaviour == CHAINS) {
        previous.sa_sigaction(number, info, context);
        return;
    }

    if (behaviour == RETURNS) {
        return;
    }

    if (behaviour == RESETS) {
        reset(number);
        return;
    }

    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    mmap((void *)((uintptr_t)info->si_addr & ~(page - 1)), page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* Installs the handler over whatever is there. While it runs SIGUSR1 is to be blocked. */
EXPORT int probe_install(int how)
{
    struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGUSR1);
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

/* SIGBUS is ignored from now on. */
EXPORT int probe_ignore(void)
{
    struct sigaction action = { .sa_handler = SIG_IGN };
    return sigaction(SIGBUS, &action, NULL);
}

/* What errno is after a load that began with a certain one. is_scarce: meanwhile the kernel gives no anonymous memory to be written. */
EXPORT int probe_errno(const volatile unsigned char *from, int before, int is_scarce)
{
    struct rlimit limit, low;
    getrlimit(RLIMIT_DATA, &limit);
    low = limit;
    low.rlim_cur = 4096; /* Zero is taken for no limit. */
    if (is_scarce && setrlimit(RLIMIT_DATA, &low) != 0) {
        return -1;
    }

    errno = before;
    (void)*from;
    __asm__ volatile("" ::: "memory"); /* The handler is unknown to the compiler, which would return what was stored. */
    int after = errno;
    setrlimit(RLIMIT_DATA, &limit);
    return after;
}

/* Sends the calling thread a SIGBUS as the kernel does for an address. */
EXPORT int probe_send(void *address, int code)
{
    siginfo_t info = { .si_signo = SIGBUS, .si_code = code };
    info.si_addr = address;
    return (int)syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), SIGBUS, &info);
}

/* Whether a child of fork has a mapping whose line in /proc/self/maps contains a text; -1 where that is not to be found out.
 * The child makes no call that another thread's lock could hold up. */
EXPORT int probe_fork_maps(const char *text)
{
    pid_t child = fork();
    if (child == 0) {
        static char maps[1 << 20];
        size_t length = 0;
        int file = open("/proc/self/maps", O_RDONLY);
        for (ssize_t got; length < sizeof maps - 1 && (got = read(file, maps + length, sizeof maps - 1 - length)) > 0;) {
            length += (size_t)got;
        }

        _exit(length == 0 || length == sizeof maps - 1 ? 2 : strstr(maps, text) != NULL);
    }

    int status;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) < 2 ? WEXITSTATUS(status) : -1;
}

/*
 * What becomes of a child of fork that has a file without pages at an address, and loads from it: 1000 and the signal that ended it, or 10
 * and how often the handler here was called. -1: it could not be tried.
 */
EXPORT int probe_fork_faults(void *address, size_t length)
{
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        count = 0;
        int file = memfd_create("of-the-child", 0);
        void *made = mmap(address, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, file, 0);
        if (made != address) {
            _exit(9);
        }

        (void)*(volatile unsigned char *)address;
        _exit(10 + count);
    }

    int status;
    return child < 0 || waitpid(child, &status, 0) != child ? -1
        : WIFSIGNALED(status) ? 1000 + WTERMSIG(status)
        : WEXITSTATUS(status) == 9 ? -1
        : WEXITSTATUS(status);
}

/* Sends the calling thread a SIGBUS as kill does. */
EXPORT int probe_kill(void)
{
    return (int)syscall(SYS_tgkill, getpid(), gettid(), SIGBUS);
}

/* How often the handler that resets has come. */
EXPORT int probe_resets(void)
{
    return __atomic_load_n(&resets, __ATOMIC_SEQ_CST);
}

/* So many of them may go on. */
EXPORT void probe_release(int calls)
{
    __atomic_store_n(&released, calls, __ATOMIC_SEQ_CST);
}

/* membarrier fails in the calling thread from now on (EPERM). */
EXPORT int probe_forbid_barrier(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = sizeof filter / sizeof *filter, .filter = filter };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0
        || syscall(SYS_membarrier, 0, 0, 0) != -1;
}

/* The flags of the handler that is installed. */
EXPORT int probe_flags(void)
{
    struct sigaction now;
    return sigaction(SIGBUS, NULL, &now) == 0 ? now.sa_flags : -1;
}

/* Whether SIGUSR1 was blocked when the handler was last called. */
EXPORT int probe_was_masked(void)
{
    return was_masked;
}

/* Whether a signal is blocked in the calling thread. */
EXPORT int probe_is_blocked(int number)
{
    return is_blocked(number);
}
