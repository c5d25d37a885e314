/* Exact signs of determinants of float32 coordinates: float64 where its error bound decides, sums without rounding where
   it does not (J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates",
   1997). Products of three float32 numbers neither overflow nor underflow in float64, so no sum can go wrong. */

#include "kernels.h"

#include <math.h>

#define BOUND_3D (16 * 0x1p-53)
#define BOUND_2D (8 * 0x1p-53)

typedef struct {
    double part[64]; /* by size, none overlapping another, none zero */
    int count;
} Sum;

static void add(Sum *sum, double value) {
    int kept = 0;
    for (int i = 0; i < sum->count; i++) {
        double total = value + sum->part[i];
        double added = total - value;
        double lost = (value - (total - added)) + (sum->part[i] - added);
        if (lost != 0) sum->part[kept++] = lost;
        value = total;
    }
    if (value != 0) sum->part[kept++] = value;
    sum->count = kept;
}

static int sign_of(double value) { return (value > 0) - (value < 0); }

static int sum_sign(const Sum *sum) { return sum->count ? sign_of(sum->part[sum->count - 1]) : 0; }

/* x y z exactly: x y has 48 bits, each half of it times z at most 53. */
static void add_product(Sum *sum, float x, float y, float z) {
    double product = (double)x * y;
    double shifted = product * 134217729.0; /* 2^27 + 1 */
    double high = shifted - (shifted - product);
    add(sum, high * z);
    add(sum, (product - high) * z);
}

static void add_determinant(Sum *sum, const float *p, const float *q, const float *r, float sign) {
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        add_product(sum, sign * p[i], q[j], r[k]);
        add_product(sum, -sign * p[i], q[k], r[j]);
    }
}

static int exact_orient3d(const float *a, const float *b, const float *c, const float *d) {
    Sum sum = {{0}, 0};
    add_determinant(&sum, b, c, d, -1);
    add_determinant(&sum, a, c, d, 1);
    add_determinant(&sum, a, b, d, -1);
    add_determinant(&sum, a, b, c, 1);
    return sum_sign(&sum);
}

/* The sign of |a - d, b - d, c - d|: 1 where a, b, c run clockwise seen from d. */
int orient3d(const float *a, const float *b, const float *c, const float *d) {
    double ux = (double)a[0] - d[0], uy = (double)a[1] - d[1], uz = (double)a[2] - d[2];
    double vx = (double)b[0] - d[0], vy = (double)b[1] - d[1], vz = (double)b[2] - d[2];
    double wx = (double)c[0] - d[0], wy = (double)c[1] - d[1], wz = (double)c[2] - d[2];
    double yz = vy * wz, zy = vz * wy, zx = vz * wx, xz = vx * wz, xy = vx * wy, yx = vy * wx;
    double value = ux * (yz - zy) + uy * (zx - xz) + uz * (xy - yx);
    double size = fabs(ux) * (fabs(yz) + fabs(zy)) + fabs(uy) * (fabs(zx) + fabs(xz)) + fabs(uz) * (fabs(xy) + fabs(yx));
    if (fabs(value) > BOUND_3D * size || size == 0) return sign_of(value);
    return exact_orient3d(a, b, c, d);
}

/* Whether a, b, c run counter-clockwise (1), clockwise (-1) or on a line (0), seen along the third axis. */
int orient2d(const float *a, const float *b, const float *c, int x, int y) {
    double left = ((double)a[x] - c[x]) * ((double)b[y] - c[y]);
    double right = ((double)a[y] - c[y]) * ((double)b[x] - c[x]);
    double value = left - right, size = fabs(left) + fabs(right);
    if (fabs(value) > BOUND_2D * size || size == 0) return sign_of(value);
    Sum sum = {{0}, 0};
    const float *corner[3] = {a, b, c};
    for (int i = 0; i < 3; i++) {
        const float *p = corner[i], *q = corner[(i + 1) % 3];
        add(&sum, (double)p[x] * q[y]);
        add(&sum, -(double)p[y] * q[x]);
    }
    return sum_sign(&sum);
}
