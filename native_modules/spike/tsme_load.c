// Loading: finds the parts of a program and verifies them, so that running it needs no
// check of an operand, of a stack bound or of a jump any more.
//
// The instructions are verified in one pass from the first to the last. A jump backward
// can only go to an ENTER, where the operand stack is empty; a jump forward leaves the
// depth the stack has then at its target, where the pass finds it later. So one byte of
// work memory an instruction is enough to know that the stack is equally deep on every
// way.

#include "tsme_ops.h"
#include "tsme_value.h"

#include <string.h>

#define TSME_NAME(name, ...) #name,
static const char *const tsme_names[TSME_OPS] = {TSME_INSTRUCTIONS(TSME_NAME)};

/// The file ///

// The next item of the program, which must be of this major type. A number, or the bytes
// of a byte string.
static int tsme_take(const uint8_t **at, const uint8_t *end, uint8_t major, uint32_t *n,
                     const uint8_t **bytes)
{
    uint8_t got;
    uint64_t number;
    int err = tsme_check_head(at, end, &got, &number);
    if (err) {
        return err;
    }
    if (got != major || number > UINT32_MAX) {
        return TSME_ERR_FORMAT;
    }
    *n = (uint32_t)number;
    if (major == TSME_BYTES) {
        if (*n > (uint32_t)(end - *at)) {
            return TSME_ERR_FORMAT;
        }
        *bytes = *at;
        *at += *n;
    }
    return TSME_OK;
}

static int tsme_take_limits(struct tsme_program *p, const uint8_t **at, const uint8_t *end)
{
    uint32_t limits[6]; // slots, stack, counters, budget, timeout, largest
    uint32_t n;
    int err = tsme_take(at, end, TSME_ARRAY, &n, 0);
    if (err || n != 6) {
        return err ? err : TSME_ERR_FORMAT;
    }
    for (uint32_t i = 0; i < 6; i++) {
        err = tsme_take(at, end, TSME_UINT, &limits[i], 0);
        if (err) {
            return err;
        }
    }
    if (limits[0] == 0 || limits[3] > 0xFFFF) {
        return TSME_ERR_FORMAT;
    }
    if (limits[0] > TSME_SLOTS_MAX || limits[1] > TSME_STACK_MAX) {
        return TSME_ERR_LIMIT;
    }
    if (limits[2] || limits[4]) {
        return TSME_ERR_UNSUPPORTED;
    }
    p->slots = (uint16_t)limits[0];
    p->stack = (uint16_t)limits[1];
    p->budget = (uint16_t)(limits[3] ? limits[3] : TSME_BUDGET);
    p->largest = limits[5] ? limits[5] : TSME_LARGEST;
    return TSME_OK;
}

// The constants are values, byte strings, or in parts (SPEC 2.14), and the index says
// where each of them begins.
static int tsme_check_consts(const struct tsme_program *p, uint32_t size)
{
    const uint8_t *at = p->consts;
    const uint8_t *end = p->consts + size;
    for (uint32_t c = 0; c < p->const_count; c++) {
        if (tsme_const(p, c) != at || at == end) {
            return TSME_ERR_FORMAT;
        }
        if (*at >> 5 == TSME_BYTES || *at == TSME_PARTS_ARRAY || *at == TSME_PARTS_TEXT) {
            at += *at >= TSME_PARTS_ARRAY;
            uint32_t size_of;
            const uint8_t *numbers;
            int err = tsme_take(&at, end, TSME_BYTES, &size_of, &numbers);
            if (err) {
                return err;
            }
            continue;
        }
        int32_t n = tsme_check(at, end);
        if (n < 0) {
            return n;
        }
        at += n;
    }
    return at == end ? TSME_OK : TSME_ERR_FORMAT;
}

// A part is a word, or a constant that is a text or an integer.
static int tsme_check_parts(struct tsme *t)
{
    const struct tsme_program *p = &t->program;
    for (uint32_t c = 0; c < p->const_count; c++) {
        if (*tsme_const(p, c) == TSME_PARTS_TEXT) {
            t->refused = "a text in parts";
            return TSME_ERR_UNSUPPORTED;
        }
        struct tsme_list list = tsme_list_of(p, c);
        for (uint32_t i = 0; list.numbered && i < list.left; i++) {
            if (list.at[i] >= TSME_FIRST_WORD) {
                continue;
            }
            if (list.at[i] >= p->const_count) {
                return TSME_ERR_FORMAT;
            }
            uint8_t major = (uint8_t)(*tsme_const(p, list.at[i]) >> 5);
            if (major != TSME_TEXT && major != TSME_UINT && major != TSME_NEGATIVE) {
                return TSME_ERR_FORMAT;
            }
        }
    }
    return TSME_OK;
}

