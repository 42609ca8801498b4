// The journal of the core (tsme_journal.h) as functions of the module tsme_core: over a block
// device in Python, or over memory that stands in for flash.

#include "journal.h"

#include <string.h>

// A journal, what it writes to, and what it works in.
typedef struct {
    PyObject_HEAD struct tsme_journal j;
    struct tsme_walk walk;
    PyObject *readblocks, *writeblocks, *ioctl; // of the device, or NULL
    PyObject *shared;                           // who asks for file systems, or NULL
    PyObject *said;                             // what the device answered when it failed, or NULL
    PyObject *buffer;                           // a bytearray, which others may share
    Py_buffer memory;                           // that stands in for flash, if `obj` is there
    uint8_t *blocks;
    int busy; // a function of it is under way
} Journal;

static PyTypeObject *journal_type;

// `shared` is a method of who has the handle: the collector has to see it.
static int journal_traverse(PyObject *self, visitproc visit, void *arg)
{
    Journal *h = (Journal *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(h->readblocks);
    Py_VISIT(h->writeblocks);
    Py_VISIT(h->ioctl);
    Py_VISIT(h->shared);
    Py_VISIT(h->said);
    return 0;
}

static int journal_clear(PyObject *self)
{
    Journal *h = (Journal *)self;
    Py_CLEAR(h->shared);
    Py_CLEAR(h->said);
    return 0;
}

static void journal_dealloc(PyObject *self)
{
    Journal *h = (Journal *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    journal_clear(self);
    Py_XDECREF(h->readblocks);
    Py_XDECREF(h->writeblocks);
    Py_XDECREF(h->ioctl);
    Py_XDECREF(h->buffer);
    if (h->memory.obj) {
        PyBuffer_Release(&h->memory);
    }
    PyMem_Free(h->blocks);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyType_Slot journal_slots[] = {{Py_tp_dealloc, (void *)journal_dealloc},
                                      {Py_tp_traverse, (void *)journal_traverse},
                                      {Py_tp_clear, (void *)journal_clear},
                                      {Py_tp_doc, (void *)"What journal_open() gives."},
                                      {0, NULL}};
static PyType_Spec journal_spec = {.name = "tsme_core.JournalHandle",
                                   .basicsize = sizeof(Journal),
                                   .flags = Py_TPFLAGS_DEFAULT |
                                            Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_HAVE_GC,
                                   .slots = journal_slots};

/// Devices in Python ///

static void keep(Journal *h, PyObject *said)
{
    PyObject *before = h->said;
    h->said = said;
    Py_XDECREF(before);
}

// What a method of the device gave (its reference is taken): 0 if it is well, else 1, and `said`
// has it. An OSError means that the device failed; any other exception ends the call.
static int answered(Journal *h, PyObject *said)
{
    if (said) {
        int failed = PyObject_IsTrue(said);
        if (failed > 0) {
            keep(h, said);
            return 1;
        }
        Py_DECREF(said);
        return failed ? TSME_DEVICE_GONE : 0;
    }
    if (!PyErr_ExceptionMatches(PyExc_OSError)) {
        return TSME_DEVICE_GONE;
    }
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    keep(h, value);
    return 1;
}

static int device_read(void *context, uint32_t block, uint32_t offset, uint8_t *to, uint32_t size)
{
    Journal *h = context;
    PyObject *bytes = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)size);
    PyObject *view = bytes ? PyMemoryView_FromObject(bytes) : NULL;
    int failed = TSME_DEVICE_GONE;
    if (view) {
        failed = answered(h, PyObject_CallFunction(h->readblocks, "kOk", (unsigned long)block,
                                                   view, (unsigned long)offset));
    }
    if (!failed) {
        memcpy(to, PyByteArray_AsString(bytes), size);
    }
    Py_XDECREF(view);
    Py_XDECREF(bytes);
    return failed;
}

static int device_program(void *context, uint32_t block, uint32_t offset, const uint8_t *from,
                          uint32_t size)
{
    Journal *h = context;
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)from, (Py_ssize_t)size);
    PyObject *view = bytes ? PyMemoryView_FromObject(bytes) : NULL;
    int failed = TSME_DEVICE_GONE;
    if (view) {
        failed = answered(h, PyObject_CallFunction(h->writeblocks, "kOk", (unsigned long)block,
                                                   view, (unsigned long)offset));
    }
    Py_XDECREF(view);
    Py_XDECREF(bytes);
    return failed;
}

static int device_erase(void *context, uint32_t block)
{
    Journal *h = context;
    return answered(h, PyObject_CallFunction(h->ioctl, "ik", 6, (unsigned long)block));
}

