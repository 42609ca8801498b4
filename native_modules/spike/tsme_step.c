// A step: what is taken in, what its digest covers, and how it is taken back.
//
// The digest is one CRC over everything the step changed, seeded with the digest before
// it, so it stands for the whole history and still costs only what changed. A step that
// fails puts back the frame and the slots' references; the values they refer to are still
// there, because nothing in the arena is overwritten.

#include "tsme_value.h"

#include <string.h>

enum { TSME_DELTA_MAX = 64 }; // bytes of the delta but for values

/// The digest ///

static uint32_t tsme_delta_paths(struct tsme *t, uint32_t crc)
{
    for (uint32_t i = 0; i < t->path_count; i++) {
        uint8_t head[5] = {TSME_ARRAY << 5 | 2, 0};
        uint8_t *to = tsme_write_head(head + 2, TSME_UINT, t->paths[i]);
        struct tsme_list path = tsme_list_of(&t->program, t->paths[i]);
        const uint8_t *at = tsme_path(t->slots[0].at, path);
        at = at ? at : &tsme_simple[TSME_MISSING - TSME_FALSE];
        crc = tsme_crc(crc, head, (uint32_t)(to - head));
        crc = tsme_crc(crc, at, (uint32_t)(tsme_skip(at) - at));
    }
    return crc;
}

static uint32_t tsme_delta_slots(struct tsme *t, uint32_t crc)
{
    uint32_t first = 0;
    if (t->dirty[0] == TSME_PUT_ONLY) {
        crc = tsme_delta_paths(t, crc);
        first = 1;
    }
    for (uint32_t i = first; i < t->program.slots; i++) {
        if (t->dirty[i]) {
            uint8_t head[3];
            uint8_t *to = tsme_write_head(head, TSME_UINT, i);
            crc = tsme_crc(crc, head, (uint32_t)(to - head));
            crc = tsme_crc(crc, t->slots[i].at, tsme_size(&t->slots[i]));
        }
    }
    return crc;
}

static uint32_t tsme_delta_text(const char *text, uint32_t crc)
{
    uint8_t head[2];
    uint32_t size = 0;
    while (text[size]) {
        size++;
    }
    uint8_t *to = tsme_write_head(head, TSME_TEXT, size);
    crc = tsme_crc(crc, head, (uint32_t)(to - head));
    return tsme_crc(crc, (const uint8_t *)text, size);
}

// The result of an execution that failed: [error, cause].
static uint32_t tsme_delta_error(uint8_t error, uint32_t crc)
{
    static const char *const texts[][2] = {
        [TSME_NO_PATH] = {"States.Runtime", "a path names nothing"},
        [TSME_RESULT_PATH] = {"States.ResultPathMatchFailure",
                              "ResultPath cannot be written there"},
        [TSME_INTRINSIC] = {"States.IntrinsicFailure",
                            "an intrinsic function cannot take its arguments"},
        [TSME_NO_VARIABLE] = {"States.Runtime", "a variable has no value"},
        [TSME_TOO_LARGE] = {"States.DataLimitExceeded",
                            "a value is larger or deeper than the limit"},
    };
    static const uint8_t pair = TSME_ARRAY << 5 | 2;
    crc = tsme_crc(crc, &pair, 1);
    crc = tsme_delta_text(texts[error][0], crc);
    return tsme_delta_text(texts[error][1], crc);
}

// The digest of the step that has just run (SPEC 3.4).
uint32_t tsme_delta(struct tsme *t, uint64_t dt)
{
    const struct tsme_frame *f = &t->frame;
    uint8_t delta[TSME_DELTA_MAX];
    uint8_t *to = delta;
    *to++ = f->status;
    to = tsme_write_uint(to, dt);
    *to++ = 1;               // next id: no actions yet
    *to++ = TSME_NULL;       // rng
    *to++ = TSME_ARRAY << 5; // actions that are not pending any more
    *to++ = TSME_ARRAY << 5; // actions that are new
    if (f->status != TSME_RUNNING) {
        uint32_t crc = tsme_crc(t->digest, delta, (uint32_t)(to - delta));
        return f->status == TSME_FAILED ? tsme_delta_error(f->error, crc)
                                        : tsme_crc(crc, t->slots[0].at, tsme_size(&t->slots[0]));
    }
    *to++ = TSME_ARRAY << 5 | 11;
    *to++ = 0;         // frame
    *to++ = TSME_NULL; // parent
    to = tsme_write_head(to, TSME_UINT, f->pc);
    to = tsme_write_head(to, TSME_UINT, f->entry);
    to = tsme_write_head(to, TSME_UINT, f->handler);
    to = tsme_write_head(to, TSME_UINT, f->state);
    to = tsme_write_uint(to, f->now - f->entered);
    *to++ = 0;               // wait
    *to++ = TSME_ARRAY << 5; // counters
    *to++ = TSME_NULL;       // error
    *to++ = TSME_NULL;       // cause
    return tsme_delta_slots(t, tsme_crc(t->digest, delta, (uint32_t)(to - delta)));
}

