// Inside the expression machine: what runs, and what it keeps in the arena.
//
// Bodies that wait for each other lie one below the other under `end` of the arena, which gives
// way to them and gets it back: they do not move, and an operand stack is reached by a pointer.
// Locals, iterators, builders and sorters are blocks in the arena, which a collection moves.

#ifndef TSME_MACHINE_H
#define TSME_MACHINE_H

#include "tsme_expr.h"

// Locals of a body. They live as long as a function that was made there.
struct tsme_env {
    struct tsme_env *around; // of the body around, or null
    uint32_t count;          // of locals
    uint32_t round;          // of collecting, in which it was looked at last
    tsme_ref values[];
};

// A closure, by its number.
struct tsme_closure {
    struct tsme_env *env; // null: the number is free
    tsme_ref context;     // its local 0
    uint32_t body;        // where its BODY is
    uint8_t seen;         // something that is alive refers to it
    uint8_t passed;       // .. and what it refers to has been looked at
};

// A body that runs, or waits; or a function that waits for its argument, which then is the first
// item of its stack.
struct tsme_body {
    struct tsme_body *caller; // null: the evaluation's first
    struct tsme_env *env;     // null: it is a function
    tsme_ref *sp;             // one past its operands, while it waits
    const uint8_t *ip;        // next instruction
    uint32_t base;            // how deep it stands
    uint32_t size;            // bytes of all this
    tsme_ref stack[];
};

// One evaluation. It lies in the caller's frame of C.
struct tsme_evaluation {
    struct tsme_body *body; // that runs
    tsme_ref *outer;        // one past the workflow's operands
    struct tsme_closure *closures;
    uint32_t closure_count; // numbers that were used
    uint32_t closure_room;
    uint32_t waits;   // bodies and functions below the one that runs
    uint32_t fuel;    // units left
    uint32_t made;    // bytes of values of more than 255 each ..
    uint32_t makes;   // .. of which there may be so many
    tsme_ref context; // of the function that is called
    bool handed;      // the native function that was called last gave one of its arguments
    bool held;        // functions are within values: all of them live on
    bool nested;      // marks are
};

// What an item of an operand stack is if it is no value; its `depth`.
enum {
    TSME_THING = 0x80,
    TSME_ITERATOR = 0x80,
    TSME_BUILDER = 0x81,
    TSME_SORTER = 0x82,
    TSME_THINGS = 0x83,
};

struct tsme_iterator {
    tsme_ref value;  // an array, or an item alone
    uint32_t offset; // of the next item within it
    uint32_t next;   // its number
    uint32_t count;  // of items
};

// Items are its bytes, in order. In front of them is room for a head.
struct tsme_builder {
    uint32_t kind;  // TSME_BUILD_SEQUENCE ..
    uint32_t count; // of items or members
    uint32_t size;  // bytes used, the room for a head included
    uint32_t room;  // .. and there
    bool arrays;    // there is an array among the items
    uint8_t bytes[];
};
enum {
    TSME_BUILD_SEQUENCE = 0,
    TSME_BUILD_ARRAY = 1,
    TSME_BUILD_OBJECT = 2,
    TSME_BUILD_GROUPS = 3,
};

static inline struct tsme_iterator *tsme_iterator_at(const tsme_ref *item)
{
    TSME_ASSERT(item->depth == TSME_ITERATOR);
    return (struct tsme_iterator *)(uintptr_t)item->at;
}

static inline struct tsme_builder *tsme_builder_at(const tsme_ref *item)
{
    TSME_ASSERT(item->depth == TSME_BUILDER);
    return (struct tsme_builder *)(uintptr_t)item->at;
}

static inline tsme_ref tsme_thing(void *block, uint32_t size, uint32_t kind)
{
    tsme_ref ref = {block, size & 0xFFFFFF, 0};
    ref.depth = kind & 0xFF;
    return ref;
}

static inline tsme_ref tsme_boolean(bool b)
{
    return (tsme_ref){&tsme_simple[b ? TSME_TRUE - TSME_FALSE : 0], 0, 0};
}

// An instruction: `sp` before and after it, null if it failed, with `error`.
typedef tsme_ref *(*tsme_inner_operation)(struct tsme *t, tsme_ref *sp, uint32_t operand);

// tsme_machine.c
int tsme_run_bodies(struct tsme *t);
int tsme_begin_body(struct tsme *t, tsme_ref *args, uint32_t count, uint32_t at);

// tsme_calls.c: each goes on with the body that runs then; its `sp` and `ip` are where.
int tsme_invoke(struct tsme *t, tsme_ref *sp, uint32_t operand);
int tsme_return(struct tsme *t, tsme_ref *sp);
int tsme_pipe(struct tsme *t, tsme_ref *sp);
int tsme_new_body(struct tsme *t, tsme_ref *sp);
tsme_ref *tsme_op_closure(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_func(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_partial(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_pack(struct tsme *t, tsme_ref *sp, uint32_t count, uint32_t mark);

// tsme_things.c
tsme_ref *tsme_op_each(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_build(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_add(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_spread(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_keep(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_member(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_group(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_done(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_untuple(struct tsme *t, tsme_ref *sp, uint32_t operand);
// What is put into a value may have marks, or be a function: whoever puts it there says so.
void tsme_note_nested(struct tsme_evaluation *e, const uint8_t *at);
tsme_ref tsme_done_sequence(struct tsme_builder *b, uint32_t how);
int tsme_add_bytes(struct tsme *t, tsme_ref *sp, uint32_t i, const tsme_ref *value, uint32_t from,
                   uint32_t count);
tsme_ref *tsme_new_builder(struct tsme *t, tsme_ref *sp, uint32_t kind, uint32_t room);

// tsme_sorter.c
tsme_ref *tsme_op_sort(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_step(struct tsme *t, tsme_ref *sp, bool *over);
tsme_ref *tsme_op_answer(struct tsme *t, tsme_ref *sp, uint32_t operand);

// tsme_paths.c
tsme_ref *tsme_op_name(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_named_item(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_at(struct tsme *t, tsme_ref *sp, uint32_t operand);

// tsme_operate.c
enum { TSME_PIPE = 14 };       // OPERATE ~>
enum { TSME_ANSWERED = 1000 }; // inside: no error, and there is no more to it
tsme_ref *tsme_op_operate(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_is(struct tsme *t, tsme_ref *sp, uint32_t operand);

// tsme_arena.c: what a collection does with a value, a block, that does not refer to anything.
void tsme_see_value(struct tsme *t, tsme_ref *ref, bool move);
void *tsme_see_block(struct tsme *t, void *block, uint32_t size, bool move);
// tsme_machine.c
void tsme_see_evaluation(struct tsme *t, tsme_ref *sp, bool move);

static inline tsme_ref *tsme_failed(struct tsme *t, int error)
{
    t->error = error;
    return 0;
}

#endif
