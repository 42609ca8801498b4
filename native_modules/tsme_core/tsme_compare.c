// Comparisons and tests of Choice (SPEC 2.8).

#include "tsme_frames.h"
#include "tsme_number.h"
#include "tsme_ops.h"
#include "tsme_time.h"

#include <string.h>

static bool tsme_is_a(const uint8_t *at, uint8_t major)
{
    return *at >> 5 == major;
}

// Texts compare by code point, which their bytes do too.
static int tsme_compare_texts(const uint8_t *a, const uint8_t *b)
{
    uint32_t a_size = tsme_head(&a);
    uint32_t b_size = tsme_head(&b);
    int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

// Whether two values compare as this type, and how: less than 0, 0 or greater than 0.
static bool tsme_order(const uint8_t *a, const uint8_t *b, uint32_t type, int *order)
{
    struct tsme_number numbers[2];
    struct tsme_time times[2];
    switch (type) {
    case TSME_COMPARE_NUMBER:
        if (!tsme_number(a, &numbers[0]) || !tsme_number(b, &numbers[1])) {
            return false;
        }
        *order = tsme_compare_numbers(&numbers[0], &numbers[1]);
        return true;
    case TSME_COMPARE_BOOLEAN:
        *order = *a - *b;
        return (*a | 1) == TSME_TRUE && (*b | 1) == TSME_TRUE;
    case TSME_COMPARE_TIME:
        if (!tsme_timestamp(a, &times[0]) || !tsme_timestamp(b, &times[1])) {
            return false;
        }
        *order = tsme_compare_times(&times[0], &times[1]);
        return true;
    default:
        if (!tsme_is_a(a, TSME_TEXT) || !tsme_is_a(b, TSME_TEXT)) {
            return false;
        }
        *order = tsme_compare_texts(a, b);
        return true;
    }
}

// StringMatches: whether two encoded texts match. What a star of the pattern takes is tried
// from the shortest on; only the last star that was met can be of use, as those before it have
// found what is behind them.
bool tsme_string_matches(const uint8_t *text, const uint8_t *pattern)
{
    const uint8_t *end = text;
    const uint8_t *pattern_end = pattern;
    uint32_t size = tsme_head(&end);
    text = end;
    end += size;
    size = tsme_head(&pattern_end);
    pattern = pattern_end;
    pattern_end += size;
    const uint8_t *star = 0;  // behind the last star
    const uint8_t *taken = 0; // in the text, behind what it takes
    for (;;) {
        if (pattern < pattern_end && *pattern == '*') {
            star = ++pattern;
            taken = text;
            continue;
        }
        if (text == end) {
            return pattern == pattern_end;
        }
        if (pattern < pattern_end) {
            const uint8_t *plain = pattern + (*pattern == '\\' && pattern + 1 < pattern_end);
            if (*plain == *text) {
                pattern = plain + 1;
                text++;
                continue;
            }
        }
        if (!star) {
            return false;
        }
        pattern = star;
        text = ++taken;
    }
}

// Which orders each relation accepts.
static bool tsme_accepts(uint32_t relation, bool less, bool equal)
{
    enum { LESS = 1, EQUAL = 2, GREATER = 4 };
    static const uint8_t accepts[5] = {EQUAL, LESS, GREATER, LESS | EQUAL, GREATER | EQUAL};
    return accepts[relation] & (less ? LESS : equal ? EQUAL : GREATER);
}

static bool tsme_holds(const uint8_t *a, const uint8_t *b, uint32_t operand)
{
    int order;
    if (operand == TSME_MATCHES) {
        return tsme_is_a(a, TSME_TEXT) && tsme_is_a(b, TSME_TEXT) && tsme_string_matches(a, b);
    }
    return tsme_order(a, b, operand >> 3, &order) &&
           tsme_accepts(operand & 7, order < 0, order == 0);
}

tsme_ref *tsme_op_compare(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    (void)t;
    uint32_t m;
    uint32_t n;
    bool holds;
    if (operand >> 3 == TSME_COMPARE_NUMBER && tsme_short(sp[-2].at, &m) &&
        tsme_short(sp[-1].at, &n)) {
        holds = tsme_accepts(operand & 7, m < n, m == n);
    } else {
        holds = tsme_holds(sp[-2].at, sp[-1].at, operand);
    }
    sp[-2] = (tsme_ref){&tsme_simple[holds], 0, 0};
    return sp - 1;
}

tsme_ref *tsme_op_test(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    (void)t;
    const uint8_t *at = sp[-1].at;
    struct tsme_time time;
    bool holds = false;
    switch (operand) {
    case TSME_IS_PRESENT: holds = *at != TSME_MISSING; break;
    case TSME_IS_NULL: holds = *at == TSME_NULL; break;
    case TSME_IS_STRING: holds = tsme_is_a(at, TSME_TEXT); break;
    case TSME_IS_NUMERIC: holds = tsme_is_number(at); break;
    case TSME_IS_BOOLEAN: holds = (*at | 1) == TSME_TRUE; break;
    default: holds = tsme_timestamp(at, &time); break;
    }
    sp[-1] = (tsme_ref){&tsme_simple[holds], 0, 0};
    return sp;
}
