// The operators of expressions that compute and compare (SPEC 2.16), and texts that are written.
//
// Sums of small integers are sums of integers; all else goes through the bits of binary64, in
// builds without TSME_ALL_NATIVES to the caller (tsme_small.c). Whether an operand is what an
// operator takes is asked from left to right, and before whether there is any.

#include "tsme_binary64.h"
#include "tsme_native.h"

#if TSME_ALL_NATIVES

int tsme_give_bits(struct tsme *t, tsme_ref *args, tsme_ref *sp, uint64_t bits)
{
    int err = tsme_reserve(t, sp, TSME_HEAD_MAX);
    if (!err) {
        uint8_t *to = tsme_write_binary64(t->top, bits);
        tsme_built(args, t->top, to, 0);
        t->top = to;
    }
    return err;
}

/// Arithmetic ///

// Whether the value may be an operand, and its bits; `code` is raised for what is no number.
static int tsme_take_operand(struct tsme *t, const uint8_t *at, const uint8_t *code,
                             uint64_t *bits)
{
    *bits = 0;
    if (tsme_is_nothing(at)) {
        return TSME_OK;
    }
    if (tsme_is_number(at)) {
        *bits = tsme_bits_of(at);
        if (tsme_is_finite(*bits)) {
            return TSME_OK;
        }
        code = tsme_is_nan(*bits) ? code : TSME_CODE("D1001");
    }
    return tsme_raise(t, code);
}

int tsme_arithmetic(struct tsme *t, uint32_t k, tsme_ref *args, tsme_ref *sp)
{
    int64_t m;
    int64_t n;
    if (k <= TSME_SUBTRACT && tsme_integer(args[0].at, &m) && tsme_integer(args[1].at, &n) &&
        m == (int32_t)m && n == (int32_t)n) {
        return tsme_give_integer(t, args, sp, k == TSME_ADD ? m + n : m - n);
    }
    uint64_t a;
    uint64_t b;
    int err = tsme_take_operand(t, args[0].at, TSME_CODE("T2001"), &a);
    if (!err) {
        err = tsme_take_operand(t, args[1].at, TSME_CODE("T2002"), &b);
    }
    if (err) {
        return err;
    }
    if (tsme_is_nothing(args[0].at) || tsme_is_nothing(args[1].at)) {
        args[0] = tsme_nothing;
        return TSME_OK;
    }
    return tsme_give_bits(t, args, sp, tsme_compute(k, a, b));
}

int tsme_negate(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    uint64_t bits;
    int err = tsme_take_operand(t, args[0].at, TSME_CODE("D1002"), &bits);
    if (err || tsme_is_nothing(args[0].at)) {
        return err;
    }
    return tsme_give_bits(t, args, sp, bits ^ TSME_SIGN);
}

#endif

/// Truth and order ///

int tsme_truth(struct tsme *t, const uint8_t *at, bool functions, bool *holds)
{
    *holds = false;
    for (uint32_t left = 1; left; left--) {
        if (tsme_is_array(at)) {
            left += tsme_head(&at);
            continue;
        }
        const uint8_t *body = at;
        struct tsme_number number;
        if (tsme_is_unbounded(at)) {
            if (!tsme_is_nan_at(at)) {
                return tsme_raise(t, TSME_CODE("D1001"));
            }
        } else if (tsme_number(at, &number)) {
            *holds |= number.mantissa != 0;
        } else if (*at >> 5 == TSME_TEXT || *at >> 5 == TSME_OBJECT) {
            *holds |= tsme_head(&body) != 0;
        } else {
            bool function = *at == TSME_MARKED ||
                            (*at >> 5 == TSME_TAG && tsme_function_kind(at) != TSME_MATCHER);
            *holds |= *at == TSME_TRUE || (functions && function);
        }
        at = tsme_skip(at);
    }
    return TSME_OK;
}

// Texts by the units of UTF-16: characters above U+FFFF, of four bytes, are below those of three
// bytes from U+E000 on, 0xEE and 0xEF.
int tsme_compare_units(const uint8_t *a, const uint8_t *b)
{
    uint32_t m = tsme_head(&a);
    uint32_t n = tsme_head(&b);
    uint32_t least = m < n ? m : n;
    for (uint32_t i = 0; i < least; i++) {
        uint32_t c = a[i];
        uint32_t d = b[i];
        if (c != d) {
            c += c == 0xEE || c == 0xEF ? 16 : 0;
            d += d == 0xEE || d == 0xEF ? 16 : 0;
            return c < d ? -1 : 1;
        }
    }
    return (m > n) - (m < n);
}

/// Texts ///

// Of anything but nothing; false: of a number whose digits the caller has.
static bool tsme_write_string(struct tsme_writer *out, const tsme_ref *args)
{
    const uint8_t *at = args->at;
    if (tsme_is_function(at)) {
        return true;
    }
    if (!TSME_ALL_NATIVES && tsme_is_container(at)) {
        return false;
    }
    return tsme_write_json(out, at, *at >> 5 == TSME_TEXT ? TSME_PLAIN : TSME_STRING);
}

static bool tsme_write_both(struct tsme_writer *out, const tsme_ref *args)
{
    return (tsme_is_nothing(args[0].at) || tsme_write_string(out, &args[0])) &&
           (tsme_is_nothing(args[1].at) || tsme_write_string(out, &args[1]));
}

static bool tsme_write(struct tsme_writer *out, const tsme_ref *args, uint32_t which)
{
    switch (which) {
    case TSME_WRITES_STRING: return tsme_write_string(out, args);
    case TSME_WRITES_BOTH: return tsme_write_both(out, args);
    default: return TSME_ALL_NATIVES && tsme_write_more(out, args, which);
    }
}

int tsme_give_written(struct tsme *t, tsme_ref *args, tsme_ref *sp, uint32_t which)
{
    struct tsme_writer out = {0, 0};
    if (!tsme_write(&out, args, which)) {
        return TSME_ELSEWHERE;
    }
    uint32_t size = out.size;
    if (size >= t->program.largest) {
        return tsme_raise(t, TSME_CODE("D2015"));
    }
    int err = tsme_reserve(t, sp, size + TSME_HEAD_MAX);
    if (err) {
        return err;
    }
    out = (struct tsme_writer){t->top + TSME_HEAD_MAX, 0};
    (void)tsme_write(&out, args, which);
    tsme_give_built(t, args, TSME_TEXT, size, out.to, 0);
    return TSME_OK;
}

int tsme_concatenate(struct tsme *t, tsme_ref *args, tsme_ref *sp)
{
    uint32_t a;
    uint32_t b;
    int err = tsme_weigh(t, &args[0], &a);
    if (!err) {
        err = tsme_weigh(t, &args[1], &b);
    }
    if (!err) {
        err = tsme_count_read(t, a + b);
    }
    if (!err) {
        err = tsme_give_written(t, args, sp, TSME_WRITES_BOTH);
    }
    return err ? err : tsme_count_made(t, args);
}
