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
// cannot, tsme_undo, and the step has never been.
//
// Calls: tsme_install once when a program arrives, whose crc is kept with it; then at each
// boot tsme_boot, tsme_restore if there is a checkpoint, and tsme_make and tsme_adopt for
// each input. Nothing is global: as many engines as there is memory for run side by side.

#ifndef TSME_H
#define TSME_H

#include "tsme_part.h"

#include <stdbool.h>
#include <stdint.h>

// Entries of the CRC's table: 16 (64 bytes of flash, 10 instructions a byte) or 256
// (1 KiB, 7 instructions a byte). README.md has the numbers.
#ifndef TSME_CRC_TABLE
#define TSME_CRC_TABLE 16
#endif

enum {
    TSME_DEPTH_MAX = 32,       // nesting of a value
    TSME_PATHS_MAX = 8,        // paths a step may PUT to before slot 0 counts as a whole
    TSME_STACK_MAX = 254,      // items of the operand stack a program may ask for
    TSME_SLOTS_MAX = 255,      // slots a program may ask for
    TSME_BUDGET = 256,         // transitions in a step, of a program that says 0
    TSME_LARGEST = 262144,     // bytes of a value, of a program that says 0
    TSME_STEP_BYTES = 24576,   // bytes that a state makes, of a program that says 0
    TSME_STATE_BYTES = 262144, // bytes of a checkpoint
    TSME_WORK = 65536,         // transitions that a step may count beyond its budget
    TSME_ITEMS = 1000,         // items of a Map, of a program that says 0
    TSME_AT_ONCE = 40,         // children of a MAP at a time, of one that says 0
    TSME_PLACES = 128,         // numbers of frames for which items wait (SPEC 2.11)
    TSME_FRAMES_MAX = 256,     // frames at a time
};

enum {
    TSME_OK = 0,
    TSME_LATE = 1,             // the input names an action that is not pending: no step
    TSME_ERR_FORMAT = -1,      // the bytes are no program, or no value
    TSME_ERR_VERSION = -2,     // a program of another format version
    TSME_ERR_DIGEST = -3,      // the program is damaged, or it is another one
    TSME_ERR_CODE = -4,        // the instructions break a rule of SPEC 2.10
    TSME_ERR_UNSUPPORTED = -5, // the engine cannot do this; `refused` names it
    TSME_ERR_MEMORY = -6,      // the arena is too small
    TSME_ERR_LIMIT = -7,       // a limit of the enum above
    TSME_ERR_INPUT = -8,       // this input cannot come now
    TSME_ERR_WRITE = -9,       // a record cannot be written
    TSME_ERR_CALL = -10,       // the caller's function has failed, and knows why
};

// Errors of the workflow (SPEC 2.9). They are no failure of the engine: a handler of the
// program takes them, or the execution ends with them.
enum {
    TSME_NO_PATH = 1,     // a path names nothing
    TSME_RESULT_PATH = 2, // PUT cannot write there
    TSME_INTRINSIC = 3,   // an intrinsic function cannot take its arguments
    TSME_NO_VARIABLE = 5, // a variable has no value
    TSME_NO_TIME = 6,     // seconds, or an option, are none
    TSME_TOO_LARGE = 7,   // a value is larger or deeper than the limit
    TSME_NO_ITEMS = 8,    // the items of a Map are no array
    TSME_EXCEEDED = 9,    // one child more has failed than may
    TSME_NO_TASK = 10,    // Parameters of a task are none
    TSME_TOO_MUCH = 11,   // a state makes values of more bytes than step_bytes
    TSME_TOO_MANY = 12,   // the items of a Map are more than `items`
    TSME_RAISED = 99,     // inside the engine: error and cause are there already
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
enum { TSME_BEHAVIOUR = 1 };     // SPEC 3.5
enum { TSME_RECORD_STEP = 1, TSME_RECORD_CHECKPOINT = 2 };     // kinds of records (SPEC 4.2)
enum { TSME_CLEAN = 0, TSME_PUT_ONLY = 1, TSME_REPLACED = 2 }; // what a step did to a slot

// A value: where its encoding begins, and what one knows of it without walking through it
// again.
typedef struct tsme_ref {
    const uint8_t *at;
    uint32_t size : 24; // bytes; 0: not counted yet, tsme_size does it for who wants to know
    uint32_t depth : 8; // containers inside each other, at most; 0 .. TSME_DEPTH_MAX
} tsme_ref;

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

// What the caller provides. All of it must stay as it is while the engine is used. Every
// field that is 0 has its default.
struct tsme_config {
    // The program's first item and whatever follows it. It may lie in flash; nothing
    // is copied out of it.
    const uint8_t *program;
    uint32_t program_size; // bytes

    // Memory for everything that changes, aligned to 8 bytes. Some of it goes to the
    // operand stack and to what a collection needs (3 % of the arena); the rest, the
    // arena, holds frames and values of the last step and of this one. Installing uses
    // it for four bytes an instruction. More of it means fewer collections, not another
    // result.
    uint8_t *memory;
    uint32_t memory_size; // bytes, at most 512 KiB

    uint32_t state_bytes;  // bytes that a checkpoint may have; default TSME_STATE_BYTES
    uint32_t record_bytes; // bytes that a record of the journal may have; default: any number
    uint32_t work;         // transitions beyond the budget in a step; default TSME_WORK

    // What the core leaves to the caller; null: programs that need it are refused. Gives
    // TSME_OK, TSME_INTRINSIC or another error of the workflow, or TSME_ERR_CALL. If the
    // result does not fit it only sets `size`, and is called again with so much room.
    // What it writes is one value, or two texts, the name and the cause of an error that has
    // no number.
    int (*call)(void *context, struct tsme_call *call);

