// The module tsme_core for MicroPython, as typings/tsme_core.pyi has it: what the user C module
// and the native module have in common, which is all but their tables of names. It is included
// behind either's headers, whose functions have the same names.
//
// A handle is a bytearray over struct tsme_handle. The collector looks through it as through
// any memory, so what the engine points to lives as long as the handle. Python that runs in the
// middle of a step, as a function or a device, may raise: then C never comes back, and what was
// begun is undone before anything else is done with the handle.

#include "tsme.h"

#define TSME_API     (1) // of typings/tsme_core.pyi
#define HANDLE_MAGIC (0x454D5354u)

struct tsme_handle {
    uint32_t magic;
    uint32_t busy;    // 1: a step is being made
    mp_obj_t program; // what the engine points into ..
    mp_obj_t memory;
    mp_obj_t call; // .. and asks
    struct tsme t;
};

static struct tsme_handle *handle_of(mp_obj_t h)
{
    mp_buffer_info_t info;
    mp_get_buffer_raise(h, &info, MP_BUFFER_RW);
    struct tsme_handle *handle = info.buf;
    if (info.len != sizeof *handle || handle->magic != HANDLE_MAGIC) {
        mp_raise_ValueError(MP_ERROR_TEXT("not a handle of tsme_core"));
    }
    if (handle->busy) {
        handle->busy = 0;
        tsme_undo(&handle->t);
    }
    return handle;
}

// An integer of 64 bits, whatever a small one has here.
static mp_obj_t whole(uint64_t n)
{
    return mp_binary_get_val_array('Q', &n, 0);
}

static uint64_t whole_of(mp_obj_t n)
{
    uint64_t value = 0;
    mp_binary_set_val_array('Q', &value, 0, n);
    return value;
}

// Bytes that are still to be written, at `at`, before anybody sees them.
static mp_obj_t blank_bytes(size_t size, uint8_t **at)
{
    mp_obj_str_t *bytes = MP_OBJ_TO_PTR(mp_obj_new_bytes(NULL, size));
    *at = m_malloc(size + 1);
    (*at)[size] = 0;
    bytes->hash = 0; // it is counted when somebody asks
    bytes->len = size;
    bytes->data = *at;
    return MP_OBJ_FROM_PTR(bytes);
}

// What an error is for Python: its number, or the name of what is missing.
static mp_obj_t error_of(const struct tsme *t, int err)
{
    if (err == TSME_ERR_UNSUPPORTED && t->refused != NULL) {
        const char *name = t->refused;
        size_t size = 0;
        while (name[size]) {
            size++;
        }
        return mp_obj_new_str(name, size);
    }
    return mp_obj_new_int(err);
}

// Memory for an engine: that of a bytearray, or so much as is wanted.
static mp_obj_t memory_of(mp_obj_t memory, size_t least, mp_buffer_info_t *info)
{
    if (mp_obj_is_small_int(memory)) {
        size_t size = (size_t)MP_OBJ_SMALL_INT_VALUE(memory);
        size = size < least ? least : size;
        memory = mp_obj_new_bytearray_by_ref(size, m_malloc(size));
    }
    mp_get_buffer_raise(memory, info, MP_BUFFER_RW);
    size_t odd = (size_t)-(uintptr_t)info->buf & 7;
    odd = odd < info->len ? odd : info->len;
    info->buf = (uint8_t *)info->buf + odd;
    info->len -= odd;
    return memory;
}

// A function of Python's, in the middle of a step.
static int binding_call(void *context, struct tsme_call *call)
{
    struct tsme_handle *h = context;
    mp_obj_t args[2] = {
        MP_OBJ_NEW_SMALL_INT(call->function),
        mp_obj_new_bytes(call->args, call->args_size),
    };
    mp_obj_t got = mp_call_function_n_kw(h->call, 2, 0, args);
    if (mp_obj_is_small_int(got)) {
        return (int)MP_OBJ_SMALL_INT_VALUE(got);
    }
    mp_buffer_info_t result;
    mp_get_buffer_raise(got, &result, MP_BUFFER_READ);
    call->size = (uint32_t)result.len;
    if (call->size <= call->room) {
        memcpy(call->out, result.buf, call->size);
    }
    return TSME_OK;
}

