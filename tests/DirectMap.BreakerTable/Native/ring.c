/* io_uring, without liburing. */
#define _GNU_SOURCE
#include "breaker.h"

#include <linux/falloc.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { OP_FTRUNCATE = 55 }; /* IORING_OP_FTRUNCATE, since Linux 6.9 */

static void *map(int ring, size_t size, off_t offset)
{
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);
}

/* One request, and its answer. */
static int submit(struct place *place, struct io_uring_sqe request, unsigned flags)
{
    struct io_uring_params params = {.flags = flags, .sq_thread_idle = 1};
    int ring = (int)syscall(SYS_io_uring_setup, 1, &params);
    if (ring < 0) {
        return lacks(place, "io_uring_setup is refused");
    }

    size_t queue = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    size_t answers = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    char *sq = map(ring, queue, IORING_OFF_SQ_RING), *cq = map(ring, answers, IORING_OFF_CQ_RING);
    struct io_uring_sqe *requests = map(ring, params.sq_entries * sizeof *requests, IORING_OFF_SQES);
    if (sq == MAP_FAILED || cq == MAP_FAILED || requests == MAP_FAILED) {
        return failed();
    }

    requests[0] = request;
    ((unsigned *)(sq + params.sq_off.array))[0] = 0;
    atomic_store_explicit((_Atomic unsigned *)(sq + params.sq_off.tail), 1, memory_order_release);
    unsigned wake = flags & IORING_SETUP_SQPOLL ? IORING_ENTER_SQ_WAKEUP : 0;
    if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS | wake, NULL, 0) < 0) {
        return failed();
    }

    if (atomic_load_explicit((_Atomic unsigned *)(cq + params.cq_off.tail), memory_order_acquire) != 1) {
        return -EIO;
    }

    int result = ((struct io_uring_cqe *)(cq + params.cq_off.cqes))[0].res;
    return result < 0 ? result : 0;
}

static int transfer(struct place *place, uint8_t operation, unsigned flags)
{
    int fd = open_file(place, operation == IORING_OP_READ ? O_RDONLY : O_RDWR);
    struct io_uring_sqe request = {
        .opcode = operation, .fd = fd, .addr = (uintptr_t)content, .len = PART, .off = BEGIN,
    };
    return fd < 0 ? failed() : submit(place, request, flags);
}

static int by_write(struct place *place)
{
    return transfer(place, IORING_OP_WRITE, 0);
}

static int by_polled_write(struct place *place)
{
    return transfer(place, IORING_OP_WRITE, IORING_SETUP_SQPOLL);
}

static int by_read(struct place *place)
{
    return transfer(place, IORING_OP_READ, 0);
}

static int by_polled_read(struct place *place)
{
    return transfer(place, IORING_OP_READ, IORING_SETUP_SQPOLL);
}

/* The length is in the field of the address, and the mode in that of the length. */
static int by_punch(struct place *place)
{
    int fd = open_file(place, O_RDWR);
    struct io_uring_sqe request = {
        .opcode = IORING_OP_FALLOCATE, .fd = fd, .off = BEGIN, .addr = PART,
        .len = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
    };
    return fd < 0 ? failed() : submit(place, request, 0);
}

static int by_ftruncate(struct place *place)
{
    int fd = open_file(place, O_RDWR);
    struct io_uring_sqe request = {.opcode = OP_FTRUNCATE, .fd = fd, .off = BEGIN};
    int result = fd < 0 ? failed() : submit(place, request, 0);
    return result == -EINVAL ? lacks(place, "io_uring has no ftruncate here") : result;
}

static int open_with(struct place *place, uint32_t flags)
{
    struct io_uring_sqe request = {
        .opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t)place->file, .open_flags = flags,
    };
    return submit(place, request, 0);
}

static int by_open(struct place *place)
{
    return open_with(place, O_WRONLY | O_TRUNC);
}

static int by_open_for_reading(struct place *place)
{
    return open_with(place, O_RDONLY);
}

const struct breaker ring_breakers[] = {
    {"ring-write", NULL, by_write},
    {"ring-polled-write", NULL, by_polled_write},
    {"ring-punch", NULL, by_punch},
    {"ring-ftruncate", NULL, by_ftruncate},
    {"ring-open-trunc", NULL, by_open},
    {"ring-open-read", NULL, by_open_for_reading},
    {"ring-read", NULL, by_read},
    {"ring-polled-read", NULL, by_polled_read},
    {NULL, NULL, NULL},
};