/// Inputs ///

// Takes *start*'s fields apart: execution, program digest, seed, input, context,
// behaviour.
static int tsme_start(struct tsme *t, const struct tsme_input *input)
{
    const uint8_t *at = input->fields;
    const uint8_t *end = at + input->fields_size;
    uint8_t major;
    uint64_t n;
    int err = tsme_check_head(&at, end, &major, &n);
    if (err || major != TSME_UINT) {
        return TSME_ERR_INPUT;
    }
    if (end - at < 9 || at[0] != (TSME_BYTES << 5 | 8)) {
        return TSME_ERR_INPUT;
    }
    if (memcmp(at + 1, t->program.digest, 8) != 0) {
        return TSME_ERR_DIGEST;
    }
    at += 9;
    err = tsme_check_head(&at, end, &major, &n);
    if (err || major != TSME_UINT) {
        return TSME_ERR_INPUT;
    }
    int32_t size = tsme_check(at, end);
    if (size < 0) {
        return size;
    }
    int32_t context_size = tsme_check(at + size, end);
    if (context_size < 0) {
        return TSME_ERR_INPUT;
    }
    const uint8_t *behaviour = at + size + context_size;
    err = tsme_check_head(&behaviour, end, &major, &n);
    if (err || major != TSME_UINT || behaviour != end) {
        return TSME_ERR_INPUT;
    }
    if (n != TSME_BEHAVIOUR) {
        t->refused = "behaviour";
        return TSME_ERR_UNSUPPORTED;
    }
    err = tsme_reserve(t, t->stack, (uint32_t)size);
    if (err) {
        return err;
    }
    memcpy(t->top, at, (uint32_t)size);
    t->slots[0] = (tsme_ref){t->top, 0, 0}; // its depth is counted when it is needed
    t->top += size;
    t->dirty[0] = TSME_REPLACED;
    t->digest = tsme_crc(0, input->fields, input->fields_size);
    t->frame.started = true;
    return TSME_OK;
}

static int tsme_take_input(struct tsme *t, const struct tsme_input *input)
{
    switch (input->kind) {
    case TSME_INPUT_START: return t->frame.started ? TSME_ERR_INPUT : tsme_start(t, input);
    case TSME_INPUT_CONTINUE:
        return !t->frame.started || t->frame.status != TSME_RUNNING || input->fields_size
                   ? TSME_ERR_INPUT
                   : TSME_OK;
    default: return TSME_ERR_INPUT;
    }
}

int tsme_step(struct tsme *t, const struct tsme_input *input)
{
    const struct tsme_frame before = t->frame;
    const uint32_t slots = t->program.slots;
    uint64_t now = input->now > before.now ? input->now : before.now;
    uint32_t digest = 0;
    uint32_t chain = 0;
    t->transitions = 0;
    t->path_count = 0;
    memset(t->dirty, TSME_CLEAN, slots);
    t->frame.now = now;

    int err = tsme_take_input(t, input);
    if (!err) {
        err = tsme_run(t);
        t->transitions = t->program.budget - t->left;
        if (err > 0) {
            t->frame.status = TSME_FAILED;
            t->frame.error = (uint8_t)err;
            err = TSME_OK;
        }
    }
    if (!err) {
        digest = tsme_delta(t, now - before.now);
        err = tsme_record(t, input, now - before.now, digest, &chain);
    }
    if (err) {
        t->frame = before;
        memcpy(t->slots, t->saved, slots * sizeof(tsme_ref));
        return err;
    }
    t->digest = digest;
    t->chain = chain;
    t->steps++;
    memcpy(t->saved, t->slots, slots * sizeof(tsme_ref));
    return TSME_OK;
}
