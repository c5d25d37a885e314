/* Which face each pixel shows, and the normals it is lit with; number for number as in casepan.mesh.pictures.raster and
   casepan.mesh.area. */

#include "kernels.h"

#include <math.h>
#include <stdlib.h>

enum { AHEAD = 8 };

static const double SLACK = 1e-4f;

typedef struct {
    double x[3], y[3], z[3];
    uint64_t id;
} Seen;

static float lower(const double at[3]) {
    double low = at[0] < at[1] ? at[0] : at[1];
    return (float)(low < at[2] ? low : at[2]);
}

static float upper(const double at[3]) {
    double high = at[0] > at[1] ? at[0] : at[1];
    return (float)(high > at[2] ? high : at[2]);
}

static float clipped(float value, float low, float high) { return value > low ? value < high ? value : high : low; }

/* The first pixel, of so many, whose centre is not before a place. */
static int first_from(float place, int pixels) {
    float rest = clipped(place - 0.5f, 0, (float)pixels);
    int whole = (int)rest;
    return whole + ((float)whole < rest);
}

/* The last pixel whose centre is not behind a place, -1 for none. */
static int last_until(float place, int pixels) {
    float rest = clipped(place - 0.5f, -1, (float)(pixels - 1));
    int whole = (int)rest;
    return whole - ((float)whole > rest);
}

/* Draw one face at one pixel's centre where it covers it. */
static void draw(const Canvas *canvas, const Seen *face, int x, int y, uint64_t *pixel) {
    double xs[3], ys[3], part[3];
    for (int k = 0; k < 3; k++) {
        xs[k] = face->x[k] - (x + 0.5);
        ys[k] = face->y[k] - (y + 0.5);
    }
    for (int k = 0; k < 3; k++) {
        int i = k < 2 ? k + 1 : 0, j = k > 0 ? k - 1 : 2;
        part[k] = xs[i] * ys[j] - ys[i] * xs[j];
    }
    double whole = part[0] + part[1] + part[2], depth = 0;
    if (whole == 0) return;
    for (int k = 0; k < 3; k++) {
        if (whole < 0) part[k] = -part[k];
        if (part[k] <= -SLACK) return;
    }
    for (int k = 0; k < 3; k++) depth += (part[k] < 0 ? 0 : part[k]) / fabs(whole) * face->z[k];
    float steps = ((float)depth - canvas->farthest) * canvas->to_steps;
    uint64_t step = steps > 0 ? steps < 0x1p62f ? (uint64_t)steps : (uint64_t)1 << 62 : 0;
    uint64_t seen = (step + 1) << 32 | face->id;
    if (seen > *pixel) *pixel = seen;
}

static void draw_face(const Canvas *canvas, const Seen *face) {
    int left = first_from(lower(face->x), canvas->width), right = last_until(upper(face->x), canvas->width);
    if (left > right) return;
    int top = first_from(lower(face->y), canvas->height), bottom = last_until(upper(face->y), canvas->height);
    for (int row = top; row <= bottom; row++)
        for (int column = left; column <= right; column++) {
            size_t place = (size_t)row * (size_t)canvas->width + (size_t)column;
            if (canvas->slots) {
                if (canvas->slots[place] < 0 || (size_t)canvas->slots[place] >= canvas->room) continue;
                place = (size_t)canvas->slots[place];
            }
            draw(canvas, face, column, row, &canvas->pixels[place]);
        }
}

/* `projected` holds all x, then all y, then all depths. */
Status rasterise(const Canvas *canvas, const float *projected, size_t points, const int32_t *faces, size_t count) {
    if (count > UINT32_MAX) return TOO_LARGE;
    for (size_t f = 0; f < count; f++) {
        Seen face = {{0}, {0}, {0}, f};
        for (size_t k = 0; k < 3; k++) {
            int32_t id = faces[3 * f + k];
            if (id < 0 || (size_t)id >= points) return BAD_INDEX;
            face.x[k] = projected[id];
            face.y[k] = projected[points + (size_t)id];
            face.z[k] = projected[2 * points + (size_t)id];
        }
        draw_face(canvas, &face);
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
        float part = whole < 0 ? -weight[k] : weight[k];
        if (part < 0 && part > -(float)SLACK) part = 0;
        weight[k] = whole == 0 ? -1 : part / fabsf(whole);
    }
}

/* Neighbouring pixels show faces from anywhere in memory: what comes soon is fetched ahead. */
static void fetch_ahead(const float *values, size_t points, const int32_t *faces, size_t count, const int32_t *chosen,
                        size_t left) {
    if (left > 2 * AHEAD && chosen[2 * AHEAD] >= 0 && (size_t)chosen[2 * AHEAD] < count)
        PREFETCH(&faces[3 * (size_t)chosen[2 * AHEAD]]);
    if (left > AHEAD && chosen[AHEAD] >= 0 && (size_t)chosen[AHEAD] < count)
        for (size_t k = 0; k < 3; k++) {
            int32_t id = faces[3 * (size_t)chosen[AHEAD] + k];
            if (id >= 0 && (size_t)id < points) PREFETCH(&values[ROW * (size_t)id]);
        }
}

/* Depth, normal and colour between the corners of faces, at one point each. A row of `values` is the x, y and depth of a
   vertex, then what else is mixed; a row of the result leaves x and y out. */
Status mix(const float *values, size_t points, const int32_t *faces, size_t count, const int32_t *chosen, const float *x,
           const float *y, size_t size, float *mixed) {
    for (size_t i = 0; i < size; i++) {
        if (chosen[i] < 0 || (size_t)chosen[i] >= count) return BAD_INDEX;
        fetch_ahead(values, points, faces, count, &chosen[i], size - i);
        const float *row[3];
        float weight[3], *result = &mixed[(ROW - 2) * i];
        for (int k = 0; k < 3; k++) {
            int32_t id = faces[3 * (size_t)chosen[i] + (size_t)k];
            if (id < 0 || (size_t)id >= points) return BAD_INDEX;
            row[k] = &values[ROW * (size_t)id];
        }
        corner_weights(row, x[i], y[i], weight);
        for (int part = 2; part < ROW; part++) {
            float sum = row[0][part] * weight[0];
            sum += row[1][part] * weight[1];
            result[part - 2] = sum + row[2][part] * weight[2];
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
