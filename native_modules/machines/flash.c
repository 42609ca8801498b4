// Modelled NOR flash, as sim/nor.py has it: what happens while nothing goes wrong.
// Cuts, worn blocks, and what real flash does not forgive are Python's.

#include "machines.h"

#define PAGE       256 // bytes that are programmed in one go, ..
#define PROGRAM_US 400 // .. which takes so long
#define ERASE_US   45000

PyTypeObject *flash_type;

static PyObject *n_readblocks, *n_writeblocks, *n_ioctl;

enum { PROGRAMS, ERASES, PROGRAMMED, READ, COUNTS };

static int64_t *count_of(Flash *f, int what, uint32_t block)
{
    return f->counts + what * f->count + block;
}

static uint8_t *bytes_of(PyObject *array)
{
    return (uint8_t *)PyByteArray_AS_STRING(array);
}

// Is `off` to `off + size` of this block there, and nothing special?
static int plain(const Flash *f, uint32_t block, uint32_t off, uint32_t size)
{
    return f->on && f->counts && block < f->count && (int64_t)off + size <= f->block &&
           PyByteArray_GET_SIZE(f->data) == f->block * f->count;
}

// Whether this operation is one of Python's: the power goes, or a block has failed.
static int special(Flash *f, uint32_t block)
{
    return f->ops + 1 == f->cut || PyDict_GET_SIZE(f->failing) || f->told ||
           PyByteArray_GET_SIZE(f->units) || !f->on || block >= f->count || !f->counts;
}

// What Python says, as a callback says it.
static int said(PyObject *told)
{
    long n = !told ? 0 : told == Py_None ? 0 : PyLong_AsLong(told);
    Py_XDECREF(told);
    return PyErr_Occurred() ? TSME_DEVICE_GONE : (int)n;
}

// What is not plain: the method of that name, with a view that is given back here.
static int in_python(Flash *f, PyObject *name, uint32_t block, uint32_t off, PyObject *view)
{
    PyObject *number = PyLong_FromLong((long)block), *at = PyLong_FromLong((long)off);
    PyObject *told = NULL;
    if (number && at && view)
        told = PyObject_CallMethodObjArgs((PyObject *)f, name, number, view, at, NULL);
    Py_XDECREF(number);
    Py_XDECREF(view);
    Py_XDECREF(at);
    return said(told);
}

int flash_read(void *context, uint32_t block, uint32_t off, uint8_t *to, uint32_t size)
{
    Flash *f = context;
    if (plain(f, block, off, size)) {
        memcpy(to, bytes_of(f->data) + block * f->block + off, size);
        *count_of(f, READ, block) += size;
        return 0;
    }
    PyObject *view = PyMemoryView_FromMemory((char *)to, (Py_ssize_t)size, PyBUF_WRITE);
    return in_python(f, n_readblocks, block, off, view);
}

int flash_program(void *context, uint32_t block, uint32_t off, const uint8_t *from, uint32_t size)
{
    Flash *f = context;
    uint32_t unit = (uint32_t)f->program_size;
    if (!special(f, block) && !f->strict && plain(f, block, off, size) && !(off % unit) &&
        !(size % unit) && !bytes_of(f->weak)[block]) {
        uint8_t *to = bytes_of(f->data) + block * f->block + off;
        uint64_t there, more; // units are multiples of eight bytes, or else few
        uint32_t k = 0;
        for (; k + sizeof there <= size; k += sizeof there) {
            memcpy(&there, to + k, sizeof there);
            memcpy(&more, from + k, sizeof more);
            there &= more;
            memcpy(to + k, &there, sizeof there);
        }
        for (; k < size; k++)
            to[k] &= from[k];
        f->ops++;
        *count_of(f, PROGRAMS, block) += 1;
        *count_of(f, PROGRAMMED, block) += size;
        f->time_us += (off % PAGE + size + PAGE - 1) / PAGE * PROGRAM_US;
        return 0;
    }
    PyObject *view = PyBytes_FromStringAndSize((const char *)from, (Py_ssize_t)size);
    return in_python(f, n_writeblocks, block, off, view);
}

