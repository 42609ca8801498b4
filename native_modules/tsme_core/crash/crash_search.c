// Cut everywhere, recover, cut again, recover, run on; as tests/crash/explore.py and plan.py do.

#include "crash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 3, STARTS_MOST = 7, ALL_OF_THEM = -1, KINDS_MOST = 64, GEOMETRIES_MOST = 32 };

// What a life does after a cut, until it is cut as well: this is where a journal repairs. And
// what the next one does, which nobody cuts. They take turns.
static const char *const following[] = {"is", "s", "L", "ic", "m", "C", "iL", "cs"};
static const char *const run_on[] = {"s", "is", "e", "c", "m"};
static const char actions[] = "szemfLcCir";
static const char wears[] = "wpq";
static const char wandering[] = "ssssszeeemmmffLLccCiiiir";

// Lives that were led, and what they left.
struct base {
    struct life lives[LIVES_MOST];
    uint32_t count;
    uint8_t flash[STATE_MOST];
    struct mind mind;
};

// Numbers of states that have been there: 64 bits each, in a table that grows.
struct set {
    uint64_t *at;
    uint64_t size, used;
};

static struct {
    const struct geometry *g;
    struct world world;
    struct trace traces[2];
    struct set seen, followed;
    struct base base, torn;
    uint64_t random;
    uint32_t turn;
    bool stop;
    struct search_told told;
    bool (*tick)(const struct search_told *told, const char *text, const char *what);
    uint64_t kinds[KINDS_MOST]; // of violations, and their shortest reproducers
    size_t shortest[KINDS_MOST];
} s;

/// Sets ///

// True if it was not there; there is room.
static bool insert(struct set *set, uint64_t n)
{
    n += !n;
    uint64_t i = n & (set->size - 1);
    while (set->at[i]) {
        if (set->at[i] == n) {
            return false;
        }
        i = (i + 1) & (set->size - 1);
    }
    set->at[i] = n;
    set->used++;
    return true;
}

static void grow(struct set *set)
{
    struct set old = *set;
    set->size = old.size ? 2 * old.size : 1 << 16;
    set->used = 0;
    set->at = calloc(set->size, sizeof *set->at);
    if (!set->at) {
        fprintf(stderr, "crash: no memory for more states\n");
        exit(2);
    }
    for (uint64_t i = 0; i < old.size; i++) {
        if (old.at[i]) {
            insert(set, old.at[i]);
        }
    }
    free(old.at);
}

static bool put(struct set *set, uint64_t n)
{
    if (set->used * 3 >= set->size * 2) {
        grow(set);
    }
    return insert(set, n);
}

static uint32_t random_below(uint32_t most)
{
    s.random = s.random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((s.random >> 33) % most);
}

/// Violations ///

// The same for those that differ in numbers alone.
static uint64_t kind_of(const char *what)
{
    uint64_t h = 0;
    for (; *what && *what != '['; what++) {
        if (*what < '0' || *what > '9') {
            h = hash_of((const uint8_t *)what, 1, h);
        }
    }
    return h;
}

static void violated(const struct life *lives, uint32_t count, const struct life *more,
                     uint32_t more_count)
{
    struct life all[LIVES_MOST];
    char text[TEXT_MOST];
    s.told.violations++;
    uint64_t kind = kind_of(s.world.wrong);
    memcpy(all, lives, count * sizeof *all);
    for (uint32_t i = 0; i < more_count && count < LIVES_MOST; i++) {
        all[count++] = more[i];
    }
    lives_write(s.g, all, count, text);
    for (uint32_t i = 0; i < KINDS_MOST; i++) {
        if (!s.kinds[i] || s.kinds[i] == kind) {
            if (!s.kinds[i] || strlen(text) < s.shortest[i]) {
                s.kinds[i] = kind;
                s.shortest[i] = strlen(text);
                s.stop = s.stop || !s.tick(&s.told, text, s.world.wrong);
            }
            break;
        }
    }
    s.world.wrong[0] = 0;
}

/// Exploring ///

static struct life life_of(const char *letters, const struct op *op, struct shape shape)
{
    struct life life;
    memset(&life, 0, sizeof life);
    strncpy(life.letters, letters, sizeof life.letters - 1);
    life.op = op ? (int)op->number : 0;
    life.shape = shape;
    return life;
}

static const struct shape no_shape = {NONE, -1};

static void restore(const uint8_t *flash, const struct mind *mind)
{
    flash_restore(&s.world.flash, flash);
    mind_copy(&s.world.mind, mind);
}

static void keep(struct base *b)
{
    memcpy(b->flash, s.world.flash.state, s.world.flash.size);
    mind_copy(&b->mind, &s.world.mind);
}

