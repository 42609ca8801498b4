// Verifying the instructions, so that running them needs no check of an operand, of a stack
// bound or of a jump any more.
//
// What an instruction takes, leaves and does to the flow stands in the table of all
// instructions (opcodes.h). Each instruction that a way leads to is looked at once; a note of
// four bytes, in the memory that the caller hands over, says how deep the stack is there and
// what kind of frame runs it, which has to be the same on every way.

#include "tsme_call.h"
#include "tsme_ops.h"
#include "tsme_query.h"
#include "tsme_verify.h"

#include <string.h>

// A row of the table.
struct tsme_rule {
    uint32_t choices; // a bit for each operand there is
    char operand;
    char constant; // kind of the constant
    char counted;  // what says how many more values it takes
    char flow;
    uint8_t pops;
    uint8_t pushes;
    uint8_t missing; // 2: takes a value that may be missing, + 1: leaves such a one
};
#define TSME_RULE(name, number, operand, constant, choices, counted, pops, pushes, missing, flow) \
    {choices, operand, constant, counted, flow, pops, pushes, missing},
static const struct tsme_rule tsme_rules[TSME_OPS] = {TSME_INSTRUCTIONS(TSME_RULE)};

// Of the instructions of expressions those that a workflow has, in order.
static const struct tsme_rule tsme_evaluates[2] = {{0, 't', ' ', 'p', ' ', 0, 1, 0},
                                                   {0xFF, 'k', ' ', ' ', ' ', 1, 1, 0}};

// The rule of an instruction of the workflow, or null.
static const struct tsme_rule *tsme_rule_of(uint32_t op)
{
    if (op < TSME_OPS) {
        return &tsme_rules[op];
    }
    return op == TSME_OP_EVAL ? &tsme_evaluates[0] : op == TSME_OP_EXPECT ? &tsme_evaluates[1] : 0;
}

enum {
    TSME_RETRY_MOST = 99999999,
    TSME_RATE_MOST = 2147483647,
    TSME_BILLIONTHS_MOST = 999999999,
};

/// Constants ///

static bool tsme_is_a_text(const struct tsme_program *p, uint32_t c)
{
    return *tsme_const(p, c) >> 5 == TSME_TEXT || *tsme_const(p, c) == TSME_PARTS_TEXT;
}

// An array, whole or in parts.
static bool tsme_is_list(const struct tsme_program *p, uint32_t c, struct tsme_list *list)
{
    *list = tsme_list_of(p, c);
    return *tsme_const(p, c) >> 5 == TSME_ARRAY || *tsme_const(p, c) == TSME_PARTS_ARRAY;
}

// Different names; and, below `wild`, wildcards, which are numbers.
static bool tsme_is_names(const struct tsme_program *p, uint32_t c, uint32_t wild, uint32_t *count)
{
    struct tsme_list names;
    if (!tsme_is_list(p, c, &names)) {
        return false;
    }
    const struct tsme_list all = names;
    *count = names.left;
    while (names.left) {
        const uint8_t *name = tsme_list_next(&names);
        if (*name >> 5 != TSME_TEXT && *name >= wild) {
            return false;
        }
        uint32_t size = (uint32_t)(tsme_skip(name) - name);
        for (struct tsme_list before = all; before.left > names.left + 1;) {
            const uint8_t *other = tsme_list_next(&before);
            if ((uint32_t)(tsme_skip(other) - other) == size && !memcmp(other, name, size)) {
                return false;
            }
        }
    }
    return true;
}

// Names and indexes.
static bool tsme_is_path(const struct tsme_program *p, uint32_t c)
{
    struct tsme_list path;
    if (!tsme_is_list(p, c, &path) || path.left > TSME_DEPTH_MAX) {
        return false;
    }
    while (path.left) {
        const uint8_t *step = tsme_list_next(&path);
        if (*step >> 5 != TSME_TEXT && (*step >> 5 != TSME_UINT || *step > 25)) {
            return false;
        }
    }
    return true;
}