int flash_erase(void *context, uint32_t block)
{
    Flash *f = context;
    if (!special(f, block) && plain(f, block, 0, 0)) {
        memset(bytes_of(f->data) + block * f->block, 0xFF, (size_t)f->block);
        bytes_of(f->weak)[block] = 0;
        f->ops++;
        *count_of(f, ERASES, block) += 1;
        f->time_us += ERASE_US;
        return 0;
    }
    return said(PyObject_CallMethod((PyObject *)f, "ioctl", "iI", 6, (unsigned)block));
}

static void free_device(PyObject *capsule)
{
    PyMem_Free(PyCapsule_GetPointer(capsule, "tsme_device"));
}

// For a journal of another module (native_modules/cpython/journal.c), which keeps the flash too.
static PyObject *get_device(Flash *f, void *none)
{
    (void)none;
    struct tsme_device *d = PyMem_Calloc(1, sizeof *d);
    if (!d)
        return PyErr_NoMemory();
    d->read = flash_read;
    d->program = flash_program;
    d->erase = flash_erase;
    d->context = f;
    PyObject *capsule = PyCapsule_New(d, "tsme_device", free_device);
    if (!capsule)
        PyMem_Free(d);
    return capsule;
}

/// As a type, below sim/nor.py's ///

static PyObject *make(PyTypeObject *type, PyObject *args, PyObject *names)
{
    (void)args, (void)names; // Python's __init__ takes them
    Flash *f = (Flash *)type->tp_alloc(type, 0);
    if (!f)
        return NULL;
    f->data = PyByteArray_FromStringAndSize(NULL, 0);
    f->weak = PyByteArray_FromStringAndSize(NULL, 0);
    f->units = PyByteArray_FromStringAndSize(NULL, 0);
    f->failing = PyDict_New();
    if (!f->data || !f->weak || !f->units || !f->failing)
        Py_CLEAR(f);
    return (PyObject *)f;
}

static int visit_all(Flash *f, visitproc visit, void *arg)
{
    Py_VISIT(f->failing);
    Py_VISIT(Py_TYPE(f));
    return 0;
}

static int clear(Flash *f)
{
    (void)f; // nothing of it leads back
    return 0;
}

static void dealloc(Flash *f)
{
    PyTypeObject *type = Py_TYPE(f);
    PyObject_GC_UnTrack(f);
    Py_CLEAR(f->data);
    Py_CLEAR(f->weak);
    Py_CLEAR(f->units);
    Py_CLEAR(f->failing);
    PyMem_Free(f->counts);
    type->tp_free(f);
    Py_DECREF(type);
}

static PyObject *reset_counts(Flash *f, PyObject *none)
{
    (void)none;
    int64_t *counts = PyMem_Calloc((size_t)(COUNTS * f->count + 1), sizeof *counts);
    if (!counts)
        return PyErr_NoMemory();
    PyMem_Free(f->counts);
    f->counts = counts;
    f->time_us = 0;
    Py_RETURN_NONE;
}

// count(what, block, n): n more
static PyObject *count(Flash *f, PyObject *args)
{
    long what, block;
    long long n;
    if (!PyArg_ParseTuple(args, "llL", &what, &block, &n))
        return NULL;
    if (what < 0 || what >= COUNTS || block < 0 || block >= f->count || !f->counts) {
        PyErr_SetString(PyExc_IndexError, "no such block");
        return NULL;
    }
    *count_of(f, (int)what, (uint32_t)block) += n;
    Py_RETURN_NONE;
}

static PyObject *get_counts(Flash *f, void *what)
{
    PyObject *list = PyList_New((Py_ssize_t)f->count);
    for (int64_t k = 0; list && k < f->count; k++) {
        PyObject *n =
            PyLong_FromLongLong(f->counts ? *count_of(f, (int)(intptr_t)what, (uint32_t)k) : 0);
        if (n)
            PyList_SET_ITEM(list, (Py_ssize_t)k, n);
        else
            Py_CLEAR(list);
    }
    return list;
}

