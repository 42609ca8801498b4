// Inside the engine: expressions (SPEC 2.16), what their values look like and what the machine
// and the native functions ask of each other.
//
// A value of an expression is a tsme_ref to CBOR in the arena, in flash, or in a slot, as any
// other. What JSON does not have is private, in forms that no value from outside has:
//
//   nothing     0xF7
//   function    an item of major type 6, nine bytes: kind, number and environment
//   sequence    an array whose head has nine bytes, though its count is small: the upper half of
//               the count is a mark. Whoever only goes through a value sees an array
//   apart       the same with another mark: an array that stays apart in a path (DONE 8)
//   tuple       the same; and functions that are made of others: partial ones, compositions
//   infinities  a binary64 written as any other
//
// None of this leaves an evaluation. What leaves is written once more if it may have marks.
//
// Builders, iterators and sorters are blocks in the arena. One item of the operand stack refers
// to each of them; its `depth` says which, which no value's does.
//
// Whoever reserves (tsme_reserve) passes the `sp` of the call's operand stack, and everything
// that the five rules of README.md say holds for the operands of expressions, too.

#ifndef TSME_EXPR_H
#define TSME_EXPR_H

#include "tsme_value.h"

// The largest of the heads of arrays, and what stands in the upper half of its count.
enum {
    TSME_MARKED = TSME_ARRAY << 5 | 27,
    TSME_MARKED_HEAD = 9, // bytes of that head
    TSME_MARK_NONE = 0,
    TSME_MARK_SEQUENCE = 1,
    TSME_MARK_APART = 2,
    TSME_MARK_TUPLE = 3,
    TSME_MARK_PARTIAL = 4,  // function, arguments; a hole is a function of kind TSME_HOLE
    TSME_MARK_COMPOSED = 5, // first, second
};

// A function that is not made of others: 0xDB, its kind, 0, a number of 16 bits, an environment's
// number of 32 bits.
enum {
    TSME_FUNCTION = TSME_TAG << 5 | 27,
    TSME_FUNCTION_SIZE = 9,
    TSME_CLOSURE = 0, // the number is where its BODY is
    TSME_NATIVE = 1,  // .. SPEC's number of the function
    TSME_MATCHER = 2, // .. the constant with the pattern
    TSME_HOLE = 3,    // an argument that is left open, which is no value
};

// Units that an evaluation has; evaluations in one another.
enum { TSME_FUEL = 1048576, TSME_LEVELS = 100 };

// Items of the operand stack behind `sp` that a native function may use.
enum { TSME_SPARE_OPERANDS = 8 };

static inline uint32_t tsme_mark_of(const uint8_t *at)
{
    return *at == TSME_MARKED ? at[4] : TSME_MARK_NONE;
}

#define tsme_nothing ((tsme_ref){&tsme_simple[TSME_MISSING - TSME_FALSE], 0, 0})

static inline bool tsme_is_nothing(const uint8_t *at)
{
    return *at == TSME_MISSING;
}

static inline bool tsme_is_function(const uint8_t *at)
{
    return *at >> 5 == TSME_TAG || tsme_mark_of(at) >= TSME_MARK_PARTIAL;
}

// An array, be it a sequence; no tuple.
static inline bool tsme_is_array(const uint8_t *at)
{
    return *at >> 5 == TSME_ARRAY && tsme_mark_of(at) <= TSME_MARK_APART;
}

// A float that is no finite number: always of nine bytes. And one that is no number at all.
static inline bool tsme_is_unbounded(const uint8_t *at)
{
    return *at == (TSME_SIMPLE << 5 | 27) && (at[1] & 0x7F) == 0x7F && at[2] >= 0xF0;
}

static inline bool tsme_is_nan_at(const uint8_t *at)
{
    return tsme_is_unbounded(at) && at[2] & 0x0F;
}

static inline uint32_t tsme_function_kind(const uint8_t *at)
{
    return at[1];
}

