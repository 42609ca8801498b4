// Native functions on texts (SPEC 2.16). Characters are code points.
//
// Most results are a part of their argument, with another head. What needs tables of Unicode, and
// numbers that are no small integers, is left to the caller: TSME_ELSEWHERE.

#include "tsme_native.h"
#include "tsme_query.h"

#include <string.h>

#if TSME_ALL_NATIVES

struct tsme_span {
    const uint8_t *at;
    uint32_t size;
};

static struct tsme_span tsme_span_of(const tsme_ref *text)
{
    struct tsme_span s = {text->at, 0};
    s.size = tsme_head(&s.at);
    return s;
}

// Makes a text of `size` bytes from `from` on of args[0] the result.
static int tsme_give_span(struct tsme *t, tsme_ref *args, tsme_ref *sp, uint32_t from,
                          uint32_t size)
{
    int err = tsme_reserve(t, sp, size + TSME_HEAD_MAX);
    if (err) {
        return err;
    }
    uint8_t *to = t->top + TSME_HEAD_MAX;
    memcpy(to, tsme_span_of(args).at + from, size);
    tsme_give_built(t, args, TSME_TEXT, size, to + size, 0);
    return TSME_OK;
}

// Where a text first is in another from `from` on; UINT32_MAX: nowhere.
static uint32_t tsme_find(struct tsme_span in, struct tsme_span what, uint32_t from)
{
    for (; from + what.size <= in.size; from++) {
        if (memcmp(in.at + from, what.at, what.size) == 0) {
            return from;
        }
    }
    return UINT32_MAX;
}

int tsme_native_length(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    struct tsme_span s = tsme_span_of(args);
    return tsme_give_integer(t, args, sp, tsme_characters(s.at, s.size));
}

/// Parts ///

// $substringBefore, $substringAfter and $contains of a text.
int tsme_native_find(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    if (*args[1].at >> 5 != TSME_TEXT) {
        return TSME_ELSEWHERE;
    }
    struct tsme_span s = tsme_span_of(&args[0]);
    struct tsme_span what = tsme_span_of(&args[1]);
    uint32_t found = tsme_find(s, what, 0);
    if (function == TSME_N_CONTAINS) {
        args[0] = (tsme_ref){&tsme_simple[found != UINT32_MAX], 0, 0};
        return TSME_OK;
    }
    if (found == UINT32_MAX) {
        return TSME_OK;
    }
    if (function == TSME_N_SUBSTRING_BEFORE) {
        return tsme_give_span(t, args, sp, 0, found);
    }
    found += what.size;
    return tsme_give_span(t, args, sp, found, s.size - found);
}

// Bytes of so many characters.
static uint32_t tsme_bytes_of(struct tsme_span s, uint32_t characters)
{
    uint32_t at = 0;
    while (at < s.size && (characters || (s.at[at] & 0xC0) == 0x80)) {
        characters -= (s.at[at++] & 0xC0) != 0x80;
    }
    return at;
}

// Whether the value is an integer of 32 bits, and which.
static bool tsme_is_int(const uint8_t *at, int32_t *n)
{
    int64_t number;
    if (!tsme_integer(at, &number)) {
        return false;
    }
    *n = (int32_t)number;
    return *n == number;
}

int tsme_native_substring(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    struct tsme_span s = tsme_span_of(args);
    int32_t count = (int32_t)tsme_characters(s.at, s.size);
    int32_t from;
    int32_t most = count;
    if (!tsme_is_int(args[1].at, &from) ||
        (!tsme_is_nothing(args[2].at) && !tsme_is_int(args[2].at, &most))) {
        return TSME_ELSEWHERE;
    }
    if (from < 0) {
        from = from < -count ? 0 : from + count;
    }
    uint32_t first = tsme_bytes_of(s, (uint32_t)from);
    struct tsme_span rest = {s.at + first, s.size - first};
    uint32_t size = most < 0 ? 0 : tsme_bytes_of(rest, (uint32_t)most);
    return tsme_give_span(t, args, sp, first, size);
}

