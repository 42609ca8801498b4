// Recovery of a machine: the journal's records are made again, as tsme/kernel/replay.py
// does it, with a memory (sim/replay_cache.py): a step that was replayed from the very
// same state and record is not made again, for states never change.

#include "machines.h"

#define DEPTH 32 // arrays and objects around a value

static PyObject *n_checkpoint, *n_step, *n_state;

/// Values of records ///

typedef struct {
    const uint8_t *at, *end;
} Bytes;

static int read_head(Bytes *b, int *major, uint64_t *n)
{
    if (b->at >= b->end)
        return 0;
    uint8_t head = *b->at++;
    int low = head & 31, width = low < 24 ? 0 : 1 << (low - 24);
    *major = head >> 5;
    if (low > 27 || b->end - b->at < width)
        return 0;
    for (*n = width ? 0 : (uint64_t)low; width; width--)
        *n = *n << 8 | *b->at++;
    return 1;
}

static PyObject *read_number(int negative, uint64_t n)
{
    if (n > INT64_MAX)
        return NULL;
    return PyLong_FromLongLong(negative ? -1 - (int64_t)n : (int64_t)n);
}

static PyObject *read_value(Bytes *b, int deep);

static PyObject *read_list(Bytes *b, uint64_t n, int deep)
{
    PyObject *out = n <= (uint64_t)(b->end - b->at) ? PyList_New((Py_ssize_t)n) : NULL;
    for (uint64_t k = 0; out && k < n; k++) {
        PyObject *v = read_value(b, deep);
        if (v)
            PyList_SET_ITEM(out, (Py_ssize_t)k, v);
        else
            Py_CLEAR(out);
    }
    return out;
}

static PyObject *read_dict(Bytes *b, uint64_t n, int deep)
{
    PyObject *out = PyDict_New();
    while (out && n--) {
        PyObject *key = read_value(b, deep), *v = key ? read_value(b, deep) : NULL;
        if (!v || !PyUnicode_Check(key) || PyDict_SetItem(out, key, v) < 0)
            Py_CLEAR(out);
        Py_XDECREF(key);
        Py_XDECREF(v);
    }
    return out;
}

// recursion: at most 32, which it counts. NULL without an exception: Python has to
// read it.
static PyObject *read_value(Bytes *b, int deep)
{
    int major;
    uint64_t n;
    if (deep > DEPTH || !read_head(b, &major, &n))
        return NULL;
    switch (major) {
    case 0:
    case 1: return read_number(major, n);
    case 3:
        if (n > (uint64_t)(b->end - b->at))
            return NULL;
        b->at += n;
        return PyUnicode_DecodeUTF8((const char *)b->at - n, (Py_ssize_t)n, NULL);
    case 4: return read_list(b, n, deep + 1);
    case 5: return read_dict(b, n, deep + 1);
    case 7:
        return n == 20   ? Py_NewRef(Py_False)
               : n == 21 ? Py_NewRef(Py_True)
               : n == 22 ? Py_NewRef(Py_None)
                         : NULL;
    default: return NULL;
    }
}

/// Steps ///

// A step made again: the state, NULL if it is Python's to make or to refuse.
static State *made_again(const Steps *steps, State *before, const uint8_t *body, size_t size)
{
    Bytes b = {body + 4, body + size};
    int major, raised;
    uint64_t kind, ms, id = 0;
    if (size < 6 || before->status || !read_head(&b, &major, &kind) || major ||
        !read_head(&b, &major, &ms) || major)
        return NULL;
    if (kind != SIGNAL && kind != SUCCEEDED && kind != FAILED && kind != TIMER)
        return NULL;
    Event event = {.kind = (int)kind, .now = before->now + (int64_t)ms};
    if (kind != SIGNAL) {
        PyObject *number =
            read_head(&b, &major, &id) && !major ? PyLong_FromUnsignedLongLong(id) : NULL;
        event.action = number ? PyDict_GetItemWithError(before->pending, number) : NULL;
        Py_XDECREF(number);
        if (!event.action)
            return NULL;
    }
    PyObject *a = kind == TIMER ? NULL : read_value(&b, 0);
    PyObject *cause = kind == FAILED && a ? read_value(&b, 0) : NULL;
    State *made = NULL;
    if (b.at == b.end && (kind == TIMER || (a && (kind != FAILED || cause)))) {
        Out record;
        out_begin(&record);
        event.a = a;
        event.b = cause;
        Py_XINCREF(event.action);
        made = step_make(steps, before, &event, &record, &raised);
        Py_XDECREF(event.action);
        if (made && (record.size != size || memcmp(record.data, body, 4)))
            Py_CLEAR(made);
        out_end(&record);
    }
    Py_XDECREF(a);
    Py_XDECREF(cause);
    if (made)
        state_done(made);
    return made;
}

typedef struct {
    Journal *journal;
    Steps steps;
    PyObject *replay; // of Python, for what is rare
    State *state;
    PyObject *newest; // a list: the body of the newest checkpoint that was read, its state
    int remembers;
} Recovery;