// Counter, interval, attempts, whole and billionths of the rate, longest, jitter.
static bool tsme_is_retrier(const struct tsme_pass *pass, uint32_t c)
{
    static const uint32_t most[7] = {
        0, TSME_RETRY_MOST, TSME_RETRY_MOST, TSME_RATE_MOST, TSME_BILLIONTHS_MOST, TSME_RETRY_MOST,
        1};
    const uint8_t *at = tsme_const(pass->program, c);
    if (*at++ != (TSME_ARRAY << 5 | 7)) {
        return false;
    }
    for (uint32_t i = 0; i < 7; i++) {
        int64_t n;
        if (!tsme_integer(at, &n) || n < (i == 3) ||
            n > (i ? (int64_t)most[i] : pass->program->counters - 1)) {
            return false;
        }
        at = tsme_skip(at);
    }
    return true;
}

static bool tsme_check_constant(struct tsme_pass *pass, struct tsme_op *i, char kind)
{
    const struct tsme_program *p = pass->program;
    uint32_t c = i->operand;
    uint32_t count = 0;
    bool good;
    bool foreign;
    if (c >= p->const_count) {
        return false;
    }
    switch (kind) {
    case 'T': return *tsme_const(p, c) >> 5 == TSME_TEXT;
    case 'N':
        good = tsme_is_names(p, c, 0, &count);
        i->pops += count;
        return good;
    case 'P': return tsme_is_path(p, c);
    case 'E': return tsme_is_names(p, c, 2, &count); // of errors, and Retry's wildcards
    case 'R': return tsme_is_retrier(pass, c);
    case 'Q':
        good = tsme_is_query(tsme_const(p, c), &foreign);
        pass->refused = foreign && !pass->calls ? "a QUERY of numbers and text" : 0;
        return good;
    case 'V': return *tsme_const(p, c) >> 5 != TSME_BYTES && *tsme_const(p, c) != TSME_PARTS_ARRAY;
    default: return true;
    }
}

/// Operands ///

// What an operand may say that this engine does not have.
static const char *tsme_refuse(const struct tsme_pass *pass, const struct tsme_op *i)
{
    if (i->op != TSME_OP_CALL) {
        return 0;
    }
    if (i->operand >= TSME_FUNCTIONS) {
        return "an unknown function";
    }
    return pass->calls ? 0 : tsme_foreign(i->operand);
}

static uint32_t tsme_count_bits(uint32_t n)
{
    uint32_t count = 0;
    for (; n; n &= n - 1) {
        count++;
    }
    return count;
}

// The kind of the frame that an operand is about, as far out as its high byte says.
static bool tsme_outside(const struct tsme_pass *pass, const struct tsme_op *i,
                         struct tsme_kind *kind)
{
    *kind = pass->kinds[pass->kind];
    for (uint32_t n = i->operand >> 8; n; n--) {
        if (!kind->parent) {
            return false;
        }
        *kind = pass->kinds[kind->parent];
    }
    return (i->operand & 255) < 32 || i->op != TSME_OP_CONTEXT;
}

bool tsme_is_there(const struct tsme_pass *pass, const struct tsme_op *i)
{
    struct tsme_kind kind;
    bool slot = i->op != TSME_OP_CONTEXT;
    return tsme_outside(pass, i, &kind) &&
           (slot ? (i->operand & 255) < kind.slots
                 : tsme_rules[TSME_OP_CONTEXT].choices >> (i->operand & 31) & 1);
}

