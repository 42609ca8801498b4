// Verifying the bodies of expressions (SPEC 2.16).
//
// On the stack of a body are values, iterators, builders and sorters, and of each item it has to
// be known which, the same on all ways. So a stack is a node of a tree: below it is what lies
// below its last item, and an instruction has the number of one node. To push is to go to a
// child, to pop to go back, and to compare two stacks is to compare two numbers.
//
// A body's code is what follows its BODY up to the next one, and all its ways stay there. What
// its LOADs and CONTEXTs reach depends on the frame that evaluates it, so that comes last, for
// each kind of frame that does.

#include "tsme_expr.h"
#include "tsme_ops.h"
#include "tsme_verify.h"

#include <string.h>

// What an instruction does, in 32 bits: its choices, or the kind of its constant; its operand's
// letter; how it goes on, and how many values it takes and leaves.
#define TSME_INNER_PACKED(operand, constant, choices, counted, pops, pushes, flow)                \
    ((uint32_t)((choices) | ((constant) == ' ' ? 0 : (constant))) << 16 |                         \
     (uint32_t)((uint8_t)(operand)) << 8 |                                                        \
     ((flow) == 'j'   ? TSME_JUMPS                                                                \
      : (flow) == 'b' ? TSME_BRANCHES                                                             \
      : (flow) == 'e' ? TSME_ENDS_BODY                                                            \
                      : 0) |                                                                      \
     ((counted) == ' ' ? 0 : TSME_COUNTED) | (pops) << 2 | (pushes))
#define TSME_INNER_RULE(name, number, operand, constant, choices, counted, pops, pushes, flow)    \
    [(number) - TSME_INNER_FIRST] =                                                               \
        TSME_INNER_PACKED(operand, constant, choices, counted, pops, pushes, flow),
enum {
    TSME_TAKES = 2,  // shift
    TSME_LEAVES = 3, // mask
    TSME_COUNTED = 16,
    TSME_ENDS_BODY = 32,
    TSME_BRANCHES = 64,
    TSME_JUMPS = 128,
};
static const uint32_t tsme_inner[TSME_INNER_OPS] = {TSME_EXPRESSIONS(TSME_INNER_RULE)};

// Those that workflows have, too.
static const uint8_t tsme_shared_ops[] = {
    TSME_OP_CONST,   TSME_OP_INT,  TSME_OP_LOAD, TSME_OP_PICK,   TSME_OP_DROP,
    TSME_OP_CONTEXT, TSME_OP_JUMP, TSME_OP_IF,   TSME_OP_UNLESS,
};
static const uint32_t tsme_shared[] = {
    TSME_INNER_PACKED('c', 'V', 0, ' ', 0, 1, ' '), TSME_INNER_PACKED('n', ' ', 0, ' ', 0, 1, ' '),
    TSME_INNER_PACKED('n', ' ', 0, ' ', 0, 1, ' '), TSME_INNER_PACKED('i', ' ', 0, ' ', 0, 1, ' '),
    TSME_INNER_PACKED('n', ' ', 0, 'n', 0, 0, ' '), TSME_INNER_PACKED('n', ' ', 0, ' ', 0, 1, ' '),
    TSME_INNER_PACKED('t', ' ', 0, ' ', 0, 0, 'j'), TSME_INNER_PACKED('t', ' ', 0, ' ', 1, 0, 'b'),
    TSME_INNER_PACKED('t', ' ', 0, ' ', 1, 0, 'b'),
};

enum {
    TSME_AROUND_NONE = 0,      // it is evaluated; or nobody has named it yet
    TSME_AROUND_MANY = 0xFFFF, // bodies are around it, so that it may reach into none
    TSME_SHAPE_DEPTH = 254,
    TSME_SHAPES_MOST = 0xFFFF,
};

/// Stacks ///

// The stack `shape` with one item more; 0: there is no memory.
static uint32_t tsme_push_shape(struct tsme_pass *pass, uint32_t shape, char kind)
{
    uint32_t child = pass->shape[shape].child;
    for (; child; child = pass->shape[child].sibling) {
        if (pass->shape[child].kind == kind) {
            return child;
        }
    }
    if (pass->shape_count == pass->shape_room || pass->shape[shape].depth == TSME_SHAPE_DEPTH) {
        return 0;
    }
    child = pass->shape_count++;
    pass->shape[child] = (struct tsme_shape){(uint16_t)shape, 0, pass->shape[shape].child, kind,
                                             (uint8_t)(pass->shape[shape].depth + 1)};
    pass->shape[shape].child = (uint16_t)child;
    return child;
}