static int device_sync(void *context)
{
    Journal *h = context;
    return answered(h, PyObject_CallFunction(h->ioctl, "ii", 3, 0));
}

// It raises if a file system reaches in.
static int device_shared(void *context, uint32_t *start, uint32_t *blocks)
{
    Journal *h = context;
    PyObject *done = h->shared ? PyObject_CallNoArgs(h->shared) : NULL;
    *start = *blocks = 0;
    Py_XDECREF(done);
    return done ? 0 : TSME_DEVICE_GONE;
}

/// Memory that behaves as flash does ///

static uint8_t *place(Journal *h, uint32_t block, uint32_t offset)
{
    return (uint8_t *)h->memory.buf + (size_t)block * h->j.device.size + offset;
}

static int memory_read(void *context, uint32_t block, uint32_t offset, uint8_t *to, uint32_t size)
{
    memcpy(to, place(context, block, offset), size);
    return 0;
}

static int memory_program(void *context, uint32_t block, uint32_t offset, const uint8_t *from,
                          uint32_t size)
{
    uint8_t *to = place(context, block, offset);
    for (uint32_t i = 0; i < size; i++) {
        to[i] &= from[i];
    }
    return 0;
}

static int memory_erase(void *context, uint32_t block)
{
    Journal *h = context;
    memset(place(h, block, 0), 0xFF, h->j.device.size);
    return 0;
}

/// Opening ///

// A device that another module has in C: a capsule with the callbacks. 1 if it is one.
static int take_native(Journal *h, PyObject *device, struct tsme_device *d)
{
    PyObject *capsule = PyObject_GetAttrString(device, "tsme_device");
    if (!capsule) {
        PyErr_Clear();
        return 0;
    }
    if (!PyCapsule_IsValid(capsule, "tsme_device")) {
        Py_DECREF(capsule);
        return 0;
    }
    const struct tsme_device *native = PyCapsule_GetPointer(capsule, "tsme_device");
    d->read = native->read;
    d->program = native->program;
    d->erase = native->erase;
    d->sync = native->sync;
    d->context = native->context;
    h->readblocks = capsule;
    h->ioctl = Py_NewRef(device); // which the callbacks are about
    return 1;
}

static int take_device(Journal *h, PyObject *device, struct tsme_device *d)
{
    if (take_native(h, device, d)) {
        return 0;
    }
    d->context = h;
    if (PyObject_CheckBuffer(device)) {
        d->read = memory_read;
        d->program = memory_program;
        d->erase = memory_erase;
        if (PyObject_GetBuffer(device, &h->memory, PyBUF_WRITABLE) < 0) {
            return -1;
        }
        if ((uint64_t)h->memory.len < (uint64_t)d->size * d->count) {
            PyErr_SetString(PyExc_ValueError, "the memory is smaller than its blocks");
            return -1;
        }
        return 0;
    }
    d->read = device_read;
    d->program = device_program;
    d->erase = device_erase;
    d->sync = device_sync;
    h->readblocks = PyObject_GetAttrString(device, "readblocks");
    h->writeblocks = PyObject_GetAttrString(device, "writeblocks");
    h->ioctl = PyObject_GetAttrString(device, "ioctl");
    return h->readblocks && h->writeblocks && h->ioctl ? 0 : -1;
}

