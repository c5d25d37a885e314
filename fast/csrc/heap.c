/* Growing lists and one sort. */

#include "kernels.h"

#include <stdlib.h>
#include <string.h>

Status heap_add(Heap *heap, const void *item, size_t size) {
    if (heap->size + size > heap->room) {
        size_t room = heap->room ? 2 * heap->room : 4096;
        unsigned char *bytes = realloc(heap->bytes, room);
        if (!bytes) return NO_MEMORY;
        heap->bytes = bytes;
        heap->room = room;
    }
    memcpy(heap->bytes + heap->size, item, size);
    heap->size += size;
    return DONE;
}

void heap_free(Heap *heap) {
    free(heap->bytes);
    memset(heap, 0, sizeof *heap);
}

static void insertion(uint32_t *values, size_t count) {
    for (size_t i = 1; i < count; i++) {
        uint32_t value = values[i];
        size_t k = i;
        for (; k && values[k - 1] > value; k--) values[k] = values[k - 1];
        values[k] = value;
    }
}

static void sink(uint32_t *values, size_t at, size_t count) {
    uint32_t value = values[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && values[child + 1] > values[child]) child++;
        if (values[child] <= value) break;
        values[at] = values[child];
    }
    values[at] = value;
}

void sort_u32(uint32_t *values, size_t count) {
    if (count <= 24) {
        insertion(values, count);
        return;
    }
    for (size_t i = count / 2; i--;) sink(values, i, count);
    for (size_t last = count - 1; last; last--) {
        uint32_t largest = values[0];
        values[0] = values[last];
        values[last] = largest;
        sink(values, 0, last);
    }
}