static mp_obj_t core_install(size_t n, const mp_obj_t *args)
{
    mp_buffer_info_t program, memory;
    mp_get_buffer_raise(args[0], &program, MP_BUFFER_READ);
    mp_obj_t asked = n > 1 ? args[1] : MP_OBJ_NEW_SMALL_INT(0);
    memory_of(asked, 2048 + 2 * program.len, &memory);
    struct tsme *t = m_malloc(sizeof *t);
    struct tsme_config config;
    memset(&config, 0, sizeof config);
    config.program = program.buf;
    config.program_size = (uint32_t)program.len;
    config.memory = memory.buf;
    config.memory_size = (uint32_t)memory.len;
    config.call = binding_call; // it is never called, but it could be
    uint32_t crc;
    int err = tsme_install(t, &config, &crc);
    return err ? error_of(t, err) : mp_obj_new_int_from_uint(crc);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(core_install_obj, 1, 2, core_install);

static mp_obj_t core_boot(size_t n, const mp_obj_t *args)
{
    (void)n;
    mp_buffer_info_t program, memory;
    struct tsme_handle *h = m_malloc(sizeof *h);
    memset(h, 0, sizeof *h);
    mp_get_buffer_raise(args[0], &program, MP_BUFFER_READ);
    h->magic = HANDLE_MAGIC;
    h->program = args[0];
    h->memory = memory_of(args[2], 0, &memory);
    h->call = args[3];
    struct tsme_config config;
    memset(&config, 0, sizeof config);
    config.program = program.buf;
    config.program_size = (uint32_t)program.len;
    config.memory = memory.buf;
    config.memory_size = (uint32_t)memory.len;
    config.state_bytes = (uint32_t)mp_obj_get_int_truncated(args[4]);
    config.record_bytes = (uint32_t)mp_obj_get_int_truncated(args[5]);
    config.work = (uint32_t)mp_obj_get_int_truncated(args[6]);
    config.call = args[3] == mp_const_none ? NULL : binding_call;
    config.context = h;
    uint32_t crc;
    int err = TSME_OK;
    if (args[1] == mp_const_none) {
        err = tsme_install(&h->t, &config, &crc);
    } else {
        crc = (uint32_t)mp_obj_get_int_truncated(args[1]);
    }
    if (!err) {
        err = tsme_boot(&h->t, &config, crc);
    }
    return err ? error_of(&h->t, err) : mp_obj_new_bytearray_by_ref(sizeof *h, h);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(core_boot_obj, 7, 7, core_boot);

static mp_obj_t core_make(size_t n, const mp_obj_t *args)
{
    (void)n;
    struct tsme_handle *h = handle_of(args[0]);
    mp_buffer_info_t fields;
    mp_get_buffer_raise(args[3], &fields, MP_BUFFER_READ);
    if (h->t.making) {
        tsme_undo(&h->t);
    }
    struct tsme_input input = {
        .kind = (uint8_t)mp_obj_get_int_truncated(args[1]),
        .now = whole_of(args[2]),
        .fields = fields.buf,
        .fields_size = (uint32_t)fields.len,
    };
    h->busy = 1;
    int got = tsme_make(&h->t, &input);
    h->busy = 0;
    return MP_OBJ_NEW_SMALL_INT(got);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(core_make_obj, 4, 4, core_make);

static mp_obj_t core_record(mp_obj_t handle)
{
    const struct tsme *t = &handle_of(handle)->t;
    size_t size = 0;
    for (uint32_t i = 0; i < t->records; i++) {
        size += t->record[i].size;
    }
    uint8_t *at;
    mp_obj_t bytes = blank_bytes(size, &at);
    for (uint32_t i = 0; i < t->records; i++) {
        memcpy(at, t->record[i].at, t->record[i].size);
        at += t->record[i].size;
    }
    return bytes;
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_record_obj, core_record);

static mp_obj_t core_adopt(mp_obj_t handle)
{
    struct tsme *t = &handle_of(handle)->t;
    if (t->making) {
        tsme_adopt(t);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_adopt_obj, core_adopt);

static mp_obj_t core_undo(mp_obj_t handle)
{
    struct tsme *t = &handle_of(handle)->t;
    if (t->making) {
        tsme_undo(t);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_undo_obj, core_undo);

static mp_obj_t core_refused(mp_obj_t handle)
{
    const struct tsme *t = &handle_of(handle)->t;
    return t->refused == NULL ? mp_const_none : error_of(t, TSME_ERR_UNSUPPORTED);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_refused_obj, core_refused);

static mp_obj_t core_view(mp_obj_t handle)
{
    const struct tsme *t = &handle_of(handle)->t;
    mp_obj_t items[14];
    const uint64_t numbers[14] = {t->state.steps, 0, t->state.status, t->state.now};
    for (uint32_t i = 0; i < 14; i++) {
        items[i] = whole(numbers[i]);
    }
    return mp_obj_new_tuple(14, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_view_obj, core_view);
