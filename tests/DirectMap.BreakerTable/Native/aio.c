/* Asynchronous I/O as libaio makes it: io_submit. */
#define _GNU_SOURCE
#include "breaker.h"

#include <linux/aio_abi.h>
#include <stdint.h>
#include <sys/syscall.h>

static int submit(struct place *place, uint16_t operation, int flags)
{
    aio_context_t context = 0;
    if (syscall(SYS_io_setup, 1, &context) != 0) {
        return lacks(place, "io_setup is refused");
    }

    int fd = open_file(place, flags);
    struct iocb request = {
        .aio_lio_opcode = operation, .aio_fildes = (uint32_t)fd,
        .aio_buf = (uintptr_t)content, .aio_nbytes = PART, .aio_offset = BEGIN,
    };
    struct iocb *requests[] = {&request};
    struct io_event event;
    if (fd < 0 || syscall(SYS_io_submit, context, 1, requests) != 1
        || syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1) {
        return failed();
    }

    return event.res < 0 ? (int)event.res : whole((ssize_t)event.res, PART);
}

static int buffered(struct place *place)
{
    return submit(place, IOCB_CMD_PWRITE, O_RDWR);
}

static int direct(struct place *place)
{
    return submit(place, IOCB_CMD_PWRITE, O_RDWR | O_DIRECT);
}

static int reading(struct place *place)
{
    return submit(place, IOCB_CMD_PREAD, O_RDONLY);
}

static int reading_direct(struct place *place)
{
    return submit(place, IOCB_CMD_PREAD, O_RDONLY | O_DIRECT);
}

const struct breaker aio_breakers[] = {
    {"aio", NULL, buffered},
    {"aio-direct", NULL, direct},
    {"aio-read", NULL, reading},
    {"aio-direct-read", NULL, reading_direct},
    {NULL, NULL, NULL},
};
