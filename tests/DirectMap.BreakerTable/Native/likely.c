/* What changes nothing, and cannot be told from what does, or has the means to do so from then on. */
#define _GNU_SOURCE
#include "breaker.h"

#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* Its flags lie in memory that another thread may change at any time. */
static int open_with(struct place *place, __u64 flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC};
    return answer(syscall(SYS_openat2, AT_FDCWD, place->file, &how, sizeof how));
}

static int open_for_reading(struct place *place)
{
    return open_with(place, O_RDONLY);
}

static int open_for_writing(struct place *place)
{
    return open_with(place, O_RDWR);
}

/* mprotect makes it writable, and the kernel tells nobody of that. */
static int map_for_reading(struct place *place)
{
    int fd = open_file(place, O_RDWR);
    volatile char *view = fd < 0 ? MAP_FAILED : mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, fd, 0);
    if (view == MAP_FAILED) {
        return failed();
    }

    (void)view[BEGIN];
    return 0;
}

const struct breaker likely_breakers[] = {
    {"openat2-read", NULL, open_for_reading},
    {"openat2-write", NULL, open_for_writing},
    {"mmap-read-writable", NULL, map_for_reading},
    {NULL, NULL, NULL},
};
