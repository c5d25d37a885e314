/* The edge table, the edges of each face, and the connected parts. */

#include "kernels.h"

#include <stdlib.h>
#include <string.h>

enum { SOUND = 0, DEGENERATE = 1, DUPLICATE = 2 };
enum { ALONG = 1, AGAINST = 256, MOST_USES = 255 };

typedef struct {
    int32_t second, third, face; /* the two higher corners */
} Rest;

static void swap_if(int32_t *a, int32_t *b) {
    if (*a > *b) {
        int32_t kept = *a;
        *a = *b;
        *b = kept;
    }
}

static void sorted(const int32_t *face, int32_t corners[3]) {
    memcpy(corners, face, 3 * sizeof *corners);
    swap_if(&corners[0], &corners[1]);
    swap_if(&corners[1], &corners[2]);
    swap_if(&corners[0], &corners[1]);
}

static int before(const Rest *a, const Rest *b) {
    if (a->second != b->second) return a->second < b->second;
    if (a->third != b->third) return a->third < b->third;
    return a->face < b->face;
}

static void sink_rest(Rest *rests, size_t at, size_t count) {
    Rest rest = rests[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && before(&rests[child], &rests[child + 1])) child++;
        if (!before(&rest, &rests[child])) break;
        rests[at] = rests[child];
    }
    rests[at] = rest;
}

static void sort_rests(Rest *rests, size_t count) {
    if (count <= 24) {
        for (size_t i = 1; i < count; i++) {
            Rest rest = rests[i];
            size_t k = i;
            for (; k && before(&rest, &rests[k - 1]); k--) rests[k] = rests[k - 1];
            rests[k] = rest;
        }
        return;
    }
    for (size_t i = count / 2; i--;) sink_rest(rests, i, count);
    for (size_t last = count - 1; last; last--) {
        Rest largest = rests[0];
        rests[0] = rests[last];
        rests[last] = largest;
        sink_rest(rests, 0, last);
    }
}

/* Sums of counts: afterwards `start[v]` is where the entries of v begin. */
static void starts_from_counts(int32_t *start, int32_t vertices) {
    int32_t total = 0;
    for (int32_t v = 0; v <= vertices; v++) {
        int32_t count = start[v];
        start[v] = total;
        total += count;
    }
}

static Status count_lowest(const int32_t *faces, size_t count, int32_t vertices, uint8_t *marks, int32_t *start) {
    for (size_t f = 0; f < count; f++) {
        int32_t corners[3];
        sorted(&faces[3 * f], corners);
        if (corners[0] < 0 || corners[2] >= vertices) return BAD_INDEX;
        marks[f] = corners[0] == corners[1] || corners[1] == corners[2] ? DEGENERATE : SOUND;
        start[corners[0]] += marks[f] == SOUND;
    }
    starts_from_counts(start, vertices);
    return DONE;
}

/* After it `start[v]` is where the entries of v end. */
static void scatter_rests(const int32_t *faces, size_t count, const uint8_t *marks, int32_t *start, Rest *rests) {
    for (size_t f = 0; f < count; f++) {
        int32_t corners[3];
        if (marks[f] != SOUND) continue;
        sorted(&faces[3 * f], corners);
        rests[start[corners[0]]++] = (Rest){corners[1], corners[2], (int32_t)f};
    }
}

static void mark_repeats(Rest *rests, const int32_t *ends, int32_t vertices, uint8_t *marks) {
    for (int32_t v = 0, begin = 0; v < vertices; begin = ends[v++]) {
        size_t size = (size_t)(ends[v] - begin);
        Rest *group = rests + begin;
        sort_rests(group, size);
        for (size_t i = 1; i < size; i++)
            if (group[i].second == group[i - 1].second && group[i].third == group[i - 1].third)
                marks[group[i].face] = DUPLICATE;
    }
}

/* Says of every face whether it has two equal corners or the same three corners as an earlier one. */
Status mark_faces(const int32_t *faces, size_t count, int32_t vertices, uint8_t *marks) {
    if (count > INT32_MAX / 3) return TOO_LARGE;
    int32_t *start = calloc((size_t)vertices + 1, sizeof *start);
    Rest *rests = malloc((count + 1) * sizeof *rests);
    Status status = start && rests ? count_lowest(faces, count, vertices, marks, start) : NO_MEMORY;
    if (status == DONE) {
        scatter_rests(faces, count, marks, start, rests);
        mark_repeats(rests, start, vertices, marks);
    }
    free(rests);
    free(start);
    return status;
}

static Status count_lower_ends(const int32_t *faces, size_t count, int32_t vertices, int32_t *start) {
    memset(start, 0, ((size_t)vertices + 1) * sizeof *start);
    for (size_t f = 0; f < count; f++) {
        const int32_t *face = &faces[3 * f];
        for (int k = 0; k < 3; k++)
            if (face[k] < 0 || face[k] >= vertices) return BAD_INDEX;
        for (int k = 0; k < 3; k++) {
            int32_t a = face[k], b = face[k == 2 ? 0 : k + 1];
            start[a < b ? a : b]++;
        }
    }
    starts_from_counts(start, vertices);
    return DONE;
}

