// TSME's core: an engine for compiled workflows, in memory that the caller hands over.
//
// The compiler turns a workflow into a program, a few hundred bytes of CBOR
// (docs/SPEC.md, section 2). The core runs it straight from flash: it loads
// nothing but the addresses of the parts. All data are CBOR too, and lie in an
// arena: 0xA1 0x61 'i' 0x18 0x2A is {"i": 42}. A value in the arena is never
// changed again, so a copy of it is a reference (where it begins, how long it is)
// and "undo this step" is to put the old references back. When the arena is full,
// what is still referred to is moved together and the rest is free again.
//
// A step is made, made durable, and adopted, or undone: three calls. tsme_make takes one
// input, runs every frame that can run until it waits or ends, or the budget of
// transitions is spent, and leaves the body of the journal's record in `record`. The
// caller writes that down, in tsme_journal.h or elsewhere, and calls tsme_adopt; if it
// cannot, tsme_undo, and the step has never been. A call that fails has changed nothing.
//
// Calls: tsme_install once when a program arrives, whose crc is kept with it; then at each
// boot tsme_boot, tsme_restore if there is a checkpoint, and tsme_make and tsme_adopt for
// each input. One execution follows another in the same engine; if it is one of another
// program, tsme_use comes before its *start*. Nothing is global: as many engines as there
// is memory for run side by side.

#ifndef TSME_H
#define TSME_H

#include "tsme_part.h"

#include <stdbool.h>
#include <stdint.h>

// Entries of the CRC's table: 16 (64 bytes of flash, 10 instructions a byte), 256 (1 KiB, 7
// instructions a byte) or 1024 (4 KiB, 4). README.md has the numbers.
#ifndef TSME_CRC_TABLE
#define TSME_CRC_TABLE 16
#endif

// 1: an observer can be told what the engine does (tsme_trace.h), which takes 2 KB of code and a
// few instructions for each one that is run.
#ifndef TSME_TRACE
#define TSME_TRACE 0
#endif

// 1: the core has the native functions of expressions that are used most (SPEC 2.16), in 4 KB of
// code; else it has $sum, $count, $average, $string, $boolean, $not and $exists, and leaves
// evaluations with others to its caller.
#ifndef TSME_ALL_NATIVES
#define TSME_ALL_NATIVES 0
#endif

enum {
    TSME_DEPTH_MAX = 32,      // nesting of a value
    TSME_PATHS_MAX = 8,       // paths a step may PUT to before slot 0 counts as a whole
    TSME_STACK_MAX = 254,     // items of the operand stack a program may ask for
    TSME_SLOTS_MAX = 255,     // slots a frame may ask for
    TSME_BUDGET = 256,        // transitions in a step, of a program that says 0
    TSME_LARGEST = 262144,    // bytes of a value, of a program that says 0
    TSME_STEP_BYTES = 24576,  // bytes that a state makes, of a program that says 0
    TSME_ITEMS = 1000,        // items of a Map, of a program that says 0
    TSME_AT_ONCE = 40,        // children of a MAP at a time, of one that says 0
    TSME_PLACES = 128,        // numbers of frames for which items wait (SPEC 2.11)
    TSME_FRAMES_MAX = 0xFFFE, // frames at a time
    TSME_FRAME_LEAST = 15,    // bytes of a frame in a checkpoint, at least
};

// The limits of a device, by number. Texts and defaults are those of the Python package
// (tsme/kernel/limits.py). A limit costs nothing until a program or an execution comes near it;
// the call that would pass it fails, and `limit` says which one and what was asked.
enum {
    TSME_PROGRAM_BYTES = 0,   // bytes of a program as it is given; 1 .. 2^24, default 32768
    TSME_SLOTS = 1,           // slots of a frame; 1 .. 255, default 64. One takes 9 or 17 bytes
    TSME_STACK = 2,           // operands; 1 .. 254, default 64. One takes 8 or 16 bytes
    TSME_BUDGET_MOST = 3,     // transitions in a step; 1 .. 65535, default 4096
    TSME_WORK = 4,            // transitions that a step may count beyond them (SPEC 2.3); default
                              // 65536. Both say how long a step may last
    TSME_VALUE_BYTES = 5,     // bytes of a value; 1 .. 2^24 - 1, default 262144
    TSME_STEP_BYTES_MOST = 6, // bytes of the values that a state makes; default 24576. A step may
                              // make twice as many, in the arena
    TSME_ITEMS_MOST = 7,      // items of a Map; default 1000
    TSME_STATE_BYTES = 8,     // bytes of a checkpoint; 1 .. 2^24, default 16384
    TSME_RECORD_BYTES = 9,    // bytes of a checkpoint that the journal takes; default: any number
    TSME_ARENA_BYTES = 10,    // bytes of the caller's memory; with TSME_ERR_MEMORY alone
    TSME_LIMITS = 11,
};

