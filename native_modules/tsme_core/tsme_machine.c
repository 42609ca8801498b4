// The expression machine (SPEC 2.16): the loop over a body's instructions, and what a collection
// does with all that an evaluation has.
//
// Functions are found by number, so that they may be within values, which are bytes. Of these
// numbers those live on to which an operand or a local refers, or, once functions are within
// values, all.

#include "tsme_machine.h"

#include "tsme_frames.h"
#include "tsme_ops.h"

#include <string.h>

/// Collecting ///

// A closure that an operand or a local refers to lives on.
static void tsme_see_function(struct tsme_evaluation *e, const uint8_t *at)
{
    if (*at == TSME_FUNCTION && tsme_function_kind(at) == TSME_CLOSURE) {
        e->closures[tsme_function_number(at)].seen = 1;
    }
}

static void tsme_see_item(struct tsme *t, tsme_ref *item, bool move)
{
    if (item->depth < TSME_THING || item->depth >= TSME_THINGS) {
        if (!move) {
            tsme_see_function(t->evaluation, item->at);
        }
        tsme_see_value(t, item, move);
        return;
    }
    if (item->depth != TSME_BUILDER) { // iterators and sorters begin with a value
        tsme_ref *value = (tsme_ref *)(uintptr_t)item->at;
        if (!move) {
            tsme_see_function(t->evaluation, value->at);
        }
        tsme_see_value(t, value, move);
    }
    item->at = tsme_see_block(t, (void *)(uintptr_t)item->at, item->size, move);
}

// Locals, and those around them; each once in a pass.
static void tsme_see_env(struct tsme *t, struct tsme_env **link, bool move)
{
    uint32_t round = 2 * t->collections + 1 + move;
    while (*link) {
        struct tsme_env *env = *link;
        uint32_t size = (uint32_t)(sizeof *env + env->count * sizeof env->values[0]);
        *link = tsme_see_block(t, env, size, move);
        if (env->round == round) {
            return;
        }
        env->round = round;
        for (uint32_t i = 0; i < env->count; i++) {
            tsme_see_item(t, &env->values[i], move);
        }
        link = &env->around;
    }
}

static void tsme_see_closures(struct tsme *t, struct tsme_evaluation *e, bool move)
{
    bool again = true;
    while (again) {
        again = false;
        for (uint32_t i = 0; i < e->closure_count; i++) {
            struct tsme_closure *c = &e->closures[i];
            if (c->env && (c->seen || e->held) && c->passed == move) {
                c->seen = 1;
                c->passed = !move;
                tsme_see_item(t, &c->context, move);
                tsme_see_env(t, &c->env, move);
                again = true;
            }
        }
    }
    for (uint32_t i = 0; move && i < e->closure_count; i++) {
        struct tsme_closure *c = &e->closures[i];
        c->env = c->seen ? c->env : 0;
        c->seen = 0;
    }
    if (e->closures) {
        uint32_t size = (uint32_t)(e->closure_room * sizeof e->closures[0]);
        e->closures = tsme_see_block(t, e->closures, size, move);
    }
}

void tsme_see_evaluation(struct tsme *t, tsme_ref *sp, bool move)
{
    struct tsme_evaluation *e = t->evaluation;
    for (struct tsme_body *body = e->body; body; body = body->caller) {
        tsme_ref *end = body == e->body ? sp : body->sp;
        for (tsme_ref *r = body->stack; r < end; r++) {
            tsme_see_item(t, r, move);
        }
        tsme_see_env(t, &body->env, move);
    }
    tsme_see_item(t, &e->context, move);
    tsme_see_closures(t, e, move);
}

/// What is small ///

static tsme_ref *tsme_op_none(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    (void)t;
    (void)operand;
    *sp = tsme_nothing;
    return sp + 1;
}

