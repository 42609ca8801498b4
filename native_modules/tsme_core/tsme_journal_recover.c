// What a journal does at power-up, and where reading all of it begins (SPEC 4.4, 4.5). Nothing
// here writes, but for formatting.

#include "tsme_journal_blocks.h"

#include <string.h>

// What the heads of all blocks say together.
struct scan {
    uint32_t newest; // generation that holds something, or 0
    bool owned;      // the region is ours for good
    bool others;     // there are blocks that say nothing, and are not blank
};

// Somebody else's block, or another version's.
static int strange(struct tsme_journal *j, const uint8_t *there, uint32_t block)
{
    if (!memcmp(there, "TSMJ", 4) && there[4] != TSME_FLASH_VERSION) {
        return tsme_fault(j, TSME_J003, there[4], TSME_FLASH_VERSION, 0);
    }
    return tsme_fault(j, TSME_J002, block, 0, 0);
}

// All blank, or with nothing but claims that a power cut tore?
static int must_be_fresh(struct tsme_journal *j)
{
    uint8_t whole[32];
    uint8_t there[32];
    tsme_mark(j, whole, 0, 0, 0);
    memset(whole + TSME_HALF, 0xFF, sizeof whole - TSME_HALF);
    // Does each block so far hold a torn claim? Then the last may be half erased.
    bool torn = j->device.once;
    for (uint32_t block = 0; block < j->device.count; block++) {
        int blank = tsme_flash_blank(j, block, 0, j->device.size);
        if (blank < 0) {
            return blank;
        }
        if (blank) {
            torn = false;
            continue;
        }
        if (torn && block == j->device.count - 1) {
            return 0;
        }
        int error = tsme_flash_read(j, block, 0, there, sizeof there);
        if (error) {
            return error;
        }
        bool clear = false;
        for (uint32_t i = 0; i < sizeof there; i++) {
            clear = clear || (whole[i] & ~there[i]);
        }
        blank = clear ? 0 : tsme_flash_blank(j, block, sizeof there, j->device.size);
        if (blank <= 0) {
            return blank < 0 ? blank : strange(j, there, block);
        }
    }
    return 0;
}

// Blocks that a head says have failed.
static void take_retired(struct tsme_journal *j, uint32_t block, uint32_t retired)
{
    for (; retired; retired >>= 1) {
        block = (block ? block : j->device.count) - 1;
        if (retired & 1 && !tsme_bit(j->worn, block)) {
            tsme_bit_set(j->worn, block);
            j->worn_count++;
        }
    }
}

static int scan(struct tsme_journal *j, struct scan *s)
{
    struct tsme_block_head h;
    bool claimed = false;
    uint32_t at = 0;
    uint32_t count = j->device.count;
    memset(s, 0, sizeof *s);
    memset(j->worn, 0, (count + 7) / 8);
    j->worn_count = 0;
    j->base = count - 1;
    j->claimed = TSME_NO_BLOCK;
    for (uint32_t block = 0; block < count; block++) {
        int found = tsme_block_look(j, block, &h);
        if (found < 0) {
            return found;
        }
        if (found != TSME_BLOCK_OTHER) {
            claimed = true;
            s->owned = s->owned || h.generation;
            j->claimed = h.generation ? j->claimed : block;
            take_retired(j, block, h.retired);
        } else if (!tsme_filled(h.part, TSME_HALF, 0xFF)) {
            s->others = true;
        }
        if (found == TSME_BLOCK_USED && h.generation > s->newest) {
            s->newest = h.generation;
            at = block;
        }
    }
    if (s->newest) {
        j->base = tsme_block_behind(j, at, tsme_modulo(s->newest, count));
    }
    return claimed ? 0 : must_be_fresh(j);
}

