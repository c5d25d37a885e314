/* The nearest face to each of many points: down the tree of boxes, nearer boxes first. Distances step by step as
   casepan.mesh.nearest computes them, so that the same face wins. */

#include "kernels.h"

#include <math.h>
#include <stdlib.h>

enum { WIDE = LANES, STACK = 128 }; /* eight boxes at a time, three levels of the tree; at most ten such steps */

static const double TIE = 1e-9;    /* of equally near faces the one the point stands higher over goes first */
static const double FLAT = 1e-20;  /* squared sine below which a face is no more than its edges */
static const double SLACK = 1e-6;  /* boxes are measured in float: a hair more than can be better is looked at */
static const double LEAST = 1e-30; /* the same where floats lose their digits */

typedef struct {
    double x, y, z;
} Vector;

typedef struct {
    double square, height, rank;
    int32_t face;
} Best;

/* Discs that hold the faces of a leaf: how far a point is from these says more than how far it is from the boxes, above a
   flat surface most of all. `error` is how far the rounded middle may be off. */
typedef struct {
    float middle[3][LANES], normal[3][LANES], radius[LANES], error[LANES];
} Discs;

typedef struct {
    const float *vertices;
    const int32_t *faces;
    const Tree *tree;
    const Discs *discs;
    const Boxes *wide; /* for every third level of nodes the boxes three levels below */
    double farthest; /* squared */
} Search;

static Vector vector(const float *at) { return (Vector){at[0], at[1], at[2]}; }

static Vector minus(Vector p, Vector q) { return (Vector){p.x - q.x, p.y - q.y, p.z - q.z}; }

static double dot(Vector p, Vector q) { return p.x * q.x + p.y * q.y + p.z * q.z; }

static Vector cross(Vector p, Vector q) {
    return (Vector){p.y * q.z - p.z * q.y, p.z * q.x - p.x * q.z, p.x * q.y - p.y * q.x};
}

static double to_edge(Vector p, Vector a, Vector b) {
    Vector along = minus(b, a), there = minus(p, a);
    double length = dot(along, along);
    double share = dot(there, along) / (length > 1e-300 ? length : 1e-300);
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    Vector rest = {there.x - share * along.x, there.y - share * along.y, there.z - share * along.z};
    return dot(rest, rest);
}

static double side(Vector p, Vector from, Vector to, Vector normal) {
    return dot(cross(minus(to, from), minus(p, from)), normal);
}

/* Squared distance to one face, and the height over its plane, 0 without one. */
static double to_face(const Search *search, Vector p, uint32_t face, double *height) {
    const int32_t *ids = &search->faces[3 * (size_t)face];
    Vector a = vector(&search->vertices[3 * (size_t)ids[0]]), b = vector(&search->vertices[3 * (size_t)ids[1]]),
           c = vector(&search->vertices[3 * (size_t)ids[2]]), u = minus(b, a), v = minus(c, a), normal = cross(u, v);
    double size = dot(normal, normal);
    int plane = size > FLAT * dot(u, u) * dot(v, v);
    *height = plane ? dot(minus(p, a), normal) / sqrt(size) : 0;
    if (plane && side(p, a, b, normal) >= 0 && side(p, b, c, normal) >= 0 && side(p, c, a, normal) >= 0)
        return *height * *height;
    return fmin(fmin(to_edge(p, a, b), to_edge(p, b, c)), to_edge(p, c, a));
}

static void try_face(const Search *search, Vector p, uint32_t face, Best *best) {
    double height, square = to_face(search, p, face, &height), rank = square - TIE * (height * height);
    if (square > search->farthest || rank > best->rank || (rank == best->rank && (int32_t)face >= best->face)) return;
    *best = (Best){square, height, rank, (int32_t)face};
}

static float above(float value, float other) { return value > other ? value : other; }

/* Squared distances from a point to boxes. */
static void to_lanes(const Boxes *boxes, const float *p, float squares[LANES]) {
    for (int lane = 0; lane < LANES; lane++) {
        float x = above(above(boxes->low[0][lane] - p[0], p[0] - boxes->high[0][lane]), 0);
        float y = above(above(boxes->low[1][lane] - p[1], p[1] - boxes->high[1][lane]), 0);
        float z = above(above(boxes->low[2][lane] - p[2], p[2] - boxes->high[2][lane]), 0);
        squares[lane] = x * x + y * y + z * z;
    }
}

static float allowed(const Best *best) { return (float)(best->square * (1 + SLACK) + LEAST); }

/* No more than the squared distance from a point to the disc of a face, roundings taken off. */
static void to_discs(const Discs *discs, const float *p, float squares[LANES]) {
    for (int lane = 0; lane < LANES; lane++) {
        float x = p[0] - discs->middle[0][lane], y = p[1] - discs->middle[1][lane], z = p[2] - discs->middle[2][lane];
        float square = x * x + y * y + z * z;
        float height = x * discs->normal[0][lane] + y * discs->normal[1][lane] + z * discs->normal[2][lane];
        float along = sqrtf(above(square - height * height, 0)), out = above(along - discs->radius[lane], 0);
        float loose = 1e-5f * square + 4 * discs->error[lane] * (sqrtf(square) + discs->error[lane]);
        squares[lane] = height * height + out * out - loose;
    }
}

static void try_leaf(const Search *search, size_t leaf, const float *at, Best *best) {
    const Tree *tree = search->tree;
    float boxes[LANES], discs[LANES];
    to_lanes(&tree->faces[leaf], at, boxes);
    to_discs(&search->discs[leaf], at, discs);
    for (size_t lane = 0; lane < LANES; lane++)
        if (boxes[lane] <= allowed(best) && !(discs[lane] > allowed(best)) && leaf * LANES + lane < tree->count)
            try_face(search, vector(at), tree->order[leaf * LANES + lane], best);
}

