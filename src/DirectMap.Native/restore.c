/* Mapping the file again where pages were lost. */
#define _GNU_SOURCE
#include "directmap.h"

#include <errno.h>
#include <sys/mman.h>

/* What a restoration makes of a page. */
enum fate { IS_THERE, COMES_BACK, STAYS_LOST };

static enum fate fate_of(
    struct range *range, int64_t page, int is_whole, int is_noted_whole, const int64_t **good, const int64_t *good_end)
{
    int is_noted = is_noted_whole
        || (page >= atomic_load(&range->low) && page <= atomic_load(&range->high) && is_lost(range->lost, range->pages, (size_t)page));
    if (!is_noted) {
        return is_whole ? COMES_BACK : IS_THERE;
    }

    while (*good < good_end && (*good)[1] <= page) {
        *good += 2;
    }

    return *good < good_end && (*good)[0] <= page ? COMES_BACK : STAYS_LOST;
}

/* The end of the run of pages from `page` on that share a fate, as far as that is told without looking at each. */
static int64_t end_of(struct range *range, int64_t page, int is_noted_whole)
{
    int64_t low = atomic_load(&range->low), high = atomic_load(&range->high), pages = (int64_t)range->pages;
    if (is_noted_whole || (page >= low && page <= high)) {
        return page + 1;
    }

    return page < low && low < pages ? low : pages;
}

/*
 * Maps the file again where pages were lost and the kernel has them now. good: count runs, first page and end, in order: pages that it was
 * asked for and gave. Pages that were only taken along come back in any case.
 * next: the state of the next generation, with the owner's bits set; it takes the place of the present one, and has LOST and the first lost
 * page set when pages are still lost.
 * The caller makes sure that nobody unregisters the range, restores it or changes either state meanwhile.
 * Returns how many pages are still lost, or -1 when there is no memory; then everything is as before. failure: the error number where the
 * file could not be mapped, or 0.
 */
EXPORT int64_t directmap_restore(
    struct range *range, int file, int64_t offset, struct state *next, const int64_t *good, int64_t count, int *failure)
{
    int is_noted_whole = atomic_load(&range->lost) == NULL; /* nothing could be noted: each page has to be good */
    entry_t *table = table_of(range);
    *failure = table == NULL ? ENOMEM : 0;
    if (table == NULL) {
        return -1;
    }

    /* Invariant 2. From here on, until it is cleared, no handler marks or replaces a page. */
    atomic_store(&range->restoring, 1);
    wait_for_readers(range);
    int is_whole = (atomic_load(&range->all) & ENTRY_LOST) != 0;
    const int64_t *good_end = good + 2 * count;
    int64_t left = 0, runs = 0, pages = (int64_t)range->pages;
    for (int64_t page = 0, end; page < pages; page = end) {
        enum fate fate = fate_of(range, page, is_whole, is_noted_whole, &good, good_end);
        end = end_of(range, page, is_noted_whole);
        while (end < pages && fate_of(range, end, is_whole, is_noted_whole, &good, good_end) == fate) {
            end = end_of(range, end, is_noted_whole);
        }

        if (fate == IS_THERE) {
            continue;
        }

        if (fate == COMES_BACK) {
            void *at = (void *)(range->start + (uintptr_t)page * page_size);
            size_t length = (size_t)(end - page) * page_size;
            if (mmap(at, length, range->protection, range->sharing | MAP_FIXED, file, offset + (off_t)page * (off_t)page_size) == at) {
                madvise(at, length, MADV_DONTFORK);
                int64_t low = atomic_load(&range->low), high = atomic_load(&range->high);
                for (int64_t i = page > low ? page : low; i < end && i <= high; i++) {
                    atomic_fetch_and(&table[i], ~(uint32_t)ENTRY_LOST);
                }

                continue;
            }

            /*
             * Before about Linux 6.12 a file system that refuses (MAP_SYNC) leaves a gap; where this fails, too, the anonymous pages are
             * mostly still there.
             */
            *failure = errno;
            (void)replace((uintptr_t)at, length, range->protection);
        }

        /* Noted for the generation that begins: an access of it that meets the anonymous page must learn of it even after the next one. */
        uint32_t code = atomic_load(&table[page]) & ENTRY_CODE << ENTRY_CODE_SHIFT;
        if (left == 0) {
            atomic_store(&next->first, page);
        }

        widen(range, page);
        widen(range, end - 1);
        for (int64_t i = page; i < end; i++) {
            atomic_store(&table[i], next->generation << ENTRY_GENERATION_SHIFT | code | ENTRY_LOST);
        }

        left += end - page;
        runs++;
    }

    atomic_fetch_and(&range->all, ~(uint32_t)ENTRY_LOST);
    add_islands(range, runs - atomic_load(&range->islands));
    if (left != 0) {
        atomic_fetch_or(&next->word, LOST);
    }

    atomic_store(&range->state, next);
    atomic_store(&range->restoring, 0);
    return left;
}