static int tsme_parse(struct tsme *t)
{
    struct tsme_program *p = &t->program;
    const uint8_t *at = t->config.program;
    const uint8_t *end = at + t->config.program_size;
    uint32_t n;
    int err = tsme_take(&at, end, TSME_ARRAY, &n, 0);
    if (err || n != 7) {
        return err ? err : TSME_ERR_FORMAT;
    }
    err = tsme_take(&at, end, TSME_UINT, &n, 0);
    if (err || n != 2) {
        return err ? err : TSME_ERR_VERSION;
    }
    err = tsme_take(&at, end, TSME_BYTES, &n, &p->digest);
    if (err || n != 8) {
        return err ? err : TSME_ERR_FORMAT;
    }
    const uint8_t *signed_from = at;
    uint32_t needs;
    uint32_t sizes[3] = {0};
    const uint8_t *parts[3]; // code, index, consts
    err = tsme_take(&at, end, TSME_UINT, &needs, 0);
    if (!err) {
        err = tsme_take_limits(p, &at, end);
    }
    for (uint32_t i = 0; i < 3 && !err; i++) {
        err = tsme_take(&at, end, TSME_BYTES, &sizes[i], &parts[i]);
    }
    p->index_width = sizes[2] < 0x100 ? 1 : sizes[2] < 0x10000 ? 2 : 4;
    if (err || sizes[0] == 0 || sizes[0] % 2 || sizes[0] > 0x1FFFE || sizes[1] % p->index_width) {
        return err ? err : TSME_ERR_FORMAT;
    }
    uint8_t digest[32];
    t->config.sha256(t->config.context, signed_from, (uint32_t)(at - signed_from), digest);
    if (memcmp(digest, p->digest, 8) != 0) {
        return TSME_ERR_DIGEST;
    }
    if (needs) {
        t->refused = "a capability";
        return TSME_ERR_UNSUPPORTED;
    }
    p->code = parts[0];
    p->index = parts[1];
    p->consts = parts[2];
    p->code_count = sizes[0] / 2;
    p->const_count = sizes[1] / p->index_width;
    err = tsme_check_consts(p, sizes[2]);
    return err ? err : tsme_check_parts(t);
}

/// The instructions ///

// One instruction as the pass sees it.
struct tsme_op {
    uint32_t at;      // index of the instruction (of its EXT)
    uint32_t operand; // with the EXT's byte
    uint32_t pops;    // values it takes
    uint32_t pushes;  // values it leaves
    uint8_t op;
};

// An array, whole or in parts.
static bool tsme_is_list(const struct tsme_program *p, uint32_t c, struct tsme_list *list)
{
    *list = tsme_list_of(p, c);
    return list->numbered || *tsme_const(p, c) >> 5 == TSME_ARRAY;
}

// OBJECT's constant: different names.
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

// PUT's constant: names and indexes.
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

// Whether the operand is in range; sets what the instruction does to the stack.
static bool tsme_check_operand(const struct tsme_program *p, struct tsme_op *i, uint32_t depth)
{
    const uint8_t *constant = i->operand < p->const_count ? tsme_const(p, i->operand) : 0;
    switch (i->op) {
    case TSME_OP_CONST:
        i->pushes = 1;
        return constant && *constant >> 5 != TSME_BYTES && *constant >> 5 != TSME_TAG;
    case TSME_OP_INT: i->pushes = 1; return true;
    case TSME_OP_LOAD: i->pushes = 1; return i->operand < p->slots;
    case TSME_OP_STORE: i->pops = 1; return i->operand < p->slots;
    case TSME_OP_PICK: i->pushes = 1; return i->operand < depth;
    case TSME_OP_DROP: i->pops = i->operand; return true;
    case TSME_OP_FIELD: i->pushes = 1; return constant && *constant >> 5 == TSME_TEXT;
    case TSME_OP_KEY:
    case TSME_OP_KEYQ: i->pops = i->pushes = 1; return constant && *constant >> 5 == TSME_TEXT;
    case TSME_OP_INDEX:
    case TSME_OP_INDEXQ: i->pops = i->pushes = 1; return true;
    case TSME_OP_OBJECT: i->pushes = 1; return constant && tsme_is_names(p, i->operand, &i->pops);
    case TSME_OP_ARRAY:
        i->pops = i->operand;
        i->pushes = 1;
        return true;
    case TSME_OP_PUT: i->pops = 1; return constant && tsme_is_path(p, i->operand);
    default: return true;
    }
}

// COMPARE: the last relation of each type (SPEC 2.8); booleans are equal or not.
static const uint8_t tsme_relations[4] = {5, 4, 0, 4};

