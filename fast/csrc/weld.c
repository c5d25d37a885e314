/* The exact weld: a hash table from coordinates to the number of the vertex that has them. */

#include "kernels.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 32 };

typedef struct {
    uint32_t word[3];
} Point;

typedef struct {
    int32_t *slots; /* vertex number or -1; 1 << bits of them, at most half of them taken */
    int bits;
    uint64_t salt;  /* chosen by the caller: nobody can make a file whose points all fall on one slot */
} Table;

static Point load(const unsigned char *at) {
    Point point;
    memcpy(point.word, at, sizeof point.word);
    for (int k = 0; k < 3; k++)
        if (point.word[k] == 0x80000000u) point.word[k] = 0; /* -0.0 is 0.0 */
    return point;
}

static uint64_t hash(const Point *point, uint64_t salt) {
    uint64_t mixed = (((uint64_t)point->word[0] << 32 | point->word[1]) ^ salt) * 0x9E3779B97F4A7C15u;
    mixed ^= mixed >> 32;
    mixed += point->word[2] * 0xC2B2AE3D27D4EB4Fu;
    mixed *= 0xD6E8FEB86659FD93u;
    return mixed ^ mixed >> 32;
}

static int same(const Point *a, const Point *b) {
    return !((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) | (a->word[2] ^ b->word[2]));
}

static Status grow(Table *table, const Point *points, size_t count) {
    size_t size = (size_t)1 << ++table->bits, mask = size - 1;
    int32_t *slots = malloc(size * sizeof *slots);
    if (!slots) return NO_MEMORY;
    memset(slots, 0xFF, size * sizeof *slots);
    for (size_t i = 0; i < count; i++) {
        size_t place = hash(&points[i], table->salt) & mask;
        while (slots[place] >= 0) place = (place + 1) & mask;
        slots[place] = (int32_t)i;
    }
    free(table->slots);
    table->slots = slots;
    return DONE;
}

/* The vertex at this point, added when it is new. */
static Status number(Table *table, Heap *found, const Point *point, uint64_t hashed, int32_t *result) {
    size_t mask = ((size_t)1 << table->bits) - 1, place = hashed & mask;
    const Point *points = (const Point *)found->bytes;
    for (int32_t known; (known = table->slots[place]) >= 0; place = (place + 1) & mask)
        if (same(&points[known], point)) {
            *result = known;
            return DONE;
        }
    size_t count = found->size / sizeof *point;
    *result = table->slots[place] = (int32_t)count;
    Status status = heap_add(found, point, sizeof *point);
    if (status != DONE || 2 * (count + 1) <= mask) return status;
    return grow(table, (const Point *)found->bytes, count + 1);
}

static Status weld_batch(Table *table, Heap *found, const Point *points, size_t count, int32_t *inverse) {
    uint64_t hashes[BATCH];
    size_t mask = ((size_t)1 << table->bits) - 1;
    for (size_t i = 0; i < count; i++) {
        hashes[i] = hash(&points[i], table->salt);
        PREFETCH(&table->slots[hashes[i] & mask]);
    }
    for (size_t i = 0; i < count; i++) {
        Status status = number(table, found, &points[i], hashes[i], &inverse[i]);
        if (status != DONE) return status;
    }
    return DONE;
}

/* Points lie in records of `run` points each, `stride` bytes apart; `found` gets the different ones, first seen first,
   `inverse` which of them each point is. Coordinates are little-endian float32 compared bit by bit. */
Status weld(const unsigned char *data, size_t stride, size_t run, size_t records, uint64_t salt, int32_t *inverse,
            Heap *found) {
    if (run && records > INT32_MAX / run) return TOO_LARGE;
    Table table = {NULL, 9, salt * 0x9E3779B97F4A7C15u};
    Status status = grow(&table, NULL, 0);
    size_t total = run * records;
    Point batch[BATCH];
    for (size_t begin = 0, record = 0, within = 0; begin < total && status == DONE; begin += BATCH) {
        size_t count = total - begin < BATCH ? total - begin : BATCH;
        for (size_t i = 0; i < count; i++) {
            batch[i] = load(data + record * stride + within * sizeof(Point));
            if (++within == run) within = 0, record++;
        }
        status = weld_batch(&table, found, batch, count, inverse + begin);
    }
    free(table.slots);
    return status;
}
