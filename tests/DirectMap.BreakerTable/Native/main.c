/*
 * The other process of the breaker table. It reads a command a line, and answers each with a line:
 *   prepare NAME HOLDER FILE OTHER FOLDER   ready PID | skip REASON | died SIGNAL; a child of its own serves this row from here on
 *   perform                                 done PID COMMAND ERRNO BEGIN END | skip REASON | died SIGNAL
 *   end                                     ended
 * No path has a blank in it. The times are CLOCK_MONOTONIC's, in nanoseconds.
 */
#define _GNU_SOURCE
#include "breaker.h"

#include <signal.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

enum { ENDED = 3 }; /* exit status of a row's process that was told to end */

static const struct breaker *const subjects[] = {
    write_breakers, aio_breakers, ring_breakers, space_breakers, length_breakers, copy_breakers,
    block_breakers, view_breakers, path_breakers, namespace_breakers, compat_breakers, harmless_breakers,
    likely_breakers, reader_breakers,
};

static const struct breaker *find(const char *name)
{
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        for (const struct breaker *breaker = subjects[i]; breaker->name; breaker++) {
            if (strcmp(breaker->name, name) == 0) {
                return breaker;
            }
        }
    }

    return NULL;
}

static void list(void)
{
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        for (const struct breaker *breaker = subjects[i]; breaker->name; breaker++) {
            puts(breaker->name);
        }
    }
}

/* Without a buffer, because parent and child read the same pipe by turns. */
static int read_line(char *line, size_t size)
{
    size_t length = 0;
    char c;
    while (read(STDIN_FILENO, &c, 1) == 1) {
        if (c == '\n') {
            line[length] = 0;
            return 1;
        }

        if (length + 1 < size) {
            line[length++] = c;
        }
    }

    return 0;
}

static void say(const char *line)
{
    size_t length = strlen(line);
    if (write(STDOUT_FILENO, line, length) != (ssize_t)length) {
        _exit(1);
    }
}

static const char *name_of(int error)
{
    const char *name = error == 0 ? "ok" : strerrorname_np(error);
    return name ? name : "?";
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* What the kernel calls a process that runs it. */
static const char *command_of(const struct place *place)
{
    const char *slash = place->program ? strrchr(place->program, '/') : NULL;
    return slash ? slash + 1 : place->program ? place->program : program_invocation_short_name;
}

/* The lines of one row, in a process that ends with it: so nothing of it is left open or mapped. */
static _Noreturn void serve(const struct breaker *breaker, struct place *place)
{
    char line[8192];
    int result = breaker->prepare ? breaker->prepare(place) : 0;
    if (result < 0 && !place->lacks) {
        place->lacks = name_of(-result);
    }

    if (place->lacks) {
        snprintf(line, sizeof line, "skip %s\n", place->lacks);
        say(line);
        _exit(0);
    }

    snprintf(line, sizeof line, "ready %d\n", getpid());
    say(line);
    while (read_line(line, sizeof line) && strcmp(line, "perform") == 0) {
        place->actor = 0;
        int64_t begin = now();
        result = breaker->perform(place);
        int64_t end = now();
        if (place->lacks) {
            snprintf(line, sizeof line, "skip %s\n", place->lacks);
        } else {
            snprintf(line, sizeof line, "done %d %s %s %" PRId64 " %" PRId64 "\n", place->actor ? place->actor : getpid(),
                command_of(place), name_of(-result), begin, end);
        }

        say(line);
    }

    _exit(ENDED);
}

static int start(char *words[6])
{
    const struct breaker *breaker = find(words[1]);
    if (!breaker) {
        say("skip there is no such breaker\n");
        return 0;
    }

    struct place place = {
        .holder = atoi(words[2]), .file = words[3], .other = words[4], .folder = words[5], .fd = -1,
    };
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(breaker, &place);
    }

    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return 1;
    }

    if (WIFEXITED(status) && WEXITSTATUS(status) == ENDED) {
        say("ended\n"); /* only now is everything of it closed and unmapped */
    } else if (WIFSIGNALED(status)) {
        char line[64];
        snprintf(line, sizeof line, "died %d\n", WTERMSIG(status));
        say(line);
    }

    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list();
        return 0;
    }

    signal(SIGPIPE, SIG_IGN);
    memset(content, 'b', sizeof content);
    char line[8192];
    while (read_line(line, sizeof line)) {
        char *words[6] = {0}, *rest = line;
        for (int i = 0; i < 6; i++) {
            words[i] = strsep(&rest, " ");
        }

        if (!words[5] || strcmp(words[0], "prepare") != 0) {
            fprintf(stderr, "not a command: %s\n", line);
            return 2;
        }

        if (start(words) != 0) {
            return 1;
        }
    }

    return 0;
}
