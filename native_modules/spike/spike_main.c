// Runs one execution of a program and measures it:
//
//     spike PROGRAM INPUT RECORDS [MEMORY [stubborn]]
//
// INPUT holds the time (u64, ms) and the fields of *start*; each *continue* comes 3 ms
// after the step before it. The records go to the file RECORDS. MEMORY: bytes the engine
// gets. It runs twice: once for the records, once for the numbers, so that they do not
// count what the records cost the file. `stubborn`: each record is refused the first time,
// and the same input comes again.

#include "port.h"
#include "sha256.h"
#include "tsme.h"

#include <string.h>

enum {
    PROGRAM_MAX = 0x40000,
    FILE_MAX = 0x10000,
    RECORDS_MAX = 0x200000,
    MEMORY_MAX = 0x40000,
    BETWEEN = 3
};

static uint8_t program[PROGRAM_MAX];
static uint8_t input_bytes[FILE_MAX];
static uint8_t records[RECORDS_MAX];
static uint64_t memory[MEMORY_MAX / 8];

// Where records go; `to` is null when they are only counted.
struct sink {
    uint8_t *to;
    uint32_t size;
    bool stubborn;
    bool again; // this record was refused once
};

static int sink_write(void *context, const uint8_t *record, uint32_t size)
{
    struct sink *sink = context;
    sink->again = sink->stubborn && !sink->again;
    if (sink->again) {
        return -1;
    }
    if (sink->to) {
        if (RECORDS_MAX - sink->size < size) {
            return -1;
        }
        memcpy(sink->to + sink->size, record, size);
    }
    sink->size += size;
    return 0;
}

static void sink_sha256(void *context, const uint8_t *data, uint32_t size, uint8_t digest[32])
{
    (void)context;
    sha256(data, size, digest);
}

static void print_number(const char *name, int64_t n)
{
    char text[24];
    char *at = text + sizeof text;
    uint64_t left = n < 0 ? (uint64_t)-n : (uint64_t)n;
    *--at = 0;
    *--at = '\n';
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (n < 0) {
        *--at = '-';
    }
    port_print(name);
    port_print("=");
    port_print(at);
}

static uint32_t parse_number(const char *text)
{
    uint32_t n = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        n = n * 10 + (uint32_t)(*text - '0');
    }
    return n;
}

static struct tsme engine;

static void print_error(int err)
{
    print_number("error", err);
    if (err && engine.refused) {
        port_print("refused=");
        port_print(engine.refused);
        port_print("\n");
    }
}

// One execution from start to end.
static int run(struct sink *sink, struct tsme_config *config, uint32_t input_size, bool report)
{
    config->context = sink;
    uint32_t before = port_instructions();
    int err = tsme_load(&engine, config);
    uint32_t loaded = port_instructions();
    if (err) {
        print_error(err);
        return err;
    }
    struct tsme_input input = {TSME_INPUT_START, 0, input_bytes + 8, input_size - 8};
    for (uint32_t i = 0; i < 8; i++) {
        input.now |= (uint64_t)input_bytes[i] << 8 * i;
    }
    uint32_t transitions = 0;
    uint32_t started = port_instructions();
    do {
        err = tsme_step(&engine, &input);
        if (err == TSME_ERR_WRITE && sink->again) {
            err = tsme_step(&engine, &input);
        }
        transitions += engine.transitions;
        input = (struct tsme_input){TSME_INPUT_CONTINUE, input.now + BETWEEN, 0, 0};
    } while (!err && engine.frame.status == TSME_RUNNING);
    uint32_t ended = port_instructions();
    if (err || report) {
        print_error(err);
        print_number("steps", engine.steps);
        print_number("transitions", transitions);
        print_number("collections", engine.collections);
        print_number("load_instructions", loaded - before);
        print_number("instructions", ended - started);
        print_number("engine_bytes", sizeof engine);
        print_number("fixed_bytes", engine.arena - config->memory);
    }
    return err;
}

int spike_main(void)
{
    char *argv[6];
    int argc = port_arguments(argv, 6);
    if (argc < 4) {
        port_print("spike PROGRAM INPUT RECORDS [MEMORY [stubborn]]\n");
        return 2;
    }
    uint32_t memory_size = argc > 4 ? parse_number(argv[4]) : 4096;
    int32_t program_size = port_read(argv[1], program, PROGRAM_MAX);
    int32_t input_size = port_read(argv[2], input_bytes, FILE_MAX);
    if (program_size < 0 || input_size < 8 || memory_size > MEMORY_MAX) {
        port_print("cannot read the files\n");
        return 2;
    }
    uint32_t before = port_instructions();
    port_loop(1000);
    print_number("loop_instructions", port_instructions() - before);

    struct sink sink = {records, 0, argc > 5, false};
    struct tsme_config config = {
        .program = program,
        .program_size = (uint32_t)program_size,
        .memory = (uint8_t *)memory,
        .memory_size = memory_size,
        .slot_size = 32,
        .write = sink_write,
        .sha256 = sink_sha256,
    };
    int err = run(&sink, &config, (uint32_t)input_size, false);
    if (!err) {
        struct sink counter = {0, 0, false, false};
        err = run(&counter, &config, (uint32_t)input_size, true);
    }
    if (port_write(argv[3], records, sink.size)) {
        return 2;
    }
    return err ? 1 : 0;
}
