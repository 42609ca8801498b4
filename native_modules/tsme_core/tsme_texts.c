// Intrinsic functions on texts, and those that draw from the generator (SPEC 2.6).

#include "tsme_frames.h"
#include "tsme_functions.h"
#include "tsme_query.h"
#include "tsme_rng.h"

#include <string.h>

/// StringSplit ///

// The characters of a text, to be looked up: those of ASCII in bits, the others in a table.
struct tsme_separators {
    uint32_t ascii[4];
    uint32_t *table; // characters, 0 for none
    uint32_t slots;  // a power of two
};

static uint32_t tsme_slots_for(uint32_t size)
{
    uint32_t slots = 4;
    while (slots < size) { // a character that is not of ASCII has two bytes and more
        slots *= 2;
    }
    return slots;
}

static uint32_t *tsme_slot_of(const struct tsme_separators *set, uint32_t c)
{
    uint32_t slot = (c * 2654435761u >> 8) & (set->slots - 1);
    while (set->table[slot] && set->table[slot] != c) {
        slot = (slot + 1) & (set->slots - 1);
    }
    return &set->table[slot];
}

static void tsme_fill(struct tsme_separators *set, const uint8_t *at, const uint8_t *end)
{
    memset(set->table, 0, set->slots * sizeof *set->table);
    while (at < end) {
        uint32_t c = tsme_character(&at);
        if (c < 0x80) {
            set->ascii[c / 32] |= 1u << c % 32;
        } else {
            *tsme_slot_of(set, c) = c;
        }
    }
}

static bool tsme_separates(const struct tsme_separators *set, uint32_t c)
{
    return c < 0x80 ? set->ascii[c / 32] >> c % 32 & 1 : *tsme_slot_of(set, c) != 0;
}

// The pieces of a text: how many bytes as items; written if there is a place for them.
static uint32_t tsme_split(const struct tsme_separators *set, const uint8_t *at,
                           const uint8_t *end, uint8_t *to, uint32_t *count)
{
    uint32_t size = 0;
    *count = 0;
    while (at < end) {
        const uint8_t *start = at;
        const uint8_t *stop = at;
        while (at < end && !tsme_separates(set, tsme_character(&at))) {
            stop = at;
        }
        if (stop == start) {
            continue;
        }
        uint8_t head[TSME_HEAD_MAX];
        uint32_t piece = (uint32_t)(stop - start);
        uint32_t head_size = (uint32_t)(tsme_write_head(head, TSME_TEXT, piece) - head);
        if (to) {
            memcpy(to + size, head, head_size);
            memcpy(to + size + head_size, start, piece);
        }
        size += head_size + piece;
        ++*count;
    }
    return size;
}

int tsme_string_split(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    const uint8_t *chars = args[1].at;
    if (*args[0].at >> 5 != TSME_TEXT || *chars >> 5 != TSME_TEXT) {
        return TSME_INTRINSIC;
    }
    struct tsme_separators set = {{0}, 0, 0};
    set.slots = tsme_slots_for(tsme_head(&chars));
    // First only how long the result is; then it is made, and the table is behind it.
    uint32_t table = set.slots * (uint32_t)sizeof *set.table + 8;
    int err = tsme_reserve(t, sp, table);
    if (err) {
        return err;
    }
    uint32_t count;
    uint32_t size = 0;
    for (uint32_t pass = 0; pass < 2; pass++) {
        const uint8_t *at = args[0].at;
        const uint8_t *end = at;
        chars = args[1].at;
        uint32_t chars_size = tsme_head(&chars);
        uint32_t text_size = tsme_head(&end);
        at = end;
        end += text_size;
        uint8_t *place = pass ? t->top + TSME_HEAD_MAX : 0;
        uint8_t *block = t->top + (pass ? TSME_HEAD_MAX + size : 0);
        set.table = (uint32_t *)(void *)(((uintptr_t)block + 3) & ~(uintptr_t)3);
        tsme_fill(&set, chars, chars + chars_size);
        size = tsme_split(&set, at, end, place, &count);
        if (pass) {
            tsme_give_built(t, args, TSME_ARRAY, count, place + size, 1);
            break;
        }
        err = tsme_reserve(t, sp, TSME_HEAD_MAX + size + table);
        if (err) {
            return err;
        }
    }
    return TSME_OK;
}

