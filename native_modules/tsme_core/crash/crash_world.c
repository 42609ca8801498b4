// A journal, the list of what it must hold, and a power switch; as tests/crash/world.py and
// oracle.py have them. The list shares no code with the journal and knows nothing of blocks:
// the records whose commit returned, and the one that was under way when the power went.

#include "crash.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BUFFER = 256 }; // bytes: so that a record takes several operations where a block is larger

static uint8_t pool[1 << 16];
static uint8_t all_ff[1 << 14];
static const uint8_t all_00[1 << 14];

void world_pool(const uint8_t *bytes)
{
    memcpy(pool, bytes, sizeof pool);
    memset(all_ff, 0xFF, sizeof all_ff);
}

bool world_wrong(struct world *w, const char *format, ...)
{
    if (!w->wrong[0]) { // what came first
        va_list args;
        va_start(args, format);
        vsnprintf(w->wrong, sizeof w->wrong, format, args);
        va_end(args);
    }
    return false;
}

/// The list ///

size_t mind_size(const struct mind *m)
{
    return offsetof(struct mind, records) + m->count * sizeof m->records[0];
}

void mind_copy(struct mind *to, const struct mind *from)
{
    memcpy(to, from, mind_size(from));
}

static void mind_add(struct mind *m)
{
    const struct record *r = &m->under;
    uint64_t what =
        r->seed | (uint64_t)r->size << 32 | (uint64_t)r->kind << 48 | (uint64_t)r->tag << 56;
    m->sum = hash_of((const uint8_t *)&what, sizeof what, m->sum);
    if (m->count < RECORDS_MOST) {
        m->records[m->count++] = *r;
    }
    m->writing = false;
}

static uint32_t mind_newest(const struct mind *m)
{
    for (uint32_t i = m->count; i-- > 0;) {
        if (m->records[i].kind == CHECKPOINT) {
            return i;
        }
    }
    return 0;
}

void world_power_went(struct world *w)
{
    w->mind.cut = true;
}

// The body of a record in two parts: what torn bits do depends on it, so some are all FF or 00.
static void body_of(const struct record *r, uint8_t first[5], struct tsme_part parts[2])
{
    uint32_t n = r->tag == BODY ? 1 : r->tag == DUE ? 5 : 4;
    n = r->size < n ? r->size : n;
    first[0] = (uint8_t)r->seed;
    if (r->tag != BODY) {
        memcpy(first, r->tag == DUE ? "due" : "room", r->tag == DUE ? 3 : 4);
    }
    if (r->tag == DUE) {
        first[3] = (uint8_t)(r->seed >> 8);
        first[4] = (uint8_t)r->seed;
    }
    const uint8_t *rest = pool + (r->seed * 251 & 0x7FFF);
    rest = r->seed % 4 == 1 ? all_ff : r->seed % 4 == 3 ? all_00 : rest;
    parts[0] = (struct tsme_part){first, n};
    parts[1] = (struct tsme_part){rest, r->size - n};
}

/// What is seen after power-up ///

// The record that a walk is at is this one?
static bool same(struct world *w, struct tsme_walk *walk, const struct record *r)
{
    uint8_t first[5];
    uint8_t own[DATA_MOST];
    struct tsme_part parts[2];
    if (walk->kind != r->kind || walk->size != r->size) {
        return false;
    }
    const uint8_t *body = walk->body;
    if (!body) {
        if (tsme_journal_body(walk, own)) {
            return world_wrong(w, "Wrong: the body of record %u cannot be read", walk->number);
        }
        body = own;
    }
    body_of(r, first, parts);
    return !memcmp(body, first, parts[0].size) &&
           !memcmp(body + parts[0].size, parts[1].at, parts[1].size);
}

static bool failed(struct world *w, const char *what, int error)
{
    if (!w->flash.on) {
        w->gone = true;
        return false;
    }
    const uint32_t *n = w->journal.numbers;
    return world_wrong(w, "TsmeError: TSME-J%03d: %s (%u, %u, %u)", -100 - error, what, n[0], n[1],
                       n[2]);
}

