// Inside the engine: frames, what they wait for, and how they reach each other (SPEC 2.1,
// 2.11). All of it lies in the arena as blocks that a collection may move; only the table
// and what hangs on it knows where.

#ifndef TSME_FRAMES_H
#define TSME_FRAMES_H

#include "tsme_value.h"

enum { TSME_NO_PARENT = 0xFFFF };
enum { TSME_BOUND_START = 64 }; // bytes of a checkpoint that no step's delta shows, at most
enum { TSME_FRAME_NEW = 24 }; // bytes that a frame has in a checkpoint and no delta shows, at most

// What a frame waits for.
enum { TSME_CAN_RUN = 0, TSME_ON_ACTION = 1, TSME_ON_CHILDREN = 2 };

// Outputs that follow each other: the encodings of `count` values, the first of them that
// of child `first`. Where `first` is 0, the head of the whole array stands before them.
struct tsme_run {
    uint8_t *at;
    uint32_t first;
    uint32_t count;
    uint32_t size; // bytes
    uint32_t room; // bytes from `at` on that are its own
};

// What a frame with children waits for, or has and has not yet taken.
struct tsme_join {
    tsme_ref items;    // of a MAP, an array or an object; `at` is null for a FORK
    uint32_t count;    // children in all
    uint32_t left;     // .. that have not ended
    uint32_t next;     // .. that have been started
    uint32_t cursor;   // offset in `items` of the next item (of an object: its name)
    uint32_t most;     // children at a time
    uint32_t failures; // how many more may fail
    uint16_t entry;    // where a child of a MAP begins
    uint16_t runs;     // of outputs, ascending; between two of them somebody has not ended
    uint16_t room;     // for so many runs
    bool tolerant;     // children may fail
    bool fresh;        // it began in this step
    uint8_t round;     // of collecting, in which it was looked at last
    struct tsme_run run[];
};

// The constants of PUT with which a step has written slot 0, in the order of first use.
struct tsme_puts {
    uint16_t count;
    uint16_t paths[TSME_PATHS_MAX];
};

struct tsme_frame {
    uint64_t entered; // when the current state was entered, ms since 1970
    struct tsme_action *action;
    struct tsme_join *join;
    struct tsme_puts *puts; // of the step under way
    tsme_ref error;         // being handled; `at` is null for null
    tsme_ref cause;
    uint32_t index;   // of the branch or item within its parent
    uint32_t item;    // offset of that item in the parent's items
    uint16_t parent;  // number, or TSME_NO_PARENT
    uint16_t pc;      // next instruction, an index
    uint16_t entry;   // first instruction of the current state's body
    uint16_t handler; // where an error goes on, 0 for nowhere
    uint16_t state;   // index of the current state
    uint16_t count;   // slots
    uint8_t waits;    // TSME_CAN_RUN ..
    tsme_ref slots[]; // behind them the counters, then for each slot TSME_CLEAN ..
};

// A number's frame, and the one it had when the step began: the same one if the step has
// not touched it.
struct tsme_place {
    struct tsme_frame *now;
    struct tsme_frame *before;
};

// Frames by number. Behind the places stand the sets: for each 32 numbers a word of each set.
struct tsme_table {
    uint32_t room; // numbers
    struct tsme_place places[];
};

// An untracked action of the step.
struct tsme_emit {
    struct tsme_emit *before; // the one before it, or null
    tsme_ref payload;
    uint32_t id;  // that the next tracked one would get: where it stands among those
    uint8_t kind; // TSME_LOG ..
};

// Frames that ended in this step, in the order of their ends. Only the last few are kept:
// those before them are in a CRC of their own.
struct tsme_end {
    tsme_ref output; // `at` is null where nothing went to the outputs
    uint32_t index;
    uint32_t number;
};
enum { TSME_ENDS = 8 };
struct tsme_ends {
    uint32_t count;
    uint32_t crc;  // of what the delta says of those before, from 0
    uint32_t size; // .. and how many bytes that is
    struct tsme_end end[TSME_ENDS];
};

static inline uint32_t *tsme_counters(struct tsme_frame *f)
{
    return (uint32_t *)(void *)(f->slots + f->count);
}

static inline uint8_t *tsme_dirty(const struct tsme *t, struct tsme_frame *f)
{
    return (uint8_t *)(tsme_counters(f) + t->program.counters);
}

static inline struct tsme_frame *tsme_frame_of(const struct tsme *t, uint32_t number)
{
    return t->table->places[number].now;
}

static inline void tsme_mark(struct tsme *t, uint32_t set, uint32_t number)
{
    t->marks[(number >> 5) * TSME_SETS + set] |= 1u << (number & 31);
}

static inline void tsme_unmark(struct tsme *t, uint32_t set, uint32_t number)
{
    t->marks[(number >> 5) * TSME_SETS + set] &= ~(1u << (number & 31));
}

