// Running instructions.
//
// An instruction is two bytes, so the next one is always one halfword away. The loop
// itself does what only moves references or the program counter; what looks into a value
// is a function in a table, found by the same number. The operand stack holds references
// to constants in flash, to slots, or to new values in the arena: to push costs two words,
// whatever is pushed.

#include "tsme_call.h"
#include "tsme_expr.h"
#include "tsme_frames.h"
#include "tsme_ops.h"
#include "tsme_query.h"
#include "tsme_trace.h"

#include <string.h>

// An instruction that looks into values. `sp` is one past the top of the stack before and
// after it; null: it failed, and `error` says how.
typedef tsme_ref *(*tsme_operation)(struct tsme *t, tsme_ref *sp, uint32_t operand);

static tsme_ref *tsme_fail(struct tsme *t, int error)
{
    t->error = error;
    return 0;
}

// Replaces the top of the stack by a value whose length nobody has counted.
static tsme_ref *tsme_top(tsme_ref *sp, const uint8_t *at)
{
    sp[-1] = (tsme_ref){at, 0, 0};
    return sp;
}

static int32_t tsme_zigzag(uint32_t z)
{
    return (int32_t)(z >> 1) ^ -(int32_t)(z & 1);
}

/// Reading ///

// What a path names, or `missing`: what it has to be if nothing is there.
static tsme_ref *tsme_found(struct tsme *t, tsme_ref *sp, const uint8_t *at,
                            const uint8_t *missing)
{
    at = at ? at : missing;
    return at ? tsme_top(sp, at) : tsme_fail(t, TSME_NO_PATH);
}

static tsme_ref *tsme_op_key(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    return tsme_found(t, sp, tsme_member(sp[-1].at, tsme_const(&t->program, operand)), 0);
}

static tsme_ref *tsme_op_keyq(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    return tsme_found(t, sp, tsme_member(sp[-1].at, tsme_const(&t->program, operand)),
                      &tsme_simple[TSME_MISSING - TSME_FALSE]);
}

static tsme_ref *tsme_op_index(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    return tsme_found(t, sp, tsme_item(sp[-1].at, tsme_zigzag(operand)), 0);
}

static tsme_ref *tsme_op_indexq(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    return tsme_found(t, sp, tsme_item(sp[-1].at, tsme_zigzag(operand)),
                      &tsme_simple[TSME_MISSING - TSME_FALSE]);
}

static tsme_ref *tsme_op_field(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    return tsme_found(t, sp + 1,
                      tsme_member(t->frame->slots[0].at, tsme_const(&t->program, operand)), 0);
}

/// Building ///

// Integers that are not an instruction's operand byte as it stands.
tsme_ref *tsme_op_int(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    int err = tsme_reserve(t, sp, TSME_HEAD_MAX);
    if (err) {
        return tsme_fail(t, err);
    }
    uint8_t *to = tsme_write_head(t->top, TSME_UINT, operand);
    tsme_built(sp, t->top, to, 0);
    t->top = to;
    return sp + 1;
}

// Puts a text in parts (SPEC 2.14) together, on top of the stack.
bool tsme_join_parts(struct tsme *t, tsme_ref *sp, uint32_t c)
{
    struct tsme_list parts = tsme_list_of(&t->program, c);
    uint32_t size = 0;
    for (struct tsme_list rest = parts; rest.left;) {
        const uint8_t *part = tsme_list_next(&rest);
        size += tsme_head(&part);
        size = size < TSME_MEMORY_MAX ? size : TSME_MEMORY_MAX; // for which there is no room
    }
    t->error = tsme_reserve(t, sp, size + TSME_HEAD_MAX);
    if (t->error) {
        return false;
    }
    sp[-1] = (tsme_ref){t->top, 0, 0};
    t->top = tsme_write_head(t->top, TSME_TEXT, size);
    while (parts.left) {
        const uint8_t *part = tsme_list_next(&parts);
        size = tsme_head(&part);
        memcpy(t->top, part, size);
        t->top += size;
    }
    return true;
}

static bool tsme_any_bulky(const tsme_ref *r, const tsme_ref *end)
{
    while (r < end && !tsme_is_bulky(r->at)) {
        r++;
    }
    return r < end;
}

