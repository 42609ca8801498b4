// The engine as a library, for tests in Python: an engine with its memory behind a pointer, and
// what its structures have as plain numbers.

#include "../tsme.h"

#include <stdlib.h>
#include <string.h>

struct bare {
    struct tsme engine;
    struct tsme_config config;
    uint32_t limits[TSME_LIMITS];
    uint8_t *memory;
};

// The caller has every function, and each fails: programs with any are taken.
static int bare_call(void *context, struct tsme_call *call)
{
    (void)context;
    (void)call;
    return TSME_ERR_CALL;
}

void *bare_new(const uint8_t *program, uint32_t size, uint32_t memory_size)
{
    struct bare *b = calloc(1, sizeof *b);
    b->memory = malloc(memory_size + 8);
    b->config = (struct tsme_config){.program = program,
                                     .program_size = size,
                                     .memory = b->memory,
                                     .memory_size = memory_size,
                                     .limits = b->limits,
                                     .call = bare_call};
    return b;
}

void bare_free(struct bare *b)
{
    free(b->memory);
    free(b);
}

void bare_limit(struct bare *b, uint32_t name, uint32_t most)
{
    b->limits[name] = most;
}

int bare_install(struct bare *b, uint32_t *crc)
{
    return tsme_install(&b->engine, &b->config, crc);
}

int bare_boot(struct bare *b, uint32_t crc)
{
    return tsme_boot(&b->engine, &b->config, crc);
}

int bare_make(struct bare *b, uint32_t kind, uint64_t now, const uint8_t *fields, uint32_t size)
{
    const struct tsme_input input = {(uint8_t)kind, now, fields, size};
    return tsme_make(&b->engine, &input);
}

// The body of the record; there must be room.
uint32_t bare_record(const struct bare *b, uint8_t *out)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < b->engine.records; i++) {
        memcpy(out + size, b->engine.record[i].at, b->engine.record[i].size);
        size += b->engine.record[i].size;
    }
    return size;
}

// Numbers of the engine, in the order of library.py.
void bare_numbers(const struct bare *b, uint64_t *out)
{
    const struct tsme *t = &b->engine;
    const uint64_t numbers[] = {
        t->state.steps,   t->origin.execution, t->state.status, t->state.now,
        t->state.next_id, t->state.rng,        t->state.digest, t->origin.start,
        t->transitions,   t->state.bound,      t->limit.name,   t->limit.asked,
        t->limit.limit,   tsme_runnable(t),    t->collections,  tsme_entering(t),
    };
    memcpy(out, numbers, sizeof numbers);
}

const char *bare_refused(const struct bare *b)
{
    return b->engine.refused;
}
