// Native functions on arrays, objects and whatever else there is (SPEC 2.16).

#include "tsme_binary64.h"
#include "tsme_equal.h"
#include "tsme_machine.h"
#include "tsme_native.h"
#include "tsme_query.h"

#include <string.h>

#if TSME_ALL_NATIVES

static int tsme_give_part(tsme_ref *args, const uint8_t *at)
{
    args[0] = (tsme_ref){at, 0, 0};
    return TSME_OK;
}

// Makes the items from `top` + TSME_HEAD_MAX to `end` a marked array.
static int tsme_give_marked(struct tsme *t, tsme_ref *args, uint32_t mark, uint32_t count,
                            uint8_t *end, uint32_t depth)
{
    if (!mark) {
        tsme_give_built(t, args, TSME_ARRAY, count, end, depth);
        return TSME_OK;
    }
    (void)tsme_write_marked(t->top, mark, count);
    tsme_built(args, t->top, end, depth);
    t->top = end;
    return TSME_OK;
}

static uint8_t *tsme_copy(uint8_t *to, const uint8_t *from, const uint8_t *end)
{
    memcpy(to, from, (size_t)(end - from));
    return to + (end - from);
}

/// Kinds ///

static int tsme_native_type(tsme_ref *args)
{
    static const uint8_t names[7][9] = {"\x66number",
                                        "\x66string",
                                        "\x65"
                                        "array",
                                        "\x66object",
                                        "\x67"
                                        "boolean",
                                        "\x64null",
                                        "\x68"
                                        "function"};
    const uint8_t *at = args[0].at;
    uint32_t kind = 4;
    if (tsme_is_function(at)) {
        kind = 6;
    } else if (tsme_is_number(at)) {
        kind = 0;
        if (!tsme_is_finite(tsme_bits_of(at))) {
            return TSME_ELSEWHERE;
        }
    } else if (*at < TSME_FALSE) {
        kind = (*at >> 5) - TSME_TEXT + 1u;
    } else if (*at == TSME_NULL) {
        kind = 5;
    }
    return tsme_give_part(args, names[kind]);
}

/// Order ///

static int tsme_native_compare(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    const uint8_t *a = args[0].at;
    const uint8_t *b = args[1].at;
    struct tsme_number m;
    struct tsme_number n;
    bool text = *a >> 5 == TSME_TEXT;
    bool other = *b >> 5 == TSME_TEXT;
    int order;
    int way = *args[2].at < TSME_NEGATIVE << 5 || *args[2].at == TSME_MISSING ? 1 : -1;
    if (tsme_is_nothing(a) || tsme_is_nothing(b)) {
        return tsme_give_integer(t, args, sp, tsme_is_nothing(a) - tsme_is_nothing(b));
    }
    if ((!text && !tsme_number(a, &m)) || (!other && !tsme_number(b, &n))) {
        return tsme_raise(t, TSME_CODE("T2008"));
    }
    if (text != other) {
        return tsme_raise(t, TSME_CODE("T2007"));
    }
    if (text) {
        order = tsme_compare_units(a, b);
    } else if (tsme_is_nan(tsme_bits_of(a)) || tsme_is_nan(tsme_bits_of(b))) {
        order = 1;
    } else {
        order = tsme_compare_numbers(&m, &n);
        order = (order > 0) - (order < 0);
    }
    return tsme_give_integer(t, args, sp, order * way);
}

/// Arrays ///

// Makes an argument, args[i], the result.
static int tsme_hand(struct tsme *t, tsme_ref *args, uint32_t i)
{
    t->evaluation->handed = true;
    args[0] = args[i];
    return TSME_OK;
}

static int tsme_native_append(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    if (tsme_is_nothing(args[1].at)) {
        return tsme_hand(t, args, 0);
    }
    if (tsme_is_nothing(args[0].at)) {
        return tsme_hand(t, args, 1);
    }
    int err = tsme_reserve(t, sp, tsme_size(&args[0]) + tsme_size(&args[1]) + TSME_HEAD_MAX);
    if (err) {
        return err;
    }
    uint8_t *to = t->top + TSME_HEAD_MAX;
    uint32_t count = 0;
    uint32_t depth = 1;
    for (uint32_t i = 0; i < 2; i++) {
        const uint8_t *at = args[i].at;
        const uint8_t *end = at + args[i].size;
        uint32_t inner = tsme_depth_of(&args[i]) + !tsme_is_array(at);
        tsme_note_nested(t->evaluation, at);
        count += tsme_is_array(at) ? tsme_head(&at) : 1;
        to = tsme_copy(to, at, end);
        depth = inner > depth ? inner : depth;
    }
    return tsme_give_marked(t, args, TSME_MARK_NONE, count, to, depth);
}