enum {
    TSME_OK = 0,
    TSME_LATE = 1,             // the input names an action that is not pending: no step
    TSME_ERR_FORMAT = -1,      // the bytes are no program, or no value
    TSME_ERR_VERSION = -2,     // a program of another format version
    TSME_ERR_DIGEST = -3,      // the program is damaged, or it is another one
    TSME_ERR_CODE = -4,        // the instructions break a rule of SPEC 2.10
    TSME_ERR_UNSUPPORTED = -5, // the engine cannot do this; `refused` names it
    TSME_ERR_MEMORY = -6,      // the arena is too small; `limit` says for how many bytes
    TSME_ERR_LIMIT = -7,       // a limit of the device: `limit` says which, and what was asked
    TSME_ERR_INPUT = -8,       // this input cannot come now
    TSME_ERR_WRITE = -9,       // a record cannot be written
    TSME_ERR_CALL = -10,       // the caller's function has failed, and knows why
};

// Errors of the workflow (SPEC 2.9). They are no failure of the engine: a handler of the
// program takes them, or the execution ends with them.
enum {
    TSME_NO_PATH = 1,      // a path names nothing
    TSME_RESULT_PATH = 2,  // PUT cannot write there
    TSME_INTRINSIC = 3,    // an intrinsic function cannot take its arguments
    TSME_NO_VARIABLE = 5,  // a variable has no value
    TSME_NO_TIME = 6,      // seconds, or an option, are none
    TSME_TOO_LARGE = 7,    // a value is larger or deeper than the limit
    TSME_NO_ITEMS = 8,     // the items of a Map are no array
    TSME_EXCEEDED = 9,     // one child more has failed than may
    TSME_NO_TASK = 10,     // Parameters of a task are none
    TSME_TOO_MUCH = 11,    // a state makes values of more bytes than step_bytes
    TSME_TOO_MANY = 12,    // the items of a Map are more than `items`
    TSME_QUERY_ERROR = 13, // an expression (SPEC 2.16); the cause is there already
    TSME_RAISED = 99,      // inside the engine: error and cause are there already
};

// Status of an execution.
enum { TSME_RUNNING = 0, TSME_SUCCEEDED = 1, TSME_FAILED = 2, TSME_STOPPED = 3 };

// Kinds of inputs (SPEC 3.1).
enum {
    TSME_INPUT_CONTINUE = 0,
    TSME_INPUT_START = 1,
    TSME_INPUT_SUCCEEDED = 2,
    TSME_INPUT_FAILED = 3,
    TSME_INPUT_HEARTBEAT = 4,
    TSME_INPUT_TIMER = 5,
    TSME_INPUT_STOP = 6,
    TSME_INPUT_STARTED = 7,
    TSME_INPUT_SLEEP = 9,
    TSME_INPUT_MIGRATE = 10,
};

enum { TSME_RECORD_FIRST = 14 }; // bytes of a record before the fields: digest, kind, dt
enum { TSME_BEHAVIOUR = 1 };     // the newest there is (SPEC 3.5)
enum { TSME_RECORD_STEP = 1, TSME_RECORD_CHECKPOINT = 2 };     // kinds of records (SPEC 4.2)
enum { TSME_CLEAN = 0, TSME_PUT_ONLY = 1, TSME_REPLACED = 2 }; // what a step did to a slot

// A value: where its encoding begins, and what one knows of it without walking through it
// again.
typedef struct tsme_ref {
    const uint8_t *at;
    uint32_t size : 24; // bytes; 0: not counted yet, tsme_size does it for who wants to know
    uint32_t depth : 8; // containers inside each other, at most; 0 .. TSME_DEPTH_MAX
} tsme_ref;

// How many granules lie before a place in the arena.
#if UINTPTR_MAX > 0xFFFFFFFF
typedef uint32_t tsme_rank;
enum { TSME_MEMORY_MAX = 1 << 24 };
#else
typedef uint16_t tsme_rank;
enum { TSME_MEMORY_MAX = 1 << 19 };
#endif

