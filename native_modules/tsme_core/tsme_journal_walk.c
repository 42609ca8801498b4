// Reading a journal: from one record to the next, past torn writes, noticing damage (SPEC 4.4).

#include "tsme_journal_blocks.h"
#include "tsme_crc.h"

#include <string.h>

enum { FIRST = 64 }; // bytes that are read with a record's head: most records are no longer

// From the newest block down: each says which one comes before it. Where that cannot be read,
// the next that can be goes on.
int tsme_walk_tie(struct tsme_walk *w, struct tsme_journal *j, uint32_t newest, uint32_t oldest)
{
    struct tsme_block_head h;
    memset(w, 0, sizeof *w);
    w->journal = j;
    w->newest = newest;
    memset(j->ring, 0, (j->device.count + 7) / 8);
    uint32_t lowest = newest >= j->device.count ? newest - j->device.count + 1 : 1;
    lowest = lowest > oldest ? lowest : oldest;
    lowest = lowest ? lowest : 1;
    bool guess = false;
    for (uint32_t generation = newest; generation >= lowest;) {
        uint32_t block = tsme_block_of(j, generation);
        int used = tsme_block_used(j, generation, &h);
        if (used < 0) {
            return used;
        }
        generation--;
        if (used && !(guess && tsme_bit(j->worn, block))) {
            tsme_bit_set(j->ring, block);
            guess = false;
            generation = h.before < generation ? h.before : generation;
        } else {
            guess = true;
        }
    }
    return 0;
}

// The next one in the ring, or 0.
uint32_t tsme_walk_after(const struct tsme_walk *w, uint32_t generation)
{
    const struct tsme_journal *j = w->journal;
    uint32_t block = tsme_block_of(j, generation);
    for (uint32_t i = 0; i < j->device.count && generation < w->newest; i++) {
        generation++;
        block = block + 1 < j->device.count ? block + 1 : 0;
        if (tsme_bit(j->ring, block)) {
            return generation;
        }
    }
    return 0;
}

void tsme_walk_begin(struct tsme_walk *w, uint32_t generation, uint32_t off, uint32_t number,
                     uint32_t chain)
{
    w->generation = generation;
    w->off = off;
    w->next = number;
    w->chain = chain;
}

// At the first record that begins in a block: 1, or 0 if none does.
int tsme_walk_start(struct tsme_walk *w, uint32_t generation)
{
    struct tsme_block_head h;
    struct tsme_journal *j = w->journal;
    if (!tsme_bit(j->ring, tsme_block_of(j, generation))) {
        return 0;
    }
    int used = tsme_block_used(j, generation, &h);
    if (used <= 0 || !h.first) {
        return used < 0 ? used : 0;
    }
    tsme_walk_begin(w, generation, h.first, h.number, h.chain);
    w->last = h.before;
    w->ended = false;
    return 1;
}

// Is this the block in which the record that should begin here goes on?
static int goes_on(struct tsme_walk *w, uint32_t generation)
{
    struct tsme_block_head h;
    int used = generation ? tsme_block_used(w->journal, generation, &h) : 0;
    if (used <= 0) {
        return used;
    }
    return h.number == w->next + (h.first ? 1 : 0);
}

// Reads what is behind the first `at` bytes of a record, and computes its crc; if it has an end.
static int rest_of(struct tsme_walk *w, uint32_t at)
{
    struct tsme_journal *j = w->journal;
    uint32_t size = TSME_RECORD_HEAD + w->size;
    TSME_ASSERT(at >= TSME_RECORD_HEAD && w->off + at <= j->end);
    at = at < size ? at : size;
    uint32_t crc = tsme_crc(w->chain, j->buffer, 4);
    crc = tsme_crc(crc, j->buffer + TSME_RECORD_HEAD, at - TSME_RECORD_HEAD);
    uint32_t generation = w->generation;
    uint32_t off = w->off + at;
    bool keep = size <= j->buffer_size;
    while (at < size) {
        if (off == j->end) {
            generation = tsme_walk_after(w, generation);
            int on = goes_on(w, generation);
            if (on <= 0) {
                return on;
            }
            off = j->data;
        }
        uint8_t *to = keep ? j->buffer + at : j->buffer;
        uint32_t n = size - at < j->end - off ? size - at : j->end - off;
        n = n < j->buffer_size ? n : j->buffer_size;
        int error = tsme_flash_read(j, tsme_block_of(j, generation), off, to, n);
        if (error) {
            return error;
        }
        crc = tsme_crc(crc, to, n);
        at += n;
        off += n;
    }
    TSME_ASSERT(at == size && off <= j->end && generation >= w->generation);
    w->body = keep ? j->buffer + TSME_RECORD_HEAD : 0;
    w->end_generation = generation;
    w->end_off = (off + j->slot - 1) & (0u - j->slot);
    w->computed = crc;
    w->has_computed = true;
    return 0;
}

