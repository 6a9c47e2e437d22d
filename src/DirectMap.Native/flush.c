/*
 * Writes cache lines back to memory, and waits until they are there.
 *
 * Which instruction does it is decided once, when the library is loaded, so before anybody can call it: what is decided is never written
 * again, and needs no lock.
 *
 * x64. The rules are those of the Intel manual (SDM volume 2, CLFLUSH, CLFLUSHOPT, CLWB, SFENCE), which AMD's (APM volume 3) states alike:
 *  - CLFLUSHOPT and CLWB are ordered behind older stores of the same thread to the same line, so no fence is needed before them. They are
 *    not ordered among each other, nor before younger stores: an SFENCE is, and it is what directmap_drain does.
 *  - CLFLUSH is ordered with respect to other CLFLUSHes, to stores, and to fences: a younger store is seen only after the line has left the
 *    cache. It would need no fence. directmap_drain makes one all the same, because it also ends non-temporal stores (MOVNTI, MOVNTDQ),
 *    which are ordered by fences only, whatever flushes the other lines; when there is nothing to wait for it costs some two nanoseconds.
 *
 * Non-temporal stores are not a flush by themselves. Intel documents (SDM volume 1, "Caching of Temporal vs. Non-Temporal Data") that a
 * line which they hit in a cache is evicted; AMD says that what they do to a cache depends on the implementation, and on Zen 5 such a line
 * was measured to stay where it is (docs/benchmarks.md). So only on Intel's processors the fence alone makes them reach memory:
 * directmap_evicts.
 *
 * arm64 (Arm ARM, "Data cache maintenance instructions"): DC CVAP cleans a line to the point of persistence, where the processor has it
 * (HWCAP_DCPOP); otherwise DC CVAC, to the point of coherency, is what the kernel uses for persistent memory, too. Both are ordered behind
 * older stores to the line, and complete only by a DSB that covers loads and stores. STNP is a hint: the line may be in a cache afterwards.
 */
#include "directmap.h"

/* The choices are functions of what the processor says, and there on every processor, so that tests can ask for all of them. */

/* edx: CPUID leaf 1. ebx: leaf 7, subleaf 0; zero where there is none. */
EXPORT int directmap_choose_x64(uint32_t edx, uint32_t ebx)
{
    return ebx >> 24 & 1 ? CLWB : ebx >> 23 & 1 ? CLFLUSHOPT : edx >> 19 & 1 ? CLFLUSH : NONE;
}

/* hwcap: AT_HWCAP. DC CVAC is always there; Linux lets programs use it. */
EXPORT int directmap_choose_arm64(uint64_t hwcap)
{
    return hwcap >> 16 & 1 /* HWCAP_DCPOP */ ? DC_CVAP : DC_CVAC;
}

/*
 * Whether a processor's maker documents that non-temporal stores leave no line in a cache. The registers are those of CPUID leaf 0: the
 * maker's name.
 */
EXPORT int directmap_evicts_x64(uint32_t ebx, uint32_t edx, uint32_t ecx)
{
    return ebx == 0x756e6547 && edx == 0x49656e69 && ecx == 0x6c65746e; /* GenuineIntel */
}

static int chosen;
static size_t line_size;    /* a power of two */
static int line_shift;
static int evicts;

#if defined(__x86_64__)
#include <cpuid.h>

__attribute__((constructor)) static void choose(void)
{
    uint32_t eax, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid(0, &eax, &ebx, &ecx, &edx)) {
        evicts = directmap_evicts_x64(ebx, edx, ecx);
    }

    uint32_t line = 0, features = 0;
    if (__get_cpuid(1, &eax, &line, &ecx, &features)) {
        ebx = 0;
        if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) {
            ebx = 0;
        }

        chosen = directmap_choose_x64(features, ebx);
        line_size = (line >> 8 & 0xff) * 8;
    }

    if (chosen != NONE && line_size != 0 && (line_size & (line_size - 1)) == 0) {
        line_shift = __builtin_ctzl(line_size);
    } else {
        chosen = NONE; /* A processor that flushes lines says how long they are. */
        line_size = 0;
    }
}

