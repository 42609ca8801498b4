// The erase blocks below a journal: programming and erasing, which is not believed until it has
// been read, and what blocks say of themselves (SPEC 4.1).

#include "tsme_journal_blocks.h"
#include "tsme_crc.h"

#include <string.h>

enum { CHUNK = 64 }; // bytes that are read at once to compare them, where the buffer is full

uint32_t tsme_get32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

void tsme_put32(uint8_t *at, uint32_t n)
{
    at[0] = (uint8_t)n;
    at[1] = (uint8_t)(n >> 8);
    at[2] = (uint8_t)(n >> 16);
    at[3] = (uint8_t)(n >> 24);
}

int tsme_fault(struct tsme_journal *j, int code, uint32_t a, uint32_t b, uint32_t c)
{
    j->numbers[0] = a;
    j->numbers[1] = b;
    j->numbers[2] = c;
    return code;
}

// n % by, without a division, which not all chips have.
uint32_t tsme_modulo(uint32_t n, uint32_t by)
{
    uint32_t part = by;
    while (part <= n >> 1) {
        part <<= 1;
    }
    for (; part >= by; part >>= 1) {
        n -= n >= part ? part : 0;
    }
    return n;
}

uint32_t tsme_block_of(const struct tsme_journal *j, uint32_t generation)
{
    TSME_ASSERT(j->base < j->device.count);
    uint32_t block = j->base + tsme_modulo(generation, j->device.count);
    block = block < j->device.count ? block : block - j->device.count;
    TSME_ASSERT(block < j->device.count);
    return block;
}

// How many places `block` is behind `other` in the ring, 0 .. count - 1.
uint32_t tsme_block_behind(const struct tsme_journal *j, uint32_t block, uint32_t other)
{
    return block >= other ? block - other : block + j->device.count - other;
}

bool tsme_bit(const uint8_t *bits, uint32_t n)
{
    return bits[n >> 3] >> (n & 7) & 1;
}

void tsme_bit_set(uint8_t *bits, uint32_t n)
{
    bits[n >> 3] = (uint8_t)(bits[n >> 3] | 1u << (n & 7));
}

bool tsme_filled(const uint8_t *at, uint32_t size, uint8_t byte)
{
    return !size || (at[0] == byte && !memcmp(at, at + 1, size - 1));
}

// The next generation whose block is good; there must be one.
uint32_t tsme_good_after(const struct tsme_journal *j, uint32_t generation)
{
    do {
        generation++;
    } while (tsme_bit(j->worn, tsme_block_of(j, generation)) && j->worn_count < j->device.count);
    return generation;
}

int tsme_flash_read(struct tsme_journal *j, uint32_t block, uint32_t off, uint8_t *to,
                    uint32_t size)
{
    if (j->device.mapped) {
        memcpy(to, j->device.mapped + block * j->device.size + off, size);
        return 0;
    }
    // calls: the caller
    int said = j->device.read(j->device.context, block, off, to, size);
    if (!said) {
        return 0;
    }
    if (said == TSME_DEVICE_GONE) {
        return TSME_JOURNAL_GONE;
    }
    return tsme_fault(j, TSME_J009, block, TSME_CANNOT_READ, (uint32_t)said);
}

// Are `size` bytes the same? By words where they lie at words, as the buffer and slots do.
static bool same(const uint8_t *a, const uint8_t *b, uint32_t size)
{
    uint32_t at = 0;
    uint32_t words = (((uintptr_t)a | (uintptr_t)b) & 3) == 0 ? size & ~3u : 0;
    for (; at != words; at += 4) {
        uint32_t x;
        uint32_t y;
        memcpy(&x, __builtin_assume_aligned(a + at, 4), 4);
        memcpy(&y, __builtin_assume_aligned(b + at, 4), 4);
        if (x != y) {
            return false;
        }
    }
    return at == size || !memcmp(a + at, b + at, size - at);
}

