// Inside the engine: the native functions of expressions that the core has (SPEC 2.16).
//
// As an intrinsic function, each finds its arguments at `args`, as many as its signature has
// parameters and more, nothing where none is given, and leaves its result in args[0]. It gives
// TSME_OK, an error, or TSME_ELSEWHERE for what is rare.

#ifndef TSME_NATIVE_H
#define TSME_NATIVE_H

#include "../natives.h"

#include "tsme_expr.h"
#include "tsme_functions.h"
#include "tsme_number.h"
#include "tsme_text.h"

// Numbers of functions, TSME_N_SUM ..
#define TSME_N(name, number, parameters, arity) TSME_N_##name = number,
enum { TSME_NATIVES(TSME_N) };

enum { TSME_NATIVE_ARGUMENTS = 4 }; // that each function finds

#define tsme_nothing ((tsme_ref){&tsme_simple[TSME_MISSING - TSME_FALSE], 1, 0})

// tsme_signature.c: checks and completes the arguments as the bytes of natives.h say; behind them
// is nothing then, up to TSME_NATIVE_ARGUMENTS.
int tsme_fit(struct tsme *t, const uint8_t *parameters, tsme_ref *args, tsme_ref *sp,
             tsme_ref context);

// tsme_native_numbers.c
int tsme_native_sum(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp);
int tsme_native_extreme(uint32_t function, tsme_ref *args);
int tsme_native_whole(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp);
int tsme_native_number(struct tsme *t, tsme_ref *args, tsme_ref *sp);

// tsme_native_texts.c
typedef bool (*tsme_writes)(struct tsme_writer *out, const tsme_ref *args);
enum {
    TSME_WRITES_LOWER = 0,
    TSME_WRITES_UPPER = 1,
    TSME_WRITES_TRIMMED = 2,
    TSME_WRITES_JOINED = 3,
    TSME_WRITES_STRING = 4,
    TSME_WRITES_BOTH = 5,
};
int tsme_native_write(struct tsme *t, uint32_t which, tsme_ref *args, tsme_ref *sp);
int tsme_native_length(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_native_substring(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_native_find(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp);
int tsme_native_split(struct tsme *t, tsme_ref *args, tsme_ref *sp);

// tsme_native_arrays.c. Two texts by the units of UTF-16: less than 0, 0 or greater than 0.
int tsme_compare_texts(const uint8_t *a, const uint8_t *b);

// All others.
int tsme_native_data(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp);

#endif