// Looks at the record that should begin here; does not go on.
int tsme_walk_record(struct tsme_walk *w)
{
    struct tsme_journal *j = w->journal;
    uint32_t n = w->off < j->end ? j->end - w->off : 0;
    n = n < FIRST ? n : FIRST;
    if (n < TSME_RECORD_HEAD) {
        return TSME_NOTHING;
    }
    int error = tsme_flash_read(j, tsme_block_of(j, w->generation), w->off, j->buffer, n);
    if (error) {
        return error;
    }
    uint32_t word = tsme_get32(j->buffer);
    w->crc = tsme_get32(j->buffer + 4);
    w->has_computed = false;
    if (word == UINT32_MAX) {
        return TSME_NOTHING;
    }
    w->kind = (uint8_t)(word >> 24);
    w->size = word & 0xFFFFFF;
    if (w->kind != TSME_JOURNAL_STEP && w->kind != TSME_JOURNAL_CHECKPOINT) {
        return TSME_BAD;
    }
    error = rest_of(w, n);
    if (error) {
        return error;
    }
    return w->has_computed && w->computed == w->crc ? TSME_WHOLE : TSME_BAD;
}

// The next block, if it begins with the very record that should be here; 0 if not.
static int look_ahead(struct tsme_walk *w, uint32_t *ahead)
{
    struct tsme_block_head h;
    *ahead = 0;
    if (w->here != w->generation) {
        uint32_t after = tsme_walk_after(w, w->generation);
        int used = after ? tsme_block_used(w->journal, after, &h) : 0;
        if (used < 0) {
            return used;
        }
        w->here = w->generation;
        w->after = after;
        w->begins = used && h.first == w->journal->data;
        if (w->begins) {
            w->ahead = h.number;
            w->ahead_chain = h.chain;
        }
    }
    if (w->begins && w->ahead == w->next && w->ahead_chain == w->chain) {
        *ahead = w->after;
    }
    return 0;
}

// Takes the record that comes, if it is whole, and goes behind it.
int tsme_walk_forward(struct tsme_walk *w)
{
    for (;;) {
        uint32_t ahead;
        int found = tsme_walk_record(w);
        int error = found < 0 ? found : look_ahead(w, &ahead);
        if (error) {
            return error;
        }
        if (ahead) {
            uint32_t generation = w->generation;
            uint32_t off = w->off;
            tsme_walk_begin(w, ahead, w->journal->data, w->next, w->chain);
            if (found != TSME_WHOLE) {
                continue; // what is there was never committed
            }
            // A block failed, and the record was written again; or that was cut off.
            error = tsme_walk_record(w);
            if (error > 0) {
                tsme_walk_begin(w, generation, off, w->next, w->chain);
                error = tsme_walk_record(w);
                error = error < 0 ? error : 0;
            }
            if (error) {
                return error;
            }
        }
        if (found == TSME_WHOLE) {
            w->number = w->next;
            w->at_generation = w->generation;
            w->at_off = w->off;
            w->at_chain = w->chain;
            w->last = w->end_generation;
            tsme_walk_begin(w, w->end_generation, w->end_off, w->next + 1, w->crc);
        }
        return found;
    }
}

// Notes damage; 1 if it is to be told.
static int damage(struct tsme_walk *w, uint32_t number, uint32_t generation, uint32_t off)
{
    if (generation <= w->doomed) {
        w->gone = true;
        return 0;
    }
    w->number = number;
    w->block = tsme_block_of(w->journal, generation);
    w->offset = off;
    return 1;
}

