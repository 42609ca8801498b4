// The expression machine (SPEC 2.16): evaluations.

#include "tsme_expr.h"
#include "tsme_call.h"
#include "tsme_frames.h"
#include "tsme_machine.h"
#include "tsme_number.h"
#include "tsme_ops.h"

#include <string.h>

// What fields take (EXPECT).
enum {
    TSME_EXPECT_BOOLEAN = 0,
    TSME_EXPECT_INTEGER = 2,
    TSME_EXPECT_PERCENTAGE = 3,
    TSME_EXPECT_NUMBER = 7,
};

/// What the parts call ///

int tsme_raise_text(struct tsme *t, tsme_ref cause)
{
    t->held[TSME_HELD_CAUSE] = cause;
    return TSME_QUERY_ERROR;
}

int tsme_raise(struct tsme *t, const uint8_t *code)
{
    return tsme_raise_text(t, (tsme_ref){code, 0, 0});
}

uint8_t *tsme_write_marked(uint8_t *to, uint32_t mark, uint32_t count)
{
    to = tsme_write_uint(to, (uint64_t)mark << 32 | count);
    to[-TSME_MARKED_HEAD] |= TSME_ARRAY << 5;
    return to;
}

/// What it costs ///

int tsme_burn(struct tsme *t, uint32_t units)
{
    struct tsme_evaluation *e = t->evaluation;
    if (e->fuel < units) {
        e->fuel = 0;
        return tsme_raise(t, TSME_CODE("D1012"));
    }
    e->fuel -= units;
    return TSME_OK;
}

// What the marks of an array or object make it longer than its encoding would be.
static uint32_t tsme_marks_in(const uint8_t *at, bool nested)
{
    uint32_t more = 0;
    uint32_t left = 1;
    for (; left; left--) {
        const uint8_t *end = 0;
        if (tsme_is_function(at) || tsme_mark_of(at) == TSME_MARK_TUPLE) {
            end = tsme_skip(at);
            more += (uint32_t)(end - at) - 1; // each counts 1
        } else if (*at == TSME_MARKED) {
            uint8_t head[TSME_HEAD_MAX];
            uint32_t count = tsme_head(&at);
            more += TSME_MARKED_HEAD - (uint32_t)(tsme_write_head(head, 0, count) - head);
            left += count;
        } else if (tsme_is_container(at)) {
            bool object = *at >> 5 == TSME_OBJECT;
            left += tsme_head(&at) << object;
        } else {
            at = tsme_skip(at);
        }
        at = end ? end : at;
        if (!nested) {
            break;
        }
    }
    return more;
}

int tsme_weigh(struct tsme *t, tsme_ref *value, uint32_t *size)
{
    bool container = tsme_is_container(value->at) && tsme_mark_of(value->at) <= TSME_MARK_APART;
    *size = 0;
    if (!container && *value->at >> 5 != TSME_TEXT) {
        return TSME_OK;
    }
    uint32_t marks = container ? tsme_marks_in(value->at, t->evaluation->nested) : 0;
    *size = tsme_size(value) - marks;
    return *size > t->program.largest || (container && !tsme_fits(value, 0))
               ? tsme_raise(t, TSME_CODE("D2015"))
               : TSME_OK;
}

int tsme_count_read(struct tsme *t, uint32_t work)
{
    return work > 255 ? tsme_burn(t, work >> 8) : TSME_OK;
}

static int tsme_make_bytes(struct tsme *t, uint32_t size)
{
    struct tsme_evaluation *e = t->evaluation;
    e->made += size;
    return e->made > e->makes ? TSME_TOO_MUCH : TSME_OK;
}

int tsme_count_size(struct tsme *t, uint32_t size)
{
    int err = tsme_burn(t, size >> 8);
    return err ? err : tsme_make_bytes(t, size);
}

int tsme_count_made(struct tsme *t, tsme_ref *value)
{
    uint32_t size;
    int err = tsme_weigh(t, value, &size);
    return err || size < 256 ? err : tsme_count_size(t, size);
}

int tsme_count_native(struct tsme *t, uint32_t work, tsme_ref *value)
{
    uint32_t size;
    int err = tsme_weigh(t, value, &size);
    if (!err) {
        err = tsme_count_read(t, work + size);
    }
    return err || size < 256 ? err : tsme_make_bytes(t, size);
}

/// Leaving ///

// Bytes that a value has as it leaves, or -1 if it cannot; `changes`: it is another one then.
static int32_t tsme_leaves(const uint8_t *at, bool *changes)
{
    int32_t size = 0;
    uint32_t left = 1;
    *changes = false;
    for (; left; left--) {
        const uint8_t *start = at;
        if (*at >> 5 == TSME_TAG || tsme_is_nothing(at) || tsme_mark_of(at) >= TSME_MARK_TUPLE) {
            return -1;
        }
        if (tsme_is_container(at)) {
            bool object = *at >> 5 == TSME_OBJECT;
            uint8_t head[TSME_HEAD_MAX];
            *changes |= *at == TSME_MARKED;
            uint32_t count = tsme_head(&at);
            left += count << object;
            size += (int32_t)(tsme_write_head(head, 0, count) - head);
            continue;
        }
        at = tsme_skip(at);
        if (tsme_is_unbounded(start)) {
            *changes = true;
            size += TSME_HEAD_MAX + 1;
        } else {
            size += (int32_t)(at - start);
        }
    }
    return size;
}

