// What CPython does of tsme/cbor.py in C, if setup could build it: the same bytes and the
// same errors. What is rare is left to the Python code, which bind() tells.
//
// Recursion is bounded: by the depth of values when encoding, by MOST_DEEP when measuring.

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <string.h>

#define API       1
#define START     1
#define MOST_DEEP 200 // a value that is deeper is measured in Python

static PyObject *fault, *too_deep, *put_int, *put_float, *put_other, *measure_slowly, *crc32,
    *put_any_frame;
static PyObject *f64;
static long depth_of_value, depth_of_item;

/// Output ///

typedef struct {
    uint8_t *data;
    size_t size, room;
    uint8_t own[512];
} Out;

static void begin(Out *out)
{
    out->data = out->own;
    out->size = 0;
    out->room = sizeof out->own;
}

static int more(Out *out, size_t n)
{
    if (out->size + n <= out->room)
        return 1;
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

static int put(Out *out, const void *data, size_t n)
{
    if (!more(out, n))
        return 0;
    memcpy(out->data + out->size, data, n);
    out->size += n;
    return 1;
}

static int put_byte(Out *out, int byte)
{
    if (!more(out, 1))
        return 0;
    out->data[out->size++] = (uint8_t)byte;
    return 1;
}

static int put_head(Out *out, int major, uint64_t n)
{
    if (!more(out, 9))
        return 0;
    uint8_t *p = out->data + out->size;
    int width = n < 24 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : n >> 32 ? 8 : 4;
    *p++ = (uint8_t)(major << 5 | (width == 0   ? (int)n
                                   : width == 1 ? 24
                                   : width == 2 ? 25
                                   : width == 4 ? 26
                                                : 27));
    for (int k = width - 1; k >= 0; k--)
        *p++ = (uint8_t)(n >> 8 * k);
    out->size += 1 + (size_t)width;
    return 1;
}

// What a function of cbor.py appends to a bytearray.
static int put_slowly(Out *out, PyObject *function, PyObject *v, PyObject *container,
                      PyObject *top)
{
    PyObject *buf = PyByteArray_FromStringAndSize(NULL, 0), *done;
    if (!buf)
        return 0;
    done = PyObject_CallFunctionObjArgs(function, buf, v, container, top, NULL);
    int ok = done && put(out, PyByteArray_AS_STRING(buf), (size_t)PyByteArray_GET_SIZE(buf));
    Py_XDECREF(done);
    Py_DECREF(buf);
    return ok;
}

/// Encoding ///

static int put_text(Out *out, PyObject *v)
{
    Py_ssize_t n;
    const char *text = PyUnicode_AsUTF8AndSize(v, &n);
    return text && put_head(out, 3, (uint64_t)n) && put(out, text, (size_t)n);
}

static int put_value(Out *out, PyObject *v, int container, long deep);

static int refuse_key(PyObject *key)
{
    PyObject *e = PyObject_CallFunction(fault, "ss", "TSME-V005", Py_TYPE(key)->tp_name);
    if (e)
        PyErr_SetObject((PyObject *)Py_TYPE(e), e);
    Py_XDECREF(e);
    return 0;
}

static int put_member(Out *out, PyObject *key, PyObject *v, int container, long deep)
{
    if (!PyUnicode_Check(key))
        return refuse_key(key);
    Py_INCREF(key);
    Py_INCREF(v);
    int ok = put_text(out, key) && put_value(out, v, container, deep);
    Py_DECREF(key);
    Py_DECREF(v);
    return ok;
}

static int put_object(Out *out, PyObject *v, int container, long deep)
{
    if (!put_head(out, 5, (uint64_t)PyDict_GET_SIZE(v)))
        return 0;
    if (PyDict_CheckExact(v)) {
        Py_ssize_t at = 0;
        PyObject *key, *member;
        while (PyDict_Next(v, &at, &key, &member))
            if (!put_member(out, key, member, container, deep))
                return 0;
        return 1;
    }
    PyObject *pairs = PyMapping_Items(v); // a subclass has an order of its own
    int ok = pairs != NULL;
    for (Py_ssize_t k = 0; ok && k < PyList_GET_SIZE(pairs); k++) {
        PyObject *pair = PyList_GET_ITEM(pairs, k);
        ok =
            put_member(out, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), container, deep);
    }
    Py_XDECREF(pairs);
    return ok;
}

