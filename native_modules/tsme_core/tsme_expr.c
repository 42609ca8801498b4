// The expression machine (SPEC 2.16): evaluations.

#include "tsme_expr.h"
#include "tsme_call.h"
#include "tsme_frames.h"
#include "tsme_number.h"
#include "tsme_ops.h"

#include <string.h>

// What fields take (EXPECT).
enum {
    TSME_EXPECT_BOOLEAN = 0,
    TSME_EXPECT_INTEGER = 2,
    TSME_EXPECT_PERCENTAGE = 3,
    TSME_EXPECT_NUMBER = 7,
};

/// What the parts call ///

int tsme_raise_text(struct tsme *t, tsme_ref cause)
{
    t->held[TSME_HELD_CAUSE] = cause;
    return TSME_QUERY_ERROR;
}

int tsme_raise(struct tsme *t, const uint8_t *code)
{
    return tsme_raise_text(t, (tsme_ref){code, 0, 0});
}

/// Instructions of the workflow ///

tsme_ref *tsme_op_eval(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    const uint8_t *code = t->program.code + 2 * operand;
    uint32_t given = *code == TSME_OP_EXT ? code[1] : 0; // the high byte of BODY's operand
    t->error = tsme_evaluate_outside(t, sp, operand, given);
    return t->error ? 0 : sp - given + 1;
}

// The number that a field is in the end; false: it takes no such number.
static bool tsme_expected_number(const uint8_t *at, uint32_t k, int64_t *n)
{
    struct tsme_number number;
    if (!tsme_number(at, &number)) {
        return false;
    }
    if (k == TSME_EXPECT_PERCENTAGE) {
        bool good = tsme_is_percentage(&number);
        *n = good ? (int64_t)tsme_millionths(&number) : 0;
        return good;
    }
    return tsme_integral(&number, n) && tsme_is_option(*n, TSME_MOST);
}

// EXPECT: the value as a field takes it.
tsme_ref *tsme_op_expect(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    static const uint8_t majors[7][2] = {
        {TSME_SIMPLE, TSME_SIMPLE}, {TSME_TEXT, TSME_TEXT},     {0, 0}, {0, 0},
        {TSME_ARRAY, TSME_ARRAY},   {TSME_ARRAY, TSME_OBJECT},  {TSME_OBJECT, TSME_OBJECT},
    };
    const uint8_t *at = sp[-1].at;
    int64_t n;
    bool good;
    if (operand == TSME_EXPECT_INTEGER || operand == TSME_EXPECT_PERCENTAGE) {
        good = tsme_expected_number(at, operand, &n);
        t->error = good ? tsme_reserve(t, sp, TSME_HEAD_MAX) : TSME_OK;
        if (good && !t->error) {
            sp[-1] = (tsme_ref){t->top, 0, 0};
            t->top = tsme_write_integer(t->top, n);
        }
    } else if (operand == TSME_EXPECT_NUMBER) {
        good = tsme_is_number(at);
        t->error = TSME_OK;
    } else {
        good = operand == TSME_EXPECT_BOOLEAN
                   ? *at == TSME_TRUE || *at == TSME_FALSE
                   : *at >> 5 == majors[operand][0] || *at >> 5 == majors[operand][1];
        t->error = TSME_OK;
    }
    if (!good) {
        t->error = tsme_raise(t, (const uint8_t *)"\x64type");
    }
    return t->error ? 0 : sp;
}