// Leads a life, uncut: notes its operations from letter `first` on. False if it goes wrong.
static bool trace(const struct base *b, const char *letters, size_t first, struct trace *t)
{
    struct world *w = &s.world;
    trace_clear(t);
    restore(b->flash, &b->mind);
    bool good = world_boot(w, true);
    w->flash.life = w->flash.ops;
    for (size_t i = 0; good && letters[i]; i++) {
        w->flash.trace = i >= first ? t : 0;
        good = world_act(w, letters[i]);
    }
    w->flash.trace = 0;
    good = good && world_boot(w, true);
    if (!good) {
        struct life life = life_of(letters, 0, no_shape);
        violated(b->lives, b->count, &life, 1);
    }
    return good;
}

// Leaves the flash torn; a number for that state, which tells it from all others.
static uint64_t tear(const struct op *op, struct shape shape)
{
    struct world *w = &s.world;
    flash_tear(&w->flash, op, shape);
    mind_copy(&w->mind, op->mind);
    world_power_went(w);
    uint64_t must = w->mind.sum ^ (uint64_t)w->mind.count << 1 ^ w->mind.writing;
    if (w->mind.writing) {
        must = hash_of((const uint8_t *)&w->mind.under, sizeof w->mind.under, must);
    }
    must = hash_of((const uint8_t *)s.g, offsetof(struct geometry, once), must + s.g->once);
    return hash_of(w->flash.state, w->flash.size, must);
}

static void second(const struct base *torn, const char *letters, const struct op *op,
                   struct shape shape)
{
    struct world *w = &s.world;
    if (!put(&s.seen, tear(op, shape))) {
        return;
    }
    s.told.states++;
    const char *on = run_on[s.told.states % (sizeof run_on / sizeof *run_on)];
    bool good = world_boot(w, true);
    for (const char *letter = on; good && *letter; letter++) {
        good = world_act(w, *letter);
    }
    if (!good || !world_boot(w, s.told.states % 8 == 0)) {
        const struct life more[2] = {life_of(letters, op, shape), life_of(on, 0, no_shape)};
        violated(torn->lives, torn->count, more, 2);
    }
}

// A cut, and then a life that is cut in `seconds` of its operations again, or in ALL_OF_THEM.
static void first(const struct base *b, const char *letters, const struct op *op,
                  struct shape shape, int seconds)
{
    struct base *torn = &s.torn;
    s.stop = s.stop || !s.tick(&s.told, 0, 0);
    uint64_t number = tear(op, shape);
    if (s.stop || b->count >= LIVES_MOST || !put(&s.followed, number)) {
        return;
    }
    s.told.states += put(&s.seen, number);
    memcpy(torn->lives, b->lives, b->count * sizeof *b->lives);
    torn->lives[b->count] = life_of(letters, op, shape);
    torn->count = b->count + 1;
    keep(torn);
    s.turn++;
    const char *next = following[s.turn % (sizeof following / sizeof *following)];
    struct trace *t = &s.traces[1];
    if (!trace(torn, next, 0, t)) {
        return;
    }
    uint32_t count = t->count;
    if (seconds != ALL_OF_THEM && (uint32_t)seconds < count) {
        count = (uint32_t)seconds;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct shape shapes[SHAPES_MOST];
        const struct op *op2 = &t->ops[count < t->count ? (s.turn + i) % t->count : i];
        uint32_t n = few_of(shapes, shapes_of(op2, s.g, shapes), s.turn);
        for (uint32_t k = 0; k < n; k++) {
            second(torn, next, op2, shapes[k]);
        }
    }
}

// Cuts a life in each operation of its last action, in every shape. Each state is followed by a
// life that is cut in each operation again. Not `whole`: one shape of each kind, and what follows
// is not cut.
static void word(const struct base *b, const char *letters, bool whole)
{
    struct trace *t = &s.traces[0];
    s.told.workloads++;
    if (!trace(b, letters, strlen(letters) - 1, t)) {
        return;
    }
    for (uint32_t i = 0; i < t->count && !s.stop; i++) {
        struct shape shapes[SHAPES_MOST];
        uint32_t n = shapes_of(&t->ops[i], s.g, shapes);
        n = whole ? n : few_of(shapes, n, s.turn);
        for (uint32_t k = 0; k < n && !s.stop; k++) {
            first(b, letters, &t->ops[i], shapes[k], whole ? ALL_OF_THEM : 0);
        }
    }
}

// Leads lives from fresh flash on; false if something goes wrong already.
static bool lead(struct base *b)
{
    struct world *w = &s.world;
    world_make(w, s.g);
    if (!lives_lead(w, b->lives, b->count) || !world_boot(w, true)) {
        violated(b->lives, b->count, 0, 0);
        return false;
    }
    keep(b);
    return true;
}

/// The plan ///

static void add_life(struct base *b, const char *pattern, uint32_t times, const char *last)
{
    struct life *l = &b->lives[b->count++];
    memset(l, 0, sizeof *l);
    l->shape = no_shape;
    for (uint32_t i = 0; i < times; i++) {
        strncat(l->letters, pattern, sizeof l->letters - 1 - strlen(l->letters));
    }
    strncat(l->letters, last, sizeof l->letters - 1 - strlen(l->letters));
}