static bool check_recovered(struct world *w, struct tsme_walk *walk, const struct tsme_info *info)
{
    struct mind *m = &w->mind;
    if (m->writing && info->records == m->count + 1) {
        mind_add(m);
    }
    m->writing = false;
    if (info->records < m->count) {
        return world_wrong(w, "Wrong: %u of %u committed records are lost",
                           m->count - info->records, m->count);
    }
    if (info->records > m->count) {
        return world_wrong(w, "Wrong: %u records are invented", info->records - m->count);
    }
    uint32_t steps = 0;
    uint32_t at = mind_newest(m);
    int found;
    while ((found = tsme_journal_next(walk)) == TSME_WALK_RECORD) {
        if (at >= m->count || walk->number != at || !same(w, walk, &m->records[at])) {
            return world_wrong(w, "Wrong: recovered is another record than %u", at);
        }
        steps += m->records[at++].kind == STEP;
    }
    if (found) {
        return failed(w, "while reading again", found);
    }
    if (at != m->count) {
        return world_wrong(w, "Wrong: recovered are not all records to %u", m->count);
    }
    if (info->steps != steps) {
        return world_wrong(w, "Wrong: %u steps are said to follow the newest checkpoint",
                           info->steps);
    }
    if (info->torn && !m->cut) {
        return world_wrong(w, "Wrong: something is said to be torn, but nothing was");
    }
    return true;
}

// What is older than the newest checkpoint may be gone, also in the middle: blocks that are not
// needed are erased, and an erase may be cut. All that is there must be right.
static bool check_kept(struct world *w)
{
    struct tsme_walk walk;
    const struct mind *m = &w->mind;
    uint32_t newest = mind_newest(m);
    uint32_t next = 0;
    int found = tsme_journal_records(&w->journal, &walk);
    while (!found && (found = tsme_journal_next(&walk)) == TSME_WALK_RECORD) {
        found = 0;
        if (walk.number < next || walk.number >= m->count) {
            return world_wrong(w, "Wrong: records() gives number %u behind %u", walk.number, next);
        }
        if (next < walk.number && walk.number > newest) {
            return world_wrong(w, "Wrong: records() leaves out records before %u", walk.number);
        }
        if (!same(w, &walk, &m->records[walk.number])) {
            return world_wrong(w, "Wrong: records() gives another record %u", walk.number);
        }
        next = walk.number + 1;
    }
    if (found == TSME_WALK_DAMAGE) {
        return world_wrong(w, "Wrong: damage is reported, but only power was cut: %u (%u, %u)",
                           walk.number, walk.block, walk.offset);
    }
    if (found) {
        return failed(w, "while reading all records", found);
    }
    if (next != m->count) {
        return world_wrong(w, "Wrong: records() leaves out what is behind %u", next);
    }
    return true;
}

void world_make(struct world *w, const struct geometry *g)
{
    memset(w, 0, sizeof *w);
    flash_make(&w->flash, g);
    w->flash.mind = &w->mind;
}

// Recovers, and checks everything that may be asked of recovery. Not `whole`: only what is
// recovered is looked at, not also all that can be read.
bool world_boot(struct world *w, bool whole)
{
    struct tsme_walk walk;
    struct tsme_info info;
    struct tsme_journal_config c = {.device = flash_device(&w->flash),
                                    .buffer = w->buffer,
                                    .buffer_size = BUFFER,
                                    .blocks = w->blocks,
                                    .blocks_size = sizeof w->blocks};
    if (w->flash.g.once && w->flash.g.unit > 64) {
        c.buffer_size = 4 * w->flash.g.unit;
    }
    uint32_t before = w->flash.ops;
    int error = tsme_journal_open(&w->journal, &c);
    error = error ? error : tsme_journal_recover(&w->journal, &walk, &info);
    if (error) {
        return failed(w, "at power-up", error);
    }
    if (w->tell) {
        printf("recovered: %u records, %u steps since the newest checkpoint%s\n", info.records,
               info.steps, info.torn ? ", something is torn" : "");
    }
    if (!check_recovered(w, &walk, &info) || (whole && !check_kept(w))) {
        return false;
    }
    if (w->flash.ops != before) {
        return world_wrong(w, "Wrong: recovery wrote to the flash");
    }
    return true;
}

/// What a life does ///

static bool is_worn(const struct flash *f)
{
    return memchr(f->weak, WORN, f->g.count) != 0;
}

