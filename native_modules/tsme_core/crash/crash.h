// The crash proof of the journal in C (docs/PROOF.md): the power may go at any operation of the
// flash, in the middle of it, and again when the journal gets up. This is the program around
// it, for a computer; tests/crash has the same proof of the journal in Python, whose
// reproducers it takes and gives.

#ifndef CRASH_H
#define CRASH_H

#include "../tsme_journal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DATA_MOST = 16384, // bytes of flash
    COUNT_MOST = 32,   // blocks
    STATE_MOST = DATA_MOST + COUNT_MOST + 1 + DATA_MOST / 4,
    BLOCK_MOST = 4096,
    RECORDS_MOST = 1024, // that a journal has in all its lives
    OPS_MOST = 1024,     // operations of the flash in a life
    SHAPES_MOST = 48,
    TEXT_MOST = 400, // characters of a reproducer
    LIVES_MOST = 40, // in it
};

// A shape of flash: 256x3p32, or 256x3e32 if nothing may be programmed twice.
struct geometry {
    uint32_t block, count, unit;
    bool once;
};

// What a torn operation leaves.
enum { NONE, BEGUN, FIRST, LAST, HALF, RANDOM, RAGGED, ZEROS, ALMOST, BLANK, ALL, SHAPES };
extern const char shape_letters[SHAPES + 1];
extern const char *const shape_names[SHAPES];

struct shape {
    int name;   // NONE ..
    int amount; // bytes, or what to draw from; -1 for none
};

// A life: what is done, and the operation in which the power goes (0: it does not).
struct life {
    char letters[40];
    int op;
    struct shape shape;
};

/// What must be in a journal: a list (crash_oracle.c) ///

enum { STEP = 1, CHECKPOINT = 2 };
enum { BODY, DUE, ROOM }; // what a record says

struct record {
    uint8_t kind;  // STEP or CHECKPOINT
    uint8_t tag;   // BODY ..
    uint16_t size; // bytes
    uint32_t seed; // what its bytes depend on
};

struct mind {
    uint64_t sum;   // of what was committed, to tell states apart
    uint32_t count; // of records that were committed
    bool writing;   // `under` is being written
    bool cut;       // the power went since the last commit: something may be torn
    struct record under;
    struct record records[RECORDS_MOST];
};

/// Flash that remembers what it was asked (crash_flash.c) ///

enum { WORN = 2 };                                        // in `weak`: it fails for ever
enum { FAIL_ERASE = 1, FAIL_PROGRAM = 2, FAIL_TOLD = 3 }; // what fails next

struct op {
    uint32_t number; // in its life, from 1
    uint32_t block, off, size;
    bool erases;
    uint8_t *before;   // the state of the flash
    struct mind *mind; // what must be there
    uint8_t *buf;
};

struct trace {
    struct op ops[OPS_MOST];
    uint32_t count;
    uint8_t *room; // where states and minds lie
    size_t used, most;
};

struct flash {
    struct geometry g;
    uint32_t size;  // bytes of the state: data, weak, units
    uint32_t bytes; // .. of the data
    uint8_t *data, *weak, *units;
    uint8_t state[STATE_MOST];
    uint32_t ops;
    uint32_t life;      // `ops` when this life began
    uint32_t cut;       // the operation in which the power goes, or 0
    struct shape shape; // .. and how
    bool on;
    struct trace *trace;     // operations are noted, or null
    const struct mind *mind; // .. with this
    bool tell;               // each operation is printed
};

void flash_make(struct flash *f, const struct geometry *g);
struct tsme_device flash_device(struct flash *f);
void flash_restore(struct flash *f, const uint8_t *state);
void flash_tear(struct flash *f, const struct op *op, struct shape shape);
void trace_clear(struct trace *t);
uint64_t hash_of(const uint8_t *data, size_t size, uint64_t seed);
uint32_t shapes_of(const struct op *op, const struct geometry *g, struct shape *shapes);
uint32_t few_of(struct shape *shapes, uint32_t count, uint32_t turn);

/// A journal on it, and what goes wrong (crash_world.c) ///

struct world {
    struct flash flash;
    struct tsme_journal journal;
    struct mind mind;
    uint8_t buffer[1024];
    uint8_t blocks[TSME_JOURNAL_BLOCKS(COUNT_MOST)];
    bool tell;
    bool gone;       // the power went
    char wrong[300]; // what is wrong, or empty
};

void world_pool(const uint8_t *bytes); // 65,536 of them, for bodies
void world_make(struct world *w, const struct geometry *g);
bool world_boot(struct world *w, bool whole);
bool world_act(struct world *w, char letter);
bool world_wrong(struct world *w, const char *format, ...);
void world_power_went(struct world *w);

void mind_copy(struct mind *to, const struct mind *from);
size_t mind_size(const struct mind *m);

/// Lives as text (crash_lives.c) ///

bool geometry_read(const char **text, struct geometry *g);
void geometry_write(const struct geometry *g, char *text);
bool lives_read(const char *text, struct geometry *g, struct life *lives, uint32_t *count);
void lives_write(const struct geometry *g, const struct life *lives, uint32_t count, char *text);
bool lives_lead(struct world *w, const struct life *lives, uint32_t count);

/// The search (crash_search.c) ///

struct search_told {
    uint64_t states, workloads, violations;
    char under_way[64];
};

// Goes on until `tick` says no; it is asked before each cut state of the first kind.
void search(const struct geometry *geometries, uint32_t count, uint32_t seed,
            bool (*tick)(const struct search_told *told, const char *text, const char *what));

#endif