static inline void clflush(uintptr_t line)
{
    __asm__ volatile("clflush %0" : "+m"(*(volatile char *)line));
}

static inline void clflushopt(uintptr_t line)
{
    __asm__ volatile("clflushopt %0" : "+m"(*(volatile char *)line));
}

static inline void clwb(uintptr_t line)
{
    __asm__ volatile("clwb %0" : "+m"(*(volatile char *)line));
}

static inline void fence(void)
{
    __asm__ volatile("sfence" ::: "memory");
}

#elif defined(__aarch64__)
#include <sys/auxv.h>

__attribute__((constructor)) static void choose(void)
{
    uint64_t type;
    __asm__("mrs %0, ctr_el0" : "=r"(type));
    line_shift = 2 + (int)(type >> 16 & 15); /* DminLine: of all the processor's data caches the smallest, in words */
    line_size = (size_t)1 << line_shift;
    chosen = directmap_choose_arm64(getauxval(AT_HWCAP));
}

static inline void dc_cvac(uintptr_t line)
{
    __asm__ volatile("dc cvac, %0" :: "r"(line) : "memory");
}

/* By its number: the assembler knows the name only for ARMv8.2. */
static inline void dc_cvap(uintptr_t line)
{
    __asm__ volatile("sys #3, c7, c12, #1, %0" :: "r"(line) : "memory");
}

static inline void fence(void)
{
    __asm__ volatile("dsb sy" ::: "memory");
}

#else
#error "How lines are flushed here is not known."
#endif

#ifdef DIRECTMAP_HOOKS /* for tests that want to see which lines are flushed */
EXPORT uintptr_t directmap_flushed[4096];
EXPORT int directmap_flushed_count;
#define HOOK_LINE(line) ((void)(directmap_flushed[directmap_flushed_count++ & 4095] = (line)))
#else
#define HOOK_LINE(line) ((void)0)
#endif

/*
 * The loops are apart for each instruction, so that none asks at each line which it is. The count cannot overflow, as an end address could.
 */
#define FLUSH_BY(flush_line) \
    do { \
        do { \
            HOOK_LINE(line); \
            flush_line(line); \
            line += size; \
        } while (--count != 0); \
    } while (0)

/* Which instruction there is; NONE: do not flush. */
EXPORT int directmap_flush_instruction(void)
{
    return chosen;
}

/* Bytes of a cache line. */
EXPORT int directmap_flush_line(void)
{
    return (int)line_size;
}

/* Whether non-temporal stores are in memory after directmap_drain, without a flush. */
EXPORT int directmap_evicts(void)
{
    return evicts;
}

/* Begins to write back every line that has a byte of the range. The range must be mapped. directmap_drain waits for it. */
EXPORT void directmap_flush(uintptr_t start, size_t length)
{
    if (length == 0 || chosen == NONE) {
        return;
    }

    size_t size = line_size;
    uintptr_t line = start & ~(uintptr_t)(size - 1);
    size_t count = ((start - line + (length - 1)) >> line_shift) + 1;
    switch (chosen) {
#if defined(__x86_64__)
    case CLWB:
        FLUSH_BY(clwb);
        break;
    case CLFLUSHOPT:
        FLUSH_BY(clflushopt);
        break;
    default:
        FLUSH_BY(clflush);
        break;
#elif defined(__aarch64__)
    case DC_CVAP:
        FLUSH_BY(dc_cvap);
        break;
    default:
        FLUSH_BY(dc_cvac);
        break;
#endif
    }
}

/* When it returns, what was flushed, and what was stored non-temporally, is in memory, or in what the platform counts as such. */
EXPORT void directmap_drain(void)
{
    fence();
}
