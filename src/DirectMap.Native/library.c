/* What the library is: which interface it has, and which layout of what it shares with the managed code. */
#define _GNU_SOURCE
#include "directmap.h"

#include <signal.h>
#include <sys/mman.h>

/* Which interface this is, of all files of the library. */
EXPORT int directmap_abi(void)
{
    return ABI;
}

/* One word of all that SHARED lists. */
EXPORT uint64_t directmap_layout(void)
{
#define OPEN(value) ((
#define STEP(value) ^ (uint64_t)(value)) * UINT64_C(0x100000001b3))
    static const uint64_t word = SHARED(OPEN) UINT64_C(0xcbf29ce484222325) SHARED(STEP); /* the compiler's work, or it is an error */
    return word;
}
