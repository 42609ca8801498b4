// What an observer is told of the engine (SPEC 3.6), where it was built with TSME_TRACE.
//
// An event is four integers. What belongs to it is written only for who asks for it while the
// event lasts, as is any frame, in the form that a checkpoint has; so what is not asked for
// costs nothing, and nothing of the arena is ever outside.
//
// A board has no use for it and is built without: then all of this is nothing.

#ifndef TSME_TRACE_H
#define TSME_TRACE_H

#include "tsme.h"

// Kinds of events.
enum {
    TSME_SEES_ENTER = 0,
    TSME_SEES_ASSIGN = 1,
    TSME_SEES_TASK = 2,
    TSME_SEES_RESUME = 3,
    TSME_SEES_END = 4,
    TSME_SEES_ERROR = 5,
    TSME_SEES_RAISE = 6,
    TSME_SEES_FAIL = 7,
    TSME_SEES_FORK = 8,
    TSME_SEES_MAP = 9,
    TSME_SEES_SPAWN = 10,
    TSME_SEES_BRANCH = 11,
    TSME_SEES_TOLERATED = 12,
    TSME_SEES_EXCEEDED = 13,
    TSME_SEES_PASSED = 14,
    TSME_SEES_ABORT = 15,
};

#if TSME_TRACE

struct tsme_event {
    uint8_t kind;    // TSME_SEES_ENTER ..
    uint32_t frame;  // its number
    uint32_t pc;     // where it goes on
    uint32_t number; // what the kind says
};

// Who watches; null: nobody. `kinds` has a bit for each kind that it wants. What is not 0 ends
// the step with TSME_ERR_CALL.
void tsme_watch(struct tsme *t,
                int (*see)(void *context, struct tsme *t, const struct tsme_event *event),
                void *context, uint32_t kinds);

// Within see() alone. The data of the event, one CBOR item, or no byte; of an error of CALL
// the value that it is about is [function, argument ..]. And a frame as a checkpoint has it;
// no byte if it is not there. Bytes; what is written is of use if they are not more than `room`.
uint32_t tsme_event_data(struct tsme *t, const struct tsme_event *event, uint8_t *out,
                         uint32_t room);
uint32_t tsme_event_frame(struct tsme *t, uint32_t number, uint8_t *out, uint32_t room);

// Inside the engine: tells the observer, if it wants this kind.
int tsme_tell(struct tsme *t, uint32_t kind, uint32_t frame, uint32_t number);

static inline bool tsme_sees(const struct tsme *t, uint32_t kind)
{
    return t->kinds >> kind & 1;
}

// The number of the error that is held, 0 if it came from outside.
static inline void tsme_note_error(struct tsme *t, uint32_t number)
{
    t->raised = number;
}

// Tells of the held error.
static inline int tsme_tell_failed(struct tsme *t, uint32_t kind, uint32_t frame)
{
    return tsme_tell(t, kind, frame, t->raised);
}

// The operand stack before an instruction that may fail; `op` is 0 for the one before the
// frame's `pc`, else what failed in place of one.
enum { TSME_FAILED_OP = 0, TSME_FAILED_JOIN = 1, TSME_FAILED_STATE = 2 };
static inline void tsme_note_stack(struct tsme *t, tsme_ref *sp, uint32_t op)
{
    t->failed = sp;
    t->failed_op = (uint8_t)op;
}

#else

static inline int tsme_tell(const struct tsme *t, uint32_t kind, uint32_t frame, uint32_t number)
{
    (void)t;
    (void)kind;
    (void)frame;
    (void)number;
    return TSME_OK;
}

static inline int tsme_tell_failed(const struct tsme *t, uint32_t kind, uint32_t frame)
{
    return tsme_tell(t, kind, frame, 0);
}

static inline bool tsme_sees(const struct tsme *t, uint32_t kind)
{
    (void)t;
    (void)kind;
    return false;
}

static inline void tsme_note_error(const struct tsme *t, uint32_t number)
{
    (void)t;
    (void)number;
}

enum { TSME_FAILED_OP = 0, TSME_FAILED_JOIN = 1, TSME_FAILED_STATE = 2 };
static inline void tsme_note_stack(const struct tsme *t, const tsme_ref *sp, uint32_t op)
{
    (void)t;
    (void)sp;
    (void)op;
}

#endif

#endif
