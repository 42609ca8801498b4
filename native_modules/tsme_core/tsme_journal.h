// TSME's journal: records on flash, of which none is ever lost (docs/SPEC.md, section 4).
//
// A journal is a ring of erase blocks. A record is durable when tsme_journal_commit gives 0;
// the power may go at any moment, in the middle of any operation of the flash. What is found
// afterwards is every durable record behind the newest checkpoint, and perhaps the one that
// was being written. It writes the bytes that tsme/journal writes in Python, with the same
// operations of the flash in the same order, and makes the same decisions.
//
// The flash is a struct of callbacks; all memory is handed over; nothing is global, so that
// as many journals as there are run side by side. It knows bytes, not steps: the engine
// (tsme.h) makes bodies of records, and whoever has both puts one into the other.
//
//     struct tsme_journal j;
//     struct tsme_walk walk;
//     struct tsme_info info;
//     tsme_journal_open(&j, &config);                  // fits the device?
//     tsme_journal_recover(&j, &walk, &info);          // writes nothing
//     while (tsme_journal_next(&walk) == TSME_WALK_RECORD) {
//         ...                                          // the newest checkpoint, steps behind it
//     }
//     tsme_journal_commit(&j, TSME_JOURNAL_STEP, parts, 2);
//
// Every function that gives an int gives 0 or what its comment says, or a negative number of
// the enum below. After an error of a commit other than TSME_J007 and TSME_J008 only
// tsme_journal_recover can tell whether the record is there.

#ifndef TSME_JOURNAL_H
#define TSME_JOURNAL_H

#include "tsme_part.h"

#include <stdbool.h>
#include <stdint.h>

// Errors. TSME-Jnnn of docs/ERRORS.md is -100 - nnn. What their texts name is in `numbers` of
// the journal, in the order of the comment.
enum {
    TSME_JOURNAL_GONE = -100, // a callback gave TSME_DEVICE_GONE; nothing was done after it
    TSME_J001 = -101,         // blocks, bytes of one, bytes of a slot, of a unit: not possible
    TSME_J002 = -102,         // block: it holds something that is not a journal
    TSME_J003 = -103,         // version of the journal, the one that is known here
    TSME_J004 = -104,         // blocks, bytes of one, of a slot, once: the journal's; then here
    TSME_J005 = -105,         // record, block, offset: it is damaged
    TSME_J006 = -106,         // the newest checkpoint cannot be read
    TSME_J007 = -107,         // bytes asked, limit: a record is too large
    TSME_J008 = -108,         // bytes asked, limit: .. before the next checkpoint
    TSME_J009 = -109,         // block, TSME_CANNOT_.., what the device said, or TSME_SAYS_..
    TSME_J010 = -110,         // it must be recovered first
    TSME_J011 = -111,         // blocks that have failed, of how many: worn out
    TSME_J012 = -112,         // TSME_LIE_.., its numbers: the device keeps no journal
    TSME_J017 = -117,         // first block, blocks of the file system: it reaches in here
};

// numbers[1] of TSME_J009, and numbers[2] where it is not what the device said.
enum { TSME_CANNOT_READ = 0, TSME_CANNOT_PROGRAM = 1, TSME_CANNOT_ERASE = 2 };
#define TSME_SAYS_OTHERWISE 0x80000001u // nothing, but it reads otherwise afterwards
#define TSME_SAYS_STAYS     0x80000002u // nothing, but the head that was there stays

// numbers[0] of TSME_J012, and what follows.
enum {
    TSME_LIE_ERASE = 1,      // block: it is not blank after it was erased
    TSME_LIE_PROGRAM = 2,    // block, 1 if program_size may be the cure: does not hold it
    TSME_LIE_SAME = 3,       // block, block: they are the same memory
    TSME_LIE_SPILLS = 4,     // block, 1 if program_size may be the cure: the rest changed
    TSME_LIE_OVERWRITES = 5, // it overwrites, and does not program
    TSME_LIE_LARGER = 6,     // block, bytes of a block: erasing it erased the next one
};

enum { TSME_JOURNAL_STEP = 1, TSME_JOURNAL_CHECKPOINT = 2 }; // kinds of records