// What a container that is built is made of.
struct tsme_parts {
    tsme_ref *first;        // of its values
    uint32_t count;         // of them
    uint32_t size;          // bytes it has, at most
    uint32_t depth;         // of the deepest
    struct tsme_list *list; // names, null of an array
};

// Adds up sizes and depths; false: a value is too deep.
static bool tsme_measure_parts(struct tsme_parts *parts)
{
    struct tsme_list rest = {0, 0, 0, 0, false};
    if (parts->list) {
        rest = *parts->list;
    }
    for (uint32_t i = 0; i < parts->count; i++) {
        tsme_ref *r = parts->first + i;
        if (parts->list) {
            (void)tsme_list_next(&rest);
            parts->size += rest.size;
        }
        parts->size += r->size ? r->size : tsme_size(r);
        if (r->depth) {
            if (!tsme_fits(r, 1)) {
                return false;
            }
            parts->depth = r->depth > parts->depth ? r->depth : parts->depth;
        }
    }
    return true;
}

// Few bytes cost less one by one than the call of a function that copies them.
static inline uint8_t *tsme_copy_bytes(uint8_t *to, const uint8_t *from, uint32_t size)
{
    if (size > 8) {
        memcpy(to, from, size);
        return to + size;
    }
    for (; size; size--) {
        *to++ = *from++;
    }
    return to;
}

// Pops `count` values and pushes the container of them; for an object there are as many
// names, else null.
static tsme_ref *tsme_build(struct tsme *t, tsme_ref *sp, uint32_t count, struct tsme_list *names)
{
    struct tsme_parts parts = {sp - count, count, TSME_HEAD_MAX, 0, names};
    if (!tsme_measure_parts(&parts)) {
        return tsme_fail(t, TSME_TOO_LARGE);
    }
    int err = tsme_reserve(t, sp, parts.size);
    if (err) {
        return tsme_fail(t, err);
    }
    uint8_t *to = tsme_write_head(t->top, names ? TSME_OBJECT : TSME_ARRAY, count);
    for (tsme_ref *r = parts.first; r < sp; r++) {
        if (names) {
            const uint8_t *name = tsme_list_next(names);
            to = tsme_copy_bytes(to, name, names->size);
        }
        to = tsme_copy_bytes(to, r->at, r->size);
    }
    uint32_t size = (uint32_t)(to - t->top);
    if ((size > 255 || size > t->program.largest) && tsme_any_bulky(parts.first, sp)) {
        err = size > t->program.largest ? TSME_TOO_LARGE : tsme_spend(t, size, size);
        if (err) {
            return tsme_fail(t, err);
        }
    }
    tsme_built(parts.first, t->top, to, parts.depth + 1);
    t->top = to;
    return parts.first + 1;
}

// The object of one member whose name is whole, as those are that most loops make: the same in
// one go.
static tsme_ref *tsme_build_one(struct tsme *t, tsme_ref *sp, const uint8_t *name)
{
    tsme_ref *value = sp - 1;
    uint32_t name_size = 1u + (*name & 31u);
    uint32_t size = 1 + name_size + value->size;
    int err = tsme_reserve(t, sp, size);
    if (err) {
        return tsme_fail(t, err);
    }
    uint8_t *to = t->top;
    *to++ = TSME_OBJECT << 5 | 1;
    to = tsme_copy_bytes(to, name, name_size);
    to = tsme_copy_bytes(to, value->at, value->size);
    value->at = t->top;
    value->size = size & 0xFFFFFF;
    value->depth = 1;
    t->top = to;
    return sp;
}

static tsme_ref *tsme_op_object(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    const uint8_t *at = tsme_const(&t->program, operand);
    // An array of one text below 24 bytes; a value of which is known that it is small.
    if (at[0] == (TSME_ARRAY << 5 | 1) && at[1] < (TSME_TEXT << 5 | 24) && !sp[-1].depth &&
        (uint32_t)(sp[-1].size - 1) < 255) {
        return tsme_build_one(t, sp, at + 1);
    }
    struct tsme_list names = tsme_list_of(&t->program, operand);
    return tsme_build(t, sp, names.left, &names);
}

