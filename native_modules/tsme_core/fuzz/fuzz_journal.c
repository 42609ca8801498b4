// A target of libFuzzer: flash with anything on it. Recovery and the walk through records read
// nothing beside the blocks, write nothing, and read no more than so many times what there
// is; and if recovery finds a journal, a commit behind it is found by the next one.
//
// An input: bytes of a block, blocks, slot and unit (three bytes, see `shape`), and the flash
// from its first block on; the rest of it is erased.

#include "../tsme_journal.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUFFER = 1024,
    COUNT_MAX = 18,
    BODY_MAX = 0x8000,
    // How often each byte may be read in one call. Every block is looked at in four searches of
    // recovery, and each record's chain is followed from where it may begin.
    OFTEN = 64,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct flash {
    uint8_t *bytes;
    uint32_t block; // bytes of one
    uint32_t count;
    uint64_t reads; // bytes
    bool writes;    // it may be written to
};

static struct tsme_journal journal;
static uint8_t body[BODY_MAX];
static uint8_t buffer[BUFFER];
static uint8_t blocks[TSME_JOURNAL_BLOCKS(COUNT_MAX)];

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static uint8_t *place(struct flash *f, uint32_t block, uint32_t offset, uint32_t size)
{
    must(block < f->count && offset <= f->block && size <= f->block - offset);
    return f->bytes + block * f->block + offset;
}

static int flash_read(void *context, uint32_t block, uint32_t offset, uint8_t *to, uint32_t size)
{
    struct flash *f = context;
    memcpy(to, place(f, block, offset, size), size);
    f->reads += size;
    must(f->reads <= (uint64_t)OFTEN * f->block * f->count);
    return 0;
}

static int flash_program(void *context, uint32_t block, uint32_t offset, const uint8_t *from,
                         uint32_t size)
{
    struct flash *f = context;
    uint8_t *to = place(f, block, offset, size);
    must(f->writes);
    for (uint32_t i = 0; i < size; i++) {
        to[i] &= from[i];
    }
    return 0;
}

static int flash_erase(void *context, uint32_t block)
{
    struct flash *f = context;
    must(f->writes);
    memset(place(f, block, 0, f->block), 0xFF, f->block);
    return 0;
}

// How the flash is: from the first three bytes of an input.
static struct tsme_journal_config shape(const uint8_t *data, struct flash *f)
{
    f->block = 256u << data[0] % 4;
    f->count = 2 + data[0] / 4 % 16;
    return (struct tsme_journal_config){
        .device = {.read = flash_read,
                   .program = flash_program,
                   .erase = flash_erase,
                   .context = f,
                   .size = f->block,
                   .count = f->count,
                   .unit = 1u << data[1] % 9,
                   .once = data[1] & 0x80},
        .slot = 32u << data[2] % 4,
        .buffer = buffer,
        .buffer_size = sizeof buffer,
        .blocks = blocks,
        .blocks_size = sizeof blocks,
    };
}

// Everything that can be read: no end without a last record.
static uint32_t walk(struct tsme_walk *seek, struct flash *f)
{
    uint32_t count = 0;
    f->reads = 0;
    for (int found;
         (found = tsme_journal_next(seek)) == TSME_WALK_RECORD || found == TSME_WALK_DAMAGE;) {
        if (found == TSME_WALK_RECORD) {
            must(seek->size <= sizeof body);
            (void)tsme_journal_body(seek, body);
        }
        count++;
        must(count <= f->block * f->count);
    }
    return count;
}

// A commit behind what was found, and a reset: it is there whole, or the image is refused.
static void go_on(struct tsme_journal_config *config, struct flash *f, const uint8_t *from,
                  uint32_t size)
{
    struct tsme_walk seek;
    struct tsme_info info;
    uint32_t most = tsme_journal_room(&journal);
    size = size < most ? size : most;
    struct tsme_part parts[2] = {{from, size / 2}, {from + size / 2, size - size / 2}};
    f->writes = true;
    f->reads = 0;
    int err = tsme_journal_commit(&journal, TSME_JOURNAL_STEP, parts, 2);
    f->writes = false;
    if (err) {
        return;
    }
    must(!tsme_journal_open(&journal, config));
    f->reads = 0;
    if (tsme_journal_recover(&journal, &seek, &info)) {
        return; // blocks that fit only together with the new one: it says that they are damaged
    }
    uint32_t last = UINT32_MAX;
    f->reads = 0;
    while (tsme_journal_next(&seek) == TSME_WALK_RECORD) {
        last = seek.size;
        must(last <= sizeof body);
        (void)tsme_journal_body(&seek, body);
    }
    must(last == size && !memcmp(body, from, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) {
        return 0;
    }
    struct flash f = {0};
    struct tsme_journal_config config = shape(data, &f);
    uint32_t room = f.block * f.count;
    uint32_t given = (uint32_t)size - 3 < room ? (uint32_t)size - 3 : room;
    f.bytes = malloc(room);
    memcpy(f.bytes, data + 3, given);
    memset(f.bytes + given, 0xFF, room - given);

    struct tsme_walk seek;
    struct tsme_info info;
    if (!tsme_journal_open(&journal, &config)) {
        if (!tsme_journal_records(&journal, &seek)) {
            (void)walk(&seek, &f);
        }
        f.reads = 0;
        must(!tsme_journal_open(&journal, &config));
        if (!tsme_journal_recover(&journal, &seek, &info)) {
            (void)walk(&seek, &f);
            go_on(&config, &f, data, (uint32_t)(size < 200 ? size : 200));
        }
    }
    free(f.bytes);
    return 0;
}
