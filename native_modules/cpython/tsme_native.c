// What CPython does of tsme/values/cbor.py and of a commit in C, if setup could build
// it: the same bytes and the same errors. What is rare is left to the Python
// code, which bind() and rest() tell.
//
// Recursion is bounded: by the depth of values when encoding, by MOST_DEEP when
// measuring.

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "floats.h"
#include <stdint.h>
#include <string.h>

#define API         7
#define START       1
#define TIMER_ITEMS 4
#define MOST_DEEP   200 // a value that is deeper is measured in Python

static PyObject *fault, *too_deep, *put_int, *put_float, *put_other, *measure_slowly, *crc32,
    *commit_slowly;
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
    if (type == &PyFloat_Type) {
        uint8_t to[9];
        int size = float_encoded(PyFloat_AS_DOUBLE(v), to);
        if (size)
            return put(out, (const char *)to, (size_t)size);
    }
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

PyDoc_STRVAR(encode_all_doc, "encode_all(buf, items, container=False), as in tsme/values/cbor.py");

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
        PyObject *kind = action ? PySequence_GetItem(action, 1) : NULL;
        int timer = kind ? PyObject_IsTrue(kind) : -1;
        if (timer > 0) // the fields of a task are none of its own
            Py_SETREF(action, PySequence_GetSlice(action, 0, TIMER_ITEMS));
        ok = timer >= 0 && action && put_value(out, action, 1, 0);
        Py_XDECREF(kind);
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
             "put_step(d, kind, ms, fields) -> (record, delta), as in tsme/kernel/__init__.py");