enum {
    TSME_JOURNAL_BUFFER = 256,        // bytes of a buffer: the least, and what it is a multiple of
    TSME_JOURNAL_BUFFER_LARGE = 1024, // .. the least if a slot has 256 bytes
    TSME_JOURNAL_STEPS = 256,         // steps behind a checkpoint until the next is due
    TSME_JOURNAL_TRANSITIONS = 4096,  // transitions ..
};

// What a callback gives if nothing more may be done: the call ends at once.
#define TSME_DEVICE_GONE INT32_MIN

// NOR flash, or what behaves so: programming clears bits, erasing sets those of a block. Each
// callback gives 0, or any other number if it failed (TSME_J009 has it), or TSME_DEVICE_GONE.
// One that never comes back (an exception that jumps) is as good: the journal is then one
// that must be recovered.
struct tsme_device {
    int (*read)(void *context, uint32_t block, uint32_t offset, uint8_t *to, uint32_t size);

    // `offset` and `size` are multiples of `unit`. It never erases.
    int (*program)(void *context, uint32_t block, uint32_t offset, const uint8_t *from,
                   uint32_t size);
    int (*erase)(void *context, uint32_t block);
    int (*sync)(void *context); // what was programmed is to be there; null: it always is

    // 1 if a file system that begins before the region reaches into it, which begins at
    // block `start` and has `blocks`; asked at power-up, before a claim and before formatting.
    // Null: there is no such thing.
    int (*shared)(void *context, uint32_t *start, uint32_t *blocks);

    // The region as memory, at a multiple of 4, where flash is mapped so: `read` is not asked
    // then, and what was programmed is compared in its place. Null: it is not.
    const uint8_t *mapped;

    void *context;  // handed to all of them
    uint32_t size;  // bytes of a block: a multiple of 256, at least 8 slots; no default
    uint32_t count; // blocks, 2 .. 65535; no default
    uint32_t unit;  // bytes programmed at once, 1 .. 256, a power of two; 0: 32
    bool once;      // nothing may be programmed twice (ECC); default false
};

// What the caller provides; `buffer` and `blocks` must stay while the journal is used.
struct tsme_journal_config {
    struct tsme_device device;
    uint32_t slot; // bytes in which a record begins: 32 .. 256, a power of two; 0: 32

    // What is programmed is put together here. Nothing in it outlives a call, so that journals
    // that are not used at the same time share it. A record that does not fit takes more than
    // one operation of the flash; it costs no more otherwise.
    uint8_t *buffer;
    uint32_t buffer_size; // bytes: a multiple of TSME_JOURNAL_BUFFER; no default

    // What is known of each block, the journal's own: two bits.
    uint8_t *blocks;
    uint32_t blocks_size; // bytes: at least TSME_JOURNAL_BLOCKS(device.count); no default
};

#define TSME_JOURNAL_BLOCKS(count) (((count) + 7) / 8 * 2)

// Everything of a journal. Its fields are its own; those that others may read have functions.
struct tsme_journal {
    struct tsme_device device;
    uint8_t *buffer;
    uint8_t *worn; // a bit for each block that has failed ..
    uint8_t *ring; // .. and for each that a walk goes through
    uint32_t buffer_size;
    uint32_t slot;    // bytes, at least the unit of flash that is programmed once
    uint32_t unit;    // bytes, at least 32: whole slots cost hardly more
    uint32_t data;    // offset of a block's first bytes of records
    uint32_t end;     // offset at which records end: the seal's place, or the block's end
    uint32_t base;    // generation g is in block (base + g) mod count, 0 .. count - 1
    uint32_t claimed; // the block that claims the region, or TSME_NO_BLOCK

    uint32_t number;     // of the next record
    uint32_t chain;      // crc of the last one
    uint32_t generation; // of the block being written; 0 before the first
    uint32_t block;      // .. its number
    uint32_t off;        // .. where the next record begins, `end` if in another block
    uint32_t newest;     // blocks up to this generation may hold what was never committed
    uint32_t since;      // generation of the newest checkpoint, or of record 0; 0: of none
    uint32_t steps;      // behind it
    uint32_t ready;      // generation that the next block is erased and marked for, or 0
    uint32_t worn_count;
    uint32_t reserve; // blocks that a checkpoint may take
    uint32_t kept;    // .. and one that may fail
    uint32_t most;    // bytes that a record may have
    uint8_t live;     // 0: it must be recovered; 1: it can commit; 2: seals are missing
    bool owned;       // the region has been claimed and tried

    uint32_t numbers[8]; // of the last error
};

