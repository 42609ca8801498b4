// The handle of tsme_core and the functions over it that every binding has: typings/tsme_core.pyi
// says what each does.

#include "core.h"
#include "core_replay.h"
#include "journal.h"

#include "../tsme_core/tsme_trace.h"

#include <stdlib.h>
#include <string.h>

enum { API = 1, LEAST_MEMORY = 4096, USUAL_MEMORY = 65536 };

PyTypeObject *core_type;

/// Programs and memory ///

// How a function tells of an error: the name of what is missing, or the number.
static PyObject *told(const struct tsme *t, int err)
{
    if (err == TSME_ERR_UNSUPPORTED && t->refused) {
        return PyUnicode_FromString(t->refused);
    }
    return PyLong_FromLong(err);
}

// Finds the memory that `what` names: a writable buffer, or how many bytes it is to have.
static int take_memory(Core *c, PyObject *what, struct tsme_config *config)
{
    if (!PyLong_Check(what)) {
        if (PyObject_GetBuffer(what, &c->lent, PyBUF_WRITABLE) < 0) {
            return 0;
        }
        size_t lost = (size_t)(-(uintptr_t)c->lent.buf & 7);
        if (c->lent.len < LEAST_MEMORY) {
            PyErr_SetString(PyExc_ValueError, "tsme_core: the memory is too small");
            return 0;
        }
        config->memory = (uint8_t *)c->lent.buf + lost;
        config->memory_size = (uint32_t)((size_t)c->lent.len - lost) & ~7u;
        return 1;
    }
    long size = PyLong_AsLong(what);
    if (size < 0 || size > TSME_MEMORY_MAX) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ValueError, "tsme_core: so much memory cannot be used");
        }
        return 0;
    }
    size = size ? size : USUAL_MEMORY;
    size = (size < LEAST_MEMORY ? LEAST_MEMORY : size) & ~7L;
    c->memory = PyMem_Malloc((size_t)size);
    if (!c->memory) {
        PyErr_NoMemory();
        return 0;
    }
    config->memory = c->memory;
    config->memory_size = (uint32_t)size;
    return 1;
}