// Is this no head that a cut or rot could leave, and nothing of a trial? Bits that something else
// has set tell; FF and 00 are what a bad page or half an erase reads.
static bool is_foreign(const uint8_t *whole, const uint8_t *part)
{
    bool wrong = false;
    bool plain = true;
    bool tried = true;
    uint32_t rotten = 0;
    for (uint32_t i = 0; i < TSME_HALF; i++) {
        plain = plain && (part[i] == 0 || part[i] == 0xFF);
        tried = tried && (part[i] & 0x5A) == 0x5A;
        if (i < 8) { // the same in every head
            wrong = wrong || (whole[i] & ~part[i]);
            for (uint32_t differ = whole[i] ^ part[i]; differ; differ >>= 1) {
                rotten += differ & 1;
            }
        }
    }
    return wrong && rotten > 8 && !plain && !tried;
}

// May something foreign be in this block, as an erase was cut there? In the next ones alone.
static bool is_near(const struct tsme_journal *j, uint32_t newest, uint32_t block)
{
    uint32_t count = j->device.count;
    if (newest) {
        uint32_t behind = tsme_block_behind(j, block, tsme_block_of(j, newest));
        return behind >= 1 && behind <= j->reserve + 1 + j->worn_count;
    }
    uint32_t before = j->claimed == TSME_NO_BLOCK ? 0 : (j->claimed ? j->claimed : count) - 1;
    return j->claimed == TSME_NO_BLOCK || block <= 1 || block == before ||
           block == (before ? before : count) - 1;
}

// Looks for what is foreign; `first` is then a block that has it. Where a cut leaves nothing such
// it is an error.
static int foreign(struct tsme_journal *j, uint32_t newest, uint32_t *first)
{
    struct tsme_block_head h;
    uint8_t whole[TSME_HALF];
    uint32_t far = TSME_NO_BLOCK;
    tsme_mark(j, whole, 0, 0, 0);
    for (uint32_t block = 0; block < j->device.count; block++) {
        int found = tsme_block_look(j, block, &h);
        if (found < 0) {
            return found;
        }
        if (found != TSME_BLOCK_OTHER || tsme_bit(j->worn, block) || !is_foreign(whole, h.part)) {
            continue;
        }
        *first = *first == TSME_NO_BLOCK ? block : *first;
        if (far == TSME_NO_BLOCK && !is_near(j, newest, block)) {
            far = block;
        }
    }
    if (far != TSME_NO_BLOCK && j->worn_count < 32) {
        return tsme_fault(j, TSME_J002, far, 0, 0);
    }
    return 0;
}

// A search for the newest checkpoint.
struct search {
    uint32_t generation, off, number, chain; // where to begin
    uint32_t steps;                          // behind it
    uint32_t hurt[3];                        // the first damage behind it: record, block, offset
    bool found, damaged;
};

// From where the walk is to its end.
static int pass(struct tsme_walk *w, struct search *s)
{
    memset(s, 0, sizeof *s);
    if (!w->next) {
        s->found = true;
        s->generation = w->generation;
        s->off = w->off;
    }
    for (;;) {
        int step = tsme_walk_step(w);
        if (step <= 0) {
            return step;
        }
        if (step == TSME_WALK_DAMAGE) {
            if (!s->damaged) {
                s->hurt[0] = w->number;
                s->hurt[1] = w->block;
                s->hurt[2] = w->offset;
            }
            s->damaged = true;
        } else if (w->kind == TSME_JOURNAL_CHECKPOINT) {
            memset(s, 0, sizeof *s);
            s->found = true;
            s->generation = w->at_generation;
            s->off = w->at_off;
            s->number = w->number;
            s->chain = w->at_chain;
        } else {
            s->steps++;
        }
    }
}

// The newest block names a checkpoint; if its block is gone, a newer one was committed since, and
// begins in one of the last blocks.
static int find(struct tsme_journal *j, struct tsme_walk *w, struct search *s, uint32_t newest)
{
    struct tsme_block_head h;
    int used = tsme_block_used(j, newest, &h);
    uint32_t named = used > 0 ? h.checkpoint : 0;
    int error = used < 0 ? used : tsme_walk_tie(w, j, newest, named);
    if (error) {
        return error;
    }
    int started = tsme_walk_start(w, named);
    uint32_t generation = started ? named : newest;
    uint32_t tries = j->device.count;
    while (started >= 0 && generation && newest - generation < tries) {
        started = tsme_walk_start(w, generation);
        if (started > 0) {
            error = pass(w, s);
            if (error || s->found) {
                return error;
            }
        }
        generation--;
    }
    return started < 0 ? started : 0;
}

