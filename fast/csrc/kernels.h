/* What the kernels share. They know nothing of Python: plain arrays in, plain arrays and a status out. */

#ifndef CASEPAN_KERNELS_H
#define CASEPAN_KERNELS_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>

#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0
#error "float arithmetic with excess precision would not give numpy's results"
#endif

typedef enum {
    DONE = 0,
    NO_MEMORY,
    BAD_INDEX,    /* a face names a vertex that is not there, or a list runs past its end */
    BAD_NUMBER,   /* a coordinate is not finite */
    TOO_MANY,     /* more overlapping faces than a surface has */
    TOO_LARGE     /* more elements than 32 bits can number */
} Status;

#if defined(__GNUC__)
#define PREFETCH(at) __builtin_prefetch(at)
#else
#define PREFETCH(at) ((void)(at))
#endif

/* A list that grows; `size` and `room` count bytes. */
typedef struct {
    unsigned char *bytes;
    size_t size, room;
} Heap;

Status heap_add(Heap *heap, const void *item, size_t size);
void heap_free(Heap *heap);

/* Ascending, in place, in n log n steps whatever the order. */
void sort_u32(uint32_t *values, size_t count);

/* weld.c */
Status weld(const unsigned char *data, size_t stride, size_t run, size_t records, uint64_t salt, int32_t *inverse,
            Heap *found);

/* edges.c */
Status mark_faces(const int32_t *faces, size_t count, int32_t vertices, uint8_t *marks);
Status count_edges(const int32_t *faces, size_t count, int32_t vertices, int32_t *start, uint32_t *high, uint16_t *uses,
                   int64_t *edges);
Status edge_ids(const int32_t *faces, size_t count, const int32_t *start, size_t vertices, const int32_t *high,
                size_t edges, int32_t *ids);
Status label_parts(const int32_t *start, size_t vertices, const int32_t *high, size_t edges, int32_t *labels);

/* exact.c */
int orient3d(const float *a, const float *b, const float *c, const float *d);
int orient2d(const float *a, const float *b, const float *c, int x, int y);

/* meet.c */
typedef struct {
    const float *corner[3];
    const int32_t *id;
} Triangle;

typedef struct {
    const float *base;
    double normal[3], size[3]; /* not of unit length; size: of the products that were subtracted */
} Plane;

Plane plane_of(const Triangle *triangle);
int surely_apart(const Triangle *one, const Plane *plane, const Triangle *other);
int triangles_meet(const Triangle *one, const Triangle *other);

/* boxes.c, pairs.c */
enum { LANES = 8 }; /* faces per leaf of the tree */

typedef struct {
    float low[3][LANES], high[3][LANES];
} Boxes;

typedef struct {
    float low[3], high[3];
} Box;

typedef struct {
    uint32_t *order; /* face of every place, `leaves * LANES` of them */
    Boxes *faces;    /* per leaf the boxes of its faces */
    Box *nodes;      /* node i has the children 2 i and 2 i + 1; the leaves begin at `leaves` */
    size_t leaves;   /* a power of two */
    size_t count;
} Tree;

Status check_surface(const float *vertices, size_t points, const int32_t *faces, size_t count);
Status tree_build(Tree *tree, const float *vertices, const int32_t *faces, size_t count);
void tree_free(Tree *tree);
Status meeting_pairs(const float *vertices, size_t points, const int32_t *faces, size_t count, uint64_t most,
                     Heap *pairs);

/* text.c */
size_t count_words(const unsigned char *text, size_t size);
size_t split_words(const unsigned char *text, size_t size, int32_t *starts, int32_t *ends, size_t room);
Status read_numbers(const unsigned char *text, size_t size, const int32_t *starts, const int32_t *ends, size_t count,
                    double *values, uint8_t *good);

Status scan_facets(const unsigned char *text, size_t size, size_t *begin, Heap *corners);

/* nearest.c */
Status nearest_faces(const float *vertices, size_t points, const int32_t *faces, size_t count, const float *asked,
                     size_t size, double limit, double *squares, int32_t *found, double *heights);

/* stl.c */
Status stl_records(const float *vertices, size_t points, const int32_t *faces, size_t count, unsigned char *records);

/* raster.c */
typedef struct {
    uint64_t *pixels;     /* for each sample `room` of them: depth step above, face from 1 on below; 0 where none is */
    size_t room;
    const int32_t *slots; /* place of each pixel of the picture among `pixels`, or -1; NULL where they are the same */
    int width, height;
    float farthest, to_steps;
    const float *shifts; /* x and y of each sample from the pixel's centre */
    size_t samples;
    float reach;         /* more than the largest of the shifts */
} Canvas;

Status rasterise(const Canvas *canvas, const float *values, size_t width, size_t points, const int32_t *faces,
                 size_t count);
Status mix(const float *values, size_t width, size_t points, const int32_t *faces, size_t count, const int32_t *chosen,
           const float *x, const float *y, size_t size, float *mixed);
Status normal_sums(const float *vertices, size_t points, const int32_t *faces, size_t count, float *normals);

#endif