static int put_items(Out *out, PyObject *items, int container, long deep)
{
    for (Py_ssize_t k = 0; k < PySequence_Fast_GET_SIZE(items); k++) {
        PyObject *v = PySequence_Fast_GET_ITEM(items, k);
        Py_INCREF(v);
        int ok = put_value(out, v, container, deep);
        Py_DECREF(v);
        if (!ok)
            return 0;
    }
    return 1;
}

static int put_array(Out *out, PyObject *v, int container, long deep)
{
    PyObject *items = PySequence_Fast(v, "an array");
    int ok = items && put_head(out, 4, (uint64_t)PySequence_Fast_GET_SIZE(items)) &&
             put_items(out, items, container, deep);
    Py_XDECREF(items);
    return ok;
}

// `deep`: arrays and objects around it.
static int put_value(Out *out, PyObject *v, int container, long deep)
{
    PyTypeObject *type = Py_TYPE(v);
    if (type == &PyUnicode_Type)
        return put_text(out, v);
    if (type == &PyLong_Type) {
        int over;
        long long n = PyLong_AsLongLongAndOverflow(v, &over);
        if (over)
            return put_slowly(out, put_int, v, container ? Py_True : Py_False, NULL);
        return n < 0 ? put_head(out, 1, (uint64_t)(-1 - n)) : put_head(out, 0, (uint64_t)n);
    }
    if (v == Py_None)
        return put_byte(out, 0xF6);
    if (type == &PyBool_Type)
        return put_byte(out, v == Py_True ? 0xF5 : 0xF4);
    if (type == &PyFloat_Type || (PyObject *)type == f64)
        return put_slowly(out, put_float, v, NULL, NULL);
    int object = PyDict_Check(v);
    if (object || PyList_Check(v) || PyTuple_Check(v)) {
        long limit = container ? depth_of_item : depth_of_value;
        if (deep >= limit) {
            Py_XDECREF(PyObject_CallFunction(too_deep, "l", limit));
            return 0;
        }
        return object ? put_object(out, v, container, deep + 1)
                      : put_array(out, v, container, deep + 1);
    }
    return put_slowly(out, put_other, v, container ? Py_True : Py_False,
                      deep ? Py_False : Py_True);
}

static void finish(Out *out)
{
    if (out->data != out->own)
        PyMem_Free(out->data);
}

// Half a character is an error of its own.
static void refuse_text(void)
{
    if (!PyErr_ExceptionMatches(PyExc_UnicodeError))
        return;
    PyErr_Clear();
    PyObject *e = PyObject_CallFunction(fault, "s", "TSME-V004");
    if (e)
        PyErr_SetObject((PyObject *)Py_TYPE(e), e);
    Py_XDECREF(e);
}

// Appends what was put to buf, or leaves that as it is.
static int append(PyObject *buf, Out *out, int ok)
{
    if (ok) {
        Py_ssize_t at = PyByteArray_GET_SIZE(buf);
        ok = PyByteArray_Resize(buf, at + (Py_ssize_t)out->size) == 0;
        if (ok)
            memcpy(PyByteArray_AS_STRING(buf) + at, out->data, out->size);
    } else {
        refuse_text();
    }
    finish(out);
    return ok;
}

PyDoc_STRVAR(encode_all_doc, "encode_all(buf, items, container=False), as in tsme/cbor.py");

static PyObject *encode_all(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    if (n < 2 || n > 3 || !PyByteArray_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "encode_all(buf, items, container=False)");
        return NULL;
    }
    int container = n > 2 ? PyObject_IsTrue(args[2]) : 0;
    PyObject *items = container < 0 ? NULL : PySequence_Fast(args[1], "items");
    if (!items)
        return NULL;
    Out out;
    begin(&out);
    int ok = put_items(&out, items, container, 0);
    Py_DECREF(items);
    ok = append(args[0], &out, ok);
    if (!ok)
        return NULL;
    Py_RETURN_NONE;
}

