/* Which pages of a range are lost, or were: their entries, and the search through them. */
#define _GNU_SOURCE
#include "directmap.h"

#include <sys/mman.h>

_Atomic int64_t islands;

static size_t table_size(struct range *range)
{
    return (range->pages * sizeof(entry_t) + page_size - 1) & ~(page_size - 1);
}

/*
 * Memory that takes pages as they are touched, also where the process locks all that is mapped (mlockall with MCL_FUTURE): without access a
 * mapping is not populated, and it is unlocked before it gets any.
 */
static void *sparse(size_t length)
{
    void *made = mmap(NULL, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (made == MAP_FAILED) {
        return NULL;
    }

    if (munlock(made, length) != 0 || mprotect(made, length, PROT_READ | PROT_WRITE) != 0) {
        munmap(made, length);
        return NULL;
    }

    return made;
}

entry_t *table_of(struct range *range)
{
    entry_t *table = atomic_load(&range->lost);
    if (table == NULL) {
        void *made = sparse(table_size(range));
        if (made == NULL) {
            return NULL;
        }

        if (atomic_compare_exchange_strong(&range->lost, &table, made)) {
            return made;
        }

        munmap(made, table_size(range)); /* Another thread's fault was first; the exchange has told which table is there. */
    }

    return table;
}

void free_table(struct range *range)
{
    entry_t *table = atomic_exchange(&range->lost, NULL);
    if (table != NULL) {
        munmap(table, table_size(range));
    }
}

void add_islands(struct range *range, int64_t count)
{
    atomic_fetch_add(&range->islands, count);
    atomic_fetch_add(&islands, count);
}

void widen(struct range *range, int64_t page)
{
    int64_t low = atomic_load(&range->low), high = atomic_load(&range->high);
    while (page < low && !atomic_compare_exchange_weak(&range->low, &low, page)) {
    }

    while (page > high && !atomic_compare_exchange_weak(&range->high, &high, page)) {
    }
}

/* The owner has put other memory in place of the whole range: what was replaced before is one mapping with it. */
EXPORT void directmap_replaced_whole(struct range *range)
{
    add_islands(range, -atomic_load(&range->islands));
}

_Static_assert((TAKEN_ALONG & ENTRY_CODE) == 0, "directmap_find adds it to a code");

static int is_lost_since(uint32_t entry, uint32_t generation)
{
    return entry & ENTRY_LOST || (entry != 0 && entry >> ENTRY_GENERATION_SHIFT >= generation);
}

/*
 * The first page from `page` up to `end` that is as asked for: LOST_SINCE is one that an access that began in a generation must not
 * believe, because it is lost, or was since then; NOTED_NOW is one that is lost and was accessed, not only taken along. Returns its number,
 * or NO_PAGE. code: the si_code of its fault, with TAKEN_ALONG where it had none of its own.
 */
EXPORT int64_t directmap_find(struct range *range, int64_t page, int64_t end, int wanted, uint32_t generation, int *code)
{
    int is_negative = wanted & 1, is_since = wanted < LOST_NOW;
    uint32_t all = atomic_load(&range->all);
    int all_hit = wanted < NOTED_NOW && (is_since ? is_lost_since(all, generation) : (all & ENTRY_LOST) != 0);
    entry_t *table = atomic_load(&range->lost);
    int64_t low = atomic_load(&range->low), high = atomic_load(&range->high);
    for (; page < end; page++) {
        uint32_t entry = table == NULL || page < low || page > high ? 0 : atomic_load(&table[page]);
        int hit = is_since ? is_lost_since(entry, generation) : (entry & ENTRY_LOST) != 0;
        if ((hit || all_hit) != is_negative) {
            *code = (int)((hit ? entry : all) >> ENTRY_CODE_SHIFT & ENTRY_CODE) | (hit || !all_hit ? 0 : TAKEN_ALONG);
            return page;
        }

        if (page > high) {
            page = end; /* all the same from here on, */
        } else if (page < low) {
            page = low - 1; /* and up to there */
        }
    }

    return NO_PAGE;
}
