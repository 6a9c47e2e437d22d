/* Another process that does things to a file: foreign MODE PATH ... */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *path;
static pthread_barrier_t start;

static void answer(long result)
{
    printf("%d %ld\n", result < 0 ? errno : 0, result);
    fflush(stdout);
}

/* One call for each line; its answer is "errno result". */
static int do_as_told(void)
{
    int fd = -1;
    char *map = MAP_FAILED;
    size_t mapped = 0;
    char line[256], what[32];
    static char data[1 << 20];

    memset(data, 'f', sizeof data);
    while (fgets(line, sizeof line, stdin)) {
        long a = 0, b = 0, c = 0;
        void *at;

        if (sscanf(line, "%31s %ld %ld %ld", what, &a, &b, &c) < 1)
            return 2;
        if (!strcmp(what, "open")) {
            int opened = open(path, a, 0600);
            if (opened >= 0) {
                if (fd >= 0)
                    close(fd);
                fd = opened;
            }
            answer(opened);
        } else if (!strcmp(what, "close")) {
            answer(close(fd));
            fd = -1;
        } else if (!strcmp(what, "pwrite")) {
            answer(pwrite(fd, data, b, a));
        } else if (!strcmp(what, "pread")) {
            answer(pread(fd, data, b, a));
        } else if (!strcmp(what, "ftruncate")) {
            answer(ftruncate(fd, a));
        } else if (!strcmp(what, "truncate")) {
            answer(truncate(path, a));
        } else if (!strcmp(what, "fallocate")) {
            answer(fallocate(fd, a, b, c));
        } else if (!strcmp(what, "lease")) {
            answer(fcntl(fd, F_SETLEASE, (int)a));
        } else if (!strcmp(what, "mmap")) {
            at = mmap(NULL, c, a, b, fd, 0);
            if (at != MAP_FAILED) {
                map = at;
                mapped = c;
            }
            answer(at == MAP_FAILED ? -1 : 0);
        } else if (!strcmp(what, "store")) {
            map[a] = (char)b;
            answer(0);
        } else if (!strcmp(what, "munmap")) {
            answer(munmap(map, mapped));
        } else {
            return 2;
        }
    }
    return 0;
}

static volatile int is_over;

static void *await_end(void *none)
{
    char byte;

    while (read(0, &byte, 1) > 0)
        ;
    is_over = 1;
    return none;
}

/* Opens the file, writes the next number at an offset, and closes it, until standard input ends. */
static int hammer(long offset, long pause_us)
{
    pthread_t thread;
    uint64_t number = 0;
    long refused = 0;

    pthread_create(&thread, NULL, await_end, NULL);
    printf("ready\n");
    fflush(stdout);
    while (!is_over) {
        int fd = open(path, O_WRONLY);
        if (fd < 0)
            return 3;
        number++;
        if (pwrite(fd, &number, sizeof number, offset) != sizeof number)
            refused++;
        close(fd);
        if (pause_us > 0)
            usleep(number * 7919 % pause_us);
    }
    printf("%llu %ld\n", (unsigned long long)number, refused);
    return 0;
}

struct worker {
    pthread_t thread;
    long number, count, step;
    long done, failed;
    int error;
};

static void *work(void *argument)
{
    struct worker *own = argument;
    char data[64] = "worker";
    int fd = open(path, O_RDWR);

    pthread_barrier_wait(&start);
    for (long i = 0; i < own->count; i++) {
        long offset = own->number * own->step;
        ssize_t moved = fd < 0 ? -1
            : i % 2 == 0 ? pwrite(fd, data, sizeof data, offset) : pread(fd, data, sizeof data, offset);
        if (moved < 0) {
            own->failed++;
            own->error = errno;
        } else {
            own->done++;
        }
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* Many threads that begin at once; for each its number, what it did, what failed, and the last error. */
static int crowd(long threads, long count, long step)
{
    struct worker *all = calloc(threads, sizeof *all);
    pthread_attr_t small;

    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    pthread_barrier_init(&start, NULL, threads + 1);
    for (long i = 0; i < threads; i++) {
        all[i].number = i;
        all[i].count = count;
        all[i].step = step;
        if (pthread_create(&all[i].thread, &small, work, &all[i]) != 0)
            return 4;
    }
    printf("ready\n");
    fflush(stdout);
    getchar();
    pthread_barrier_wait(&start);
    for (long i = 0; i < threads; i++)
        pthread_join(all[i].thread, NULL);
    for (long i = 0; i < threads; i++)
        printf("%ld %ld %ld %d\n", all[i].number, all[i].done, all[i].failed, all[i].error);
    return 0;
}

/* Writes a byte to each of many files, PATH0 and so on. */
static int each_of(long files)
{
    char name[4096];
    long failed = 0;

    for (long i = 0; i < files; i++) {
        snprintf(name, sizeof name, "%s%ld", path, i);
        int fd = open(name, O_WRONLY);
        if (fd < 0 || pwrite(fd, "x", 1, 0) != 1)
            failed++;
        if (fd >= 0)
            close(fd);
    }
    printf("%ld\n", failed);
    return 0;
}

/* Writes many times to one file. */
static int again_and_again(long times)
{
    int fd = open(path, O_WRONLY);
    long failed = 0;

    for (long i = 0; i < times; i++)
        if (pwrite(fd, "x", 1, 0) != 1)
            failed++;
    printf("%ld\n", failed);
    return 0;
}

static long number(char **argument, int count, int at)
{
    return at < count ? atol(argument[at]) : 0;
}

int main(int count, char **argument)
{
    if (count < 3)
        return 2;
    path = argument[2];
    if (!strcmp(argument[1], "told"))
        return do_as_told();
    if (!strcmp(argument[1], "hammer"))
        return hammer(number(argument, count, 3), number(argument, count, 4));
    if (!strcmp(argument[1], "crowd"))
        return crowd(number(argument, count, 3), number(argument, count, 4), number(argument, count, 5));
    if (!strcmp(argument[1], "files"))
        return each_of(number(argument, count, 3));
    if (!strcmp(argument[1], "again"))
        return again_and_again(number(argument, count, 3));
    return 2;
}