// Commits one record; 1, 0 if there was no room for a step, or -1, and something is wrong.
static int try_commit(struct world *w, struct record r)
{
    uint8_t first[5];
    struct tsme_part parts[2];
    struct mind *m = &w->mind;
    if (w->tell) {
        printf("commit %s %u of %u bytes\n", r.kind == CHECKPOINT ? "checkpoint" : "step",
               m->count, r.size);
    }
    m->under = r;
    m->writing = true;
    body_of(&r, first, parts);
    int error = tsme_journal_commit(&w->journal, r.kind, parts, 2);
    if ((error == TSME_J007 || error == TSME_J008) && r.kind == STEP && is_worn(&w->flash)) {
        m->writing = false; // a block failed on the way, and there is less room than was said
        return 0;
    }
    if (error) {
        return failed(w, "at a commit", error) ? 1 : -1;
    }
    if (w->journal.number != m->count + 1) {
        world_wrong(w, "Wrong: the commit gave number %u, it is the %uth", w->journal.number - 1,
                    m->count);
        return -1;
    }
    mind_add(m);
    m->cut = false;
    if (w->tell) {
        printf("it is committed\n");
    }
    return 1;
}

// After a checkpoint if one is due, as the runner does.
static bool commit(struct world *w, uint8_t kind, uint32_t size)
{
    struct tsme_journal *j = &w->journal;
    struct record r = {kind, BODY, (uint16_t)size, w->mind.count};
    if (kind == STEP && (tsme_journal_needs_checkpoint(j, 0) || tsme_journal_room(j) < r.size)) {
        struct record due = {CHECKPOINT, DUE, 5, w->mind.count};
        if (try_commit(w, due) <= 0) {
            return false;
        }
        uint32_t room = tsme_journal_room(j);
        r.size = r.size < room ? r.size : (uint16_t)room;
    }
    int done = try_commit(w, r);
    if (done) {
        return done > 0;
    }
    if (w->tell) {
        printf("there is no room for it any more\n");
    }
    struct record checkpoint = {CHECKPOINT, ROOM, 4, 0};
    if (try_commit(w, checkpoint) <= 0) {
        return false;
    }
    uint32_t room = tsme_journal_room(j);
    r.size = r.size < room ? r.size : (uint16_t)room;
    done = try_commit(w, r);
    return done ? done > 0 : world_wrong(w, "LimitError: no room behind a checkpoint");
}

static uint32_t size_of(struct world *w, char letter)
{
    const struct geometry *g = &w->flash.g;
    uint32_t most = tsme_journal_most(&w->journal);
    uint32_t slot = g->once && g->unit > 32 ? g->unit : 32;
    uint32_t room = g->block - (g->once ? 3 : 2) * slot;
    switch (letter) {
    case 's': return 7;
    case 'z': return 0;
    case 'c': return 20;
    case 'C': return most;
    case 'e': return slot - 8;
    case 'm': return 3 * slot + 4;
    default: break;
    }
    // What is left of the block, if there is room for steps at all.
    int64_t rest = (int64_t)((tsme_journal_room(&w->journal) + 8) % room) - 8;
    rest += rest < 0 ? room : 0;
    if (letter == 'L') {
        rest += (int64_t)((most + 8) / room - 1) * room + slot + 5;
    }
    return rest < most ? (uint32_t)rest : most;
}

bool world_act(struct world *w, char letter)
{
    if (letter == 'r') {
        return world_boot(w, true);
    }
    if (letter == 'i') {
        if (w->tell) {
            printf("an idle moment\n");
        }
        int done = tsme_journal_idle(&w->journal);
        return done >= 0 || failed(w, "in an idle moment", done);
    }
    if (letter == 'w' || letter == 'p' || letter == 'q') {
        if (w->tell) {
            printf("the next %s will fail%s\n", letter == 'w' ? "erase" : "program operation",
                   letter == 'q' ? " and say so" : "");
        }
        w->flash.weak[w->flash.g.count] = letter == 'w'   ? FAIL_ERASE
                                          : letter == 'p' ? FAIL_PROGRAM
                                                          : FAIL_TOLD;
        return true;
    }
    uint8_t kind = letter == 'c' || letter == 'C' ? CHECKPOINT : STEP;
    return commit(w, kind, size_of(w, letter));
}
