// The journal's functions of the module tsme_core, over a block device in Python: the other half
// of binding.inc.c, which is included before it.
//
// A device that raises ends the call, as C never comes back; then the journal is one that must be
// recovered. So whoever opens it hands over a device that gives what it would raise
// (tsme/core/journal.py).

#include "tsme_journal.h"

#define JOURNAL_MAGIC (0x4A4D5354u)

struct journal_handle {
    uint32_t magic;
    bool busy;     // a function of it is under way
    mp_obj_t read; // readblocks, writeblocks and ioctl of the device
    mp_obj_t program;
    mp_obj_t control;
    mp_obj_t shared; // who asks for file systems, or None
    mp_obj_t said;   // what the device gave when it failed, or None
    mp_obj_t buffer; // a bytearray, which others may share
    struct tsme_journal j;
    struct tsme_walk walk;
    uint8_t blocks[];
};

// A handle, if that is one; else null.
static struct journal_handle *journal_maybe(mp_obj_t handle)
{
    mp_buffer_info_t info;
    if (!mp_get_buffer(handle, &info, MP_BUFFER_RW) || info.len < sizeof(struct journal_handle)) {
        return NULL;
    }
    struct journal_handle *h = info.buf;
    return h->magic == JOURNAL_MAGIC ? h : NULL;
}

static struct journal_handle *journal_of(mp_obj_t handle)
{
    struct journal_handle *h = journal_maybe(handle);
    if (h == NULL) {
        mp_raise_ValueError(MP_ERROR_TEXT("not a journal of tsme_core"));
    }
    if (h->busy) { // the device has raised
        h->busy = false;
        h->j.live = 0;
    }
    return h;
}

/// The device ///

static int answered(struct journal_handle *h, mp_obj_t said)
{
    if (!mp_obj_is_true(said)) {
        return 0;
    }
    h->said = said;
    return 1;
}

// Reading and programming: the bytes are those of the journal's buffer, and not copied.
static int moved(struct journal_handle *h, mp_obj_t method, uint32_t block, uint32_t offset,
                 const uint8_t *bytes, uint32_t size)
{
    mp_obj_t args[3] = {
        mp_obj_new_int_from_uint(block),
        mp_obj_new_bytearray_by_ref(size, (void *)(uintptr_t)bytes),
        mp_obj_new_int_from_uint(offset),
    };
    return answered(h, mp_call_function_n_kw(method, 3, 0, args));
}

static int device_read(void *context, uint32_t block, uint32_t offset, uint8_t *to, uint32_t size)
{
    struct journal_handle *h = context;
    return moved(h, h->read, block, offset, to, size);
}

static int device_program(void *context, uint32_t block, uint32_t offset, const uint8_t *from,
                          uint32_t size)
{
    struct journal_handle *h = context;
    return moved(h, h->program, block, offset, from, size);
}

static int controlled(struct journal_handle *h, uint32_t op, uint32_t block)
{
    mp_obj_t args[2] = {MP_OBJ_NEW_SMALL_INT(op), mp_obj_new_int_from_uint(block)};
    return answered(h, mp_call_function_n_kw(h->control, 2, 0, args));
}

static int device_erase(void *context, uint32_t block)
{
    return controlled(context, 6, block);
}

static int device_sync(void *context)
{
    return controlled(context, 3, 0);
}

// It raises if a file system reaches in.
static int device_shared(void *context, uint32_t *start, uint32_t *blocks)
{
    struct journal_handle *h = context;
    *start = *blocks = 0;
    mp_call_function_n_kw(h->shared, 0, 0, NULL);
    return 0;
}

/// Opening ///

// A buffer of so many bytes, or another journal's, if that is as large as this one's must be.
static void take_buffer(struct journal_handle *h, mp_obj_t asked, struct tsme_journal_config *c)
{
    uint32_t slot = c->device.once && c->slot < c->device.unit ? c->device.unit : c->slot;
    size_t size = ((slot > 64 ? 4 * slot : 256) + 255) & ~(size_t)255;
    mp_buffer_info_t info = {0};
    if (mp_obj_is_small_int(asked)) {
        size_t wanted = ((size_t)MP_OBJ_SMALL_INT_VALUE(asked) + 255) & ~(size_t)255;
        size = wanted > size ? wanted : size;
    } else {
        h->buffer = journal_of(asked)->buffer;
        mp_get_buffer_raise(h->buffer, &info, MP_BUFFER_RW);
    }
    if (info.len < size) {
        h->buffer = mp_obj_new_bytearray_by_ref(size, m_malloc(size));
        mp_get_buffer_raise(h->buffer, &info, MP_BUFFER_RW);
    }
    c->buffer = info.buf;
    c->buffer_size = (uint32_t)info.len;
}

