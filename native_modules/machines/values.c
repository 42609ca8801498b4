// Values as CBOR and as copies: docs/SPEC.md, 1. What is common; the rest is left
// to the Python code.

#include "machines.h"

#define DEPTH 32 // arrays and objects around a value

Python py;

/// Bytes ///

int out_more(Out *out, size_t n)
{
    size_t room = 2 * (out->size + n);
    uint8_t *data = PyMem_Realloc(out->data == out->own ? NULL : out->data, room);
    if (!data) {
        PyErr_NoMemory();
        return 0;
    }
    if (out->data == out->own)
        memcpy(data, out->own, out->size);
    out->data = data;
    out->room = room;
    return 1;
}

// The head of an item whose number takes bytes of its own.
int out_large(Out *out, int major, uint64_t n)
{
    if (out->size + 9 > out->room && !out_more(out, 9))
        return 0;
    uint8_t *p = out->data + out->size;
    int width = n < 0x100 ? 1 : n < 0x10000 ? 2 : n >> 32 ? 8 : 4;
    *p++ = (uint8_t)(major << 5 | (width == 1 ? 24 : width == 2 ? 25 : width == 4 ? 26 : 27));
    for (int k = width - 1; k >= 0; k--)
        *p++ = (uint8_t)(n >> 8 * k);
    out->size += 1 + (size_t)width;
    return 1;
}

// Whatever else: what Python appends to a bytearray.
static int out_slowly(Out *out, PyObject *v, int container)
{
    PyObject *buf = PyByteArray_FromStringAndSize(NULL, 0);
    PyObject *items = buf ? PyTuple_Pack(1, v) : NULL;
    PyObject *args[] = {buf, items, container ? Py_True : Py_False};
    PyObject *done = items ? PyObject_Vectorcall(py.encode_all, args, 3, NULL) : NULL;
    int ok = done && out_put(out, PyByteArray_AS_STRING(buf), (size_t)PyByteArray_GET_SIZE(buf));
    Py_XDECREF(done);
    Py_XDECREF(items);
    Py_XDECREF(buf);
    return ok;
}

// recursion: at most 32. 1; 0 for what is not common; the output is then as far as
// it came.
static int put_common(Out *out, PyObject *v, int deep)
{
    PyTypeObject *type = Py_TYPE(v);
    if (type == &PyUnicode_Type) {
        if (!PyUnicode_IS_COMPACT_ASCII(v))
            return 0;
        size_t n = (size_t)PyUnicode_GET_LENGTH(v);
        return out_head(out, 3, n) && out_put(out, PyUnicode_DATA(v), n);
    }
    if (type == &PyLong_Type) {
        int over;
        long long n = PyLong_AsLongLongAndOverflow(v, &over);
        if (over)
            return 0;
        return n < 0 ? out_head(out, 1, (uint64_t)(-1 - n)) : out_head(out, 0, (uint64_t)n);
    }
    if (v == Py_None)
        return out_byte(out, 0xF6);
    if (type == &PyBool_Type)
        return out_byte(out, v == Py_True ? 0xF5 : 0xF4);
    if (deep >= DEPTH)
        return 0;
    if (type == &PyDict_Type) {
        Py_ssize_t at = 0;
        PyObject *key, *member;
        if (!out_head(out, 5, (uint64_t)PyDict_GET_SIZE(v)))
            return 0;
        while (PyDict_Next(v, &at, &key, &member))
            if (!PyUnicode_CheckExact(key) || !put_common(out, key, deep) ||
                !put_common(out, member, deep + 1))
                return 0;
        return 1;
    }
    if (type == &PyList_Type) {
        if (!out_head(out, 4, (uint64_t)PyList_GET_SIZE(v)))
            return 0;
        for (Py_ssize_t k = 0; k < PyList_GET_SIZE(v); k++)
            if (!put_common(out, PyList_GET_ITEM(v, k), deep + 1))
                return 0;
        return 1;
    }
    return 0;
}

int out_value(Out *out, PyObject *v, int container)
{
    size_t at = out->size;
    if (put_common(out, v, 0))
        return 1;
    if (PyErr_Occurred())
        return 0;
    out->size = at;
    return out_slowly(out, v, container);
}

/// CRC-32, eight bytes at a time ///

static uint32_t table[8][256];

void make_crc_tables(void)
{
    for (uint32_t k = 0; k < 256; k++) {
        uint32_t crc = k;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
        table[0][k] = crc;
    }
    for (int n = 1; n < 8; n++)
        for (int k = 0; k < 256; k++)
            table[n][k] = table[n - 1][k] >> 8 ^ table[0][table[n - 1][k] & 0xFF];
}

