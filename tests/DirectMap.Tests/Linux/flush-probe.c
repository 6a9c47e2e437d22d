/*
 * Flushes ranges at all offsets, with a flush.c that records the lines (DIRECTMAP_HOOKS), and says which instruction it was.
 * Exit code 0: each line that has a byte was flushed once, in order, and no other.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int directmap_flush_instruction(void);
int directmap_flush_line(void);
int directmap_evicts(void);
void directmap_flush(uintptr_t start, size_t length);
void directmap_drain(void);
extern uintptr_t directmap_flushed[];
extern int directmap_flushed_count;

int main(void)
{
    static char memory[8192] __attribute__((aligned(4096)));
    uintptr_t size = (uintptr_t)directmap_flush_line();
    for (uintptr_t start = (uintptr_t)memory; start < (uintptr_t)memory + 256; start++) {
        for (size_t length = 0; length < 600; length++) {
            directmap_flushed_count = 0;
            directmap_flush(start, length);
            uintptr_t line = size == 0 ? 0 : start / size * size;
            int count = size == 0 || length == 0 ? 0 : (int)((start + length - 1) / size - start / size + 1);
            int wrong = directmap_flushed_count != count;
            for (int i = 0; i < count && !wrong; i++) {
                wrong = directmap_flushed[i] != line + (uintptr_t)i * size;
            }

            if (wrong) {
                printf("%zu bytes at %zu: %d lines, not %d\n", length, (size_t)(start - (uintptr_t)memory), directmap_flushed_count, count);
                return 1;
            }
        }
    }

    directmap_drain();
    printf("instruction %d, line %d, evicts %d\n", directmap_flush_instruction(), directmap_flush_line(), directmap_evicts());
    return 0;
}