// The item `i` of a stack, counted from the bottom, or 0.
static char tsme_shape_item(const struct tsme_pass *pass, uint32_t shape, uint32_t i)
{
    if (i >= pass->shape[shape].depth) {
        return 0;
    }
    while (pass->shape[shape].depth > i + 1) {
        shape = pass->shape[shape].below;
    }
    return pass->shape[shape].kind;
}

// Pops `count` values; false: these are none.
static bool tsme_pop_values(const struct tsme_pass *pass, uint32_t *shape, uint32_t count)
{
    for (; count; count--) {
        if (!*shape || pass->shape[*shape].kind != 'v') {
            return false;
        }
        *shape = pass->shape[*shape].below;
    }
    return true;
}

// Pushes `count` values; false: that is too many.
static bool tsme_push_values(struct tsme_pass *pass, uint32_t *shape, uint32_t count)
{
    for (; count && (*shape = tsme_push_shape(pass, *shape, 'v')) != 0; count--) {
    }
    return count == 0;
}

/// Ways ///

// The rule of an instruction that may stand in a body, or 0.
static uint32_t tsme_inner_of(uint32_t op)
{
    if (op >= TSME_INNER_FIRST) {
        bool outer = op == TSME_OP_EVAL || op == TSME_OP_BODY || op == TSME_OP_EXPECT;
        return outer ? 0 : tsme_inner[op - TSME_INNER_FIRST];
    }
    for (uint32_t i = 0; i < sizeof tsme_shared_ops; i++) {
        if (tsme_shared_ops[i] == op) {
            return tsme_shared[i];
        }
    }
    return 0;
}

// A way within the body leads to `at`.
static bool tsme_lead_inner(struct tsme_pass *pass, uint32_t at, uint32_t shape)
{
    if (at <= pass->body || at >= pass->end) {
        return false;
    }
    struct tsme_note *note = &pass->notes[at];
    if (note->kind) {
        return note->kind == TSME_INNER && pass->shapes[at] == shape;
    }
    note->kind = TSME_INNER;
    note->next = (uint16_t)(pass->next < pass->program->code_count ? pass->next : at);
    pass->next = at;
    pass->shapes[at] = (uint16_t)shape;
    return true;
}

// A jump: forward, or by JUMP back to NEXT or STEP.
static bool tsme_jump_inner(struct tsme_pass *pass, const struct tsme_op *i, uint32_t shape)
{
    const struct tsme_program *p = pass->program;
    uint32_t to = i->operand;
    if (!to || to >= p->code_count || p->code[2 * to - 2] == TSME_OP_EXT) {
        return false;
    }
    uint8_t op = tsme_operation_at(p, to);
    if (to <= i->at && (i->op != TSME_OP_JUMP || (op != TSME_OP_NEXT && op != TSME_OP_STEP))) {
        return false;
    }
    return tsme_lead_inner(pass, to, shape);
}

// A body, which somebody names: `around` it, or TSME_AROUND_NONE to evaluate it.
static bool tsme_name_body(struct tsme_pass *pass, uint32_t at, uint32_t around)
{
    const struct tsme_program *p = pass->program;
    struct tsme_op i;
    uint32_t behind = at;
    if (!at || at >= p->code_count || p->code[2 * at - 2] == TSME_OP_EXT ||
        tsme_operation_at(p, at) != TSME_OP_BODY) {
        return false;
    }
    (void)tsme_decode(p, &behind, &i);
    if ((i.operand & 255) < 1 + (i.operand >> 8)) {
        return false; // there are less locals than are given
    }
    struct tsme_note *note = &pass->notes[at];
    if (note->kind) {
        bool same = note->kind == TSME_INNER && pass->shapes[at] == around;
        pass->shapes[at] = same ? (uint16_t)around : TSME_AROUND_MANY;
        return note->kind == TSME_INNER;
    }
    note->kind = TSME_INNER;
    note->next = (uint16_t)(pass->bodies < p->code_count ? pass->bodies : at);
    pass->bodies = at;
    pass->shapes[at] = (uint16_t)around;
    return true;
}