static tsme_ref *tsme_op_array(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    return tsme_build(t, sp, operand, 0);
}

// Slot 0 was written at a path: up to TSME_PATHS_MAX of them are remembered.
static int tsme_remember(struct tsme *t, tsme_ref *sp, uint32_t path)
{
    struct tsme_frame *f = t->frame;
    uint8_t *dirty = tsme_dirty(t, f);
    if (*dirty == TSME_REPLACED) {
        return TSME_OK;
    }
    if (!f->puts) {
        int err = tsme_reserve_block(t, sp, sizeof *f->puts);
        if (err) {
            return err;
        }
        f = t->frame;
        f->puts = tsme_take_block(t, sizeof *f->puts);
        f->puts->count = 0;
        *tsme_dirty(t, f) = TSME_PUT_ONLY;
    }
    struct tsme_puts *puts = f->puts;
    for (uint32_t i = 0; i < puts->count; i++) {
        if (puts->paths[i] == path) {
            return TSME_OK;
        }
    }
    if (puts->count == TSME_PATHS_MAX) {
        *tsme_dirty(t, f) = TSME_REPLACED;
    } else {
        puts->paths[puts->count++] = (uint16_t)path;
    }
    return TSME_OK;
}

static tsme_ref *tsme_op_put(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    int err = tsme_splice(t, sp, tsme_list_of(&t->program, operand));
    if (!err) {
        t->frame->slots[0] = sp[-1];
        err = tsme_remember(t, sp - 1, operand);
    }
    return err ? tsme_fail(t, err) : sp - 1;
}

// EMIT: the value stays on the stack.
static tsme_ref *tsme_op_emit(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    int err = tsme_emit(t, sp, (uint8_t)operand);
    return err ? tsme_fail(t, err) : sp;
}

/// The loop ///

static const tsme_operation tsme_operations[TSME_OPS] = {
    [TSME_OP_INT] = tsme_op_int,         [TSME_OP_FIELD] = tsme_op_field,
    [TSME_OP_KEY] = tsme_op_key,         [TSME_OP_INDEX] = tsme_op_index,
    [TSME_OP_KEYQ] = tsme_op_keyq,       [TSME_OP_INDEXQ] = tsme_op_indexq,
    [TSME_OP_OBJECT] = tsme_op_object,   [TSME_OP_ARRAY] = tsme_op_array,
    [TSME_OP_PUT] = tsme_op_put,         [TSME_OP_CALL] = tsme_op_call,
    [TSME_OP_COMPARE] = tsme_op_compare, [TSME_OP_TEST] = tsme_op_test,
    [TSME_OP_CONTEXT] = tsme_op_context, [TSME_OP_LIMIT] = tsme_op_limit,
    [TSME_OP_CAUGHT] = tsme_op_caught,   [TSME_OP_ERROR] = tsme_op_error,
    [TSME_OP_QUERY] = tsme_op_query,     [TSME_OP_EMIT] = tsme_op_emit,
};

// Keeps in the frame what the loop had in hand when it stopped before `ip`.
static void tsme_leave(struct tsme *t, const uint8_t *ip)
{
    struct tsme_frame *f = t->frame;
    f->pc = (uint16_t)((uint32_t)(ip - t->program.code) / 2);
    if (t->entry) {
        f->entry = (uint16_t)((uint32_t)(t->entry - t->program.code) / 2);
        f->entered = t->state.now;
    }
}

// ENTER s of the frame that runs; its body begins at `body`.
static inline void tsme_enter(struct tsme *t, const uint8_t *body, uint32_t state)
{
    struct tsme_frame *f = t->frame;
    t->left--;
    t->entry = body;
    f->state = (uint16_t)state;
    f->handler = 0;
    f->error.at = f->cause.at = 0;
    for (uint32_t i = 0; i < t->program.counters; i++) {
        tsme_counters(f)[i] = 0;
    }
}

static inline void tsme_store(struct tsme *t, uint32_t slot, const tsme_ref *value)
{
    t->frame->slots[slot] = *value;
    tsme_dirty(t, t->frame)[slot] = TSME_REPLACED;
}

static int tsme_stop(struct tsme *t, const uint8_t *ip, int err)
{
    tsme_leave(t, ip);
    return err;
}

