// Inside the engine: QUERY (SPEC 2.12), a path that may name more than one place.

#ifndef TSME_QUERY_H
#define TSME_QUERY_H

#include "tsme_value.h"

enum {
    TSME_SEGMENTS = 32,  // of a path, at most
    TSME_TERMS_DEEP = 8, // AND and OR in one another, at most
    TSME_INSTRUCTIONS_OF_PATTERN = 500,
};

// Segments that are arrays, by their first item.
enum { TSME_SLICE = 0, TSME_SEVERAL = 1, TSME_PICKED = 2, TSME_FILTER = 3 };

// Terms, by their first item; between them are comparisons, a sum of what may be.
enum { TSME_TERM_NOT = 0, TSME_TERM_HAS = 7, TSME_TERM_AND = 8, TSME_TERM_OR = 9 };
enum { TSME_TERM_MATCHES = 10, TSME_LESS_THAN = 1, TSME_EQUAL_TO = 2, TSME_UNEQUAL = 5 };

// A place in the whole document that was looked for.
struct tsme_known {
    const uint8_t *path;  // a constant
    const uint8_t *value; // null: nothing is there
};

// A query that is under way. Nothing is collected meanwhile, so all pointers stay.
struct tsme_query {
    struct tsme *engine;
    const uint8_t *root; // the value that the whole path begins at
    uint32_t left;       // values that the segment at hand may still look at
    uint32_t work;       // .. have looked at in all
    int error;           // TSME_OK, or why it ends

    // What it takes is free memory behind what it has made; `wants` says how much more would be
    // needed than there was.
    uint8_t *start;
    uint8_t *free;
    uint8_t *end;
    uint32_t wants; // bytes

    // What places in the whole document have, from `end` on; the last that was found first.
    struct tsme_known *known;
    uint32_t places;
    uint32_t expected; // the one that is asked for next, as terms come in the same order
};

// tsme_query.c
tsme_ref *tsme_op_query(struct tsme *t, tsme_ref *sp, uint32_t operand);
bool tsme_looked(struct tsme_query *q, uint32_t n);

uint8_t *tsme_scratch(struct tsme_query *q, uint32_t size);

// tsme_filter.c: whether the term of a filter holds for a value.
bool tsme_holds(struct tsme_query *q, const uint8_t *term, const uint8_t *v);

// tsme_pattern.c: whether a pattern matches the whole of a text of `size` bytes.
bool tsme_matches(struct tsme_query *q, const uint8_t *pattern, const uint8_t *text,
                  uint32_t size);
uint32_t tsme_characters(const uint8_t *text, uint32_t size);
uint32_t tsme_character(const uint8_t **text);

// tsme_query_check.c: whether a constant is what QUERY takes, and whether a caller's functions are
// needed for it.
bool tsme_is_query(const uint8_t *query, bool *foreign);

#endif
