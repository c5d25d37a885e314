/* A tree of boxes over faces: sorted along a Z curve, eight to a leaf, a perfect binary tree above them.

   The curve runs over the ranks of the faces' centres along each axis, not over their coordinates: one vertex a
   kilometre away does not press all others into one cell. */

#include "kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGIT = 11, BUCKETS = 1 << DIGIT, CURVE_BITS = 10 };
enum { COARSE = 10 }; /* low bits of a coordinate that its rank may do without */

typedef struct {
    uint32_t key, face;
} Entry;

/* Stable and by the bits of the key from one on; eleven bits a pass from one list to the other, the result in `from`. */
static void sort_entries(Entry **from, Entry **to, size_t count, int first_bit, int last_bit) {
    for (int shift = first_bit; shift < last_bit; shift += DIGIT) {
        size_t begin[BUCKETS] = {0}, total = 0;
        for (size_t i = 0; i < count; i++) begin[(*from)[i].key >> shift & (BUCKETS - 1)]++;
        for (int digit = 0; digit < BUCKETS; digit++) {
            size_t size = begin[digit];
            begin[digit] = total;
            total += size;
        }
        for (size_t i = 0; i < count; i++) (*to)[begin[(*from)[i].key >> shift & (BUCKETS - 1)]++] = (*from)[i];
        Entry *kept = *from;
        *from = *to;
        *to = kept;
    }
}

/* Integers in the order of the floats they stand for. */
static uint32_t float_order(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float lowest(const float *vertices, const int32_t *face, int axis) {
    float a = vertices[3 * (size_t)face[0] + (size_t)axis], b = vertices[3 * (size_t)face[1] + (size_t)axis],
          c = vertices[3 * (size_t)face[2] + (size_t)axis];
    a = a < b ? a : b;
    return a < c ? a : c;
}

static float highest(const float *vertices, const int32_t *face, int axis) {
    float a = vertices[3 * (size_t)face[0] + (size_t)axis], b = vertices[3 * (size_t)face[1] + (size_t)axis],
          c = vertices[3 * (size_t)face[2] + (size_t)axis];
    a = a > b ? a : b;
    return a > c ? a : c;
}

/* Ten bits with two free places behind each. */
static uint32_t spread(uint32_t bits) {
    bits = (bits | bits << 16) & 0x030000FFu;
    bits = (bits | bits << 8) & 0x0300F00Fu;
    bits = (bits | bits << 4) & 0x030C30C3u;
    return (bits | bits << 2) & 0x09249249u;
}

/* The faces in the order of the curve. */
static Status sort_along_curve(const float *vertices, const int32_t *faces, size_t count, uint32_t *order) {
    Entry *from = malloc((count + 1) * sizeof *from), *to = malloc((count + 1) * sizeof *to);
    uint32_t *curve = calloc(count + 1, sizeof *curve);
    if (from && to && curve) {
        for (int axis = 0; axis < 3; axis++) {
            for (size_t f = 0; f < count; f++) {
                float centre = 0.5f * lowest(vertices, &faces[3 * f], axis) + 0.5f * highest(vertices, &faces[3 * f], axis);
                from[f] = (Entry){float_order(centre), (uint32_t)f};
            }
            sort_entries(&from, &to, count, COARSE, 32);
            for (size_t rank = 0; rank < count; rank++)
                curve[from[rank].face] |= spread((uint32_t)(((uint64_t)rank << CURVE_BITS) / count)) << axis;
        }
        for (size_t f = 0; f < count; f++) from[f] = (Entry){curve[f], (uint32_t)f};
        sort_entries(&from, &to, count, 0, 3 * CURVE_BITS);
        for (size_t i = 0; i < count; i++) order[i] = from[i].face;
    }
    Status status = from && to && curve ? DONE : NO_MEMORY;
    free(curve);
    free(to);
    free(from);
    return status;
}

static void fill_leaf(Tree *tree, size_t leaf, const float *vertices, const int32_t *faces) {
    Box *node = &tree->nodes[tree->leaves + leaf];
    for (int axis = 0; axis < 3; axis++) {
        node->low[axis] = INFINITY;
        node->high[axis] = -INFINITY;
        for (size_t lane = 0; lane < LANES; lane++) {
            size_t place = leaf * LANES + lane;
            float low = INFINITY, high = -INFINITY;
            if (place < tree->count) {
                low = lowest(vertices, &faces[3 * (size_t)tree->order[place]], axis);
                high = highest(vertices, &faces[3 * (size_t)tree->order[place]], axis);
            }
            tree->faces[leaf].low[axis][lane] = low;
            tree->faces[leaf].high[axis][lane] = high;
            if (low < node->low[axis]) node->low[axis] = low;
            if (high > node->high[axis]) node->high[axis] = high;
        }
    }
}

static void join_children(Tree *tree, size_t node) {
    const Box *one = &tree->nodes[2 * node], *other = &tree->nodes[2 * node + 1];
    for (int axis = 0; axis < 3; axis++) {
        tree->nodes[node].low[axis] = one->low[axis] < other->low[axis] ? one->low[axis] : other->low[axis];
        tree->nodes[node].high[axis] = one->high[axis] > other->high[axis] ? one->high[axis] : other->high[axis];
    }
}

/* Whether faces name vertices that are there, and coordinates are finite. */
Status check_surface(const float *vertices, size_t points, const int32_t *faces, size_t count) {
    if (count > INT32_MAX / 3) return TOO_LARGE;
    for (size_t i = 0; i < 3 * points; i++)
        if (!isfinite(vertices[i])) return BAD_NUMBER;
    for (size_t i = 0; i < 3 * count; i++)
        if (faces[i] < 0 || (size_t)faces[i] >= points) return BAD_INDEX;
    return DONE;
}

/* Of a surface that was checked. */
Status tree_build(Tree *tree, const float *vertices, const int32_t *faces, size_t count) {
    *tree = (Tree){NULL, NULL, NULL, 1, count};
    while (tree->leaves * LANES < count) tree->leaves *= 2;
    tree->order = malloc((count + 1) * sizeof *tree->order);
    Status status = tree->order ? sort_along_curve(vertices, faces, count, tree->order) : NO_MEMORY;
    if (status != DONE) return status;
    tree->faces = malloc(tree->leaves * sizeof *tree->faces);
    tree->nodes = malloc(2 * tree->leaves * sizeof *tree->nodes);
    if (!tree->faces || !tree->nodes) return NO_MEMORY;
    for (size_t leaf = 0; leaf < tree->leaves; leaf++) fill_leaf(tree, leaf, vertices, faces);
    for (size_t node = tree->leaves; --node;) join_children(tree, node);
    return DONE;
}

void tree_free(Tree *tree) {
    free(tree->order);
    free(tree->faces);
    free(tree->nodes);
}
