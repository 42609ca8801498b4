// Python's values as deterministic CBOR (SPEC 1), and back. What is rare, and what is
// refused, is left to tsme/values/cbor.py, which has the words for it.
//
// Recursion is bounded by the depth of a value, 40 at most.

#include "core.h"
#include "floats.h"

#include <string.h>

enum { DEPTH = 32, ITEM_DEPTH = 40, NULL_ITEM = 0xF6, UNDEFINED = 0xF7 };

PyObject *missing;

/// Writing ///

void out_begin(Out *out)
{
    out->data = out->own;
    out->size = 0;
    out->room = sizeof out->own;
}

void out_end(Out *out)
{
    if (out->data != out->own) {
        PyMem_Free(out->data);
    }
    out_begin(out);
}

static int out_more(Out *out, size_t n)
{
    if (out->size + n <= out->room) {
        return 1;
    }
    size_t room = 2 * (out->size + n);
    uint8_t *data = PyMem_Realloc(out->data == out->own ? NULL : out->data, room);
    if (!data) {
        PyErr_NoMemory();
        return 0;
    }
    if (out->data == out->own) {
        memcpy(data, out->own, out->size);
    }
    out->data = data;
    out->room = room;
    return 1;
}

int out_put(Out *out, const void *data, size_t n)
{
    if (!out_more(out, n)) {
        return 0;
    }
    memcpy(out->data + out->size, data, n);
    out->size += n;
    return 1;
}

static int out_byte(Out *out, int byte)
{
    if (!out_more(out, 1)) {
        return 0;
    }
    out->data[out->size++] = (uint8_t)byte;
    return 1;
}

int out_head(Out *out, int major, uint64_t n)
{
    if (!out_more(out, 9)) {
        return 0;
    }
    uint8_t *p = out->data + out->size;
    int width = n < 24 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : n >> 32 ? 8 : 4;
    static const uint8_t small[9] = {0, 24, 25, 0, 26, 0, 0, 0, 27};
    *p++ = (uint8_t)(major << 5 | (width ? small[width] : (int)n));
    for (int k = width - 1; k >= 0; k--) {
        *p++ = (uint8_t)(n >> 8 * k);
    }
    out->size += 1 + (size_t)width;
    return 1;
}

static int out_text(Out *out, PyObject *v)
{
    Py_ssize_t n;
    const char *text = PyUnicode_AsUTF8AndSize(v, &n);
    if (!text) { // half a character
        PyErr_Clear();
        return 0;
    }
    return out_head(out, 3, (uint64_t)n) && out_put(out, text, (size_t)n) ? 1 : -1;
}

static int out_integer(Out *out, PyObject *v, int container)
{
    int over;
    long long n = PyLong_AsLongLongAndOverflow(v, &over);
    if (over > 0 && container) {
        unsigned long long large = PyLong_AsUnsignedLongLong(v);
        if (!PyErr_Occurred()) {
            return out_head(out, 0, large) ? 1 : -1;
        }
        PyErr_Clear();
    }
    if (over) {
        return 0;
    }
    return (n < 0 ? out_head(out, 1, (uint64_t)(-1 - n)) : out_head(out, 0, (uint64_t)n)) ? 1 : -1;
}

static int out_float(Out *out, PyObject *v)
{
    uint8_t to[9];
    int size = float_encoded(PyFloat_AsDouble(v), to);
    return !size ? 0 : out_put(out, to, (size_t)size) ? 1 : -1;
}

static int out_object(Out *out, PyObject *v, int container, int deep)
{
    Py_ssize_t at = 0;
    PyObject *key, *member;
    if (!out_head(out, 5, (uint64_t)PyDict_Size(v))) {
        return -1;
    }
    while (PyDict_Next(v, &at, &key, &member)) {
        if (!PyUnicode_CheckExact(key)) {
            return 0;
        }
        int done = out_text(out, key);
        done = done > 0 ? out_value(out, member, container, deep) : done;
        if (done <= 0) {
            return done;
        }
    }
    return 1;
}

static int out_array(Out *out, PyObject *v, int container, int deep)
{
    int list = PyList_Check(v);
    Py_ssize_t count = list ? PyList_Size(v) : PyTuple_Size(v);
    if (!out_head(out, 4, (uint64_t)count)) {
        return -1;
    }
    for (Py_ssize_t k = 0; k < count; k++) {
        int done =
            out_value(out, list ? PyList_GetItem(v, k) : PyTuple_GetItem(v, k), container, deep);
        if (done <= 0) {
            return done;
        }
    }
    return 1;
}