// Bytes, or another journal, whose buffer is shared if it is large enough.
static int take_buffer(Journal *h, PyObject *buffer, struct tsme_journal_config *c)
{
    uint32_t unit = c->device.unit;
    uint32_t slot = c->device.once && c->slot < unit ? unit : c->slot;
    Py_ssize_t least = ((Py_ssize_t)(slot > 64 ? 4 * slot : 256) + 255) & -256;
    Py_ssize_t size = least;
    if (Py_IS_TYPE(buffer, journal_type)) {
        PyObject *other = ((Journal *)buffer)->buffer;
        if (PyByteArray_Size(other) >= least) {
            h->buffer = Py_NewRef(other);
        }
    } else {
        Py_ssize_t asked = PyLong_AsSsize_t(buffer);
        if (asked == -1 && PyErr_Occurred()) {
            return -1;
        }
        asked = (asked + 255) & -256;
        size = asked > size ? asked : size;
    }
    if (!h->buffer) {
        h->buffer = PyByteArray_FromStringAndSize(NULL, size);
    }
    if (!h->buffer) {
        return -1;
    }
    c->buffer = (uint8_t *)PyByteArray_AsString(h->buffer);
    c->buffer_size = (uint32_t)PyByteArray_Size(h->buffer);
    c->blocks_size = TSME_JOURNAL_BLOCKS(c->device.count);
    h->blocks = PyMem_Malloc(c->blocks_size);
    c->blocks = h->blocks;
    if (!h->blocks) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

PyDoc_STRVAR(open_doc,
             "journal_open(device, shared, count, size, unit, once, slot, buffer) -> handle");

static PyObject *journal_open(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *device, *shared, *buffer;
    unsigned int count, size, unit, slot;
    int once;
    if (!PyArg_ParseTuple(args, "OOIIIpIO", &device, &shared, &count, &size, &unit, &once, &slot,
                          &buffer)) {
        return NULL;
    }
    struct tsme_journal_config c;
    memset(&c, 0, sizeof c);
    c.device.count = count;
    c.device.size = size;
    c.device.unit = unit;
    c.device.once = once;
    c.slot = slot;
    allocfunc alloc = (allocfunc)PyType_GetSlot(journal_type, Py_tp_alloc);
    Journal *h = (Journal *)alloc(journal_type, 0);
    if (!h || take_device(h, device, &c.device) < 0 || take_buffer(h, buffer, &c) < 0) {
        Py_XDECREF((PyObject *)h);
        return NULL;
    }
    if (shared != Py_None) {
        h->shared = Py_NewRef(shared);
        c.device.shared = device_shared;
    }
    int error = tsme_journal_open(&h->j, &c);
    if (error) {
        Py_DECREF((PyObject *)h);
        return PyLong_FromLong(error);
    }
    return (PyObject *)h;
}

// The handle, which works until leave(); NULL with an error set.
static Journal *enter(PyObject *handle)
{
    if (!Py_IS_TYPE(handle, journal_type)) {
        PyErr_SetString(PyExc_TypeError, "that is no journal");
        return NULL;
    }
    Journal *h = (Journal *)handle;
    if (h->busy) {
        PyErr_SetString(PyExc_RuntimeError, "the journal's device has called the journal");
        return NULL;
    }
    h->busy = 1;
    return h;
}

// What a function gave, or NULL if the device has raised.
static PyObject *leave(Journal *h, int given)
{
    h->busy = 0;
    return given == TSME_JOURNAL_GONE && PyErr_Occurred() ? NULL : PyLong_FromLong(given);
}

static PyObject *journal_format(PyObject *self, PyObject *handle)
{
    (void)self;
    Journal *h = enter(handle);
    return h ? leave(h, tsme_journal_format(&h->j)) : NULL;
}

static PyObject *journal_idle(PyObject *self, PyObject *handle)
{
    (void)self;
    Journal *h = enter(handle);
    return h ? leave(h, tsme_journal_idle(&h->j)) : NULL;
}

static PyObject *journal_recover(PyObject *self, PyObject *handle)
{
    (void)self;
    Journal *h = enter(handle);
    if (!h) {
        return NULL;
    }
    struct tsme_info i;
    PyObject *given = leave(h, tsme_journal_recover(&h->j, &h->walk, &i));
    if (!given || PyLong_AsLong(given)) {
        return given;
    }
    Py_DECREF(given);
    return Py_BuildValue("(IIOII)", i.records, i.steps, i.torn ? Py_True : Py_False, i.blocks,
                         i.generation);
}

static PyObject *journal_records(PyObject *self, PyObject *handle)
{
    (void)self;
    Journal *h = enter(handle);
    return h ? leave(h, tsme_journal_records(&h->j, &h->walk)) : NULL;
}

// A record of a walk as Python has it.
static PyObject *record_of(Journal *h)
{
    struct tsme_walk *w = &h->walk;
    PyObject *body = PyBytes_FromStringAndSize((const char *)w->body, (Py_ssize_t)w->size);
    if (!body) {
        return leave(h, TSME_JOURNAL_GONE);
    }
    int error = w->body ? 0 : tsme_journal_body(w, (uint8_t *)PyBytes_AsString(body));
    if (error) {
        Py_DECREF(body);
        return leave(h, error);
    }
    h->busy = 0;
    return Py_BuildValue("(IiNII)", w->number, w->kind, body, w->block, w->offset);
}

static PyObject *journal_next(PyObject *self, PyObject *handle)
{
    (void)self;
    Journal *h = enter(handle);
    if (!h) {
        return NULL;
    }
    struct tsme_walk *w = &h->walk;
    int found = w->journal ? tsme_journal_next(w) : TSME_WALK_END;
    if (found == TSME_WALK_RECORD) {
        return record_of(h);
    }
    if (found < 0) {
        return leave(h, found);
    }
    h->busy = 0;
    if (found == TSME_WALK_END) {
        Py_RETURN_NONE;
    }
    PyObject *until = w->known ? PyLong_FromUnsignedLong(w->until) : Py_NewRef(Py_None);
    return Py_BuildValue("(INII)", w->number, until, w->block, w->offset);
}

static PyObject *journal_commit(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *handle;
    int kind;
    Py_buffer body;
    if (!PyArg_ParseTuple(args, "Oiy*", &handle, &kind, &body)) {
        return NULL;
    }
    Journal *h = enter(handle);
    PyObject *given = NULL;
    if (h) {
        struct tsme_part part = {body.buf, (uint32_t)body.len};
        if (body.len > UINT32_MAX) {
            part.size = UINT32_MAX;
        }
        int error = tsme_journal_commit(&h->j, (uint8_t)kind, &part, 1);
        given = leave(h, error);
        if (!error && given) {
            Py_DECREF(given);
            given = PyLong_FromUnsignedLong(h->j.number - 1);
        }
    }
    PyBuffer_Release(&body);
    return given;
}

static PyObject *journal_view(PyObject *self, PyObject *handle)
{
    (void)self;
    Journal *h = enter(handle);
    if (!h) {
        return NULL;
    }
    h->busy = 0;
    return Py_BuildValue("(IIII)", h->j.number, h->j.steps, tsme_journal_most(&h->j),
                         tsme_journal_room(&h->j));
}

static PyObject *journal_due(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *handle;
    long long steps, transitions;
    if (!PyArg_ParseTuple(args, "OLL", &handle, &steps, &transitions)) {
        return NULL;
    }
    Journal *h = enter(handle);
    if (!h) {
        return NULL;
    }
    h->busy = 0;
    uint32_t most = UINT32_MAX;
    uint32_t n = steps < 0 ? h->j.steps : steps < most ? (uint32_t)steps : most;
    uint32_t t = transitions < 0 ? 0 : transitions < most ? (uint32_t)transitions : most;
    return PyLong_FromLong(tsme_journal_is_due(&h->j, n, t));
}

static PyObject *journal_retired(PyObject *self, PyObject *handle)
{
    (void)self;
    Journal *h = enter(handle);
    PyObject *blocks = h ? PyList_New(0) : NULL;
    for (uint32_t i = 0; blocks && h->j.worn_count && i < h->j.device.count; i++) {
        if (!tsme_journal_retired(&h->j, i)) {
            continue;
        }
        PyObject *n = PyLong_FromUnsignedLong(i);
        if (!n || PyList_Append(blocks, n) < 0) {
            Py_CLEAR(blocks);
        }
        Py_XDECREF(n);
    }
    if (h) {
        h->busy = 0;
    }
    PyObject *given = blocks ? PyList_AsTuple(blocks) : NULL;
    Py_XDECREF(blocks);
    return given;
}

static PyObject *journal_numbers(PyObject *self, PyObject *handle)
{
    (void)self;
    Journal *h = enter(handle);
    if (!h) {
        return NULL;
    }
    h->busy = 0;
    const uint32_t *n = h->j.numbers;
    return Py_BuildValue("(IIIIIIIIO)", n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7],
                         h->said ? h->said : Py_None);
}

