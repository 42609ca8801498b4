// The engine as a library, for tests in Python: an engine with its memory behind a pointer, and
// what its structures have as plain numbers.

#include "../tsme.h"

#include <stdlib.h>
#include <string.h>

// Answers what the core leaves to its caller: an error, and the bytes of the result; `made` says
// how many they are, even if there is no room for them.
typedef int (*bare_caller)(uint32_t function, const uint8_t *args, uint32_t size, uint8_t *out,
                           uint32_t room, uint32_t *made);

struct bare {
    struct tsme engine;
    bare_caller caller; // null: every function fails
    struct tsme_config config;
    uint32_t limits[TSME_LIMITS];
    uint8_t *memory;
};

// The caller has every function, and each fails if nobody answers: programs with any are taken.
static int bare_call(void *context, struct tsme_call *call)
{
    const struct bare *b = context;
    return b->caller ? b->caller(call->function, call->args, call->args_size, call->out,
                                 call->room, &call->size)
                     : TSME_ERR_CALL;
}

void bare_listen(struct bare *b, bare_caller caller)
{
    b->caller = caller;
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
                                     .call = bare_call,
                                     .context = b};
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

// Bytes of the body of the record, which goes to `out` if that is not null.
uint32_t bare_record(const struct bare *b, uint8_t *out)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < b->engine.records; i++) {
        if (out) {
            memcpy(out + size, b->engine.record[i].at, b->engine.record[i].size);
        }
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