// Blocks that should say that the next one holds a record, but a cut came before: 1 if there are.
// One that is not needed any more may be half erased, and is left alone: then a new block is
// opened.
int tsme_journal_unsealed(struct tsme_journal *j, bool seal)
{
    struct tsme_block_head h;
    uint32_t generation = j->generation;
    int left = 0;
    for (uint32_t i = 0; i < j->device.count && generation && generation >= j->since; i++) {
        int found = tsme_block_used(j, generation, &h);
        if (found <= 0) {
            return found < 0 ? found : left;
        }
        generation = h.before;
        uint32_t block = generation ? tsme_block_of(j, generation) : j->claimed;
        if (block == TSME_NO_BLOCK || tsme_bit(j->worn, block)) {
            break;
        }
        found = generation ? tsme_block_used(j, generation, &h) : 1;
        found = found > 0 ? tsme_block_sealed(j, block) : found < 0 ? found : 1;
        if (found) {
            return found < 0 ? found : left;
        }
        if (generation < j->since) {
            j->off = j->end;
        } else {
            left = 1;
            found = seal ? tsme_journal_seal(j, block) : 0;
            if (found) {
                return found;
            }
        }
    }
    return left;
}

// Is the next block ready already?
static int look_ready(struct tsme_journal *j)
{
    struct tsme_block_head h;
    if (j->worn_count >= j->device.count) {
        return 0;
    }
    uint32_t following = tsme_good_after(j, j->generation);
    uint32_t block = tsme_block_of(j, following);
    int found = tsme_block_look(j, block, &h);
    if (found == TSME_BLOCK_MARKED && h.generation == following && h.before == j->generation &&
        !j->device.once) {
        found = tsme_flash_blank(j, block, j->slot, j->device.size);
        j->ready = found > 0 ? following : 0;
    }
    return found < 0 ? found : 0;
}

// Goes to where the search has ended; the walk goes to where the records begin.
static void settle(struct tsme_journal *j, struct tsme_walk *w, const struct search *s)
{
    j->number = w->next;
    j->chain = w->chain;
    j->generation = w->last;
    j->newest = w->newest;
    j->steps = s->steps;
    if (!w->torn) {
        j->off = w->off;
    }
    if (w->next) {
        j->since = s->generation;
    }
    w->limit = w->next;
    w->ended = false;
    tsme_walk_begin(w, s->generation, s->off, s->number, s->chain);
}

// Of a region in use.
static int recover(struct tsme_journal *j, struct tsme_walk *w, uint32_t newest, uint32_t stranger)
{
    struct search s;
    memset(&s, 0, sizeof s);
    int error = find(j, w, &s, newest);
    if (error) {
        return error;
    }
    if (s.found && !s.damaged) {
        settle(j, w, &s);
        return 0;
    }
    if (stranger != TSME_NO_BLOCK) {
        return tsme_fault(j, TSME_J002, stranger, 0, 0);
    }
    return tsme_fault(j, s.found ? TSME_J005 : TSME_J006, s.hurt[0], s.hurt[1], s.hurt[2]);
}

