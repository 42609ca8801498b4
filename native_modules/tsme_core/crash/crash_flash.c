// NOR flash as sim/nor.py and tests/crash/flash.py model it: programming only clears bits, an
// erase that is cut leaves a block weak, blocks wear out, misuse is an error, and a cut may leave
// an operation in many shapes.

#include "crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char shape_letters[SHAPES + 1] = "nbflhrgzmka";
const char *const shape_names[SHAPES] = {"none",   "begun", "first",  "last",  "half", "random",
                                         "ragged", "zeros", "almost", "blank", "all"};

void flash_make(struct flash *f, const struct geometry *g)
{
    memset(f, 0, sizeof *f);
    f->g = *g;
    f->bytes = g->block * g->count;
    f->data = f->state;
    f->weak = f->data + f->bytes; // of each block, and what fails next
    f->units = f->weak + g->count + 1;
    f->size = f->bytes + g->count + 1 + (g->once ? f->bytes / g->unit : 0);
    memset(f->data, 0xFF, f->bytes);
    f->on = true;
}

void flash_restore(struct flash *f, const uint8_t *state)
{
    memcpy(f->state, state, f->size);
    f->on = true;
    f->cut = 0;
}

uint64_t hash_of(const uint8_t *data, size_t size, uint64_t seed)
{
    uint64_t h = seed ^ size * 0x9E3779B97F4A7C15u;
    uint64_t word = 0;
    for (; size >= 8; size -= 8, data += 8) {
        memcpy(&word, data, 8);
        h = (h ^ word) * 0xD6E8FEB86659FD93u;
        h ^= h >> 32;
    }
    word = 0;
    memcpy(&word, data, size);
    h = (h ^ word) * 0xD6E8FEB86659FD93u;
    h ^= h >> 29;
    h *= 0x9E3779B97F4A7C15u;
    return h ^ h >> 32;
}

/// Notes of operations ///

void trace_clear(struct trace *t)
{
    t->count = 0;
    t->used = 0;
}

static void *take(struct trace *t, size_t size)
{
    void *at = t->room + t->used;
    t->used += (size + 15) & ~(size_t)15;
    if (t->used > t->most || t->count >= OPS_MOST) {
        fprintf(stderr, "crash: a life has too many operations\n");
        exit(2);
    }
    return at;
}

static void note(struct flash *f, uint32_t block, uint32_t off, const uint8_t *buf, uint32_t size)
{
    struct trace *t = f->trace;
    if (!t) {
        return;
    }
    if (!t->room) {
        t->most = (size_t)64 << 20;
        t->room = malloc(t->most);
        if (!t->room) {
            exit(2);
        }
    }
    struct op *op = &t->ops[t->count];
    op->number = f->ops + 1 - f->life;
    op->block = block;
    op->off = off;
    op->size = size;
    op->erases = !buf;
    op->before = take(t, f->size);
    memcpy(op->before, f->state, f->size);
    op->mind = take(t, mind_size(f->mind));
    memcpy(op->mind, f->mind, mind_size(f->mind));
    op->buf = take(t, size);
    memcpy(op->buf, buf ? buf : op->buf, size);
    t->count++;
}

/// Torn operations ///

static uint8_t draw(uint32_t *random)
{
    *random = (*random * 1103515245u + 12345u) & 0x7FFFFFFF;
    return (uint8_t)(*random >> 16);
}

