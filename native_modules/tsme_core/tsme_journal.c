// The journal's writer: commits, new blocks, seals, retired blocks (SPEC 4.3, 4.6).

#include "tsme_journal_blocks.h"
#include "tsme_crc.h"
#include "tsme_math.h"

#include <string.h>

// A record that is being written.
struct record {
    const struct tsme_part *parts;
    uint32_t count; // of them
    uint32_t size;  // bytes, with its head
    uint32_t crc;
    uint8_t head[TSME_RECORD_HEAD];
    uint8_t kind;
};

static bool power_of_two(uint32_t n, uint32_t first, uint32_t last)
{
    return first <= n && n <= last && !(n & (n - 1));
}

static uint32_t room_of(const struct tsme_journal *j)
{
    return j->end - j->data;
}

// A checkpoint may take `reserve` blocks, and steps leave so many free for it, and one that
// may fail: it always finds room, however often the power fails.
void tsme_journal_measure(struct tsme_journal *j)
{
    uint32_t good = j->device.count - j->worn_count;
    uint32_t reserve = j->device.count / 2;
    reserve = reserve > 2 ? reserve - 1 : 1;
    if (reserve + 2 > good) {
        reserve = good > 3 ? good - 2 : 1;
    }
    j->reserve = reserve;
    j->kept = reserve + (good >= reserve + 3);
    TSME_ASSERT(j->worn_count <= j->device.count && reserve && reserve < j->device.count);
    j->most = reserve * room_of(j) - TSME_RECORD_HEAD;
    if (j->most > TSME_RECORD_MOST) {
        j->most = TSME_RECORD_MOST;
    }
}

void tsme_journal_reset(struct tsme_journal *j)
{
    memset(j->worn, 0, (j->device.count + 7) / 8);
    j->worn_count = 0;
    tsme_journal_measure(j);
    j->number = j->chain = j->generation = j->newest = j->since = j->steps = j->ready = 0;
    j->off = j->end; // the next commit opens a block
    j->block = 0;
    j->owned = false;
    j->live = TSME_DEAD;
}

int tsme_journal_open(struct tsme_journal *j, const struct tsme_journal_config *config)
{
    memset(j, 0, sizeof *j);
    j->device = config->device;
    struct tsme_device *d = &j->device;
    d->unit = d->unit ? d->unit : 32;
    j->slot = config->slot ? config->slot : 32;
    if (d->once && j->slot < d->unit) {
        j->slot = d->unit;
    }
    uint32_t least = j->slot > 64 ? 4 * j->slot : TSME_JOURNAL_BUFFER;
    if (!power_of_two(j->slot, 32, 256) || !power_of_two(d->unit, 1, 256) || d->count < 2 ||
        d->count > 65535 || d->size < 8 * j->slot || d->size % 256 ||
        tsme_times(d->size, d->count) > UINT32_MAX || config->buffer_size < least ||
        config->buffer_size % TSME_JOURNAL_BUFFER ||
        config->blocks_size < TSME_JOURNAL_BLOCKS(d->count)) {
        j->numbers[3] = d->unit;
        return tsme_fault(j, TSME_J001, d->count, d->size, j->slot);
    }
    j->unit = d->unit > 32 ? d->unit : 32;
    j->data = 2 * j->slot;
    j->end = d->once ? d->size - j->slot : d->size;
    j->base = d->count - 1;
    j->claimed = TSME_NO_BLOCK;
    j->buffer = config->buffer;
    j->buffer_size = config->buffer_size;
    j->worn = config->blocks;
    j->ring = config->blocks + (d->count + 7) / 8;
    tsme_journal_reset(j);
    return 0;
}

bool tsme_journal_retired(const struct tsme_journal *j, uint32_t block)
{
    return tsme_bit(j->worn, block);
}