static tsme_ref *tsme_op_position(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    // -1 before the first item
    int64_t n = (int64_t)tsme_iterator_at(&t->evaluation->body->stack[operand])->next - 1;
    int err = tsme_reserve(t, sp, TSME_HEAD_MAX);
    if (err) {
        return tsme_failed(t, err);
    }
    *sp = (tsme_ref){t->top, 0, 0};
    t->top = tsme_write_integer(t->top, n);
    return sp + 1;
}

static tsme_ref *tsme_op_level(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    return t->evaluation->body->base + operand > TSME_LEVELS
               ? tsme_failed(t, tsme_raise(t, TSME_CODE("D1011")))
               : sp;
}

static tsme_ref *tsme_op_fault(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    (void)sp;
    return tsme_failed(t, tsme_raise(t, tsme_const(&t->program, operand)));
}

static tsme_ref *tsme_op_minus(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    (void)operand;
    int err = tsme_negate(t, sp - 1, sp);
    return err ? tsme_failed(t, err) : sp;
}

#if TSME_ALL_NATIVES
static tsme_ref *tsme_op_hole(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    static const uint8_t hole[TSME_FUNCTION_SIZE] = {TSME_FUNCTION, TSME_HOLE};
    (void)t;
    (void)operand;
    *sp = (tsme_ref){hole, sizeof hole, 0};
    return sp + 1;
}

static tsme_ref *tsme_op_tuple(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    return tsme_pack(t, sp, operand, TSME_MARK_TUPLE);
}

static tsme_ref *tsme_op_regex(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    return tsme_op_func(t, sp, operand | TSME_MATCHER << 16);
}
#endif

static tsme_ref *tsme_op_native(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    return tsme_op_func(t, sp, operand | TSME_NATIVE << 16);
}

/// The loop ///

#define TSME_AT(name) [TSME_OP_##name - TSME_INNER_FIRST]
// Where there is none, the caller makes the evaluation.
static const tsme_inner_operation tsme_inner_operations[TSME_INNER_OPS] = {
    TSME_AT(NONE) = tsme_op_none,       TSME_AT(CLOSURE) = tsme_op_closure,
    TSME_AT(FUNC) = tsme_op_native,     TSME_AT(IS) = tsme_op_is,
    TSME_AT(MINUS) = tsme_op_minus,     TSME_AT(OPERATE) = tsme_op_operate,
    TSME_AT(NAME) = tsme_op_name,       TSME_AT(AT) = tsme_op_at,
    TSME_AT(EACH) = tsme_op_each,       TSME_AT(POSITION) = tsme_op_position,
    TSME_AT(BUILD) = tsme_op_build,     TSME_AT(ADD) = tsme_op_add,
    TSME_AT(SPREAD) = tsme_op_spread,   TSME_AT(KEEP) = tsme_op_keep,
    TSME_AT(MEMBER) = tsme_op_member,   TSME_AT(DONE) = tsme_op_done,
    TSME_AT(LEVEL) = tsme_op_level,     TSME_AT(FAULT) = tsme_op_fault,
#if TSME_ALL_NATIVES
    TSME_AT(REGEX) = tsme_op_regex,     TSME_AT(HOLE) = tsme_op_hole,
    TSME_AT(PARTIAL) = tsme_op_partial, TSME_AT(GROUP) = tsme_op_group,
    TSME_AT(SORT) = tsme_op_sort,       TSME_AT(ANSWER) = tsme_op_answer,
    TSME_AT(TUPLE) = tsme_op_tuple,     TSME_AT(UNTUPLE) = tsme_op_untuple,
    TSME_AT(ITEM) = tsme_op_named_item,
#endif
};

// An instruction that both workflows and expressions have.
static tsme_ref *tsme_shared_operation(struct tsme *t, tsme_ref *sp, uint32_t op, uint32_t operand)
{
    switch (op) {
    case TSME_OP_CONST:
        *sp++ = (tsme_ref){tsme_const(&t->program, operand), 0, 0};
        return *sp[-1].at == TSME_PARTS_TEXT && !tsme_join_parts(t, sp, operand) ? 0 : sp;
    case TSME_OP_LOAD:
        *sp = tsme_outer(t, operand >> 8)->slots[operand & 255];
        if (!sp->at) {
            *sp = tsme_nothing;
        }
        return sp + 1;
    case TSME_OP_CONTEXT: return tsme_op_context(t, sp, operand);
    case TSME_OP_PICK: *sp = t->evaluation->body->stack[operand]; return sp + 1;
    case TSME_OP_DROP: return sp - operand;
    default: return tsme_op_int(t, sp, operand);
    }
}