// Whether the operand is in range; counts what the instruction takes.
static bool tsme_check_operand(struct tsme_pass *pass, struct tsme_op *i,
                               const struct tsme_rule *rule)
{
    i->pops = rule->pops;
    if (rule->counted == 'n') {
        i->pops += i->operand;
    } else if (rule->counted == 'b') {
        i->pops += tsme_count_bits(i->operand);
    } else if (rule->counted == 'f' && i->operand < TSME_FUNCTIONS) {
        i->pops += tsme_arity(i->operand);
    }
    pass->refused = tsme_refuse(pass, i);
    switch (rule->operand) {
    case 'c': return tsme_check_constant(pass, i, rule->constant);
    case 's': return i->operand < pass->kinds[pass->kind].slots;
    case 'l':
    case 'p': return tsme_is_there(pass, i);
    case 'i': return i->operand < pass->depth;
    case 'k': return i->operand < 32 && rule->choices >> i->operand & 1;
    case '-': return i->operand == 0;
    case 't': return i->op != TSME_OP_EVAL || tsme_check_eval(pass, i);
    default: return true;
    }
}

/// Flow ///

// The next instruction; EXT and what it belongs to are one.
bool tsme_decode(const struct tsme_program *p, uint32_t *at, struct tsme_op *i)
{
    const uint8_t *code = p->code + 2 * *at;
    memset(i, 0, sizeof *i);
    i->at = *at;
    if (*code == TSME_OP_EXT) {
        if (++*at == p->code_count || code[1] == 0) {
            return false;
        }
        i->operand = (uint32_t)code[1] << 8;
        code += 2;
    }
    ++*at;
    i->op = code[0];
    i->operand |= code[1];
    return i->op != TSME_OP_EXT;
}

// The operation at `at`, behind its EXT if it has one.
uint8_t tsme_operation_at(const struct tsme_program *p, uint32_t at)
{
    const uint8_t *code = p->code + 2 * at;
    return code[*code == TSME_OP_EXT ? 2 : 0];
}

// A way leads to `at` with this depth and kind of frame: the same as every other one.
static bool tsme_lead(struct tsme_pass *pass, uint32_t at, uint32_t depth, uint8_t kind)
{
    if (at >= pass->program->code_count) {
        return false; // it runs on
    }
    struct tsme_note *note = &pass->notes[at];
    if (note->kind) {
        return note->depth == depth && note->kind == kind;
    }
    note->depth = (uint8_t)depth;
    note->kind = kind;
    note->next = (uint16_t)(pass->next < pass->program->code_count ? pass->next : at);
    pass->next = at;
    return true;
}

// A jump: to the start of an instruction, backward to an ENTER alone, and never to a TASK.
static bool tsme_check_jump(struct tsme_pass *pass, const struct tsme_op *i, uint32_t depth)
{
    const struct tsme_program *p = pass->program;
    uint32_t to = i->operand;
    if (to >= p->code_count || (to && p->code[2 * to - 2] == TSME_OP_EXT)) {
        return false;
    }
    uint8_t op = tsme_operation_at(p, to);
    if (op == TSME_OP_TASK || (to <= i->at && op != TSME_OP_ENTER)) {
        return false;
    }
    return tsme_lead(pass, to, depth, pass->kind);
}

// The kind of a child with so many slots, of the frame that runs.
static uint8_t tsme_kind_of(struct tsme_pass *pass, uint8_t slots)
{
    for (uint32_t kind = TSME_FIRST_KIND; kind <= pass->kind_count; kind++) {
        if (pass->kinds[kind].parent == pass->kind && pass->kinds[kind].slots == slots) {
            return (uint8_t)kind;
        }
    }
    if (pass->kind_count == pass->kind_room) {
        return 0;
    }
    pass->kinds[++pass->kind_count] = (struct tsme_kind){pass->kind, slots};
    return (uint8_t)pass->kind_count;
}

