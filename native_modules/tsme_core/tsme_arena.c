// The arena: where everything lies that a step makes, and how what is still referred to is
// moved together.
//
// Nothing in it is freed. When it is full, each 8 bytes (a granule) that a reference needs
// get a bit; counting the bits before a granule tells where it goes. So a reference into
// the middle of a value moves with it, values that overlap stay one, and a collection takes
// time in proportion to the arena and to the references, however many values there are.

#include "tsme_frames.h"
#include "tsme_machine.h"

#include <string.h>

// 1: every chance to collect is taken, which is for tests.
#ifndef TSME_STRESS
#define TSME_STRESS 0
#endif

enum { TSME_GRANULE = 8, TSME_WORD = 32 * TSME_GRANULE }; // bytes of a bit, of a word of bits

static uint32_t tsme_bits(uint32_t word)
{
    word -= word >> 1 & 0x55555555;
    word = (word & 0x33333333) + (word >> 2 & 0x33333333);
    return ((word + (word >> 4)) & 0x0F0F0F0F) * 0x01010101 >> 24;
}

static bool tsme_is_inside(const struct tsme *t, const void *at)
{
    return (const uint8_t *)at >= t->arena && (const uint8_t *)at < t->end;
}

/// What is referred to ///

// Sees to one reference, of `size` bytes: marks them, or, in the second pass, moves it.
static void tsme_see(struct tsme *t, const uint8_t **at, uint32_t size, bool move)
{
    if (!tsme_is_inside(t, *at)) {
        return;
    }
    uint32_t from = (uint32_t)(*at - t->arena) / TSME_GRANULE;
    if (move) {
        uint32_t below = t->live[from / 32] & ((1u << from % 32) - 1);
        uint32_t to = t->ranks[from / 32] + tsme_bits(below);
        *at = t->arena + to * TSME_GRANULE + (uint32_t)(*at - t->arena) % TSME_GRANULE;
        return;
    }
    uint32_t last = (uint32_t)(*at + size - 1 - t->arena) / TSME_GRANULE;
    uint32_t low = UINT32_MAX << from % 32;
    for (uint32_t word = from / 32; word < last / 32; word++) {
        t->live[word] |= low;
        low = UINT32_MAX;
    }
    t->live[last / 32] |= low & UINT32_MAX >> (31 - last % 32);
}

void tsme_see_value(struct tsme *t, tsme_ref *ref, bool move)
{
    if (tsme_is_inside(t, ref->at)) {
        uint32_t size = move ? 1 : tsme_size(ref);
        tsme_see(t, &ref->at, size, move);
    }
}

void *tsme_see_block(struct tsme *t, void *block, uint32_t size, bool move)
{
    const uint8_t *at = block;
    tsme_see(t, &at, size, move);
    return (void *)(uintptr_t)at;
}

// A block whose inner references have been seen to. The pointer to it comes last, so that
// they are reached where the block still is.
#define TSME_SEE_BLOCK(t, pointer, size, move)                                                    \
    do {                                                                                          \
        const uint8_t *tsme_at = (const uint8_t *)(pointer);                                      \
        tsme_see(t, &tsme_at, (uint32_t)(size), move);                                            \
        (pointer) = (void *)(uintptr_t)tsme_at;                                                   \
    } while (0)

// The frame of a step and the one before it may share an action or a join, whose own
// references are to be moved once. `round` is another number in each pass.
static bool tsme_is_first(const struct tsme *t, uint8_t *round, bool move)
{
    uint8_t now = (uint8_t)(2 * t->collections + 1 + move);
    bool first = *round != now;
    *round = now;
    return first;
}