// Is there what a write that was cut off leaves nowhere: no kind that a record could have had, or
// bits behind its end? Bits are only ever cleared: it was no longer than it says.
static int spilt(struct tsme_walk *w, uint32_t block)
{
    struct tsme_journal *j = w->journal;
    uint8_t head[4];
    int error = tsme_flash_read(j, block, w->off, head, 4);
    if (error) {
        return error;
    }
    uint32_t word = tsme_get32(head);
    uint32_t until = w->off + TSME_RECORD_HEAD + (word & 0xFFFFFF);
    if (!(word >> 24 & 3)) {
        return 1;
    }
    int blank = tsme_flash_blank(j, block, until, j->end);
    return blank < 0 ? blank : !blank;
}

// A place of a walk, to go back to.
struct place {
    uint32_t generation, off, number, chain;
};

static struct place place_of(const struct tsme_walk *w)
{
    return (struct place){w->generation, w->off, w->next, w->chain};
}

static void back(struct tsme_walk *w, const struct place *p)
{
    tsme_walk_begin(w, p->generation, p->off, p->number, p->chain);
}

// A record is not whole, but a later one of this block proves that it was once: 1, and the walk
// is there.
static int salvage(struct tsme_walk *w)
{
    struct tsme_journal *j = w->journal;
    const struct place here = place_of(w);
    const uint32_t seeds[2] = {w->crc, w->computed};
    uint32_t count = w->has_computed ? 2 : 1;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t off = here.off + j->slot; off < j->end; off += j->slot) {
            tsme_walk_begin(w, here.generation, off, here.number + 1, seeds[i]);
            int found = tsme_walk_record(w);
            if (found <= 0) {
                return found < 0 ? found : 1;
            }
        }
    }
    back(w, &here);
    return 0;
}

// A later block begins a whole record: what lies between is lost. 1, and the walk is there.
static int jump(struct tsme_walk *w)
{
    struct tsme_block_head h;
    const struct place here = place_of(w);
    uint32_t later = here.generation;
    while ((later = tsme_walk_after(w, later)) != 0) {
        int used = tsme_block_used(w->journal, later, &h);
        if (used > 0 && h.first) {
            tsme_walk_begin(w, later, h.first, h.number, h.chain);
            used = tsme_walk_record(w);
            if (used == TSME_WHOLE) {
                return 1;
            }
        }
        if (used < 0) {
            return used;
        }
    }
    back(w, &here);
    return 0;
}

// Does a record that is said to end at `end` end where all that is there ends?
static int ends_all(struct tsme_journal *j, uint32_t block, uint32_t end)
{
    int blank = tsme_flash_blank(j, block, end - 1, end);
    if (blank) {
        return blank < 0 ? blank : 0;
    }
    return tsme_flash_blank(j, block, end, j->end);
}

// After one that is not whole: a record that ends where all that is there ends, or two of which
// the second follows the first.
static int more(struct tsme_walk *w, uint32_t block)
{
    struct tsme_journal *j = w->journal;
    uint8_t head[TSME_RECORD_HEAD];
    const struct place here = place_of(w);
    int found = 0;
    for (uint32_t off = here.off + j->slot; off < j->end && !found; off += j->slot) {
        found = tsme_flash_read(j, block, off, head, TSME_RECORD_HEAD);
        uint32_t word = tsme_get32(head);
        uint32_t kind = word >> 24;
        uint32_t end = off + TSME_RECORD_HEAD + (word & 0xFFFFFF);
        if (found || (kind != TSME_JOURNAL_STEP && kind != TSME_JOURNAL_CHECKPOINT) ||
            end > j->end) {
            continue;
        }
        found = ends_all(j, block, end);
        uint32_t after = (end + j->slot - 1) & (0u - j->slot);
        if (!found && after < j->end) {
            tsme_walk_begin(w, here.generation, after, here.number, tsme_get32(head + 4));
            found = tsme_walk_record(w);
            found = found < 0 ? found : found == TSME_WHOLE;
        }
    }
    back(w, &here);
    return found;
}

// What comes next in the ring does not follow this block: the head of one between is gone.
static int gap(struct tsme_walk *w)
{
    struct tsme_block_head h;
    uint32_t after = tsme_walk_after(w, w->generation);
    int used = after ? tsme_block_used(w->journal, after, &h) : 0;
    return used <= 0 ? used : h.before != w->generation;
}