/// Steps ///

static PyObject *n_status, *n_next_id, *n_random, *n_rng, *n_gone, *n_changed, *n_pending,
    *n_digest;
static PyObject *n_parent, *n_join, *n_pc, *n_entry, *n_handler, *n_state, *n_entered, *n_wait;
static PyObject *n_counters, *n_error, *n_cause;

static int put_member_of(Out *out, PyObject *o, PyObject *name, int container, long deep)
{
    PyObject *v = PyObject_GetAttr(o, name);
    int ok = v && put_value(out, v, container, deep);
    Py_XDECREF(v);
    return ok;
}

// The pending actions that have changed.
static int put_actions(Out *out, PyObject *d)
{
    PyObject *changed = PyObject_GetAttr(d, n_changed);
    PyObject *pending = changed ? PyObject_GetAttr(d, n_pending) : NULL;
    int ok = pending && put_head(out, 4, (uint64_t)PyList_GET_SIZE(changed));
    for (Py_ssize_t k = 0; ok && k < PyList_GET_SIZE(changed); k++) {
        PyObject *action = PyObject_GetItem(pending, PyList_GET_ITEM(changed, k));
        ok = action && put_value(out, action, 1, 0);
        Py_XDECREF(action);
    }
    Py_XDECREF(changed);
    Py_XDECREF(pending);
    return ok;
}

static int put_changes(Out *out, PyObject *d, PyObject *ms)
{
    PyObject *random = PyObject_GetAttr(d, n_random);
    if (!random)
        return 0;
    int drawn = random == Py_True;
    Py_DECREF(random);
    return put_member_of(out, d, n_status, 1, 0) && put_value(out, ms, 1, 0) &&
           put_member_of(out, d, n_next_id, 1, 0) &&
           (drawn ? put_member_of(out, d, n_rng, 1, 0) : put_byte(out, 0xF6)) &&
           put_member_of(out, d, n_gone, 1, 0) && put_actions(out, d);
}

// A start's first digest is of what its record holds behind its time.
static int begin_digest(PyObject *d, const Out *record, size_t at)
{
    PyObject *digest =
        PyObject_CallFunction(crc32, "y#", record->data + at, (Py_ssize_t)(record->size - at));
    int ok = digest && PyObject_SetAttr(d, n_digest, digest) == 0;
    Py_XDECREF(digest);
    return ok;
}

PyDoc_STRVAR(put_step_doc,
             "put_step(d, kind, ms, fields) -> (record, delta), as in tsme/kernel.py");

static PyObject *put_step(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    if (n != 4) {
        PyErr_SetString(PyExc_TypeError, "put_step(d, kind, ms, fields)");
        return NULL;
    }
    PyObject *d = args[0], *fields = PySequence_Fast(args[3], "fields"), *made = NULL;
    if (!fields)
        return NULL;
    Out record, delta;
    begin(&record);
    begin(&delta);
    int ok = put(&record, "\0\0\0\0", 4) && put_value(&record, args[1], 1, 0) &&
             put_value(&record, args[2], 1, 0);
    size_t at = record.size;
    ok = ok && put_items(&record, fields, 1, 0);
    Py_DECREF(fields);
    ok = ok && (PyLong_AsLong(args[1]) != START || begin_digest(d, &record, at)) &&
         put_changes(&delta, d, args[2]);
    if (ok) {
        PyObject *first =
            PyByteArray_FromStringAndSize((char *)record.data, (Py_ssize_t)record.size);
        PyObject *second =
            PyByteArray_FromStringAndSize((char *)delta.data, (Py_ssize_t)delta.size);
        made = first && second ? PyTuple_Pack(2, first, second) : NULL;
        Py_XDECREF(first);
        Py_XDECREF(second);
    } else {
        refuse_text();
    }
    finish(&record);
    finish(&delta);
    return made;
}

