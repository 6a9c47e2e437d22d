/* A system call of another table: that of 32-bit x86, by int 0x80. */
#define _GNU_SOURCE
#include "breaker.h"

#ifdef __x86_64__

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { I386_GETPID = 20, I386_PWRITE64 = 181 };

static long call(long number, long b, long c, long d, long s, long di)
{
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(b), "c"(c), "d"(d), "S"(s), "D"(di)
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}

/* Where the kernel has no such table the instruction is a fault: of a child, which tells by its end. */
static int is_there(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        _exit(call(I386_GETPID, 0, 0, 0, 0, 0) == getpid() ? 0 : 1);
    }

    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static int by_int_80(struct place *place)
{
    if (!is_there()) {
        return lacks(place, "the kernel has no 32-bit system calls");
    }

    char *low = mmap(NULL, PART, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    int fd = open_file(place, O_RDWR);
    if (low == MAP_FAILED || fd < 0) {
        return failed();
    }

    memcpy(low, content, PART);
    long count = call(I386_PWRITE64, fd, (long)low, PART, BEGIN, 0);
    return count < 0 ? (int)count : whole(count, PART);
}

#else

static int by_int_80(struct place *place)
{
    return lacks(place, "only x86 has them");
}

#endif

const struct breaker compat_breakers[] = {
    {"int-80", NULL, by_int_80},
    {NULL, NULL, NULL},
};