int out_value(Out *out, PyObject *v, int container, int deep)
{
    PyTypeObject *type = Py_TYPE(v);
    if (type == &PyUnicode_Type) {
        return out_text(out, v);
    }
    if (type == &PyLong_Type) {
        return out_integer(out, v, container);
    }
    if (v == Py_None) {
        return out_byte(out, NULL_ITEM) ? 1 : -1;
    }
    if (type == &PyBool_Type) {
        return out_byte(out, v == Py_True ? 0xF5 : 0xF4) ? 1 : -1;
    }
    if (type == &PyFloat_Type) {
        return out_float(out, v);
    }
    int object = type == &PyDict_Type;
    if (object || type == &PyList_Type || type == &PyTuple_Type) {
        if (deep >= (container ? ITEM_DEPTH : DEPTH)) {
            return 0;
        }
        return object ? out_object(out, v, container, deep + 1)
                      : out_array(out, v, container, deep + 1);
    }
    if (container && type == &PyBytes_Type) {
        size_t n = (size_t)PyBytes_Size(v);
        return out_head(out, 2, n) && out_put(out, PyBytes_AsString(v), n) ? 1 : -1;
    }
    return 0;
}

/// Reading ///

// The number in a head's `width` bytes.
static uint64_t wide(const uint8_t *at, int width)
{
    uint64_t n = 0;
    for (int k = 0; k < width; k++) {
        n = n << 8 | at[k];
    }
    return n;
}

// A float of so many bits of fraction and exponent as a binary64.
static PyObject *float_of(uint64_t bits, int fraction, int exponent)
{
    uint64_t sign = bits >> (fraction + exponent) & 1, m = bits & ((1ull << fraction) - 1);
    int e = (int)(bits >> fraction) & ((1 << exponent) - 1);
    if (fraction < 52 && (e || m)) {
        e += 1023 - ((1 << (exponent - 1)) - 1);
        m <<= 52 - fraction;
        if (!((bits >> fraction) & ((1u << exponent) - 1))) { // subnormal there
            e++;
            while (!(m >> 52)) {
                m <<= 1;
                e--;
            }
            m &= (1ull << 52) - 1;
        }
    }
    bits = sign << 63 | (uint64_t)e << 52 | m;
    double d;
    memcpy(&d, &bits, sizeof d);
    return PyFloat_FromDouble(d);
}

static PyObject *array_at(const uint8_t **at, const uint8_t *end, uint64_t n)
{
    PyObject *list = PyList_New((Py_ssize_t)n);
    for (uint64_t k = 0; list && k < n; k++) {
        PyObject *v = value_at(at, end);
        if (!v || PyList_SetItem(list, (Py_ssize_t)k, v) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static PyObject *object_at(const uint8_t **at, const uint8_t *end, uint64_t n)
{
    PyObject *dict = PyDict_New();
    for (uint64_t k = 0; dict && k < n; k++) {
        PyObject *key = value_at(at, end), *v = key ? value_at(at, end) : NULL;
        if (!v || PyDict_SetItem(dict, key, v) < 0) {
            Py_CLEAR(dict);
        }
        Py_XDECREF(key);
        Py_XDECREF(v);
    }
    return dict;
}

static PyObject *simple_at(const uint8_t **at, uint64_t n, int info)
{
    (void)at;
    switch (info) {
    case 20: return Py_NewRef(Py_False);
    case 21: return Py_NewRef(Py_True);
    case 22: return Py_NewRef(Py_None);
    case 23: return Py_NewRef(missing);
    case 25: return float_of(n, 10, 5);
    case 26: return float_of(n, 23, 8);
    case 27: return float_of(n, 52, 11);
    default: break;
    }
    PyErr_SetString(PyExc_SystemError, "tsme_core: no CBOR");
    return NULL;
}

PyObject *value_at(const uint8_t **at, const uint8_t *end)
{
    if (*at >= end) {
        PyErr_SetString(PyExc_SystemError, "tsme_core: the CBOR ends");
        return NULL;
    }
    int major = **at >> 5, info = **at & 31;
    uint64_t n = (uint64_t)info;
    ++*at;
    if (info > 23) {
        int width = info > 27 ? 0 : 1 << (info - 24);
        if (!width || end - *at < width) {
            PyErr_SetString(PyExc_SystemError, "tsme_core: no head of CBOR");
            return NULL;
        }
        n = wide(*at, width);
        *at += width;
    }
    const uint8_t *from = *at;
    if ((major == 2 || major == 3) && n <= (uint64_t)(end - from)) {
        *at += n;
        return major == 2 ? PyBytes_FromStringAndSize((const char *)from, (Py_ssize_t)n)
                          : PyUnicode_FromStringAndSize((const char *)from, (Py_ssize_t)n);
    }
    if (major < 4 && major > 1) {
        PyErr_SetString(PyExc_SystemError, "tsme_core: a text runs over the end");
        return NULL;
    }
    switch (major) {
    case 0: return PyLong_FromUnsignedLongLong(n);
    case 1: return PyLong_FromLongLong(-1 - (long long)n);
    case 4: return array_at(at, end, n);
    case 5: return object_at(at, end, n);
    case 7: return simple_at(at, n, info);
    default: break;
    }
    PyErr_SetString(PyExc_SystemError, "tsme_core: a tag");
    return NULL;
}
