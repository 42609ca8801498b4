// Writes a journal into memory that stands in for flash, and measures what a commit costs:
//
//     journal IMAGE COMMITS SIZE
//
// Bodies have SIZE bytes, as a step of one transition has some 20; a checkpoint is written when
// one is due. Then all is recovered, and the image goes to the file IMAGE. `short` are
// instructions of a commit into a block that is open, `mean` of all with their checkpoints and
// new blocks, `recover` of a power-up without replaying, each without those of the flash.

#include "port.h"
#include "../tsme_journal.h"

#include <string.h>

enum { BLOCK = 4096, COUNT = 8, BODY_MOST = 256 };

static uint32_t words[BLOCK * COUNT / 4];
static uint8_t *const flash = (uint8_t *)words;
static uint8_t buffer[TSME_JOURNAL_BUFFER];
static uint8_t blocks[TSME_JOURNAL_BLOCKS(COUNT)];
static uint8_t body[BODY_MOST];
static struct tsme_journal journal;
static struct tsme_walk walk;
static uint32_t in_flash; // instructions that are not the journal's

static int flash_read(void *context, uint32_t block, uint32_t off, uint8_t *to, uint32_t size)
{
    uint32_t began = port_instructions();
    (void)context;
    memcpy(to, flash + block * BLOCK + off, size);
    in_flash += port_instructions() - began;
    return 0;
}

static int flash_program(void *context, uint32_t block, uint32_t off, const uint8_t *from,
                         uint32_t size)
{
    uint32_t began = port_instructions();
    (void)context;
    for (uint32_t i = 0; i < size; i++) {
        flash[block * BLOCK + off + i] &= from[i];
    }
    in_flash += port_instructions() - began;
    return 0;
}

static int flash_erase(void *context, uint32_t block)
{
    uint32_t began = port_instructions();
    (void)context;
    memset(flash + block * BLOCK, 0xFF, BLOCK);
    in_flash += port_instructions() - began;
    return 0;
}

static void print_number(const char *name, uint32_t n)
{
    char text[12];
    char *at = text + sizeof text;
    *--at = 0;
    do {
        *--at = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    port_print(name);
    port_print("=");
    port_print(at);
    port_print("\n");
}

static uint32_t parse_number(const char *text)
{
    uint32_t n = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        n = n * 10 + (uint32_t)(*text - '0');
    }
    return n;
}

static int open_journal(struct tsme_info *info)
{
    const struct tsme_journal_config config = {.device = {.read = flash_read,
                                                          .program = flash_program,
                                                          .erase = flash_erase,
                                                          .mapped = flash,
                                                          .size = BLOCK,
                                                          .count = COUNT},
                                               .buffer = buffer,
                                               .buffer_size = sizeof buffer,
                                               .blocks = blocks,
                                               .blocks_size = sizeof blocks};
    int error = tsme_journal_open(&journal, &config);
    return error ? error : tsme_journal_recover(&journal, &walk, info);
}

// Commits so many records; an error, or 0.
static int write_all(uint32_t commits, uint32_t size, uint32_t *least, uint32_t *all)
{
    *least = UINT32_MAX;
    uint32_t began = port_instructions();
    in_flash = 0;
    for (uint32_t i = 0; i < commits; i++) {
        const struct tsme_part parts[2] = {{body, size < 14 ? size : 14},
                                           {body + 14, size < 14 ? 0 : size - 14}};
        memset(body, (int)(i & 0xFF), size);
        int error = 0;
        if (tsme_journal_needs_checkpoint(&journal, 0)) {
            error = tsme_journal_checkpoint(&journal, parts, 2);
        }
        uint32_t before = port_instructions();
        uint32_t flashed = in_flash;
        error = error ? error : tsme_journal_commit(&journal, TSME_JOURNAL_STEP, parts, 2);
        if (error) {
            return error;
        }
        uint32_t took = port_instructions() - before - (in_flash - flashed);
        *least = took < *least ? took : *least;
    }
    *all = port_instructions() - began - in_flash;
    return 0;
}

int bare_main(void)
{
    char *argv[8];
    struct tsme_info info = {0};
    uint32_t least = 0;
    uint32_t all = 0;
    if (port_arguments(argv, 8) != 4) {
        port_print("journal IMAGE COMMITS SIZE\n");
        return 2;
    }
    uint32_t commits = parse_number(argv[2]);
    uint32_t size = parse_number(argv[3]);
    memset(flash, 0xFF, sizeof words);
    int error = size > BODY_MOST || !commits ? TSME_J007 : open_journal(&info);
    error = error ? error : write_all(commits, size, &least, &all);
    uint32_t began = port_instructions();
    in_flash = 0;
    error = error ? error : open_journal(&info);
    uint32_t recovered = port_instructions() - began - in_flash;
    print_number("error", (uint32_t)-error);
    print_number("records", info.records);
    print_number("short", least);
    print_number("mean", error ? 0 : all / commits);
    print_number("recover", recovered);
    print_number("ram", sizeof journal + sizeof blocks);
    return port_write(argv[1], flash, sizeof words) ? 1 : 0;
}
