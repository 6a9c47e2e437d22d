/* Writes by system call, of a descriptor that was opened just now or before the guard. */
#define _GNU_SOURCE
#include "breaker.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/uio.h>

static int by_pwrite(struct place *place)
{
    return write_at(open_file(place, O_RDWR));
}

static int by_write(struct place *place)
{
    int fd = open_file(place, O_WRONLY);
    return fd < 0 || lseek(fd, BEGIN, SEEK_SET) < 0 ? failed() : whole(write(fd, content, PART), PART);
}

static int by_pwritev2(struct place *place)
{
    struct iovec pieces[] = {{content, PART / 2}, {content + PART / 2, PART / 2}};
    int fd = open_file(place, O_RDWR);
    return fd < 0 ? failed() : whole(pwritev2(fd, pieces, 2, BEGIN, RWF_DSYNC), PART);
}

/* The answer where it would have to wait is EAGAIN; some file systems do not know the flag for buffered writes. */
static int by_pwritev2_without_waiting(struct place *place)
{
    struct iovec piece = {content, PART};
    int fd = open_file(place, O_RDWR | O_DIRECT);
    return fd < 0 ? failed() : whole(pwritev2(fd, &piece, 1, BEGIN, RWF_NOWAIT), PART);
}

static int by_append(struct place *place)
{
    int fd = open_file(place, O_WRONLY | O_APPEND);
    return fd < 0 ? failed() : whole(write(fd, content, PART), PART);
}

static int by_direct(struct place *place)
{
    return write_at(open_file(place, O_RDWR | O_DIRECT));
}

static int one_byte(struct place *place)
{
    int fd = open_file(place, O_RDWR);
    return fd < 0 ? failed() : whole(pwrite(fd, content, 1, BEGIN), 1);
}

static int by_early_descriptor(struct place *place)
{
    return whole(pwrite(place->fd, content, PART, BEGIN), PART);
}

static int shorten_early_descriptor(struct place *place)
{
    return answer(ftruncate(place->fd, BEGIN));
}

static void *write_and_return(void *place)
{
    return (void *)(intptr_t)by_pwrite(place);
}

static int by_thread(struct place *place)
{
    pthread_t thread;
    void *result;
    int error = pthread_create(&thread, NULL, write_and_return, place);
    if (error == 0) {
        error = pthread_join(thread, &result);
    }

    return error != 0 ? -error : (int)(intptr_t)result;
}

const struct breaker write_breakers[] = {
    {"pwrite", NULL, by_pwrite},
    {"write", NULL, by_write},
    {"one-byte", NULL, one_byte},
    {"pwritev2", NULL, by_pwritev2},
    {"pwritev2-nowait", NULL, by_pwritev2_without_waiting},
    {"append", NULL, by_append},
    {"direct", NULL, by_direct},
    {"thread-pwrite", NULL, by_thread},
    {"early-pwrite", prepare_open, by_early_descriptor},
    {"early-ftruncate", prepare_open, shorten_early_descriptor},
    {NULL, NULL, NULL},
};