bool tsme_check_eval(struct tsme_pass *pass, struct tsme_op *i)
{
    struct tsme_op body;
    uint32_t at = i->operand;
    if (!pass->shapes || !tsme_name_body(pass, at, TSME_AROUND_NONE)) {
        return false;
    }
    (void)tsme_decode(pass->program, &at, &body);
    i->pops = body.operand >> 8;
    return true;
}

/// Instructions ///

// Bytes of a pattern's instruction at `at`, of which `left` are there; 0: it is none.
static uint32_t tsme_pattern_step(const uint8_t *at, uint32_t left)
{
    static const uint8_t sizes[9] = {1, 4, 2, 2, 5, 3, 2, 2, 2};
    if (!left || *at > 8 || left < sizes[*at]) {
        return 0;
    }
    uint32_t size = sizes[*at] + (*at == 2 || *at == 3 ? 6u * at[1] : 0);
    bool good = size <= left && !(*at == 6 && at[1] > 19) && !(*at == 7 && at[1] > 5) &&
                !(*at == 8 && at[1] > 9);
    return good ? size : 0;
}

// Whether an instruction begins at `to`.
static bool tsme_pattern_leads(const uint8_t *pattern, uint32_t size, uint32_t to)
{
    uint32_t n = 0;
    while (n < to && n < size) {
        n += tsme_pattern_step(pattern + n, size - n);
    }
    return n == to && n < size;
}

// A pattern (SPEC 2.16): its instructions stand one behind the other, and ways lead to some.
static bool tsme_is_pattern(const uint8_t *at)
{
    if (*at >> 5 != TSME_BYTES) {
        return false;
    }
    uint32_t size = tsme_head(&at);
    uint32_t last = 1;
    for (uint32_t n = 0; n < size;) {
        uint32_t step = tsme_pattern_step(at + n, size - n);
        if (!step) {
            return false;
        }
        n += step;
        last = at[n - step];
    }
    for (uint32_t n = 0; n < size; n += tsme_pattern_step(at + n, size - n)) {
        uint32_t ways = at[n] == 4 ? 2 : at[n] == 5;
        for (const uint8_t *to = at + n + 1; ways; ways--, to += 2) {
            if (!tsme_pattern_leads(at, size, to[0] | (uint32_t)to[1] << 8)) {
                return false;
            }
        }
    }
    return last == 0;
}

// ITEM's constant: a name, and an integer of 32 bits.
static bool tsme_is_named_item(const uint8_t *at)
{
    int64_t n;
    return *at == (TSME_ARRAY << 5 | 2) && at[1] >> 5 == TSME_TEXT &&
           tsme_integer(tsme_skip_text(at + 1), &n) && n == (int32_t)n;
}

// SIGNED's constant, as far as it is looked at before it is used.
static bool tsme_is_signature(const uint8_t *at)
{
    uint32_t size = tsme_head(&at);
    uint32_t many = 0;
    for (uint32_t n = 0; n < size; n++) {
        many += at[n] == '+';
    }
    return size > 1 && at[0] == '<' && at[size - 1] == '>' && size < 64 && many <= 2;
}

// Whether the operand is in range, but for what lies in other bodies or in frames.
static bool tsme_inner_operand(struct tsme_pass *pass, const struct tsme_op *i, uint32_t rule)
{
    const struct tsme_program *p = pass->program;
    struct tsme_op body;
    uint32_t at = pass->body;
    switch (rule >> 8 & 0xFF) {
    case 'k': return i->operand < 32 && rule >> 16 >> i->operand & 1;
    case '-': return i->operand == 0;
    case 'f': return i->operand < TSME_NATIVE_COUNT;
    case 'l':
        (void)tsme_decode(p, &at, &body);
        return i->operand > 255 ? i->op == TSME_OP_GET : i->operand < (body.operand & 255);
    case 'c':
        if (i->operand >= p->const_count) {
            return false;
        }
        at = *tsme_const(p, i->operand);
        if (i->op == TSME_OP_SIGNED) {
            return at >> 5 == TSME_TEXT && tsme_is_signature(tsme_const(p, i->operand));
        }
        return rule >> 16 == 'T'   ? at >> 5 == TSME_TEXT
               : rule >> 16 == 'I' ? tsme_is_named_item(tsme_const(p, i->operand))
               : rule >> 16 == 'B' ? tsme_is_pattern(tsme_const(p, i->operand))
                                   : at >> 5 != TSME_BYTES && at != TSME_PARTS_ARRAY;
    case 'n':
        return i->op == TSME_OP_INVOKE ? i->operand >> 9 <= TSME_LEVELS
                                       : i->op != TSME_OP_ORDER || i->operand > 1;
    default: return true;
    }
}

