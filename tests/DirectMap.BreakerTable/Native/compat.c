/* A system call of another table: that of 32-bit x86, by int 0x80. */
#define _GNU_SOURCE
#include "breaker.h"

#ifdef __x86_64__

#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

/* openat has the number that preadv has in the other table. */
enum { I386_GETPID = 20, I386_PREAD64 = 180, I386_PWRITE64 = 181, I386_OPENAT = 295 };

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

/* Memory whose addresses such a call can name; NULL where there are no such calls. */
static char *low_memory(struct place *place)
{
    if (!is_there()) {
        lacks(place, "the kernel has no 32-bit system calls");
        return NULL;
    }

    char *low = mmap(NULL, PART, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    return low == MAP_FAILED ? NULL : low;
}

static int transfer(struct place *place, long number, int flags)
{
    char *low = low_memory(place);
    int fd = low ? open_file(place, flags) : -1;
    if (fd < 0) {
        return failed();
    }

    memcpy(low, content, PART);
    long count = call(number, fd, (long)low, PART, BEGIN, 0);
    return count < 0 ? (int)count : whole(count, PART);
}

static int by_int_80(struct place *place)
{
    return transfer(place, I386_PWRITE64, O_RDWR);
}

static int read_by_int_80(struct place *place)
{
    return transfer(place, I386_PREAD64, O_RDONLY);
}

static int open_by_int_80(struct place *place)
{
    char *low = low_memory(place);
    if (!low) {
        return failed();
    }

    strcpy(low, place->file);
    long fd = call(I386_OPENAT, AT_FDCWD, (long)low, O_RDWR | O_TRUNC, 0, 0);
    return fd < 0 ? (int)fd : 0;
}

#else

static int by_int_80(struct place *place)
{
    return lacks(place, "only x86 has them");
}

static int read_by_int_80(struct place *place)
{
    return by_int_80(place);
}

static int open_by_int_80(struct place *place)
{
    return by_int_80(place);
}

#endif

const struct breaker compat_breakers[] = {
    {"int-80", NULL, by_int_80},
    {"int-80-read", NULL, read_by_int_80},
    {"int-80-open-trunc", NULL, open_by_int_80},
    {NULL, NULL, NULL},
};