// Good blocks behind generation `top` that hold nothing that is needed.
static int32_t blocks_free(const struct tsme_journal *j, uint32_t top, uint32_t since)
{
    int32_t behind = (int32_t)((since ? since : top + 1) + j->device.count - 1 - top);
    int32_t left = behind;
    if (j->worn_count) {
        uint32_t block = tsme_block_of(j, top);
        for (int32_t i = 0; i < behind; i++) {
            block = block + 1 < j->device.count ? block + 1 : 0;
            left -= tsme_bit(j->worn, block);
        }
    }
    return left;
}

// Blocks that steps may still open, if more than 0.
static int32_t blocks_left(const struct tsme_journal *j)
{
    return blocks_free(j, j->generation, j->since) - (int32_t)j->kept;
}

uint32_t tsme_journal_most(const struct tsme_journal *j)
{
    return j->most;
}

uint32_t tsme_journal_room(const struct tsme_journal *j)
{
    // Less than no blocks may be left, and then there is no room here either.
    int32_t left = blocks_left(j);
    uint32_t rest = j->end - j->off;
    if (left < 0) {
        uint32_t missing = (uint32_t)-left * room_of(j);
        rest = rest > missing ? rest - missing : 0;
        left = 0;
    }
    rest += (uint32_t)left * room_of(j);
    return rest > TSME_RECORD_HEAD ? rest - TSME_RECORD_HEAD : 0;
}

bool tsme_journal_is_due(const struct tsme_journal *j, uint32_t steps, uint32_t transitions)
{
    if (steps >= TSME_JOURNAL_STEPS || transitions >= TSME_JOURNAL_TRANSITIONS) {
        return true;
    }
    return blocks_left(j) <= 0 && tsme_journal_room(j) < room_of(j) / 4;
}

bool tsme_journal_needs_checkpoint(const struct tsme_journal *j, uint32_t transitions)
{
    return tsme_journal_is_due(j, j->steps, transitions);
}

void tsme_journal_retire(struct tsme_journal *j, uint32_t block)
{
    j->worn_count += !tsme_bit(j->worn, block);
    tsme_bit_set(j->worn, block);
    j->ready = 0; // its mark does not know
    tsme_journal_measure(j);
}

// Says in a block that the next one holds a record: if that loses its head, it is missed.
int tsme_journal_seal(struct tsme_journal *j, uint32_t block)
{
    if (block == TSME_NO_BLOCK || tsme_bit(j->worn, block)) {
        return 0;
    }
    uint32_t off = 0;
    uint32_t size = j->unit;
    uint32_t at = TSME_HALF;
    if (j->device.once) {
        off = j->end;
        size = j->slot;
        at = 0;
        memset(j->buffer, 0xFF, size);
    } else { // with what is there, for memory takes FF for what it is
        int error = tsme_flash_read(j, block, 0, j->buffer, size);
        if (error) {
            return error;
        }
    }
    memset(j->buffer + at, 0, TSME_SEAL);
    int took = tsme_flash_program(j, block, off, size, 0);
    if (!took) {
        tsme_journal_retire(j, block);
    }
    return took < 0 ? took : 0;
}

// Bytes `done` to `done + n` of a record.
static void copy(const struct record *r, uint32_t done, uint32_t n, uint8_t *to)
{
    struct tsme_part part = {r->head, TSME_RECORD_HEAD};
    const struct tsme_part *next = r->parts;
    while (n) {
        if (done >= part.size) {
            done -= part.size;
            part = *next++;
            continue;
        }
        uint32_t piece = part.size - done < n ? part.size - done : n;
        memcpy(to, part.at + done, piece);
        to += piece;
        done += piece;
        n -= piece;
    }
}