// An intrinsic function that the caller has and the core has not (docs/DESIGN.md says
// which): called in the middle of a step, so it may do nothing but compute.
struct tsme_call {
    uint32_t function;   // its number (SPEC 2.6)
    const uint8_t *args; // its arguments, a CBOR sequence
    uint32_t args_size;  // bytes
    uint8_t *out;        // where the result goes, a CBOR item
    uint32_t room;       // bytes there
    uint32_t size;       // bytes of the result; set even if it does not fit
};

// What the caller provides. All of it must stay where and as it is while the engine is used.
struct tsme_config {
    // The program's first item and whatever follows it. It may lie in flash; nothing
    // is copied out of it. `program_size`: bytes.
    const uint8_t *program;
    uint32_t program_size;

    // Bytes of `memory`, 512 .. 512 KiB, where pointers have 64 bits 16 MiB. More of it
    // means fewer collections, and room for a larger state, but never another result.
    uint32_t memory_size;

    // Memory for everything that changes, aligned to 8 bytes. The arena takes most of it:
    // frames and values of the last step and of this one. Behind it lie what a collection
    // needs (6 bytes for each 256) and the operand stack. Installing uses it for
    // four bytes an instruction.
    uint8_t *memory;

    // TSME_LIMITS numbers, TSME_PROGRAM_BYTES first, 0 for a default; null: all of them. They
    // may change between two calls.
    const uint32_t *limits;

    // What the core leaves to the caller; null: programs that need it are refused. Gives
    // TSME_OK, TSME_INTRINSIC or another error of the workflow, or TSME_ERR_CALL. If the
    // result does not fit it only sets `size`, and is called again with so much room.
    // What it writes is one value, or two texts, the name and the cause of an error that has
    // no number. It costs what the caller takes, and a copy of arguments and result.
    int (*call)(void *context, struct tsme_call *call);

    void *context; // handed to it
};

// The limit that a call ran into, with TSME_ERR_LIMIT and TSME_ERR_MEMORY.
struct tsme_limit {
    uint32_t asked; // in the limit's own unit
    uint32_t limit;
    uint8_t name; // TSME_PROGRAM_BYTES ..
};

// The parts of a loaded program. All pointers point into it.
struct tsme_program {
    const uint8_t *digest; // 8 bytes
    const uint8_t *code;   // 2 bytes an instruction
    const uint8_t *index;  // for each constant its offset in `consts`, little-endian
    const uint8_t *consts; // CBOR sequence
    uint32_t code_count;   // instructions, 1 .. 65536
    uint32_t const_count;  // 0 ..
    uint32_t timeout;      // s the whole execution may take, 0: any
    uint32_t size;         // bytes of the first item
    uint32_t largest;      // bytes a value may have that holds more than small ones
    uint32_t step_bytes;   // bytes of such values that a state may make
    uint32_t items;        // that a Map may have
    uint16_t budget;       // transitions in a step, 1 .. 65535
    uint8_t index_width;   // bytes of an offset: 1, 2 or 4
    uint8_t slots;         // of frame 0, 1 .. TSME_SLOTS_MAX
    uint8_t stack;         // 0 .. TSME_STACK_MAX
    uint8_t counters;      // of a frame, 0 .. 255
    uint8_t needs;         // bits of SPEC 2.4
};

// A tracked action that is pending (SPEC 3.2). The frame that waits for it has it.
struct tsme_action {
    uint64_t due;       // when a *timer* input is owed, ms since 1970, or TSME_NEVER
    uint64_t deadline;  // end of its TimeoutSeconds, or TSME_NEVER
    uint64_t heartbeat; // ms between heartbeats, or 0
    tsme_ref resource;  // of a task
    tsme_ref payload;
    uint32_t id;
    uint8_t kind;    // TSME_TASK_ACTION ..
    uint8_t started; // 1: a *started* came
    uint8_t round;   // of collecting, in which it was looked at last
};

enum { TSME_TASK_ACTION = 0, TSME_TIMER_ACTION = 1 };
enum { TSME_LOG = 0, TSME_METRIC = 1, TSME_PUBLISH = 2 }; // kinds of untracked actions
#define TSME_NEVER UINT64_MAX