// Are the `size` bytes of the buffer from `at` on in the flash? What is behind them is read over.
int tsme_flash_holds(struct tsme_journal *j, uint32_t block, uint32_t off, uint32_t at,
                     uint32_t size)
{
    uint8_t chunk[CHUNK];
    if (j->device.mapped) {
        return same(j->device.mapped + block * j->device.size + off, j->buffer + at, size);
    }
    uint8_t *to = j->buffer + at + size;
    uint32_t room = j->buffer_size - at - size;
    if (room < CHUNK) {
        to = chunk;
        room = CHUNK;
    }
    while (size) {
        uint32_t n = size < room ? size : room;
        int error = tsme_flash_read(j, block, off, to, n);
        if (error) {
            return error;
        }
        if (!same(to, j->buffer + at, n)) {
            return 0;
        }
        at += n;
        off += n;
        size -= n;
    }
    return 1;
}

int tsme_flash_program(struct tsme_journal *j, uint32_t block, uint32_t off, uint32_t size,
                       uint32_t lead)
{
    TSME_ASSERT(block < j->device.count && size && lead < size && size <= j->buffer_size);
    TSME_ASSERT(!((off | size) & (j->unit - 1)) && off + size <= j->device.size);
    // calls: the caller
    int said = j->device.program(j->device.context, block, off, j->buffer, size);
    if (said) {
        return said == TSME_DEVICE_GONE ? TSME_JOURNAL_GONE : 0;
    }
    // Most flash does not tell.
    return tsme_flash_holds(j, block, off + lead, lead, size - lead);
}

int tsme_flash_erase(struct tsme_journal *j, uint32_t block)
{
    TSME_ASSERT(block < j->device.count && j->live == TSME_DEAD);
    // calls: the caller
    int said = j->device.erase(j->device.context, block);
    if (said) {
        return said == TSME_DEVICE_GONE ? TSME_JOURNAL_GONE : 0;
    }
    return tsme_flash_blank(j, block, 0, j->device.size);
}

int tsme_flash_sync(struct tsme_journal *j, uint32_t block)
{
    // calls: the caller
    int said = j->device.sync ? j->device.sync(j->device.context) : 0;
    if (!said) {
        return 0;
    }
    if (said == TSME_DEVICE_GONE) {
        return TSME_JOURNAL_GONE;
    }
    return tsme_fault(j, TSME_J009, block, TSME_CANNOT_PROGRAM, (uint32_t)said);
}

// Is all FF from `off` to `end`? What is read goes into the buffer.
int tsme_flash_blank(struct tsme_journal *j, uint32_t block, uint32_t off, uint32_t end)
{
    while (off < end) {
        uint32_t n = end - off < j->buffer_size ? end - off : j->buffer_size;
        int error = tsme_flash_read(j, block, off, j->buffer, n);
        if (error) {
            return error;
        }
        if (!tsme_filled(j->buffer, n, 0xFF)) {
            return 0;
        }
        off += n;
    }
    return 1;
}

int tsme_flash_shared(struct tsme_journal *j)
{
    uint32_t start = 0;
    uint32_t blocks = 0;
    if (!j->device.shared) {
        return 0;
    }
    // calls: the caller
    int said = j->device.shared(j->device.context, &start, &blocks);
    if (said == TSME_DEVICE_GONE) {
        return TSME_JOURNAL_GONE;
    }
    return said ? tsme_fault(j, TSME_J017, start, blocks, 0) : 0;
}

// The first part of a head: whose block this is.
void tsme_mark(const struct tsme_journal *j, uint8_t *part, uint32_t generation, uint32_t before,
               uint32_t retired)
{
    uint32_t log2 = j->device.once ? 32 + 5 : 5;
    while (1u << (log2 & 31) < j->slot) {
        log2++;
    }
    memcpy(part, "TSMJ", 4);
    tsme_put32(part + 4, TSME_FLASH_VERSION | log2 << 8 | j->device.count << 16);
    tsme_put32(part + 8, generation);
    tsme_put32(part + 12, j->device.size);
    tsme_put32(part + 16, before);
    tsme_put32(part + 20, retired);
    tsme_put32(part + 24, tsme_crc(0, part, 24));
}

bool tsme_mark_whole(const uint8_t *part)
{
    return !memcmp(part, "TSMJ", 4) && tsme_get32(part + 24) == tsme_crc(0, part, 24);
}

// Fills up with FF what is in the buffer, up to a whole unit; its size then.
uint32_t tsme_pad(struct tsme_journal *j, uint32_t size)
{
    uint32_t more = (0u - size) & (j->unit - 1);
    memset(j->buffer + size, 0xFF, more);
    return size + more;
}