// Programs `at` bytes that are in the buffer already, then a record's from `done` to `until`;
// what of the first unit is before `off` is left as it is.
static int put_record(struct tsme_journal *j, uint32_t block, uint32_t off, uint32_t at,
                      const struct record *r, uint32_t done, uint32_t until)
{
    TSME_ASSERT(done < until && until <= r->size && at <= j->buffer_size);
    uint32_t lead = off & (j->unit - 1);
    memset(j->buffer, 0xFF, lead);
    at = at > lead ? at : lead;
    off -= lead;
    for (;;) {
        uint32_t n = j->buffer_size - at;
        n = until - done < n ? until - done : n;
        copy(r, done, n, j->buffer + at);
        done += n;
        at += n;
        int took = tsme_flash_program(j, block, off, tsme_pad(j, at), lead);
        if (took <= 0 || done == until) {
            return took;
        }
        off += at;
        at = lead = 0;
    }
}

// Writes a block's head and what fits of the record, and says where that ends.
static int open_block(struct tsme_journal *j, uint32_t generation, const struct record *r,
                      uint32_t done, uint32_t before, uint32_t *end)
{
    TSME_ASSERT(generation > before && done < r->size);
    TSME_ASSERT(j->live == TSME_DEAD && !tsme_bit(j->worn, tsme_block_of(j, generation)));
    uint32_t room = room_of(j);
    uint32_t piece = r->size - done < room ? r->size - done : room;
    uint32_t first = j->data;
    uint32_t number = j->number;
    uint32_t chain = j->chain;
    if (done) {
        first = (j->data + piece + j->slot - 1) & (0u - j->slot);
        if (done + piece < r->size || first >= j->end) {
            first = 0;
        } else {
            number++;
            chain = r->crc;
        }
    }
    uint32_t block = tsme_block_of(j, generation);
    if (block == j->claimed) {
        j->claimed = TSME_NO_BLOCK;
    }
    bool ready = generation == j->ready;
    j->ready = 0;
    int took = ready ? 1 : tsme_make_ready(j, generation, before + 1);
    if (took <= 0) {
        return took;
    }
    uint8_t *place = j->buffer + j->slot;
    uint32_t size = tsme_lay_mark(j, generation, before);
    if (size < j->data) {
        memset(j->buffer + size, 0xFF, j->data - size);
    }
    tsme_put32(place, first);
    tsme_put32(place + 4, number);
    tsme_put32(place + 8, chain);
    tsme_put32(place + 12, j->since);
    memset(place + 16, 0, 8);
    tsme_put32(place + 24, tsme_crc(tsme_get32(j->buffer + 24), place, 24));
    uint32_t at = j->data;
    if (ready && j->unit <= j->slot) { // the first slot is programmed already
        at = j->slot;
        memcpy(j->buffer, place, at);
    }
    *end = j->data + piece;
    TSME_ASSERT(*end <= j->end && first < j->end);
    return put_record(j, block, ready ? j->slot : 0, at, r, done, done + piece);
}

// The record is there: what follows from that.
static int committed(struct tsme_journal *j, const struct record *r, uint32_t begin,
                     uint32_t generation, uint32_t end)
{
    TSME_ASSERT(generation && generation >= j->generation && begin <= generation);
    if (generation != j->generation) {
        j->block = tsme_block_of(j, generation);
    }
    int error = j->device.sync ? tsme_flash_sync(j, j->block) : 0;
    if (error) {
        return error;
    }
    j->chain = r->crc;
    j->number++;
    while (j->generation < generation) {
        error = tsme_journal_seal(j, j->generation ? tsme_block_of(j, j->generation) : j->claimed);
        if (error) {
            return error;
        }
        j->generation++;
    }
    j->off = (end + j->slot - 1) & (0u - j->slot);
    TSME_ASSERT(j->generation == generation && j->off > j->data && j->off <= j->end);
    if (r->kind == TSME_JOURNAL_CHECKPOINT) {
        j->since = begin;
        j->steps = 0;
    } else {
        j->since = j->since ? j->since : begin;
        j->steps++;
    }
    j->live = TSME_LIVE;
    TSME_ASSERT(j->since && j->since <= j->generation && j->newest >= j->generation);
    return 0;
}

