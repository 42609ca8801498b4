// Loading: finds the parts of a program and, when it is installed, checks them.

#include "tsme_frames.h"
#include "tsme_sha256.h"

#include <string.h>

enum { TSME_LIMIT_MOST = 100000000 }; // what a program may ask for is less

/// The file ///

// The next item of the program, which must be of this major type. A number, or the bytes
// of a byte string.
static int tsme_take(const uint8_t **at, const uint8_t *end, uint8_t major, uint32_t *n,
                     const uint8_t **bytes)
{
    uint8_t got;
    uint64_t number;
    int err = tsme_check_head(at, end, &got, &number);
    if (err) {
        return err;
    }
    if (got != major || number > UINT32_MAX) {
        return TSME_ERR_FORMAT;
    }
    *n = (uint32_t)number;
    if (major == TSME_BYTES) {
        if (*n > (uint32_t)(end - *at)) {
            return TSME_ERR_FORMAT;
        }
        *bytes = *at;
        *at += *n;
    }
    return TSME_OK;
}

static int tsme_take_limits(struct tsme *t, const uint8_t **at, const uint8_t *end)
{
    struct tsme_program *p = &t->program;
    uint32_t limits[8]; // slots, stack, counters, budget, timeout, largest, step_bytes, items
    uint32_t n;
    int err = tsme_take(at, end, TSME_ARRAY, &n, 0);
    if (err || n != 8) {
        return err ? err : TSME_ERR_FORMAT;
    }
    for (uint32_t i = 0; i < 8; i++) {
        err = tsme_take(at, end, TSME_UINT, &limits[i], 0);
        if (err || limits[i] >= TSME_LIMIT_MOST) {
            return err ? err : TSME_ERR_FORMAT;
        }
    }
    p->timeout = limits[4];
    p->largest = limits[5] ? limits[5] : TSME_LARGEST;
    p->step_bytes = limits[6] ? limits[6] : TSME_STEP_BYTES;
    p->items = limits[7] ? limits[7] : TSME_ITEMS;
    limits[3] = limits[3] ? limits[3] : TSME_BUDGET;
    const uint32_t asked[6][2] = {{TSME_SLOTS, limits[0]},
                                  {TSME_STACK, limits[1]},
                                  {TSME_BUDGET_MOST, limits[3]},
                                  {TSME_VALUE_BYTES, p->largest},
                                  {TSME_STEP_BYTES_MOST, p->step_bytes},
                                  {TSME_ITEMS_MOST, p->items}};
    for (uint32_t i = 0; i < 6 && !err; i++) {
        err = tsme_limit(t, asked[i][0], asked[i][1]);
    }
    if (err) {
        return err;
    }
    if (limits[0] == 0 || limits[0] > TSME_SLOTS_MAX || limits[1] > TSME_STACK_MAX ||
        limits[2] > 255 || limits[3] > 0xFFFF) {
        return TSME_ERR_FORMAT;
    }
    p->slots = (uint8_t)limits[0];
    p->stack = (uint8_t)limits[1];
    p->counters = (uint8_t)limits[2];
    p->budget = (uint16_t)limits[3];
    return TSME_OK;
}

// The constants are values, byte strings, or in parts (SPEC 2.14), and the index says
// where each of them begins.
static int tsme_check_consts(const struct tsme_program *p, uint32_t size, struct tsme_part scratch)
{
    const uint8_t *at = p->consts;
    const uint8_t *end = p->consts + size;
    for (uint32_t c = 0; c < p->const_count; c++) {
        if (tsme_const(p, c) != at || at == end) {
            return TSME_ERR_FORMAT;
        }
        if (*at >> 5 == TSME_BYTES || *at == TSME_PARTS_ARRAY || *at == TSME_PARTS_TEXT) {
            at += *at >= TSME_PARTS_ARRAY;
            uint32_t size_of;
            const uint8_t *numbers;
            int err = tsme_take(&at, end, TSME_BYTES, &size_of, &numbers);
            if (err) {
                return err;
            }
            continue;
        }
        int32_t n = tsme_check(at, end, scratch);
        if (n < 0) {
            return n;
        }
        at += n;
    }
    return at == end ? TSME_OK : TSME_ERR_FORMAT;
}

// A part is a word, or a constant that is a text or an integer.
static int tsme_check_parts(const struct tsme_program *p)
{
    for (uint32_t c = 0; c < p->const_count; c++) {
        bool text = *tsme_const(p, c) == TSME_PARTS_TEXT;
        struct tsme_list list = tsme_list_of(p, c);
        for (uint32_t i = 0; list.numbered && i < list.left; i++) {
            if (list.at[i] >= TSME_FIRST_WORD) {
                continue;
            }
            if (list.at[i] >= p->const_count) {
                return TSME_ERR_FORMAT;
            }
            uint8_t major = (uint8_t)(*tsme_const(p, list.at[i]) >> 5);
            if (major != TSME_TEXT && (text || major > TSME_NEGATIVE)) {
                return TSME_ERR_FORMAT;
            }
        }
    }
    return TSME_OK;
}

