// The terms of a filter (SPEC 2.12): what is at a place, compared with a literal, with what is at
// another place, or with a pattern.
//
// Numbers as text, and text as numbers, are exact in decimal. Integers are done here; a float, or
// a text with a point, goes to the caller's functions JsonToString and StringToJson.

#include "tsme_call.h"
#include "tsme_number.h"
#include "tsme_query.h"
#include "tsme_text.h"

#include <string.h>

// A text that is compared: its bytes.
struct tsme_text {
    const uint8_t *at;
    uint32_t size;
};

static struct tsme_text tsme_text_of(const uint8_t *at)
{
    uint32_t size = tsme_head(&at);
    return (struct tsme_text){at, size};
}

static bool tsme_says(const uint8_t *at, const char *word)
{
    struct tsme_text text = tsme_text_of(at);
    uint32_t i = 0;
    while (word[i] && i < text.size && text.at[i] == (uint8_t)word[i]) {
        i++;
    }
    return *at >> 5 == TSME_TEXT && !word[i] && i == text.size;
}

// The same in any case; the word is in small letters.
static bool tsme_says_in_any_case(const uint8_t *at, const char *word)
{
    struct tsme_text text = tsme_text_of(at);
    uint32_t i = 0;
    while (word[i] && i < text.size && (text.at[i] | 0x20) == (uint8_t)word[i]) {
        i++;
    }
    return *at >> 5 == TSME_TEXT && !word[i] && i == text.size;
}

static int tsme_order(struct tsme_text a, struct tsme_text b)
{
    int order = memcmp(a.at, b.at, a.size < b.size ? a.size : b.size);
    return order ? order : a.size < b.size ? -1 : a.size > b.size;
}

// Whether a comparison has this order among what it accepts.
static bool tsme_accepts(uint32_t op, int order)
{
    return op >> (order < 0 ? 0 : order == 0 ? 1 : 2) & 1;
}

/// Decimal ///

// Free memory, or null, and then the query is made again with more of it.
uint8_t *tsme_scratch(struct tsme_query *q, uint32_t size)
{
    if ((uint32_t)(q->end - q->free) < size) {
        q->error = TSME_ERR_MEMORY;
        q->wants = (uint32_t)(q->free - q->start) + size;
        return 0;
    }
    return q->free;
}

// What one of the caller's functions makes of one value, in free memory behind `used` bytes of
// it; null: nothing, or the query has an error.
static const uint8_t *tsme_converted(struct tsme_query *q, uint32_t function, const uint8_t *value,
                                     uint32_t size, uint32_t used)
{
    struct tsme *t = q->engine;
    uint8_t *out = tsme_scratch(q, used);
    if (!out) {
        return 0;
    }
    if (!t->config.call) {
        t->refused = "a comparison of numbers with text";
        q->error = TSME_ERR_UNSUPPORTED;
        return 0;
    }
    struct tsme_call call = {.function = function, .args = value, .args_size = size};
    call.out = out + used;
    call.room = (uint32_t)(q->end - call.out);
    int err = t->config.call(t->config.context, &call); // calls: the caller
    if (err == TSME_INTRINSIC) {
        return 0;
    }
    const struct tsme_part none = {0, 0};
    if (!err && call.size > call.room) {
        (void)tsme_scratch(q, used + call.size);
    } else if (err || tsme_check(call.out, call.out + call.size, none) != (int32_t)call.size) {
        q->error = TSME_ERR_CALL;
    } else {
        return call.out;
    }
    return 0;
}

// A number as text: an integer in `digits`, of TSME_DECIMAL_MAX bytes, a float in free memory.
static struct tsme_text tsme_number_text(struct tsme_query *q, const uint8_t *number,
                                         uint8_t *digits)
{
    int64_t n;
    if (!tsme_integer(number, &n)) {
        const uint8_t *text = tsme_converted(q, TSME_JSON_TO_STRING, number,
                                             (uint32_t)(tsme_skip(number) - number), 0);
        if (text && *text >> 5 != TSME_TEXT) {
            q->error = TSME_ERR_CALL;
            text = 0;
        }
        return text ? tsme_text_of(text) : (struct tsme_text){digits, 0};
    }
    uint8_t *end = tsme_write_in_decimal(digits, n);
    return (struct tsme_text){digits, (uint32_t)(end - digits)};
}