// The lowest number of a set from `from` on, or -1.
static inline int32_t tsme_lowest(const struct tsme *t, uint32_t set, uint32_t from)
{
    for (uint32_t word = from >> 5; word * 32 < t->state.frames; word++) {
        uint32_t bits = t->marks[word * TSME_SETS + set] & UINT32_MAX << (from & 31);
        if (bits) {
            return (int32_t)(word * 32 + (uint32_t)__builtin_ctz(bits));
        }
        from = 0;
    }
    return -1;
}

// The lowest number of a set, or -1.
static inline int32_t tsme_first_of(const struct tsme *t, uint32_t set)
{
    uint32_t bits = t->marks[set];
    if (bits) {
        return (int32_t)__builtin_ctz(bits);
    }
    return t->state.frames <= 32 ? -1 : tsme_lowest(t, set, 32);
}

static inline uint32_t *tsme_marks_of(struct tsme_table *table)
{
    return (uint32_t *)(void *)(table->places + table->room);
}

static inline bool tsme_running(const struct tsme *t)
{
    return t->state.status == TSME_RUNNING && t->origin.execution != 0;
}

// tsme_frames.c. What makes a frame, or gives one that may be changed, may collect.
int tsme_begin_frames(struct tsme *t);
uint32_t tsme_table_size(uint32_t room);
int tsme_new_table(struct tsme *t, uint32_t room);
void tsme_clear_frames(struct tsme *t);
uint32_t tsme_frame_size(const struct tsme *t, uint32_t slots);
int tsme_new_frame(struct tsme *t, uint32_t slots, uint32_t *number);
void tsme_drop(struct tsme *t, uint32_t number);
uint32_t tsme_vacant(const struct tsme *t);
int tsme_take_frame(struct tsme *t, uint32_t number);

// Makes sure that the frame is one that this step may change.
static inline int tsme_own(struct tsme *t, uint32_t number)
{
    const struct tsme_place *place = &t->table->places[number];
    return place->now != place->before ? TSME_OK : tsme_take_frame(t, number);
}

struct tsme_frame *tsme_outer(const struct tsme *t, uint32_t out);
int tsme_new_action(struct tsme *t, uint8_t kind, uint64_t due);
int tsme_own_action(struct tsme *t, uint32_t number);
int tsme_emit(struct tsme *t, tsme_ref *sp, uint8_t kind);
void tsme_wait(struct tsme *t, uint32_t number, uint8_t waits);
void tsme_keep(struct tsme *t);
void tsme_revert(struct tsme *t);

// tsme_delta.c
void tsme_fold_ends(struct tsme_ends *ends);

// tsme_tree.c
int tsme_fork(struct tsme *t, uint32_t count);
int tsme_map(struct tsme *t, uint32_t most, uint32_t failures, bool tolerant);
int tsme_ended(struct tsme *t);
int tsme_raised(struct tsme *t, uint32_t number, bool *here);
int tsme_push(struct tsme *t, bool *pushed);

// tsme_join.c
int tsme_new_join(struct tsme *t, uint32_t number, bool items, uint32_t count);
int tsme_own_join(struct tsme *t, uint32_t number);
int tsme_add_output(struct tsme *t, uint32_t number, uint32_t index);
tsme_ref tsme_outputs(const struct tsme_join *join);
uint32_t tsme_under_way(const struct tsme_join *join);
int tsme_next_item(struct tsme *t, uint32_t number, uint32_t *offset);
int tsme_push_item(struct tsme *t, tsme_ref *sp, const struct tsme_frame *f, bool whole);

// tsme_flow.c
int tsme_flow(struct tsme *t, tsme_ref *sp, uint32_t op, uint32_t operand);
enum { TSME_GOES_ON = 1000 }; // of tsme_flow: with an empty stack
tsme_ref *tsme_op_caught(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_error(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_limit(struct tsme *t, tsme_ref *sp, uint32_t operand);
bool tsme_is_option(int64_t n, uint32_t kind);
struct tsme_number;
bool tsme_is_percentage(const struct tsme_number *number);
void tsme_beat(const struct tsme *t, struct tsme_action *action);
extern const char tsme_silent[];
extern const char tsme_timeout[];

// tsme_compare.c
tsme_ref *tsme_op_compare(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_test(struct tsme *t, tsme_ref *sp, uint32_t operand);
bool tsme_string_matches(const uint8_t *text, const uint8_t *pattern);

// tsme_context.c
tsme_ref *tsme_op_context(struct tsme *t, tsme_ref *sp, uint32_t operand);
bool tsme_is_context(const uint8_t *at, bool checkpoint);

// tsme_vm.c
int tsme_loop(struct tsme *t, tsme_ref *sp);
tsme_ref *tsme_op_int(struct tsme *t, tsme_ref *sp, uint32_t operand);
bool tsme_join_parts(struct tsme *t, tsme_ref *sp, uint32_t c);

// tsme_partial.c
int tsme_fail_state(struct tsme *t, uint32_t number, bool enters);

// tsme_run.c
int tsme_run_all(struct tsme *t);
int tsme_run(struct tsme *t, uint32_t number, bool result);
void tsme_set_error(struct tsme *t, int error);
bool tsme_is_text(const tsme_ref *ref, const char *encoded);

#endif