static inline uint32_t tsme_function_number(const uint8_t *at)
{
    return (uint32_t)at[3] << 8 | at[4];
}

// The head of a marked array; one past it.
uint8_t *tsme_write_marked(uint8_t *to, uint32_t mark, uint32_t count);

// Error 13: its cause is a code, given as an encoded text that does not move, TSME_CODE("T2001");
// or a text in the arena. They give TSME_QUERY_ERROR, for whoever fails to give in turn.
#define TSME_CODE(code) ((const uint8_t *)"\x65" code)
int tsme_raise(struct tsme *t, const uint8_t *code);
int tsme_raise_text(struct tsme *t, tsme_ref cause);

// The evaluation is to be made by the caller, from its beginning: what it came to is rare, and
// not in the core.
enum { TSME_ELSEWHERE = 98 };

// Fuel: `units` of the evaluation, D1012 without them.
int tsme_burn(struct tsme *t, uint32_t units);

// What a value counts for: the bytes of the encoding of a text, array or object, without marks;
// 0 for any other. D2015 for one that is too large or too deep.
int tsme_weigh(struct tsme *t, tsme_ref *value, uint32_t *size);

// A value was made: fuel and bytes, if it counts more than 255 (SPEC 2.16, Size).
int tsme_count_made(struct tsme *t, tsme_ref *value);

// Values of `work` bytes in all were gone through, as tsme_weigh has them: fuel above 255.
int tsme_count_read(struct tsme *t, uint32_t work);

// A native function has gone through arguments of `work` bytes, and made the value.
int tsme_count_native(struct tsme *t, uint32_t work, tsme_ref *value);

// Something of `size` bytes, more than 255, was made.
int tsme_count_size(struct tsme *t, uint32_t size);

// tsme_expr.c. EVAL and EXPECT, of the workflow; and how many values the body at `at` is given.
tsme_ref *tsme_op_eval(struct tsme *t, tsme_ref *sp, uint32_t operand);
tsme_ref *tsme_op_expect(struct tsme *t, tsme_ref *sp, uint32_t operand);
uint32_t tsme_body_given(const struct tsme_program *p, uint32_t at);

// tsme_outside.c. The whole evaluation of a body by the caller, with config.call and the number
// TSME_EVALUATE: `given` values on the stack below `sp`. The first of them becomes the result.
enum { TSME_EVALUATE = 511, TSME_CALL_NATIVE = 256 };
int tsme_evaluate_outside(struct tsme *t, tsme_ref *sp, uint32_t body, uint32_t given);

// tsme_native.c (native functions). `args` are on the operand stack up to `sp`, with room for
// TSME_SPARE_OPERANDS behind; the result goes to args[0]. `context` is local 0 of the body that
// calls, on the operand stack or in its locals: it is read before anything is reserved.
// It counts what it takes, once that is complete, and what it gives (tsme_count_native).
// TSME_OK, TSME_QUERY_ERROR, TSME_ELSEWHERE, another error of the workflow, or of the engine.
int tsme_native(struct tsme *t, uint32_t function, tsme_ref *args, tsme_ref *sp, tsme_ref context);

// How many arguments a native function takes, at most, as INVOKE's bit 8 asks.
uint32_t tsme_native_arity(uint32_t function);

// $boolean of a value, of nothing false: whether anything in an array is true, at whatever depth.
// Functions count as true where that is asked, as conditions do, but matchers.
int tsme_truth(struct tsme *t, const uint8_t *at, bool functions, bool *holds);

// OPERATE 0 to 4 (+ - * / %), & and MINUS: operands at args[0] and args[1], or at args[0]. What
// they go through and make they count as the Python machine does.
int tsme_arithmetic(struct tsme *t, uint32_t k, tsme_ref *args, tsme_ref *sp);
int tsme_negate(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_concatenate(struct tsme *t, tsme_ref *args, tsme_ref *sp);

#endif
