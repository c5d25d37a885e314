/* All pairs of faces that meet: the tree of boxes against itself, then the exact test. */

#include "kernels.h"

enum { MOST_LEVELS = 40, STACK = 3 * MOST_LEVELS + 8 };

typedef struct {
    const float *vertices;
    const int32_t *faces;
    const Tree *tree;
    uint64_t seen, most;
    Heap *pairs;
} Search;

static int overlap(const Box *a, const Box *b) {
    return a->low[0] <= b->high[0] && b->low[0] <= a->high[0] && a->low[1] <= b->high[1] && b->low[1] <= a->high[1] &&
           a->low[2] <= b->high[2] && b->low[2] <= a->high[2];
}

static Triangle triangle(const Search *search, uint32_t face) {
    Triangle found = {{0}, &search->faces[3 * (size_t)face]};
    for (int k = 0; k < 3; k++) found.corner[k] = &search->vertices[3 * (size_t)found.id[k]];
    return found;
}

static Status test_pair(Search *search, const Triangle *one, const Plane *plane, uint32_t face, uint32_t partner) {
    if (++search->seen > search->most) return TOO_MANY;
    Triangle other = triangle(search, partner);
    if (surely_apart(one, plane, &other)) return DONE;
    Plane second = plane_of(&other);
    if (surely_apart(&other, &second, one) || !triangles_meet(one, &other)) return DONE;
    int32_t pair[2] = {(int32_t)face, (int32_t)partner};
    return heap_add(search->pairs, pair, sizeof pair);
}

/* Which boxes of a leaf overlap one box, a bit each. */
static unsigned lanes_hit(const Boxes *boxes, const Box *box) {
    unsigned char hit[LANES];
    unsigned bits = 0;
    for (int lane = 0; lane < LANES; lane++)
        hit[lane] = (unsigned char)((boxes->low[0][lane] <= box->high[0]) & (box->low[0] <= boxes->high[0][lane]) &
                                    (boxes->low[1][lane] <= box->high[1]) & (box->low[1] <= boxes->high[1][lane]) &
                                    (boxes->low[2][lane] <= box->high[2]) & (box->low[2] <= boxes->high[2][lane]));
    for (int lane = 0; lane < LANES; lane++) bits |= (unsigned)hit[lane] << lane;
    return bits;
}

static Box lane_box(const Boxes *boxes, int lane) {
    Box box;
    for (int axis = 0; axis < 3; axis++) {
        box.low[axis] = boxes->low[axis][lane];
        box.high[axis] = boxes->high[axis][lane];
    }
    return box;
}

/* One face with some of a leaf, a bit each. */
static Status test_face(Search *search, uint32_t face, size_t leaf, unsigned hit) {
    Triangle one = triangle(search, face);
    Plane plane = plane_of(&one);
    for (size_t place = leaf * LANES; hit; place++, hit >>= 1) {
        Status status = hit & 1 ? test_pair(search, &one, &plane, face, search->tree->order[place]) : DONE;
        if (status != DONE) return status;
    }
    return DONE;
}

/* Faces of two leaves, or of one leaf with those behind them. */
static Status test_leaves(Search *search, size_t one, size_t other) {
    const Tree *tree = search->tree;
    unsigned near = one == other ? (1u << LANES) - 1 : lanes_hit(&tree->faces[one], &tree->nodes[tree->leaves + other]);
    for (int i = 0; near; i++, near >>= 1) {
        if (!(near & 1) || one * LANES + (size_t)i >= tree->count) continue;
        Box box = lane_box(&tree->faces[one], i);
        unsigned hit = lanes_hit(&tree->faces[other], &box);
        if (one == other) hit &= ~0u << (i + 1);
        Status status = hit ? test_face(search, tree->order[one * LANES + (size_t)i], other, hit) : DONE;
        if (status != DONE) return status;
    }
    return DONE;
}

/* Both nodes of a pair always lie on one level, as the tree is perfect. */
static Status search_tree(Search *search) {
    const Tree *tree = search->tree;
    size_t stack[STACK][2] = {{1, 1}};
    for (int depth = 1; depth;) {
        size_t a = stack[--depth][0], b = stack[depth][1];
        if (a != b && !overlap(&tree->nodes[a], &tree->nodes[b])) continue;
        if (a >= tree->leaves) {
            Status status = test_leaves(search, a - tree->leaves, b - tree->leaves);
            if (status != DONE) return status;
            continue;
        }
        size_t children[4][2] = {{2 * a, 2 * b}, {2 * a + 1, 2 * b + 1}, {2 * a, 2 * b + 1}, {2 * a + 1, 2 * b}};
        for (int k = 0; k < (a == b ? 3 : 4); k++, depth++) {
            stack[depth][0] = children[k][0];
            stack[depth][1] = children[k][1];
        }
    }
    return DONE;
}

/* Pairs (two int32 each) of faces that meet, in no special order. `most` overlapping boxes are too many. */
Status meeting_pairs(const float *vertices, size_t points, const int32_t *faces, size_t count, uint64_t most,
                     Heap *pairs) {
    Tree tree = {0};
    Status status = check_surface(vertices, points, faces, count);
    if (status == DONE) status = tree_build(&tree, vertices, faces, count);
    if (status == DONE) {
        Search search = {vertices, faces, &tree, 0, most, pairs};
        status = search_tree(&search);
    }
    tree_free(&tree);
    return status;
}