/// What is written ///

static bool tsme_write_changed(struct tsme_writer *out, const tsme_ref *args, uint8_t first)
{
    struct tsme_span s = tsme_span_of(args);
    for (uint32_t i = 0; i < s.size; i++) {
        uint8_t c = s.at[i];
        if (c > 0x7F) {
            return false;
        }
        c ^= (uint8_t)(c - first) < 26 ? 0x20 : 0;
        tsme_write_bytes(out, &c, 1);
    }
    return true;
}

// Blanks at both ends away, and one where several are.
static bool tsme_write_trimmed(struct tsme_writer *out, const tsme_ref *args)
{
    struct tsme_span s = tsme_span_of(args);
    uint32_t blanks = 0;
    for (uint32_t i = 0; i < s.size; i++) {
        uint8_t c = s.at[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            blanks = out->size;
        } else {
            if (blanks) {
                tsme_write_bytes(out, " ", 1);
            }
            blanks = 0;
            tsme_write_bytes(out, &c, 1);
        }
    }
    return true;
}

static bool tsme_write_joined(struct tsme_writer *out, const tsme_ref *args)
{
    struct tsme_span between = {args[0].at, 0};
    if (!tsme_is_nothing(args[1].at)) {
        between = tsme_span_of(&args[1]);
    }
    const uint8_t *at = args[0].at;
    for (uint32_t left = tsme_head(&at); left; left--) {
        uint32_t size = tsme_head(&at);
        tsme_write_bytes(out, at, size);
        at += size;
        tsme_write_bytes(out, between.at, left > 1 ? between.size : 0);
    }
    return true;
}

bool tsme_write_more(struct tsme_writer *out, const tsme_ref *args, uint32_t which)
{
    switch (which) {
    case TSME_N_LOWERCASE: return tsme_write_changed(out, args, 'A');
    case TSME_N_UPPERCASE: return tsme_write_changed(out, args, 'a');
    case TSME_N_TRIM: return tsme_write_trimmed(out, args);
    default: return tsme_write_joined(out, args);
    }
}

/// $split ///

// The pieces between a text: how many and how many bytes; written if there is a place for them.
static uint32_t tsme_cut(struct tsme_span s, struct tsme_span by, uint8_t *to, uint32_t most,
                         uint32_t *count)
{
    uint32_t size = 0;
    uint32_t from = 0;
    for (*count = 0; *count < most && from <= s.size; ++*count) {
        uint8_t head[TSME_HEAD_MAX];
        uint32_t end = tsme_find(s, by, from);
        uint32_t piece = (end < s.size ? end : s.size) - from;
        uint32_t head_size = (uint32_t)(tsme_write_head(head, TSME_TEXT, piece) - head);
        if (to) {
            memcpy(to + size, head, head_size);
            memcpy(to + size + head_size, s.at + from, piece);
        }
        size += head_size + piece;
        from = end == UINT32_MAX ? end : end + by.size;
    }
    return size;
}

int tsme_native_split(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    int32_t most = INT32_MAX;
    if (*args[1].at >> 5 != TSME_TEXT || *args[1].at == TSME_TEXT << 5 ||
        (!tsme_is_nothing(args[2].at) && !tsme_is_int(args[2].at, &most))) {
        return TSME_ELSEWHERE; // by a matcher, into characters, or to a fraction of a piece
    }
    if (most < 0) {
        return tsme_raise(t, TSME_CODE("D3020"));
    }
    uint32_t count;
    uint32_t size =
        tsme_cut(tsme_span_of(&args[0]), tsme_span_of(&args[1]), 0, (uint32_t)most, &count);
    int err = tsme_reserve(t, sp, size + TSME_HEAD_MAX);
    if (!err) {
        uint8_t *to = t->top + TSME_HEAD_MAX;
        (void)tsme_cut(tsme_span_of(&args[0]), tsme_span_of(&args[1]), to, (uint32_t)most, &count);
        tsme_give_built(t, args, TSME_ARRAY, count, to + size, 1);
    }
    return err;
}

#endif