// GET: a local of this body or of one around it.
static inline tsme_ref tsme_local(const struct tsme_body *body, uint32_t operand)
{
    const struct tsme_env *env = body->env;
    for (uint32_t n = operand >> 8; n; n--) {
        env = env->around;
    }
    return env->values[operand & 255];
}

// NEXT: true if there was another item, which then is on the stack.
static inline bool tsme_next(tsme_ref *sp)
{
    struct tsme_iterator *it = tsme_iterator_at(sp - 1);
    if (it->next == it->count) {
        return false;
    }
    const uint8_t *at = it->value.at + it->offset;
    uint32_t size = (uint32_t)(tsme_skip(at) - at);
    it->offset += size;
    it->next++;
    *sp = tsme_sized(at, size);
    return true;
}

// An instruction that no loop has; null: it failed, and `error` says how.
static tsme_ref *tsme_other_operation(struct tsme *t, tsme_ref *sp, uint32_t op, uint32_t operand)
{
    if (op < TSME_INNER_FIRST) {
        return tsme_shared_operation(t, sp, op, operand);
    }
    const tsme_inner_operation operation = tsme_inner_operations[op - TSME_INNER_FIRST];
    // calls: tsme_inner_operations
    return operation ? operation(t, sp, operand) : tsme_failed(t, TSME_ELSEWHERE);
}

// Runs a body until another one runs in its place: TSME_OK, or an error.
static int tsme_run_body(struct tsme *t, struct tsme_body *body)
{
    const uint8_t *code = t->program.code;
    const uint8_t *ip = body->ip;
    tsme_ref *sp = body->sp;
    bool over = false;
    for (;;) {
        uint32_t op = ip[0];
        uint32_t operand = ip[1];
        ip += 2;
        if (op == TSME_OP_EXT) {
            op = ip[0];
            operand = operand << 8 | ip[1];
            ip += 2;
        }
        switch (op) {
        case TSME_OP_GET: *sp++ = tsme_local(body, operand); continue;
        case TSME_OP_SET: body->env->values[operand] = *--sp; continue;
        case TSME_OP_NEXT:
            over = !tsme_next(sp);
            sp = over ? sp - 1 : sp + 1;
            break;
        case TSME_OP_JUMP:
            if (code + 2 * operand < ip && tsme_burn(t, 1)) {
                return TSME_QUERY_ERROR;
            }
            over = true;
            break;
        case TSME_OP_IF:
        case TSME_OP_UNLESS:
            over = *(--sp)->at == (op == TSME_OP_IF ? TSME_TRUE : TSME_FALSE);
            break;
#if TSME_ALL_NATIVES
        case TSME_OP_STEP: sp = tsme_op_step(t, sp, &over); break;
#endif
        case TSME_OP_INVOKE: body->ip = ip; return tsme_invoke(t, sp, operand);
        case TSME_OP_RETURN: return tsme_return(t, sp);
        default:
            if (op == TSME_OP_OPERATE && operand == TSME_PIPE) {
                body->ip = ip;
                return tsme_pipe(t, sp);
            }
            over = false;
            sp = tsme_other_operation(t, sp, op, operand);
            break;
        }
        if (!sp) {
            return t->error;
        }
        ip = over ? code + 2 * operand : ip;
    }
}

// Runs the body of the evaluation, and those that it calls, until the first one returns; its
// value is on its stack.
int tsme_run_bodies(struct tsme *t)
{
    struct tsme_evaluation *e = t->evaluation;
    int err = TSME_OK;
    while (!err && e->body->ip) {
        err = tsme_run_body(t, e->body);
    }
    return err;
}