    void *context; // handed to it
};

// The parts of a loaded program. All pointers point into it.
struct tsme_program {
    const uint8_t *digest; // 8 bytes
    const uint8_t *code;   // 2 bytes an instruction
    const uint8_t *index;  // for each constant its offset in `consts`, little-endian
    const uint8_t *consts; // CBOR sequence
    uint32_t code_count;   // instructions, 1 .. 65535
    uint32_t const_count;  // 0 .. 65535
    uint8_t index_width;   // bytes of an offset: 1, 2 or 4
    uint16_t slots;        // of frame 0, 1 .. TSME_SLOTS_MAX
    uint16_t stack;        // 0 .. TSME_STACK_MAX
    uint16_t counters;     // of a frame, 0 .. 255
    uint16_t budget;       // transitions in a step, 1 .. 65535
    uint32_t timeout;      // s the whole execution may take, 0: any
    uint32_t size;         // bytes of the first item
    bool children;         // it has Parallel or Map
    uint16_t needs;        // capabilities, bits of SPEC 2.4
    uint32_t largest;      // bytes a value may have that holds more than small ones
    uint32_t step_bytes;   // bytes of such values that a state may make
    uint32_t items;        // that a Map may have
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
#define TSME_NEVER UINT64_MAX

// The part of the state that is about no frame.
struct tsme_state {
    uint64_t now;     // time of the last step, ms since 1970
    uint64_t due;     // of the timer of the whole execution, or TSME_NEVER
    uint32_t next_id; // of actions
    uint32_t frames;  // numbers that have been used, one behind the highest
    uint32_t digest;  // of the last step
    uint32_t steps;   // of this execution
    uint8_t status;   // TSME_RUNNING ..
    bool started;     // there is an execution
};

// Sets of numbers of frames: those there are, that can run, that this step has touched.
enum { TSME_USED = 0, TSME_READY = 1, TSME_TOUCHED = 2, TSME_SETS = 3 };

// What is referred to outside of frames.
enum { TSME_HELD_ERROR = 0, TSME_HELD_CAUSE = 1, TSME_HELD_VALUE = 2, TSME_HELD = 3 };

struct tsme {
    struct tsme_config config;
    struct tsme_program program;
    struct tsme_state state;  // of the step that is made, else of the last one
    struct tsme_state before; // .. of the last one, while a step is made
    bool making;              // a step is made, and neither adopted nor undone

    // The body of the record of the step that is made: what the core writes, and the
    // caller's own fields of the input. Bytes and how many there are; valid until it is
    // adopted or undone.
    uint8_t record_head[TSME_RECORD_FIRST];
    struct tsme_part record[2];
    uint32_t records; // parts that it has, 1 or 2

    struct tsme_table *table;                        // frames by number
    uint32_t marks[TSME_SETS][TSME_FRAMES_MAX / 32]; // sets of numbers
    struct tsme_frame *frame;                        // the one that runs
    uint32_t number;                                 // of the one that runs
    struct tsme_frame *spare; // one that this step has made and ended, or null
    int32_t ready;            // number of the frame that an end or an error set going, or -1
    struct tsme_ends *ends;   // frames that ended in this step, or null

    tsme_ref held[TSME_HELD]; // error and cause being raised; a value on its way. At the end
                              // of an execution: error and cause, or the output
    tsme_ref *stack;          // operands
    tsme_ref *sp;             // one past the last that counts while none is worked on

    uint8_t *arena;  // first byte, at a multiple of 8
    uint8_t *top;    // first free byte
    uint8_t *end;    // one past the last
    uint32_t *live;  // for collecting: a bit for each 8 bytes of the arena
    uint16_t *ranks; // .. and how many bits are set before each word of it

    uint32_t transitions; // in the last step
    uint32_t left;        // transitions of the budget that are left in this step
    uint32_t made;        // bytes of large values made in this step ..
    uint32_t made_before; // .. before this state ..
    uint32_t beyond;      // transitions counted in this step beyond its budget
    uint32_t counted;     // .. and `left` when the last one was counted; UINT32_MAX: anew
    const uint8_t *entry; // first instruction of the state entered in this run, or null
    uint32_t collections; // of the arena, since loading
    int error;            // of the instruction that failed: TSME_ERR_ or TSME_NO_PATH ..
    bool quiet;           // this step runs no frame
    bool acted;           // actions have begun, changed or ended in this step, or may have
    const char *refused;  // with TSME_ERR_UNSUPPORTED: the name of what is missing
};

struct tsme_input {
    uint8_t kind;          // TSME_INPUT_CONTINUE ..
    uint64_t now;          // ms since 1970
    const uint8_t *fields; // CBOR sequence of SPEC 3.1, behind kind and time
    uint32_t fields_size;  // bytes
};

// Verifies a program that has arrived; `crc` is kept with it.
int tsme_install(struct tsme *t, const struct tsme_config *config, uint32_t *crc);

// Makes the engine ready for an execution of an installed program: what installing has
// verified is only checked for being the same bytes.
int tsme_boot(struct tsme *t, const struct tsme_config *config, uint32_t crc);

// Makes a step: TSME_OK, TSME_LATE, or an error, and then everything is as it was before.
// No second step can be made before this one is adopted or undone.
int tsme_make(struct tsme *t, const struct tsme_input *input);

// The step that is made is durable: its state is the state.
void tsme_adopt(struct tsme *t);

// It has never been.
void tsme_undo(struct tsme *t);

// Whether *continue* would run something.
bool tsme_runnable(const struct tsme *t);

// The pending action with the lowest id from `id` on, and the number of its frame; null if
// there is none. The timer of the whole execution is in `state` alone.
const struct tsme_action *tsme_pending(const struct tsme *t, uint32_t id, uint32_t *frame);

#endif
