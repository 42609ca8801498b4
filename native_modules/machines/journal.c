// The journal of the core (tsme_core/tsme_journal.h) on a Flash, as tsme/journal has
// it: a Store.

#include "machines.h"

#define SLOT 32 // bytes

PyTypeObject *journal_type;

static PyObject *make(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *flash;
    if (names || !PyArg_ParseTuple(args, "O", &flash))
        return NULL;
    if (!PyObject_TypeCheck(flash, flash_type)) {
        PyErr_SetString(PyExc_TypeError, "a Flash is wanted");
        return NULL;
    }
    Journal *j = (Journal *)type->tp_alloc(type, 0);
    if (!j)
        return NULL;
    Flash *f = j->flash = (Flash *)Py_NewRef(flash);
    uint32_t size = TSME_JOURNAL_BLOCKS((uint32_t)f->count);
    j->blocks = PyMem_Calloc(size, 1);
    struct tsme_journal_config config = {
        .device = {.read = flash_read,
                   .program = flash_program,
                   .erase = flash_erase,
                   .context = f,
                   .size = (uint32_t)f->block,
                   .count = (uint32_t)f->count,
                   .unit = (uint32_t)f->program_size,
                   .once = PyByteArray_GET_SIZE(f->units) > 0},
        .slot = SLOT,
        .buffer = j->buffer,
        .buffer_size = sizeof j->buffer,
        .blocks = j->blocks,
        .blocks_size = size,
    };
    int code = j->blocks ? tsme_journal_open(&j->journal, &config) : 0;
    if (!j->blocks)
        PyErr_NoMemory();
    else if (code)
        journal_raise(j, code);
    if (PyErr_Occurred())
        Py_CLEAR(j);
    return (PyObject *)j;
}

static void dealloc(Journal *j)
{
    PyTypeObject *type = Py_TYPE(j);
    Py_CLEAR(j->flash);
    PyMem_Free(j->blocks);
    type->tp_free(j);
    Py_DECREF(type);
}

int journal_raise(Journal *j, int code)
{
    if (PyErr_Occurred()) // the flash has raised it
        return 0;
    PyObject *numbers = PyTuple_New(4), *e = NULL;
    for (Py_ssize_t k = 0; numbers && k < 4; k++) {
        PyObject *n = PyLong_FromUnsignedLong(j->journal.numbers[k]);
        if (n)
            PyTuple_SET_ITEM(numbers, k, n);
        else
            Py_CLEAR(numbers);
    }
    if (numbers)
        e = PyObject_CallFunction(py.journal_error, "iO", -100 - code, numbers);
    Py_XDECREF(numbers);
    if (e)
        PyErr_SetObject((PyObject *)Py_TYPE(e), e);
    Py_XDECREF(e);
    return 0;
}

int journal_commit(Journal *j, uint8_t kind, const uint8_t *body, size_t size)
{
    struct tsme_part part = {body, (uint32_t)size};
    int code = tsme_journal_commit(&j->journal, kind, &part, 1);
    return code ? journal_raise(j, code) : 1;
}