// The bits that a shape leaves done, of an operation of so many bytes.
static void mask_of(uint8_t *mask, uint32_t size, struct shape s, uint32_t unit)
{
    uint32_t random = size + 7;
    uint32_t done = s.amount < 0                ? size / 2
                    : (uint32_t)s.amount < size ? (uint32_t)s.amount
                                                : size;
    memset(mask, s.name == ALL ? 0xFF : 0, size);
    switch (s.name) {
    case FIRST:
    case RAGGED: memset(mask, 0xFF, done); break;
    case LAST: memset(mask + size - done, 0xFF, done); break;
    case HALF: memset(mask, s.amount > 0 ? 0xAA : 0x55, size); break;
    case RANDOM:
    case ALMOST: random = s.amount < 0 ? random : (uint32_t)s.amount; break;
    default: break;
    }
    if (s.name == RAGGED) {
        for (uint32_t i = done; i < done + unit && i < size; i++) {
            mask[i] = draw(&random);
        }
    }
    for (uint32_t i = 0; i < size && (s.name == RANDOM || s.name == ALMOST); i++) {
        uint8_t drawn = draw(&random);
        mask[i] = s.name == RANDOM ? drawn : drawn & 0x3F ? 0xFF : 0xEF;
    }
}

// Changes `old` to `new` as far as the shape goes.
static void mix(uint8_t *old, const uint8_t *new, uint32_t size, struct shape s, uint32_t unit)
{
    uint8_t mask[BLOCK_MOST];
    mask_of(mask, size, s, unit);
    for (uint32_t i = 0; i < size; i++) {
        old[i] = (uint8_t)(old[i] ^ ((old[i] ^ new[i]) & mask[i]));
    }
}

static bool is_ff(const uint8_t *at, uint32_t size)
{
    return at[0] == 0xFF && !memcmp(at, at + 1, size - 1);
}

static int lose(struct flash *f)
{
    f->on = false;
    return TSME_DEVICE_GONE;
}

static void tear_erase(struct flash *f, uint32_t n, struct shape s)
{
    uint8_t ff[BLOCK_MOST];
    uint8_t *at = f->data + n * f->g.block;
    if (s.name == RAGGED) { // no shape of an erase
        s.name = NONE;
    }
    if (s.name == ALL || s.name == BLANK) {
        memset(at, 0xFF, f->g.block);
    } else if (s.name == ZEROS) {
        memset(at, 0, f->g.block);
    } else {
        memset(ff, 0xFF, f->g.block);
        mix(at, ff, f->g.block, s, f->g.unit);
    }
    if (s.name != NONE) {
        f->weak[n] = s.name != ALL;
        if (f->g.once) {
            memset(f->units + n * (f->g.block / f->g.unit), 0, f->g.block / f->g.unit);
        }
    }
}

/// The device ///

static struct world *world_of(struct flash *f)
{
    return (struct world *)((uint8_t *)f - offsetof(struct world, flash));
}

static int misused(struct flash *f, const char *what, uint32_t block, uint32_t off)
{
    world_wrong(world_of(f), "Violation: %s: block %u, offset %u", what, block, off);
    return TSME_DEVICE_GONE;
}

static int flash_read(void *context, uint32_t block, uint32_t off, uint8_t *to, uint32_t size)
{
    struct flash *f = context;
    if (block >= f->g.count || off + size > f->g.block) {
        return misused(f, "a read runs over the end", block, off);
    }
    memcpy(to, f->data + block * f->g.block + off, size);
    return 0;
}

// Nothing happens, and the device says so.
static int refuse(struct flash *f, uint32_t block)
{
    f->ops++;
    if (f->ops == f->cut) {
        return lose(f);
    }
    if (f->weak[block] != WORN) {
        f->weak[f->g.count] = 0;
        f->weak[block] = WORN;
    }
    return 5;
}

static int check_program(struct flash *f, uint32_t block, uint32_t off, const uint8_t *from,
                         uint32_t size)
{
    uint32_t unit = f->g.unit;
    if (block >= f->g.count || off % unit || size % unit || !size || off + size > f->g.block) {
        return misused(f, "that cannot be programmed at once", block, off);
    }
    if (f->weak[block]) {
        return misused(f, "it was never erased to the end", block, off);
    }
    const uint8_t *at = f->data + block * f->g.block + off;
    const uint8_t *units = f->units + (block * f->g.block + off) / unit;
    for (uint32_t i = 0; f->g.once && i < size / unit; i++) {
        if (units[i]) {
            return misused(f, "a unit is programmed twice", block, off);
        }
    }
    for (uint32_t i = 0; i < size; i++) {
        if (from[i] != 0xFF && (from[i] & ~at[i])) {
            return misused(f, "bits cannot be set again", block, off);
        }
    }
    return 0;
}