// A method of the Python replay, at the state that this one has; its state then.
static int by_python(Recovery *r, PyObject *method, const uint8_t *body, size_t size)
{
    PyErr_Clear(); // it finds the same
    if (r->state && PyObject_SetAttr(r->replay, n_state, (PyObject *)r->state) < 0)
        return 0;
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)body, (Py_ssize_t)size);
    PyObject *done = bytes ? PyObject_CallMethodOneArg(r->replay, method, bytes) : NULL;
    PyObject *state = done ? PyObject_GetAttr(r->replay, n_state) : NULL;
    State *now = state ? state_of(state) : NULL;
    Py_XDECREF(bytes);
    Py_XDECREF(done);
    Py_XDECREF(state);
    if (!now)
        return 0;
    Py_XDECREF((PyObject *)r->state);
    r->state = now;
    return 1;
}

// Where a recovery begins is where the last one did, most often.
static int replay_checkpoint(Recovery *r, const uint8_t *body, size_t size)
{
    int first = !r->state && r->remembers;
    if (first && PyList_GET_SIZE(r->newest) == 2) {
        PyObject *known = PyList_GET_ITEM(r->newest, 0);
        if ((size_t)PyBytes_GET_SIZE(known) == size &&
            !memcmp(PyBytes_AS_STRING(known), body, size)) {
            r->state = (State *)Py_NewRef(PyList_GET_ITEM(r->newest, 1));
            return 1;
        }
    }
    if (!by_python(r, n_checkpoint, body, size))
        return 0;
    PyObject *bytes =
        first ? PyBytes_FromStringAndSize((const char *)body, (Py_ssize_t)size) : NULL;
    PyObject *pair = bytes ? Py_BuildValue("[OO]", bytes, (PyObject *)r->state) : NULL;
    int ok = !first || (pair && PyList_SetSlice(r->newest, 0, 2, pair) == 0);
    Py_XDECREF(bytes);
    Py_XDECREF(pair);
    return ok;
}

static int replay_step(Recovery *r, const uint8_t *body, size_t size)
{
    State *before = r->state, *after = NULL;
    if (before && r->remembers && before->after_body &&
        (size_t)PyBytes_GET_SIZE(before->after_body) == size &&
        !memcmp(PyBytes_AS_STRING(before->after_body), body, size)) {
        after = (State *)Py_NewRef(before->after);
    } else if (before) {
        after = made_again(&r->steps, before, body, size);
        if (after && r->remembers) {
            Py_XSETREF(before->after, Py_NewRef((PyObject *)after));
            Py_XSETREF(before->after_body,
                       PyBytes_FromStringAndSize((const char *)body, (Py_ssize_t)size));
        }
    }
    if (!after)
        return by_python(r, n_step, body, size);
    Py_DECREF((PyObject *)before);
    r->state = after;
    return !PyErr_Occurred();
}

static int replay_all(Recovery *r)
{
    struct tsme_walk *walk = &r->journal->walk;
    for (;;) {
        int code = tsme_journal_next(walk);
        if (code < 0)
            return journal_raise(r->journal, code);
        if (code != TSME_WALK_RECORD)
            return 1;
        uint8_t *copy = walk->body ? NULL : PyMem_Malloc(walk->size + 1);
        if (!walk->body && (!copy || tsme_journal_body(walk, copy) < 0)) {
            PyMem_Free(copy);
            PyErr_SetString(PyExc_RuntimeError, "a record cannot be read again");
            return 0;
        }
        const uint8_t *body = walk->body ? walk->body : copy;
        int ok = walk->kind == TSME_JOURNAL_CHECKPOINT ? replay_checkpoint(r, body, walk->size)
                                                       : replay_step(r, body, walk->size);
        PyMem_Free(copy);
        if (!ok)
            return 0;
    }
}

// recover(journal, stf, kernel, replay, newest) -> (Info, state, or None if there are no
// records); newest: a list, or None if nothing is remembered
static PyObject *recover(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    if (n != 5 || !PyObject_TypeCheck(args[0], journal_type)) {
        PyErr_SetString(PyExc_TypeError, "recover(journal, stf, kernel, replay, newest)");
        return NULL;
    }
    Recovery r = {.journal = (Journal *)args[0], .replay = args[3]};
    r.newest = args[4];
    r.remembers = PyList_CheckExact(args[4]);
    r.steps.stf = args[1];
    r.steps.kernel = args[2];
    r.steps.room = tsme_journal_most(&r.journal->journal);
    PyObject *found = PyObject_CallMethod(args[0], "recover", NULL);
    PyObject *out = NULL;
    if (found && replay_all(&r))
        out = PyTuple_Pack(2, found, r.state ? (PyObject *)r.state : Py_None);
    Py_XDECREF((PyObject *)r.state);
    Py_XDECREF(found);
    return out;
}

static PyObject *state(PyObject *self, PyObject *v)
{
    (void)self;
    return (PyObject *)state_of(v);
}

static PyMethodDef methods[] = {
    {"recover", (PyCFunction)(void (*)(void))recover, METH_FASTCALL,
     "recover(journal, stf, kernel, replay, newest) -> (Info, state or None)"},
    {"state", state, METH_O, "state(state): as steps made here have it"},
    {NULL, NULL, 0, NULL},
};

int recovery_begin(PyObject *module)
{
    n_checkpoint = PyUnicode_InternFromString("checkpoint");
    n_step = PyUnicode_InternFromString("step");
    n_state = PyUnicode_InternFromString("state");
    return n_checkpoint && n_step && n_state && PyModule_AddFunctions(module, methods) == 0;
}