static uint32_t tsme_digits(struct tsme_text *text)
{
    uint32_t n = 0;
    for (; text->size && *text->at >= '0' && *text->at <= '9'; n++) {
        text->at++;
        text->size--;
    }
    return n;
}

static bool tsme_takes(struct tsme_text *text, uint8_t a, uint8_t b)
{
    if (!text->size || (*text->at != a && *text->at != b)) {
        return false;
    }
    text->at++;
    text->size--;
    return true;
}

// A decimal as BigDecimal reads it, in parts: sign, digits, point, digits, exponent.
struct tsme_decimal {
    struct tsme_text whole; // digits, without zeros in front
    struct tsme_text rest;  // digits behind the point
    struct tsme_text power; // sign and digits
    bool negative;
    bool plain; // neither point nor exponent
};

static bool tsme_read_decimal(struct tsme_text text, struct tsme_decimal *d)
{
    bool plus = tsme_takes(&text, '+', '+');
    d->negative = tsme_takes(&text, '-', '-');
    d->whole.at = text.at;
    d->whole.size = tsme_digits(&text);
    bool point = tsme_takes(&text, '.', '.');
    d->rest.at = text.at;
    d->rest.size = point ? tsme_digits(&text) : 0;
    if (!d->whole.size && !d->rest.size) {
        return false;
    }
    bool exponent = tsme_takes(&text, 'e', 'E');
    d->power.at = text.at;
    if (exponent) {
        (void)tsme_takes(&text, '-', '+');
        if (!tsme_digits(&text)) {
            return false;
        }
    }
    d->power.size = (uint32_t)(text.at - d->power.at);
    d->plain = !point && !exponent;
    if (plus && d->negative && (!d->whole.size || (d->whole.size > 1 && *d->whole.at == '0'))) {
        return false; // after a plus the minus counts to the digits, which are JSON's then
    }
    while (d->whole.size && *d->whole.at == '0') {
        d->whole.at++;
        d->whole.size--;
    }
    return text.size == 0;
}

// An integer of 64 bits; false if it has more.
static bool tsme_read_integer(const struct tsme_decimal *d, struct tsme_number *number)
{
    uint64_t n = 0;
    if (d->whole.size > 19) {
        return false;
    }
    for (uint32_t i = 0; i < d->whole.size; i++) {
        n = (n << 3) + (n << 1) + (d->whole.at[i] & 15u);
    }
    *number = (struct tsme_number){n, 0, d->negative && n, true};
    return n <= (uint64_t)INT64_MAX + (d->negative ? 1 : 0);
}

static uint8_t *tsme_add_text(uint8_t *to, struct tsme_text text)
{
    memcpy(to, text.at, text.size);
    return to + text.size;
}

// What a text says as a number; false: nothing, or the query has an error.
static bool tsme_text_number(struct tsme_query *q, struct tsme_text text,
                             struct tsme_number *number)
{
    struct tsme_decimal d;
    if (!tsme_read_decimal(text, &d)) {
        return false;
    }
    if (d.plain && tsme_read_integer(&d, number)) {
        return true;
    }
    // As JSON has it: -WHOLE.RESTePOWER.
    static const uint8_t zero[] = "0";
    const struct tsme_text none = {zero, 1};
    uint32_t most = d.whole.size + d.rest.size + d.power.size + 5;
    uint8_t *out = tsme_scratch(q, most + 2 * TSME_HEAD_MAX);
    if (!out) {
        return false;
    }
    uint8_t *body = out + TSME_HEAD_MAX;
    uint8_t *to = body;
    if (d.negative) {
        *to++ = '-';
    }
    to = tsme_add_text(to, d.whole.size ? d.whole : none);
    *to++ = '.';
    to = tsme_add_text(to, d.rest.size ? d.rest : none);
    if (d.power.size) {
        *to++ = 'e';
        to = tsme_add_text(to, d.power);
    }
    uint8_t head[TSME_HEAD_MAX];
    uint32_t size = (uint32_t)(tsme_write_head(head, TSME_TEXT, (uint32_t)(to - body)) - head);
    memcpy(body - size, head, size);
    const uint8_t *value = tsme_converted(q, TSME_STRING_TO_JSON, body - size,
                                          (uint32_t)(to - body) + size, (uint32_t)(to - out));
    if (value && !tsme_number(value, number)) {
        q->error = TSME_ERR_CALL;
    }
    return value && !q->error;
}