// The entries of a FORK or MAP, a FRAME and a JUMP each, at which a child begins with an empty
// stack. Behind them the frame goes on with the outputs.
static int tsme_check_children(struct tsme *t, struct tsme_pass *pass, uint32_t at, uint32_t count)
{
    const struct tsme_program *p = pass->program;
    if (!count) {
        return TSME_ERR_CODE;
    }
    for (; count; count--) {
        const uint8_t *code = p->code + 2 * at;
        if (at + 1 >= p->code_count || code[0] != TSME_OP_FRAME || code[1] == 0 ||
            tsme_operation_at(p, at + 1) != TSME_OP_JUMP) {
            return TSME_ERR_CODE;
        }
        int err = tsme_limit(t, TSME_SLOTS, code[1]);
        uint8_t kind = err ? 0 : tsme_kind_of(pass, code[1]);
        if (!kind) {
            t->refused = "more than 253 kinds of frames";
            return err ? err : TSME_ERR_UNSUPPORTED;
        }
        if (pass->notes[at].kind && pass->notes[at].kind != TSME_ENTRY) {
            return TSME_ERR_CODE;
        }
        pass->notes[at].kind = TSME_ENTRY;
        if (!tsme_lead(pass, at + 1, 0, kind)) {
            return TSME_ERR_CODE;
        }
        at += code[2] == TSME_OP_EXT ? 3 : 2;
    }
    return tsme_lead(pass, at, 1, pass->kind) ? TSME_OK : TSME_ERR_CODE;
}

// Where the instruction leads; `behind` it comes the next one.
static int tsme_check_flow(struct tsme *t, struct tsme_pass *pass, const struct tsme_op *i,
                           uint32_t behind, const struct tsme_rule *rule)
{
    bool clears = rule->flow == 'w' || rule->flow == 'm';
    uint32_t depth = (clears ? 0 : pass->depth - i->pops) + rule->pushes;
    bool good = true;
    switch (rule->flow) {
    case 'j': return tsme_check_jump(pass, i, depth) ? TSME_OK : TSME_ERR_CODE;
    case 'b': good = tsme_check_jump(pass, i, depth); break;
    case 'h': good = tsme_check_jump(pass, i, 0); break;
    case 'm': return tsme_check_children(t, pass, behind, i->op == TSME_OP_FORK ? i->operand : 1);
    case 's':
    case 'r': good = pass->depth == 0; break;
    case 'c': return TSME_ERR_CODE;
    case 'e': return TSME_OK;
    default: break;
    }
    return good && tsme_lead(pass, behind, depth, pass->kind) ? TSME_OK : TSME_ERR_CODE;
}

static bool tsme_takes_missing(uint32_t op)
{
    const struct tsme_rule *rule = tsme_rule_of(op);
    return rule && rule->missing & 2;
}

static int tsme_verify_one(struct tsme *t, struct tsme_pass *pass, uint32_t at)
{
    struct tsme_op i;
    const struct tsme_program *p = pass->program;
    pass->depth = pass->notes[at].depth;
    pass->kind = pass->notes[at].kind;
    (void)tsme_decode(p, &at, &i);
    const struct tsme_rule *rule = tsme_rule_of(i.op);
    if (!rule) {
        return TSME_ERR_CODE; // an instruction of expressions
    }
    if (!tsme_check_operand(pass, &i, rule)) {
        return TSME_ERR_CODE;
    }
    if (pass->refused) {
        t->refused = pass->refused;
        return TSME_ERR_UNSUPPORTED;
    }
    if (rule->missing & 1 &&
        (at >= p->code_count || !tsme_takes_missing(tsme_operation_at(p, at)))) {
        return TSME_ERR_CODE; // `missing` would be used as a value
    }
    if (i.pops > pass->depth || pass->depth - i.pops + rule->pushes > p->stack) {
        return TSME_ERR_CODE;
    }
    return tsme_check_flow(t, pass, &i, at, rule);
}

