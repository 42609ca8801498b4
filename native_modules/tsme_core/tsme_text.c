// Values as text: JSON, what Format shows, and both of these functions (SPEC 2.6).
//
// Text is written twice: first nowhere, to know how long it is, then where there is room for it.
// The digits of a float are long arithmetic that the caller has; who meets one gives up.

#include "tsme_text.h"

#include "tsme_frames.h"
#include "tsme_functions.h"
#include "tsme_number.h"

#include <string.h>

void tsme_write_bytes(struct tsme_writer *out, const void *from, uint32_t size)
{
    if (out->to) {
        memcpy(out->to, from, size);
        out->to += size;
    }
    out->size += size;
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
static void tsme_write_quoted(struct tsme_writer *out, const uint8_t *at)
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
            tsme_write_byte(out, (uint8_t)"0123456789ABCDEF"[c & 15]);
        }
    }
    tsme_write_byte(out, '"');
}

static void tsme_write_string(struct tsme_writer *out, const uint8_t *at, bool plain)
{
    if (plain) {
        uint32_t size = tsme_head(&at);
        tsme_write_bytes(out, at, size);
    } else {
        tsme_write_quoted(out, at);
    }
}

// A value that is no container; false: a float.
static bool tsme_write_scalar(struct tsme_writer *out, const uint8_t *at, bool plain)
{
    int64_t n;
    if (*at >> 5 == TSME_TEXT) {
        tsme_write_string(out, at, plain);
    } else if (tsme_integer(at, &n)) {
        uint8_t digits[TSME_DECIMAL_MAX];
        tsme_write_bytes(out, digits, (uint32_t)(tsme_write_in_decimal(digits, n) - digits));
    } else if (tsme_is_number(at)) {
        return false;
    } else if (*at == TSME_TRUE || *at == TSME_NULL) {
        tsme_write_bytes(out, *at == TSME_TRUE ? "true" : "null", 4);
    } else {
        tsme_write_bytes(out, "false", 5);
    }
    return true;
}

bool tsme_write_json(struct tsme_writer *out, const uint8_t *at, bool plain)
{
    uint32_t left[TSME_DEPTH_MAX]; // values to come, of each open container
    uint32_t objects = 0;          // a bit for each that is an object
    uint32_t depth = 0;
    for (;;) {
        if (tsme_is_container(at)) {
            uint32_t object = *at >> 5 == TSME_OBJECT;
            tsme_write_byte(out, object ? '{' : '[');
            left[depth] = tsme_head(&at);
            objects = (objects & ~(1u << depth)) | object << depth;
            depth++;
        } else {
            if (!tsme_write_scalar(out, at, plain)) {
                return false;
            }
            at = tsme_skip(at);
            if (depth && left[depth - 1]) {
                tsme_write_bytes(out, ", ", plain ? 2 : 1);
            }
        }
        while (depth && !left[depth - 1]) {
            depth--;
            tsme_write_byte(out, objects >> depth & 1 ? '}' : ']');
            if (depth && left[depth - 1]) {
                tsme_write_bytes(out, ", ", plain ? 2 : 1);
            }
        }
        if (!depth) {
            return true;
        }
        left[depth - 1]--;
        if (objects >> (depth - 1) & 1) {
            tsme_write_string(out, at, plain);
            tsme_write_byte(out, plain ? '=' : ':');
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
    return tsme_write_json(out, args[0].at, false) ? TSME_OK : TSME_RAISED;
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
            if (!tsme_write_json(out, item, true)) {
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
