/* The Python side: buffers of any kind in, sizes and alignment checked, the interpreter free while a kernel runs. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

#include "kernels.h"

enum { API = 3, MOST_BUFFERS = 10 };

typedef struct {
    Py_buffer view[MOST_BUFFERS];
    int count;
} Buffers;

static void release(Buffers *buffers) {
    while (buffers->count) PyBuffer_Release(&buffers->view[--buffers->count]);
}

/* Takes one letter per argument: the lower case is read, the upper case written; b bytes, h, i and q integers of 16, 32
   and 64 bits, f and d floats, q and d 64 bits. Returns 0 with an exception set where one does not fit. */
static int take(Buffers *buffers, PyObject *const *arguments, Py_ssize_t given, const char *kinds) {
    buffers->count = 0;
    for (int i = 0; kinds[i]; i++) {
        int writable = kinds[i] >= 'A' && kinds[i] <= 'Z';
        int kind = kinds[i] | 32, size = kind == 'b' ? 1 : kind == 'h' ? 2 : kind == 'i' || kind == 'f' ? 4 : 8;
        Py_buffer *view = &buffers->view[i];
        if (i >= given) {
            PyErr_SetString(PyExc_TypeError, "too few arguments");
            return 0;
        }
        if (PyObject_GetBuffer(arguments[i], view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0) return 0;
        buffers->count++;
        if (view->len % size || (view->len && (uintptr_t)view->buf % (uintptr_t)size)) {
            PyErr_Format(PyExc_ValueError, "buffer %d holds no whole aligned elements of %d bytes", i, size);
            return 0;
        }
    }
    return 1;
}

/* Whether something that is written overlaps anything else. */
static int disjoint(const Buffers *buffers, const char *kinds) {
    for (int i = 0; i < buffers->count; i++)
        for (int k = 0; k < buffers->count; k++) {
            const Py_buffer *a = &buffers->view[i], *b = &buffers->view[k];
            const char *from = a->buf, *other = b->buf;
            if (i == k || kinds[i] > 'Z' || !a->len || !b->len) continue;
            if (from < other + b->len && other < from + a->len) {
                PyErr_SetString(PyExc_ValueError, "a result overlaps another argument");
                return 0;
            }
        }
    return 1;
}

static int start(Buffers *buffers, PyObject *const *arguments, Py_ssize_t given, const char *kinds, Py_ssize_t numbers) {
    if (given != (Py_ssize_t)strlen(kinds) + numbers) {
        PyErr_Format(PyExc_TypeError, "%zd arguments are expected", (Py_ssize_t)strlen(kinds) + numbers);
        buffers->count = 0;
        return 0;
    }
    return take(buffers, arguments, given, kinds) && disjoint(buffers, kinds);
}

static size_t length(const Buffers *buffers, int which, size_t size) { return (size_t)buffers->view[which].len / size; }

static int fits(int good) {
    if (!good && !PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "the sizes of the buffers do not fit together");
    return good;
}

/* A whole number that is not negative. */
static int whole(PyObject *argument, size_t *value) {
    *value = PyLong_AsSize_t(argument);
    return !PyErr_Occurred();
}

static int real(PyObject *argument, double *value) {
    *value = PyFloat_AsDouble(argument);
    return !PyErr_Occurred();
}

static PyObject *failed(Status status) {
    if (status == NO_MEMORY) return PyErr_NoMemory();
    if (status == BAD_INDEX) PyErr_SetString(PyExc_IndexError, "an index points outside its table");
    if (status == BAD_NUMBER) PyErr_SetString(PyExc_ValueError, "a coordinate is not finite");
    if (status == TOO_MANY) PyErr_SetString(PyExc_OverflowError, "too many overlapping faces");
    if (status == TOO_LARGE) PyErr_SetString(PyExc_OverflowError, "more elements than 32 bits can number");
    return NULL;
}

#define RUN(status, call)      \
    Py_BEGIN_ALLOW_THREADS     \
    status = (call);           \
    Py_END_ALLOW_THREADS

/* weld(data, inverse, offset, stride, run, salt) -> bytearray of the different points */
static PyObject *py_weld(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    Heap found = {0};
    size_t offset, stride, run, salt;
    (void)self;
    if (start(&buffers, arguments, given, "bI", 4) && whole(arguments[2], &offset) && whole(arguments[3], &stride) &&
        whole(arguments[4], &run) && whole(arguments[5], &salt)) {
        size_t size = length(&buffers, 0, 1), count = length(&buffers, 1, 4), records = run ? count / run : 0;
        int whole_records = run && run <= 1024 && count % run == 0 && stride >= 12 * run && offset <= size &&
                            (!records || ((size - offset >= 12 * run) && (size - offset - 12 * run) / stride >= records - 1));
        if (fits(whole_records)) {
            Status status;
            const unsigned char *data = (const unsigned char *)buffers.view[0].buf + offset;
            RUN(status, weld(data, stride, run, records, salt, buffers.view[1].buf, &found))
            if (status == DONE)
                result = PyByteArray_FromStringAndSize((const char *)found.bytes, (Py_ssize_t)found.size);
            else
                failed(status);
        }
    }
    heap_free(&found);
    release(&buffers);
    return result;
}

static PyObject *nothing_or(Status status) {
    if (status != DONE) return failed(status);
    Py_RETURN_NONE;
}

/* mark_faces(faces, marks, vertices) */
static PyObject *py_mark_faces(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    size_t vertices;
    (void)self;
    if (start(&buffers, arguments, given, "iB", 1) && whole(arguments[2], &vertices)) {
        size_t count = length(&buffers, 1, 1);
        if (fits(length(&buffers, 0, 4) == 3 * count && vertices <= INT32_MAX)) {
            Status status;
            RUN(status, mark_faces(buffers.view[0].buf, count, (int32_t)vertices, buffers.view[1].buf))
            result = nothing_or(status);
        }
    }
    release(&buffers);
    return result;
}

/* count_edges(faces, start, high, uses) -> number of edges, or -1 */
static PyObject *py_count_edges(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    (void)self;
    if (start(&buffers, arguments, given, "iIIH", 0)) {
        size_t corners = length(&buffers, 0, 4), starts = length(&buffers, 1, 4);
        if (fits(corners % 3 == 0 && starts && starts <= INT32_MAX && length(&buffers, 2, 4) == corners &&
                 length(&buffers, 3, 2) == corners)) {
            Status status;
            int64_t edges = -1;
            RUN(status, count_edges(buffers.view[0].buf, corners / 3, (int32_t)(starts - 1), buffers.view[1].buf,
                                    buffers.view[2].buf, buffers.view[3].buf, &edges))
            result = status == DONE ? PyLong_FromLongLong(edges) : failed(status);
        }
    }
    release(&buffers);
    return result;
}

/* edge_ids(faces, start, high, ids) */
static PyObject *py_edge_ids(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    (void)self;
    if (start(&buffers, arguments, given, "iiiI", 0)) {
        size_t corners = length(&buffers, 0, 4), starts = length(&buffers, 1, 4), edges = length(&buffers, 2, 4);
        if (fits(corners % 3 == 0 && length(&buffers, 3, 4) == corners && starts)) {
            Status status;
            RUN(status, edge_ids(buffers.view[0].buf, corners / 3, buffers.view[1].buf, starts - 1, buffers.view[2].buf,
                                 edges, buffers.view[3].buf))
            result = nothing_or(status);
        }
    }
    release(&buffers);
    return result;
}

/* label_parts(start, high, labels) */
static PyObject *py_label_parts(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    (void)self;
    if (start(&buffers, arguments, given, "iiI", 0)) {
        size_t starts = length(&buffers, 0, 4), edges = length(&buffers, 1, 4);
        if (fits(starts && length(&buffers, 2, 4) == starts - 1)) {
            Status status;
            RUN(status, label_parts(buffers.view[0].buf, starts - 1, buffers.view[1].buf, edges, buffers.view[2].buf))
            result = nothing_or(status);
        }
    }
    release(&buffers);
    return result;
}

/* meeting_pairs(vertices, faces, most) -> bytearray of int32 pairs */
static PyObject *py_meeting_pairs(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    Heap pairs = {0};
    size_t most;
    (void)self;
    if (start(&buffers, arguments, given, "fi", 1) && whole(arguments[2], &most)) {
        size_t numbers = length(&buffers, 0, 4), corners = length(&buffers, 1, 4);
        if (fits(numbers % 3 == 0 && corners % 3 == 0)) {
            Status status;
            RUN(status, meeting_pairs(buffers.view[0].buf, numbers / 3, buffers.view[1].buf, corners / 3, most, &pairs))
            if (status == DONE)
                result = PyByteArray_FromStringAndSize((const char *)pairs.bytes, (Py_ssize_t)pairs.size);
            else
                failed(status);
        }
    }
    heap_free(&pairs);
    release(&buffers);
    return result;
}

/* count_words(text) */
static PyObject *py_count_words(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    (void)self;
    if (start(&buffers, arguments, given, "b", 0)) {
        size_t count;
        RUN(count, count_words(buffers.view[0].buf, length(&buffers, 0, 1)))
        result = PyLong_FromSize_t(count);
    }
    release(&buffers);
    return result;
}

/* split_words(text, starts, ends) -> number of words */
static PyObject *py_split_words(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    (void)self;
    if (start(&buffers, arguments, given, "bII", 0)) {
        size_t size = length(&buffers, 0, 1), room = length(&buffers, 1, 4), count;
        if (fits(size <= INT32_MAX && length(&buffers, 2, 4) == room)) {
            RUN(count, split_words(buffers.view[0].buf, size, buffers.view[1].buf, buffers.view[2].buf, room))
            result = PyLong_FromSize_t(count);
        }
    }
    release(&buffers);
    return result;
}

/* read_numbers(text, starts, ends, values, good) */
static PyObject *py_read_numbers(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    (void)self;
    if (start(&buffers, arguments, given, "biiDB", 0)) {
        size_t count = length(&buffers, 4, 1);
        if (fits(length(&buffers, 1, 4) == count && length(&buffers, 2, 4) == count && length(&buffers, 3, 8) == count)) {
            Status status;
            RUN(status, read_numbers(buffers.view[0].buf, length(&buffers, 0, 1), buffers.view[1].buf, buffers.view[2].buf,
                                     count, buffers.view[3].buf, buffers.view[4].buf))
            result = nothing_or(status);
        }
    }
    release(&buffers);
    return result;
}

/* scan_facets(text, begin) -> (bytearray of the corners, offset of what follows) */
static PyObject *py_scan_facets(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    Heap corners = {0};
    size_t at;
    (void)self;
    if (start(&buffers, arguments, given, "b", 1) && whole(arguments[1], &at) && fits(at <= length(&buffers, 0, 1))) {
        Status status;
        RUN(status, scan_facets(buffers.view[0].buf, length(&buffers, 0, 1), &at, &corners))
        PyObject *found = status == DONE ? PyByteArray_FromStringAndSize((const char *)corners.bytes, (Py_ssize_t)corners.size)
                                         : failed(status);
        if (found) result = Py_BuildValue("Nn", found, (Py_ssize_t)at);
    }
    heap_free(&corners);
    release(&buffers);
    return result;
}

/* nearest_faces(vertices, faces, points, squares, found, heights, limit) */
static PyObject *py_nearest_faces(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    double limit;
    (void)self;
    if (start(&buffers, arguments, given, "fifDID", 1) && real(arguments[6], &limit)) {
        const Py_buffer *view = buffers.view;
        size_t numbers = length(&buffers, 0, 4), corners = length(&buffers, 1, 4), count = length(&buffers, 3, 8);
        if (fits(numbers % 3 == 0 && corners % 3 == 0 && length(&buffers, 2, 4) == 3 * count &&
                 length(&buffers, 4, 4) == count && length(&buffers, 5, 8) == count && limit >= 0)) {
            Status status;
            RUN(status, nearest_faces(view[0].buf, numbers / 3, view[1].buf, corners / 3, view[2].buf, count, limit,
                                      view[3].buf, view[4].buf, view[5].buf))
            result = nothing_or(status);
        }
    }
    release(&buffers);
    return result;
}

/* stl_records(vertices, faces, records) */
static PyObject *py_stl_records(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    (void)self;
    if (start(&buffers, arguments, given, "fiB", 0)) {
        size_t numbers = length(&buffers, 0, 4), corners = length(&buffers, 1, 4), room = length(&buffers, 2, 1);
        if (fits(numbers % 3 == 0 && corners % 3 == 0 && room % 50 == 0 && room / 50 == corners / 3)) {
            Status status;
            RUN(status, stl_records(buffers.view[0].buf, numbers / 3, buffers.view[1].buf, corners / 3, buffers.view[2].buf))
            result = nothing_or(status);
        }
    }
    release(&buffers);
    return result;
}

/* A little more than the largest of some shifts, upwards or downwards. */
static float reach_of(const float *shifts, size_t count) {
    float reach = 0;
    for (size_t i = 0; i < count; i++) {
        float size = shifts[i] < 0 ? -shifts[i] : shifts[i];
        if (size > reach) reach = size;
    }
    return reach + 0.01f;
}

/* rasterise(values, faces, slots, shifts, depths, pixels, width, height); slots may be empty, depths are two float32, a
   row of values has at least three */
static PyObject *py_rasterise(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    size_t width, height, row;
    (void)self;
    if (start(&buffers, arguments, given, "fiiffQ", 3) && whole(arguments[6], &row) && whole(arguments[7], &width) &&
        whole(arguments[8], &height)) {
        const Py_buffer *view = buffers.view;
        size_t numbers = length(&buffers, 0, 4), corners = length(&buffers, 1, 4), slots = length(&buffers, 2, 4);
        size_t samples = length(&buffers, 3, 4) / 2, room = samples ? length(&buffers, 5, 8) / samples : 0;
        size_t area = width < 65536 && height < 65536 ? width * height : 0;
        if (fits(row >= 3 && numbers % row == 0 && corners % 3 == 0 && area && samples && length(&buffers, 3, 4) % 2 == 0 &&
                 length(&buffers, 4, 4) == 2 && length(&buffers, 5, 8) == samples * room &&
                 (slots ? slots == area : room == area))) {
            const float *shifts = view[3].buf, *depths = view[4].buf;
            Canvas canvas = {view[5].buf, room,      slots ? view[2].buf : NULL, (int)width, (int)height, depths[0],
                             depths[1],   shifts, samples, reach_of(shifts, 2 * samples)};
            Status status;
            RUN(status, rasterise(&canvas, view[0].buf, row, numbers / row, view[1].buf, corners / 3))
            result = nothing_or(status);
        }
    }
    release(&buffers);
    return result;
}

/* mix(values, faces, chosen, x, y, mixed, row); a row of values has two more than are mixed */
static PyObject *py_mix(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    size_t row;
    (void)self;
    if (start(&buffers, arguments, given, "fiiffF", 1) && whole(arguments[6], &row)) {
        const Py_buffer *view = buffers.view;
        size_t numbers = length(&buffers, 0, 4), corners = length(&buffers, 1, 4), count = length(&buffers, 2, 4);
        if (fits(row > 2 && row < 65536 && numbers % row == 0 && corners % 3 == 0 && length(&buffers, 3, 4) == count &&
                 length(&buffers, 4, 4) == count && length(&buffers, 5, 4) == (row - 2) * count)) {
            Status status;
            RUN(status, mix(view[0].buf, row, numbers / row, view[1].buf, corners / 3, view[2].buf, view[3].buf,
                            view[4].buf, count, view[5].buf))
            result = nothing_or(status);
        }
    }
    release(&buffers);
    return result;
}

/* normal_sums(vertices, faces, normals) */
static PyObject *py_normal_sums(PyObject *self, PyObject *const *arguments, Py_ssize_t given) {
    Buffers buffers;
    PyObject *result = NULL;
    (void)self;
    if (start(&buffers, arguments, given, "fiF", 0)) {
        size_t numbers = length(&buffers, 0, 4), corners = length(&buffers, 1, 4);
        if (fits(numbers % 3 == 0 && corners % 3 == 0 && length(&buffers, 2, 4) == numbers)) {
            Status status;
            RUN(status, normal_sums(buffers.view[0].buf, numbers / 3, buffers.view[1].buf, corners / 3, buffers.view[2].buf))
            result = nothing_or(status);
        }
    }
    release(&buffers);
    return result;
}

#define METHOD(name) {#name, (PyCFunction)(void (*)(void))py_##name, METH_FASTCALL, NULL}

static PyMethodDef methods[] = {
    METHOD(weld),          METHOD(mark_faces),  METHOD(count_edges),  METHOD(edge_ids), METHOD(label_parts),
    METHOD(meeting_pairs), METHOD(count_words), METHOD(split_words),  METHOD(read_numbers),  METHOD(scan_facets),
    METHOD(nearest_faces),       METHOD(stl_records), METHOD(rasterise), METHOD(mix), METHOD(normal_sums), {NULL, NULL, 0, NULL},
};

static int fill(PyObject *module) { return PyModule_AddIntConstant(module, "API", API); }

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)fill}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "casepan_fast._kernels", "Compiled kernels; see casepan.mesh.kernels.", 0, methods, slots,
    NULL,                  NULL,                    NULL,
};

PyMODINIT_FUNC PyInit__kernels(void) { return PyModuleDef_Init(&definition); }