static PyObject *committed(Journal *j, long kind, PyObject *body)
{
    Py_buffer view;
    if (PyObject_GetBuffer(body, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    int ok = journal_commit(j, (uint8_t)kind, view.buf, (size_t)view.len);
    PyBuffer_Release(&view);
    return ok ? PyLong_FromUnsignedLong(j->journal.number - 1) : NULL;
}

static PyObject *m_commit(Journal *j, PyObject *const *args, Py_ssize_t n)
{
    long kind = n == 2 ? PyLong_AsLong(args[0]) : -1;
    if (n == 2 && !(kind == -1 && PyErr_Occurred()))
        return committed(j, kind, args[1]);
    if (n != 2)
        PyErr_SetString(PyExc_TypeError, "commit(kind, body)");
    return NULL;
}

static PyObject *m_checkpoint(Journal *j, PyObject *body)
{
    return committed(j, TSME_JOURNAL_CHECKPOINT, body);
}

static PyObject *retired(Journal *j, void *none)
{
    (void)none;
    PyObject *list = PyList_New(0);
    for (uint32_t block = 0; list && block < j->journal.device.count; block++) {
        if (!tsme_journal_retired(&j->journal, block))
            continue;
        PyObject *n = PyLong_FromUnsignedLong(block);
        if (!n || PyList_Append(list, n) < 0)
            Py_CLEAR(list);
        Py_XDECREF(n);
    }
    PyObject *tuple = list ? PyList_AsTuple(list) : NULL;
    Py_XDECREF(list);
    return tuple;
}

// One record to whoever wants it: 1, 0 if it was the last one, -1 for an error.
static int give(Journal *j, PyObject *on_checkpoint, PyObject *on_step)
{
    int code = tsme_journal_next(&j->walk);
    if (code < 0)
        return journal_raise(j, code) - 1;
    if (code != TSME_WALK_RECORD)
        return 0;
    PyObject *body =
        PyBytes_FromStringAndSize((const char *)j->walk.body, (Py_ssize_t)j->walk.size);
    if (!body)
        return -1;
    if (!j->walk.body)
        code = tsme_journal_body(&j->walk, (uint8_t *)PyBytes_AS_STRING(body));
    PyObject *done = NULL;
    if (code < 0)
        journal_raise(j, code);
    else
        done = PyObject_CallOneArg(
            j->walk.kind == TSME_JOURNAL_CHECKPOINT ? on_checkpoint : on_step, body);
    Py_DECREF(body);
    Py_XDECREF(done);
    return done ? 1 : -1;
}

static PyObject *m_reread(Journal *j, PyObject *const *args, Py_ssize_t n)
{
    if (n != 2) {
        PyErr_SetString(PyExc_TypeError, "reread(on_checkpoint, on_step)");
        return NULL;
    }
    int more = 1;
    while (more > 0)
        more = give(j, args[0], args[1]);
    if (more < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *m_recover(Journal *j, PyObject *const *args, Py_ssize_t n)
{
    struct tsme_info info;
    int code = tsme_journal_recover(&j->journal, &j->walk, &info);
    if (code) {
        journal_raise(j, code);
        return NULL;
    }
    if (n == 2) {
        PyObject *done = m_reread(j, args, n);
        if (!done)
            return NULL;
        Py_DECREF(done);
    }
    PyObject *worn = retired(j, NULL);
    PyObject *found = worn ? PyObject_CallFunction(py.Info, "IIOIIO", info.records, info.steps,
                                                   info.torn ? Py_True : Py_False, info.blocks,
                                                   info.generation, worn)
                           : NULL;
    Py_XDECREF(worn);
    return found;
}

static PyObject *m_idle(Journal *j, PyObject *none)
{
    (void)none;
    int code = tsme_journal_idle(&j->journal);
    if (code < 0) {
        journal_raise(j, code);
        return NULL;
    }
    return PyBool_FromLong(code);
}

static PyObject *m_needs_checkpoint(Journal *j, PyObject *const *args, Py_ssize_t n)
{
    long steps = n > 0 && args[0] != Py_None ? PyLong_AsLong(args[0]) : (long)j->journal.steps;
    long transitions = n > 1 ? PyLong_AsLong(args[1]) : 0;
    if (PyErr_Occurred())
        return NULL;
    return PyBool_FromLong(
        tsme_journal_is_due(&j->journal, (uint32_t)steps, (uint32_t)transitions));
}

static PyObject *get_number(Journal *j, void *none)
{
    (void)none;
    return PyLong_FromUnsignedLong(j->journal.number);
}

static PyObject *get_most(Journal *j, void *none)
{
    (void)none;
    return PyLong_FromUnsignedLong(tsme_journal_most(&j->journal));
}

static PyObject *get_room(Journal *j, void *none)
{
    (void)none;
    return PyLong_FromUnsignedLong(tsme_journal_room(&j->journal));
}

static PyMethodDef methods[] = {
    {"commit", (PyCFunction)(void (*)(void))m_commit, METH_FASTCALL, NULL},
    {"checkpoint", (PyCFunction)(void (*)(void))m_checkpoint, METH_O, NULL},
    {"recover", (PyCFunction)(void (*)(void))m_recover, METH_FASTCALL, NULL},
    {"reread", (PyCFunction)(void (*)(void))m_reread, METH_FASTCALL, NULL},
    {"idle", (PyCFunction)(void (*)(void))m_idle, METH_NOARGS, NULL},
    {"needs_checkpoint", (PyCFunction)(void (*)(void))m_needs_checkpoint, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef fields[] = {
    {"number", (getter)get_number, NULL, NULL, NULL},
    {"most", (getter)get_most, NULL, NULL, NULL},
    {"room", (getter)get_room, NULL, NULL, NULL},
    {"retired", (getter)retired, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, make}, {Py_tp_dealloc, dealloc}, {Py_tp_methods, methods}, {Py_tp_getset, fields},
    {0, NULL},
};

static PyType_Spec spec = {"tsme_machines.Journal", sizeof(Journal), 0, Py_TPFLAGS_DEFAULT, slots};

int journal_begin(PyObject *module)
{
    journal_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return journal_type && PyModule_AddObjectRef(module, "Journal", (PyObject *)journal_type) == 0;
}