// Puts the first part of a head into the buffer; its size, whole units.
uint32_t tsme_lay_mark(struct tsme_journal *j, uint32_t generation, uint32_t before)
{
    uint32_t retired = 0;
    uint32_t block = tsme_block_of(j, generation);
    for (uint32_t i = 0; i < 32 && i < j->device.count && j->worn_count; i++) {
        block = (block ? block : j->device.count) - 1;
        retired |= (uint32_t)tsme_bit(j->worn, block) << i;
    }
    tsme_mark(j, j->buffer, generation, before, retired);
    return tsme_pad(j, TSME_HALF);
}

// What a block says of itself.
int tsme_block_look(struct tsme_journal *j, uint32_t block, struct tsme_block_head *h)
{
    uint8_t place[TSME_HALF];
    int error = tsme_flash_read(j, block, 0, h->part, TSME_HALF);
    if (error) {
        return error;
    }
    if (!tsme_mark_whole(h->part)) {
        return TSME_BLOCK_OTHER;
    }
    if (h->part[4] != TSME_FLASH_VERSION) {
        return tsme_fault(j, TSME_J003, h->part[4], TSME_FLASH_VERSION, 0);
    }
    uint32_t slot = 1u << (h->part[5] & 31);
    uint32_t count = tsme_get32(h->part + 4) >> 16;
    uint32_t size = tsme_get32(h->part + 12);
    bool once = h->part[5] > 31;
    if (slot != j->slot || count != j->device.count || size != j->device.size ||
        once != j->device.once) {
        const uint32_t numbers[8] = {count,           size,           slot,    once,
                                     j->device.count, j->device.size, j->slot, j->device.once};
        memcpy(j->numbers, numbers, sizeof numbers);
        return TSME_J004;
    }
    h->generation = tsme_get32(h->part + 8);
    h->before = tsme_get32(h->part + 16);
    h->retired = tsme_get32(h->part + 20);
    error = tsme_flash_read(j, block, j->slot, place, TSME_HALF);
    if (error) {
        return error;
    }
    if (tsme_get32(place + 24) != tsme_crc(tsme_get32(h->part + 24), place, 24)) {
        return TSME_BLOCK_MARKED;
    }
    h->first = tsme_get32(place);
    h->number = tsme_get32(place + 4);
    h->chain = tsme_get32(place + 8);
    h->checkpoint = tsme_get32(place + 12);
    return TSME_BLOCK_USED;
}

// Is what this generation's block says that it holds this generation?
int tsme_block_used(struct tsme_journal *j, uint32_t generation, struct tsme_block_head *h)
{
    int found = tsme_block_look(j, tsme_block_of(j, generation), h);
    return found < 0 ? found : found == TSME_BLOCK_USED && h->generation == generation;
}

// Does a block say that the next one of the ring holds a record? One byte may have rotted.
int tsme_block_sealed(struct tsme_journal *j, uint32_t block)
{
    uint8_t seal[TSME_SEAL];
    if (j->device.once) { // what was torn cannot be done again
        int blank = tsme_flash_blank(j, block, j->end, j->device.size);
        return blank < 0 ? blank : !blank;
    }
    int error = tsme_flash_read(j, block, TSME_HALF, seal, TSME_SEAL);
    if (error) {
        return error;
    }
    uint32_t set = 0;
    for (uint32_t i = 0; i < TSME_SEAL; i++) {
        set += seal[i] != 0xFF;
    }
    return set > 1;
}

// Erases a generation's block. A mark of generation `least` or more, from a try that was cut,
// is spoilt first: a cut erase might leave just the mark, and the block would look ready.
int tsme_make_ready(struct tsme_journal *j, uint32_t generation, uint32_t least)
{
    uint8_t part[TSME_HALF];
    uint32_t block = tsme_block_of(j, generation);
    int done = tsme_flash_read(j, block, 0, part, TSME_HALF);
    if (done < 0) {
        return done;
    }
    if (!j->device.once && tsme_get32(part + 8) >= least && tsme_mark_whole(part)) {
        memset(j->buffer, 0xFF, 8);
        memset(j->buffer + 8, 0, TSME_HALF - 8);
        done = tsme_flash_program(j, block, 0, tsme_pad(j, TSME_HALF), 0);
        if (done < 0) {
            return done;
        }
    }
    return tsme_flash_erase(j, block);
}
