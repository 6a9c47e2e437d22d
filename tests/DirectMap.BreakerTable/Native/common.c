/* What several subjects need. */
#define _GNU_SOURCE
#include "breaker.h"

#include <dirent.h>
#include <spawn.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

alignas(4096) char content[PART];

extern char **environ;

int failed(void)
{
    return -errno;
}

int answer(long result)
{
    return result < 0 ? failed() : 0;
}

int whole(ssize_t count, size_t expected)
{
    return count < 0 ? failed() : (size_t)count == expected ? 0 : -EIO;
}

int lacks(struct place *place, const char *reason)
{
    place->lacks = reason;
    return 0;
}

int open_file(const struct place *place, int flags)
{
    return open(place->file, flags | O_CLOEXEC, 0644);
}

int prepare_open(struct place *place)
{
    place->fd = open_file(place, O_RDWR);
    return answer(place->fd);
}

int prepare_open_for_reading(struct place *place)
{
    place->fd = open_file(place, O_RDONLY);
    return answer(place->fd);
}

int write_at(int fd)
{
    int result = fd < 0 ? failed() : whole(pwrite(fd, content, PART, BEGIN), PART);
    if (fd >= 0) {
        close(fd);
    }

    return result;
}

int run_program(struct place *place, char *const arguments[])
{
    posix_spawn_file_actions_t quietly; /* the result says it */
    place->program = arguments[0];
    posix_spawn_file_actions_init(&quietly);
    posix_spawn_file_actions_addopen(&quietly, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int status = posix_spawnp(&place->actor, arguments[0], &quietly, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&quietly);
    if (status != 0) {
        place->actor = 0;
        return status == ENOENT ? lacks(place, "a program is missing") : -status;
    }

    return waitpid(place->actor, &status, 0) < 0 ? failed() : status == 0 ? 0 : -EIO;
}

int fork_and_write(struct place *place, const char *path)
{
    place->actor = fork();
    if (place->actor == 0) {
        _exit(-write_at(open(path, O_RDWR | O_CLOEXEC)));
    }

    int status;
    if (place->actor < 0 || waitpid(place->actor, &status, 0) < 0) {
        return failed();
    }

    return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

/* What the table itself has open of the file is O_PATH. */
static int is_opened(pid_t process, const char *number)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%.20s", process, number);
    FILE *facts = fopen(path, "re");
    unsigned flags = O_PATH;
    while (facts && fgets(text, sizeof text, facts) && sscanf(text, "flags: %o", &flags) != 1) {
    }

    if (facts) {
        fclose(facts);
    }

    return !(flags & O_PATH);
}

int find_descriptor(const struct place *place)
{
    char path[64];
    struct stat file, there;
    if (stat(place->file, &file) != 0) {
        return failed();
    }

    snprintf(path, sizeof path, "/proc/%d/fd", place->holder);
    DIR *folder = opendir(path);
    if (!folder) {
        return failed();
    }

    int found = -ENOENT;
    struct dirent *entry;
    while (found < 0 && (entry = readdir(folder))) {
        snprintf(path, sizeof path, "/proc/%d/fd/%.20s", place->holder, entry->d_name);
        if (stat(path, &there) == 0 && there.st_dev == file.st_dev && there.st_ino == file.st_ino
            && is_opened(place->holder, entry->d_name)) {
            found = atoi(entry->d_name);
        }
    }

    closedir(folder);
    return found;
}
