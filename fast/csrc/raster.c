/* Which face each pixel shows, and the normals it is lit with; number for number as in casepan.mesh.pictures.raster and
   casepan.mesh.area. */

#include "kernels.h"

#include <math.h>
#include <stdlib.h>

enum { AHEAD = 8, EXACT = 16 };

static const float SLACK = 1e-4f;

/* One face: its places counted from the first pixel's corner, and its box. */
typedef struct {
    float x[3], y[3], z[3], left, right, top, bottom;
    int small; /* float32 decides exactly enough what it covers */
    uint64_t id;
} Seen;

typedef struct {
    int left, top, right, bottom; /* the last column and row belong to it */
} Frame;

static float lowest(const float at[3]) {
    float low = at[0] < at[1] ? at[0] : at[1];
    return low < at[2] ? low : at[2];
}

static float highest(const float at[3]) {
    float high = at[0] > at[1] ? at[0] : at[1];
    return high > at[2] ? high : at[2];
}

static float clipped(float value, float low, float high) { return value > low ? value < high ? value : high : low; }

/* The first whole number not below a place, and the last not above it, within so many pixels. */
static int first_from(float place, int pixels) {
    float rest = clipped(place, 0, (float)pixels);
    int whole = (int)rest;
    return whole + ((float)whole < rest);
}

static int last_until(float place, int pixels) {
    float rest = clipped(place, -1, (float)(pixels - 1));
    int whole = (int)rest;
    return whole - ((float)whole > rest);
}

/* The pixels of which a point may lie in a face: the centre, or others within reach of it. */
static Frame frame_of(const Canvas *canvas, const Seen *face) {
    float reach = canvas->reach, half = 0.5f;
    Frame frame = {first_from(face->left - half - reach, canvas->width),
                   first_from(face->top - half - reach, canvas->height),
                   last_until(face->right - half + reach, canvas->width),
                   last_until(face->bottom - half + reach, canvas->height)};
    return frame;
}

/* The depth of a sliver's point may come out beyond its corners. */
static void enter(const Canvas *canvas, const Seen *face, float depth, uint64_t *pixel) {
    float steps = (clipped(depth, lowest(face->z), highest(face->z)) - canvas->farthest) * canvas->to_steps;
    uint64_t step = steps > 0 ? steps < 0x1p31f ? (uint64_t)steps : (uint64_t)1 << 31 : 0;
    uint64_t seen = step << 32 | (face->id + 1);
    if (seen > *pixel) *pixel = seen;
}

/* Enters a face in one pixel, where it covers one point of it; `number` is how exactly that is decided. */
#define COVER(name, number)                                                                                            \
    static void name(const Canvas *canvas, const Seen *face, number x, number y, uint64_t *pixel) {                    \
        number xs[3], ys[3], part[3], sum;                                                                             \
        for (int k = 0; k < 3; k++) {                                                                                  \
            xs[k] = face->x[k] - x;                                                                                    \
            ys[k] = face->y[k] - y;                                                                                    \
        }                                                                                                              \
        for (int k = 0; k < 3; k++) {                                                                                  \
            int i = k < 2 ? k + 1 : 0, j = k > 0 ? k - 1 : 2;                                                          \
            number left = xs[i] * ys[j], right = ys[i] * xs[j];                                                        \
            part[k] = left - right;                                                                                    \
        }                                                                                                              \
        number whole = part[0] + part[1] + part[2];                                                                    \
        if (whole > 0 ? part[0] > -SLACK && part[1] > -SLACK && part[2] > -SLACK                                       \
                      : whole < 0 && part[0] < SLACK && part[1] < SLACK && part[2] < SLACK) {                          \
            sum = part[0] * face->z[0];                                                                                \
            sum += part[1] * face->z[1];                                                                               \
            sum += part[2] * face->z[2];                                                                               \
            enter(canvas, face, (float)(sum / whole), pixel);                                                          \
        }                                                                                                              \
    }

