// How a region becomes a journal's: it is claimed, and the device is tried before anything is
// trusted to it; and what is done before a block is opened after a cut (SPEC 4.3, 4.5).

#include "tsme_journal_blocks.h"

#include <string.h>

// Marks an empty region as ours, before the first erase, which may be cut as well.
int tsme_journal_claim(struct tsme_journal *j)
{
    uint32_t last = j->device.count - 1;
    for (uint32_t block = last + 1; block-- > 0;) {
        int took = tsme_flash_blank(j, block, 0, j->device.size);
        if (took > 0) {
            took = tsme_flash_program(j, block, 0, tsme_lay_mark(j, 0, 0), 0);
        }
        if (took < 0) {
            return took;
        }
        if (took && block) {
            j->claimed = block;
            return 0;
        }
        if (took || (!block && j->device.once)) {
            // Block 0 is the first that is erased: the claim may not stay there. But it is there
            // now, and the erase may be cut.
            took = tsme_flash_erase(j, last);
            if (took < 0) {
                return took;
            }
        }
    }
    // The others hold torn claims by now.
    int took = tsme_flash_program(j, last, 0, tsme_lay_mark(j, 0, 0), 0);
    if (!took) {
        return tsme_fault(j, TSME_J009, last, TSME_CANNOT_PROGRAM, TSME_SAYS_OTHERWISE);
    }
    j->claimed = last;
    return took < 0 ? took : 0;
}

// The claim that is there, or a new one.
static int find_claim(struct tsme_journal *j)
{
    struct tsme_block_head h;
    uint32_t last = j->device.count - 1;
    uint32_t claimed = last;
    int found = 0;
    for (; claimed; claimed--) {
        found = tsme_block_look(j, claimed, &h);
        if (found) {
            break;
        }
    }
    if (found) {
        j->claimed = claimed;
        return found < 0 ? found : 0;
    }
    found = tsme_block_look(j, 0, &h);
    if (!found && j->device.once) {
        int blank = tsme_flash_blank(j, 0, 0, j->device.size);
        found = blank < 0 ? blank : !blank;
    }
    if (found > 0) {
        found = tsme_flash_erase(j, last); // it was tried last: all others hold torn claims
    }
    return found < 0 ? found : tsme_journal_claim(j);
}

// Claims the region unless that is done, and tries the device: not at the claim, and not at one
// place alone, for a block may just be worn out.
int tsme_journal_own(struct tsme_journal *j)
{
    uint32_t first[3] = {0, 0, 0};
    uint32_t count = j->device.count;
    int error = tsme_flash_shared(j);
    error = error ? error : find_claim(j);
    if (error) {
        return error;
    }
    // Torn claims may have moved the claim down to block 1: then on from the end.
    for (uint32_t i = 1; i < 6; i += 2) {
        uint32_t block = tsme_modulo(j->claimed + 5 * count - i, count);
        if (block == j->claimed) {
            continue;
        }
        int good = tsme_journal_trial(j, block, j->claimed);
        if (good) {
            return good < 0 ? good : 0;
        }
        if (!first[0]) {
            memcpy(first, j->numbers, sizeof first);
        }
    }
    return tsme_fault(j, TSME_J012, first[0], first[1], first[2]);
}

// Erases blocks behind the last record that were never committed to: from the last down, so that
// no block is ever newer than one without a committed record that is kept.
int tsme_journal_drop(struct tsme_journal *j)
{
    struct tsme_block_head h;
    while (j->newest > j->generation) {
        uint32_t newest = j->newest--;
        int used = tsme_block_used(j, newest, &h);
        if (used < 0) {
            return used;
        }
        if (!used) {
            continue;
        }
        if (h.before <= j->generation) {
            return 0; // this one is erased when it is opened again
        }
        int took = tsme_make_ready(j, newest, j->generation + 1);
        if (took < 0) {
            return took;
        }
        if (!took) {
            tsme_journal_retire(j, tsme_block_of(j, newest));
            used = tsme_block_used(j, newest, &h);
            if (used) {
                j->newest = newest; // it cannot be got rid of: what comes next is newer
                return used < 0 ? used : 0;
            }
        }
    }
    return 0;
}

// The trial of a device: what must hold of flash. A piece that is programmed.
struct piece {
    uint32_t off, size;
    uint8_t first, step; // its bytes: first, first + step ..
};

// `size` bytes to program. Behind them the buffer is not FF: if a driver fills up its pages with
// what it finds there, that shows.
static void fill(struct tsme_journal *j, const struct piece *p)
{
    uint32_t value = p->first;
    for (uint32_t i = 0; i < j->buffer_size; i++) {
        j->buffer[i] = i < p->size ? (uint8_t)value : 0;
        value += p->step;
        value -= value >= 251 ? 251 : 0;
    }
}