static void tsme_see_frame(struct tsme *t, struct tsme_frame **frame, bool move)
{
    struct tsme_frame *f = *frame;
    if (f->action) {
        if (tsme_is_first(t, &f->action->round, move)) {
            tsme_see_value(t, &f->action->resource, move);
            tsme_see_value(t, &f->action->payload, move);
        }
        TSME_SEE_BLOCK(t, f->action, sizeof *f->action, move);
    }
    if (f->join) {
        struct tsme_join *join = f->join;
        uint32_t size = (uint32_t)(sizeof *join + join->room * sizeof join->run[0]);
        if (tsme_is_first(t, &join->round, move)) {
            tsme_see_value(t, &join->items, move);
            for (uint32_t i = 0; i < join->runs; i++) {
                TSME_SEE_BLOCK(t, join->run[i].at, join->run[i].room, move);
            }
        }
        TSME_SEE_BLOCK(t, f->join, size, move);
    }
    if (f->puts) {
        TSME_SEE_BLOCK(t, f->puts, sizeof *f->puts, move);
    }
    tsme_see_value(t, &f->error, move);
    tsme_see_value(t, &f->cause, move);
    for (uint32_t i = 0; i < f->count; i++) {
        tsme_see_value(t, &f->slots[i], move);
    }
    TSME_SEE_BLOCK(t, *frame, tsme_frame_size(t, f->count), move);
}

static void tsme_see_frames(struct tsme *t, bool move)
{
    struct tsme_table *table = t->table;
    uint32_t room = table->room;
    for (uint32_t i = 0; i < room; i++) {
        struct tsme_place *place = &table->places[i];
        bool same = place->now == place->before;
        if (place->before) {
            tsme_see_frame(t, &place->before, move);
        }
        if (same) {
            place->now = place->before;
        } else if (place->now) {
            tsme_see_frame(t, &place->now, move);
        }
    }
    if (t->frame) {
        TSME_SEE_BLOCK(t, t->frame, 1, move);
    }
    TSME_SEE_BLOCK(t, t->table, tsme_table_size(room), move);
    t->marks = (uint32_t *)(void *)((uint8_t *)t->table + tsme_table_size(0) +
                                    room * sizeof table->places[0]);
}

static void tsme_see_ends(struct tsme *t, bool move)
{
    for (uint32_t i = 0; t->ends && i < t->ends->count; i++) {
        tsme_see_value(t, &t->ends->end[i].output, move);
    }
    if (t->ends) {
        TSME_SEE_BLOCK(t, t->ends, sizeof *t->ends, move);
    }
}

// Untracked actions: each before what it points to, which is reached where it still is.
static void tsme_see_emits(struct tsme *t, bool move)
{
    struct tsme_emit **link = &t->emits;
    while (*link) {
        struct tsme_emit *emit = *link;
        tsme_see_value(t, &emit->payload, move);
        TSME_SEE_BLOCK(t, *link, sizeof *emit, move);
        link = &emit->before;
    }
}

static void tsme_see_origin(struct tsme *t, struct tsme_origin *origin, bool move)
{
    tsme_see_value(t, &origin->input, move);
    tsme_see_value(t, &origin->context, move);
    tsme_see_value(t, &origin->result[0], move);
    tsme_see_value(t, &origin->result[1], move);
}

static void tsme_see_all(struct tsme *t, tsme_ref *sp, bool move)
{
    if (t->evaluation) {
        tsme_see_evaluation(t, sp, move);
        sp = t->evaluation->outer;
    }
    for (tsme_ref *r = t->stack; r < sp; r++) {
        tsme_see_value(t, r, move);
    }
    for (uint32_t i = 0; i < TSME_HELD; i++) {
        tsme_see_value(t, &t->held[i], move);
    }
    tsme_see_origin(t, &t->origin, move);
    if (t->begun) {
        tsme_see_origin(t, t->begun, move);
        TSME_SEE_BLOCK(t, t->begun, sizeof *t->begun, move);
    }
    tsme_see_ends(t, move);
    tsme_see_emits(t, move);
    tsme_see_frames(t, move);
}

/// Moving ///

static uint8_t *tsme_slide(struct tsme *t, uint32_t words)
{
    uint8_t *to = t->arena;
    for (uint32_t word = 0; word < words; word++) {
        const uint8_t *from = t->arena + word * TSME_WORD;
        for (uint32_t bits = t->live[word]; bits;) {
            uint32_t gap = (uint32_t)__builtin_ctz(bits);
            uint32_t run = ~(bits >> gap) ? (uint32_t)__builtin_ctz(~(bits >> gap)) : 32;
            from += gap * TSME_GRANULE;
            if (to != from) {
                memmove(to, from, run * TSME_GRANULE);
            }
            to += run * TSME_GRANULE;
            from += run * TSME_GRANULE;
            bits = gap + run < 32 ? bits >> (gap + run) : 0;
        }
    }
    return to;
}