COVER(cover_small, float)
COVER(cover_large, double)

/* One pixel of the picture, and its place among those that are asked for. */
static void draw_pixel(const Canvas *canvas, const Seen *face, int column, int row, size_t place) {
    for (size_t k = 0; k < canvas->samples; k++) {
        float x = 0.5f + canvas->shifts[2 * k], y = 0.5f + canvas->shifts[2 * k + 1];
        uint64_t *pixel = &canvas->pixels[k * canvas->room + place];
        if ((float)column < face->left - x || (float)column > face->right - x || (float)row < face->top - y ||
            (float)row > face->bottom - y)
            continue;
        if (face->small)
            cover_small(canvas, face, (float)column + x, (float)row + y, pixel);
        else
            cover_large(canvas, face, (double)column + x, (double)row + y, pixel);
    }
}

static void draw(const Canvas *canvas, const Seen *face) {
    Frame frame = frame_of(canvas, face);
    for (int row = frame.top; row <= frame.bottom; row++)
        for (int column = frame.left; column <= frame.right; column++) {
            size_t place = (size_t)row * (size_t)canvas->width + (size_t)column;
            if (canvas->slots) {
                if (canvas->slots[place] < 0 || (size_t)canvas->slots[place] >= canvas->room) continue;
                place = (size_t)canvas->slots[place];
            }
            draw_pixel(canvas, face, column, row, place);
        }
}

static Seen seen_of(const float *const row[3], size_t id) {
    Seen face = {.id = id};
    for (int k = 0; k < 3; k++) {
        face.x[k] = row[k][0];
        face.y[k] = row[k][1];
        face.z[k] = row[k][2];
    }
    face.left = lowest(face.x);
    face.right = highest(face.x);
    face.top = lowest(face.y);
    face.bottom = highest(face.y);
    face.small = face.right - face.left < EXACT && face.bottom - face.top < EXACT;
    return face;
}

/* The rows of one face's corners; what comes soon is fetched ahead. */
static int corners_of(const int32_t *faces, size_t count, size_t f, size_t points, size_t width, const float *values,
                      const float *row[3]) {
    for (size_t k = 0; k < 3; k++) {
        int32_t id = faces[3 * f + k];
        if (id < 0 || (size_t)id >= points) return 0;
        row[k] = &values[width * (size_t)id];
    }
    if (f + AHEAD < count)
        for (size_t k = 0; k < 3; k++) {
            int32_t id = faces[3 * (f + AHEAD) + k];
            if (id >= 0 && (size_t)id < points) PREFETCH(&values[width * (size_t)id]);
        }
    return 1;
}

/* Rows of `values` begin with the x, y and depth of a vertex. */
Status rasterise(const Canvas *canvas, const float *values, size_t width, size_t points, const int32_t *faces,
                 size_t count) {
    if (count >= UINT32_MAX) return TOO_LARGE;
    for (size_t f = 0; f < count; f++) {
        const float *row[3];
        if (!corners_of(faces, count, f, points, width, values, row)) return BAD_INDEX;
        Seen face = seen_of(row, f);
        draw(canvas, &face);
    }
    return DONE;
}

/* How much of each corner there is at a point of a face, as casepan.mesh.pictures.raster.corner_weights has it. */
static void corner_weights(const float *const row[3], float x, float y, float weight[3]) {
    float xs[3], ys[3], whole = 0;
    for (int k = 0; k < 3; k++) {
        xs[k] = row[k][0] - x;
        ys[k] = row[k][1] - y;
    }
    for (int k = 0; k < 3; k++) {
        int i = k < 2 ? k + 1 : 0, j = k > 0 ? k - 1 : 2;
        float left = xs[i] * ys[j], right = ys[i] * xs[j];
        weight[k] = left - right;
    }
    whole = weight[0] + weight[1] + weight[2];
    for (int k = 0; k < 3; k++) {
        float part = signbit(whole) ? -weight[k] : weight[k];
        weight[k] = part > 0 ? part : 0;
    }
    whole = weight[0] + weight[1] + weight[2];
    if (whole == 0) weight[0] = whole = 1;
    for (int k = 0; k < 3; k++) weight[k] /= whole;
}