// Each instruction as such: known, its EXT whole, and before a TASK a CONST of a text.
static int tsme_scan(struct tsme *t)
{
    const struct tsme_program *p = &t->program;
    bool text = false;
    for (uint32_t at = 0; at < p->code_count;) {
        struct tsme_op i;
        if (!tsme_decode(p, &at, &i)) {
            return TSME_ERR_CODE;
        }
        bool inner = i.op >= TSME_INNER_FIRST && i.op - TSME_INNER_FIRST < TSME_INNER_OPS;
        if (i.op >= TSME_OPS && (!inner || !(p->needs & TSME_NEEDS_EXPRESSIONS))) {
            return TSME_ERR_CODE;
        }
        if (i.op == TSME_OP_TASK && !text) {
            return TSME_ERR_CODE;
        }
        text = i.op == TSME_OP_CONST && i.operand < p->const_count && tsme_is_a_text(p, i.operand);
    }
    return tsme_operation_at(p, 0) == TSME_OP_ENTER ? TSME_OK : TSME_ERR_CODE;
}

// Shares out the memory: notes, kinds and, if there are expressions, stacks.
static int tsme_begin_pass(struct tsme *t, struct tsme_pass *pass)
{
    const struct tsme_program *p = &t->program;
    uint8_t *memory = t->config.memory;
    uint32_t notes = p->code_count * (uint32_t)sizeof(struct tsme_note);
    uint32_t kinds = 2 * (uint32_t)sizeof(struct tsme_kind);
    uint32_t shapes = 0;
    bool inner = p->needs & TSME_NEEDS_EXPRESSIONS;
    if (inner) {
        kinds = (TSME_KINDS + 1) * (uint32_t)sizeof(struct tsme_kind);
        shapes = p->code_count * (uint32_t)sizeof pass->shapes[0] + sizeof pass->shape[0];
    }
    if (notes + kinds + shapes > t->config.memory_size) {
        return TSME_ERR_MEMORY;
    }
    uint32_t left = t->config.memory_size - notes;
    uint32_t room = (inner ? kinds : left) / (uint32_t)sizeof(struct tsme_kind) - 1;
    memset(memory, 0, notes);
    *pass = (struct tsme_pass){.program = p,
                               .notes = (struct tsme_note *)(void *)memory,
                               .kinds = (struct tsme_kind *)(void *)(memory + notes),
                               .kind_count = TSME_FIRST_KIND,
                               .calls = t->config.call != 0,
                               .kind_room = room < TSME_KINDS ? room : TSME_KINDS,
                               .bodies = p->code_count,
                               .next = p->code_count};
    pass->kinds[TSME_FIRST_KIND] = (struct tsme_kind){0, (uint8_t)p->slots};
    if (inner) {
        left -= shapes + kinds;
        pass->shapes = (uint16_t *)(void *)(memory + notes + kinds);
        pass->shape = (struct tsme_shape *)(void *)(pass->shapes + p->code_count);
        room = left / (uint32_t)sizeof pass->shape[0] + 1;
        pass->shape_room = room < UINT16_MAX ? room : UINT16_MAX;
        pass->shape_count = 1;
        pass->shape[0] = (struct tsme_shape){0, 0, 0, 0, 0};
    }
    return TSME_OK;
}

int tsme_verify(struct tsme *t)
{
    const struct tsme_program *p = &t->program;
    struct tsme_pass pass;
    int err = tsme_begin_pass(t, &pass);
    if (err) {
        return err;
    }
    err = tsme_scan(t);
    (void)tsme_lead(&pass, 0, 0, TSME_FIRST_KIND);
    while (!err && pass.next < p->code_count) {
        uint32_t at = pass.next;
        pass.next = pass.notes[at].next == at ? p->code_count : pass.notes[at].next;
        err = tsme_verify_one(t, &pass, at);
    }
    if (!err && pass.shapes) {
        err = tsme_verify_bodies(t, &pass);
    }
    for (uint32_t at = 0; !err && at < p->code_count;) {
        struct tsme_op i;
        err = pass.notes[at].kind ? TSME_OK : TSME_ERR_CODE; // no way leads here
        (void)tsme_decode(p, &at, &i);
    }
    if (!err && pass.shapes && !tsme_check_reaches(&pass)) {
        err = TSME_ERR_CODE;
    }
    return err;
}