PyDoc_STRVAR(put_frame_doc, "put_frame(buf, number, f, now), as in tsme/frames.py");

// A frame that has a parent or children is left to Python.
static PyObject *put_frame(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    if (n != 4 || !PyByteArray_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "put_frame(buf, number, f, now)");
        return NULL;
    }
    PyObject *f = args[2];
    PyObject *parent = PyObject_GetAttr(f, n_parent);
    PyObject *join = parent ? PyObject_GetAttr(f, n_join) : NULL;
    int plain = parent == Py_None && join == Py_None, failed = join == NULL;
    Py_XDECREF(parent);
    Py_XDECREF(join);
    if (failed)
        return NULL;
    if (!plain)
        return PyObject_Vectorcall(put_any_frame, args, (size_t)n, NULL);
    PyObject *entered = PyObject_GetAttr(f, n_entered);
    PyObject *since = entered ? PyNumber_Subtract(args[3], entered) : NULL;
    Py_XDECREF(entered);
    Out out;
    begin(&out);
    int ok = since && put_head(&out, 4, 11) && put_value(&out, args[1], 0, 1) &&
             put_byte(&out, 0xF6) && put_member_of(&out, f, n_pc, 0, 1) &&
             put_member_of(&out, f, n_entry, 0, 1) && put_member_of(&out, f, n_handler, 0, 1) &&
             put_member_of(&out, f, n_state, 0, 1) && put_value(&out, since, 0, 1) &&
             put_member_of(&out, f, n_wait, 0, 1) && put_member_of(&out, f, n_counters, 0, 1) &&
             put_member_of(&out, f, n_error, 0, 1) && put_member_of(&out, f, n_cause, 0, 1);
    Py_XDECREF(since);
    ok = append(args[0], &out, ok);
    if (!ok)
        return NULL;
    Py_RETURN_NONE;
}

/// Measuring ///

static size_t head_size(uint64_t n)
{
    return n < 24 ? 1 : n < 0x100 ? 2 : n < 0x10000 ? 3 : n >> 32 ? 9 : 5;
}

// Adds the size of v to *total, stops when that is above `most`. Gives how deep v is, -1 for
// an error, and MOST_DEEP and more for what Python has to measure.
static long measured(PyObject *v, int64_t *total, int64_t most, long deep)
{
    PyTypeObject *type = Py_TYPE(v);
    if (type == &PyUnicode_Type) {
        Py_ssize_t n;
        if (!PyUnicode_AsUTF8AndSize(v, &n))
            return -1;
        *total += n + (int64_t)head_size((uint64_t)n);
        return 0;
    }
    if (type == &PyLong_Type) {
        int over;
        long long n = PyLong_AsLongLongAndOverflow(v, &over);
        *total += over ? 9 : (int64_t)head_size((uint64_t)(n < 0 ? -1 - n : n));
        return 0;
    }
    if (v == Py_None || type == &PyBool_Type) {
        *total += 1;
        return 0;
    }
    if (type == &PyFloat_Type || (PyObject *)type == f64) {
        Out out;
        begin(&out);
        int ok = put_slowly(&out, put_float, v, NULL, NULL);
        *total += (int64_t)out.size;
        return ok ? 0 : -1;
    }
    int object = type == &PyDict_Type;
    if ((!object && type != &PyList_Type && type != &PyTuple_Type) || deep >= MOST_DEEP)
        return MOST_DEEP;
    Py_ssize_t n = object ? PyDict_GET_SIZE(v) : PySequence_Fast_GET_SIZE(v), at = 0;
    PyObject *key, *member;
    long deepest = 0;
    *total += (int64_t)head_size((uint64_t)n);
    for (Py_ssize_t k = 0; k < n && *total <= most; k++) {
        if (!object) {
            member = PySequence_Fast_GET_ITEM(v, k);
        } else if (!PyDict_Next(v, &at, &key, &member)) {
            break;
        } else {
            long below = measured(key, total, most, deep + 1);
            if (below)
                return below;
        }
        long below = measured(member, total, most, deep + 1);
        if (below < 0 || below >= MOST_DEEP)
            return below;
        if (below > deepest)
            deepest = below;
    }
    return 1 + deepest;
}