/* Neighbouring pixels show faces from anywhere in memory: what comes soon is fetched ahead. */
static void fetch_ahead(const float *values, size_t width, size_t points, const int32_t *faces, size_t count,
                        const int32_t *chosen, size_t left) {
    if (left > 2 * AHEAD && chosen[2 * AHEAD] >= 0 && (size_t)chosen[2 * AHEAD] < count)
        PREFETCH(&faces[3 * (size_t)chosen[2 * AHEAD]]);
    if (left > AHEAD && chosen[AHEAD] >= 0 && (size_t)chosen[AHEAD] < count)
        for (size_t k = 0; k < 3; k++) {
            int32_t id = faces[3 * (size_t)chosen[AHEAD] + k];
            if (id >= 0 && (size_t)id < points) PREFETCH(&values[width * (size_t)id]);
        }
}

/* What lies between the corners of faces, at one point each. A row of `values` is the x and y of a vertex, then what is
   mixed; the result holds each of these for all points, one after the other. */
Status mix(const float *values, size_t width, size_t points, const int32_t *faces, size_t count, const int32_t *chosen,
           const float *x, const float *y, size_t size, float *mixed) {
    for (size_t i = 0; i < size; i++) {
        if (chosen[i] < 0 || (size_t)chosen[i] >= count) return BAD_INDEX;
        fetch_ahead(values, width, points, faces, count, &chosen[i], size - i);
        const float *row[3];
        float weight[3];
        for (int k = 0; k < 3; k++) {
            int32_t id = faces[3 * (size_t)chosen[i] + (size_t)k];
            if (id < 0 || (size_t)id >= points) return BAD_INDEX;
            row[k] = &values[width * (size_t)id];
        }
        corner_weights(row, x[i], y[i], weight);
        for (size_t part = 2; part < width; part++) {
            float sum = row[0][part] * weight[0];
            sum += row[1][part] * weight[1];
            mixed[(part - 2) * size + i] = sum + row[2][part] * weight[2];
        }
    }
    return DONE;
}

static void add_normal(const float *vertices, const int32_t *face, double *sums) {
    const float *a = &vertices[3 * (size_t)face[0]], *b = &vertices[3 * (size_t)face[1]],
                *c = &vertices[3 * (size_t)face[2]];
    float p[3], q[3], normal[3];
    for (int k = 0; k < 3; k++) {
        p[k] = b[k] - a[k];
        q[k] = c[k] - a[k];
    }
    for (int k = 0; k < 3; k++) {
        int i = k < 2 ? k + 1 : 0, j = k > 0 ? k - 1 : 2;
        float left = p[i] * q[j], right = p[j] * q[i];
        normal[k] = left - right;
    }
    for (int corner = 0; corner < 3; corner++)
        for (int k = 0; k < 3; k++) sums[3 * (size_t)face[corner] + (size_t)k] += normal[k];
}

/* The sum over the faces of each vertex of their normals, each as long as twice the face's area. */
Status normal_sums(const float *vertices, size_t points, const int32_t *faces, size_t count, float *normals) {
    double *sums = calloc(3 * points + 1, sizeof *sums);
    Status status = sums ? DONE : NO_MEMORY;
    for (size_t f = 0; f < count && status == DONE; f++) {
        const int32_t *face = &faces[3 * f];
        for (int k = 0; k < 3; k++)
            if (face[k] < 0 || (size_t)face[k] >= points) status = BAD_INDEX;
        if (status == DONE) add_normal(vertices, face, sums);
    }
    for (size_t i = 0; i < 3 * points && status == DONE; i++) normals[i] = (float)sums[i];
    free(sums);
    return status;
}