// The item of the stack that the operand names: of one of these kinds.
static bool tsme_names_item(const struct tsme_pass *pass, uint32_t shape, uint32_t i,
                            const char *kinds)
{
    char kind = tsme_shape_item(pass, shape, i);
    return kind && (kind == kinds[0] || kind == kinds[1]);
}

// What an instruction does with what is no value, `shape` without the values that it takes.
static bool tsme_inner_things(struct tsme_pass *pass, const struct tsme_op *i, uint32_t *shape)
{
    const char top = pass->shape[*shape].kind; // of the empty one none
    switch (i->op) {
    case TSME_OP_PICK: return tsme_names_item(pass, *shape, i->operand, "vv");
    case TSME_OP_POSITION: return tsme_names_item(pass, *shape, i->operand, "ii");
    case TSME_OP_ADD:
    case TSME_OP_SPREAD: return tsme_names_item(pass, *shape, i->operand, "01");
    case TSME_OP_KEEP:
        return i->operand && tsme_names_item(pass, *shape, i->operand, "ii") &&
               tsme_names_item(pass, *shape, i->operand - 1, "01");
    case TSME_OP_MEMBER: return tsme_names_item(pass, *shape, i->operand, "22");
    case TSME_OP_GROUP: return tsme_names_item(pass, *shape, i->operand, "33");
    case TSME_OP_NEXT: return top == 'i';
    case TSME_OP_STEP:
    case TSME_OP_ANSWER: return top == 's';
    case TSME_OP_RETURN: return !*shape;
    case TSME_OP_DONE: *shape = pass->shape[*shape].below; return top >= '0' && top <= '3';
    case TSME_OP_EACH: *shape = tsme_push_shape(pass, *shape, 'i'); return *shape != 0;
    case TSME_OP_SORT: *shape = tsme_push_shape(pass, *shape, 's'); return *shape != 0;
    case TSME_OP_BUILD:
        *shape = tsme_push_shape(pass, *shape, "0123"[i->operand]);
        return *shape != 0;
    default: return true;
    }
}

static bool tsme_verify_inner(struct tsme_pass *pass, uint32_t at)
{
    struct tsme_op i;
    uint32_t shape = pass->shapes[at];
    (void)tsme_decode(pass->program, &at, &i);
    const uint32_t rule = tsme_inner_of(i.op);
    uint32_t pops = rule >> TSME_TAKES & 3;
    uint32_t pushes = i.op == TSME_OP_UNTUPLE ? i.operand : rule & TSME_LEAVES;
    if (rule & TSME_COUNTED) {
        pops += i.op == TSME_OP_INVOKE ? i.operand & 255 : i.operand;
    }
    if (!rule || !tsme_inner_operand(pass, &i, rule) || !tsme_pop_values(pass, &shape, pops) ||
        !tsme_inner_things(pass, &i, &shape) ||
        (i.op == TSME_OP_CLOSURE && !tsme_name_body(pass, i.operand, pass->body))) {
        return false;
    }
    // At their targets NEXT and STEP have taken the iterator or sorter away.
    uint32_t target = pass->shape[shape].below;
    bool good = (i.op != TSME_OP_STEP || tsme_push_values(pass, &target, 1)) &&
                tsme_push_values(pass, &shape, pushes) &&
                pass->shape[shape].depth <= pass->program->stack;
    if (i.op != TSME_OP_NEXT && i.op != TSME_OP_STEP) {
        target = shape;
    }
    if (good && rule & (TSME_JUMPS | TSME_BRANCHES)) {
        good = tsme_jump_inner(pass, &i, target);
    }
    return good && (rule & (TSME_JUMPS | TSME_ENDS_BODY) || tsme_lead_inner(pass, at, shape));
}

/// Bodies ///

