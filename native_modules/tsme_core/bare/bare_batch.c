// Runs many executions, one after the other, and writes what each made:
//
//     batch CASES ANSWERS
//
// All numbers are little-endian u32 where nothing else is said. CASES holds cases; each is
//
//     flags (1: each step is undone once and made again; 2: behind each step everything is
//         lost, and it goes on from a checkpoint)
//     bytes of memory that the engine gets
//     bytes of the program, and these
//     number of inputs; each its kind (u8), the time (u64, ms), bytes of its fields, and these
//     number of answers; each a function's number, bytes of its arguments, its error, bytes
//     of its result, and the arguments and the result
//
// The answers are those of functions that the core leaves to its caller. ANSWERS gets of each
// case how many bytes its steps have; of each input its record and the actions, each behind
// its size; 0xFFFFFFFF if it came too late, 0xFFFFFFFE and the error if there was no step.
// An input that cannot come, or that a limit refuses, is passed over; another error ends the case.
// Then come that error or 0, a text (what is refused, or what is wrong) and, if there
// is no error, the checkpoint of the end, both behind their sizes.
//
// The same program and the same files do on every computer and on the Cortex-M3, so that all
// builds are compared with one another.

#include "port.h"
#include "../tsme.h"

#include <string.h>

#ifndef BATCH_MAX
#define BATCH_MAX 0x100000 // bytes of CASES, and of ANSWERS
#endif

enum {
    MEMORY_MAX = 0x80000,
    FLAG_AGAIN = 1,
    FLAG_RESTORE = 2,
    RECORD_MAX = 0x10000, // bytes of two records, and of a checkpoint
};

// Instead of bytes of a record.
static const uint32_t LATE = 0xFFFFFFFF, FAILED = 0xFFFFFFFE;

static uint8_t cases[BATCH_MAX];
static uint8_t answers[BATCH_MAX];
static uint64_t memory[MEMORY_MAX / 8];
static uint8_t kept[RECORD_MAX]; // records, or a checkpoint
static struct tsme engine;

// What is left of CASES.
struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool good; // it has not ended too early
};

static const uint8_t *take(struct reader *in, uint32_t size)
{
    const uint8_t *at = in->at;
    if ((uint32_t)(in->end - at) < size) {
        in->good = false;
        return at;
    }
    in->at += size;
    return at;
}

static uint64_t take_number(struct reader *in, uint32_t bytes)
{
    const uint8_t *at = take(in, bytes);
    uint64_t n = 0;
    for (uint32_t i = 0; in->good && i < bytes; i++) {
        n |= (uint64_t)at[i] << 8 * i;
    }
    return n;
}

static uint32_t take_u32(struct reader *in)
{
    return (uint32_t)take_number(in, 4);
}

static uint32_t written; // bytes of ANSWERS

static void room_for(uint32_t size)
{
    if (BATCH_MAX - written < size) {
        port_print("ANSWERS is too small\n");
        port_exit(2);
    }
}

static void put(const void *from, uint32_t size)
{
    room_for(size);
    if (size) {
        memcpy(answers + written, from, size);
    }
    written += size;
}