static PyMethodDef methods[] = {
    {"journal_open", journal_open, METH_VARARGS, open_doc},
    {"journal_format", journal_format, METH_O, "0, or an error"},
    {"journal_recover", journal_recover, METH_O, "what was found, or an error"},
    {"journal_records", journal_records, METH_O, "0, or an error"},
    {"journal_next", journal_next, METH_O, "a record, damage, None, or an error"},
    {"journal_commit", journal_commit, METH_VARARGS, "the record's number, or an error"},
    {"journal_idle", journal_idle, METH_O, "1 if something was done"},
    {"journal_view", journal_view, METH_O, "number, steps, most, room"},
    {"journal_due", journal_due, METH_VARARGS, "1 if a checkpoint is due"},
    {"journal_retired", journal_retired, METH_O, "blocks that have failed"},
    {"journal_numbers", journal_numbers, METH_O, "of the last error"},
    {NULL, NULL, 0, NULL}};

int journal_functions(PyObject *module)
{
    journal_type = (PyTypeObject *)PyType_FromSpec(&journal_spec);
    return journal_type && PyModule_AddFunctions(module, methods) == 0;
}

struct tsme_journal *journal_of(PyObject *handle)
{
    return Py_IS_TYPE(handle, journal_type) ? &((Journal *)handle)->j : NULL;
}
