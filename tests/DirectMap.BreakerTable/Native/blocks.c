/* What works below the file: a loop device, and ioctls that move its blocks. */
#define _GNU_SOURCE
#include "breaker.h"

#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* struct move_extent of fs/ext4/ext4.h, which no header for programs has. */
struct move_extent {
    uint32_t reserved;
    uint32_t donor;
    uint64_t begin;
    uint64_t donor_begin;
    uint64_t count;
    uint64_t moved;
};

#define EXT4_IOC_MOVE_EXT _IOWR('f', 15, struct move_extent)

/* struct xfs_swapext of libxfs/xfs_fs.h, which only a package of its own has. What the file is like is what makes it fresh. */
struct swap_time {
    long seconds;
    int32_t nanoseconds;
};

struct swap_facts {
    uint64_t inode;
    uint16_t mode, links;
    uint32_t user, group, device;
    int32_t block_size;
    int64_t size;
    struct swap_time access, modification, change;
    char rest[48];
};

struct swap_extents {
    int64_t version, target, donor, offset, length;
    char unused[16];
    struct swap_facts facts;
};

#define XFS_IOC_SWAPEXT _IOWR('X', 109, struct swap_extents)

_Static_assert(sizeof(struct swap_extents) == 192, "its size is a part of the ioctl's number");

/* Another process may take the number that the kernel says is free. */
static int attach(int file)
{
    for (int attempt = 0; attempt < 20; attempt++) {
        int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
        int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
        char path[32];
        snprintf(path, sizeof path, "/dev/loop%d", number);
        int loop = number < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);
        if (control >= 0) {
            close(control);
        }

        struct loop_config config = {.fd = (uint32_t)file};
        if (loop < 0) {
            return -1;
        }

        if (ioctl(loop, LOOP_CONFIGURE, &config) == 0) {
            return loop;
        }

        close(loop);
        if (errno != EBUSY) {
            return -1;
        }
    }

    return -1;
}

static int by_loop_device(struct place *place)
{
    int fd = open_file(place, O_RDWR), loop = fd < 0 ? -1 : attach(fd);
    if (loop < 0) {
        return lacks(place, "no loop device can be had");
    }

    int result = whole(pwrite(loop, content, PART, BEGIN), PART);
    if (result == 0) {
        result = answer(fsync(loop));
    }

    ioctl(loop, LOOP_CLR_FD);
    close(loop);
    return result;
}

static int by_move_extent(struct place *place)
{
    int fd = open_file(place, O_RDWR), donor = open(place->other, O_RDWR | O_CLOEXEC);
    struct move_extent move = {
        .donor = (uint32_t)donor, .begin = BEGIN / 4096, .donor_begin = BEGIN / 4096, .count = PART / 4096,
    };
    if (fd < 0 || donor < 0 || ioctl(fd, EXT4_IOC_MOVE_EXT, &move) != 0) {
        return failed();
    }

    return move.moved == PART / 4096 ? 0 : -EIO;
}

static int by_swap(struct place *place)
{
    int fd = open_file(place, O_RDWR), donor = open(place->other, O_RDWR | O_CLOEXEC);
    struct stat facts;
    if (fd < 0 || donor < 0 || fstat(fd, &facts) != 0) {
        return failed();
    }

    struct swap_extents swap = {
        .target = fd, .donor = donor, .length = facts.st_size,
        .facts = {
            .inode = facts.st_ino, .size = facts.st_size,
            .modification = {facts.st_mtim.tv_sec, (int32_t)facts.st_mtim.tv_nsec},
            .change = {facts.st_ctim.tv_sec, (int32_t)facts.st_ctim.tv_nsec},
        },
    };
    return answer(ioctl(fd, XFS_IOC_SWAPEXT, &swap));
}

const struct breaker block_breakers[] = {
    {"loop-device", NULL, by_loop_device},
    {"move-extent", NULL, by_move_extent},
    {"swap-extents", NULL, by_swap},
    {NULL, NULL, NULL},
};