static int program(struct flash *f, uint32_t block, uint32_t off, const uint8_t *from,
                   uint32_t size)
{
    uint8_t new[BLOCK_MOST];
    int error = check_program(f, block, off, from, size);
    if (error) {
        return error;
    }
    uint8_t *at = f->data + block * f->g.block + off;
    uint8_t *units = f->units + (block * f->g.block + off) / f->g.unit;
    for (uint32_t i = 0; i < size; i++) {
        new[i] = at[i] & from[i];
    }
    f->ops++;
    if (f->ops != f->cut) {
        memcpy(at, new, size);
        if (f->g.once) {
            memset(units, 1, size / f->g.unit);
        }
        return 0;
    }
    struct shape s = f->shape;
    if (s.name == BEGUN || s.name == ZEROS || s.name == ALMOST || s.name == BLANK) {
        s.name = NONE; // no shape of a program operation
    }
    mix(at, new, size, s, f->g.unit);
    for (uint32_t i = 0; f->g.once && i < size; i += f->g.unit) {
        units[i / f->g.unit] = !is_ff(at + i, f->g.unit);
    }
    return lose(f);
}

static void tell_program(const struct flash *f, uint32_t block, uint32_t off, const uint8_t *from,
                         uint32_t size)
{
    uint32_t shown = size;
    while (shown && from[shown - 1] == 0xFF) {
        shown--;
    }
    printf("  %u: program %u bytes at %u of block %u: ", f->ops + 1 - f->life, size, off, block);
    uint32_t first = shown < 24 ? shown : 24;
    for (uint32_t i = 0; i < first; i++) {
        printf("%s%02x", i && (first - i) % 4 == 0 ? " " : "", from[i]);
    }
    printf("%s\n", shown > 24 ? " .." : "");
}

static int flash_program(void *context, uint32_t block, uint32_t off, const uint8_t *from,
                         uint32_t size)
{
    struct flash *f = context;
    uint8_t part[BLOCK_MOST];
    if (f->tell) {
        tell_program(f, block, off, from, size);
    }
    note(f, block, off, from, size);
    uint8_t fails = f->weak[f->g.count];
    if (f->weak[block] == WORN || fails == FAIL_TOLD) {
        return refuse(f, block);
    }
    if (fails != FAIL_PROGRAM) {
        return program(f, block, off, from, size);
    }
    // Half of it is programmed, the rest never will be, and the device does not say so.
    memset(part, 0xFF, size);
    memcpy(part, from, size / 2);
    f->weak[f->g.count] = 0;
    int done = program(f, block, off, part, size);
    if (!done) {
        f->weak[block] = WORN;
    }
    return done;
}

static int flash_erase(void *context, uint32_t block)
{
    struct flash *f = context;
    if (f->tell) {
        printf("  %u: erase block %u\n", f->ops + 1 - f->life, block);
    }
    note(f, block, 0, 0, 0);
    if (f->weak[block] == WORN || f->weak[f->g.count] == FAIL_ERASE) {
        return refuse(f, block);
    }
    f->ops++;
    if (f->ops == f->cut) {
        tear_erase(f, block, f->shape);
        return lose(f);
    }
    tear_erase(f, block, (struct shape){ALL, -1});
    return 0;
}

struct tsme_device flash_device(struct flash *f)
{
    return (struct tsme_device){.read = flash_read,
                                .program = flash_program,
                                .erase = flash_erase,
                                .mapped = f->g.count % 2 ? f->data : 0, // both ways
                                .context = f,
                                .size = f->g.block,
                                .count = f->g.count,
                                .unit = f->g.unit,
                                .once = f->g.once};
}

