// Is a constant what QUERY takes (SPEC 2.12)? Asked once, when a program is installed. What is
// asked here, nothing that runs a query asks again.

#include "tsme_number.h"
#include "tsme_query.h"

#include <string.h>

// The next item of an array is at `at`.
struct tsme_array {
    const uint8_t *at;
    uint32_t left; // items
};

static bool tsme_open_array(const uint8_t *at, struct tsme_array *array)
{
    if (*at >> 5 != TSME_ARRAY) {
        return false;
    }
    array->left = tsme_head(&at);
    array->at = at;
    return true;
}

static const uint8_t *tsme_next_item_of(struct tsme_array *array)
{
    const uint8_t *at = array->at;
    array->at = tsme_skip(at);
    array->left--;
    return at;
}

static bool tsme_is_integer_from(const uint8_t *at, int64_t low, int64_t high)
{
    int64_t n;
    return tsme_integer(at, &n) && low <= n && n <= high;
}

static bool tsme_is_some_text(const uint8_t *at)
{
    return *at >> 5 == TSME_TEXT;
}

// Whether two texts are the same.
static bool tsme_same(const uint8_t *a, const uint8_t *b)
{
    uint32_t size = (uint32_t)(tsme_skip_text(a) - a);
    return size == (uint32_t)(tsme_skip_text(b) - b) && memcmp(a, b, size) == 0;
}

static bool tsme_is_an_index(const uint8_t *at)
{
    return tsme_is_integer_from(at, INT32_MIN, INT32_MAX);
}

/// Patterns ///

// One character, or pairs of the first and last of ranges, ascending.
static bool tsme_is_ranges(const uint8_t *at)
{
    uint32_t size = tsme_head(&at);
    const uint8_t *end = at + size;
    uint32_t before = 0;
    uint32_t count = 0;
    for (; at < end; count++) {
        uint32_t c = tsme_character(&at);
        if (count && (c < before || (c == before && count % 2 == 0))) {
            return false;
        }
        before = c;
    }
    return count == 1 || (count && count % 2 == 0);
}

static bool tsme_is_pattern(const uint8_t *at)
{
    struct tsme_array code;
    if (!tsme_open_array(at, &code) || !code.left || code.left > TSME_INSTRUCTIONS_OF_PATTERN) {
        return false;
    }
    int64_t count = code.left;
    while (code.left) {
        const uint8_t *item = tsme_next_item_of(&code);
        struct tsme_array pair;
        bool good;
        if (tsme_open_array(item, &pair)) {
            good = pair.left == 2 && tsme_is_integer_from(tsme_next_item_of(&pair), 0, 6) &&
                   tsme_is_some_text(pair.at);
        } else if (tsme_is_some_text(item)) {
            good = tsme_is_ranges(item);
        } else {
            good = tsme_is_integer_from(item, -1 - count, count);
        }
        if (!good) {
            return false;
        }
    }
    return true;
}

/// Terms ///

// Names and indexes; with null before them they begin at the document.
static bool tsme_is_place(const uint8_t *at, bool *whole)
{
    struct tsme_array steps;
    if (!tsme_open_array(at, &steps) || !steps.left) {
        return false;
    }
    *whole = *steps.at == TSME_NULL;
    if (*whole) {
        (void)tsme_next_item_of(&steps);
    }
    if (!steps.left || steps.left > TSME_SEGMENTS) {
        return false;
    }
    while (steps.left) {
        const uint8_t *step = tsme_next_item_of(&steps);
        if (!tsme_is_some_text(step) && !tsme_is_integer_from(step, 0, 0xFFFF)) {
            return false;
        }
    }
    return true;
}