// How many blocks so many bytes take; more than there are is enough to know.
static uint32_t blocks_for(const struct tsme_journal *j, uint32_t size)
{
    uint32_t blocks = 0;
    uint32_t room = room_of(j);
    for (; size && blocks <= j->device.count; blocks++) {
        size -= size < room ? size : room;
    }
    return blocks;
}

static int refuse(struct tsme_journal *j, int code, const struct record *r, uint32_t limit)
{
    return tsme_fault(j, code, r->size - TSME_RECORD_HEAD, limit, 0);
}

// Writes the record: `done` bytes into this block, the rest into new ones. A block that fails
// holds nothing of it: that goes into the next.
static int store(struct tsme_journal *j, const struct record *r, uint32_t done)
{
    uint32_t generation = j->generation;
    uint32_t off = j->off;
    uint32_t begin = 0;
    if (done) {
        int took = put_record(j, j->block, off, 0, r, 0, done);
        if (took < 0) {
            return took;
        }
        if (took) {
            off += done;
            begin = generation;
        } else {
            tsme_journal_retire(j, j->block);
            done = 0;
        }
    }
    while (done < r->size) {
        uint32_t need = blocks_for(j, r->size - done);
        need += r->kind == TSME_JOURNAL_STEP ? j->reserve : 0;
        uint32_t top = generation > j->newest ? generation : j->newest;
        int32_t left = blocks_free(j, top, j->since ? j->since : begin);
        if (left < (int32_t)need) {
            if (r->kind == TSME_JOURNAL_STEP && left) {
                j->off = j->end; // a checkpoint gives room; nothing is added here
                j->live = TSME_LIVE;
                return refuse(j, TSME_J008, r, tsme_journal_room(j));
            }
            return tsme_fault(j, TSME_J011, j->worn_count, j->device.count, 0);
        }
        uint32_t following = j->newest = tsme_good_after(j, top);
        uint32_t end = 0;
        int took = open_block(j, following, r, done, generation, &end);
        if (took < 0) {
            return took;
        }
        if (!took) {
            tsme_journal_retire(j, tsme_block_of(j, following));
            continue;
        }
        done += end - j->data;
        off = end;
        generation = following;
        begin = begin ? begin : following;
    }
    return committed(j, r, begin, generation, off);
}

// Before a block is opened: the region is ours, and no newer head is in it.
static int prepare(struct tsme_journal *j)
{
    int error = 0;
    if (!j->owned) {
        error = tsme_journal_own(j);
        j->owned = !error;
    }
    if (!error && j->newest > j->generation) {
        error = tsme_journal_drop(j);
    }
    return error;
}

// The record takes a new block, or more than the buffer holds.
static int commit_long(struct tsme_journal *j, struct record *r)
{
    uint32_t rest = j->end - j->off;
    int32_t left = blocks_left(j);
    if (r->kind == TSME_JOURNAL_CHECKPOINT && (rest < r->size || left <= 0)) {
        rest = 0; // from a block's beginning it keeps the fewest blocks from being erased
    }
    uint32_t opens = r->size > rest ? blocks_for(j, r->size - rest) : 0;
    if (r->size - TSME_RECORD_HEAD > j->most) {
        return refuse(j, TSME_J007, r, j->most);
    }
    if (r->kind == TSME_JOURNAL_STEP && opens > (uint32_t)(left > 0 ? left : 0)) {
        return refuse(j, TSME_J008, r, tsme_journal_room(j));
    }
    tsme_put32(r->head, (r->size - TSME_RECORD_HEAD) | (uint32_t)r->kind << 24);
    r->crc = tsme_crc(j->chain, r->head, 4);
    for (uint32_t i = 0; i < r->count; i++) {
        r->crc = tsme_crc(r->crc, r->parts[i].at, r->parts[i].size);
    }
    tsme_put32(r->head + 4, r->crc);
    j->live = TSME_DEAD;
    int error = opens ? prepare(j) : 0;
    return error ? error : store(j, r, r->size < rest ? r->size : rest);
}