// Where the code of the body that begins at `at` ends.
static uint32_t tsme_body_end(const struct tsme_program *p, uint32_t at)
{
    struct tsme_op i;
    (void)tsme_decode(p, &at, &i);
    while (at < p->code_count && tsme_operation_at(p, at) != TSME_OP_BODY) {
        (void)tsme_decode(p, &at, &i);
    }
    return at;
}

// GET of the body at `body`: whether the local is there.
static bool tsme_reaches(const struct tsme_pass *pass, uint32_t body, uint32_t operand)
{
    struct tsme_op i;
    for (uint32_t n = operand >> 8; n; n--) {
        body = pass->shapes[body];
        if (body == TSME_AROUND_NONE || body == TSME_AROUND_MANY) {
            return false;
        }
    }
    (void)tsme_decode(pass->program, &body, &i);
    return (operand & 255) < (i.operand & 255);
}

// Puts a body on the list of those to look at for a kind of frame, which is that of `pass`.
static void tsme_list_body(struct tsme_pass *pass, uint32_t at)
{
    struct tsme_note *note = &pass->notes[at];
    if (note->depth != pass->kind) {
        note->depth = pass->kind;
        note->next = (uint16_t)(pass->bodies < pass->program->code_count ? pass->bodies : at);
        pass->bodies = at;
    }
}

static uint32_t tsme_next_body(struct tsme_pass *pass)
{
    uint32_t at = pass->bodies;
    pass->bodies = pass->notes[at].next == at ? pass->program->code_count : pass->notes[at].next;
    return at;
}

// The bodies that a frame of `pass`'s kind evaluates: what they reach of frames is there.
static bool tsme_check_frames(struct tsme_pass *pass)
{
    const struct tsme_program *p = pass->program;
    struct tsme_op i;
    while (pass->bodies < p->code_count) {
        uint32_t at = tsme_next_body(pass);
        uint32_t end = tsme_body_end(p, at);
        while (at < end) {
            bool reached = pass->notes[at].kind == TSME_INNER;
            (void)tsme_decode(p, &at, &i);
            if (!reached) {
                continue; // nobody has looked at its operand
            }
            bool frames = i.op == TSME_OP_LOAD || i.op == TSME_OP_CONTEXT;
            if (frames && !tsme_is_there(pass, &i)) {
                return false;
            }
            if (i.op == TSME_OP_CLOSURE) {
                tsme_list_body(pass, i.operand);
            }
        }
    }
    return true;
}

// What reaches out of bodies: of code that has been looked at, all of it.
bool tsme_check_reaches(struct tsme_pass *pass)
{
    const struct tsme_program *p = pass->program;
    struct tsme_op i;
    uint32_t body = 0;
    for (uint32_t at = 0; at < p->code_count;) {
        uint32_t here = at;
        (void)tsme_decode(p, &at, &i);
        if (i.op == TSME_OP_BODY) {
            body = here;
        } else if (i.op == TSME_OP_GET && pass->notes[here].kind == TSME_INNER &&
                   !tsme_reaches(pass, body, i.operand)) {
            return false; // only what runs has a body that is known
        }
    }
    for (uint32_t kind = TSME_FIRST_KIND; kind <= pass->kind_count; kind++) {
        pass->kind = (uint8_t)kind;
        for (uint32_t at = 0; at < p->code_count;) {
            bool runs = pass->notes[at].kind == kind;
            (void)tsme_decode(p, &at, &i);
            if (runs && i.op == TSME_OP_EVAL) {
                tsme_list_body(pass, i.operand);
            }
        }
        if (!tsme_check_frames(pass)) {
            return false;
        }
    }
    return true;
}

// Looks at the bodies that the workflow evaluates, and at those that they name.
int tsme_verify_bodies(struct tsme *t, struct tsme_pass *pass)
{
    const struct tsme_program *p = pass->program;
    (void)t;
    while (pass->bodies < p->code_count) {
        struct tsme_op i;
        uint32_t at = pass->body = tsme_next_body(pass);
        pass->end = tsme_body_end(p, at);
        (void)tsme_decode(p, &at, &i);
        bool good = tsme_lead_inner(pass, at, 0);
        while (good && pass->next < p->code_count) {
            at = pass->next;
            pass->next = pass->notes[at].next == at ? p->code_count : pass->notes[at].next;
            good = tsme_verify_inner(pass, at);
        }
        if (!good) {
            return TSME_ERR_CODE;
        }
    }
    return TSME_OK;
}
