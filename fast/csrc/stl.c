/* Records of a binary STL. */

#include "kernels.h"

#include <math.h>
#include <string.h>

enum { RECORD = 50 };

/* The unit normal of a triangle in float32, as casepan.mesh.writing.stl computes it; zero without an area. */
static void unit_normal(float corners[3][3], float normal[3]) {
    float a[3], b[3];
    for (int k = 0; k < 3; k++) {
        a[k] = corners[1][k] - corners[0][k];
        b[k] = corners[2][k] - corners[0][k];
    }
    for (int k = 0; k < 3; k++) {
        int i = (k + 1) % 3, j = (k + 2) % 3;
        float left = a[i] * b[j], right = a[j] * b[i];
        normal[k] = left - right;
    }
    float length = sqrtf(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2]);
    for (int k = 0; k < 3; k++) normal[k] /= length;
    if (!isfinite(normal[0]) || !isfinite(normal[1]) || !isfinite(normal[2])) memset(normal, 0, 3 * sizeof *normal);
}

Status stl_records(const float *vertices, size_t points, const int32_t *faces, size_t count, unsigned char *records) {
    for (size_t f = 0; f < count; f++, records += RECORD) {
        float corners[3][3], normal[3];
        for (int k = 0; k < 3; k++) {
            int32_t id = faces[3 * f + (size_t)k];
            if (id < 0 || (size_t)id >= points) return BAD_INDEX;
            memcpy(corners[k], &vertices[3 * (size_t)id], sizeof corners[k]);
        }
        unit_normal(corners, normal);
        memcpy(records, normal, sizeof normal);
        memcpy(records + sizeof normal, corners, sizeof corners);
        memset(records + RECORD - 2, 0, 2);
    }
    return DONE;
}
