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
#define LEAST_MEMORY (1024u)
#define USUAL_MEMORY (2048u) // twice as much where that is too little, and so on

struct tsme_handle {
    uint32_t magic;
    bool busy;        // a step is being made
    uint8_t kind;     // of the input of the last step ..
    uint64_t now;     // .. its time ..
    mp_obj_t fields;  // .. and its fields, which its record has
    mp_obj_t program; // what the engine points into ..
    mp_obj_t memory;
    mp_obj_t call; // .. and asks
    uint32_t limits[TSME_LIMITS];
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

// Memory for an engine: that of a bytearray, or so much as is wanted, at a multiple of 8.
static mp_obj_t memory_of(mp_obj_t memory, size_t usual, struct tsme_config *config)
{
    if (mp_obj_is_small_int(memory)) {
        size_t size = (size_t)MP_OBJ_SMALL_INT_VALUE(memory);
        size = size == 0 ? usual : size < LEAST_MEMORY ? LEAST_MEMORY : size;
        memory = mp_obj_new_bytearray_by_ref(size, m_malloc(size));
    }
    mp_buffer_info_t info;
    mp_get_buffer_raise(memory, &info, MP_BUFFER_RW);
    size_t odd = (size_t)-(uintptr_t)info.buf & 7;
    if (info.len < odd + LEAST_MEMORY) {
        mp_raise_ValueError(MP_ERROR_TEXT("the memory is too small"));
    }
    size_t size = (info.len - odd) & ~(size_t)7;
    config->memory = (uint8_t *)info.buf + odd;
    config->memory_size = (uint32_t)(size < TSME_MEMORY_MAX ? size : TSME_MEMORY_MAX);
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

// What install() and boot() have in common.
static struct tsme_handle *new_handle(mp_obj_t program, mp_obj_t memory, size_t usual,
                                      struct tsme_config *config)
{
    struct tsme_handle *h = m_malloc(sizeof *h);
    memset(h, 0, sizeof *h);
    memset(config, 0, sizeof *config);
    h->magic = HANDLE_MAGIC;
    h->program = program;
    h->memory = memory_of(memory, usual, config);
    h->fields = h->call = mp_const_none;
    mp_buffer_info_t info;
    mp_get_buffer_raise(program, &info, MP_BUFFER_READ);
    config->program = info.buf;
    config->program_size = (uint32_t)info.len;
    config->limits = h->limits;
    config->context = h;
    return h;
}

// The package has asked for the limits of a program when it loaded it: they are not asked for
// again.
static void free_limits(struct tsme_handle *h)
{
    h->limits[TSME_PROGRAM_BYTES] = 1u << 24;
    h->limits[TSME_SLOTS] = TSME_SLOTS_MAX;
    h->limits[TSME_STACK] = TSME_STACK_MAX;
    h->limits[TSME_BUDGET_MOST] = UINT16_MAX;
    h->limits[TSME_VALUE_BYTES] = (1u << 24) - 1;
    h->limits[TSME_STEP_BYTES_MOST] = 1u << 31;
    h->limits[TSME_ITEMS_MOST] = 1u << 24;
}

static mp_obj_t core_install(size_t n, const mp_obj_t *args)
{
    struct tsme_config config;
    size_t usual = 2048 + 2 * (size_t)MP_OBJ_SMALL_INT_VALUE(mp_obj_len(args[0]));
    mp_obj_t memory = n > 1 && !mp_obj_is_small_int(args[1]) ? args[1] : MP_OBJ_NEW_SMALL_INT(0);
    struct tsme_handle *h = new_handle(args[0], memory, usual, &config);
    free_limits(h);
    config.call = binding_call; // nothing is run: it only says that functions can be had
    uint32_t crc;
    int err = tsme_install(&h->t, &config, &crc);
    return err ? error_of(&h->t, err) : mp_obj_new_int_from_uint(crc);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(core_install_obj, 1, 2, core_install);

// Of the three limits that are a device's: the last arguments of boot() and limits().
static void take_limits(struct tsme_handle *h, const mp_obj_t *args)
{
    h->limits[TSME_STATE_BYTES] = (uint32_t)mp_obj_get_int_truncated(args[0]);
    h->limits[TSME_RECORD_BYTES] = (uint32_t)mp_obj_get_int_truncated(args[1]);
    h->limits[TSME_WORK] = (uint32_t)mp_obj_get_int_truncated(args[2]);
}

static mp_obj_t core_boot(size_t n, const mp_obj_t *args)
{
    (void)n;
    struct tsme_config config;
    struct tsme_handle *h = new_handle(args[0], args[2], USUAL_MEMORY, &config);
    h->call = args[3];
    config.call = args[3] == mp_const_none ? NULL : binding_call;
    take_limits(h, args + 4);
    if (h->limits[TSME_STATE_BYTES]) { // 0: nobody has changed any, and all are the core's own
        free_limits(h);
    }
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

static mp_obj_t core_limits(size_t n, const mp_obj_t *args)
{
    (void)n;
    take_limits(handle_of(args[0]), args + 1);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(core_limits_obj, 4, 4, core_limits);

static mp_obj_t make_of(struct tsme_handle *h)
{
    check_stack();
    mp_buffer_info_t fields;
    mp_get_buffer_raise(h->fields, &fields, MP_BUFFER_READ);
    struct tsme_input input = {
        .kind = h->kind,
        .now = h->now,
        .fields = fields.buf,
        .fields_size = (uint32_t)fields.len,
    };
    h->busy = true;
    int got = tsme_make(&h->t, &input);
    h->busy = false;
    return mp_obj_new_int(got);
}

static mp_obj_t core_make(size_t n, const mp_obj_t *args)
{
    (void)n;
    struct tsme_handle *h = handle_of(args[0]);
    if (h->t.making) {
        tsme_undo(&h->t);
    }
    h->kind = (uint8_t)mp_obj_get_int_truncated(args[1]);
    h->now = whole_of(args[2]);
    h->fields = args[3];
    return make_of(h);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(core_make_obj, 4, 4, core_make);

// The step that was undone last, once more.
static mp_obj_t core_again(mp_obj_t handle)
{
    struct tsme_handle *h = handle_of(handle);
    return h->t.making || h->fields == mp_const_none ? MP_OBJ_NEW_SMALL_INT(TSME_ERR_INPUT)
                                                     : make_of(h);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_again_obj, core_again);

static mp_obj_t core_record(mp_obj_t handle)
{
    const struct tsme *t = &handle_of(handle)->t;
    if (!t->making) {
        mp_raise_ValueError(MP_ERROR_TEXT("no step is made"));
    }
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

// Bytes that the engine writes: it says how many they are before it does.
typedef uint32_t (*tsme_writer)(struct tsme *t, uint8_t *out, uint32_t room);

static mp_obj_t written(mp_obj_t handle, tsme_writer write)
{
    struct tsme *t = &handle_of(handle)->t;
    uint32_t size = write(t, NULL, 0);
    uint8_t *at;
    mp_obj_t bytes = blank_bytes(size, &at);
    write(t, at, size);
    return bytes;
}

static mp_obj_t core_checkpoint(mp_obj_t handle)
{
    return written(handle, tsme_checkpoint);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_checkpoint_obj, core_checkpoint);

static mp_obj_t core_actions(mp_obj_t handle)
{
    return written(handle, tsme_write_actions);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_actions_obj, core_actions);

static mp_obj_t core_pending(mp_obj_t handle)
{
    return written(handle, tsme_write_pending);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_pending_obj, core_pending);

static mp_obj_t core_result(mp_obj_t handle)
{
    return written(handle, tsme_write_result);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_result_obj, core_result);

static mp_obj_t core_restore(mp_obj_t handle, mp_obj_t data)
{
    struct tsme_handle *h = handle_of(handle);
    mp_buffer_info_t info;
    mp_get_buffer_raise(data, &info, MP_BUFFER_READ);
    check_stack();
    return mp_obj_new_int(tsme_restore(&h->t, info.buf, (uint32_t)info.len));
}
static MP_DEFINE_CONST_FUN_OBJ_2(core_restore_obj, core_restore);

static mp_obj_t core_view(mp_obj_t handle)
{
    struct tsme *t = &handle_of(handle)->t;
    struct tsme_listed first;
    bool due = tsme_next_due(t, &first);
    bool runs = t->origin.execution && t->state.status == TSME_RUNNING && tsme_runnable(t);
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(t->state.steps),
        whole(t->origin.execution),
        MP_OBJ_NEW_SMALL_INT(t->state.status),
        whole(t->state.now),
        mp_obj_new_int_from_uint(t->state.next_id),
        whole(t->state.rng),
        mp_obj_new_int_from_uint(t->state.digest),
        whole(t->origin.start),
        mp_obj_new_int_from_uint(t->transitions),
        due ? whole(first.due) : MP_OBJ_NEW_SMALL_INT(-1),
        mp_obj_new_int_from_uint(due ? first.id : 0),
        MP_OBJ_NEW_SMALL_INT(runs),
    };
    return mp_obj_new_tuple(sizeof items / sizeof items[0], items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_view_obj, core_view);

// What is known of the frame that a pending action is of; -1: of none.
static mp_obj_t about(mp_obj_t handle, mp_obj_t action,
                      uint32_t (*ask)(const struct tsme *t, uint32_t frame))
{
    struct tsme *t = &handle_of(handle)->t;
    uint32_t id = (uint32_t)mp_obj_get_int_truncated(action);
    struct tsme_seek walk = {.id = id ? id - 1 : 0};
    struct tsme_listed found;
    if (!tsme_next_pending(t, &walk, &found) || found.id != id || found.frame == TSME_NO_FRAME) {
        return MP_OBJ_NEW_SMALL_INT(-1);
    }
    return mp_obj_new_int_from_uint(ask(t, found.frame));
}

static mp_obj_t core_attempt(mp_obj_t handle, mp_obj_t action)
{
    return about(handle, action, tsme_attempt);
}
static MP_DEFINE_CONST_FUN_OBJ_2(core_attempt_obj, core_attempt);

static mp_obj_t core_state_of(mp_obj_t handle, mp_obj_t action)
{
    return about(handle, action, tsme_state_of);
}
static MP_DEFINE_CONST_FUN_OBJ_2(core_state_of_obj, core_state_of);

static mp_obj_t core_entering(mp_obj_t handle)
{
    return MP_OBJ_NEW_SMALL_INT(tsme_entering(&handle_of(handle)->t));
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_entering_obj, core_entering);

static mp_obj_t core_refused(mp_obj_t handle)
{
    const struct tsme *t = &handle_of(handle)->t;
    return t->refused == NULL ? mp_const_none : error_of(t, TSME_ERR_UNSUPPORTED);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_refused_obj, core_refused);

static mp_obj_t core_asked(mp_obj_t handle)
{
    const struct tsme_limit *l = &handle_of(handle)->t.limit;
    mp_obj_t items[] = {
        MP_OBJ_NEW_SMALL_INT(l->name),
        mp_obj_new_int_from_uint(l->asked),
        mp_obj_new_int_from_uint(l->limit),
    };
    return mp_obj_new_tuple(3, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_asked_obj, core_asked);

static mp_obj_t core_memory(mp_obj_t handle)
{
    return mp_obj_new_int_from_uint(handle_of(handle)->t.config.memory_size);
}
static MP_DEFINE_CONST_FUN_OBJ_1(core_memory_obj, core_memory);
