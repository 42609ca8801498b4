// Values as text: JSON, what Format shows, and both of these functions (SPEC 2.6).
//
// Text is written twice: first nowhere, to know how long it is, then where there is room for it.
// As many digits as Java shows of a float are long arithmetic that the caller has; who meets one
// gives up. The 15 of an expression are an integer of 128 bits, except for the very small and
// large.

#include "tsme_text.h"

#include "tsme_expr.h"
#include "tsme_frames.h"
#include "tsme_functions.h"
#include "tsme_math.h"
#include "tsme_number.h"

#include <string.h>

void tsme_write_bytes(struct tsme_writer *out, const void *from, uint32_t size)
{
    if (out->to) {
        memcpy(out->to, from, size);
        out->to += size;
    }
    // Texts within texts, as often as there are items, may be more than 32 bits can count.
    out->size += size < UINT32_MAX - out->size ? size : UINT32_MAX - out->size;
}

static void tsme_write_byte(struct tsme_writer *out, uint8_t byte)
{
    tsme_write_bytes(out, &byte, 1);
}

uint8_t *tsme_write_in_decimal(uint8_t *to, int64_t n)
{
    // Counting down instead of dividing: chips without a division of 64 bits take longer for
    // one than for all the digits.
    static const uint64_t powers[] = {
        UINT64_C(1000000000000000000),
        UINT64_C(100000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(100000000000000),
        UINT64_C(10000000000000),
        UINT64_C(1000000000000),
        UINT64_C(100000000000),
        UINT64_C(10000000000),
        UINT64_C(1000000000),
        UINT64_C(100000000),
        UINT64_C(10000000),
        UINT64_C(1000000),
        UINT64_C(100000),
        UINT64_C(10000),
        UINT64_C(1000),
        UINT64_C(100),
        UINT64_C(10),
    };
    uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    bool begun = false;
    if (n < 0) {
        *to++ = '-';
    }
    for (uint32_t i = 0; i < sizeof powers / sizeof powers[0]; i++) {
        uint8_t digit = '0';
        for (; left >= powers[i]; left -= powers[i]) {
            digit++;
        }
        if (begun || digit > '0') {
            *to++ = digit;
            begun = true;
        }
    }
    *to++ = (uint8_t)('0' + left);
    return to;
}

/// JSON ///

// The bytes of a text between quotes, with what JSON escapes.
static void tsme_write_quoted(struct tsme_writer *out, const uint8_t *at, uint32_t style)
{
    uint32_t left = tsme_head(&at);
    tsme_write_byte(out, '"');
    while (left) {
        uint32_t run = 0;
        while (run < left && at[run] >= 0x20 && at[run] != '"' && at[run] != '\\') {
            run++;
        }
        tsme_write_bytes(out, at, run);
        at += run;
        left -= run;
        if (!left) {
            break;
        }
        static const char letters[] = "btn?fr"; // of 8 to 13
        uint8_t c = *at++;
        left--;
        tsme_write_byte(out, '\\');
        if (c >= 0x20) {
            tsme_write_byte(out, c);
        } else if (c >= 8 && c <= 13 && c != 11) {
            tsme_write_byte(out, (uint8_t)letters[c - 8]);
        } else {
            tsme_write_bytes(out, "u00", 3);
            tsme_write_byte(out, (uint8_t)('0' + (c >> 4)));
            uint8_t digit = (uint8_t)"0123456789ABCDEF"[c & 15];
            tsme_write_byte(out, TSME_ALL_NATIVES && style == TSME_STRING ? digit | 0x20 : digit);
        }
    }
    tsme_write_byte(out, '"');
}

static void tsme_write_text(struct tsme_writer *out, const uint8_t *at, uint32_t style)
{
    if (style == TSME_PLAIN) {
        uint32_t size = tsme_head(&at);
        tsme_write_bytes(out, at, size);
    } else {
        tsme_write_quoted(out, at, style);
    }
}

#if TSME_ALL_NATIVES

// 15 digits of a float, of which the last is rounded, a half up, and how many of them stand behind
// the point. The mantissa times a power of ten takes at most 53 + 67 bits.
static bool tsme_fifteen(const struct tsme_number *number, uint64_t *digits, uint32_t *places)
{
    uint32_t words[5] = {(uint32_t)number->mantissa, (uint32_t)(number->mantissa >> 32), 0, 0, 0};
    uint32_t by = (uint32_t)-number->exponent;
    if (by - 1 > 95) { // whole, or small
        return false;
    }
    for (*places = 0; *places <= 20; ++*places) {
        const uint32_t *w = words + by / 32;
        uint32_t bit = by % 32;
        uint64_t n = ((uint64_t)w[1] << 32 | w[0]) >> bit | (uint64_t)w[2] << (63 - bit) << 1;
        if (n >= UINT64_C(100000000000000)) {
            uint32_t half = words[(by - 1) / 32] >> ((by - 1) % 32) & 1;
            *digits = n + half;
            return n < UINT64_C(1000000000000000);
        }
        uint64_t carry = 0;
        for (uint32_t i = 0; i < 4; i++) {
            carry += tsme_times_words(words[i], 10);
            words[i] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    return false;
}

// A float as JavaScript shows the one that is nearest to its first 15 digits.
static bool tsme_write_fraction(struct tsme_writer *out, const uint8_t *at)
{
    struct tsme_number number;
    uint8_t text[TSME_DECIMAL_MAX];
    uint64_t n;
    uint32_t places;
    (void)tsme_number(at, &number);
    if (!tsme_fifteen(&number, &n, &places)) {
        return false;
    }
    uint32_t count = (uint32_t)(tsme_write_in_decimal(text, (int64_t)n) - text);
    while (places && text[count - 1] == '0') {
        count--;
        places--;
    }
    tsme_write_bytes(out, "-", number.negative);
    uint32_t whole = count > places ? count - places : 0; // digits before the point
    tsme_write_bytes(out, whole ? text : (const uint8_t *)"0", whole ? whole : 1);
    if (places) {
        tsme_write_bytes(out, ".000000", 1 + (places > count ? places - count : 0));
        tsme_write_bytes(out, text + whole, count - whole);
    }
    return true;
}

#else
#define tsme_write_fraction(out, at) false
#endif

// A value that is no container; false: a float.
static bool tsme_write_scalar(struct tsme_writer *out, const uint8_t *at, uint32_t style)
{
    int64_t n;
    if (*at >> 5 == TSME_TEXT) {
        tsme_write_text(out, at, style);
    } else if (tsme_integer(at, &n)) {
        uint8_t digits[TSME_DECIMAL_MAX];
        tsme_write_bytes(out, digits, (uint32_t)(tsme_write_in_decimal(digits, n) - digits));
    } else if (tsme_is_number(at)) {
        return style == TSME_STRING && tsme_write_fraction(out, at);
    } else if (TSME_ALL_NATIVES && style == TSME_STRING && tsme_is_function(at)) {
        tsme_write_bytes(out, "\"\"", 2);
    } else if (*at == TSME_TRUE || *at == TSME_NULL) {
        tsme_write_bytes(out, *at == TSME_TRUE ? "true" : "null", 4);
    } else {
        tsme_write_bytes(out, "false", 5);
    }
    return true;
}

bool tsme_write_json(struct tsme_writer *out, const uint8_t *at, uint32_t style)
{
    uint32_t left[TSME_DEPTH_MAX]; // values to come, of each open container
    uint32_t objects = 0;          // a bit for each that is an object
    uint32_t depth = 0;
    for (;;) {
        if (tsme_is_container(at) && !(TSME_ALL_NATIVES && tsme_is_function(at))) {
            uint32_t object = *at >> 5 == TSME_OBJECT;
            tsme_write_byte(out, object ? '{' : '[');
            left[depth] = tsme_head(&at);
            objects = (objects & ~(1u << depth)) | object << depth;
            depth++;
        } else {
            if (!tsme_write_scalar(out, at, style)) {
                return false;
            }
            at = tsme_skip(at);
            if (depth && left[depth - 1]) {
                tsme_write_bytes(out, ", ", style == TSME_PLAIN ? 2 : 1);
            }
        }
        while (depth && !left[depth - 1]) {
            depth--;
            tsme_write_byte(out, objects >> depth & 1 ? '}' : ']');
            if (depth && left[depth - 1]) {
                tsme_write_bytes(out, ", ", style == TSME_PLAIN ? 2 : 1);
            }
        }
        if (!depth) {
            return true;
        }
        left[depth - 1]--;
        if (objects >> (depth - 1) & 1) {
            tsme_write_text(out, at, style);
            tsme_write_byte(out, style == TSME_PLAIN ? '=' : ':');
            at = tsme_skip_text(at);
        }
    }
}

/// The functions ///

// Makes what `write` writes of the arguments the result; TSME_RAISED: it has met a float.
static int tsme_give_text(struct tsme *t, tsme_ref *args, tsme_ref *sp,
                          int (*write)(struct tsme_writer *out, const tsme_ref *args))
{
    struct tsme_writer out = {0, 0};
    int err = write(&out, args); // calls: tsme_write_format tsme_write_value
    if (!err && out.size > t->program.largest) {
        err = TSME_TOO_LARGE;
    }
    if (!err) {
        err = tsme_reserve(t, sp, out.size + TSME_HEAD_MAX);
    }
    if (err) {
        return err;
    }
    uint32_t size = out.size;
    out = (struct tsme_writer){t->top + TSME_HEAD_MAX, 0};
    (void)write(&out, args); // calls: tsme_write_format tsme_write_value
    tsme_give_built(t, args, TSME_TEXT, size, out.to, 0);
    return TSME_OK;
}

static int tsme_write_value(struct tsme_writer *out, const tsme_ref *args)
{
    return tsme_write_json(out, args[0].at, TSME_JSON) ? TSME_OK : TSME_RAISED;
}

int tsme_json_to_string(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    return tsme_give_text(t, args, sp, tsme_write_value);
}

// The template: each {} gives way to the next item; a backslash makes a brace, a quote or a
// backslash behind it plain.
static int tsme_write_format(struct tsme_writer *out, const tsme_ref *args)
{
    const uint8_t *at = args[0].at;
    const uint8_t *item = args[1].at;
    if (*at >> 5 != TSME_TEXT || *item >> 5 != TSME_ARRAY) {
        return TSME_INTRINSIC;
    }
    uint32_t left = tsme_head(&at);
    uint32_t items = tsme_head(&item);
    const uint8_t *end = at + left;
    while (at < end) {
        uint8_t c = *at;
        uint8_t next = at + 1 < end ? at[1] : 0;
        if (c == '\\' && (next == '{' || next == '}' || next == '\\' || next == '\'')) {
            tsme_write_byte(out, next);
            at += 2;
        } else if (c == '{' && next == '}') {
            if (!items--) {
                return TSME_INTRINSIC;
            }
            if (!tsme_write_json(out, item, TSME_PLAIN)) {
                return TSME_RAISED;
            }
            item = tsme_skip(item);
            at += 2;
        } else {
            tsme_write_byte(out, c);
            at++;
        }
    }
    return items ? TSME_INTRINSIC : TSME_OK;
}

int tsme_format(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    return tsme_give_text(t, args, sp, tsme_write_format);
}