// A term that is neither AND nor OR; `items` are those behind its number.
static bool tsme_is_leaf(int64_t op, struct tsme_array items, bool *foreign)
{
    bool whole;
    if (!items.left || !tsme_is_place(tsme_next_item_of(&items), &whole)) {
        return false;
    }
    if (op == TSME_TERM_NOT || op == TSME_TERM_HAS) {
        return !items.left && !whole;
    }
    if (op < 0 || op > TSME_TERM_MATCHES || items.left != 1) {
        return false;
    }
    const uint8_t *y = items.at;
    *foreign = true;
    if (op == TSME_TERM_MATCHES) {
        return tsme_is_pattern(y);
    }
    if (tsme_is_some_text(y)) {
        const uint8_t *first = y;
        uint32_t size = tsme_head(&first);
        *foreign = size && (*first == '+' || *first == '-' || *first == '.' ||
                            (*first >= '0' && *first <= '9'));
        return true;
    }
    if (tsme_is_number(y)) {
        int64_t n;
        *foreign = !tsme_integer(y, &n);
        return true;
    }
    return tsme_is_place(y, &whole);
}

static bool tsme_is_term(const uint8_t *term, bool *foreign)
{
    struct tsme_array open[TSME_TERMS_DEEP + 1]; // terms to come; the outermost is one alone
    uint32_t depth = 1;
    open[0] = (struct tsme_array){term, 1};
    while (depth) {
        struct tsme_array items;
        int64_t op;
        if (!open[depth - 1].left) {
            depth--;
            continue;
        }
        const uint8_t *at = tsme_next_item_of(&open[depth - 1]);
        if (!tsme_open_array(at, &items) || items.left < 2 ||
            !tsme_integer(tsme_next_item_of(&items), &op)) {
            return false;
        }
        if (op == TSME_TERM_AND || op == TSME_TERM_OR) {
            if (items.left < 2 || depth > TSME_TERMS_DEEP) {
                return false;
            }
            open[depth++] = items;
            continue;
        }
        bool needs = false;
        if (!tsme_is_leaf(op, items, &needs)) {
            return false;
        }
        *foreign |= needs;
    }
    return true;
}

/// Segments ///

static bool tsme_is_picked(struct tsme_array names, bool last)
{
    if (!last || names.left < 2) {
        return false;
    }
    while (names.left) {
        const uint8_t *name = tsme_next_item_of(&names);
        struct tsme_array rest = names;
        if (!tsme_is_some_text(name)) {
            return false;
        }
        while (rest.left) {
            const uint8_t *other = tsme_next_item_of(&rest);
            if (tsme_is_some_text(other) && tsme_same(name, other)) {
                return false;
            }
        }
    }
    return true;
}

// A segment that is an array.
static bool tsme_is_kind(const uint8_t *at, bool last, bool *foreign)
{
    struct tsme_array items;
    int64_t kind;
    if (!tsme_open_array(at, &items) || items.left < 2 ||
        !tsme_integer(tsme_next_item_of(&items), &kind)) {
        return false;
    }
    if (kind == TSME_FILTER) {
        return items.left == 1 && tsme_is_term(items.at, foreign);
    }
    if (kind == TSME_PICKED) {
        return tsme_is_picked(items, last);
    }
    bool slice = kind == TSME_SLICE;
    if (items.left < 2 || (!slice && kind != TSME_SEVERAL) || (slice && items.left != 2)) {
        return false;
    }
    uint32_t ends = 0;
    while (items.left) {
        const uint8_t *n = tsme_next_item_of(&items);
        ends += *n != TSME_NULL;
        if (!tsme_is_an_index(n) && (*n != TSME_NULL || !slice)) {
            return false;
        }
    }
    return ends;
}

bool tsme_is_query(const uint8_t *query, bool *foreign)
{
    struct tsme_array segments;
    bool plain = true; // names and indexes alone: that is what KEY and INDEX are for
    *foreign = false;
    if (!tsme_open_array(query, &segments) || !segments.left || segments.left > TSME_SEGMENTS) {
        return false;
    }
    while (segments.left) {
        const uint8_t *segment = tsme_next_item_of(&segments);
        bool last = !segments.left;
        if (tsme_is_some_text(segment) || tsme_is_an_index(segment)) {
            continue;
        }
        plain = false;
        if (*segment == TSME_TRUE) {
            if (last || *segments.at == TSME_TRUE) {
                return false;
            }
        } else if (*segment != TSME_NULL && !tsme_is_kind(segment, last, foreign)) {
            return false;
        }
    }
    return !plain;
}