static void put_u32(uint32_t n)
{
    uint8_t bytes[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
    put(bytes, sizeof bytes);
}

// The answers of a case: looked for among all, as a call may be repeated.
static int answer(void *context, struct tsme_call *call)
{
    struct reader in = *(const struct reader *)context;
    for (uint32_t left = take_u32(&in); left; left--) {
        uint32_t function = take_u32(&in);
        uint32_t args_size = take_u32(&in);
        int32_t error = (int32_t)take_u32(&in);
        uint32_t size = take_u32(&in);
        const uint8_t *args = take(&in, args_size);
        const uint8_t *result = take(&in, size);
        if (function == call->function && args_size == call->args_size &&
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

static uint32_t record_size(void)
{
    return engine.record[0].size + (engine.records > 1 ? engine.record[1].size : 0);
}

static void copy_record(uint8_t *to)
{
    for (uint32_t i = 0; i < engine.records; i++) {
        memcpy(to, engine.record[i].at, engine.record[i].size);
        to += engine.record[i].size;
    }
}

// Makes a step; where a case says so it is undone, and made again: the same must come.
static int make(const struct tsme_input *input, uint32_t flags, const char **wrong)
{
    int err = tsme_make(&engine, input);
    if (err || !(flags & FLAG_AGAIN) || record_size() > RECORD_MAX / 2) {
        return err;
    }
    uint32_t size = record_size();
    copy_record(kept);
    tsme_undo(&engine);
    err = tsme_make(&engine, input);
    if (err || record_size() != size) {
        *wrong = "a step that is made again has another size";
        return err ? err : TSME_ERR_WRITE;
    }
    copy_record(kept + size);
    if (memcmp(kept, kept + size, size) != 0) {
        *wrong = "a step that is made again is another one";
        return TSME_ERR_WRITE;
    }
    return TSME_OK;
}

// The power goes, and comes again.
static int restart(const struct tsme_config *config, uint32_t crc, const char **wrong)
{
    uint32_t size = tsme_checkpoint(&engine, kept, RECORD_MAX);
    if (size > RECORD_MAX) {
        *wrong = "a checkpoint is larger than there is room";
        return TSME_ERR_MEMORY;
    }
    memset(memory, 0xA5, config->memory_size);
    memset(&engine, 0xA5, sizeof engine);
    int err = tsme_boot(&engine, config, crc);
    err = err ? err : tsme_restore(&engine, kept, size);
    if (err) {
        *wrong = "a checkpoint cannot be restored";
    }
    return err;
}

static void put_actions(void)
{
    uint32_t size = tsme_write_actions(&engine, 0, 0);
    put_u32(size);
    room_for(size);
    (void)tsme_write_actions(&engine, answers + written, size);
    written += size;
}

// Feeds the next input of a case, which an error has ended if `err` is one.
static int step(struct reader *in, uint32_t flags, int err, const char **wrong)
{
    struct tsme_input input = {.kind = (uint8_t)take_number(in, 1)};
    input.now = take_number(in, 8);
    input.fields_size = take_u32(in);
    input.fields = take(in, input.fields_size);
    if (err || !in->good) {
        return err; // passed over
    }
    err = make(&input, flags, wrong);
    if (err == TSME_OK) {
        put_u32(record_size());
        for (uint32_t i = 0; i < engine.records; i++) {
            put(engine.record[i].at, engine.record[i].size);
        }
        put_actions();
        tsme_adopt(&engine);
    } else if (err == TSME_LATE) {
        put_u32(LATE);
    } else if (err == TSME_ERR_INPUT || err == TSME_ERR_LIMIT) {
        put_u32(FAILED);
        put_u32((uint32_t)err);
    } else {
        return err;
    }
    return TSME_OK;
}

// All inputs of a case.
static int run(struct reader *in, const struct tsme_config *config, uint32_t flags,
               const char **wrong)
{
    uint32_t crc = 0;
    int err = tsme_install(&engine, config, &crc);
    err = err ? err : tsme_boot(&engine, config, crc);
    for (uint32_t left = take_u32(in); in->good && left; left--) {
        err = step(in, flags, err, wrong);
        if (!err && flags & FLAG_RESTORE) {
            err = restart(config, crc, wrong);
        }
    }
    return err;
}

static void one(struct reader *in)
{
    uint32_t flags = take_u32(in);
    struct tsme_config config = {.memory = (uint8_t *)memory, .call = answer};
    config.memory_size = take_u32(in);
    config.program_size = take_u32(in);
    config.program = take(in, config.program_size);
    if (config.memory_size > MEMORY_MAX) {
        in->good = false;
        return;
    }

    // The answers stand behind the inputs.
    struct reader found = *in;
    for (uint32_t left = take_u32(&found); found.good && left; left--) {
        (void)take(&found, 9);
        (void)take(&found, take_u32(&found));
    }
    config.context = &found;

    const char *wrong = "";
    uint32_t head = written;
    put_u32(0); // how many bytes follow
    engine.refused = 0;
    int err = run(in, &config, flags, &wrong);
    for (uint32_t left = take_u32(in); in->good && left; left--) {
        (void)take(in, 4);
        uint32_t size = take_u32(in);
        (void)take(in, 4);
        size += take_u32(in);
        (void)take(in, size);
    }
    uint32_t end = written;
    written = head;
    put_u32(end - head - 4);
    written = end;
    if (err == TSME_ERR_UNSUPPORTED && engine.refused) {
        wrong = engine.refused;
    }
    uint32_t size = err ? 0 : tsme_checkpoint(&engine, kept, RECORD_MAX);
    if (size > RECORD_MAX) {
        size = 0;
    }
    put_u32((uint32_t)err);
    put_u32((uint32_t)strlen(wrong));
    put(wrong, (uint32_t)strlen(wrong));
    put_u32(size);
    put(kept, size);
}

int bare_main(void)
{
    char *argv[3];
    if (port_arguments(argv, 3) < 3) {
        port_print("batch CASES ANSWERS\n");
        return 2;
    }
    int32_t size = port_read(argv[1], cases, sizeof cases);
    struct reader in = {cases, cases + (size > 0 ? size : 0), size > 0};
    while (in.good && in.at < in.end) {
        one(&in);
    }
    if (!in.good || port_write(argv[2], answers, written)) {
        port_print("CASES is no batch, or ANSWERS cannot be written\n");
        return 2;
    }
    return 0;
}