static int tsme_native_distinct(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    const uint8_t *at = args[0].at;
    uint32_t mark = tsme_mark_of(at);
    if (!tsme_is_array(at) || tsme_head(&at) < 2) {
        return tsme_hand(t, args, 0);
    }
    int err = tsme_array_unique(t, args, sp);
    if (!err && mark == TSME_MARK_SEQUENCE) { // there is room for the longer head
        at = args[0].at;
        uint32_t count = tsme_head(&at);
        uint8_t *head = t->top - (args[0].at + args[0].size - at) - TSME_MARKED_HEAD;
        (void)tsme_write_marked(head, mark, count);
        tsme_built(args, head, t->top, args[0].depth);
    }
    return err;
}

static int tsme_native_partition(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    const uint8_t *at = args[0].at;
    int64_t size;
    if (!tsme_is_array(at) || tsme_head(&at) == 0 || !tsme_integer(args[1].at, &size) ||
        size < 1) {
        return TSME_ELSEWHERE;
    }
    return tsme_array_partition(t, args, sp);
}

/// Objects ///

static int tsme_native_lookup(tsme_ref *args)
{
    if (*args[1].at >> 5 != TSME_TEXT || tsme_is_array(args[0].at)) {
        return TSME_ELSEWHERE;
    }
    const uint8_t *found = tsme_member(args[0].at, args[1].at);
    return tsme_give_part(args, found ? found : tsme_nothing.at);
}

static int tsme_native_keys(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    if (tsme_is_array(args[0].at)) {
        return TSME_ELSEWHERE;
    }
    int err = tsme_reserve(t, sp, tsme_size(args) + TSME_MARKED_HEAD);
    if (err) {
        return err;
    }
    const uint8_t *at = args[0].at;
    uint8_t *to = t->top + TSME_MARKED_HEAD;
    uint32_t count = *at >> 5 == TSME_OBJECT ? tsme_head(&at) : 0;
    for (uint32_t left = count; left; left--) {
        const uint8_t *value = tsme_skip_text(at);
        to = tsme_copy(to, at, value);
        at = tsme_skip(value);
    }
    return tsme_give_marked(t, args, TSME_MARK_SEQUENCE, count, to, 1);
}

// Object by object; with many of them the caller is faster.
static int tsme_native_merge(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    enum { FEW = 8 };
    static const uint8_t none[] = {TSME_OBJECT << 5};
    const uint8_t *at = args[0].at;
    uint32_t count = tsme_head(&at);
    int err = TSME_OK;
    if (count > FEW) {
        return TSME_ELSEWHERE;
    }
    sp[0] = (tsme_ref){none, 1, 1};
    sp[2] = (tsme_ref){&tsme_simple[0], 0, 0};
    for (uint32_t i = 0; i < count && !err; i++) {
        sp[1] = (tsme_ref){tsme_item(args[0].at, (int32_t)i), 0, 0};
        err = tsme_json_merge(t, sp, sp + 3);
    }
    args[0] = sp[0];
    return err;
}

/// Of the others ///

int tsme_native_data(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp)
{
    switch (function) {
    case TSME_N_TYPE: return tsme_native_type(args);
    case TSME_N_APPEND: return tsme_native_append(t, args, sp);
    case TSME_N_DISTINCT: return tsme_native_distinct(t, args, sp);
    case TSME_N_PARTITION: return tsme_native_partition(t, args, sp);
    case TSME_N_LOOKUP: return tsme_native_lookup(args);
    case TSME_N_KEYS: return tsme_native_keys(t, args, sp);
    case TSME_N_MERGE: return tsme_native_merge(t, args, sp);
    case TSME_N_COMPARE: return tsme_native_compare(t, args, sp);
    case TSME_N_ASSERT:
        return *args[0].at == TSME_TRUE ? tsme_give_part(args, tsme_nothing.at) : TSME_ELSEWHERE;
    default: return TSME_ELSEWHERE;
    }
}

#endif
