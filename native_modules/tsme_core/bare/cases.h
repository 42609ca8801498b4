// Cases: many executions in one file, and what each made. bare_batch.c runs them on every kind of
// machine, and the fuzzers change them.
//
// All numbers are little-endian u32 where nothing else is said. CASES holds cases; each is
//
//     flags (1: each step is undone once and made again; 2: behind each step everything is
//         lost, and it goes on from a checkpoint; 4: it begins with a checkpoint)
//     bytes of memory that the engine gets
//     bytes of the program, and these
//     with flag 4: bytes of the checkpoint, and these
//     number of inputs; each its kind (u8), the time (u64, ms), bytes of its fields, and these
//     number of answers; each a function's number, bytes of its arguments, its error, bytes
//     of its result, and the arguments and the result
//
// The answers are those of functions that the core leaves to its caller. ANSWERS gets of each
// case how many bytes its steps have; of each input its record and the actions, each behind
// its size; 0xFFFFFFFF if it came too late, 0xFFFFFFFE and the error if there was no step.
// An input that cannot come, or that a limit refuses, is passed over; another error ends the case.
// Then come that error or 0, a text (what is refused, or what is wrong) and, if there
// is no error, the checkpoint of the end, both behind their sizes.
//
// The same program and the same files do on every computer and on the Cortex-M3, so that all
// builds are compared with one another.

#ifndef CASES_H
#define CASES_H

#include "../tsme.h"

// What the next bytes are taken from.
struct cases_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool good; // it has not ended too early
};

// Where cases run, and where their answers go.
struct cases {
    struct tsme engine;
    uint8_t *memory;      // the engine's
    uint32_t memory_size; // bytes, at most
    uint8_t *kept;        // for two records, or a checkpoint
    uint32_t kept_size;   // bytes
    uint8_t *out;
    uint32_t out_size; // bytes
    uint32_t written;  // .. of them
    bool full;         // the answers did not fit
    const char *wrong; // of the last case: what cannot be, or an empty text
};

enum { CASES_AGAIN = 1, CASES_RESTORE = 2, CASES_FROM = 4 }; // flags

const uint8_t *cases_take(struct cases_reader *in, uint32_t size);
uint64_t cases_number(struct cases_reader *in, uint32_t bytes);
uint32_t cases_u32(struct cases_reader *in);

// Runs the next case. With an error for what is wrong, and the checkpoint of the end.
void cases_run(struct cases *c, struct cases_reader *in);

#endif