// An action as the caller is told of it. Its values lie in the arena: they hold until the
// next call that makes, adopts, undoes or restores.
struct tsme_listed {
    uint64_t due;            // ms since 1970, or TSME_NEVER
    uint64_t deadline;       // .. ; of a timer TSME_NEVER
    uint64_t heartbeat;      // ms, or 0
    const uint8_t *resource; // of a task, one CBOR item; else null
    const uint8_t *payload;  // of a task or an untracked one, one CBOR item; else null
    uint32_t resource_size;  // bytes
    uint32_t payload_size;   // bytes
    uint32_t id;             // of a tracked one, from 1; 0: it is untracked
    uint32_t frame;          // number of the frame that waits, or TSME_NO_FRAME
    uint8_t kind;            // TSME_TASK_ACTION .., of an untracked one TSME_LOG ..
    bool started;            // a *started* came
};
#define TSME_NO_FRAME UINT32_MAX // of the whole execution

// Goes through actions: begins at 0 in all its fields.
struct tsme_seek {
    uint32_t id;    // the highest that was given
    uint32_t emits; // untracked ones that were given
};

// The part of the state that each step may change, without frames.
struct tsme_state {
    uint64_t now;     // time of the last step, ms since 1970
    uint64_t due;     // of the timer of the whole execution, or TSME_NEVER
    uint64_t rng;     // state of the generator of random numbers (SPEC 3.3)
    uint32_t next_id; // of actions
    uint32_t frames;  // numbers that have been used, one behind the highest
    uint32_t digest;  // of the last step
    uint32_t steps;   // of this execution
    uint32_t bound;   // bytes of a checkpoint, at most
    uint8_t status;   // TSME_RUNNING ..; without an execution TSME_SUCCEEDED
};

// What a *start* sets and what an end leaves.
struct tsme_origin {
    uint64_t execution; // its number; 0: there has been none
    uint64_t start;     // time of its *start*, ms since 1970
    tsme_ref input;     // if the program needs it kept (SPEC 2.4), else `at` is null
    tsme_ref context;   // what the start brought, an array; `at` is null for null
    tsme_ref result[2]; // of what has ended: the output, or error and cause
    uint8_t digest[8];  // of its program
    uint8_t behaviour;  // SPEC 3.5
};

// Sets of numbers of frames: those there are, that can run, that this step has touched.
enum { TSME_USED = 0, TSME_READY = 1, TSME_TOUCHED = 2, TSME_SETS = 3 };

// What is referred to outside of frames.
enum { TSME_HELD_ERROR = 0, TSME_HELD_CAUSE = 1, TSME_HELD_VALUE = 2, TSME_HELD = 3 };

struct tsme_event;
struct tsme_evaluation;

struct tsme {
    struct tsme_config config;
    struct tsme_program program;
    struct tsme_state state;  // of the step that is made, else of the last one
    struct tsme_state before; // .. of the last one, while a step is made
    struct tsme_origin origin;

    // The body of the record of the step that is made: what the core writes, and the
    // caller's own fields of the input. Bytes and how many there are; valid until it is
    // adopted or undone.
    struct tsme_part record[2];
    uint8_t record_head[TSME_RECORD_FIRST];
    uint8_t records; // parts that it has, 1 or 2

    bool making;             // a step is made, and neither adopted nor undone
    bool quiet;              // this step runs no frame
    bool acted;              // actions have begun, changed or ended in this step, or may have
    bool random;             // .. random numbers were drawn
    struct tsme_limit limit; // that was passed
    const char *refused;     // with TSME_ERR_UNSUPPORTED: the name of what is missing

    struct tsme_table *table;  // frames by number
    uint32_t *marks;           // sets of numbers, behind the table
    struct tsme_frame *frame;  // the one that runs
    struct tsme_frame *spare;  // one that this step has made and ended, or null
    struct tsme_ends *ends;    // frames that ended in this step, or null
    struct tsme_emit *emits;   // untracked actions of this step, the newest first
    struct tsme_origin *begun; // the origin of before, if this step is a *start*
    uint32_t number;           // of the frame that runs
    int32_t ready;             // number of the frame that an end or an error set going, or -1

    tsme_ref held[TSME_HELD]; // error and cause being raised; a value on its way. At the end
                              // of an execution: error and cause, or the output
    tsme_ref *stack;          // operands
    tsme_ref *sp;             // one past the last that counts while none is worked on
    struct tsme_evaluation *evaluation; // of an expression, that is under way, or null

    uint8_t *arena;   // first byte, at a multiple of 8
    uint8_t *top;     // first free byte
    uint8_t *end;     // one past the last
    uint32_t *live;   // for collecting: a bit for each 8 bytes of the arena
    tsme_rank *ranks; // .. and how many bits are set before each word of it

