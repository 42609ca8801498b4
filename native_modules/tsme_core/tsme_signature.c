// Signatures of native functions, such as <s-nn?:s>: what arguments fit, and what they become
// (SPEC 2.16).
//
// A parameter takes one argument, at most one (`?`, `-`), or one and more (`+`), as many as it
// can, and the first gives its one back if the others do not fit then. That is what the regular
// expression finds that the reference implementation makes of a signature, for no function has
// a parameter that must be given behind another that may be left out, but for the first. Where `-`
// took none the context stands for it; one that takes an array makes one of what is none.
// natives.h has the parameters as bytes.

#include "tsme_machine.h"
#include "tsme_native.h"

#include <string.h>

#if TSME_ALL_NATIVES

enum { TSME_PARAMETERS_MAX = 4 };

static const uint8_t tsme_fits_what[] = {TSME_FITS};
static const uint8_t tsme_items_fit[] = {TSME_ITEMS_FIT};

enum { TSME_IS_NUMBER = 1, TSME_IS_FUNCTION = 2, TSME_IS_ARRAY = 64 };

// What a value is to a signature: a bit.
static uint32_t tsme_letter(const uint8_t *at)
{
    static const uint8_t others[] = {4, 4, 8, 16}; // false, true, null, nothing
    if (tsme_is_number(at)) {
        return TSME_IS_NUMBER;
    }
    if (tsme_is_function(at)) {
        return TSME_IS_FUNCTION;
    }
    return *at >= TSME_FALSE ? others[*at - TSME_FALSE] : 4u << (*at >> 5);
}

// How many arguments each parameter takes, the first one none if `skip`; false if they do not fit.
static bool tsme_share_arguments(const uint8_t *parameters, uint8_t *taken, const tsme_ref *args,
                                 uint32_t count, bool skip)
{
    for (;;) {
        uint32_t p = *parameters++;
        uint32_t n = 0;
        while (!skip && n < count && (n == 0 || p & TSME_P_MORE) &&
               tsme_fits_what[p & 15] & tsme_letter(args[n].at)) {
            n++;
        }
        if (!n && !(p & TSME_P_OPTIONAL)) {
            return false;
        }
        *taken++ = (uint8_t)n;
        args += n;
        count -= n;
        if (p & TSME_P_LAST) {
            return !count;
        }
        skip = false;
    }
}

// Checks what is to be an array, and makes one of what is none.
static int tsme_take_array(struct tsme *t, uint32_t p, tsme_ref *arg, tsme_ref *sp)
{
    uint32_t fit = tsme_items_fit[(p & 15) - TSME_P_ARRAY];
    const uint8_t *at = arg->at;
    uint32_t letter = tsme_letter(at);
    bool array = letter == TSME_IS_ARRAY;
    bool good = array || (letter & fit) != 0;
    for (uint32_t left = array ? tsme_head(&at) : 0; left && good; left--) {
        good = (tsme_letter(at) & fit) != 0;
        at = tsme_skip(at);
    }
    if (!good) {
        return tsme_raise(t, TSME_CODE("T0412"));
    }
    if (array) {
        return TSME_OK;
    }
    uint32_t size = tsme_size(arg);
    int err = tsme_reserve(t, sp, size + 1);
    if (!err) {
        tsme_note_nested(t->evaluation, arg->at);
        *t->top = TSME_ARRAY << 5 | 1;
        memcpy(t->top + 1, arg->at, size);
        *arg = tsme_sized(t->top, size + 1);
        t->top += size + 1;
    }
    return err;
}

int tsme_fit(struct tsme *t, const uint8_t *parameters, tsme_ref *args, tsme_ref *sp,
             tsme_ref context)
{
    uint8_t taken[TSME_PARAMETERS_MAX] = {0};
    uint32_t count = (uint32_t)(sp - args);
    if (!tsme_share_arguments(parameters, taken, args, count, false) &&
        !tsme_share_arguments(parameters, taken, args, count, true)) {
        return tsme_raise(t, TSME_CODE("T0410"));
    }
    for (uint32_t i = 0; i < TSME_NATIVE_ARGUMENTS; i++) {
        sp[i] = tsme_nothing;
    }
    uint32_t p = 0;
    for (uint32_t i = 0; !(p & TSME_P_LAST); i++) {
        p = parameters[i];
        if (!taken[i] && p & TSME_P_CONTEXT) {
            if (!(tsme_fits_what[p & 15] & tsme_letter(context.at))) {
                return tsme_raise(t, TSME_CODE("T0411"));
            }
            memmove(args + 1, args, TSME_NATIVE_ARGUMENTS * sizeof *args);
            *args = context;
            sp++;
        } else if (taken[i] && (p & 15) >= TSME_P_ARRAY) {
            for (uint32_t n = taken[i]; n; n--, args++) {
                int err = tsme_is_nothing(args->at) ? TSME_OK : tsme_take_array(t, p, args, sp);
                if (err) {
                    return err;
                }
            }
            continue;
        }
        args++; // where another kind of argument is, it is taken over
    }
    return TSME_OK;
}

#endif