// Writes it so.
static uint8_t *tsme_write_left(uint8_t *to, const uint8_t *at)
{
    for (uint32_t left = 1; left; left--) {
        const uint8_t *start = at;
        if (tsme_is_container(at)) {
            uint8_t major = *at >> 5;
            uint32_t count = tsme_head(&at);
            left += count << (major == TSME_OBJECT);
            to = tsme_write_head(to, major, count);
            continue;
        }
        at = tsme_skip(at);
        const uint8_t *from = start;
        uint32_t size = (uint32_t)(at - start);
        if (tsme_is_unbounded(start)) {
            from = (const uint8_t *)(tsme_is_nan_at(start) ? "\x63NaN"
                                     : start[1] >> 7       ? "\x69-Infinity"
                                                           : "\x68Infinity");
            size = 1 + (*from & 31u);
        }
        memcpy(to, from, size);
        to += size;
    }
    return to;
}

// The value on top of the stack as it leaves.
static int tsme_leave_expression(struct tsme *t, tsme_ref *sp)
{
    bool changes;
    int32_t size = tsme_leaves(sp[-1].at, &changes);
    if (size < 0) {
        return tsme_raise(t, (const uint8_t *)"\x60");
    }
    if (changes) {
        int err = tsme_reserve(t, sp, (uint32_t)size);
        if (err) {
            return err;
        }
        uint8_t *end = tsme_write_left(t->top, sp[-1].at);
        sp[-1] = tsme_sized(t->top, (uint32_t)(end - t->top));
        t->top = end;
    }
    bool fits = !tsme_is_container(sp[-1].at) ||
                (tsme_size(sp - 1) <= t->program.largest && tsme_fits(sp - 1, 0));
    return fits ? TSME_OK : tsme_raise(t, TSME_CODE("D2015"));
}

/// Instructions of the workflow ///

// Evaluates the body at `at`; the value replaces sp[0], which is free.
static int tsme_evaluate(struct tsme *t, tsme_ref *sp, uint32_t at, uint32_t given, uint32_t *fuel,
                         uint32_t *made)
{
    uint8_t *const end = t->end;
    struct tsme_evaluation e = {
        .outer = sp, .fuel = TSME_FUEL - 1, .makes = tsme_makes(t), .context = tsme_null};
    t->evaluation = &e;
    int err = tsme_new_body(t, sp);
    if (!err) {
        err = tsme_begin_body(t, sp - given, given, at);
    }
    if (!err) {
        err = tsme_run_bodies(t);
    }
    if (!err) {
        *sp = e.body->stack[0];
    }
    t->evaluation = 0;
    t->end = end;
    *fuel = TSME_FUEL - e.fuel;
    *made = e.made;
    return err ? err : tsme_leave_expression(t, sp + 1);
}

uint32_t tsme_body_given(const struct tsme_program *p, uint32_t at)
{
    const uint8_t *code = p->code + 2 * at;
    return *code == TSME_OP_EXT ? code[1] : 0; // the high byte of BODY's operand
}

tsme_ref *tsme_op_eval(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    uint32_t given = tsme_body_given(&t->program, operand);
    const uint64_t rng = t->state.rng;
    uint32_t fuel;
    uint32_t made;
    int err = tsme_evaluate(t, sp, operand, given, &fuel, &made);
    if (err == TSME_ELSEWHERE) {
        t->state.rng = rng;
        err = tsme_evaluate_outside(t, sp, operand, given);
    } else {
        if (!err || err == TSME_QUERY_ERROR || err == TSME_TOO_MUCH) {
            int spent = tsme_spend_all(t, fuel, made);
            err = spent ? spent : err;
        }
        sp[-(int32_t)given] = *sp;
    }
    return err ? tsme_failed(t, err) : sp - given + 1;
}

// The number that a field is in the end; false: it takes no such number.
static bool tsme_expected_number(const uint8_t *at, uint32_t k, int64_t *n)
{
    struct tsme_number number;
    if (!tsme_number(at, &number)) {
        return false;
    }
    if (k == TSME_EXPECT_PERCENTAGE) {
        bool good = tsme_is_percentage(&number);
        *n = good ? (int64_t)tsme_millionths(&number) : 0;
        return good;
    }
    return tsme_integral(&number, n) && tsme_is_option(*n, TSME_MOST);
}

// EXPECT: the value as a field takes it.
tsme_ref *tsme_op_expect(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    static const uint8_t majors[7][2] = {
        {TSME_SIMPLE, TSME_SIMPLE},
        {TSME_TEXT, TSME_TEXT},
        {0, 0},
        {0, 0},
        {TSME_ARRAY, TSME_ARRAY},
        {TSME_ARRAY, TSME_OBJECT},
        {TSME_OBJECT, TSME_OBJECT},
    };
    const uint8_t *at = sp[-1].at;
    int64_t n;
    bool good;
    if (operand == TSME_EXPECT_INTEGER || operand == TSME_EXPECT_PERCENTAGE) {
        good = tsme_expected_number(at, operand, &n);
        t->error = good ? tsme_reserve(t, sp, TSME_HEAD_MAX) : TSME_OK;
        if (good && !t->error) {
            sp[-1] = (tsme_ref){t->top, 0, 0};
            t->top = tsme_write_integer(t->top, n);
        }
    } else if (operand == TSME_EXPECT_NUMBER) {
        good = tsme_is_number(at);
        t->error = TSME_OK;
    } else {
        good = operand == TSME_EXPECT_BOOLEAN
                   ? *at == TSME_TRUE || *at == TSME_FALSE
                   : *at >> 5 == majors[operand][0] || *at >> 5 == majors[operand][1];
        t->error = TSME_OK;
    }
    if (!good) {
        t->error = tsme_raise(t, (const uint8_t *)"\x64type");
    }
    return t->error ? 0 : sp;
}