// What had happened before a workload begins, number `which`; false if there is none such.
// Nothing; the ring has gone round and the next block is erased; gone round, at a block's very
// end, with a block to erase; gone round, and the last commit was torn. Where there are blocks
// to spare: gone round, and a block is about to fail; where not: new, and every claim was torn.
static bool start(struct base *b, uint32_t which)
{
    static const char *const wear[] = {"cw", "cp", "cq"};
    uint32_t n = s.g->count;
    b->count = 0;
    switch (which) {
    case 0: break;
    case 1: add_life(b, "mL", n, "ci"); break;
    case 2: add_life(b, "Lm", n, "f"); break;
    case 3:
        add_life(b, "mL", n, "");
        add_life(b, "m", 1, "");
        b->lives[1].op = 1;
        b->lives[1].shape = (struct shape){FIRST, 40};
        break;
    default:
        if (n >= 4) {
            add_life(b, "mL", n, wear[which - 4]);
        }
        for (uint32_t i = 0; n < 4 && i < n; i++) {
            add_life(b, "s", 1, "");
            b->lives[i].op = 1;
            b->lives[i].shape = (struct shape){FIRST, 1};
        }
        return n >= 4 || which == 4;
    }
    return true;
}

// All workloads of so many actions.
static void every(const struct base *b, uint32_t length, bool whole)
{
    char letters[DEPTH + 1] = "";
    uint32_t count = 1;
    uint32_t base = sizeof actions - 1;
    for (uint32_t i = 0; i < length; i++) {
        count *= base;
    }
    for (uint32_t n = 0; n < count && !s.stop; n++) {
        uint32_t left = n;
        for (uint32_t i = length; i-- > 0; left /= base) {
            letters[i] = actions[left % base];
        }
        letters[length] = 0;
        word(b, letters, whole);
    }
}

// Letters of a longer life, in which a block may wear out.
static void draw_letters(char *letters, bool *worn)
{
    uint32_t n = 4 + random_below(13);
    uint32_t at = s.g->count >= 4 && !*worn && random_below(10) == 0 ? random_below(n) : n;
    for (uint32_t i = 0; i < n; i++) {
        const char *from = i == at ? wears : wandering;
        *letters++ = from[random_below((uint32_t)strlen(from))];
    }
    *letters = 0;
    *worn = *worn || at < n;
}

// A longer life, cut at some places; and then led on, perhaps cut. False if there is nothing more.
static bool wander_life(struct base *b, const char *letters)
{
    struct trace *t = &s.traces[0];
    struct shape shapes[SHAPES_MOST];
    struct life *life = &b->lives[b->count];
    s.told.workloads++;
    if (!trace(b, letters, 0, t)) {
        return false;
    }
    *life = life_of(letters, 0, no_shape);
    for (uint32_t i = 0; i < 40 && t->count && !s.stop; i++) {
        const struct op *op = &t->ops[random_below(t->count)];
        uint32_t n = shapes_of(op, s.g, shapes);
        struct shape shape = shapes[random_below(n)];
        if (i == 0 && random_below(10) < 7) {
            *life = life_of(letters, op, shape);
        }
        first(b, letters, op, shape, 2);
    }
    b->count++;
    return !s.stop && lead(b);
}

static void wander(uint32_t lives)
{
    char letters[40];
    bool worn = false;
    struct base *b = &s.base;
    b->count = 0;
    bool good = lead(b);
    for (uint32_t i = 0; i < lives && good; i++) {
        draw_letters(letters, &worn);
        good = wander_life(b, letters);
    }
}

// All workloads of a length on all flash, after every start; in between longer lives.
static void round_of(const struct geometry *geometries, uint32_t count, uint32_t length,
                     bool again)
{
    for (uint32_t i = 0; i < count; i++) {
        s.g = &geometries[i];
        for (uint32_t j = 0; j < STARTS_MOST && !s.stop; j++) {
            char name[24];
            bool first_of_all = length < DEPTH || (i == 0 && j < 2);
            if (!start(&s.base, j) || (again && first_of_all)) {
                continue;
            }
            geometry_write(s.g, name);
            snprintf(s.told.under_way, sizeof s.told.under_way, "%u actions on %s", length, name);
            if (lead(&s.base)) {
                every(&s.base, length, again || first_of_all);
            }
            if (!s.stop) {
                wander(5);
            }
        }
    }
}

// Every workload of up to three actions after every start, the shorter ones first; those of three
// actions but for a few are cut in one shape of each kind first, and wholly afterwards. Then
// longer lives without end.
void search(const struct geometry *geometries, uint32_t count, uint32_t seed,
            bool (*tick)(const struct search_told *told, const char *text, const char *what))
{
    s.random = seed * 0x9E3779B97F4A7C15u + 1;
    s.tick = tick;
    for (uint32_t length = 1; length <= DEPTH; length++) {
        round_of(geometries, count, length, false);
    }
    round_of(geometries, count, DEPTH, true);
    snprintf(s.told.under_way, sizeof s.told.under_way, "longer lives");
    while (!s.stop) {
        for (uint32_t i = 0; i < count && !s.stop; i++) {
            s.g = &geometries[i];
            wander(5);
        }
    }
}
