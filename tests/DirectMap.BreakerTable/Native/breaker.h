/* What each subject of the program knows of the others. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

/* The file has three parts of equal length, and a breaker changes the middle one where it has the choice. */
enum { PART = 65536, BEGIN = PART, END = 2 * PART, LENGTH = 3 * PART };

struct place {
    const char *file;   /* what is guarded */
    const char *other;  /* a file of the same length beside it */
    const char *folder; /* of this row alone */
    pid_t holder;       /* the process that holds the guarded mapping */
    int fd;             /* what prepare has opened */
    char *view;         /* what prepare has mapped */
    pid_t actor;        /* who has made the change, if not this process */
    const char *program; /* what runs as the actor, if not this program */
    const char *lacks;  /* why the machine cannot make this row, if it cannot */
};

/* Each returns 0 or a negative errno. */
struct breaker {
    const char *name;
    int (*prepare)(struct place *place); /* before the guard, or between two leases; may be NULL */
    int (*perform)(struct place *place); /* while the mapping is held */
};

/* One list for each subject, which ends with a name that is NULL. */
extern const struct breaker write_breakers[];
extern const struct breaker aio_breakers[];
extern const struct breaker ring_breakers[];
extern const struct breaker space_breakers[];
extern const struct breaker length_breakers[];
extern const struct breaker copy_breakers[];
extern const struct breaker block_breakers[];
extern const struct breaker view_breakers[];
extern const struct breaker path_breakers[];
extern const struct breaker namespace_breakers[];
extern const struct breaker compat_breakers[];
extern const struct breaker harmless_breakers[];
extern const struct breaker likely_breakers[];
extern const struct breaker reader_breakers[];

extern char content[PART]; /* what is written: aligned for direct I/O */

int failed(void);                             /* the negative errno of the call just made */
int answer(long result);                      /* 0, or failed() for a negative result */
int whole(ssize_t count, size_t expected);    /* as answer, and fewer bytes are EIO */
int lacks(struct place *place, const char *reason); /* the machine cannot make this row */
int open_file(const struct place *place, int flags);
int prepare_open(struct place *place);        /* for reading and writing */
int prepare_open_for_reading(struct place *place);
int write_at(int fd);                         /* the middle part, then close */
int run_program(struct place *place, char *const arguments[]);
int fork_and_write(struct place *place, const char *path); /* a child opens the path and writes */
int find_descriptor(const struct place *place); /* of the holder's, by device and inode; its number, or a negative errno */
