// Inside the engine: what the verifier knows of a program (tsme_verify.c), and of its expressions
// (tsme_bodies.c).

#ifndef TSME_VERIFY_H
#define TSME_VERIFY_H

#include "tsme_value.h"

// One instruction as the pass sees it.
struct tsme_op {
    uint32_t at;      // index of the instruction (of its EXT)
    uint32_t operand; // with the EXT's byte
    uint32_t pops;    // values it takes
    uint8_t op;
};

// What is known of an instruction.
struct tsme_note {
    uint16_t next; // the one to look at after it; itself: it is the last
    uint8_t depth; // of the stack before it
    uint8_t kind;  // of the frame, 0: no way has led here
};

// The kinds of frames: 1 is frame 0. FRAME itself is not run. Instructions of expressions are
// those of any frame.
enum { TSME_FIRST_KIND = 1, TSME_KINDS = 253, TSME_INNER = 254, TSME_ENTRY = 255 };
struct tsme_kind {
    uint8_t parent; // 0: none
    uint8_t slots;
};

// A stack of a body: what its last item is, and the stack below it.
struct tsme_shape {
    uint16_t below;   // number of a shape
    uint16_t child;   // a stack with one item more, or 0
    uint16_t sibling; // another one with as many, or 0
    char kind;        // v value, i iterator, s sorter, 0 .. 3 builder
    uint8_t depth;    // items
};

struct tsme_pass {
    const struct tsme_program *program;
    struct tsme_note *notes; // of each instruction
    struct tsme_kind *kinds; // behind them
    uint32_t kind_count;
    uint32_t kind_room;
    bool calls;          // the caller has functions
    uint32_t next;       // instruction to look at, or code_count
    uint32_t depth;      // of the stack
    uint8_t kind;        // of the frame
    const char *refused; // the name of what this engine does not have

    // Of expressions (tsme_bodies.c).
    uint16_t *shapes;         // of each instruction of a body: the stack before it
    struct tsme_shape *shape; // all of them; the first is the empty stack
    uint32_t shape_count;
    uint32_t shape_room;
    uint32_t bodies; // the first body to look at, or code_count
    uint32_t body;   // that is looked at
    uint32_t end;    // one past its code
};

// The next instruction; EXT and what it belongs to are one.
bool tsme_decode(const struct tsme_program *p, uint32_t *at, struct tsme_op *i);
uint8_t tsme_operation_at(const struct tsme_program *p, uint32_t at);

// Whether what LOAD or CONTEXT is about is there, of the kind of frame that `pass` is at.
bool tsme_is_there(const struct tsme_pass *pass, const struct tsme_op *i);

// tsme_bodies.c. EVAL: how many values it takes; false: there is no body.
bool tsme_check_eval(struct tsme_pass *pass, struct tsme_op *i);
int tsme_verify_bodies(struct tsme *t, struct tsme_pass *pass);
bool tsme_check_reaches(struct tsme_pass *pass);

#endif