// The parts of the program, and where what its digest covers begins.
static int tsme_parse(struct tsme *t, const uint8_t **signed_from, uint32_t *consts_size)
{
    struct tsme_program *p = &t->program;
    const uint8_t *at = t->config.program;
    const uint8_t *end = at + t->config.program_size;
    uint32_t n;
    int err = tsme_take(&at, end, TSME_ARRAY, &n, 0);
    if (err || n != 7) {
        return err ? err : TSME_ERR_FORMAT;
    }
    err = tsme_take(&at, end, TSME_UINT, &n, 0);
    if (err || n != 2) {
        return err ? err : TSME_ERR_VERSION;
    }
    err = tsme_take(&at, end, TSME_BYTES, &n, &p->digest);
    if (err || n != 8) {
        return err ? err : TSME_ERR_FORMAT;
    }
    *signed_from = at;
    uint32_t needs;
    uint32_t sizes[3] = {0};
    const uint8_t *parts[3]; // code, index, consts
    err = tsme_take(&at, end, TSME_UINT, &needs, 0);
    if (!err && needs & ~(uint32_t)TSME_NEEDS_KNOWN) {
        t->refused = "a capability";
        err = TSME_ERR_UNSUPPORTED;
    }
    if (!err) {
        err = tsme_take_limits(t, &at, end);
    }
    for (uint32_t i = 0; i < 3 && !err; i++) {
        err = tsme_take(&at, end, TSME_BYTES, &sizes[i], &parts[i]);
    }
    p->index_width = sizes[2] < 0x100 ? 1 : sizes[2] < 0x10000 ? 2 : 4;
    if (err || sizes[0] == 0 || sizes[0] % 2 || sizes[0] > 0x20000 || sizes[1] % p->index_width) {
        return err ? err : TSME_ERR_FORMAT;
    }
    p->needs = (uint8_t)needs;
    p->size = (uint32_t)(at - t->config.program);
    p->code = parts[0];
    p->index = parts[1];
    p->consts = parts[2];
    p->code_count = sizes[0] / 2;
    p->const_count = sizes[1] / p->index_width;
    *consts_size = sizes[2];
    return TSME_OK;
}

static int tsme_check_digest(const struct tsme *t, const uint8_t *signed_from)
{
    uint8_t digest[32];
    uint32_t size = t->program.size - (uint32_t)(signed_from - t->config.program);
    tsme_sha256(signed_from, size, digest);
    return memcmp(digest, t->program.digest, 8) ? TSME_ERR_DIGEST : TSME_OK;
}

/// Installing and booting ///

// Reads the program of the configuration.
static int tsme_begin(struct tsme *t, const struct tsme_config *config, uint32_t *consts_size,
                      const uint8_t **signed_from)
{
    TSME_ASSERT(config->program && config->memory && ((uintptr_t)config->memory & 7) == 0);
    memset(t, 0, sizeof *t);
    t->config = *config;
    t->limit.name = TSME_LIMITS;
    int err = tsme_limit(t, TSME_PROGRAM_BYTES, config->program_size);
    return err ? err : tsme_parse(t, signed_from, consts_size);
}

int tsme_install(struct tsme *t, const struct tsme_config *config, uint32_t *crc)
{
    const struct tsme_part scratch = {config->memory, config->memory_size};
    const uint8_t *signed_from;
    uint32_t consts_size;
    int err = tsme_begin(t, config, &consts_size, &signed_from);
    if (!err) {
        err = tsme_check_digest(t, signed_from);
    }
    if (!err) {
        err = tsme_check_consts(&t->program, consts_size, scratch);
    }
    if (!err) {
        err = tsme_check_parts(&t->program);
    }
    if (!err) {
        err = tsme_verify(t);
    }
    *crc = tsme_crc(0, config->program, config->program_size);
    return err;
}

int tsme_boot(struct tsme *t, const struct tsme_config *config, uint32_t crc)
{
    const uint8_t *signed_from;
    uint32_t consts_size;
    int err = tsme_begin(t, config, &consts_size, &signed_from);
    if (!err && tsme_crc(0, config->program, config->program_size) != crc) {
        err = TSME_ERR_DIGEST;
    }
    if (!err) {
        err = tsme_lay_out(t);
    }
    return err ? err : tsme_reset(t);
}

int tsme_reset(struct tsme *t)
{
    if (t->making) {
        return TSME_ERR_INPUT;
    }
    memset(&t->state, 0, sizeof t->state);
    memset(&t->origin, 0, sizeof t->origin);
    memset(t->held, 0, sizeof t->held);
    t->origin.behaviour = TSME_BEHAVIOUR;
    t->state.status = TSME_SUCCEEDED;
    t->state.next_id = t->first = 1;
    t->state.due = TSME_NEVER;
    t->emits = 0;
    t->frame = t->spare = 0;
    t->limit.name = TSME_LIMITS;
    t->top = t->arena;
    return tsme_begin_frames(t);
}

int tsme_use(struct tsme *t, const uint8_t *program, uint32_t size, uint32_t crc)
{
    if (t->making || tsme_running(t)) {
        return TSME_ERR_INPUT;
    }
    const struct tsme_program kept = t->program;
    const struct tsme_config config = t->config;
    const uint8_t *signed_from;
    uint32_t consts_size;
    t->config.program = program;
    t->config.program_size = size;
    int err = tsme_limit(t, TSME_PROGRAM_BYTES, size);
    if (!err) {
        err = tsme_parse(t, &signed_from, &consts_size);
    }
    if (!err && tsme_crc(0, program, size) != crc) {
        err = TSME_ERR_DIGEST;
    }
    if (!err) {
        err = tsme_share_out(t);
    }
    if (err) {
        t->program = kept;
        t->config = config;
    }
    return err;
}
