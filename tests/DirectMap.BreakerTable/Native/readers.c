/* Those who have had the file open for reading since before the guard. */
#define _GNU_SOURCE
#include "breaker.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static char room[PART];

static int by_pread(struct place *place)
{
    return whole(pread(place->fd, room, PART, BEGIN), PART);
}

static int prepare_map(struct place *place)
{
    int result = prepare_open_for_reading(place);
    if (result < 0) {
        return result;
    }

    place->view = mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, place->fd, 0);
    return place->view == MAP_FAILED ? failed() : 0;
}

static int by_load(struct place *place)
{
    (void)*(volatile char *)(place->view + BEGIN);
    return 0;
}

static int by_mmap(struct place *place)
{
    place->view = mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, place->fd, 0);
    return place->view == MAP_FAILED ? failed() : by_load(place);
}

static int by_clone(struct place *place)
{
    int to = open(place->other, O_RDWR | O_CLOEXEC);
    return to < 0 ? failed() : answer(ioctl(to, FICLONE, place->fd));
}

const struct breaker reader_breakers[] = {
    {"reader-pread", prepare_open_for_reading, by_pread},
    {"reader-load", prepare_map, by_load},
    {"reader-mmap", prepare_open_for_reading, by_mmap},
    {"reader-clone-from", prepare_open_for_reading, by_clone},
    {NULL, NULL, NULL},
};
