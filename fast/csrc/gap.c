/* Distances from points to the faces round one sample each, step by step as casepan.mesh.gap computes them, so that the
   same face wins. */

#include "kernels.h"

#include <math.h>

typedef struct {
    double x, y, z;
} Vector;

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

/* Squared distance to one face, and the height over its plane. */
static double to_face(const Target *target, Vector p, int32_t face, double *height) {
    const int32_t *ids = &target->faces[3 * (size_t)face];
    Vector a = vector(&target->corners[3 * (size_t)ids[0]]), b = vector(&target->corners[3 * (size_t)ids[1]]),
           c = vector(&target->corners[3 * (size_t)ids[2]]), normal = vector(&target->normals[3 * (size_t)face]);
    *height = dot(minus(p, a), normal);
    if (dot(normal, normal) > 0.5 && side(p, a, b, normal) >= 0 && side(p, b, c, normal) >= 0 && side(p, c, a, normal) >= 0)
        return *height * *height;
    return fmin(fmin(to_edge(p, a, b), to_edge(p, b, c)), to_edge(p, c, a));
}

static int sound_face(const Target *target, int32_t face) {
    if (face < 0 || (size_t)face >= target->count) return 0;
    for (size_t k = 0; k < 3; k++) {
        int32_t id = target->faces[3 * (size_t)face + k];
        if (id < 0 || (size_t)id >= target->vertices) return 0;
    }
    return 1;
}

/* Of equally near faces the one over which the point stands highest has the right side. */
static int nearest(const Target *target, Vector point, int64_t begin, int64_t end, double *best, int32_t *face,
                   double *height) {
    double least = INFINITY;
    for (int64_t k = begin; k < end; k++) {
        double over, square;
        if (!sound_face(target, target->around[k])) return 0;
        square = to_face(target, point, target->around[k], &over);
        double rank = square - 1e-9 * (over * over);
        if (k > begin && !(rank < least)) continue;
        least = rank;
        *best = square;
        *face = target->around[k];
        *height = over;
    }
    return 1;
}

Status measure(const Target *target, const double *points, const int64_t *samples, size_t count, double *best,
               int32_t *faces, double *heights) {
    for (size_t i = 0; i < count; i++) {
        if (samples[i] < 0 || (size_t)samples[i] >= target->samples) return BAD_INDEX;
        int64_t begin = target->starts[samples[i]], end = target->starts[samples[i] + 1];
        if (begin < 0 || end <= begin || (size_t)end > target->entries) return BAD_INDEX;
        Vector point = {points[3 * i], points[3 * i + 1], points[3 * i + 2]};
        if (!nearest(target, point, begin, end, &best[i], &faces[i], &heights[i])) return BAD_INDEX;
    }
    return DONE;
}
