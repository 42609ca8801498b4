// The context object, `$$` (SPEC 2.7).

#include "tsme_frames.h"
#include "tsme_math.h"
#include "tsme_ops.h"
#include "tsme_time.h"

#include <string.h>

static const uint8_t tsme_zero = 0;
static const uint8_t tsme_own_name[] = "\x64tsme";

// Which of the names that came with *start* a part is, and how many there are. Behind them a
// checkpoint has how often the execution was redriven, if it was.
enum { TSME_ID = 0, TSME_NAME = 1, TSME_ROLE = 2, TSME_MACHINE = 3, TSME_MACHINE_NAME = 4 };
enum { TSME_CONTEXT_NAMES = 5, TSME_CONTEXT_REDRIVEN = TSME_ARRAY << 5 | 6 };

// Whether a value is what *start*, or a checkpoint, may have as its context.
bool tsme_is_context(const uint8_t *at, bool checkpoint)
{
    if (*at == TSME_NULL) {
        return true;
    }
    bool redriven = checkpoint && *at == TSME_CONTEXT_REDRIVEN;
    if (*at++ != (TSME_ARRAY << 5 | TSME_CONTEXT_NAMES) && !redriven) {
        return false;
    }
    for (uint32_t i = 0; i < TSME_CONTEXT_NAMES; i++, at = tsme_skip(at)) {
        if (*at != TSME_NULL && *at >> 5 != TSME_TEXT) {
            return false;
        }
    }
    return !redriven || (*at > 0 && *at <= (TSME_UINT << 5 | 25));
}

// A name, or null where none or an empty one was given.
static const uint8_t *tsme_given(const struct tsme *t, uint32_t n)
{
    const uint8_t *at = t->origin.context.at;
    if (!at) {
        return 0;
    }
    for (at++; n; n--) {
        at = tsme_skip(at);
    }
    return *at == TSME_NULL || *at == TSME_TEXT << 5 ? 0 : at;
}

// The execution's number as a text; with `id`, a dash and this id behind it.
static uint8_t *tsme_write_execution(const struct tsme *t, uint8_t *to, uint32_t id)
{
    uint8_t text[2 * TSME_DECIMAL_MAX + 1];
    uint8_t *end = tsme_write_decimal(text, t->origin.execution, 1);
    if (id) {
        *end++ = '-';
        end = tsme_write_decimal(end, id, 1);
    }
    to = tsme_write_head(to, TSME_TEXT, (uint32_t)(end - text));
    memcpy(to, text, (size_t)(end - text));
    return to + (end - text);
}

// What a part of the context is where it lies already; null: it is to be written.
static const uint8_t *tsme_there(const struct tsme *t, const struct tsme_frame *f, uint32_t part)
{
    static const uint8_t names[] = {[TSME_CONTEXT_ID] = TSME_ID,
                                    [TSME_CONTEXT_NAME] = TSME_NAME,
                                    [TSME_CONTEXT_ROLE] = TSME_ROLE,
                                    [TSME_CONTEXT_MACHINE] = TSME_MACHINE,
                                    [TSME_CONTEXT_MACHINE_NAME] = TSME_MACHINE_NAME};
    const uint8_t *name;
    switch (part) {
    case TSME_CONTEXT_INPUT:
        return t->origin.input.at ? t->origin.input.at : &tsme_simple[TSME_NULL - TSME_FALSE];
    case TSME_CONTEXT_REDRIVES:
        return t->origin.context.at && *t->origin.context.at == TSME_CONTEXT_REDRIVEN
                   ? tsme_given(t, TSME_CONTEXT_NAMES)
                   : &tsme_zero;
    case TSME_CONTEXT_INDEX:
        return f->parent == TSME_NO_PARENT ? &tsme_simple[TSME_NULL - TSME_FALSE] : 0;
    case TSME_CONTEXT_ID:
    case TSME_CONTEXT_NAME:
    case TSME_CONTEXT_ROLE:
    case TSME_CONTEXT_MACHINE:
    case TSME_CONTEXT_MACHINE_NAME:
        name = tsme_given(t, names[part]);
        if (!name && part == TSME_CONTEXT_MACHINE_NAME) {
            return tsme_own_name;
        }
        return name ? name : tsme_given(t, TSME_NAME);
    default: return 0;
    }
}

// Writes what is made anew each time.
static uint8_t *tsme_write_context(struct tsme *t, uint8_t *to, struct tsme_frame *f,
                                   uint32_t part)
{
    uint32_t n = 0;
    switch (part) {
    case TSME_CONTEXT_START: return tsme_write_time(to, t->origin.start);
    case TSME_CONTEXT_ENTERED:
        return tsme_write_time(to, f == t->frame && t->entry ? t->state.now : f->entered);
    case TSME_CONTEXT_RETRIES:
        for (uint32_t i = 0; i < t->program.counters; i++) {
            n += tsme_counters(f)[i];
        }
        return tsme_write_head(to, TSME_UINT, n);
    case TSME_CONTEXT_INDEX: return tsme_write_head(to, TSME_UINT, f->index);
    case TSME_CONTEXT_TOKEN: return tsme_write_execution(t, to, t->state.next_id);
    default: return tsme_write_execution(t, to, 0);
    }
}

tsme_ref *tsme_op_context(struct tsme *t, tsme_ref *sp, uint32_t operand)
{
    uint32_t out = operand >> 8;
    uint32_t part = operand & 255;
    if (part >= TSME_CONTEXT_VALUE) {
        t->error = tsme_push_item(t, sp, tsme_outer(t, out), part == TSME_CONTEXT_ITEM);
        return t->error ? 0 : sp + 1;
    }
    *sp = (tsme_ref){tsme_there(t, tsme_outer(t, out), part), 0, 0};
    if (sp->at) {
        return sp + 1;
    }
    t->error = tsme_reserve(t, sp, 2 + 2 * TSME_DECIMAL_MAX + 1);
    if (t->error) {
        return 0;
    }
    *sp = (tsme_ref){t->top, 0, 0};
    t->top = tsme_write_context(t, t->top, tsme_outer(t, out), part);
    return sp + 1;
}