#define TSME_NO_BLOCK UINT32_MAX

// What recovery has found.
struct tsme_info {
    uint32_t records;    // committed in all, also those no longer kept
    uint32_t steps;      // behind the newest checkpoint
    uint32_t blocks;     // of the ring, that recovery needs
    uint32_t generation; // of the block being written
    uint32_t retired;    // blocks that have failed
    bool torn;           // something behind the last record was never committed
};

// What tsme_journal_next gives.
enum {
    TSME_WALK_END = 0,
    TSME_WALK_RECORD = 1, // kind, number, size, body, block, offset
    TSME_WALK_DAMAGE = 2, // number, until, block, offset
};

// A way through records, oldest first: memory of the caller's for as long as it reads. There is
// one at a time for a journal, and nothing may be committed meanwhile.
struct tsme_walk {
    struct tsme_journal *journal;

    // Of the record, or of the damage.
    uint32_t number;
    uint32_t block;
    uint32_t offset;
    uint32_t size;       // bytes of the body, 0 .. 0xFFFFFF
    const uint8_t *body; // until the next call with the journal, if it fits the buffer; or null
    uint32_t until;      // of damage: the next record that can be read, if `known`
    bool known;
    uint8_t kind; // TSME_JOURNAL_STEP or _CHECKPOINT

    // Where it is, for tsme_journal_next alone.
    uint32_t generation, off, next, chain;    // the record to come
    uint32_t at_generation, at_off, at_chain; // the last one
    uint32_t crc, computed;                   // .. its crc, what it should be
    uint32_t end_generation, end_off;         // .. where it ends
    uint32_t here, after, ahead, ahead_chain; // what the next block begins with
    uint32_t last, newest, oldest;            // generations
    uint32_t doomed;                          // .. up to which blocks may be half erased
    uint32_t limit;                           // .. after recovery: where it ends, a number
    bool has_computed, begins, ended, torn, gone, recovered;
};

// Whether the device can hold a journal, by its numbers: 0, TSME_J001. It touches nothing.
int tsme_journal_open(struct tsme_journal *j, const struct tsme_journal_config *config);

// Erases everything and claims the region, the oldest block first: cut off, it leaves the newest
// state or none. The journal can commit afterwards.
int tsme_journal_format(struct tsme_journal *j);

// After a reset, before all else: finds what is durable, and writes nothing. Then
// tsme_journal_next gives the newest checkpoint, if there is one, and the steps behind it.
int tsme_journal_recover(struct tsme_journal *j, struct tsme_walk *walk, struct tsme_info *info);

// For tools: a walk through all records that can be read. Nothing need be recovered before.
int tsme_journal_records(struct tsme_journal *j, struct tsme_walk *walk);

// TSME_WALK_RECORD, _DAMAGE or _END, or an error. After tsme_journal_recover there is no damage.
int tsme_journal_next(struct tsme_walk *walk);

// The whole body of the record that was given last, `size` bytes.
int tsme_journal_body(struct tsme_walk *walk, uint8_t *to);

// Appends a record, whose body is the parts one behind the other; its number is then
// `number - 1`. After TSME_J007 and TSME_J008 nothing was written, and the journal goes on; a
// checkpoint makes room after TSME_J008.
int tsme_journal_commit(struct tsme_journal *j, uint8_t kind, const struct tsme_part *parts,
                        uint32_t count);

// The same for a checkpoint: what is older need not be kept.
int tsme_journal_checkpoint(struct tsme_journal *j, const struct tsme_part *parts, uint32_t count);

// Erases and marks the next block, so that no commit has to: 1 if there was something to do.
int tsme_journal_idle(struct tsme_journal *j);

// Whether recovery would have to go through more than it may, with so many transitions since
// the last checkpoint, or hardly any room is left.
bool tsme_journal_needs_checkpoint(const struct tsme_journal *j, uint32_t transitions);

// .. with another number of steps than the journal has counted itself.
bool tsme_journal_is_due(const struct tsme_journal *j, uint32_t steps, uint32_t transitions);

uint32_t tsme_journal_most(const struct tsme_journal *j); // bytes that a record may have
uint32_t tsme_journal_room(const struct tsme_journal *j); // .. the next step, before a checkpoint
bool tsme_journal_retired(const struct tsme_journal *j, uint32_t block); // it has failed

#endif
