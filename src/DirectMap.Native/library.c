/* What the library is: which interface it has. */
#include "directmap.h"

/* Which interface this is, of all files of the library. */
EXPORT int directmap_abi(void)
{
    return ABI;
}
