// Verifying the instructions, so that running them needs no check of an operand, of a stack
// bound or of a jump any more.
//
// What an instruction takes, leaves and does to the flow stands in the table of all
// instructions (opcodes.h). One pass goes from the first to the last. A jump backward can
// only go to an ENTER, where the operand stack is empty; a jump forward leaves the depth the
// stack has then at its target, where the pass finds it later. So one byte of work memory an
// instruction is enough to know that the stack is equally deep on every way.

#include "tsme_ops.h"
#include "tsme_value.h"

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

#define TSME_NAME(name, ...) #name,
static const char *const tsme_names[TSME_OPS] = {TSME_INSTRUCTIONS(TSME_NAME)};

enum {
    TSME_RETRY_MOST = 99999999,
    TSME_RATE_MOST = 2147483647,
    TSME_BILLIONTHS_MOST = 999999999,
};

// One instruction as the pass sees it.
struct tsme_op {
    uint32_t at;      // index of the instruction (of its EXT)
    uint32_t operand; // with the EXT's byte
    uint32_t pops;    // values it takes
    uint8_t op;
};

// What the pass knows when it comes to an instruction.
struct tsme_pass {
    const struct tsme_program *program;
    uint8_t *depths;     // depth + 1 where a jump leads, 0 elsewhere
    uint32_t depth;      // of the stack
    uint32_t children;   // JUMPs of a FORK or MAP that are still to come
    uint32_t text;       // index behind a CONST of a text, for the TASK there
    bool runs_on;        // from the instruction before
    bool quiet;          // the instruction before may have left `missing`
    const char *refused; // the name of what this engine does not have
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

// Different names.
static bool tsme_is_names(const struct tsme_program *p, uint32_t c, uint32_t *count)
{
    struct tsme_list names;
    if (!tsme_is_list(p, c, &names)) {
        return false;
    }
    const struct tsme_list all = names;
    *count = names.left;
    while (names.left) {
        const uint8_t *name = tsme_list_next(&names);
        if (*name >> 5 != TSME_TEXT) {
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

// Names of errors, and Retry's wildcards 0 and 1.
static bool tsme_is_errors(const struct tsme_program *p, uint32_t c)
{
    struct tsme_list names;
    if (!tsme_is_list(p, c, &names)) {
        return false;
    }
    while (names.left) {
        const uint8_t *name = tsme_list_next(&names);
        if (*name >> 5 != TSME_TEXT && *name > 1) {
            return false;
        }
    }
    return true;
}

// Counter, interval, attempts, whole and billionths of the rate, longest, jitter.
static bool tsme_is_retrier(struct tsme_pass *pass, uint32_t c)
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
        pass->refused = i == 6 && n ? "jitter" : pass->refused;
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
    if (c >= p->const_count) {
        return false;
    }
    switch (kind) {
    case 'T': return *tsme_const(p, c) >> 5 == TSME_TEXT;
    case 'N':
        good = tsme_is_names(p, c, &count);
        i->pops += count;
        return good;
    case 'P': return tsme_is_path(p, c);
    case 'E': return tsme_is_errors(p, c);
    case 'R': return tsme_is_retrier(pass, c);
    case 'V':
        pass->text = tsme_is_a_text(p, c) ? i->at + 1 + (c > 255) : 0;
        return *tsme_const(p, c) >> 5 != TSME_BYTES && *tsme_const(p, c) != TSME_PARTS_ARRAY;
    default: return true;
    }
}

/// Operands ///

// What an operand may say that this engine does not have.
static const char *tsme_refuse(const struct tsme_op *i)
{
    switch (i->op) {
    case TSME_OP_CALL: return i->operand == TSME_MATH_ADD ? 0 : "an intrinsic function";
    case TSME_OP_COMPARE:
        return i->operand == 5 || i->operand >= 24 ? "StringMatches or a timestamp" : 0;
    case TSME_OP_TEST: return i->operand == TSME_IS_TIMESTAMP ? "IsTimestamp" : 0;
    case TSME_OP_WAIT: return i->operand == 1 ? "a timestamp" : 0;
    case TSME_OP_CONTEXT:
        return i->operand == TSME_CONTEXT_RETRIES || i->operand >= TSME_CONTEXT_INDEX ? 0
                                                                                      : "CONTEXT";
    case TSME_OP_EMIT:
    case TSME_OP_QUERY: return tsme_names[i->op];
    default: return 0;
    }
}

static uint32_t tsme_count_bits(uint32_t n)
{
    uint32_t count = 0;
    for (; n; n &= n - 1) {
        count++;
    }
    return count;
}

// Whether the operand is in range; counts what the instruction takes.
static bool tsme_check_operand(struct tsme_pass *pass, struct tsme_op *i,
                               const struct tsme_rule *rule)
{
    const struct tsme_program *p = pass->program;
    i->pops = rule->pops;
    if (rule->counted == 'n') {
        i->pops += i->operand;
    } else if (rule->counted == 'b') {
        i->pops += tsme_count_bits(i->operand);
    } else if (rule->counted == 'f') {
        i->pops += 2;
    }
    pass->refused = tsme_refuse(i);
    switch (rule->operand) {
    case 'c': return tsme_check_constant(pass, i, rule->constant);
    case 's': return i->operand < p->slots;
    case 'i': return i->operand < pass->depth;
    case 'k': return i->operand < 32 && rule->choices >> i->operand & 1;
    case '-': return i->operand == 0;
    default: return true;
    }
}

/// Flow ///

// A jump: backward to an ENTER, or forward, where `depths` keeps the depth + 1.
static bool tsme_check_jump(struct tsme_pass *pass, const struct tsme_op *i, uint32_t depth)
{
    const struct tsme_program *p = pass->program;
    const uint8_t *target = p->code + 2 * i->operand;
    if (i->operand >= p->code_count) {
        return false;
    }
    if (i->operand > i->at) {
        uint8_t *known = &pass->depths[i->operand];
        if (*known && *known != depth + 1) {
            return false;
        }
        *known = (uint8_t)(depth + 1);
        return true;
    }
    if (i->operand && target[-2] == TSME_OP_EXT) {
        return false; // into the middle of an instruction
    }
    return target[*target == TSME_OP_EXT ? 2 : 0] == TSME_OP_ENTER && depth == 0;
}

// The next instruction; EXT and what it belongs to are one.
static bool tsme_decode(const struct tsme_program *p, uint32_t *at, struct tsme_op *i)
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

// Whether something leads to the instruction, with the same depth on every way.
static bool tsme_check_depth(struct tsme_pass *pass, const struct tsme_op *i)
{
    uint32_t known = pass->depths[i->at];
    if (pass->children) { // a child begins here
        pass->depth = 0;
        pass->runs_on = true;
    }
    if (i->op == TSME_OP_TASK && (known || pass->text != i->at)) {
        return false; // its resource is the text of the CONST before it
    }
    if (pass->runs_on) {
        return !known || known - 1 == pass->depth;
    }
    pass->depth = known ? known - 1 : 0;
    return known || i->op == TSME_OP_ENTER; // which may be reached from behind
}

// Where the instruction leads, and how deep the stack is then.
static bool tsme_check_flow(struct tsme_pass *pass, const struct tsme_op *i,
                            const struct tsme_rule *rule)
{
    bool clears = rule->flow == 'w' || rule->flow == 'm';
    if ((rule->flow == 's' || rule->flow == 'r') && pass->depth) {
        return false;
    }
    uint32_t left = clears ? 0 : pass->depth - i->pops;
    pass->depth = left + rule->pushes;
    pass->runs_on = rule->flow != 'j' && rule->flow != 'e';
    switch (rule->flow) {
    case 'j':
    case 'b':
        if (!tsme_check_jump(pass, i, pass->depth)) {
            return false;
        }
        break;
    case 'h': return tsme_check_jump(pass, i, 0);
    case 'm': pass->children = i->op == TSME_OP_FORK ? i->operand : 1; return pass->children != 0;
    default: break;
    }
    if (pass->children && --pass->children == 0) {
        pass->runs_on = true;
        pass->depth = 1; // the outputs
    }
    return true;
}

static int tsme_verify_one(struct tsme *t, struct tsme_pass *pass, struct tsme_op *i)
{
    t->refused = "an unknown instruction";
    if (i->op >= TSME_OPS) {
        return TSME_ERR_UNSUPPORTED;
    }
    t->refused = 0;
    const struct tsme_rule *rule = &tsme_rules[i->op];
    if (!tsme_check_depth(pass, i) || (pass->children && i->op != TSME_OP_JUMP)) {
        return TSME_ERR_CODE;
    }
    bool good = tsme_check_operand(pass, i, rule);
    if (good && pass->refused) {
        t->refused = pass->refused;
        return TSME_ERR_UNSUPPORTED;
    }
    if (pass->quiet && !(rule->missing & 2)) {
        return TSME_ERR_CODE;
    }
    pass->quiet = rule->missing & 1;
    if (!good || (i->at == 0 && i->op != TSME_OP_ENTER) || i->pops > pass->depth ||
        pass->depth - i->pops + rule->pushes > t->program.stack) {
        return TSME_ERR_CODE;
    }
    return tsme_check_flow(pass, i, rule) ? TSME_OK : TSME_ERR_CODE;
}

int tsme_verify(struct tsme *t)
{
    const struct tsme_program *p = &t->program;
    struct tsme_pass pass = {p, t->config.memory, 0, 0, 0, true, false, 0};
    if (p->code_count > t->config.memory_size) {
        return TSME_ERR_MEMORY;
    }
    memset(pass.depths, 0, p->code_count);
    for (uint32_t at = 0; at < p->code_count;) {
        struct tsme_op i;
        if (!tsme_decode(p, &at, &i) || (at - i.at == 2 && pass.depths[i.at + 1])) {
            return TSME_ERR_CODE;
        }
        int err = tsme_verify_one(t, &pass, &i);
        if (err) {
            return err;
        }
    }
    return pass.runs_on ? TSME_ERR_CODE : TSME_OK;
}
