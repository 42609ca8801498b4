// Patterns of filters (SPEC 2.12): does one match the whole of a text?
//
// All ways are tried at once, character by character: `seen` tells for each instruction at which
// character it was reached last, so none is gone through twice at one place, and the time is that
// of the text times that of the pattern, whatever the pattern is.

#include "tsme_query.h"

#include <string.h>

// An instruction of the pattern while it is matched.
struct tsme_place_of {
    const uint8_t *at; // it
    uint32_t seen;     // one more than the number of the character before which it was reached
};

struct tsme_matcher {
    struct tsme_place_of *code; // `count`, and one for the end
    uint16_t *todo;             // instructions that are reached, a stack
    uint16_t *takers;           // .. that take a character
    uint32_t count;
    uint32_t to_do;
    uint32_t taking;
    const uint8_t *start; // of the text
    const uint8_t *here;
    const uint8_t *end;
    uint32_t number; // of the character here
    uint32_t before; // the character before, 0xFFFFFFFF at the beginning
    uint32_t behind; // the one here, 0xFFFFFFFF at the end
};

enum { TSME_CR = 13, TSME_LF = 10 };
#define TSME_NO_CHARACTER UINT32_MAX

// The character at *text, which is valid UTF-8; steps over it.
uint32_t tsme_character(const uint8_t **text)
{
    const uint8_t *at = *text;
    uint32_t c = *at++;
    if (c >= 0xC0) {
        uint32_t more = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
        for (c &= 0x3Fu >> more; more; more--) {
            c = c << 6 | (*at++ & 0x3Fu);
        }
    }
    *text = at;
    return c;
}

uint32_t tsme_characters(const uint8_t *text, uint32_t size)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < size; i++) {
        count += (text[i] & 0xC0) != 0x80;
    }
    return count;
}

static bool tsme_has(const uint8_t *text, uint32_t character)
{
    uint32_t size = tsme_head(&text);
    const uint8_t *end = text + size;
    while (text < end) {
        if (tsme_character(&text) == character) {
            return true;
        }
    }
    return false;
}

// Whether a text, one character or pairs of the first and last of ranges, has a character.
static bool tsme_in_ranges(const uint8_t *ranges, uint32_t c)
{
    uint32_t size = tsme_head(&ranges);
    const uint8_t *end = ranges + size;
    while (ranges < end) {
        uint32_t low = tsme_character(&ranges);
        if (ranges == end) {
            return c == low; // of one character alone
        }
        if (c < low) {
            return false;
        }
        if (c <= tsme_character(&ranges)) {
            return true;
        }
    }
    return false;
}

static bool tsme_is_word(uint32_t c)
{
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// [2, ends]: the end, or before the last end of a line.
static bool tsme_is_last(const struct tsme_matcher *m, const uint8_t *ends)
{
    uint32_t rest = (uint32_t)(m->end - m->here);
    if (rest == 2 && m->here[0] == TSME_CR && m->here[1] == TSME_LF && tsme_has(ends, TSME_CR)) {
        return true;
    }
    const uint8_t *next = m->here;
    if (rest) {
        (void)tsme_character(&next);
    }
    if (next != m->end) {
        return false;
    }
    if (!rest) {
        return true;
    }
    bool within = m->before == TSME_CR && m->behind == TSME_LF && tsme_has(ends, TSME_CR);
    return !within && tsme_has(ends, m->behind);
}

// Whether an assertion holds here.
static bool tsme_asserts(const struct tsme_matcher *m, uint32_t kind, const uint8_t *ends)
{
    if (kind == 0) {
        return m->here == m->start;
    }
    if (kind == 1) {
        return m->here == m->end;
    }
    if (kind == 2) {
        return tsme_is_last(m, ends);
    }
    if (kind >= 5) {
        return (tsme_is_word(m->before) != tsme_is_word(m->behind)) == (kind == 5);
    }
    if (m->before == TSME_CR && m->behind == TSME_LF && tsme_has(ends, TSME_CR)) {
        return false;
    }
    if (kind == 3) {
        return m->here < m->end && (m->here == m->start || tsme_has(ends, m->before));
    }
    return m->here == m->end || tsme_has(ends, m->behind);
}

// From what is to do on, the instructions that take a character; gives whether the end is reached.
static bool tsme_close(struct tsme_matcher *m)
{
    bool over = false;
    m->taking = 0;
    while (m->to_do) {
        uint32_t k = m->todo[--m->to_do];
        if (m->code[k].seen == m->number + 1) {
            continue;
        }
        m->code[k].seen = m->number + 1;
        const uint8_t *at = m->code[k].at;
        int64_t n;
        if (k == m->count) {
            over = true;
        } else if (*at >> 5 == TSME_TEXT) {
            m->takers[m->taking++] = (uint16_t)k;
        } else if (!tsme_integer(at, &n)) { // [kind, text]
            if (tsme_asserts(m, at[1], at + 2)) {
                m->todo[m->to_do++] = (uint16_t)(k + 1);
            }
        } else {
            m->todo[m->to_do++] = (uint16_t)(n < 0 ? -1 - n : n);
            if (n >= 0) {
                m->todo[m->to_do++] = (uint16_t)(k + 1);
            }
        }
    }
    return over;
}

// Lays out what is needed in free memory; false: there is too little.
static bool tsme_begin_matching(struct tsme_query *q, struct tsme_matcher *m, const uint8_t *at)
{
    m->count = tsme_head(&at);
    uint32_t places = m->count + 1;
    // An instruction is put on the stack at most twice before it is looked at.
    uint32_t size = places * (uint32_t)(sizeof *m->code + 3 * sizeof *m->todo) + 8;
    uint8_t *free = tsme_scratch(q, size);
    if (!free) {
        return false;
    }
    free += -(uintptr_t)free & 7;
    m->code = (struct tsme_place_of *)(void *)free;
    m->takers = (uint16_t *)(void *)(free + places * sizeof *m->code);
    m->todo = m->takers + places;
    for (uint32_t k = 0; k < places; k++) {
        m->code[k].at = at;
        m->code[k].seen = 0;
        at = k < m->count ? tsme_skip(at) : at;
    }
    m->todo[0] = 0;
    m->to_do = 1;
    return true;
}

bool tsme_matches(struct tsme_query *q, const uint8_t *pattern, const uint8_t *text, uint32_t size)
{
    struct tsme_matcher m = {.start = text, .here = text, .end = text + size};
    if (!tsme_begin_matching(q, &m, pattern)) {
        return false;
    }
    m.before = TSME_NO_CHARACTER;
    for (;; m.number++) {
        const uint8_t *next = m.here;
        m.behind = next < m.end ? tsme_character(&next) : TSME_NO_CHARACTER;
        bool over = tsme_close(&m);
        if (m.here == m.end) {
            return over;
        }
        for (uint32_t i = 0; i < m.taking; i++) {
            if (tsme_in_ranges(m.code[m.takers[i]].at, m.behind)) {
                m.todo[m.to_do++] = (uint16_t)(m.takers[i] + 1);
            }
        }
        if (!m.to_do) {
            return false;
        }
        m.before = m.behind;
        m.here = next;
    }
}
