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

// tsme_signature.c: checks and completes the arguments as the bytes of natives.h say; behind them
// is nothing then, up to TSME_NATIVE_ARGUMENTS.
int tsme_fit(struct tsme *t, const uint8_t *parameters, tsme_ref *args, tsme_ref *sp,
             tsme_ref context);

// tsme_operators.c. Makes a number the result.
int tsme_give_bits(struct tsme *t, tsme_ref *args, tsme_ref *sp, uint64_t bits);

// Two texts by the units of UTF-16: less than 0, 0 or greater than 0.
int tsme_compare_units(const uint8_t *a, const uint8_t *b);

// What is written: the value as text, two of them as one, or what a function makes, by its number.
enum { TSME_WRITES_STRING = 256, TSME_WRITES_BOTH = 257 };

// Makes what is written of the arguments the result; it is counted first.
int tsme_give_written(struct tsme *t, tsme_ref *args, tsme_ref *sp, uint32_t which);

// With TSME_ALL_NATIVES alone. tsme_native_numbers.c:
int tsme_native_extreme(uint32_t function, tsme_ref *args);
int tsme_native_whole(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp);
int tsme_native_number(struct tsme *t, tsme_ref *args, tsme_ref *sp);

// tsme_native_texts.c: what $lowercase, $uppercase, $trim and $join write, false if it is rare;
// the others.
bool tsme_write_more(struct tsme_writer *out, const tsme_ref *args, uint32_t which);
int tsme_native_length(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_native_substring(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_native_find(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp);
int tsme_native_split(struct tsme *t, tsme_ref *args, tsme_ref *sp);

// tsme_native_arrays.c: all others.
int tsme_native_data(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp);

#endif
