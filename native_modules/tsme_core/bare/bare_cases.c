// Runs cases; cases.h says what they are.

#include "cases.h"

#include <string.h>

// Instead of bytes of a record.
static const uint32_t LATE = 0xFFFFFFFF, FAILED = 0xFFFFFFFE;

const uint8_t *cases_take(struct cases_reader *in, uint32_t size)
{
    const uint8_t *at = in->at;
    if ((uint32_t)(in->end - at) < size) {
        in->good = false;
        return at;
    }
    in->at += size;
    return at;
}

uint64_t cases_number(struct cases_reader *in, uint32_t bytes)
{
    const uint8_t *at = cases_take(in, bytes);
    uint64_t n = 0;
    for (uint32_t i = 0; in->good && i < bytes; i++) {
        n |= (uint64_t)at[i] << 8 * i;
    }
    return n;
}

uint32_t cases_u32(struct cases_reader *in)
{
    return (uint32_t)cases_number(in, 4);
}

static bool room_for(struct cases *c, uint32_t size)
{
    c->full |= c->out_size - c->written < size;
    return !c->full;
}

static void put(struct cases *c, const void *from, uint32_t size)
{
    if (size && room_for(c, size)) {
        memcpy(c->out + c->written, from, size);
        c->written += size;
    }
}

