// Inside the engine: the intrinsic functions that the core has (SPEC 2.6).
//
// Each takes its arguments at `args`, on the operand stack, which ends at `sp`, and leaves its
// result in args[0]. It gives TSME_OK, an error of the workflow or one of the engine.

#ifndef TSME_FUNCTIONS_H
#define TSME_FUNCTIONS_H

#include "tsme_value.h"

// tsme_arrays.c
int tsme_array_length(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_array_get_item(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_item_or_null(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_array_range(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_array_partition(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_array_contains(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_array_unique(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_flatten(struct tsme *t, tsme_ref *args, tsme_ref *sp);

// tsme_documents.c
int tsme_json_merge(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_lists(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_batch(struct tsme *t, tsme_ref *args, tsme_ref *sp); // TSME_RAISED as in tsme_text.c

// tsme_texts.c
int tsme_string_split(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_map_run(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_uuid(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_math_random(struct tsme *t, tsme_ref *args, tsme_ref *sp);

// tsme_text.c: TSME_RAISED if there is a float in what is to be text.
int tsme_json_to_string(struct tsme *t, tsme_ref *args, tsme_ref *sp);
int tsme_format(struct tsme *t, tsme_ref *args, tsme_ref *sp);

// tsme_json.c: TSME_RAISED for what the caller has to look at.
int tsme_string_to_json(struct tsme *t, tsme_ref *args, tsme_ref *sp);

// An argument that is to be an integer: any number, rounded, halves up; false if it is none of 64
// bits.
bool tsme_rounded(const uint8_t *at, int64_t *integer);
static inline bool tsme_an_integer(const uint8_t *at, int64_t *integer)
{
    return tsme_integer(at, integer) || tsme_rounded(at, integer);
}

// Makes an integer the result.
int tsme_give_integer(struct tsme *t, tsme_ref *args, tsme_ref *sp, int64_t n);

// Makes the bytes from `top` + TSME_HEAD_MAX to `end` the result, behind their head.
void tsme_give_built(struct tsme *t, tsme_ref *args, uint8_t major, uint32_t count, uint8_t *end,
                     uint32_t depth);

// How deep a value is, or more; too much if nobody has looked.
static inline uint32_t tsme_depth_of(const tsme_ref *ref)
{
    return ref->size && ref->depth <= TSME_DEPTH_MAX ? ref->depth : 0xFE;
}

#endif
