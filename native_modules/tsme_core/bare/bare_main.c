// Runs one execution of a program and measures it:
//
//     core PROGRAM INPUT RECORDS [MEMORY [stubborn | calls | journal | changedN]]
//
// INPUT holds inputs, each its kind (u8), the time (u64, ms), how many bytes its fields have
// (u32), and these. When there are none left, *continue* comes 3 ms after the step before, as
// long as something can run. The records go to the file RECORDS. MEMORY: bytes the engine
// gets. It runs twice: once for the records, once for the numbers, so that they do not
// count what the records cost the file. `stubborn`: each record is refused the first time,
// and the same input comes again. `calls`: who started it has the functions that the core has
// not. `changedN`: byte N of the program changes between
// installing and booting it.

#include "port.h"
#include "../tsme.h"
#include "../tsme_crc.h"
#include "../tsme_journal.h"

#include <string.h>

enum {
    PROGRAM_MAX = 0x40000,
    FILE_MAX = 0x40000,
    RECORDS_MAX = 0x200000,
    MEMORY_MAX = 0x80000,
    HEAD = 13, // bytes of an input before its fields
    BETWEEN = 3,
    SLOT = 32,
    BLOCK = 0x10000,              // bytes
    BLOCKS = RECORDS_MAX / BLOCK, // .. a journal in memory
};

#define FF8 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF

// Enough for what the tests run.
static const uint32_t limits[TSME_LIMITS] = {
    [TSME_PROGRAM_BYTES] = PROGRAM_MAX,
    [TSME_STATE_BYTES] = 1 << 20,
};

static uint8_t program[PROGRAM_MAX];
static uint8_t input_bytes[FILE_MAX];
static uint8_t records[RECORDS_MAX];
static uint64_t memory[MEMORY_MAX / 8];
static struct tsme engine;

// Where records go; `to` is null when they are only counted.
struct sink {
    uint8_t *to;
    struct tsme_journal *journal; // or into this one
    uint32_t size;
    uint32_t chain; // crc of the last record
    bool stubborn;
    bool again; // this record was refused once
};

static bool sink_put(struct sink *sink, const uint8_t *from, uint32_t size)
{
    if (RECORDS_MAX - sink->size < size) {
        return false;
    }
    if (size) {
        memcpy(sink->to + sink->size, from, size);
    }
    sink->size += size;
    return true;
}

static void put_u32(uint8_t *to, uint32_t n)
{
    to[0] = (uint8_t)n;
    to[1] = (uint8_t)(n >> 8);
    to[2] = (uint8_t)(n >> 16);
    to[3] = (uint8_t)(n >> 24);
}

// Writes down the record of the step that is made, as a journal has it, in slots (SPEC 4.2).
static bool sink_record(struct sink *sink)
{
    static const uint8_t erased[SLOT] = {FF8, FF8, FF8, FF8};
    sink->again = sink->stubborn && !sink->again;
    if (sink->again) {
        return false;
    }
    if (sink->journal) {
        return !tsme_journal_commit(sink->journal, TSME_JOURNAL_STEP, engine.record,
                                    engine.records);
    }
    uint8_t head[8];
    uint32_t size = engine.record[0].size + (engine.records > 1 ? engine.record[1].size : 0);
    put_u32(head, size | (uint32_t)TSME_RECORD_STEP << 24);
    uint32_t chain = tsme_crc(sink->chain, head, 4);
    for (uint32_t i = 0; i < engine.records; i++) {
        chain = tsme_crc(chain, engine.record[i].at, engine.record[i].size);
    }
    sink->chain = chain;
    put_u32(head + 4, chain);
    if (!sink->to) {
        sink->size += (size + (uint32_t)sizeof head + SLOT - 1) & ~(uint32_t)(SLOT - 1);
        return true;
    }
    bool good = sink_put(sink, head, sizeof head);
    for (uint32_t i = 0; i < engine.records; i++) {
        good = good && sink_put(sink, engine.record[i].at, engine.record[i].size);
    }
    return good && sink_put(sink, erased, (0u - size - (uint32_t)sizeof head) & (SLOT - 1));
}

/// A journal in memory ///

static int ram_read(void *context, uint32_t block, uint32_t offset, uint8_t *to, uint32_t size)
{
    memcpy(to, (uint8_t *)context + block * BLOCK + offset, size);
    return 0;
}

static int ram_program(void *context, uint32_t block, uint32_t offset, const uint8_t *from,
                       uint32_t size)
{
    memcpy((uint8_t *)context + block * BLOCK + offset, from, size);
    return 0;
}

static int ram_erase(void *context, uint32_t block)
{
    memset((uint8_t *)context + block * BLOCK, 0xFF, BLOCK);
    return 0;
}