static void put_u32(struct cases *c, uint32_t n)
{
    uint8_t bytes[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
    put(c, bytes, sizeof bytes);
}

// The answers of a case: looked for among all, as a call may be repeated.
static int answer(void *context, struct tsme_call *call)
{
    struct cases_reader in = *(const struct cases_reader *)context;
    for (uint32_t left = cases_u32(&in); in.good && left; left--) {
        uint32_t function = cases_u32(&in);
        uint32_t args_size = cases_u32(&in);
        int32_t error = (int32_t)cases_u32(&in);
        uint32_t size = cases_u32(&in);
        const uint8_t *args = cases_take(&in, args_size);
        const uint8_t *result = cases_take(&in, size);
        if (in.good && function == call->function && args_size == call->args_size &&
            !memcmp(args, call->args, args_size)) {
            call->size = size;
            if (size && size <= call->room) {
                memcpy(call->out, result, size);
            }
            return error;
        }
    }
    return TSME_ERR_CALL;
}

static uint32_t record_size(const struct cases *c)
{
    return c->engine.record[0].size + (c->engine.records > 1 ? c->engine.record[1].size : 0);
}

static void copy_record(const struct cases *c, uint8_t *to)
{
    for (uint32_t i = 0; i < c->engine.records; i++) {
        memcpy(to, c->engine.record[i].at, c->engine.record[i].size);
        to += c->engine.record[i].size;
    }
}

// Makes a step; where a case says so it is undone, and made again: the same must come.
static int make(struct cases *c, const struct tsme_input *input, uint32_t flags)
{
    int err = tsme_make(&c->engine, input);
    if (err || !(flags & CASES_AGAIN) || record_size(c) > c->kept_size / 2) {
        return err;
    }
    uint32_t size = record_size(c);
    copy_record(c, c->kept);
    tsme_undo(&c->engine);
    err = tsme_make(&c->engine, input);
    if (err || record_size(c) != size) {
        c->wrong = "a step that is made again has another size";
        return err ? err : TSME_ERR_WRITE;
    }
    copy_record(c, c->kept + size);
    if (memcmp(c->kept, c->kept + size, size) != 0) {
        c->wrong = "a step that is made again is another one";
        return TSME_ERR_WRITE;
    }
    return TSME_OK;
}

// The power goes, and comes again.
static int restart(struct cases *c, const struct tsme_config *config, uint32_t crc)
{
    uint32_t size = tsme_checkpoint(&c->engine, c->kept, c->kept_size);
    if (size > c->kept_size) {
        c->wrong = "a checkpoint is larger than there is room";
        return TSME_ERR_MEMORY;
    }
    memset(c->memory, 0xA5, config->memory_size);
    memset(&c->engine, 0xA5, sizeof c->engine);
    int err = tsme_boot(&c->engine, config, crc);
    err = err ? err : tsme_restore(&c->engine, c->kept, size);
    if (err) {
        c->wrong = "a checkpoint cannot be restored";
    }
    return err;
}

static void put_actions(struct cases *c)
{
    uint32_t size = tsme_write_actions(&c->engine, 0, 0);
    put_u32(c, size);
    if (room_for(c, size)) {
        (void)tsme_write_actions(&c->engine, c->out + c->written, size);
        c->written += size;
    }
}

// Feeds the next input of a case, which an error has ended if `err` is one.
static int step(struct cases *c, struct cases_reader *in, uint32_t flags, int err)
{
    struct tsme_input input = {.kind = (uint8_t)cases_number(in, 1)};
    input.now = cases_number(in, 8);
    input.fields_size = cases_u32(in);
    input.fields = cases_take(in, input.fields_size);
    if (err || !in->good) {
        return err; // passed over
    }
    err = make(c, &input, flags);
    if (err == TSME_OK) {
        put_u32(c, record_size(c));
        for (uint32_t i = 0; i < c->engine.records; i++) {
            put(c, c->engine.record[i].at, c->engine.record[i].size);
        }
        put_actions(c);
        tsme_adopt(&c->engine);
    } else if (err == TSME_LATE) {
        put_u32(c, LATE);
    } else if (err == TSME_ERR_INPUT || err == TSME_ERR_LIMIT) {
        put_u32(c, FAILED);
        put_u32(c, (uint32_t)err);
    } else {
        return err;
    }
    return TSME_OK;
}

// Goes on from a checkpoint that is no engine's of this run. What comes of it is one that can be
// restored, and is then the same.
static int begin(struct cases *c, const struct tsme_part *from)
{
    int err = tsme_restore(&c->engine, from->at, from->size);
    uint32_t size = err ? 0 : tsme_checkpoint(&c->engine, c->kept, c->kept_size);
    if (err || size > c->kept_size / 2) {
        return err;
    }
    err = tsme_restore(&c->engine, c->kept, size);
    uint32_t again = err ? 0 : tsme_checkpoint(&c->engine, c->kept + size, c->kept_size / 2);
    if (again != size || memcmp(c->kept, c->kept + size, size) != 0) {
        c->wrong = "a checkpoint that is restored is another one";
        return err ? err : TSME_ERR_WRITE;
    }
    return TSME_OK;
}

// All inputs of a case.
static int run(struct cases *c, struct cases_reader *in, const struct tsme_config *config,
               uint32_t flags, const struct tsme_part *from)
{
    uint32_t crc = 0;
    int err = tsme_install(&c->engine, config, &crc);
    err = err ? err : tsme_boot(&c->engine, config, crc);
    if (!err && flags & CASES_FROM) {
        err = begin(c, from);
    }
    for (uint32_t left = cases_u32(in); in->good && left; left--) {
        err = step(c, in, flags, err);
        if (!err && flags & CASES_RESTORE) {
            err = restart(c, config, crc);
        }
    }
    return err;
}

void cases_run(struct cases *c, struct cases_reader *in)
{
    uint32_t flags = cases_u32(in);
    struct tsme_config config = {.memory = c->memory, .call = answer};
    config.memory_size = cases_u32(in);
    config.program_size = cases_u32(in);
    config.program = cases_take(in, config.program_size);
    struct tsme_part from = {0, flags & CASES_FROM ? cases_u32(in) : 0};
    from.at = cases_take(in, from.size);
    in->good &= config.memory_size <= c->memory_size;
    if (!in->good) {
        return;
    }

    // The answers stand behind the inputs.
    struct cases_reader found = *in;
    for (uint32_t left = cases_u32(&found); found.good && left; left--) {
        (void)cases_take(&found, 9);
        (void)cases_take(&found, cases_u32(&found));
    }
    config.context = &found;

    c->wrong = "";
    uint32_t head = c->written;
    put_u32(c, 0); // how many bytes follow
    c->engine.refused = 0;
    int err = run(c, in, &config, flags, &from);
    for (uint32_t left = cases_u32(in); in->good && left; left--) {
        (void)cases_u32(in);
        uint32_t args_size = cases_u32(in);
        (void)cases_u32(in);
        uint32_t size = cases_u32(in);
        (void)cases_take(in, args_size);
        (void)cases_take(in, size);
    }
    if (!c->full) {
        uint32_t end = c->written;
        c->written = head;
        put_u32(c, end - head - 4);
        c->written = end;
    }
    if (err == TSME_ERR_UNSUPPORTED && c->engine.refused) {
        c->wrong = c->engine.refused;
    }
    uint32_t size = err ? 0 : tsme_checkpoint(&c->engine, c->kept, c->kept_size);
    if (size > c->kept_size) {
        size = 0;
    }
    put_u32(c, (uint32_t)err);
    put_u32(c, (uint32_t)strlen(c->wrong));
    put(c, c->wrong, (uint32_t)strlen(c->wrong));
    put_u32(c, size);
    put(c, c->kept, size);
}
