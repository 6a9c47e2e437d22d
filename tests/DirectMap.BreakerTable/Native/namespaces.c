/* Breakers in other namespaces than the holder's. Without root each begins with a user namespace of its own. */
#define _GNU_SOURCE
#include "breaker.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

static int enter(struct place *place, int kinds)
{
    int user = geteuid() == 0 ? 0 : CLONE_NEWUSER;
    return unshare(kinds | user) != 0 ? lacks(place, "no namespace can be had"), -1 : 0;
}

static int write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int result = fd < 0 ? failed() : whole(write(fd, text, strlen(text)), strlen(text));
    if (fd >= 0) {
        close(fd);
    }

    return result;
}

/* Who changes the file is a child, whose number here is the one that the holder may be told. */
static int in_pid_namespace(struct place *place)
{
    return enter(place, CLONE_NEWPID) != 0 ? 0 : fork_and_write(place, place->file);
}

static int in_user_namespace(struct place *place)
{
    char map[64];
    snprintf(map, sizeof map, "0 %u 1", geteuid());
    if (unshare(CLONE_NEWUSER) != 0) {
        return lacks(place, "no namespace can be had");
    }

    int result = write_text("/proc/self/uid_map", map);
    return result < 0 ? result : write_at(open_file(place, O_RDWR));
}

/* What is mounted here is seen by nobody else, and goes with the process. */
static int enter_mounts(struct place *place)
{
    if (enter(place, CLONE_NEWNS) != 0) {
        return 0;
    }

    return answer(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static int in_mount_namespace(struct place *place)
{
    int result = enter_mounts(place);
    return place->lacks || result < 0 ? result : write_at(open_file(place, O_RDWR));
}

static int by_bind_mount(struct place *place)
{
    char path[4096];
    int result = enter_mounts(place);
    if (place->lacks || result < 0) {
        return result;
    }

    snprintf(path, sizeof path, "%s/bound", place->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || mount(place->file, path, NULL, MS_BIND, NULL) != 0) {
        return failed();
    }

    return write_at(open(path, O_RDWR | O_CLOEXEC));
}

const struct breaker namespace_breakers[] = {
    {"bind-mount", NULL, by_bind_mount},
    {"mount-namespace", NULL, in_mount_namespace},
    {"pid-namespace", NULL, in_pid_namespace},
    {"user-namespace", NULL, in_user_namespace},
    {NULL, NULL, NULL},
};