static PyObject *put_step(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    if (n != 4) {
        PyErr_SetString(PyExc_TypeError, "put_step(d, kind, ms, fields)");
        return NULL;
    }
    PyObject *d = args[0], *made = NULL;
    PyObject *fields = args[3] == Py_None ? PyTuple_New(0) : PySequence_Fast(args[3], "fields");
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

/// Measuring ///

static size_t head_size(uint64_t n)
{
    return n < 24 ? 1 : n < 0x100 ? 2 : n < 0x10000 ? 3 : n >> 32 ? 9 : 5;
}

// Adds the size of v to *total, stops when that is above `most`. Gives how deep
// v is, -1 for an error, and MOST_DEEP and more for what Python has to measure.
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
    if (type == &PyFloat_Type) {
        uint8_t to[9];
        int size = float_encoded(PyFloat_AS_DOUBLE(v), to);
        *total += size;
        return size ? 0 : MOST_DEEP;
    }
    if ((PyObject *)type == f64) {
        Out out;
        begin(&out);
        int ok = put_slowly(&out, put_float, v, NULL, NULL);
        *total += (int64_t)out.size;
        return ok ? 0 : -1;
    }
    int object = type == &PyDict_Type;
    if ((!object && !PyList_Check(v) && type != &PyTuple_Type) || deep >= MOST_DEEP)
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

PyDoc_STRVAR(measure_doc, "measure(v, most=0x7FFFFFFF), as in tsme/values/cbor.py");

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

/// Committing ///

#define STEP 1
#define HEAD 8
#define PART 64 // bytes that are read again at once

static PyObject *n_live, *n_blocks, *n_journal_chain, *n_off, *n_generation, *n_number, *n_since,
    *n_steps, *n_head, *n_buf, *n_view, *n_unit, *n_end, *n_slot, *n_base, *n_count, *n_device,
    *n_part, *n_spare, *n_retire, *n_writeblocks, *n_readblocks, *n_ioctl;
static PyObject *three, *zero;
static uint32_t crc_table[256];

static void make_crc_table(void)
{
    for (uint32_t k = 0; k < 256; k++) {
        uint32_t crc = k;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
        crc_table[k] = crc;
    }
}

static uint32_t crc_of(const uint8_t *data, size_t n, uint32_t crc)
{
    crc = ~crc;
    while (n--)
        crc = crc >> 8 ^ crc_table[(crc ^ *data++) & 0xFF];
    return ~crc;
}

static void put_u32(uint8_t *p, uint32_t n)
{
    for (int k = 0; k < 4; k++)
        p[k] = (uint8_t)(n >> 8 * k);
}

// A whole number of an object, -1 with an error set.
static long long number_of(PyObject *o, PyObject *name)
{
    PyObject *v = PyObject_GetAttr(o, name);
    long long n = v ? PyLong_AsLongLong(v) : -1;
    Py_XDECREF(v);
    return n;
}

static int set_number(PyObject *o, PyObject *name, long long n)
{
    PyObject *v = PyLong_FromLongLong(n);
    int ok = v && PyObject_SetAttr(o, name, v) == 0;
    Py_XDECREF(v);
    return ok;
}

// What a device's method gives, or the OSError that it raises. Takes block, or
// 3 for a sync.
static PyObject *ask(PyObject *device, PyObject *method, PyObject *first, PyObject *second,
                     PyObject *third)
{
    PyObject *args[4] = {device, first, second, third}, *type, *e, *trace;
    PyObject *told = PyObject_VectorcallMethod(method, args, third ? 4 : 3, NULL);
    if (told || !PyErr_ExceptionMatches(PyExc_OSError))
        return told;
    PyErr_Fetch(&type, &e, &trace);
    PyErr_NormalizeException(&type, &e, &trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return e;
}

// True if `told` (which it takes) is none or 0; else TSME-J009 is raised, if
// `block` is given.
static int took(PyObject *told, PyObject *block, const char *what)
{
    int failed = told ? PyObject_IsTrue(told) : -1;
    if (failed > 0 && block) {
        PyObject *e = PyObject_CallFunction(fault, "sOsO", "TSME-J009", block, what, told);
        if (e)
            PyErr_SetObject((PyObject *)Py_TYPE(e), e);
        Py_XDECREF(e);
    }
    Py_XDECREF(told);
    return failed == 0;
}

// The view of so many bytes that is read into.
static PyObject *part_of(PyObject *b, Py_ssize_t n)
{
    PyObject *part = PyObject_GetAttr(b, n_part);
    if (!part || PyObject_Size(part) == n)
        return part;
    PyObject *spare = PyObject_GetAttr(b, n_spare);
    Py_SETREF(part, spare ? PySequence_GetSlice(spare, 0, n) : NULL);
    Py_XDECREF(spare);
    if (part && PyObject_SetAttr(b, n_part, part) < 0)
        Py_CLEAR(part);
    return part;
}

// As Blocks.holds: is this there, from `lead` on? 1, 0, or -1 for an error.
static int is_there(PyObject *b, PyObject *device, PyObject *block, long long off, PyObject *view,
                    long long lead)
{
    const Py_buffer *wanted = PyMemoryView_GET_BUFFER(view);
    int there = 1;
    for (Py_ssize_t at = (Py_ssize_t)lead, n; there > 0 && at < wanted->len; at += n) {
        n = wanted->len - at < PART ? wanted->len - at : PART;
        PyObject *part = part_of(b, n);
        PyObject *from = part ? PyLong_FromLongLong(off + at) : NULL;
        there = -1;
        if (from && took(ask(device, n_readblocks, block, part, from), block, "read"))
            there = memcmp(PyMemoryView_GET_BUFFER(part)->buf, (uint8_t *)wanted->buf + at,
                           (size_t)n) == 0;
        Py_XDECREF(from);
        Py_XDECREF(part);
    }
    return there;
}

// As Blocks.program: 1 if it took, 0 if it did not, -1 for an error.
static int program(PyObject *b, PyObject *device, PyObject *block, long long off, PyObject *view,
                   long long lead)
{
    PyObject *at = PyLong_FromLongLong(off);
    PyObject *told = at ? ask(device, n_writeblocks, block, view, at) : NULL;
    Py_XDECREF(at);
    if (!told)
        return -1;
    if (!took(told, NULL, NULL))
        return PyErr_Occurred() ? -1 : 0;
    return is_there(b, device, block, off, view, lead);
}

typedef struct {
    PyObject *journal, *body, *b, *device, *block, *view;
    long long off, lead, end, generation, slot;
    uint32_t crc;
} Commit;

// Puts the record into the journal's buffer: 1, or 0 if this commit is none of
// the plain ones, and nothing has changed; -1 for an error.
static int lay(Commit *c)
{
    long long unit = number_of(c->b, n_unit), end = number_of(c->b, n_end);
    long long base = number_of(c->b, n_base), count = number_of(c->b, n_count);
    long long n = PyObject_Size(c->body);
    c->slot = number_of(c->b, n_slot);
    c->off = number_of(c->journal, n_off);
    c->generation = number_of(c->journal, n_generation);
    c->crc = (uint32_t)number_of(c->journal, n_journal_chain);
    PyObject *buf = PyObject_GetAttr(c->b, n_buf), *view = PyObject_GetAttr(c->b, n_view);
    PyObject *head = PyObject_GetAttr(c->journal, n_head);
    int ok = buf && view && head && !PyErr_Occurred() ? 1 : -1;
    c->lead = c->off & (unit - 1);
    c->end = c->off + HEAD + n;
    long long tail = c->lead + HEAD + n, whole = (tail + unit - 1) & -unit;
    if (ok > 0 && (!PyByteArray_Check(buf) || !PyByteArray_Check(head) || count <= 0 ||
                   PyByteArray_GET_SIZE(head) != HEAD || c->end > end || unit <= 0 ||
                   whole > PyByteArray_GET_SIZE(buf) || !PyMemoryView_Check(view)))
        ok = 0;
    if (ok > 0) {
        uint8_t *to = (uint8_t *)PyByteArray_AS_STRING(buf), *at = to + c->lead;
        const char *from = PyBytes_CheckExact(c->body) ? PyBytes_AS_STRING(c->body)
                                                       : PyByteArray_AS_STRING(c->body);
        memset(to, 0xFF, (size_t)c->lead);
        put_u32(at, (uint32_t)n | (uint32_t)STEP << 24);
        c->crc = crc_of((const uint8_t *)from, (size_t)n, crc_of(at, 4, c->crc));
        put_u32(at + 4, c->crc);
        memcpy(PyByteArray_AS_STRING(head), at, HEAD);
        memcpy(at + HEAD, from, (size_t)n);
        memset(to + tail, 0xFF, (size_t)(whole - tail));
        c->view = PySequence_GetSlice(view, 0, whole);
        c->block = PyLong_FromLongLong((base + c->generation) % count);
        ok = c->view && c->block && PyMemoryView_Check(c->view) ? 1 : -1;
    }
    Py_XDECREF(buf);
    Py_XDECREF(view);
    Py_XDECREF(head);
    return ok;
}

// As Journal._committed, of a step in the block that is there.
static PyObject *committed(const Commit *c)
{
    if (!took(ask(c->device, n_ioctl, three, zero, NULL), c->block, "programmed"))
        return NULL;
    long long number = number_of(c->journal, n_number), steps = number_of(c->journal, n_steps);
    long long since = number_of(c->journal, n_since);
    if (PyErr_Occurred())
        return NULL;
    if (!set_number(c->journal, n_journal_chain, c->crc) ||
        !set_number(c->journal, n_number, number + 1) ||
        !set_number(c->journal, n_off, (c->end + c->slot - 1) & -c->slot) ||
        (!since && !set_number(c->journal, n_since, c->generation)) ||
        !set_number(c->journal, n_steps, steps + 1) ||
        PyObject_SetAttr(c->journal, n_live, Py_True) < 0)
        return NULL;
    return PyLong_FromLongLong(number);
}

// The block has failed: the journal goes on in another.
static PyObject *elsewhere(const Commit *c)
{
    PyObject *done = PyObject_CallMethodOneArg(c->journal, n_retire, c->block);
    if (!done)
        return NULL;
    Py_DECREF(done);
    return PyObject_CallMethod(c->journal, "_store", "iOkO", STEP, c->body, (unsigned long)c->crc,
                               zero);
}

PyDoc_STRVAR(commit_doc, "commit(journal, kind, body), as in tsme/journal/__init__.py");

// A step that the buffer and the block have room for; any other commit is left
// to Python.
static PyObject *commit(PyObject *self, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    (void)self;
    if (n != 3 || names || !PyLong_CheckExact(args[1]) || PyLong_AsLong(args[1]) != STEP ||
        !(PyByteArray_CheckExact(args[2]) || PyBytes_CheckExact(args[2]))) {
        PyErr_Clear();
        return PyObject_Vectorcall(commit_slowly, args, (size_t)n, names);
    }
    Commit c = {.journal = args[0], .body = args[2]};
    PyObject *live = PyObject_GetAttr(c.journal, n_live), *number = NULL;
    c.b = live ? PyObject_GetAttr(c.journal, n_blocks) : NULL;
    c.device = c.b ? PyObject_GetAttr(c.b, n_device) : NULL;
    int plain = !c.device ? -1 : live == Py_True ? lay(&c) : 0;
    Py_XDECREF(live);
    if (plain == 0) {
        number = PyObject_Vectorcall(commit_slowly, args, 3, NULL);
    } else if (plain > 0 && PyObject_SetAttr(c.journal, n_live, Py_False) == 0) {
        int there = program(c.b, c.device, c.block, c.off - c.lead, c.view, c.lead);
        number = there < 0 ? NULL : there ? committed(&c) : elsewhere(&c);
    }
    Py_XDECREF(c.b);
    Py_XDECREF(c.device);
    Py_XDECREF(c.block);
    Py_XDECREF(c.view);
    return number;
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

PyDoc_STRVAR(rest_doc, "rest(commit), for what is rare");

static PyObject *rest(PyObject *self, PyObject *function)
{
    (void)self;
    Py_XSETREF(commit_slowly, Py_NewRef(function));
    Py_RETURN_NONE;
}

static PyMethodDef commit_method = {"commit", (PyCFunction)(void (*)(void))commit,
                                    METH_FASTCALL | METH_KEYWORDS, commit_doc};

static PyMethodDef methods[] = {
    {"rest", rest, METH_O, rest_doc},
    {"bind", bind, METH_VARARGS, bind_doc},
    {"encode_all", (PyCFunction)(void (*)(void))encode_all, METH_FASTCALL, encode_all_doc},
    {"put_step", (PyCFunction)(void (*)(void))put_step, METH_FASTCALL, put_step_doc},
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
    {&n_live, "_live"},
    {&n_blocks, "_blocks"},
    {&n_journal_chain, "_chain"},
    {&n_off, "_off"},
    {&n_generation, "_generation"},
    {&n_number, "_number"},
    {&n_since, "_since"},
    {&n_steps, "_steps"},
    {&n_head, "_head"},
    {&n_buf, "buf"},
    {&n_view, "view"},
    {&n_unit, "unit"},
    {&n_end, "end"},
    {&n_slot, "slot"},
    {&n_base, "base"},
    {&n_count, "count"},
    {&n_device, "device"},
    {&n_part, "_part"},
    {&n_spare, "_spare"},
    {&n_retire, "_retire"},
    {&n_writeblocks, "writeblocks"},
    {&n_readblocks, "readblocks"},
    {&n_ioctl, "ioctl"},
};

// A function that is bound to the object whose class has it, as one of Python
// is.
static int add_method(PyObject *made, PyMethodDef *method)
{
    PyObject *function = PyCFunction_New(method, NULL);
    PyObject *bound = function ? PyInstanceMethod_New(function) : NULL;
    int ok = bound && PyModule_AddObjectRef(made, method->ml_name, bound) == 0;
    Py_XDECREF(function);
    Py_XDECREF(bound);
    return ok;
}

PyMODINIT_FUNC PyInit_tsme_native(void)
{
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        *names[k].name = PyUnicode_InternFromString(names[k].text);
        if (!*names[k].name)
            return NULL;
    }
    make_crc_table();
    three = PyLong_FromLong(3);
    zero = PyLong_FromLong(0);
    PyObject *made = three && zero ? PyModule_Create(&module) : NULL;
    if (made &&
        (PyModule_AddIntConstant(made, "API", API) < 0 || !add_method(made, &commit_method)))
        Py_CLEAR(made);
    return made;
}