    const uint8_t *entry; // first instruction of the state entered in this run, or null
    uint32_t first;       // id of the first action that this step can begin
    uint32_t transitions; // in the last step, made or not
    uint32_t most;        // transitions that this step may have
    uint32_t left;        // .. that are left of them
    uint32_t beyond;      // counted beyond them (SPEC 2.3)
    uint32_t made;        // bytes of large values made in this step ..
    uint32_t made_before; // .. before this state ..
    uint32_t counted;     // .. and `left` when the last one was counted; UINT32_MAX: anew
    uint32_t collections; // of the arena, since loading
    int error;            // of the instruction that failed: TSME_ERR_ or TSME_NO_PATH ..

#if TSME_TRACE
    // Who watches (tsme_trace.h).
    int (*see)(void *context, struct tsme *t, const struct tsme_event *event);
    void *watcher;
    uint32_t kinds;    // of events that it wants, a bit for each
    uint32_t raised;   // number of the held error, 0 if it came from outside
    tsme_ref *failed;  // one past the operand stack, before the instruction that is run
    uint8_t failed_op; // TSME_FAILED_OP ..
#endif
};

struct tsme_input {
    uint8_t kind;          // TSME_INPUT_CONTINUE ..
    uint64_t now;          // ms since 1970
    const uint8_t *fields; // CBOR sequence of SPEC 3.1, behind kind and time, as the record is
                           // to have it: with the bound behind it, if it has one
    uint32_t fields_size;  // bytes
};

// Verifies a program that has arrived; `crc` is kept with it.
int tsme_install(struct tsme *t, const struct tsme_config *config, uint32_t *crc);

// Makes the engine ready for executions of an installed program: what installing has
// verified is only checked for being the same bytes.
int tsme_boot(struct tsme *t, const struct tsme_config *config, uint32_t crc);

// No execution is under way: the next one is of this installed program. What is known of the
// last one stays. If it fails, the program is still the one before.
int tsme_use(struct tsme *t, const uint8_t *program, uint32_t size, uint32_t crc);

// Makes a step: TSME_OK, TSME_LATE, or an error, and then everything is as it was before.
// No second step can be made before this one is adopted or undone.
int tsme_make(struct tsme *t, const struct tsme_input *input);

// The step that is made is durable: its state is the state.
void tsme_adopt(struct tsme *t);

// It has never been.
void tsme_undo(struct tsme *t);

// The body of a checkpoint's record (SPEC 5) of the state, while a step is made of that which
// it makes. Gives how many bytes it has; if they are more than `room`, what is written is of no
// use. With `out` null they are only counted.
uint32_t tsme_checkpoint(struct tsme *t, uint8_t *out, uint32_t room);

// Goes on from a checkpoint. Its bytes are copied. TSME_ERR_DIGEST: it is one of another
// program, and has not ended; TSME_ERR_FORMAT: it is none. The engine is as after tsme_boot
// then.
int tsme_restore(struct tsme *t, const uint8_t *body, uint32_t size);

// There has been no execution, as after tsme_boot.
int tsme_reset(struct tsme *t);

// Whether *continue* would run something, and if so, whether that begins with a state.
bool tsme_runnable(const struct tsme *t);
bool tsme_entering(const struct tsme *t);

// The next of the actions that the step has begun or emitted, in this order, while it is made
// and after it is adopted, until the next one. What a step begins and ends is not among them.
bool tsme_next_action(struct tsme *t, struct tsme_seek *seek, struct tsme_listed *action);

// The next of the pending actions, by id.
bool tsme_next_pending(struct tsme *t, struct tsme_seek *seek, struct tsme_listed *action);

// The pending action whose time comes first, of several the oldest.
bool tsme_next_due(struct tsme *t, struct tsme_listed *action);

// Both lists as CBOR arrays of actions (SPEC 3.2), an untracked one as [0, kind, payload]. As
// with tsme_checkpoint: bytes, and what is written is of use if they are not more than `room`.
uint32_t tsme_write_actions(struct tsme *t, uint8_t *out, uint32_t room);
uint32_t tsme_write_pending(struct tsme *t, uint8_t *out, uint32_t room);

// What has ended: its output, or [error, cause]; null while it runs.
uint32_t tsme_write_result(struct tsme *t, uint8_t *out, uint32_t room);

// Which try of its state the task of this frame is, from 1, and that state's number.
uint32_t tsme_attempt(const struct tsme *t, uint32_t frame);
uint32_t tsme_state_of(const struct tsme *t, uint32_t frame);

#endif