/// MapRun ///

// The machine id with `:mapRun:` for `:stateMachine:`, `/`, label, `:`, token.
int tsme_map_run(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    static const uint8_t machine[] = ":stateMachine:";
    static const uint8_t run[] = ":mapRun:";
    enum { MACHINE = sizeof machine - 1, RUN = sizeof run - 1 };
    uint32_t size = TSME_HEAD_MAX;
    for (uint32_t i = 0; i < 3; i++) {
        if (*args[i].at >> 5 != TSME_TEXT) {
            return TSME_INTRINSIC;
        }
        size += tsme_size(&args[i]) + 1;
    }
    int err = tsme_reserve(t, sp, size);
    if (err) {
        return err;
    }
    uint8_t *to = t->top + TSME_HEAD_MAX;
    for (uint32_t i = 0; i < 3; i++) {
        const uint8_t *at = args[i].at;
        uint32_t left = tsme_head(&at);
        if (i) {
            *to++ = i == 1 ? '/' : ':';
        }
        while (left) {
            bool here = i == 0 && left >= MACHINE && memcmp(at, machine, MACHINE) == 0;
            memcpy(to, here ? run : at, here ? RUN : 1);
            to += here ? RUN : 1;
            at += here ? MACHINE : 1;
            left -= here ? MACHINE : 1;
        }
    }
    uint32_t bytes = (uint32_t)(to - t->top) - TSME_HEAD_MAX;
    tsme_give_built(t, args, TSME_TEXT, bytes, to, 0);
    return TSME_OK;
}

/// Random numbers ///

// So many of the lower digits of a number, in hexadecimal.
static uint8_t *tsme_hex(uint8_t *to, uint32_t n, uint32_t digits)
{
    while (digits--) {
        *to++ = (uint8_t)"0123456789abcdef"[n >> 4 * digits & 15];
    }
    return to;
}

int tsme_uuid(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    enum { CHARACTERS = 36 };
    int err = tsme_reserve(t, sp, CHARACTERS + TSME_HEAD_MAX);
    if (err) {
        return err;
    }
    uint32_t a = tsme_draw(t);
    uint32_t b = tsme_draw(t);
    uint32_t c = tsme_draw(t);
    uint32_t d = tsme_draw(t);
    uint8_t *to = tsme_hex(t->top + TSME_HEAD_MAX, a, 8);
    *to++ = '-';
    to = tsme_hex(to, b >> 16, 4);
    *to++ = '-';
    *to++ = '4';
    to = tsme_hex(to, b, 3);
    *to++ = '-';
    to = tsme_hex(to, 0x8000 | (c >> 16 & 0x3FFF), 4);
    *to++ = '-';
    to = tsme_hex(to, c, 4);
    to = tsme_hex(to, d, 8);
    tsme_give_built(t, args, TSME_TEXT, CHARACTERS, to, 0);
    return TSME_OK;
}

// With a seed from a generator of its own, whose first number is thrown away.
int tsme_math_random(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    int64_t first;
    int64_t end;
    int64_t seed = 0;
    bool own = *args[2].at != TSME_NULL;
    if (!tsme_an_integer(args[0].at, &first) || !tsme_an_integer(args[1].at, &end) ||
        end <= first || (own && !tsme_an_integer(args[2].at, &seed))) {
        return TSME_INTRINSIC;
    }
    uint64_t n = (uint64_t)end - (uint64_t)first;
    if (n > UINT64_C(1) << 32) {
        return TSME_INTRINSIC;
    }
    int err = tsme_reserve(t, sp, TSME_HEAD_MAX);
    if (err) {
        return err;
    }
    uint64_t state = (uint64_t)seed;
    if (own) {
        (void)tsme_draw_from(&state);
    }
    uint64_t drawn = tsme_below(own ? tsme_draw_from(&state) : tsme_draw(t), n);
    return tsme_give_integer(t, args, sp, (int64_t)((uint64_t)first + drawn));
}