static double largest(Vector p) { return fmax(fmax(fabs(p.x), fabs(p.y)), fabs(p.z)); }

static void set_disc(const Search *search, uint32_t face, Discs *discs, size_t lane) {
    const int32_t *ids = &search->faces[3 * (size_t)face];
    Vector corner[3], middle = {0, 0, 0};
    for (int k = 0; k < 3; k++) {
        corner[k] = vector(&search->vertices[3 * (size_t)ids[k]]);
        middle = (Vector){middle.x + corner[k].x / 3, middle.y + corner[k].y / 3, middle.z + corner[k].z / 3};
    }
    Vector u = minus(corner[1], corner[0]), v = minus(corner[2], corner[0]), normal = cross(u, v);
    double radius = 0, size = 0, far = 0;
    for (int k = 0; k < 3; k++) {
        Vector spoke = minus(corner[k], middle);
        radius = fmax(radius, dot(spoke, spoke));
        far = fmax(far, largest(corner[k]));
    }
    size = dot(normal, normal);
    double scale = size > FLAT * dot(u, u) * dot(v, v) ? 1 / sqrt(size) : 0; /* without a normal the disc is a ball */
    const double place[3] = {middle.x, middle.y, middle.z}, up[3] = {normal.x, normal.y, normal.z};
    for (int axis = 0; axis < 3; axis++) {
        discs->middle[axis][lane] = (float)place[axis];
        discs->normal[axis][lane] = (float)(up[axis] * scale);
    }
    discs->error[lane] = (float)(far * FLT_EPSILON + FLT_MIN);
    discs->radius[lane] = (float)(sqrt(radius) * (1 + SLACK)) + discs->error[lane];
}

static Discs *discs_of(const Search *search) {
    const Tree *tree = search->tree;
    Discs *discs = calloc(tree->leaves, sizeof *discs);
    for (size_t place = 0; discs && place < tree->count; place++)
        set_disc(search, tree->order[place], &discs[place / LANES], place % LANES);
    return discs;
}

/* The highest nodes from which steps of three levels lead to the leaves; there are as many as the number says. */
static size_t first_node(const Tree *tree) {
    size_t nodes = tree->leaves;
    while (nodes >= WIDE) nodes /= WIDE;
    return nodes;
}

static void search_tree(const Search *search, const float *at, Best *best) {
    const Tree *tree = search->tree;
    struct {
        size_t node;
        float square;
    } stack[STACK];
    int depth = 0;
    for (size_t node = first_node(tree), end = 2 * node; node < end; node++, depth++) {
        stack[depth].node = node;
        stack[depth].square = 0;
    }
    while (depth) {
        size_t node = stack[--depth].node;
        if (stack[depth].square > allowed(best)) continue;
        if (node >= tree->leaves) {
            try_leaf(search, node - tree->leaves, at, best);
            continue;
        }
        float squares[LANES];
        to_lanes(&search->wide[node], at, squares);
        for (size_t lane = 0; lane < WIDE; lane++) {
            stack[depth].node = WIDE * node + lane;
            stack[depth].square = squares[lane];
            depth += squares[lane] <= allowed(best);
        }
    }
}

static Boxes *wide_of(const Tree *tree) {
    Boxes *wide = calloc(2 * tree->leaves / WIDE + 1, sizeof *wide);
    for (size_t level = first_node(tree); wide && level < tree->leaves; level *= WIDE)
        for (size_t node = level; node < 2 * level; node++)
            for (size_t lane = 0; lane < WIDE; lane++)
                for (int axis = 0; axis < 3; axis++) {
                    wide[node].low[axis][lane] = tree->nodes[WIDE * node + lane].low[axis];
                    wide[node].high[axis][lane] = tree->nodes[WIDE * node + lane].high[axis];
                }
    return wide;
}

/* Points of a scan follow each other closely: the face of the one before tells at once how far to look. Faces farther
   than the limit are not found (-1). */
Status nearest_faces(const float *vertices, size_t points, const int32_t *faces, size_t count, const float *asked,
                     size_t size, double limit, double *squares, int32_t *found, double *heights) {
    Tree tree = {0};
    Status status = check_surface(vertices, points, faces, count);
    for (size_t i = 0; i < 3 * size && status == DONE; i++)
        if (!isfinite(asked[i])) status = BAD_NUMBER;
    if (status == DONE) status = tree_build(&tree, vertices, faces, count);
    Search search = {vertices, faces, &tree, NULL, NULL, limit * limit};
    Discs *discs = status == DONE ? discs_of(&search) : NULL;
    Boxes *wide = status == DONE ? wide_of(&tree) : NULL;
    if (status == DONE && !(discs && wide)) status = NO_MEMORY;
    search.discs = discs;
    search.wide = wide;
    int32_t last = -1;
    for (size_t i = 0; i < size && status == DONE; i++) {
        Best best = {search.farthest, 0, INFINITY, -1};
        if (last >= 0) try_face(&search, vector(&asked[3 * i]), (uint32_t)last, &best);
        search_tree(&search, &asked[3 * i], &best);
        squares[i] = best.square;
        heights[i] = best.height;
        found[i] = best.face;
        if (best.face >= 0) last = best.face;
    }
    free(wide);
    free(discs);
    tree_free(&tree);
    return status;
}