/* Every edge end as twice its higher vertex, plus one where the face walks down. */
static void scatter_ends(const int32_t *faces, size_t count, int32_t *start, uint32_t *high) {
    for (size_t f = 0; f < count; f++) {
        const int32_t *face = &faces[3 * f];
        for (int k = 0; k < 3; k++) {
            int32_t a = face[k], b = face[k == 2 ? 0 : k + 1];
            if (a < b)
                high[start[a]++] = 2 * (uint32_t)b;
            else
                high[start[b]++] = 2 * (uint32_t)a + 1;
        }
    }
}

/* Equal ends become one edge; 0 when an edge has more faces than 8 bits count. */
static int join_ends(const uint32_t *ends, size_t size, uint32_t *high, uint16_t *uses, size_t *edges) {
    for (size_t i = 0; i < size;) {
        uint32_t vertex = ends[i] >> 1;
        size_t count[2] = {0, 0};
        for (; i < size && ends[i] >> 1 == vertex; i++) count[ends[i] & 1]++;
        if (count[0] > MOST_USES || count[1] > MOST_USES) return 0;
        high[*edges] = vertex;
        uses[(*edges)++] = (uint16_t)(ALONG * count[0] + AGAINST * count[1]);
    }
    return 1;
}

/* The edges of the faces by lower and then higher vertex. `high` and `uses` have room for three edges a face; the
   list is made in place, as it only ever shrinks. `edges` is -1 when `uses` cannot hold a count. */
Status count_edges(const int32_t *faces, size_t count, int32_t vertices, int32_t *start, uint32_t *high, uint16_t *uses,
                   int64_t *edges) {
    if (count > INT32_MAX / 3) return TOO_LARGE;
    Status status = count_lower_ends(faces, count, vertices, start);
    if (status != DONE) return status;
    scatter_ends(faces, count, start, high);
    size_t found = 0;
    int32_t begin = 0;
    *edges = -1;
    for (int32_t v = 0; v < vertices; v++) {
        int32_t end = start[v];
        sort_u32(high + begin, (size_t)(end - begin));
        start[v] = (int32_t)found;
        if (!join_ends(high + begin, (size_t)(end - begin), high, uses, &found)) return DONE;
        begin = end;
    }
    start[vertices] = (int32_t)found;
    *edges = (int64_t)found;
    return DONE;
}

/* The list of one vertex in a table that may be damaged. */
static int row(const int32_t *start, size_t vertices, size_t edges, int32_t vertex, size_t *begin, size_t *end) {
    if (vertex < 0 || (size_t)vertex >= vertices) return 0;
    if (start[vertex] < 0 || start[vertex + 1] < start[vertex] || (size_t)start[vertex + 1] > edges) return 0;
    *begin = (size_t)start[vertex];
    *end = (size_t)start[vertex + 1];
    return 1;
}

static int find_edge(const int32_t *high, size_t begin, size_t end, int32_t vertex, int32_t *id) {
    while (end - begin > 8) {
        size_t middle = begin + (end - begin) / 2;
        if (high[middle] <= vertex)
            begin = middle;
        else
            end = middle;
    }
    for (; begin < end; begin++)
        if (high[begin] == vertex) {
            *id = (int32_t)begin;
            return 1;
        }
    return 0;
}

/* The edges of each face: from corner 0 to 1, 1 to 2 and 2 to 0. */
Status edge_ids(const int32_t *faces, size_t count, const int32_t *start, size_t vertices, const int32_t *high,
                size_t edges, int32_t *ids) {
    for (size_t f = 0; f < count; f++)
        for (int k = 0; k < 3; k++) {
            int32_t low = faces[3 * f + (size_t)k], top = faces[3 * f + (size_t)(k == 2 ? 0 : k + 1)];
            size_t begin, end;
            swap_if(&low, &top);
            if (!row(start, vertices, edges, low, &begin, &end)) return BAD_INDEX;
            if (!find_edge(high, begin, end, top, &ids[3 * f + (size_t)k])) return BAD_INDEX;
        }
    return DONE;
}

static int32_t root(int32_t *parent, int32_t vertex) {
    while (parent[vertex] != vertex) vertex = parent[vertex] = parent[parent[vertex]];
    return vertex;
}

/* The number of the connected part of each vertex; parts are numbered by their lowest vertex. */
Status label_parts(const int32_t *start, size_t vertices, const int32_t *high, size_t edges, int32_t *labels) {
    if (vertices > INT32_MAX) return TOO_LARGE;
    for (size_t v = 0; v < vertices; v++) labels[v] = (int32_t)v;
    for (size_t v = 0; v < vertices; v++) {
        size_t begin, end;
        if (!row(start, vertices, edges, (int32_t)v, &begin, &end)) return BAD_INDEX;
        int32_t here = root(labels, (int32_t)v);
        for (; begin < end; begin++) {
            if (high[begin] < 0 || (size_t)high[begin] >= vertices) return BAD_INDEX;
            int32_t there = root(labels, high[begin]);
            if (there < here) { /* the lowest vertex stays the root */
                labels[here] = there;
                here = there;
            } else {
                labels[there] = here;
            }
        }
    }
    int32_t parts = 0;
    for (size_t v = 0; v < vertices; v++) labels[v] = labels[v] == (int32_t)v ? parts++ : labels[labels[v]];
    return DONE;
}
