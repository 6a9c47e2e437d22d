/* fallocate in each of its modes. */
#define _GNU_SOURCE
#include "breaker.h"

#include <linux/falloc.h>

#ifndef FALLOC_FL_WRITE_ZEROES
#define FALLOC_FL_WRITE_ZEROES 0x80 /* since Linux 6.17 */
#endif

static int change(struct place *place, int mode, off_t offset, off_t length)
{
    int fd = open_file(place, O_RDWR);
    return fd < 0 ? failed() : answer(fallocate(fd, mode, offset, length));
}

static int allocate_what_is_there(struct place *place)
{
    return change(place, 0, BEGIN, PART);
}

static int grow(struct place *place)
{
    return change(place, 0, LENGTH, PART);
}

static int allocate_beyond_the_end(struct place *place)
{
    return change(place, FALLOC_FL_KEEP_SIZE, LENGTH, PART);
}

static int punch(struct place *place)
{
    return change(place, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, BEGIN, PART);
}

static int zero(struct place *place)
{
    return change(place, FALLOC_FL_ZERO_RANGE, BEGIN, PART);
}

static int zero_and_keep_the_size(struct place *place)
{
    return change(place, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, BEGIN, PART);
}

static int write_zeroes(struct place *place)
{
    return change(place, FALLOC_FL_WRITE_ZEROES, BEGIN, PART);
}

static int collapse(struct place *place)
{
    return change(place, FALLOC_FL_COLLAPSE_RANGE, BEGIN, PART);
}

static int insert(struct place *place)
{
    return change(place, FALLOC_FL_INSERT_RANGE, BEGIN, PART);
}

static int unshare_range(struct place *place)
{
    return change(place, FALLOC_FL_UNSHARE_RANGE, BEGIN, PART);
}

const struct breaker space_breakers[] = {
    {"allocate", NULL, allocate_what_is_there},
    {"allocate-grow", NULL, grow},
    {"allocate-keep-size", NULL, allocate_beyond_the_end},
    {"punch", NULL, punch},
    {"zero", NULL, zero},
    {"zero-keep-size", NULL, zero_and_keep_the_size},
    {"write-zeroes", NULL, write_zeroes},
    {"collapse", NULL, collapse},
    {"insert", NULL, insert},
    {"unshare", NULL, unshare_range},
    {NULL, NULL, NULL},
};
