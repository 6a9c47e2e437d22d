/* Everything that gives a file another length, or the one that it has. */
#define _GNU_SOURCE
#include "breaker.h"

#include <linux/openat2.h>
#include <signal.h>
#include <sys/syscall.h>

static int by_truncate(struct place *place)
{
    return answer(truncate(place->file, BEGIN));
}

static int by_truncate_up(struct place *place)
{
    return answer(truncate(place->file, LENGTH + PART));
}

static int by_truncate_same(struct place *place)
{
    return answer(truncate(place->file, LENGTH));
}

static int shorten(struct place *place, off_t length)
{
    int fd = open_file(place, O_RDWR);
    return fd < 0 ? failed() : answer(ftruncate(fd, length));
}

static int by_ftruncate(struct place *place)
{
    return shorten(place, BEGIN);
}

static int by_ftruncate_up(struct place *place)
{
    return shorten(place, LENGTH + PART);
}

static int by_ftruncate_same(struct place *place)
{
    return shorten(place, LENGTH);
}

static int by_open(struct place *place)
{
    return answer(open_file(place, O_WRONLY | O_TRUNC));
}

static int by_open_without_waiting(struct place *place)
{
    return answer(open_file(place, O_WRONLY | O_TRUNC | O_NONBLOCK));
}

static int by_open_for_reading(struct place *place)
{
    return answer(open_file(place, O_RDONLY | O_TRUNC));
}

static int by_creat(struct place *place)
{
    return answer(creat(place->file, 0644));
}

static int by_openat2(struct place *place)
{
    struct open_how how = {.flags = O_WRONLY | O_TRUNC};
    return answer(syscall(SYS_openat2, AT_FDCWD, place->file, &how, sizeof how));
}

/* The lease is the owner's right; where somebody else has the file open it is refused, and the truncation is made all the same. */
static int by_lease_holder(struct place *place)
{
    int fd = open_file(place, O_RDWR);
    if (fd < 0) {
        return failed();
    }

    signal(SIGIO, SIG_IGN);
    fcntl(fd, F_SETLEASE, F_WRLCK);
    return answer(ftruncate(fd, BEGIN));
}

const struct breaker length_breakers[] = {
    {"truncate", NULL, by_truncate},
    {"truncate-up", NULL, by_truncate_up},
    {"truncate-same", NULL, by_truncate_same},
    {"ftruncate", NULL, by_ftruncate},
    {"ftruncate-up", NULL, by_ftruncate_up},
    {"ftruncate-same", NULL, by_ftruncate_same},
    {"open-trunc", NULL, by_open},
    {"open-trunc-nonblock", NULL, by_open_without_waiting},
    {"open-read-trunc", NULL, by_open_for_reading},
    {"creat", NULL, by_creat},
    {"openat2-trunc", NULL, by_openat2},
    {"lease-ftruncate", NULL, by_lease_holder},
    {NULL, NULL, NULL},
};
