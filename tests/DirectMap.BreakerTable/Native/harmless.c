/* What changes nothing of what a holder relies on, and so must not be told. */
#define _GNU_SOURCE
#include "breaker.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>

static char room[PART] __attribute__((aligned(4096)));

static int read_with(struct place *place, int flags)
{
    int fd = open_file(place, O_RDONLY | flags);
    return fd < 0 ? failed() : whole(pread(fd, room, PART, BEGIN), PART);
}

static int by_pread(struct place *place)
{
    return read_with(place, 0);
}

static int by_direct_pread(struct place *place)
{
    return read_with(place, O_DIRECT);
}

static int by_mapping(struct place *place)
{
    int fd = open_file(place, O_RDONLY);
    volatile char *view = fd < 0 ? MAP_FAILED : mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, fd, 0);
    if (view == MAP_FAILED) {
        return failed();
    }

    (void)view[BEGIN];
    return 0;
}

static int by_private_mapping(struct place *place)
{
    int fd = open_file(place, O_RDWR);
    volatile char *view = fd < 0 ? MAP_FAILED : mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (view == MAP_FAILED) {
        return failed();
    }

    view[BEGIN] = 'b';
    return 0;
}

static int by_other_reads(struct place *place)
{
    struct iovec pieces[] = {{room, PART / 2}, {room + PART / 2, PART / 2}};
    int fd = open_file(place, O_RDONLY);
    if (fd < 0 || lseek(fd, BEGIN, SEEK_SET) < 0) {
        return failed();
    }

    int result = whole(read(fd, room, PART), PART);
    result = result < 0 ? result : whole(readv(fd, pieces, 2), PART);
    result = result < 0 ? result : whole(preadv(fd, pieces, 2, BEGIN), PART);
    return result < 0 ? result : whole(preadv2(fd, pieces, 2, BEGIN, 0), PART);
}

static int by_stat(struct place *place)
{
    struct stat facts;
    return answer(stat(place->file, &facts));
}

static int in_folder(struct place *place, const char *name, int (*call)(const char *, const char *))
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", place->folder, name);
    return answer(call(place->file, path));
}

static int by_rename(struct place *place)
{
    return in_folder(place, "renamed", rename);
}

static int by_link(struct place *place)
{
    return in_folder(place, "linked", link);
}

static int by_replacement(struct place *place)
{
    return answer(rename(place->other, place->file));
}

static int by_unlink(struct place *place)
{
    return answer(unlink(place->file));
}

static int by_chmod(struct place *place)
{
    return answer(chmod(place->file, 0755));
}

static int by_utimens(struct place *place)
{
    return answer(utimensat(AT_FDCWD, place->file, NULL, 0));
}

static int by_attribute(struct place *place)
{
    return answer(setxattr(place->file, "user.breaker", "b", 1, 0));
}

static int make_executable(struct place *place)
{
    return by_chmod(place);
}

static int by_exec(struct place *place)
{
    char *arguments[] = {(char *)place->file, NULL};
    return run_program(place, arguments);
}

static int by_open(struct place *place)
{
    int fd = open_file(place, O_RDWR);
    return fd < 0 ? failed() : answer(close(fd));
}

static int by_fsync(struct place *place)
{
    int fd = open_file(place, O_RDWR);
    return fd < 0 ? failed() : answer(fsync(fd));
}

static int by_empty_write(struct place *place)
{
    int fd = open_file(place, O_RDWR);
    return fd < 0 ? failed() : answer(pwrite(fd, content, 0, BEGIN));
}

static int by_failing_write(struct place *place)
{
    int fd = open_file(place, O_RDWR);
    void *nothing = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return fd < 0 || nothing == MAP_FAILED ? failed() : answer(pwrite(fd, nothing, 4096, BEGIN));
}

const struct breaker harmless_breakers[] = {
    {"pread", NULL, by_pread},
    {"direct-pread", NULL, by_direct_pread},
    {"mmap-read", NULL, by_mapping},
    {"mmap-private", NULL, by_private_mapping},
    {"reads", NULL, by_other_reads},
    {"stat", NULL, by_stat},
    {"open-for-writing", NULL, by_open},
    {"fsync", NULL, by_fsync},
    {"empty-write", NULL, by_empty_write},
    {"failing-write", NULL, by_failing_write},
    {"rename", NULL, by_rename},
    {"replace", NULL, by_replacement},
    {"link", NULL, by_link},
    {"unlink", NULL, by_unlink},
    {"chmod", NULL, by_chmod},
    {"utimens", NULL, by_utimens},
    {"setxattr", NULL, by_attribute},
    {"exec", make_executable, by_exec},
    {NULL, NULL, NULL},
};
