// Two targets of libFuzzer: a program with inputs (`run`), and the same that begins with a
// checkpoint (`checkpoint`). An input of the fuzzer is a case (bare/cases.h). Whatever it
// is, the engine refuses it or runs it, reads and writes nothing but what it was given, ends, and
// makes the same again of what it undoes or restores.
//
// A program and a checkpoint have the digest of the program in them, which no fuzzer guesses:
// it is put right before they are used. What is changed is one of the parts, whose size is then
// put right, or anything at all.

#include "../bare/cases.h"
#include "../tsme_sha256.h"

#include <stdlib.h>
#include <string.h>

#ifndef FUZZ_CHECKPOINT
#define FUZZ_CHECKPOINT 0
#endif

enum {
    MEMORY_MAX = 0x10000,
    KEPT_MAX = 0x10000,
    OUT_MAX = 0x40000,
    HEAD = 12,     // bytes before the program
    DIGEST = 8,    // bytes of a program's digest ..
    DIGEST_AT = 3, // .. and of the program before it
    PARTS_MAX = 16,
};

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t kept[KEPT_MAX];
static uint8_t out[OUT_MAX];
static struct cases cases;

static void put_u32(uint8_t *to, uint32_t n)
{
    for (uint32_t i = 0; i < 4; i++) {
        to[i] = (uint8_t)(n >> 8 * i);
    }
}

// Gives a case the flags of this target, memory that there is, and the digest that its program
// has.
static void put_right(uint8_t *data, uint32_t size)
{
    struct cases_reader in = {data, data + size, true};
    uint32_t flags = cases_u32(&in) % (2 * CASES_FROM);
    uint32_t memory_size = cases_u32(&in) % (MEMORY_MAX + 1);
    uint32_t program_size = cases_u32(&in);
    if (!in.good) {
        return;
    }
    put_u32(data, FUZZ_CHECKPOINT ? flags | CASES_FROM : flags & ~(uint32_t)CASES_FROM);
    put_u32(data + 4, memory_size);
    const uint8_t *program = cases_take(&in, program_size);
    if (!in.good || program_size < DIGEST_AT + DIGEST) {
        return;
    }
    uint8_t old[DIGEST];
    uint8_t sum[32];
    memcpy(old, program + DIGEST_AT, DIGEST);
    tsme_sha256(program + DIGEST_AT + DIGEST, program_size - DIGEST_AT - DIGEST, sum);
    for (uint8_t *at = data + HEAD; at + DIGEST <= data + size; at++) {
        if (!memcmp(at, old, DIGEST)) {
            memcpy(at, sum, DIGEST);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    // Memory of the very size that is asked for: what reads or writes beside it is found.
    uint8_t *copy = malloc(size + 1);
    memcpy(copy, data, size);
    put_right(copy, (uint32_t)size);
    struct cases_reader in = {copy, copy + size, true};
    (void)cases_u32(&in);
    uint32_t memory_size = cases_u32(&in) % (MEMORY_MAX + 1);
    cases = (struct cases){.memory = malloc(memory_size + 1), .memory_size = memory_size};
    cases.kept = kept;
    cases.kept_size = sizeof kept;
    cases.out = out;
    cases.out_size = sizeof out;
    cases.wrong = "";
    memset(cases.memory, 0xA5, memory_size);
    in = (struct cases_reader){copy, copy + size, true};
    cases_run(&cases, &in);
    if (!strncmp(cases.wrong, "a step", 6) || !strncmp(cases.wrong, "a checkpoint that", 17)) {
        abort(); // another one came of the same
    }
    free(cases.memory);
    free(copy);
    return 0;
}

// Parts of a case that have a size before them: where that stands.
static uint32_t find_parts(const uint8_t *data, uint32_t size, uint32_t *parts)
{
    struct cases_reader in = {data, data + size, true};
    uint32_t count = 0;
    (void)cases_take(&in, 8);
    for (uint32_t i = 0; i < 1 + FUZZ_CHECKPOINT; i++) {
        parts[count++] = (uint32_t)(in.at - data);
        (void)cases_take(&in, cases_u32(&in));
    }
    for (uint32_t left = cases_u32(&in); in.good && left && count < PARTS_MAX; left--) {
        (void)cases_take(&in, 9);
        parts[count++] = (uint32_t)(in.at - data);
        (void)cases_take(&in, cases_u32(&in));
    }
    return in.good ? count : 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
    uint32_t parts[PARTS_MAX + 2];
    uint32_t count = find_parts(data, (uint32_t)size, parts);
    if (!count || seed % 8 == 0) {
        return LLVMFuzzerMutate(data, size, most);
    }
    uint32_t at = parts[seed / 8 % count];
    struct cases_reader in = {data + at, data + size, true};
    uint32_t old = cases_u32(&in);
    uint32_t rest = (uint32_t)size - at - 4 - old;
    uint8_t *tail = malloc(rest + 1);
    memcpy(tail, data + at + 4 + old, rest);
    uint32_t changed = (uint32_t)LLVMFuzzerMutate(data + at + 4, old, most - at - 4 - rest);
    put_u32(data + at, changed);
    memcpy(data + at + 4 + changed, tail, rest);
    free(tail);
    return at + 4 + changed + rest;
}