static int program(struct tsme_journal *j, uint32_t block, const struct piece *p)
{
    fill(j, p);
    return tsme_flash_program(j, block, p->off, p->size, 0);
}

static int holds(struct tsme_journal *j, uint32_t block, const struct piece *p)
{
    fill(j, p);
    return tsme_flash_holds(j, block, p->off, 0, p->size);
}

// Notes a lie; 0 for the caller to give.
static int lie(struct tsme_journal *j, uint32_t which, uint32_t block, uint32_t more)
{
    return tsme_fault(j, 0, which, block, more);
}

// Is what is at this block's end there in another one?
static int repeats(struct tsme_journal *j, uint32_t block, const struct piece *p)
{
    for (uint32_t other = 0; other < j->device.count; other++) {
        int same = other == block ? 0 : tsme_flash_holds(j, other, p->off, 0, p->size);
        if (same) {
            return same < 0 ? same : !lie(j, TSME_LIE_SAME, block, other);
        }
    }
    return 0;
}

// What is programmed must be there, and nothing beside it: at a block's end, in the middle of a
// page, over the end of one.
static int keeps(struct tsme_journal *j, uint32_t block)
{
    uint32_t up = j->unit - 1;
    uint32_t last = j->device.size - j->unit;
    uint32_t at = (160 + up) & ~up;
    uint32_t size = (300 + up) & ~up;
    bool cure = j->unit < 256;
    size = size < j->buffer_size ? size : j->buffer_size;
    if (size > last || at > last - size) {
        size = last > at ? last - at : 0;
    }
    const struct piece pieces[3] = {{0, j->unit, 0x5A, 0},
                                    {at, size, 3, 7},
                                    {last, j->unit, (uint8_t)(0x30 + (block & 15)), 0}};
    for (uint32_t i = 3; i-- > 0;) {
        const struct piece *p = &pieces[i];
        int took = p->size ? program(j, block, p) : 1;
        if (took <= 0) {
            return took < 0 ? took : lie(j, TSME_LIE_PROGRAM, block, cure);
        }
        took = i == 2 ? repeats(j, block, p) : 0;
        if (took) {
            return took < 0 ? took : 0;
        }
    }
    uint32_t end = 0;
    for (uint32_t i = 0; i < 3; i++) {
        const struct piece *p = &pieces[i];
        if (!p->size) {
            continue;
        }
        int good = holds(j, block, p);
        good = good > 0 ? tsme_flash_blank(j, block, end, p->off) : good;
        if (good <= 0) {
            return good < 0 ? good : lie(j, TSME_LIE_SPILLS, block, cure);
        }
        end = p->off + p->size;
    }
    return 1;
}

// Something in the block beside, if it may be used for that: 1.
static int put_beside(struct tsme_journal *j, uint32_t beside, uint32_t claimed,
                      const struct piece *p)
{
    int took = beside == claimed ? 0 : tsme_flash_erase(j, beside);
    return took > 0 ? program(j, beside, p) : took;
}

// Does an erase leave what is in other blocks, and nothing in this one?
static int erases_alone(struct tsme_journal *j, uint32_t block, uint32_t claimed, uint32_t beside,
                        const struct piece *p)
{
    struct tsme_block_head h;
    int there = beside == TSME_NO_BLOCK ? 1 : holds(j, beside, p);
    there = there > 0 ? tsme_block_look(j, claimed, &h) : there;
    if (there <= 0) {
        return there < 0 ? there : lie(j, TSME_LIE_LARGER, block, j->device.size);
    }
    there = program(j, block, p);
    there = there > 0 ? tsme_flash_blank(j, block, j->unit, j->device.size) : there;
    return there ? there : lie(j, TSME_LIE_SPILLS, block, 0);
}

// 1 if this block behaves as one of flash must, else 0, and the lie is noted.
int tsme_journal_trial(struct tsme_journal *j, uint32_t block, uint32_t claimed)
{
    const struct piece unit = {0, j->unit, 0x5A, 0};
    uint32_t beside = block ? block - 1 : 1;
    int good = put_beside(j, beside, claimed, &unit);
    beside = good ? beside : TSME_NO_BLOCK;
    for (uint32_t i = 0; i < 2; i++) {
        good = good < 0 ? good : tsme_flash_erase(j, block);
        if (good <= 0) {
            return good < 0 ? good : lie(j, TSME_LIE_ERASE, block, 0);
        }
        good = i ? 1 : keeps(j, block);
        if (good <= 0) {
            return good;
        }
        if (!i && j->unit > j->slot) { // then FF is programmed over records
            memset(j->buffer, 0xFF, j->unit);
            good = tsme_flash_program(j, block, 0, j->unit, 0);
            good = good < 0 ? good : holds(j, block, &unit);
            if (good <= 0) {
                return good < 0 ? good : lie(j, TSME_LIE_OVERWRITES, block, 0);
            }
        }
    }
    return erases_alone(j, block, claimed, beside, &unit);
}