int tsme_journal_recover(struct tsme_journal *j, struct tsme_walk *w, struct tsme_info *info)
{
    struct scan found;
    uint32_t stranger = TSME_NO_BLOCK;
    memset(w, 0, sizeof *w);
    w->journal = j;
    w->recovered = true;
    tsme_journal_reset(j);
    int error = tsme_flash_shared(j);
    error = error ? error : scan(j, &found);
    if (error) {
        return error;
    }
    j->owned = found.owned;
    tsme_journal_measure(j);
    error = found.others ? foreign(j, found.newest, &stranger) : 0;
    if (error) {
        return error;
    }
    if (found.newest) {
        error = recover(j, w, found.newest, stranger);
        w->recovered = true;
    } else {
        int gone = found.owned;
        if (j->claimed != TSME_NO_BLOCK) {
            gone = tsme_block_sealed(j, j->claimed);
        }
        if (gone > 0) { // a block has held a record, or was opened after the claim that is gone
            gone = tsme_fault(j, TSME_J002, stranger == TSME_NO_BLOCK ? 0 : stranger, 0, 0);
        }
        error = gone;
    }
    if (error) {
        return error;
    }
    j->block = tsme_block_of(j, j->generation);
    int left = tsme_journal_unsealed(j, false);
    error = left < 0 ? left : look_ready(j);
    if (error) {
        return error;
    }
    info->records = j->number;
    info->steps = j->steps;
    info->torn = w->torn;
    info->blocks = j->since ? j->generation - j->since + 1 : 0;
    info->generation = j->generation;
    info->retired = j->worn_count;
    j->live = left ? TSME_UNSEALED : TSME_LIVE;
    return 0;
}

// Up to which generation blocks may be half erased: what the next ones held, and those that a cut
// record had opened.
static uint32_t doomed(const struct tsme_journal *j, uint32_t newest)
{
    uint32_t half = j->device.count / 2;
    uint32_t more = newest + (half > 2 ? half - 1 : 1) + j->worn_count + 1;
    return more > j->device.count ? more - j->device.count : 0;
}

int tsme_journal_records(struct tsme_journal *j, struct tsme_walk *w)
{
    struct scan found;
    memset(w, 0, sizeof *w);
    w->journal = j;
    w->ended = true;
    int error = scan(j, &found);
    j->block = tsme_block_of(j, j->generation);
    if (error || !found.newest) {
        return error;
    }
    error = tsme_walk_tie(w, j, found.newest, 0);
    if (error) {
        return error;
    }
    uint32_t count = j->device.count;
    uint32_t generation = found.newest >= count ? found.newest - count : 0;
    int started = 0;
    while (!started && generation != found.newest) {
        started = tsme_walk_start(w, ++generation);
    }
    if (started <= 0) {
        w->ended = true;
        return started;
    }
    uint32_t first[4] = {w->generation, w->off, w->next, w->chain};
    w->doomed = doomed(j, found.newest);
    while (w->generation <= w->doomed) {
        int step;
        do {
            step = tsme_walk_step(w);
        } while (step == TSME_WALK_DAMAGE);
        if (step <= 0) {
            error = step;
            break;
        }
        if (w->gone) {
            first[0] = w->at_generation;
            first[1] = w->at_off;
            first[2] = w->number;
            first[3] = w->at_chain;
            w->gone = false;
        }
    }
    tsme_walk_begin(w, first[0], first[1], first[2], first[3]);
    w->doomed = 0;
    w->ended = false;
    return error;
}

int tsme_journal_format(struct tsme_journal *j)
{
    struct scan found;
    int error = tsme_flash_shared(j);
    if (error) {
        return error;
    }
    tsme_journal_reset(j);
    error = scan(j, &found);
    if (error == TSME_JOURNAL_GONE) {
        return error;
    }
    uint32_t newest = error ? 0 : found.newest;
    tsme_journal_reset(j);
    for (uint32_t i = 1; i <= j->device.count; i++) {
        int took = tsme_make_ready(j, newest + i, 0);
        if (took > 0) {
            continue;
        }
        // That it has failed is found out again when its turn comes; but its head may not stay.
        uint32_t block = tsme_block_of(j, newest + i);
        took = took < 0 ? took : tsme_flash_read(j, block, 0, j->buffer, TSME_HALF);
        if (took < 0) {
            return took;
        }
        if (tsme_mark_whole(j->buffer)) {
            return tsme_fault(j, TSME_J009, block, TSME_CANNOT_ERASE, TSME_SAYS_STAYS);
        }
    }
    j->base = j->device.count - 1;
    error = tsme_journal_claim(j);
    j->live = error ? TSME_DEAD : TSME_LIVE;
    return error;
}