static void tsme_collect(struct tsme *t, tsme_ref *sp)
{
    uint32_t words = (uint32_t)(t->top - t->arena + TSME_WORD - 1) / TSME_WORD;
    memset(t->live, 0, words * sizeof t->live[0]);
    tsme_see_all(t, sp, false);
    uint32_t before = 0;
    for (uint32_t word = 0; word < words; word++) {
        t->ranks[word] = (tsme_rank)before;
        before += tsme_bits(t->live[word]);
    }
    tsme_see_all(t, sp, true);
    t->top = tsme_slide(t, words);
    t->spare = 0;
    t->collections++;
}

// Says how much memory there had to be.
static int tsme_no_room(struct tsme *t, uint32_t size)
{
    uint32_t used = t->config.memory_size - (uint32_t)(t->end - t->top);
    t->limit = (struct tsme_limit){used + size, t->config.memory_size, TSME_ARENA_BYTES};
    return TSME_ERR_MEMORY;
}

// Makes sure of `size` free bytes at `top`. This may move everything that lies in the arena:
// pointers into it are stale behind it, and what is referred to from nowhere is gone.
int tsme_reserve(struct tsme *t, tsme_ref *sp, uint32_t size)
{
    if (!TSME_STRESS && (uint32_t)(t->end - t->top) >= size) {
        return TSME_OK;
    }
    tsme_collect(t, sp);
    return (uint32_t)(t->end - t->top) >= size ? TSME_OK : tsme_no_room(t, size);
}

// The same for a block, which begins at a multiple of 8.
int tsme_reserve_block(struct tsme *t, tsme_ref *sp, uint32_t size)
{
    return tsme_reserve(t, sp, size + TSME_GRANULE - 1);
}

// The same for a block, but nothing moves.
int tsme_free(struct tsme *t, uint32_t size)
{
    size += TSME_GRANULE - 1;
    return (uint32_t)(t->end - t->top) >= size ? TSME_OK : tsme_no_room(t, size);
}

// A block for which there is room.
void *tsme_take_block(struct tsme *t, uint32_t size)
{
    uint32_t used = (uint32_t)(t->top - t->arena);
    uint8_t *block = t->arena + ((used + TSME_GRANULE - 1) & ~(uint32_t)(TSME_GRANULE - 1));
    t->top = block + size;
    TSME_ASSERT(t->top <= t->end);
    return block;
}

// Shares out the memory behind what lies in the arena, which stays: bits, ranks and stack
// as the program needs them.
int tsme_share_out(struct tsme *t)
{
    const struct tsme_config *config = &t->config;
    uint32_t spare = t->program.needs & TSME_NEEDS_EXPRESSIONS ? TSME_SPARE_OPERANDS : 0;
    uint32_t stack = (t->program.stack + spare) * (uint32_t)sizeof(tsme_ref);
    uint32_t words = config->memory_size / (TSME_WORD + 4 + (uint32_t)sizeof(tsme_rank)) + 1;
    uint32_t marks = words * (4 + (uint32_t)sizeof(tsme_rank));
    uint32_t behind = (stack + marks + TSME_GRANULE - 1) & ~(uint32_t)(TSME_GRANULE - 1);
    uint32_t size = config->memory_size & ~(uint32_t)(TSME_GRANULE - 1);
    if (size > TSME_MEMORY_MAX) {
        t->limit = (struct tsme_limit){size, TSME_MEMORY_MAX, TSME_ARENA_BYTES};
        return TSME_ERR_LIMIT;
    }
    uint32_t used = (uint32_t)(t->top - t->arena);
    if (behind + used > size) {
        t->limit = (struct tsme_limit){behind + used, size, TSME_ARENA_BYTES};
        return TSME_ERR_MEMORY;
    }
    t->end = t->arena + size - behind;
    t->stack = t->sp = (tsme_ref *)(void *)t->end;
    t->live = (uint32_t *)(void *)(t->end + stack);
    t->ranks = (tsme_rank *)(void *)(t->live + words);
    TSME_ASSERT((uint8_t *)(t->ranks + words) <= t->arena + size);
    return TSME_OK;
}

// An empty arena.
int tsme_lay_out(struct tsme *t)
{
    t->arena = t->top = t->config.memory;
    return tsme_share_out(t);
}
