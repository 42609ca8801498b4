// Inside the engine: CBOR that is written to the caller's memory, or only counted.

#ifndef TSME_SINK_H
#define TSME_SINK_H

#include "tsme_value.h"

#include <string.h>

// What does not fit is counted all the same.
struct tsme_sink {
    uint8_t *to;   // null: nothing is written
    uint32_t room; // bytes
    uint32_t size; // bytes so far
};

static inline void tsme_sink_bytes(struct tsme_sink *sink, const uint8_t *from, uint32_t size)
{
    if (sink->to && sink->size <= sink->room && sink->room - sink->size >= size) {
        memcpy(sink->to + sink->size, from, size);
    }
    sink->size += size;
}

static inline void tsme_sink_byte(struct tsme_sink *sink, uint32_t byte)
{
    const uint8_t one = (uint8_t)byte;
    tsme_sink_bytes(sink, &one, 1);
}

static inline void tsme_sink_head(struct tsme_sink *sink, uint8_t major, uint32_t n)
{
    uint8_t head[TSME_HEAD_MAX];
    tsme_sink_bytes(sink, head, (uint32_t)(tsme_write_head(head, major, n) - head));
}

static inline void tsme_sink_uint(struct tsme_sink *sink, uint64_t n)
{
    uint8_t head[TSME_HEAD_MAX];
    tsme_sink_bytes(sink, head, (uint32_t)(tsme_write_uint(head, n) - head));
}

static inline void tsme_sink_integer(struct tsme_sink *sink, int64_t n)
{
    uint8_t head[TSME_HEAD_MAX];
    tsme_sink_bytes(sink, head, (uint32_t)(tsme_write_integer(head, n) - head));
}

// A value, or `none` where `at` is null.
static inline void tsme_sink_value(struct tsme_sink *sink, tsme_ref *value, uint32_t none)
{
    if (value->at) {
        tsme_sink_bytes(sink, value->at, tsme_size(value));
    } else {
        tsme_sink_byte(sink, none);
    }
}

// tsme_checkpoint.c: a frame as a checkpoint has it.
void tsme_sink_frame(const struct tsme *t, struct tsme_sink *sink, struct tsme_frame *f);

// tsme_listed.c: an action that a frame has; the pending actions, their times less `now`.
void tsme_sink_task(struct tsme_sink *sink, struct tsme_action *action, uint32_t frame);
void tsme_sink_pending(struct tsme *t, struct tsme_sink *sink, uint64_t now);
void tsme_sink_result(struct tsme *t, struct tsme_sink *sink);

#endif