// At the first commit: seals that a cut came before.
static int wake(struct tsme_journal *j)
{
    if (j->live == TSME_DEAD) {
        return TSME_J010;
    }
    j->live = TSME_DEAD;
    int error = tsme_journal_unsealed(j, true);
    j->live = error < 0 ? TSME_DEAD : TSME_LIVE;
    return error < 0 ? error : 0;
}

int tsme_journal_commit(struct tsme_journal *j, uint8_t kind, const struct tsme_part *parts,
                        uint32_t count)
{
    if (j->live != TSME_LIVE) {
        int error = wake(j);
        if (error) {
            return error;
        }
    }
    uint32_t size = TSME_RECORD_HEAD;
    uint32_t all = 0;
    for (uint32_t i = 0; i < count; i++) {
        size += parts[i].size;
        all |= parts[i].size | size;
    }
    if (all > TSME_RECORD_MOST) { // their sum may have gone round
        size = TSME_RECORD_HEAD + TSME_RECORD_MOST + 1u;
    }
    struct record r;
    r.parts = parts;
    r.count = count;
    r.kind = kind;
    r.size = size;
    uint32_t off = j->off;
    uint32_t lead = off & (j->unit - 1);
    if (size > j->end - off || lead + size > j->buffer_size ||
        (kind == TSME_JOURNAL_CHECKPOINT && blocks_left(j) <= 0)) {
        return commit_long(j, &r);
    }
    // What the crc is of lies together, until it is there: its place comes before it.
    uint8_t *head = j->buffer + lead;
    uint8_t *to = head + TSME_RECORD_HEAD;
    if (lead) {
        memset(j->buffer, 0xFF, lead);
    }
    tsme_put32(head + 4, (size - TSME_RECORD_HEAD) | (uint32_t)kind << 24);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(to, parts[i].at, parts[i].size);
        to += parts[i].size;
    }
    r.crc = tsme_crc(j->chain, head + 4, size - 4);
    memcpy(head, head + 4, 4);
    tsme_put32(head + 4, r.crc);
    j->live = TSME_DEAD;
    int took = tsme_flash_program(j, j->block, off - lead, tsme_pad(j, lead + size), lead);
    if (took < 0) {
        return took;
    }
    if (!took) {
        memcpy(r.head, head, TSME_RECORD_HEAD);
        tsme_journal_retire(j, j->block);
        return store(j, &r, 0);
    }
    return committed(j, &r, j->generation, j->generation, off + size);
}

int tsme_journal_checkpoint(struct tsme_journal *j, const struct tsme_part *parts, uint32_t count)
{
    return tsme_journal_commit(j, TSME_JOURNAL_CHECKPOINT, parts, count);
}

int tsme_journal_idle(struct tsme_journal *j)
{
    if (j->live == TSME_DEAD) {
        return 0;
    }
    int error = j->live == TSME_LIVE ? 0 : wake(j);
    if (error || j->ready) {
        return error;
    }
    j->live = TSME_DEAD;
    error = prepare(j);
    if (error) {
        return error;
    }
    uint32_t top = j->generation > j->newest ? j->generation : j->newest;
    bool done = blocks_free(j, top, j->since) > 0;
    if (done) {
        uint32_t following = tsme_good_after(j, top);
        uint32_t block = tsme_block_of(j, following);
        int took = tsme_make_ready(j, following, j->generation + 1);
        if (took > 0) {
            took = tsme_flash_program(j, block, 0, tsme_lay_mark(j, following, j->generation), 0);
        }
        if (took > 0) {
            took = tsme_flash_sync(j, block);
            j->ready = following;
        } else if (!took) {
            tsme_journal_retire(j, block);
        }
        if (took < 0) {
            return took;
        }
    }
    j->live = TSME_LIVE;
    return done;
}
