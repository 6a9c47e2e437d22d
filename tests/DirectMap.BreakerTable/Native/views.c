/* Stores through mappings of this process, and what madvise does through them. */
#define _GNU_SOURCE
#include "breaker.h"

#include <string.h>
#include <sys/mman.h>

static int map(struct place *place, int protection)
{
    int fd = open_file(place, O_RDWR);
    if (fd < 0) {
        return failed();
    }

    place->view = mmap(NULL, LENGTH, protection, MAP_SHARED, fd, 0);
    int result = place->view == MAP_FAILED ? failed() : 0;
    close(fd);
    return result;
}

static int store(struct place *place)
{
    memset(place->view + BEGIN, 'b', PART);
    return 0;
}

static int map_writable(struct place *place)
{
    return map(place, PROT_READ | PROT_WRITE);
}

static int map_and_store(struct place *place)
{
    int result = map_writable(place);
    return result < 0 ? result : store(place);
}

static int map_readable(struct place *place)
{
    return map(place, PROT_READ);
}

static int protect_and_store(struct place *place)
{
    return mprotect(place->view, LENGTH, PROT_READ | PROT_WRITE) != 0 ? failed() : store(place);
}

static int map_protect_and_store(struct place *place)
{
    int result = map_readable(place);
    return result < 0 ? result : protect_and_store(place);
}

static int remove_pages(struct place *place)
{
    int result = map_writable(place);
    return result < 0 ? result : answer(madvise(place->view + BEGIN, PART, MADV_REMOVE));
}

const struct breaker view_breakers[] = {
    {"mmap-early", map_writable, store},
    {"mmap-late", NULL, map_and_store},
    {"mprotect-early", map_readable, protect_and_store},
    {"mprotect-late", NULL, map_protect_and_store},
    {"madvise-remove", NULL, remove_pages},
    {NULL, NULL, NULL},
};
