// Where in the code a frame of a checkpoint may stand.
//
// The verifier has proven that no instruction reaches beyond the stack or the slots of the
// frames that run it, if frames come to instructions by the ways that there are. A checkpoint
// puts a frame in the middle, so this has to be shown of each: that a way leads from where its
// like begin to its `pc`, its `entry` and its `handler`, and that the stack is empty there, or
// has what it waits for. A bit for each instruction is all that this takes; no memory is left
// of it.

#include "tsme_places.h"
#include "tsme_ops.h"

#include <string.h>

#define TSME_FLOW(name, number, operand, constant, choices, counted, pops, pushes, missing, flow) \
    flow,
static const char tsme_flows[TSME_OPS] = {TSME_INSTRUCTIONS(TSME_FLOW)};

static uint32_t tsme_unit(const struct tsme_program *p, uint32_t at)
{
    TSME_ASSERT(at < p->code_count);
    return p->code[2 * at];
}

static bool tsme_has(const struct tsme_places *places, uint32_t at)
{
    return at < places->program->code_count && places->bits[at >> 5] >> (at & 31) & 1;
}

// A way leads from `from` to `to`. Whether that has been passed already, so that somebody has
// to come again.
static bool tsme_reach(struct tsme_places *places, uint32_t from, uint32_t to)
{
    if (to >= places->program->code_count || tsme_has(places, to)) {
        return false;
    }
    places->bits[to >> 5] |= 1u << (to & 31);
    return to < from;
}

// Behind `count` entries from `at` on, a FRAME and a JUMP each.
static uint32_t tsme_behind_entries(const struct tsme_program *p, uint32_t at, uint32_t count)
{
    for (; count && at + 2 < p->code_count; count--) {
        at += tsme_unit(p, at + 1) == TSME_OP_EXT ? 3 : 2;
    }
    return at;
}

// What the instruction at `at` leads to. True as tsme_reach.
static bool tsme_follow(struct tsme_places *places, uint32_t at)
{
    const struct tsme_program *p = places->program;
    uint32_t next = at;
    uint32_t operand = p->code[2 * at + 1];
    if (tsme_unit(p, at) == TSME_OP_EXT) {
        next++;
        operand = operand << 8 | p->code[2 * next + 1];
    }
    uint32_t op = tsme_unit(p, next++);
    bool again = false;
    switch (op < TSME_OPS ? tsme_flows[op] : ' ') { // EVAL and EXPECT go on
    case 'e': return false;
    case 'j': return tsme_reach(places, at, operand);
    case 'b':
    case 'h': again = tsme_reach(places, at, operand); break;
    case 'm': next = tsme_behind_entries(p, next, op == TSME_OP_FORK ? operand : 1); break;
    default: break;
    }
    return tsme_reach(places, at, next) || again;
}

// Finds all instructions that a frame can come to which begins at `first`. Ways back lead to
// ENTERs alone, and each round finds one more of these, so there is an end to the rounds.
static void tsme_find_places(struct tsme_places *places, uint32_t first)
{
    uint32_t count = places->program->code_count;
    memset(places->bits, 0, (count + 31) / 32 * sizeof places->bits[0]);
    bool again = tsme_reach(places, count, first);
    places->first = first;
    while (again) {
        again = false;
        for (uint32_t at = 0; at < count; at++) {
            if (places->bits[at >> 5] == 0) {
                at |= 31;
            } else if (tsme_has(places, at)) {
                again |= tsme_follow(places, at);
            }
        }
    }
}

// Whether a CATCH leads to `at`.
static bool tsme_is_handler(const struct tsme_places *places, uint32_t at)
{
    const struct tsme_program *p = places->program;
    for (uint32_t i = 0; i < p->code_count; i++) {
        const uint8_t *code = p->code + 2 * i;
        if (code[0] == TSME_OP_CATCH) {
            uint32_t high = i && code[-2] == TSME_OP_EXT ? (uint32_t)code[-1] << 8 : 0;
            if ((high | code[1]) == at && tsme_has(places, i - (high != 0))) {
                return true;
            }
        }
    }
    return false;
}

// The FRAME of the first of `count` entries that end right before `pc`; 0: that is not so.
static uint32_t tsme_first_entry(const struct tsme_program *p, uint32_t pc, uint32_t count)
{
    for (; count; count--) {
        if (pc < 4 || tsme_unit(p, pc - 1) != TSME_OP_JUMP) {
            return 0;
        }
        pc -= tsme_unit(p, pc - 2) == TSME_OP_EXT ? 3 : 2;
        if (tsme_unit(p, pc) != TSME_OP_FRAME) {
            return 0;
        }
    }
    return pc;
}

uint32_t tsme_entry_before(const struct tsme_program *p, uint32_t pc, const struct tsme_join *join)
{
    bool map = join->items.at != 0;
    uint32_t first = pc > p->code_count ? 0 : tsme_first_entry(p, pc, map ? 1 : join->count);
    if (!first) {
        return 0;
    }
    const uint8_t *code = p->code + 2 * (first - 1);
    uint32_t count = code[1];
    if (first > 1 && code[-2] == TSME_OP_EXT) {
        count |= (uint32_t)code[-1] << 8;
    }
    bool good = map ? *code == TSME_OP_MAP && join->entry == first
                    : *code == TSME_OP_FORK && count == join->count && join->entry == 0;
    return good ? first : 0;
}

// The FRAME of a child, among the entries from `first` on.
uint32_t tsme_entry_of(const struct tsme_program *p, uint32_t first, const struct tsme_join *join,
                       uint32_t index)
{
    return join->items.at ? first : tsme_behind_entries(p, first, index);
}

bool tsme_may_stand(struct tsme_places *places, const struct tsme_frame *f, uint32_t first)
{
    const struct tsme_program *p = places->program;
    if (places->first != first) {
        tsme_find_places(places, first);
    }
    bool begun =
        f->entry && tsme_has(places, f->entry) && tsme_unit(p, f->entry - 1u) == TSME_OP_ENTER;
    if (!tsme_has(places, f->pc) || (f->entry && !begun) ||
        (f->handler && !tsme_is_handler(places, f->handler))) {
        return false;
    }
    if (f->join) {
        return tsme_entry_before(p, f->pc, f->join) != 0;
    }
    uint32_t before = f->pc ? tsme_unit(p, f->pc - 1u) : TSME_OP_EXT;
    if (f->waits == TSME_ON_ACTION && f->action->kind == TSME_TASK_ACTION) {
        return before == TSME_OP_TASK;
    }
    if (f->waits == TSME_ON_ACTION) {
        return before == TSME_OP_WAIT || (begun && f->pc == f->entry);
    }
    // Right behind an ENTER stands what was redriven.
    uint32_t at = f->pc + (tsme_unit(p, f->pc) == TSME_OP_EXT ? 1u : 0u);
    return f->pc == first || (begun && f->pc == f->entry) || tsme_unit(p, at) == TSME_OP_ENTER ||
           tsme_is_handler(places, f->pc);
}