// journal_open(device, shared, count, size, unit, once, slot, buffer)
static mp_obj_t core_journal_open(size_t n, const mp_obj_t *args)
{
    (void)n;
    struct tsme_journal_config c;
    memset(&c, 0, sizeof c);
    c.device.count = (uint32_t)mp_obj_get_int_truncated(args[2]);
    c.device.size = (uint32_t)mp_obj_get_int_truncated(args[3]);
    c.device.unit = (uint32_t)mp_obj_get_int_truncated(args[4]);
    c.device.once = mp_obj_is_true(args[5]);
    c.slot = (uint32_t)mp_obj_get_int_truncated(args[6]);
    c.blocks_size = TSME_JOURNAL_BLOCKS(c.device.count < 65536 ? c.device.count : 65536);
    size_t size = sizeof(struct journal_handle) + c.blocks_size;
    struct journal_handle *h = m_malloc(size);
    memset(h, 0, size);
    h->magic = JOURNAL_MAGIC;
    h->read = mp_load_attr(args[0], MP_QSTR_readblocks);
    h->program = mp_load_attr(args[0], MP_QSTR_writeblocks);
    h->control = mp_load_attr(args[0], MP_QSTR_ioctl);
    h->shared = args[1];
    h->said = mp_const_none;
    c.blocks = h->blocks;
    c.device.read = device_read;
    c.device.program = device_program;
    c.device.erase = device_erase;
    c.device.sync = device_sync;
    c.device.shared = args[1] == mp_const_none ? NULL : device_shared;
    c.device.context = h;
    take_buffer(h, args[7], &c);
    int err = tsme_journal_open(&h->j, &c);
    return err ? mp_obj_new_int(err) : mp_obj_new_bytearray_by_ref(size, h);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(core_journal_open_obj, 8, 8, core_journal_open);

/// Records ///

static mp_obj_t core_journal_format(mp_obj_t handle)
{
    struct journal_handle *h = journal_of(handle);
    h->busy = true;
    int got = tsme_journal_format(&h->j);
    h->busy = false;
    return mp_obj_new_int(got);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_journal_format_obj, core_journal_format);

static mp_obj_t core_journal_idle(mp_obj_t handle)
{
    struct journal_handle *h = journal_of(handle);
    h->busy = true;
    int got = tsme_journal_idle(&h->j);
    h->busy = false;
    return mp_obj_new_int(got);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_journal_idle_obj, core_journal_idle);

static mp_obj_t core_journal_recover(mp_obj_t handle)
{
    struct journal_handle *h = journal_of(handle);
    struct tsme_info info;
    h->busy = true;
    int got = tsme_journal_recover(&h->j, &h->walk, &info);
    h->busy = false;
    if (got) {
        return mp_obj_new_int(got);
    }
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(info.records),
        mp_obj_new_int_from_uint(info.steps),
        mp_obj_new_bool(info.torn),
        mp_obj_new_int_from_uint(info.blocks),
        mp_obj_new_int_from_uint(info.generation),
    };
    return mp_obj_new_tuple(5, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_journal_recover_obj, core_journal_recover);

static mp_obj_t core_journal_records(mp_obj_t handle)
{
    struct journal_handle *h = journal_of(handle);
    h->busy = true;
    int got = tsme_journal_records(&h->j, &h->walk);
    h->busy = false;
    return mp_obj_new_int(got);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_journal_records_obj, core_journal_records);

// A record of a walk: (number, kind, body, block, offset).
static mp_obj_t record_of(struct journal_handle *h)
{
    struct tsme_walk *w = &h->walk;
    uint8_t *at;
    mp_obj_t body = blank_bytes(w->size, &at);
    if (w->body != NULL) {
        memcpy(at, w->body, w->size);
    } else {
        h->busy = true;
        int got = tsme_journal_body(w, at);
        h->busy = false;
        if (got) {
            return mp_obj_new_int(got);
        }
    }
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(w->number), MP_OBJ_NEW_SMALL_INT(w->kind),       body,
        mp_obj_new_int_from_uint(w->block),  mp_obj_new_int_from_uint(w->offset),
    };
    return mp_obj_new_tuple(5, items);
}

