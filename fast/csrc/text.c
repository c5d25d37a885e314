/* Words and plain decimal numbers out of text. */

#include "kernels.h"

enum { LONGEST = 30, MOST_DIGITS = 18, LARGEST_POWER = 22 };

static const double POWER[LARGEST_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Everything up to the blank is white space. */
static int solid(unsigned char byte) { return byte > 32; }

size_t count_words(const unsigned char *text, size_t size) {
    size_t count = size && solid(text[0]);
    for (size_t i = 1; i < size; i++) count += (size_t)(solid(text[i]) & !solid(text[i - 1]));
    return count;
}

/* Where words start and end; the number of words, at most `room` of them written. */
size_t split_words(const unsigned char *text, size_t size, int32_t *starts, int32_t *ends, size_t room) {
    size_t count = 0, at = 0;
    while (count < room) {
        while (at < size && !solid(text[at])) at++;
        if (at == size) break;
        starts[count] = (int32_t)at;
        while (at < size && solid(text[at])) at++;
        ends[count++] = (int32_t)at;
    }
    return count;
}

typedef struct {
    uint32_t part[2]; /* the first nine digits and the next nine */
    int digits, behind_point;
} Digits;

static const unsigned char *read_digits(const unsigned char *at, const unsigned char *end, Digits *digits) {
    int point = 0;
    for (; at < end; at++) {
        if (*at == '.' && !point)
            point = 1;
        else if (*at >= '0' && *at <= '9' && digits->digits < MOST_DIGITS) {
            uint32_t *part = &digits->part[digits->digits++ / 9];
            *part = 10 * *part + (*at - (uint32_t)'0');
            digits->behind_point += point;
        } else
            break;
    }
    return at;
}

static int read_exponent(const unsigned char *at, const unsigned char *end, int *exponent) {
    int negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    if (at == end || end - at > 3) return 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') return 0;
        *exponent = 10 * *exponent + (*at - '0');
    }
    if (negative) *exponent = -*exponent;
    return 1;
}

/* A number of at most 18 digits with a small power of ten; the sums and roundings are those of casepan.mesh.text. */
static int read_number(const unsigned char *at, const unsigned char *end, double *value) {
    Digits digits = {{0, 0}, 0, 0};
    int exponent = 0, negative = at < end && *at == '-';
    if (end - at > LONGEST) return 0;
    if (at < end && (*at == '-' || *at == '+')) at++;
    at = read_digits(at, end, &digits);
    if (!digits.digits) return 0;
    if (at < end && ((*at | 32) != 'e' || !read_exponent(at + 1, end, &exponent))) return 0;
    exponent -= digits.behind_point;
    if (exponent > LARGEST_POWER || exponent < -LARGEST_POWER) return 0;
    double whole = digits.part[0];
    if (digits.digits > 9) whole = whole * POWER[digits.digits - 9] + digits.part[1];
    whole = exponent < 0 ? whole / POWER[-exponent] : whole * POWER[exponent];
    *value = negative ? -whole : whole;
    return 1;
}

/* Words as numbers; `good` says which of them were plain ones. */
Status read_numbers(const unsigned char *text, size_t size, const int32_t *starts, const int32_t *ends, size_t count,
                    double *values, uint8_t *good) {
    for (size_t i = 0; i < count; i++) {
        if (starts[i] < 0 || ends[i] < starts[i] || (size_t)ends[i] > size) return BAD_INDEX;
        values[i] = 0;
        good[i] = (uint8_t)read_number(text + starts[i], text + ends[i], &values[i]);
    }
    return DONE;
}

static const unsigned char *skip_blanks(const unsigned char *at, const unsigned char *end) {
    while (at < end && !solid(*at)) at++;
    return at;
}

static const unsigned char *skip_word(const unsigned char *at, const unsigned char *end) {
    while (at < end && solid(*at)) at++;
    return at;
}

/* Behind one lower-case word in any case, or NULL where another stands. */
static const unsigned char *after_word(const unsigned char *at, const unsigned char *end, const char *word) {
    if (!at) return NULL;
    for (at = skip_blanks(at, end); *word; at++, word++)
        if (at == end || (*at | 32) != (unsigned char)*word) return NULL;
    return at < end && solid(*at) ? NULL : at;
}

/* Behind three words, which are read as numbers where a place for them is given; without one they only must not look
   like the start of a `solid` or `endsolid` line. */
static const unsigned char *after_three(const unsigned char *at, const unsigned char *end, float *values) {
    for (int k = 0; at && k < 3; k++) {
        double value = 0;
        const unsigned char *begin = skip_blanks(at, end);
        at = skip_word(begin, end);
        if (begin == at || (values ? !read_number(begin, at, &value) : (*begin | 32) == 's' || (*begin | 32) == 'e'))
            return NULL;
        if (values) values[k] = (float)value;
    }
    return at;
}

static const unsigned char *after_facet(const unsigned char *at, const unsigned char *end, float corners[9]) {
    at = after_three(after_word(after_word(at, end, "facet"), end, "normal"), end, NULL);
    at = after_word(after_word(at, end, "outer"), end, "loop");
    for (int k = 0; k < 3; k++) at = after_three(after_word(at, end, "vertex"), end, corners + 3 * k);
    return after_word(after_word(at, end, "endloop"), end, "endfacet");
}

/* The corners (nine float32 a facet) of the plain ASCII STL facets from one offset on; `begin` is moved to the first word
   that does not begin one. */
Status scan_facets(const unsigned char *text, size_t size, size_t *begin, Heap *corners) {
    const unsigned char *end = text + size, *at = text + *begin, *after;
    Status status = DONE;
    float found[9];
    while (status == DONE && (after = after_facet(at, end, found))) {
        status = heap_add(corners, found, sizeof found);
        at = after;
    }
    *begin = (size_t)(skip_blanks(at, end) - text);
    return status;
}