// Whether a number compares so with what a text says.
static bool tsme_compare_number(struct tsme_query *q, uint32_t op, const uint8_t *x,
                                const uint8_t *text)
{
    struct tsme_number a;
    struct tsme_number b;
    (void)tsme_number(x, &a);
    if (!tsme_text_number(q, tsme_text_of(text), &b)) {
        return op == TSME_UNEQUAL;
    }
    return tsme_accepts(op, tsme_compare_numbers(&a, &b));
}

/// Comparing ///

static bool tsme_is_boolean(const uint8_t *at)
{
    return (*at | 1) == TSME_TRUE;
}

// With a literal, a text or a number.
static bool tsme_compare_literal(struct tsme_query *q, uint32_t op, const uint8_t *x,
                                 const uint8_t *y)
{
    bool text = *y >> 5 == TSME_TEXT;
    if (tsme_is_container(x)) {
        return false;
    }
    if (*x == TSME_NULL) {
        return op == (tsme_says(y, "null") ? TSME_EQUAL_TO : TSME_UNEQUAL);
    }
    if (tsme_is_boolean(x)) {
        bool yes = text && tsme_says_in_any_case(y, "true");
        if (!yes && !(text && tsme_says_in_any_case(y, "false"))) {
            return op == TSME_UNEQUAL;
        }
        return tsme_accepts(op, (*x == TSME_TRUE) - yes);
    }
    if (*x >> 5 == TSME_TEXT) {
        uint8_t digits[TSME_DECIMAL_MAX];
        struct tsme_text other = text ? tsme_text_of(y) : tsme_number_text(q, y, digits);
        return tsme_accepts(op, tsme_order(tsme_text_of(x), other));
    }
    if (text) {
        return tsme_compare_number(q, op, x, y);
    }
    struct tsme_number a;
    struct tsme_number b;
    (void)tsme_number(x, &a);
    (void)tsme_number(y, &b);
    return tsme_accepts(op, tsme_compare_numbers(&a, &b));
}

// Of two values, neither of them null or the text that says so.
static bool tsme_compare_values(struct tsme_query *q, uint32_t op, const uint8_t *x,
                                const uint8_t *y)
{
    if (tsme_is_container(x) || tsme_is_container(y)) {
        return false;
    }
    if (*y >> 5 == TSME_TEXT) {
        if (*x >> 5 == TSME_TEXT) {
            return tsme_accepts(op, tsme_order(tsme_text_of(x), tsme_text_of(y)));
        }
        if (tsme_is_boolean(x)) {
            return tsme_accepts(op, (*x == TSME_TRUE) - tsme_says_in_any_case(y, "true"));
        }
        return tsme_compare_number(q, op, x, y);
    }
    if (tsme_is_boolean(x) && tsme_is_boolean(y)) {
        return tsme_accepts(op, *x - *y);
    }
    struct tsme_number a;
    struct tsme_number b;
    return tsme_number(x, &a) && tsme_number(y, &b) &&
           tsme_accepts(op, tsme_compare_numbers(&a, &b));
}

// Of what is at two places, of which both are there.
static bool tsme_compare_places(struct tsme_query *q, uint32_t op, const uint8_t *x,
                                const uint8_t *y)
{
    if (tsme_is_container(x) && tsme_is_container(y)) {
        return false;
    }
    bool null_x = *x == TSME_NULL || tsme_says(x, "null");
    bool null_y = *y == TSME_NULL || tsme_says(y, "null");
    if ((*x == TSME_NULL) != (*y == TSME_NULL)) {
        return op == (null_x && null_y ? TSME_EQUAL_TO : TSME_UNEQUAL);
    }
    if (null_x || null_y) {
        return tsme_accepts(op, null_y - null_x);
    }
    return tsme_compare_values(q, op, x, y);
}

/// Terms ///

static const uint8_t *tsme_at(const uint8_t *v, const uint8_t *steps, uint32_t count)
{
    return tsme_path(v, (struct tsme_list){0, steps, count, 0, false});
}