// Does a block, from that of the last record on, say that there was one more in the next?
static int sealed(struct tsme_walk *w)
{
    struct tsme_journal *j = w->journal;
    uint32_t generation = w->last;
    for (uint32_t i = 0; i <= j->device.count; i++) {
        uint32_t block = generation ? tsme_block_of(j, generation) : j->claimed;
        int found = block == TSME_NO_BLOCK ? 0 : tsme_block_sealed(j, block);
        if (found) {
            return found;
        }
        generation = tsme_walk_after(w, generation);
        if (!generation) {
            break;
        }
    }
    return 0;
}

// Nothing whole comes any more. Is that the end, or damage?
static int ends(struct tsme_walk *w, int found, uint32_t block, bool dirty)
{
    struct tsme_journal *j = w->journal;
    int bad = 0;
    w->torn = dirty || w->last < w->newest;
    w->ended = true;
    w->known = false;
    if (dirty && found == TSME_BAD) {
        bad = spilt(w, block);
    }
    if (dirty && !bad) {
        bad = more(w, block);
    }
    bad = bad ? bad : sealed(w);
    bad = bad ? bad : gap(w);
    if (bad <= 0) {
        return bad;
    }
    if (dirty) {
        return damage(w, w->next, w->generation, w->off);
    }
    uint32_t after = tsme_walk_after(w, w->generation);
    return damage(w, w->next, after ? after : tsme_good_after(j, w->generation), 0);
}

// One step of a walk: a record, damage, or the end.
int tsme_walk_step(struct tsme_walk *w)
{
    while (!w->ended) {
        int found = tsme_walk_forward(w);
        if (found <= 0) {
            return found < 0 ? found : TSME_WALK_RECORD;
        }
        struct tsme_journal *j = w->journal;
        const struct place here = place_of(w);
        uint32_t block = tsme_block_of(j, here.generation);
        int blank = found == TSME_BAD ? 0 : tsme_flash_blank(j, block, here.off, j->end);
        int passed = blank;
        if (blank >= 0) {
            passed = found == TSME_BAD ? salvage(w) : 0;
            passed = passed ? passed : jump(w);
        }
        if (passed < 0) {
            return passed;
        }
        if (passed) {
            w->known = true;
            w->until = w->next;
            passed = damage(w, here.number, here.generation, here.off);
        } else {
            passed = ends(w, found, block, !blank);
        }
        if (passed) {
            return passed < 0 ? passed : TSME_WALK_DAMAGE;
        }
    }
    return TSME_WALK_END;
}

int tsme_journal_next(struct tsme_walk *w)
{
    if (w->recovered && w->next == w->limit) {
        return TSME_WALK_END;
    }
    int found = tsme_walk_step(w);
    if (found == TSME_WALK_RECORD) {
        w->block = tsme_block_of(w->journal, w->at_generation);
        w->offset = w->at_off;
    } else if (found >= 0 && w->recovered) { // it was there when it was found
        return tsme_fault(w->journal, TSME_J005, w->next, tsme_block_of(w->journal, w->generation),
                          w->off);
    }
    return found;
}

int tsme_journal_body(struct tsme_walk *w, uint8_t *to)
{
    struct tsme_journal *j = w->journal;
    uint8_t head[4];
    tsme_put32(head, w->size | (uint32_t)w->kind << 24);
    uint32_t crc = tsme_crc(w->at_chain, head, 4);
    uint32_t generation = w->at_generation;
    uint32_t off = w->at_off + TSME_RECORD_HEAD;
    for (uint32_t at = 0; at < w->size;) {
        if (off == j->end) {
            generation = tsme_walk_after(w, generation);
            off = j->data;
        }
        uint32_t n = w->size - at < j->end - off ? w->size - at : j->end - off;
        int error = tsme_flash_read(j, tsme_block_of(j, generation), off, to + at, n);
        if (error) {
            return error;
        }
        at += n;
        off += n;
    }
    crc = tsme_crc(crc, to, w->size);
    if (crc != w->chain) {
        return tsme_fault(j, TSME_J005, w->number, w->block, w->offset);
    }
    return 0;
}