// An empty journal whose flash is `records`: what a commit takes without a chip. A step that
// finds no room erases the oldest block, and tells what that takes too.
static int ram_journal(struct tsme_journal *j)
{
    static uint8_t buffer[TSME_JOURNAL_BUFFER];
    static uint8_t known[TSME_JOURNAL_BLOCKS(BLOCKS)];
    const struct tsme_journal_config config = {
        .device = {.read = ram_read,
                   .program = ram_program,
                   .erase = ram_erase,
                   .mapped = records,
                   .context = records,
                   .size = BLOCK,
                   .count = BLOCKS},
        .buffer = buffer,
        .buffer_size = sizeof buffer,
        .blocks = known,
        .blocks_size = sizeof known,
    };
    memset(records, 0xFF, sizeof records);
    int err = tsme_journal_open(j, &config);
    return err ? err : tsme_journal_format(j);
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

static uint32_t read_number(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

// The input at `*at`, or, behind the last one, *continue*.
static bool next_input(const uint8_t **at, const uint8_t *end, struct tsme_input *input)
{
    if (*at == end) {
        *input = (struct tsme_input){TSME_INPUT_CONTINUE, input->now + BETWEEN, 0, 0};
        return tsme_runnable(&engine);
    }
    input->kind = **at;
    input->now = read_number(*at + 1) | (uint64_t)read_number(*at + 5) << 32;
    input->fields_size = read_number(*at + 9);
    input->fields = *at + HEAD;
    *at += HEAD + input->fields_size;
    return true;
}

static void print_error(int err)
{
    print_number("error", err);
    if (err && engine.refused) {
        port_print("refused=");
        port_print(engine.refused);
        port_print("\n");
    }
}

static int step(struct sink *sink, const struct tsme_input *input)
{
    int err = tsme_make(&engine, input);
    if (err) {
        return err;
    }
    if (!sink_record(sink)) {
        tsme_undo(&engine);
        return TSME_ERR_WRITE;
    }
    tsme_adopt(&engine);
    return TSME_OK;
}

// One execution from its first input to the last.
static int run(struct sink *sink, struct tsme_config *config, uint32_t input_size, uint32_t crc,
               const char *report)
{
    uint32_t before = port_instructions();
    int err = tsme_boot(&engine, config, crc);
    uint32_t booted = port_instructions();
    if (err) {
        print_error(err);
        return err;
    }
    const uint8_t *at = input_bytes;
    struct tsme_input input = {0};
    uint32_t transitions = 0;
    uint32_t started = port_instructions();
    while (!err && next_input(&at, input_bytes + input_size, &input)) {
        err = step(sink, &input);
        if (err == TSME_ERR_WRITE && sink->again) {
            err = step(sink, &input);
        }
        err = err == TSME_LATE ? TSME_OK : err;
        transitions += engine.transitions;
    }
    uint32_t ended = port_instructions();
    if (err || report) {
        print_error(err);
        print_number("status", engine.state.status);
        print_number("steps", engine.state.steps);
        print_number("transitions", transitions);
        print_number("collections", engine.collections);
        print_number("boot_instructions", booted - before);
        print_number(report ? report : "instructions", ended - started);
        print_number("engine_bytes", sizeof engine);
        print_number("fixed_bytes", config->memory_size - (uint32_t)(engine.end - engine.arena));
    }
    return err;
}

int bare_main(void)
{
    char *argv[6];
    int argc = port_arguments(argv, 6);
    if (argc < 4) {
        port_print(
            "core PROGRAM INPUT RECORDS [MEMORY [stubborn | calls | journal | changedN]]\n");
        return 2;
    }
    uint32_t memory_size = argc > 4 ? parse_number(argv[4]) : 4096;
    int32_t program_size = port_read(argv[1], program, PROGRAM_MAX);
    int32_t input_size = port_read(argv[2], input_bytes, FILE_MAX);
    if (program_size < 0 || input_size < HEAD || memory_size > MEMORY_MAX) {
        port_print("cannot read the files\n");
        return 2;
    }
    uint32_t before = port_instructions();
    port_loop(1000);
    print_number("loop_instructions", port_instructions() - before);

    bool calls = argc > 5 && !strcmp(argv[5], "calls");
    bool kept_too = argc > 5 && !strcmp(argv[5], "journal");
    bool changes = argc > 5 && !calls && *argv[5] == 'c';
    struct sink sink = {records, 0, 0, 0, argc > 5 && !changes && !calls && !kept_too, false};
    struct tsme_config config = {
        .program = program,
        .program_size = (uint32_t)program_size,
        .memory = (uint8_t *)memory,
        .memory_size = memory_size,
        .limits = limits,
        .call = calls ? port_function : 0,
    };
    uint32_t crc;
    before = port_instructions();
    int err = tsme_install(&engine, &config, &crc);
    if (err) {
        print_error(err);
        return 1;
    }
    print_number("install_instructions", port_instructions() - before);
    if (changes) {
        program[parse_number(argv[5] + sizeof "changed" - 1)] ^= 1;
    }
    err = run(&sink, &config, (uint32_t)input_size, crc, 0);
    if (!err) {
        struct sink counter = {0, 0, 0, 0, false, false};
        err = run(&counter, &config, (uint32_t)input_size, crc, "instructions");
    }
    if (port_write(argv[3], records, sink.size)) {
        return 2;
    }
    struct tsme_journal journal;
    if (!err && kept_too && !ram_journal(&journal)) {
        struct sink kept = {0, &journal, 0, 0, false, false};
        (void)run(&kept, &config, (uint32_t)input_size, crc, "journal_instructions");
    }
    return err ? 1 : 0;
}
