// TSME spike: a workflow engine in memory that the caller hands over.
//
// The compiler turns a workflow into a program, a few hundred bytes of CBOR
// (docs/SPEC.md, section 2). This engine runs it straight from flash: it loads
// nothing but the addresses of the parts. All data are CBOR too, and lie in an
// arena: 0xA1 0x61 'i' 0x18 0x2A is {"i": 42}. A value in the arena is never
// changed again, so a copy of it is a reference (where it begins, how long it is)
// and "undo this step" is to put the old references back. When the arena is full,
// what is still referred to is moved together and the rest is free again.
//
// A step runs the program until its budget of transitions is spent or it ends,
// hashes what has changed, and hands the journal record to the caller. Only when
// the caller says that it is written does the step count.
//
// Calls, in this order: tsme_load once, then tsme_step for each input.

#ifndef TSME_H
#define TSME_H

#include <stdbool.h>
#include <stdint.h>

// Entries of the CRC's table: 16 (64 bytes of flash, 10 instructions a byte) or 256
// (1 KiB, 7 instructions a byte). README.md has the numbers.
#ifndef TSME_CRC_TABLE
#define TSME_CRC_TABLE 16
#endif

enum {
    TSME_DEPTH_MAX = 32,   // nesting of a value
    TSME_PATHS_MAX = 8,    // paths a step may PUT to before slot 0 counts as a whole
    TSME_STACK_MAX = 254,  // items of the operand stack a program may ask for
    TSME_SLOTS_MAX = 1024, // slots a program may ask for
    TSME_BUDGET = 256,     // transitions in a step, of a program that says 0
    TSME_LARGEST = 262144, // bytes of a value, of a program that says 0
};

enum {
    TSME_OK = 0,
    TSME_ERR_FORMAT = -1,      // the bytes are no program, or no value
    TSME_ERR_VERSION = -2,     // a program of another format version
    TSME_ERR_DIGEST = -3,      // the program is damaged, or it is another one
    TSME_ERR_CODE = -4,        // the instructions break a rule of SPEC 2.10
    TSME_ERR_UNSUPPORTED = -5, // the engine cannot do this; `refused` names it
    TSME_ERR_MEMORY = -6,      // the arena is too small
    TSME_ERR_LIMIT = -7,       // a limit of the enum above
    TSME_ERR_INPUT = -8,       // this input cannot come now
    TSME_ERR_WRITE = -9,       // the caller could not write the record
};

// Errors of the workflow (SPEC 2.9). They are no failure of the engine: the execution
// ends with them.
enum {
    TSME_NO_PATH = 1,     // a path names nothing
    TSME_RESULT_PATH = 2, // PUT cannot write there
    TSME_INTRINSIC = 3,   // an intrinsic function cannot take its arguments
    TSME_NO_VARIABLE = 5, // a variable has no value
    TSME_TOO_LARGE = 7,   // a value is larger or deeper than the limit
};

enum { TSME_RUNNING = 0, TSME_SUCCEEDED = 1, TSME_FAILED = 2 }; // status of an execution
enum { TSME_INPUT_CONTINUE = 0, TSME_INPUT_START = 1 };         // kinds of inputs
enum { TSME_BEHAVIOUR = 1 };                                    // SPEC 3.5
enum { TSME_RECORD_HEAD = 8, TSME_KIND_STEP = 1 };              // journal record
enum { TSME_CLEAN = 0, TSME_PUT_ONLY = 1, TSME_REPLACED = 2 };  // what a step did to a slot

// A value: where its encoding begins, and what one knows of it without walking through it
// again.
typedef struct tsme_ref {
    const uint8_t *at;
    uint32_t size : 24; // bytes; 0: not counted yet, tsme_size does it for who wants to know
    uint32_t depth : 8; // containers inside each other, at most; 0 .. TSME_DEPTH_MAX
} tsme_ref;

// What the caller provides. All of it must stay as it is while the engine is used.
struct tsme_config {
    // The program's first item and whatever follows it. It may lie in flash; nothing
    // is copied out of it.
    const uint8_t *program;
    uint32_t program_size; // bytes

    // Memory for everything that changes, aligned like a pointer. Some of it goes to
    // references: (2 * slots + stack) * sizeof(tsme_ref) + slots; the rest, the arena,
    // holds the values of the last step, those of this one, and the record that is
    // being written. Loading uses it for one byte an instruction. More of it means
    // fewer collections, not another result.
    uint8_t *memory;
    uint32_t memory_size; // bytes, below 16 MiB

    // The program unit of the flash, a power of two from 32 on: records are padded to
    // it with FF.
    uint32_t slot_size; // bytes

    // Writes one record, padded, behind the last one. 0: it is durable. Anything else,
    // and the step never happened.
    int (*write)(void *context, const uint8_t *record, uint32_t size);

    // SHA-256, which loading needs once; the platform has one.
    void (*sha256)(void *context, const uint8_t *data, uint32_t size, uint8_t digest[32]);

    void *context; // handed to both
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
    uint16_t slots;        // 1 .. TSME_SLOTS_MAX
    uint16_t stack;        // 0 .. TSME_STACK_MAX
    uint16_t budget;       // transitions in a step, 1 .. 65535
    uint32_t largest;      // bytes a value may have that holds more than small ones
};

// The part of the state that a step may have to put back, but for the slots.
struct tsme_frame {
    uint64_t now;     // time of the last step, ms since 1970
    uint64_t entered; // when the current state was entered, ms since 1970
    uint16_t pc;      // next instruction, an index
    uint16_t entry;   // first instruction of the current state's body
    uint16_t handler; // where an error goes on, 0 for nowhere
    uint16_t state;   // index of the current state
    uint8_t status;   // TSME_RUNNING ..
    uint8_t error;    // TSME_NO_PATH .. if it failed
    bool started;     // there is an execution
};

struct tsme {
    struct tsme_config config;
    struct tsme_program program;
    struct tsme_frame frame; // of the step being run, else of the last one

    tsme_ref *saved; // slots as they were when the step began: what a failure goes back to
    tsme_ref *slots; // behind them; `at` is null where there is no value
    tsme_ref *stack; // behind those
    tsme_ref *sp;    // one past the top of the stack: the last reference that counts
    uint8_t *dirty;  // TSME_CLEAN .. for each slot

    uint8_t *arena; // first byte
    uint8_t *top;   // first free byte
    uint8_t *end;   // one past the last

    uint32_t digest;                // of the last step
    uint32_t chain;                 // `crc` field of the last record
    uint32_t steps;                 // committed
    uint32_t transitions;           // in the last step
    uint32_t left;                  // transitions of the budget that are left in this step
    const uint8_t *entry;           // first instruction of the current state's body
    uint32_t collections;           // of the arena, since loading
    uint16_t paths[TSME_PATHS_MAX]; // constants PUT used in this step, in order of first use
    uint8_t path_count;             // 0 .. TSME_PATHS_MAX
    int error;                      // of the instruction that failed: TSME_ERR_ or TSME_NO_PATH ..
    const char *refused;            // with TSME_ERR_UNSUPPORTED: the name of what is missing
};

struct tsme_input {
    uint8_t kind;          // TSME_INPUT_CONTINUE ..
    uint64_t now;          // ms since 1970
    const uint8_t *fields; // CBOR sequence of SPEC 3.1, behind kind and time
    uint32_t fields_size;  // bytes
};

// Verifies a program and makes the engine ready for an execution of it.
int tsme_load(struct tsme *t, const struct tsme_config *config);

// One step. On an error everything is as it was before.
int tsme_step(struct tsme *t, const struct tsme_input *input);

#endif