// Tells of what an instruction before `ip` has done, if somebody wants to know.
static inline int tsme_told(struct tsme *t, const uint8_t *ip, uint32_t kind, uint32_t number)
{
    if (!tsme_sees(t, kind)) {
        return TSME_OK;
    }
    tsme_leave(t, ip);
    return tsme_tell(t, kind, t->number, number);
}

// An instruction that is not in the loop; null if the frame stops, and `error` says why.
TSME_INLINE tsme_ref *tsme_operate(struct tsme *t, const uint8_t *ip, tsme_ref *sp, uint32_t op,
                                   uint32_t operand)
{
    tsme_note_stack(t, sp, TSME_FAILED_OP);
    const tsme_operation operation = op == TSME_OP_EVAL     ? tsme_op_eval
                                     : op == TSME_OP_EXPECT ? tsme_op_expect
                                     : op < TSME_OPS        ? tsme_operations[op]
                                                            : 0;
    if (operation) {
        // calls: tsme_operations tsme_op_eval tsme_op_expect
        sp = operation(t, sp, operand);
        if (!sp) {
            tsme_leave(t, ip);
        }
        return sp;
    }
    tsme_leave(t, ip);
    t->error = tsme_flow(t, sp, op, operand);
    return t->error == TSME_GOES_ON ? t->stack : 0;
}

// Runs the frame from its `pc` until it waits, has ended or stays at an ENTER; `sp` is behind
// what is on its stack. Gives TSME_OK, or an error of the engine (negative) or of the
// workflow (positive).
int tsme_loop(struct tsme *t, tsme_ref *sp)
{
    const uint8_t *code = t->program.code;
    const uint8_t *ip = code + 2u * t->frame->pc;
    const tsme_ref *slot;
    t->entry = 0;
    for (;;) {
        uint32_t op = ip[0];
        uint32_t operand = ip[1];
        ip += 2;
    decoded:
        switch (op) {
        case TSME_OP_EXT:
            op = ip[0];
            operand = operand << 8 | ip[1];
            ip += 2;
            goto decoded;
        case TSME_OP_CONST:
            sp = tsme_top(sp + 1, tsme_const(&t->program, operand));
            if (*sp[-1].at == TSME_PARTS_TEXT && !tsme_join_parts(t, sp, operand)) {
                return tsme_stop(t, ip, t->error);
            }
            continue;
        case TSME_OP_LOAD:
            slot = &(operand < 256 ? t->frame : tsme_outer(t, operand >> 8))->slots[operand & 255];
            if (!slot->at) {
                tsme_note_stack(t, sp, TSME_FAILED_OP);
                return tsme_stop(t, ip, TSME_NO_VARIABLE);
            }
            *sp++ = *slot;
            continue;
        case TSME_OP_STORE:
            tsme_store(t, operand, --sp);
            if (operand && tsme_told(t, ip, TSME_SEES_ASSIGN, operand)) {
                return TSME_ERR_CALL;
            }
            continue;
        case TSME_OP_PICK: *sp++ = t->stack[operand]; continue;
        case TSME_OP_DROP: sp -= operand; continue;
        case TSME_OP_ENTER:
            if (!t->left) { // stay here, at the EXT if there is one
                return tsme_stop(t, ip - (operand > 255 ? 4 : 2), TSME_OK);
            }
            tsme_enter(t, ip, operand);
            if (tsme_told(t, ip, TSME_SEES_ENTER, operand)) {
                return TSME_ERR_CALL;
            }
            continue;
        case TSME_OP_CATCH: t->frame->handler = (uint16_t)operand; continue;
        case TSME_OP_IF:
        case TSME_OP_UNLESS:
            if (*(--sp)->at != (op == TSME_OP_IF ? TSME_TRUE : TSME_FALSE)) {
                continue;
            }
            // fall through
        case TSME_OP_JUMP: ip = code + 2 * operand; continue;
        case TSME_OP_INT:
            if (operand < 24) { // the operand byte is its own encoding
                sp = tsme_top(sp + 1, ip - 1);
                continue;
            }
            // fall through
        default:
            sp = tsme_operate(t, ip, sp, op, operand);
            if (!sp) {
                return t->error;
            }
        }
    }
}
