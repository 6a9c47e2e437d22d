/* Copies and shared blocks, with the guarded file as the destination and as the source. */
#define _GNU_SOURCE
#include "breaker.h"

#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

struct pair {
    int from;
    int to;
};

/* Opens both files, each for what it needs; -1 in either where that fails. */
static struct pair open_pair(const struct place *place, int is_source)
{
    const char *from = is_source ? place->file : place->other, *to = is_source ? place->other : place->file;
    return (struct pair){open(from, O_RDONLY | O_CLOEXEC), open(to, O_RDWR | O_CLOEXEC)};
}

static int clone_file(struct place *place, int is_source)
{
    struct pair pair = open_pair(place, is_source);
    return pair.from < 0 || pair.to < 0 ? failed() : answer(ioctl(pair.to, FICLONE, pair.from));
}

static int clone_range(struct place *place, int is_source)
{
    struct pair pair = open_pair(place, is_source);
    struct file_clone_range range = {
        .src_fd = pair.from, .src_offset = BEGIN, .src_length = PART, .dest_offset = BEGIN,
    };
    return pair.from < 0 || pair.to < 0 ? failed() : answer(ioctl(pair.to, FICLONERANGE, &range));
}

static int dedupe(struct place *place, int is_source)
{
    struct pair pair = open_pair(place, is_source);
    struct file_dedupe_range *range = calloc(1, sizeof *range + sizeof *range->info);
    range->src_offset = BEGIN;
    range->src_length = PART / 2; /* so much is the same in both */
    range->dest_count = 1;
    range->info[0].dest_fd = pair.to;
    range->info[0].dest_offset = BEGIN;
    if (pair.from < 0 || pair.to < 0 || ioctl(pair.from, FIDEDUPERANGE, range) != 0) {
        return failed();
    }

    return range->info[0].status < 0 ? range->info[0].status
        : range->info[0].status == FILE_DEDUPE_RANGE_SAME && range->info[0].bytes_deduped == PART / 2 ? 0 : -EIO;
}

static int copy_range(struct place *place, int is_source)
{
    struct pair pair = open_pair(place, is_source);
    off_t from = BEGIN, to = BEGIN;
    return pair.from < 0 || pair.to < 0 ? failed() : whole(copy_file_range(pair.from, &from, pair.to, &to, PART, 0), PART);
}

static int send(struct place *place, int is_source)
{
    struct pair pair = open_pair(place, is_source);
    off_t from = BEGIN;
    return pair.from < 0 || pair.to < 0 || lseek(pair.to, BEGIN, SEEK_SET) < 0 ? failed()
        : whole(sendfile(pair.to, pair.from, &from, PART), PART);
}

/* As much as a pipe holds in any configuration. */
static int splice_into(struct place *place)
{
    int pipes[2], fd = open_file(place, O_RDWR);
    loff_t to = BEGIN;
    return fd < 0 || pipe(pipes) != 0 || write(pipes[1], content, 4096) != 4096 ? failed()
        : whole(splice(pipes[0], NULL, fd, &to, 4096, 0), 4096);
}

static int splice_from(struct place *place)
{
    int pipes[2], fd = open_file(place, O_RDONLY);
    loff_t from = BEGIN;
    return fd < 0 || pipe(pipes) != 0 ? failed() : whole(splice(fd, &from, pipes[1], NULL, 4096, 0), 4096);
}

static int clone_into(struct place *place) { return clone_file(place, 0); }

static int clone_from(struct place *place) { return clone_file(place, 1); }

static int clone_range_into(struct place *place) { return clone_range(place, 0); }

static int clone_range_from(struct place *place) { return clone_range(place, 1); }

static int dedupe_into(struct place *place) { return dedupe(place, 0); }

static int dedupe_from(struct place *place) { return dedupe(place, 1); }

static int copy_range_into(struct place *place) { return copy_range(place, 0); }

static int copy_range_from(struct place *place) { return copy_range(place, 1); }

static int send_into(struct place *place) { return send(place, 0); }

static int send_from(struct place *place) { return send(place, 1); }

static int copy_over(struct place *place)
{
    char *arguments[] = {"cp", (char *)place->other, (char *)place->file, NULL};
    return run_program(place, arguments);
}

static int copy_away(struct place *place, char *option)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s/copy", place->folder);
    char *arguments[] = {"cp", option, (char *)place->file, copy, NULL};
    return run_program(place, arguments);
}

static int copy_from(struct place *place) { return copy_away(place, "--"); }

static int copy_without_reflink(struct place *place) { return copy_away(place, "--reflink=never"); }

const struct breaker copy_breakers[] = {
    {"clone-into", NULL, clone_into},
    {"clone-range-into", NULL, clone_range_into},
    {"dedupe-into", NULL, dedupe_into},
    {"copy-range-into", NULL, copy_range_into},
    {"sendfile-into", NULL, send_into},
    {"splice-into", NULL, splice_into},
    {"cp-over", NULL, copy_over},
    {"clone-from", NULL, clone_from},
    {"clone-range-from", NULL, clone_range_from},
    {"dedupe-from", NULL, dedupe_from},
    {"copy-range-from", NULL, copy_range_from},
    {"sendfile-from", NULL, send_from},
    {"splice-from", NULL, splice_from},
    {"cp-from", NULL, copy_from},
    {"cp-without-reflink", NULL, copy_without_reflink},
    {NULL, NULL, NULL},
};
