/* Whether two triangles have more in common than the corners they share, exactly. The same cases in the same order as
   casepan.mesh.touching, which says why they are enough. */

#include "kernels.h"

#include <math.h>

#define BOUND (16 * 0x1p-53) /* as for orient3d */

static const int EDGE[3][2] = {{0, 1}, {1, 2}, {2, 0}};

typedef struct {
    int with[3][3]; /* corner i of the first is corner k of the second */
    int one[3], other[3], count;
} Shared;

static Shared shared_corners(const Triangle *one, const Triangle *other) {
    Shared shared = {{{0}}, {0}, {0}, 0};
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++)
            if (one->id[i] == other->id[k]) shared.with[i][k] = shared.one[i] = shared.other[k] = 1, shared.count++;
    return shared;
}

static Shared turned_round(const Shared *shared) {
    Shared turned = {{{0}}, {0}, {0}, shared->count};
    for (int i = 0; i < 3; i++) {
        turned.one[i] = shared->other[i];
        turned.other[i] = shared->one[i];
        for (int k = 0; k < 3; k++) turned.with[i][k] = shared->with[k][i];
    }
    return turned;
}

/* On which side of the first triangle's plane the corners of the second lie; shared ones lie on it. */
static void sides_of(const Triangle *plane, const Triangle *of, const int *same, int sides[3]) {
    for (int k = 0; k < 3; k++)
        sides[k] = same[k] ? 0 : orient3d(plane->corner[0], plane->corner[1], plane->corner[2], of->corner[k]);
}

static int one_sided(const int sides[3], const int same[3]) {
    int above = 1, below = 1;
    for (int k = 0; k < 3; k++) {
        above &= same[k] | (sides[k] > 0);
        below &= same[k] | (sides[k] < 0);
    }
    return above | below;
}

static int line_hits(const float *start, const float *end, const Triangle *target) {
    int low = 1, high = -1;
    for (int e = 0; e < 3; e++) {
        int turn = orient3d(start, end, target->corner[EDGE[e][0]], target->corner[EDGE[e][1]]);
        if (turn < low) low = turn;
        if (turn > high) high = turn;
    }
    return low >= 0 || high <= 0;
}

static int edges_pierce(const Triangle *edges_of, const Triangle *target, const int sides[3], const int same[3]) {
    for (int e = 0; e < 3; e++) {
        int i = EDGE[e][0], j = EDGE[e][1];
        if (same[i] || same[j] || sides[i] == sides[j] || sides[i] * sides[j] > 0) continue;
        if (line_hits(edges_of->corner[i], edges_of->corner[j], target)) return 1;
    }
    return 0;
}

/* For points on the line through two others: whether they lie beyond `at`, seen from `ahead`. */
static int opposite(const float *point, const float *at, const float *ahead, const int axes[2]) {
    for (int k = 0; k < 2; k++) {
        int axis = axes[k];
        int here = (point[axis] > at[axis]) - (point[axis] < at[axis]);
        int there = (ahead[axis] > at[axis]) - (ahead[axis] < at[axis]);
        if (here && there) return here != there;
    }
    return 0;
}

static int edge_separates(const Triangle *one, const Triangle *other, int turn, const Shared *shared, const int axes[2]) {
    for (int e = 0; e < 3; e++) {
        int i = EDGE[e][0], j = EDGE[e][1], outside = 1;
        const float *from = one->corner[i], *to = one->corner[j];
        for (int k = 0; k < 3 && outside; k++) {
            const float *corner = other->corner[k];
            int side = orient2d(from, to, corner, axes[0], axes[1]) * turn;
            int behind = shared->other[k] || (shared->one[i] && opposite(corner, from, to, axes)) ||
                         (shared->one[j] && opposite(corner, to, from, axes));
            outside = side < 0 || (side == 0 && behind);
        }
        if (outside) return 1;
    }
    return 0;
}

/* The same for triangles in one plane: seen along an axis in which the plane is not a line. */
static int overlap_in_plane(const Triangle *one, const Triangle *other, const Shared *shared) {
    for (int e = 0; e < 3; e++) {
        const int *axes = EDGE[e];
        int first = orient2d(one->corner[0], one->corner[1], one->corner[2], axes[0], axes[1]);
        int second = orient2d(other->corner[0], other->corner[1], other->corner[2], axes[0], axes[1]);
        if (!first || !second) continue;
        Shared turned = turned_round(shared);
        return !edge_separates(one, other, first, shared, axes) && !edge_separates(other, one, second, &turned, axes);
    }
    return 0;
}

int triangles_meet(const Triangle *one, const Triangle *other) {
    Shared shared = shared_corners(one, other);
    int above[3], below[3];
    sides_of(one, other, shared.other, above);
    int flat_one = !above[0] && !above[1] && !above[2];
    if (!flat_one && (shared.count > 1 || one_sided(above, shared.other))) return 0;
    sides_of(other, one, shared.one, below);
    int flat_other = !below[0] && !below[1] && !below[2];
    if (flat_one && flat_other) return overlap_in_plane(one, other, &shared);
    if (flat_one || flat_other || shared.count > 1 || one_sided(below, shared.one)) return 0;
    return edges_pierce(one, other, below, shared.one) || edges_pierce(other, one, above, shared.other);
}

Plane plane_of(const Triangle *triangle) {
    const float *a = triangle->corner[0], *b = triangle->corner[1], *c = triangle->corner[2];
    Plane plane = {a, {0}, {0}};
    for (int k = 0; k < 3; k++) {
        int i = k < 2 ? k + 1 : 0, j = k > 0 ? k - 1 : 2;
        double left = ((double)b[i] - a[i]) * ((double)c[j] - a[j]);
        double right = ((double)b[j] - a[j]) * ((double)c[i] - a[i]);
        plane.normal[k] = left - right;
        plane.size[k] = fabs(left) + fabs(right);
    }
    return plane;
}

/* The quick test: whether the second triangle lies strictly on one side of the first one's plane, shared corners apart,
   by more than rounding can get wrong. */
int surely_apart(const Triangle *one, const Plane *plane, const Triangle *other) {
    int above = 1, below = 1;
    for (int k = 0; k < 3; k++) {
        int32_t id = other->id[k];
        if (id == one->id[0] || id == one->id[1] || id == one->id[2]) continue;
        const float *at = other->corner[k];
        double x = (double)at[0] - plane->base[0], y = (double)at[1] - plane->base[1], z = (double)at[2] - plane->base[2];
        double height = x * plane->normal[0] + y * plane->normal[1] + z * plane->normal[2];
        double margin = BOUND * (fabs(x) * plane->size[0] + fabs(y) * plane->size[1] + fabs(z) * plane->size[2]);
        above &= height > margin;
        below &= height < -margin;
        if (!above && !below) return 0;
    }
    return 1;
}
