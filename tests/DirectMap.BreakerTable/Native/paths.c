/* Other ways to the same file. */
#define _GNU_SOURCE
#include "breaker.h"

#include <stdio.h>
#include <sys/syscall.h>

static int by_hard_link(struct place *place)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/link", place->folder);
    return link(place->file, path) != 0 ? failed() : write_at(open(path, O_RDWR | O_CLOEXEC));
}

static int by_holder_descriptor(struct place *place)
{
    char path[64];
    int number = find_descriptor(place);
    if (number < 0) {
        return lacks(place, "/proc/PID/fd of the holder cannot be looked into");
    }

    snprintf(path, sizeof path, "/proc/%d/fd/%d", place->holder, number);
    return write_at(open(path, O_RDWR | O_CLOEXEC));
}

/* The holder's own open file description, as after a fork or SCM_RIGHTS. */
static int by_shared_description(struct place *place)
{
    int number = find_descriptor(place);
    int process = (int)syscall(SYS_pidfd_open, place->holder, 0);
    int fd = number < 0 || process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, number, 0);
    return fd < 0 ? lacks(place, "pidfd_getfd is refused") : write_at(fd);
}

static int by_path_descriptor(struct place *place)
{
    char path[64];
    int fd = open_file(place, O_PATH);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return fd < 0 ? failed() : write_at(open(path, O_RDWR | O_CLOEXEC));
}

/* By number and not by name, as a file server opens. */
static int by_handle(struct place *place)
{
    union {
        struct file_handle handle;
        char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
    } known = {.handle.handle_bytes = MAX_HANDLE_SZ};
    int mount, folder = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || name_to_handle_at(AT_FDCWD, place->file, &known.handle, &mount, 0) != 0) {
        return failed();
    }

    return answer(open_by_handle_at(folder, &known.handle, O_WRONLY | O_TRUNC | O_CLOEXEC));
}

const struct breaker path_breakers[] = {
    {"hard-link", NULL, by_hard_link},
    {"proc-fd", NULL, by_holder_descriptor},
    {"shared-description", NULL, by_shared_description},
    {"path-descriptor", NULL, by_path_descriptor},
    {"handle-trunc", NULL, by_handle},
    {NULL, NULL, NULL},
};