// The same for instructions without a constant or a slot. `refused`: its name if this
// engine does not have it.
static bool tsme_check_rest(struct tsme_op *i, uint32_t depth, const char **refused)
{
    uint32_t type = i->operand / 8;
    uint32_t relation = i->operand % 8;
    switch (i->op) {
    case TSME_OP_CALL:
        i->pops = 2;
        i->pushes = 1;
        *refused = i->operand == TSME_MATH_ADD ? 0 : "an intrinsic function";
        return true;
    case TSME_OP_COMPARE:
        i->pops = 2;
        i->pushes = 1;
        *refused = i->operand == 5 || type == 3 ? "StringMatches or a timestamp" : 0;
        return type <= 3 && relation <= tsme_relations[type];
    case TSME_OP_TEST:
        i->pops = i->pushes = 1;
        *refused = i->operand == TSME_IS_TIMESTAMP ? "IsTimestamp" : 0;
        return i->operand <= TSME_IS_TIMESTAMP;
    case TSME_OP_ENTER: return depth == 0;
    case TSME_OP_IF:
    case TSME_OP_UNLESS: i->pops = 1; return true;
    case TSME_OP_JUMP: return true;
    case TSME_OP_END: return i->operand == 0;
    default:
        if (i->op == TSME_OP_CONTEXT || i->op > TSME_OP_TEST) {
            *refused = i->op < TSME_OPS ? tsme_names[i->op] : "an unknown instruction";
        }
        return true;
    }
}

// A jump: backward to an ENTER, or forward, where `depths` keeps the depth + 1.
static bool tsme_check_jump(const struct tsme_program *p, const struct tsme_op *i, uint32_t depth,
                            uint8_t *depths)
{
    const uint8_t *target = p->code + 2 * i->operand;
    if (i->operand >= p->code_count) {
        return false;
    }
    if (i->operand > i->at) {
        if (depths[i->operand] && depths[i->operand] != depth + 1) {
            return false;
        }
        depths[i->operand] = (uint8_t)(depth + 1);
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

static int tsme_verify(struct tsme *t)
{
    const struct tsme_program *p = &t->program;
    uint8_t *depths = t->config.memory; // depth + 1 where a jump leads, 0 elsewhere
    if (p->code_count > t->config.memory_size) {
        return TSME_ERR_MEMORY;
    }
    memset(depths, 0, p->code_count);
    uint32_t at = 0;
    uint32_t depth = 0;
    bool runs_on = true; // from the instruction before
    bool quiet = false;  // the instruction before may have left `missing`
    while (at < p->code_count) {
        struct tsme_op i;
        uint32_t known = depths[at];
        if (!tsme_decode(p, &at, &i) || (at - i.at == 2 && depths[i.at + 1])) {
            return TSME_ERR_CODE;
        }
        bool enter = i.op == TSME_OP_ENTER; // may be reached from behind, with an empty stack
        if (!runs_on) {
            if (!known && !enter) {
                return TSME_ERR_CODE; // nothing leads here
            }
            depth = known ? known - 1 : 0;
        } else if (known && known - 1 != depth) {
            return TSME_ERR_CODE;
        }
        t->refused = 0;
        bool good = tsme_check_operand(p, &i, depth) && tsme_check_rest(&i, depth, &t->refused);
        if (t->refused) {
            return TSME_ERR_UNSUPPORTED;
        }
        if (quiet && i.op != TSME_OP_KEYQ && i.op != TSME_OP_INDEXQ && i.op != TSME_OP_TEST) {
            return TSME_ERR_CODE;
        }
        quiet = i.op == TSME_OP_KEYQ || i.op == TSME_OP_INDEXQ;
        if (!good || (i.at == 0 && !enter) || i.pops > depth ||
            depth - i.pops + i.pushes > p->stack) {
            return TSME_ERR_CODE;
        }
        depth = depth - i.pops + i.pushes;
        if (i.op >= TSME_OP_JUMP && i.op <= TSME_OP_UNLESS &&
            !tsme_check_jump(p, &i, depth, depths)) {
            return TSME_ERR_CODE;
        }
        runs_on = i.op != TSME_OP_JUMP && i.op != TSME_OP_END;
    }
    return runs_on ? TSME_ERR_CODE : TSME_OK;
}

int tsme_load(struct tsme *t, const struct tsme_config *config)
{
    memset(t, 0, sizeof *t);
    t->config = *config;
    int err = tsme_parse(t);
    if (!err) {
        err = tsme_verify(t);
    }
    if (err) {
        return err;
    }
    if (config->memory_size > 0xFFFFFF) {
        return TSME_ERR_LIMIT;
    }
    uint32_t slots = t->program.slots;
    uint32_t refs = 2 * slots + t->program.stack;
    uint32_t fixed = refs * (uint32_t)sizeof(tsme_ref) + slots;
    if (fixed > config->memory_size) {
        return TSME_ERR_MEMORY;
    }
    memset(config->memory, 0, fixed);
    t->saved = (tsme_ref *)(void *)config->memory;
    t->slots = t->saved + slots;
    t->stack = t->slots + slots;
    t->dirty = (uint8_t *)(t->stack + t->program.stack);
    t->arena = t->top = t->dirty + slots;
    t->end = config->memory + config->memory_size;
    return TSME_OK;
}