// Leaves the flash as a cut in `op` does.
void flash_tear(struct flash *f, const struct op *op, struct shape shape)
{
    struct trace *trace = f->trace;
    f->trace = 0;
    flash_restore(f, op->before);
    f->cut = f->ops + 1;
    f->shape = shape;
    if (op->erases) {
        flash_erase(f, op->block);
    } else {
        flash_program(f, op->block, op->off, op->buf, op->size);
    }
    f->on = true;
    f->cut = 0;
    f->trace = trace;
}

/// Shapes ///

static uint32_t add(struct shape *shapes, uint32_t count, int name, int64_t amount)
{
    for (uint32_t i = 0; i < count; i++) {
        if (shapes[i].name == name && shapes[i].amount == (int)amount) {
            return count;
        }
    }
    shapes[count] = (struct shape){name, (int)amount};
    return count + 1;
}

static uint32_t program_shapes(int64_t size, int64_t unit, struct shape *s)
{
    const int64_t firsts[] = {1,  3,  4,  8,  9,        20,       31,      32,
                              40, 52, 64, 72, size / 2, size - 4, size - 1};
    const int64_t lasts[] = {1, 24, size / 2, size - 4, size - 1};
    const int64_t ragged[] = {0, 8, 32, 64, size / 2, size - 1};
    uint32_t n = add(s, 0, NONE, -1);
    for (uint32_t i = 0; i < 15; i++) {
        n = firsts[i] < size ? add(s, n, FIRST, firsts[i]) : n;
    }
    for (uint32_t i = 0; i < 5; i++) {
        n = lasts[i] < size ? add(s, n, LAST, lasts[i]) : n;
    }
    n = add(s, n, HALF, 0);
    n = add(s, n, HALF, 1);
    for (int i = 1; i < 4; i++) {
        n = add(s, n, RANDOM, i);
    }
    for (uint32_t i = 0; i < 6; i++) {
        n = ragged[i] < size ? add(s, n, RAGGED, ragged[i] / unit * unit) : n;
    }
    return add(s, n, ALL, -1);
}

static uint32_t erase_shapes(int64_t block, int64_t slot, struct shape *s)
{
    const int64_t rest[] = {slot, 2 * slot, block / 2, block - 2 * slot, block - slot};
    uint32_t n = add(s, 0, NONE, -1);
    n = add(s, n, BEGUN, -1);
    n = add(s, n, ZEROS, -1);
    n = add(s, n, FIRST, 8);
    for (uint32_t i = 0; i < 5; i++) {
        n = add(s, n, FIRST, rest[i]);
    }
    for (uint32_t i = 0; i < 5; i++) {
        n = add(s, n, LAST, rest[i]);
    }
    n = add(s, n, LAST, block - 8);
    for (int i = 0; i < 2; i++) {
        n = add(s, n, HALF, i);
        n = add(s, n, RANDOM, i + 1);
        n = add(s, n, ALMOST, i + 1);
    }
    n = add(s, n, BLANK, -1);
    return add(s, n, ALL, -1);
}

// Every shape in which `op` may be torn; at most SHAPES_MOST.
uint32_t shapes_of(const struct op *op, const struct geometry *g, struct shape *shapes)
{
    if (op->erases) {
        return erase_shapes(g->block, g->once && g->unit > 32 ? g->unit : 32, shapes);
    }
    return program_shapes(op->size, g->unit, shapes);
}

// Leaves one of each kind; which one depends on `turn`.
uint32_t few_of(struct shape *shapes, uint32_t count, uint32_t turn)
{
    struct shape all[SHAPES_MOST];
    struct shape of[SHAPES_MOST];
    uint32_t left = 0;
    memcpy(all, shapes, count * sizeof *shapes);
    for (int name = 0; name < SHAPES; name++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (all[i].name == name) {
                of[n++] = all[i];
            }
        }
        if (n) {
            shapes[left++] = of[turn % n];
        }
    }
    return left;
}