PyDoc_STRVAR(measure_doc, "measure(v, most=0x7FFFFFFF), as in tsme/cbor.py");

static PyObject *measure(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    int64_t total = 0, most = 0x7FFFFFFF;
    if (n < 1 || n > 2) {
        PyErr_SetString(PyExc_TypeError, "measure(v, most=0x7FFFFFFF)");
        return NULL;
    }
    if (n > 1)
        most = PyLong_AsLongLong(args[1]);
    if (most == -1 && PyErr_Occurred())
        return NULL;
    long deep = measured(args[0], &total, most, 0);
    if (deep < 0 &&
        (PyErr_ExceptionMatches(PyExc_MemoryError) || !PyErr_ExceptionMatches(PyExc_Exception)))
        return NULL;
    if (deep < 0)
        PyErr_Clear(); // Python finds the same, or what comes before it there
    if (deep < 0 || deep >= MOST_DEEP)
        return PyObject_Vectorcall(measure_slowly, args, (size_t)n, NULL);
    return Py_BuildValue("Ll", (long long)total, deep);
}

/// The module ///

PyDoc_STRVAR(bind_doc, "bind(fault, too_deep, put_int, put_float, put_other, measure, F64, crc32, "
                       "DEPTH, ITEM_DEPTH)");

static PyObject *bind(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject **all[] = {&fault,     &too_deep,       &put_int, &put_float,
                        &put_other, &measure_slowly, &f64,     &crc32};
    PyObject *new[8];
    if (!PyArg_ParseTuple(args, "OOOOOOOOll", &new[0], &new[1], &new[2], &new[3], &new[4], &new[5],
                          &new[6], &new[7], &depth_of_value, &depth_of_item))
        return NULL;
    for (int k = 0; k < 8; k++) {
        Py_INCREF(new[k]);
        Py_XSETREF(*all[k], new[k]);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(rest_doc, "rest(put_frame): the function that writes other frames");

static PyObject *rest(PyObject *self, PyObject *function)
{
    (void)self;
    Py_INCREF(function);
    Py_XSETREF(put_any_frame, function);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"rest", rest, METH_O, rest_doc},
    {"bind", bind, METH_VARARGS, bind_doc},
    {"encode_all", (PyCFunction)(void (*)(void))encode_all, METH_FASTCALL, encode_all_doc},
    {"put_step", (PyCFunction)(void (*)(void))put_step, METH_FASTCALL, put_step_doc},
    {"put_frame", (PyCFunction)(void (*)(void))put_frame, METH_FASTCALL, put_frame_doc},
    {"measure", (PyCFunction)(void (*)(void))measure, METH_FASTCALL, measure_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "tsme_native", NULL, -1, methods, NULL, NULL, NULL, NULL};

static const struct {
    PyObject **name;
    const char *text;
} names[] = {
    {&n_status, "status"},
    {&n_next_id, "next_id"},
    {&n_random, "random"},
    {&n_rng, "rng"},
    {&n_gone, "gone"},
    {&n_changed, "changed"},
    {&n_pending, "pending"},
    {&n_digest, "digest"},
    {&n_parent, "parent"},
    {&n_join, "join"},
    {&n_pc, "pc"},
    {&n_entry, "entry"},
    {&n_handler, "handler"},
    {&n_state, "state"},
    {&n_entered, "entered"},
    {&n_wait, "wait"},
    {&n_counters, "counters"},
    {&n_error, "error"},
    {&n_cause, "cause"},
};

PyMODINIT_FUNC PyInit_tsme_native(void)
{
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        *names[k].name = PyUnicode_InternFromString(names[k].text);
        if (!*names[k].name)
            return NULL;
    }
    PyObject *made = PyModule_Create(&module);
    if (made && PyModule_AddIntConstant(made, "API", API) < 0)
        Py_CLEAR(made);
    return made;
}
