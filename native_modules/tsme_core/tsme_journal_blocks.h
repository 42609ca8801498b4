// Inside the journal: the erase blocks, what they say of themselves, and what its parts call
// each other.
//
// Functions that do something to the flash give a negative number if all is over, and else
// whether it took: 1, or 0, and then the block has failed.

#ifndef TSME_JOURNAL_BLOCKS_H
#define TSME_JOURNAL_BLOCKS_H

#include "tsme_assert.h"
#include "tsme_journal.h"

enum {
    TSME_FLASH_VERSION = 1, // of the format
    TSME_HALF = 28,         // bytes of each of the two parts of a block's head
    TSME_SEAL = 4,          // bytes of the seal, behind the first
    TSME_RECORD_HEAD = 8,   // bytes of a record's head
    TSME_RECORD_MOST = 0xFFFFFF,
};

enum { TSME_DEAD = 0, TSME_LIVE = 1, TSME_UNSEALED = 2 }; // `live` of a journal

// What a block says: nothing; that it was erased to the end, and for which generation; what
// is in it, too.
enum { TSME_BLOCK_OTHER = 0, TSME_BLOCK_MARKED = 1, TSME_BLOCK_USED = 2 };

struct tsme_block_head {
    uint32_t generation, before, retired;      // MARKED and USED
    uint32_t first, number, chain, checkpoint; // USED alone
    uint8_t part[TSME_HALF];                   // the first part, as it reads
};

uint32_t tsme_get32(const uint8_t *at);
void tsme_put32(uint8_t *at, uint32_t n);
int tsme_fault(struct tsme_journal *j, int code, uint32_t a, uint32_t b, uint32_t c);

// Blocks and generations.
uint32_t tsme_modulo(uint32_t n, uint32_t by);
uint32_t tsme_block_of(const struct tsme_journal *j, uint32_t generation);
uint32_t tsme_block_behind(const struct tsme_journal *j, uint32_t block, uint32_t other);
uint32_t tsme_good_after(const struct tsme_journal *j, uint32_t generation);
bool tsme_bit(const uint8_t *bits, uint32_t n);
void tsme_bit_set(uint8_t *bits, uint32_t n);
bool tsme_filled(const uint8_t *at, uint32_t size, uint8_t byte);

// The flash. `from` is in the buffer; the first `lead` bytes are FF over what is there already.
int tsme_flash_read(struct tsme_journal *j, uint32_t block, uint32_t off, uint8_t *to,
                    uint32_t size);
int tsme_flash_program(struct tsme_journal *j, uint32_t block, uint32_t off, uint32_t size,
                       uint32_t lead);
int tsme_flash_erase(struct tsme_journal *j, uint32_t block);
int tsme_flash_sync(struct tsme_journal *j, uint32_t block);
int tsme_flash_holds(struct tsme_journal *j, uint32_t block, uint32_t off, uint32_t at,
                     uint32_t size);
int tsme_flash_blank(struct tsme_journal *j, uint32_t block, uint32_t off, uint32_t end);
int tsme_flash_shared(struct tsme_journal *j);

// Heads.
int tsme_block_look(struct tsme_journal *j, uint32_t block, struct tsme_block_head *h);
int tsme_block_used(struct tsme_journal *j, uint32_t generation, struct tsme_block_head *h);
int tsme_block_sealed(struct tsme_journal *j, uint32_t block);
bool tsme_mark_whole(const uint8_t *part);
void tsme_mark(const struct tsme_journal *j, uint8_t *part, uint32_t generation, uint32_t before,
               uint32_t retired);
uint32_t tsme_pad(struct tsme_journal *j, uint32_t size);
uint32_t tsme_lay_mark(struct tsme_journal *j, uint32_t generation, uint32_t before);
int tsme_make_ready(struct tsme_journal *j, uint32_t generation, uint32_t least);

// The writer.
void tsme_journal_reset(struct tsme_journal *j);
void tsme_journal_measure(struct tsme_journal *j);
void tsme_journal_retire(struct tsme_journal *j, uint32_t block);
int tsme_journal_seal(struct tsme_journal *j, uint32_t block);

// A new region, and what is done before a block is opened.
int tsme_journal_claim(struct tsme_journal *j);
int tsme_journal_own(struct tsme_journal *j);
int tsme_journal_drop(struct tsme_journal *j);
int tsme_journal_trial(struct tsme_journal *j, uint32_t block, uint32_t claimed);

// Power-up. `seal`: seal what a cut came before, now that something may be written.
int tsme_journal_unsealed(struct tsme_journal *j, bool seal);

// Reading.
int tsme_walk_tie(struct tsme_walk *w, struct tsme_journal *j, uint32_t newest, uint32_t oldest);
int tsme_walk_start(struct tsme_walk *w, uint32_t generation);
void tsme_walk_begin(struct tsme_walk *w, uint32_t generation, uint32_t off, uint32_t number,
                     uint32_t chain);
uint32_t tsme_walk_after(const struct tsme_walk *w, uint32_t generation);
int tsme_walk_forward(struct tsme_walk *w);
int tsme_walk_record(struct tsme_walk *w);
int tsme_walk_step(struct tsme_walk *w);

enum { TSME_WHOLE = 0, TSME_NOTHING = 1, TSME_BAD = 2 }; // what begins at a place

#endif