static mp_obj_t core_journal_next(mp_obj_t handle)
{
    struct journal_handle *h = journal_of(handle);
    struct tsme_walk *w = &h->walk;
    h->busy = true;
    int got = w->journal == NULL ? TSME_WALK_END : tsme_journal_next(w);
    h->busy = false;
    if (got == TSME_WALK_RECORD) {
        return record_of(h);
    }
    if (got < 0) {
        return mp_obj_new_int(got);
    }
    if (got == TSME_WALK_END) {
        return mp_const_none;
    }
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(w->number),
        w->known ? mp_obj_new_int_from_uint(w->until) : mp_const_none,
        mp_obj_new_int_from_uint(w->block),
        mp_obj_new_int_from_uint(w->offset),
    };
    return mp_obj_new_tuple(4, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_journal_next_obj, core_journal_next);

static mp_obj_t committed(struct journal_handle *h, uint8_t kind, const struct tsme_part *parts,
                          uint32_t count)
{
    h->busy = true;
    int got = tsme_journal_commit(&h->j, kind, parts, count);
    h->busy = false;
    return got ? mp_obj_new_int(got) : mp_obj_new_int_from_uint(h->j.number - 1);
}

static mp_obj_t core_journal_commit(mp_obj_t handle, mp_obj_t kind, mp_obj_t body)
{
    mp_buffer_info_t info;
    mp_get_buffer_raise(body, &info, MP_BUFFER_READ);
    struct tsme_part part = {info.buf, (uint32_t)info.len};
    return committed(journal_of(handle), (uint8_t)mp_obj_get_int_truncated(kind), &part, 1);
}
static MP_DEFINE_CONST_FUN_OBJ_3(core_journal_commit_obj, core_journal_commit);

static mp_obj_t core_journal_view(mp_obj_t handle)
{
    const struct tsme_journal *j = &journal_of(handle)->j;
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(j->number),
        mp_obj_new_int_from_uint(j->steps),
        mp_obj_new_int_from_uint(tsme_journal_most(j)),
        mp_obj_new_int_from_uint(tsme_journal_room(j)),
    };
    return mp_obj_new_tuple(4, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_journal_view_obj, core_journal_view);

static mp_obj_t core_journal_due(mp_obj_t handle, mp_obj_t steps, mp_obj_t transitions)
{
    const struct tsme_journal *j = &journal_of(handle)->j;
    mp_int_t n = mp_obj_get_int(steps);
    mp_int_t t = mp_obj_get_int(transitions);
    bool due = tsme_journal_is_due(j, n < 0 ? j->steps : (uint32_t)n, t < 0 ? 0 : (uint32_t)t);
    return MP_OBJ_NEW_SMALL_INT(due);
}
static MP_DEFINE_CONST_FUN_OBJ_3(core_journal_due_obj, core_journal_due);

static mp_obj_t core_journal_retired(mp_obj_t handle)
{
    const struct tsme_journal *j = &journal_of(handle)->j;
    mp_obj_t *items = j->worn_count ? m_malloc(j->worn_count * sizeof *items) : NULL;
    size_t count = 0;
    for (uint32_t block = 0; count < j->worn_count && block < j->device.count; block++) {
        if (tsme_journal_retired(j, block)) {
            items[count++] = mp_obj_new_int_from_uint(block);
        }
    }
    return mp_obj_new_tuple(count, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_journal_retired_obj, core_journal_retired);

static mp_obj_t core_journal_numbers(mp_obj_t handle)
{
    const struct journal_handle *h = journal_of(handle);
    mp_obj_t items[9];
    for (int i = 0; i < 8; i++) {
        items[i] = mp_obj_new_int_from_uint(h->j.numbers[i]);
    }
    items[8] = h->said;
    return mp_obj_new_tuple(9, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_journal_numbers_obj, core_journal_numbers);