uint32_t crc_of(const uint8_t *data, size_t n, uint32_t crc)
{
    crc = ~crc;
    for (; n >= 8; n -= 8, data += 8) {
        crc ^= (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
               (uint32_t)data[3] << 24;
        crc = table[7][crc & 0xFF] ^ table[6][crc >> 8 & 0xFF] ^ table[5][crc >> 16 & 0xFF] ^
              table[4][crc >> 24] ^ table[3][data[4]] ^ table[2][data[5]] ^ table[1][data[6]] ^
              table[0][data[7]];
    }
    while (n--)
        crc = crc >> 8 ^ table[0][(crc ^ *data++) & 0xFF];
    return ~crc;
}

/// Values ///

PyObject *raise_fault(const char *code, PyObject *arg)
{
    PyObject *e = PyObject_CallFunction(py.fault, arg ? "sO" : "s", code, arg);
    if (e)
        PyErr_SetObject((PyObject *)Py_TYPE(e), e);
    Py_XDECREF(e);
    return NULL;
}

int is_box(PyObject *v)
{
    return PyDict_Check(v) || PyList_Check(v) || PyTuple_Check(v) ||
           PyObject_TypeCheck(v, draft_type);
}

PyObject *value_leaf(PyObject *v)
{
    PyTypeObject *type = Py_TYPE(v);
    if (type == &PyUnicode_Type ? PyUnicode_IS_COMPACT_ASCII(v)
                                : v == Py_None || type == &PyBool_Type)
        return Py_NewRef(v);
    if (type == &PyLong_Type) {
        int over;
        PyLong_AsLongLongAndOverflow(v, &over);
        if (!over)
            return Py_NewRef(v);
    }
    return PyObject_CallOneArg(py.leaf, v);
}

// recursion: at most 32, the depth of a value
PyObject *value_own(PyObject *v)
{
    if (PyDict_CheckExact(v)) {
        PyObject *out = PyObject_CallNoArgs(py.Ordered), *key, *member;
        Py_ssize_t at = 0;
        while (out && PyDict_Next(v, &at, &key, &member)) {
            PyObject *x = is_leaf(member) ? Py_NewRef(member) : value_own(member);
            if (!x || PyDict_SetItem(out, key, x) < 0)
                Py_CLEAR(out);
            Py_XDECREF(x);
        }
        return out;
    }
    if (!PyList_CheckExact(v))
        return Py_NewRef(v);
    PyObject *out = PyList_New(PyList_GET_SIZE(v));
    for (Py_ssize_t k = 0; out && k < PyList_GET_SIZE(v); k++) {
        PyObject *x = value_own(PyList_GET_ITEM(v, k));
        if (x)
            PyList_SET_ITEM(out, k, x);
        else
            Py_CLEAR(out);
    }
    return out;
}

static PyObject *frozen_slowly(PyObject *v, int deep, int last)
{
    return PyObject_CallFunction(py.frozen, "OiO", v, deep, last ? Py_True : Py_False);
}

static PyObject *frozen_member(PyObject *v, int deep, int last)
{
    if (!is_leaf(v))
        return value_frozen(v, deep, last);
    return last ? Py_NewRef(v) : value_leaf(v);
}

static PyObject *frozen_list(PyObject *v, int deep, int last)
{
    PyObject *out = PyList_New(0);
    for (Py_ssize_t k = 0; out && k < PyList_GET_SIZE(v); k++) {
        PyObject *item = Py_NewRef(PyList_GET_ITEM(v, k));
        PyObject *x = frozen_member(item, deep, last);
        Py_DECREF(item);
        if (!x || PyList_Append(out, x) < 0)
            Py_CLEAR(out);
        Py_XDECREF(x);
    }
    return out;
}

// A plain dict has no order on most boards: its members are sorted on all of them.
// `names`: a list of them.
static PyObject *frozen_dict(PyObject *v, PyObject *names, int deep, int last)
{
    PyObject *out = PyDict_New();
    for (Py_ssize_t k = 0; out && k < PyList_GET_SIZE(names); k++) {
        PyObject *name = PyList_GET_ITEM(names, k);
        PyObject *item = Py_XNewRef(PyDict_GetItemWithError(v, name));
        PyObject *x = item ? frozen_member(item, deep, last) : NULL;
        Py_XDECREF(item);
        if (!item && !PyErr_Occurred())
            PyErr_SetObject(PyExc_KeyError, name);
        if (!x || PyDict_SetItem(out, name, x) < 0)
            Py_CLEAR(out);
        Py_XDECREF(x);
    }
    return out;
}

// Names of a plain dict or an Ordered one, if all are exactly strings.
static PyObject *names_of(PyObject *v)
{
    PyObject *names = PyDict_Keys(v);
    for (Py_ssize_t k = 0; names && k < PyList_GET_SIZE(names); k++)
        if (!PyUnicode_CheckExact(PyList_GET_ITEM(names, k)))
            Py_CLEAR(names);
    if (names && PyDict_CheckExact(v) && PyList_GET_SIZE(names) > 1 && PyList_Sort(names) < 0)
        Py_CLEAR(names);
    return names;
}

// recursion: at most 33, which it counts
PyObject *value_frozen(PyObject *v, int deep, int last)
{
    if (is_leaf(v))
        return last ? Py_NewRef(v) : value_leaf(v);
    if (deep >= DEPTH)
        return frozen_slowly(v, deep, last);
    if (PyList_CheckExact(v))
        return frozen_list(v, deep + 1, last);
    if (PyDict_CheckExact(v) || (PyObject *)Py_TYPE(v) == py.Ordered) {
        PyObject *names = names_of(v);
        if (names) {
            PyObject *out = frozen_dict(v, names, deep + 1, last);
            Py_DECREF(names);
            return out;
        }
        if (PyErr_Occurred())
            return NULL;
    }
    return frozen_slowly(v, deep, last);
}

// Names of a plain dict in order, if all are ASCII.
static PyObject *sorted_names(PyObject *v)
{
    PyObject *names = names_of(v);
    for (Py_ssize_t k = 0; names && k < PyList_GET_SIZE(names); k++)
        if (!PyUnicode_IS_COMPACT_ASCII(PyList_GET_ITEM(names, k)))
            Py_CLEAR(names);
    return names;
}

// recursion: at most 32, which it counts. NULL without an exception: it takes a
// closer look.
static PyObject *ordered_common(PyObject *v, int deep)
{
    PyTypeObject *type = Py_TYPE(v);
    if (is_leaf(v)) {
        int over = type == &PyUnicode_Type && !PyUnicode_IS_COMPACT_ASCII(v);
        if (type == &PyLong_Type)
            PyLong_AsLongLongAndOverflow(v, &over);
        return over ? NULL : Py_NewRef(v);
    }
    if (deep >= DEPTH)
        return NULL;
    if (type == &PyList_Type) {
        PyObject *out = PyList_New(PyList_GET_SIZE(v));
        for (Py_ssize_t k = 0; out && k < PyList_GET_SIZE(v); k++) {
            PyObject *x = ordered_common(PyList_GET_ITEM(v, k), deep + 1);
            if (x)
                PyList_SET_ITEM(out, k, x);
            else
                Py_CLEAR(out);
        }
        return out;
    }
    PyObject *names = type == &PyDict_Type ? sorted_names(v) : NULL;
    PyObject *out = names ? PyDict_New() : NULL;
    for (Py_ssize_t k = 0; out && k < PyList_GET_SIZE(names); k++) {
        PyObject *name = PyList_GET_ITEM(names, k);
        PyObject *x = ordered_common(PyDict_GetItemWithError(v, name), deep + 1);
        if (!x || PyDict_SetItem(out, name, x) < 0)
            Py_CLEAR(out);
        Py_XDECREF(x);
    }
    Py_XDECREF(names);
    return out;
}

PyObject *value_ordered(PyObject *v)
{
    PyObject *out = ordered_common(v, 0);
    if (out || PyErr_Occurred())
        return out;
    return PyObject_CallOneArg(py.ordered, v);
}

static PyObject *ordered(PyObject *self, PyObject *v)
{
    (void)self;
    return value_ordered(v);
}

static PyObject *own(PyObject *self, PyObject *v)
{
    (void)self;
    return value_own(v);
}

static PyObject *frozen(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    if (n < 1 || n > 3) {
        PyErr_SetString(PyExc_TypeError, "frozen(v, deep=0, last=False)");
        return NULL;
    }
    long deep = n > 1 ? PyLong_AsLong(args[1]) : 0;
    int last = n > 2 ? PyObject_IsTrue(args[2]) : 0;
    if (last < 0 || (deep == -1 && PyErr_Occurred()))
        return NULL;
    return value_frozen(args[0], (int)deep, last);
}

static PyMethodDef methods[] = {
    {"ordered", ordered, METH_O, "ordered(v), as in tsme/values/copies.py"},
    {"own", own, METH_O, "own(v), as in tsme/draft/drafts.py"},
    {"frozen", (PyCFunction)(void (*)(void))frozen, METH_FASTCALL,
     "frozen(v, deep=0, last=False), as in tsme/draft/drafts.py"},
    {NULL, NULL, 0, NULL},
};

int values_begin(PyObject *module)
{
    make_crc_tables();
    return PyModule_AddFunctions(module, methods) == 0;
}