static void core_dealloc(PyObject *self)
{
    Core *c = (Core *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_XDECREF(c->watcher);
    if (c->program.obj) {
        PyBuffer_Release(&c->program);
    }
    if (c->lent.obj) {
        PyBuffer_Release(&c->lent);
    }
    PyMem_Free(c->memory);
    Py_XDECREF(c->call);
    Py_XDECREF(c->answer);
    out_end(&c->fields);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static int core_traverse(PyObject *self, visitproc visit, void *arg)
{
    Core *c = (Core *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(c->call);
    Py_VISIT(c->watcher);
    return 0;
}

static int core_clear(PyObject *self)
{
    Core *c = (Core *)self;
    tsme_watch(&c->t, NULL, NULL, 0);
    Py_CLEAR(c->watcher);
    Py_CLEAR(c->call);
    return 0;
}

static Core *core_new(PyObject *program, PyObject *memory, struct tsme_config *config)
{
    allocfunc alloc = (allocfunc)PyType_GetSlot(core_type, Py_tp_alloc);
    Core *c = (Core *)alloc(core_type, 0);
    if (!c) {
        return NULL;
    }
    out_begin(&c->fields);
    if (PyObject_GetBuffer(program, &c->program, PyBUF_SIMPLE) < 0 ||
        !take_memory(c, memory, config)) {
        Py_DECREF(c);
        return NULL;
    }
    config->program = c->program.buf;
    config->program_size = (uint32_t)c->program.len;
    config->limits = c->limits;
    config->context = c;
    // What the package asks for when it loads a program is not asked again.
    c->limits[TSME_PROGRAM_BYTES] = 1u << 24;
    c->limits[TSME_SLOTS] = TSME_SLOTS_MAX;
    c->limits[TSME_STACK] = TSME_STACK_MAX;
    c->limits[TSME_BUDGET_MOST] = UINT16_MAX;
    c->limits[TSME_VALUE_BYTES] = (1u << 24) - 1;
    c->limits[TSME_STEP_BYTES_MOST] = 1u << 31;
    c->limits[TSME_ITEMS_MOST] = 1u << 24;
    return c;
}

/// Functions that stay in Python ///

// Calls it, or has its answer from the time when that had no room.
static PyObject *answer_of(Core *c, const struct tsme_call *call)
{
    if (c->answer) {
        PyObject *answer = c->answer;
        c->answer = NULL;
        return answer;
    }
    if (!c->call) {
        PyErr_SetString(PyExc_ValueError, "tsme_core: the handle is given up");
        return NULL;
    }
    PyObject *args =
        PyBytes_FromStringAndSize((const char *)call->args, (Py_ssize_t)call->args_size);
    PyObject *number = args ? PyLong_FromUnsignedLong(call->function) : NULL;
    PyObject *answer = number ? PyObject_CallFunctionObjArgs(c->call, number, args, NULL) : NULL;
    Py_XDECREF(args);
    Py_XDECREF(number);
    return answer;
}

// Leaves an exception where core_make() finds it.
static int call_python(void *context, struct tsme_call *call)
{
    Core *c = context;
    PyObject *answer = answer_of(c, call);
    if (!answer) {
        return TSME_ERR_CALL;
    }
    if (PyLong_Check(answer)) {
        int err = (int)PyLong_AsLong(answer);
        Py_DECREF(answer);
        return err;
    }
    char *from;
    Py_ssize_t n;
    if (PyBytes_AsStringAndSize(answer, &from, &n) < 0) {
        Py_DECREF(answer);
        return TSME_ERR_CALL;
    }
    call->size = (uint32_t)n;
    if (call->size > call->room) {
        c->answer = answer;
        return TSME_OK;
    }
    memcpy(call->out, from, (size_t)n);
    Py_DECREF(answer);
    return TSME_OK;
}

/// Beginning ///

// install() and boot() share it: 0, or an error.
static int installed(Core *c, const struct tsme_config *config, uint32_t *crc)
{
    return tsme_install(&c->t, config, crc);
}

PyObject *core_install(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *program, *memory = NULL;
    if (!PyArg_ParseTuple(args, "O|O", &program, &memory)) {
        return NULL;
    }
    struct tsme_config config = {.call = call_python};
    Py_ssize_t size = PyObject_Length(program);
    PyObject *least = PyLong_FromSsize_t(2 * size + USUAL_MEMORY);
    Core *c = least && size >= 0
                  ? core_new(program, memory && !PyLong_Check(memory) ? memory : least, &config)
                  : NULL;
    Py_XDECREF(least);
    if (!c) {
        return NULL;
    }
    uint32_t crc = 0;
    int err = installed(c, &config, &crc);
    PyObject *out = err ? told(&c->t, err) : PyLong_FromUnsignedLong(crc);
    Py_DECREF(c);
    return out;
}

PyObject *core_boot(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *program, *crc_or_none, *memory, *call;
    unsigned int state_bytes, record_bytes, work;
    if (!PyArg_ParseTuple(args, "OOOOIII", &program, &crc_or_none, &memory, &call, &state_bytes,
                          &record_bytes, &work)) {
        return NULL;
    }
    struct tsme_config config = {.call = call == Py_None ? NULL : call_python};
    Core *c = core_new(program, memory, &config);
    if (!c) {
        return NULL;
    }
    c->call = call == Py_None ? NULL : Py_NewRef(call);
    c->limits[TSME_STATE_BYTES] = state_bytes;
    c->limits[TSME_RECORD_BYTES] = record_bytes;
    c->limits[TSME_WORK] = work;
    uint32_t crc = 0;
    int err = 0;
    if (crc_or_none == Py_None) {
        err = installed(c, &config, &crc);
    } else {
        crc = (uint32_t)PyLong_AsUnsignedLongMask(crc_or_none);
    }
    err = err ? err : tsme_boot(&c->t, &config, crc);
    if (PyErr_Occurred()) {
        Py_DECREF(c);
        return NULL;
    }
    if (err) {
        PyObject *out = told(&c->t, err);
        Py_DECREF(c);
        return out;
    }
    return (PyObject *)c;
}

/// Steps ///

static Core *handle(PyObject *v)
{
    if (!PyObject_TypeCheck(v, core_type)) {
        PyErr_SetString(PyExc_TypeError, "tsme_core: that is no handle");
        return NULL;
    }
    return core_busy((Core *)v) ? NULL : (Core *)v;
}

int core_busy(const Core *c)
{
    if (c->busy) {
        PyErr_SetString(PyExc_RuntimeError, "tsme_core: a step is being made");
    }
    return c->busy;
}

int core_make(Core *c, int kind, uint64_t now)
{
    if (c->t.making) {
        tsme_undo(&c->t);
    }
    Py_CLEAR(c->answer);
    struct tsme_input input = {.kind = (uint8_t)kind,
                               .now = now,
                               .fields = c->fields.data,
                               .fields_size = (uint32_t)c->fields.size};
    c->kind = kind;
    c->now = now;
    memcpy(c->used, c->limits, sizeof c->used);
    c->busy = 1;
    int err = tsme_make(&c->t, &input);
    c->busy = 0;
    return err;
}

// Nobody is told of it twice.
int core_again(Core *c)
{
    uint32_t limits[TSME_LIMITS];
    memcpy(limits, c->limits, sizeof limits);
    memcpy(c->limits, c->used, sizeof limits);
    uint32_t kinds = c->t.kinds;
    c->t.kinds = 0;
    int err = core_make(c, c->kind, c->now);
    c->t.kinds = kinds;
    memcpy(c->limits, limits, sizeof limits);
    return err;
}

static PyObject *make(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *h;
    int kind;
    unsigned long long now;
    Py_buffer fields;
    if (!PyArg_ParseTuple(args, "OiKy*", &h, &kind, &now, &fields)) {
        return NULL;
    }
    Core *c = handle(h);
    if (c && c->t.making) {
        tsme_undo(&c->t); // whose record has these fields
    }
    int ok = 0;
    if (c) {
        c->fields.size = 0;
        ok = out_put(&c->fields, fields.buf, (size_t)fields.len);
    }
    PyBuffer_Release(&fields);
    if (!ok) {
        return NULL;
    }
    int err = core_make(c, kind, now);
    return PyErr_Occurred() ? NULL : PyLong_FromLong(err);
}

PyObject *core_record(const Core *c)
{
    if (!c->t.making) {
        PyErr_SetString(PyExc_ValueError, "tsme_core: no step is made");
        return NULL;
    }
    size_t size = 0;
    for (unsigned k = 0; k < c->t.records; k++) {
        size += c->t.record[k].size;
    }
    PyObject *out = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)size);
    char *to = out ? PyBytes_AsString(out) : NULL;
    for (unsigned k = 0; to && k < c->t.records; k++) {
        memcpy(to, c->t.record[k].at, c->t.record[k].size);
        to += c->t.record[k].size;
    }
    return out;
}

static PyObject *record(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    return c ? core_record(c) : NULL;
}

static PyObject *adopt(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    if (c && c->t.making) {
        tsme_adopt(&c->t);
    }
    return c ? Py_NewRef(Py_None) : NULL;
}

static PyObject *undo(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    if (c && c->t.making) {
        tsme_undo(&c->t);
    }
    return c ? Py_NewRef(Py_None) : NULL;
}

static PyObject *again(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    int err = c ? core_again(c) : 0;
    return !c || PyErr_Occurred() ? NULL : PyLong_FromLong(err);
}

static PyObject *limits(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *h;
    unsigned int state_bytes, record_bytes, work;
    if (!PyArg_ParseTuple(args, "OIII", &h, &state_bytes, &record_bytes, &work)) {
        return NULL;
    }
    Core *c = handle(h);
    if (!c) {
        return NULL;
    }
    c->limits[TSME_STATE_BYTES] = state_bytes;
    c->limits[TSME_RECORD_BYTES] = record_bytes;
    c->limits[TSME_WORK] = work;
    Py_RETURN_NONE;
}

/// What the state is ///

PyObject *core_written(Core *c, uint32_t (*write)(struct tsme *, uint8_t *, uint32_t))
{
    uint8_t own[1024];
    uint32_t size = write(&c->t, own, sizeof own);
    if (size <= sizeof own) {
        return PyBytes_FromStringAndSize((const char *)own, size);
    }
    PyObject *out = PyBytes_FromStringAndSize(NULL, size);
    if (out && write(&c->t, (uint8_t *)PyBytes_AsString(out), size) != size) {
        PyErr_SetString(PyExc_SystemError, "tsme_core: another size");
        Py_CLEAR(out);
    }
    return out;
}

static PyObject *checkpoint(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    return c ? core_written(c, tsme_checkpoint) : NULL;
}

static PyObject *actions(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    return c ? core_written(c, tsme_write_actions) : NULL;
}

static PyObject *pending(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    return c ? core_written(c, tsme_write_pending) : NULL;
}

static PyObject *result(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    return c ? core_written(c, tsme_write_result) : NULL;
}

static PyObject *restore(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *h;
    Py_buffer data;
    if (!PyArg_ParseTuple(args, "Oy*", &h, &data)) {
        return NULL;
    }
    Core *c = handle(h);
    int err = c ? tsme_restore(&c->t, data.buf, (uint32_t)data.len) : 0;
    PyBuffer_Release(&data);
    return c ? PyLong_FromLong(err) : NULL;
}

static PyObject *view(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    if (!c) {
        return NULL;
    }
    struct tsme *t = &c->t;
    const struct tsme_state *s = &t->state;
    struct tsme_listed first;
    bool due = tsme_next_due(t, &first);
    int now = t->origin.execution && s->status == TSME_RUNNING && tsme_runnable(t);
    return Py_BuildValue("IKiKIKIKILIi", s->steps, (unsigned long long)t->origin.execution,
                         s->status, (unsigned long long)s->now, s->next_id,
                         (unsigned long long)s->rng, s->digest,
                         (unsigned long long)t->origin.start, t->transitions,
                         due ? (long long)first.due : -1LL, due ? first.id : 0, now);
}

// The number of the frame that a pending action is of, or -1.
static long long frame_of(Core *c, unsigned int id)
{
    struct tsme_seek walk = {.id = id ? id - 1 : 0};
    struct tsme_listed action;
    if (!tsme_next_pending(&c->t, &walk, &action) || action.id != id ||
        action.frame == TSME_NO_FRAME) {
        return -1;
    }
    return action.frame;
}

static PyObject *about_action(PyObject *args, uint32_t (*ask)(const struct tsme *, uint32_t))
{
    PyObject *h;
    unsigned int id;
    if (!PyArg_ParseTuple(args, "OI", &h, &id)) {
        return NULL;
    }
    Core *c = handle(h);
    if (!c) {
        return NULL;
    }
    long long frame = frame_of(c, id);
    return PyLong_FromLongLong(frame < 0 ? -1 : (long long)ask(&c->t, (uint32_t)frame));
}

static PyObject *attempt(PyObject *self, PyObject *args)
{
    (void)self;
    return about_action(args, tsme_attempt);
}

static PyObject *state_of(PyObject *self, PyObject *args)
{
    (void)self;
    return about_action(args, tsme_state_of);
}

static PyObject *entering(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    return c ? PyLong_FromLong(tsme_entering(&c->t)) : NULL;
}

static PyObject *refused(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    if (!c) {
        return NULL;
    }
    return c->t.refused ? PyUnicode_FromString(c->t.refused) : Py_NewRef(Py_None);
}

static PyObject *asked(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    if (!c) {
        return NULL;
    }
    const struct tsme_limit *l = &c->t.limit;
    return Py_BuildValue("iII", l->name, l->asked, l->limit);
}

static PyObject *memory(PyObject *self, PyObject *h)
{
    (void)self;
    Core *c = handle(h);
    return c ? PyLong_FromUnsignedLong(c->t.config.memory_size) : NULL;
}

/// The module ///

static PyMethodDef methods[] = {
    {"install", core_install, METH_VARARGS, "install(program, memory=0) -> crc"},
    {"boot", core_boot, METH_VARARGS,
     "boot(program, crc, memory, call, state_bytes, record_bytes, work) -> handle"},
    {"limits", limits, METH_VARARGS, "limits(h, state_bytes, record_bytes, work)"},
    {"make", make, METH_VARARGS, "make(h, kind, now, fields) -> 0, 1 (late) or an error"},
    {"again", again, METH_O, "again(h): the step that was undone last"},
    {"record", record, METH_O, "record(h) -> the body of the record of the step made"},
    {"adopt", adopt, METH_O, "adopt(h)"},
    {"undo", undo, METH_O, "undo(h)"},
    {"view", view, METH_O, "view(h) -> numbers of the state"},
    {"actions", actions, METH_O, "actions(h) -> CBOR"},
    {"pending", pending, METH_O, "pending(h) -> CBOR"},
    {"result", result, METH_O, "result(h) -> CBOR"},
    {"checkpoint", checkpoint, METH_O, "checkpoint(h) -> CBOR"},
    {"restore", restore, METH_VARARGS, "restore(h, data) -> 0 or an error"},
    {"attempt", attempt, METH_VARARGS, "attempt(h, action) -> which try of its state"},
    {"state_of", state_of, METH_VARARGS, "state_of(h, action) -> number of its state"},
    {"entering", entering, METH_O, "entering(h)"},
    {"refused", refused, METH_O, "refused(h) -> what the core lacks"},
    {"asked", asked, METH_O, "asked(h) -> (limit, asked, most)"},
    {"watch", core_watch, METH_VARARGS, "watch(h, kinds, function or None)"},
    {"event", core_event, METH_VARARGS, "event(h) -> CBOR of the event's data, or nothing"},
    {"frame", core_frame, METH_VARARGS, "frame(h, number) -> CBOR of a frame"},
    {"memory", memory, METH_O, "memory(h) -> bytes of memory that it has"},
    {"replay", core_replay, METH_VARARGS,
     "replay(journal, find) -> (steps, checkpoints, executions, skipped, first skipped) or None"},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot core_slots[] = {{Py_tp_dealloc, (void *)core_dealloc},
                                   {Py_tp_traverse, (void *)core_traverse},
                                   {Py_tp_clear, (void *)core_clear},
                                   {Py_tp_doc, (void *)"An execution's engine."},
                                   {0, NULL}};
static PyType_Spec core_spec = {.name = "tsme_core.Handle",
                                .basicsize = sizeof(Core),
                                .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION |
                                         Py_TPFLAGS_HAVE_GC,
                                .slots = core_slots};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        "tsme_core",
                                        "The engine for compiled workflows in C.",
                                        -1,
                                        methods,
                                        NULL,
                                        NULL,
                                        NULL,
                                        NULL};

PyMODINIT_FUNC PyInit_tsme_core(void)
{
    const char *wanted = getenv("TSME_CORE");
    if (wanted && strcmp(wanted, "0") == 0) {
        PyErr_SetString(PyExc_ImportError, "the core is turned off by TSME_CORE=0");
        return NULL;
    }
    core_type = (PyTypeObject *)PyType_FromSpec(&core_spec);
    PyObject *module = core_type ? PyModule_Create(&definition) : NULL;
    if (module && (PyModule_AddIntConstant(module, "API", API) < 0 || !kernel_types(module) ||
                   !journal_functions(module))) {
        Py_CLEAR(module);
    }
    return module;
}