// An array of bytes in its place: whoever has it writes into it.
static int set_bytes(Flash *f, PyObject *v, void *at)
{
    PyObject **to = (PyObject **)(void *)((char *)f + (size_t)at);
    if (!v || !PyByteArray_CheckExact(v)) {
        PyErr_SetString(PyExc_TypeError, "a bytearray is wanted");
        return -1;
    }
    Py_XSETREF(*to, Py_NewRef(v));
    return 0;
}

static PyObject *get_bytes(Flash *f, void *at)
{
    return Py_NewRef(*(PyObject **)(void *)((char *)f + (size_t)at));
}

static int set_failing(Flash *f, PyObject *v, void *none)
{
    (void)none;
    if (!v || !PyDict_Check(v)) {
        PyErr_SetString(PyExc_TypeError, "a dict is wanted");
        return -1;
    }
    Py_XSETREF(f->failing, Py_NewRef(v));
    return 0;
}

static PyMemberDef members[] = {
    {"block", T_LONGLONG, offsetof(Flash, block), 0, NULL},
    {"count", T_LONGLONG, offsetof(Flash, count), 0, NULL},
    {"program_size", T_LONGLONG, offsetof(Flash, program_size), 0, NULL},
    {"ops", T_LONGLONG, offsetof(Flash, ops), 0, NULL},
    {"_cut", T_LONGLONG, offsetof(Flash, cut), 0, NULL},
    {"time_us", T_LONGLONG, offsetof(Flash, time_us), 0, NULL},
    {"on", T_BOOL, offsetof(Flash, on), 0, NULL},
    {"strict", T_BOOL, offsetof(Flash, strict), 0, NULL},
    {"_told", T_BOOL, offsetof(Flash, told), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

#define AT(field) ((void *)offsetof(Flash, field))

static PyGetSetDef fields[] = {
    {"data", (getter)get_bytes, (setter)set_bytes, NULL, AT(data)},
    {"weak", (getter)get_bytes, (setter)set_bytes, NULL, AT(weak)},
    {"_units", (getter)get_bytes, (setter)set_bytes, NULL, AT(units)},
    {"failing", (getter)get_bytes, (setter)set_failing, NULL, AT(failing)},
    {"_device", (getter)get_device, NULL, NULL, NULL},
    {"programs_of", (getter)get_counts, NULL, NULL, (void *)PROGRAMS},
    {"erases_of", (getter)get_counts, NULL, NULL, (void *)ERASES},
    {"programmed_of", (getter)get_counts, NULL, NULL, (void *)PROGRAMMED},
    {"read_of", (getter)get_counts, NULL, NULL, (void *)READ},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef flash_methods[] = {
    {"reset_counts", (PyCFunction)(void (*)(void))reset_counts, METH_NOARGS, NULL},
    {"_count", (PyCFunction)(void (*)(void))count, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, make},
    {Py_tp_dealloc, dealloc},
    {Py_tp_traverse, visit_all},
    {Py_tp_clear, clear},
    {Py_tp_members, members},
    {Py_tp_getset, fields},
    {Py_tp_methods, flash_methods},
    {0, NULL},
};

static PyType_Spec spec = {"tsme_machines.Flash", sizeof(Flash), 0,
                           Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};

int flash_begin(PyObject *module)
{
    n_readblocks = PyUnicode_InternFromString("readblocks");
    n_writeblocks = PyUnicode_InternFromString("writeblocks");
    n_ioctl = PyUnicode_InternFromString("ioctl");
    flash_type = (PyTypeObject *)PyType_FromSpec(&spec);
    return flash_type && PyModule_AddObjectRef(module, "Flash", (PyObject *)flash_type) == 0;
}