// What is at a place in the whole document, or null. It is remembered, so that a filter does not
// look for it once for each item.
static const uint8_t *tsme_placed_in_all(struct tsme_query *q, const uint8_t *path)
{
    for (uint32_t n = 0; n < q->places; n++) {
        const struct tsme_known *known = &q->known[q->expected];
        q->expected = (q->expected ? q->expected : q->places) - 1;
        if (known->path == path) {
            return known->value;
        }
    }
    if (!tsme_scratch(q, sizeof *q->known)) {
        return 0;
    }
    const uint8_t *steps = path;
    uint32_t count = tsme_head(&steps) - 1;
    *--q->known = (struct tsme_known){path, tsme_at(q->root, steps + 1, count)};
    q->end = (uint8_t *)q->known;
    q->expected = q->places++;
    return q->known->value;
}

// What is at a place, or null.
static const uint8_t *tsme_placed(struct tsme_query *q, const uint8_t *path, const uint8_t *v)
{
    const uint8_t *steps = path;
    uint32_t count = tsme_head(&steps);
    return *steps == TSME_NULL ? tsme_placed_in_all(q, path) : tsme_at(v, steps, count);
}

static bool tsme_match(struct tsme_query *q, const uint8_t *x, const uint8_t *pattern)
{
    uint8_t digits[TSME_DECIMAL_MAX];
    struct tsme_text text;
    const uint8_t *code = pattern;
    uint32_t weight = 1 + tsme_head(&code) / 16;
    if (*x == TSME_NULL || tsme_is_container(x)) {
        return false;
    }
    if (*x >> 5 == TSME_TEXT) {
        text = tsme_text_of(x);
        weight *= tsme_characters(text.at, text.size);
    } else if (tsme_is_boolean(x)) {
        text.at = (const uint8_t *)(*x == TSME_TRUE ? "true" : "false");
        text.size = *x == TSME_TRUE ? 4 : 5;
    } else {
        text = tsme_number_text(q, x, digits);
    }
    if (q->error || !tsme_looked(q, weight)) {
        return false;
    }
    uint8_t *free = q->free;
    if (text.at >= q->free && text.at < q->end) {
        q->free += (uint32_t)(text.at - q->free) + text.size; // a float's text lies there
    }
    bool matches = tsme_matches(q, pattern, text.at, text.size);
    q->free = free;
    return matches;
}

// A term that is neither AND nor OR.
static bool tsme_holds_one(struct tsme_query *q, uint32_t op, const uint8_t *path,
                           const uint8_t *v)
{
    const uint8_t *x = tsme_placed(q, path, v);
    if (op == TSME_TERM_NOT || op == TSME_TERM_HAS) {
        return (!x || *x == TSME_NULL) == (op == TSME_TERM_NOT);
    }
    if (!x) {
        return false;
    }
    const uint8_t *y = tsme_skip(path);
    if (*y >> 5 != TSME_ARRAY) {
        return tsme_compare_literal(q, op, x, y);
    }
    if (op == TSME_TERM_MATCHES) {
        return tsme_match(q, x, y);
    }
    y = tsme_placed(q, y, v);
    if (!y) {
        return false;
    }
    uint32_t weight = 0;
    for (uint32_t i = 0; i < 2; i++) {
        const uint8_t *side = i ? y : x;
        if (*side >> 5 == TSME_TEXT) {
            struct tsme_text text = tsme_text_of(side);
            weight += tsme_characters(text.at, text.size);
        }
    }
    return tsme_looked(q, weight ? weight : 1) && tsme_compare_places(q, op, x, y);
}

bool tsme_holds(struct tsme_query *q, const uint8_t *term, const uint8_t *v)
{
    struct {
        const uint8_t *term; // the one at hand
        uint32_t left;       // with it
        bool any;            // OR: the first that holds decides; else the first that does not
    } open[TSME_TERMS_DEEP];
    uint32_t depth = 0;
    while (!q->error) {
        const uint8_t *at = term;
        uint32_t count = tsme_head(&at);
        uint32_t op = *at++;
        if (op == TSME_TERM_AND || op == TSME_TERM_OR) {
            open[depth].term = at;
            open[depth].left = count - 1;
            open[depth++].any = op == TSME_TERM_OR;
            term = at;
            continue;
        }
        bool holds = tsme_holds_one(q, op, at, v);
        while (depth && (holds == open[depth - 1].any || --open[depth - 1].left == 0)) {
            depth--;
        }
        if (!depth) {
            return holds;
        }
        term = open[depth - 1].term = tsme_skip(open[depth - 1].term);
    }
    return false;
}
