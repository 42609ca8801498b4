// Drafts of a state's objects, as tsme/draft/drafts.py has them, method by
// method. What is rare (keys, update, pop, ...) is that file's own, put on a class
// below this one by draft/native.py; so are the drafts of arrays.

#include "machines.h"

PyTypeObject *draft_type;

static PyTypeObject *object_type;
static Pool pool;
static PyObject *n_delta, *n_copy;

#define ROOT(d) ((d)->root ? (d)->root : (d))

static void set(PyObject **to, PyObject *v)
{
    PyObject *old = *to;
    *to = v;
    Py_XDECREF(old);
}

/// Life ///

static Draft *new_draft(PyTypeObject *type, PyObject *base, Draft *parent)
{
    Draft *d = (Draft *)(type == object_type ? pool_take(&pool, type) : type->tp_alloc(type, 0));
    if (!d)
        return NULL;
    d->base = Py_NewRef(base);
    d->now = Py_NewRef(base);
    d->open = 1;
    if (parent) {
        d->parent = (Draft *)Py_NewRef((PyObject *)parent);
        d->root = ROOT(parent);
    }
    return d;
}

Draft *draft_new(PyObject *base, Draft *parent)
{
    return new_draft(object_type, base, parent);
}

static PyObject *make(PyTypeObject *type, PyObject *args, PyObject *names)
{
    static char *known[] = {"base", "parent", NULL};
    PyObject *base, *parent = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, names, "O|O", known, &base, &parent))
        return NULL;
    if (parent != Py_None && !PyObject_TypeCheck(parent, draft_type)) {
        PyErr_SetString(PyExc_TypeError, "the parent of a draft is a draft");
        return NULL;
    }
    return (PyObject *)new_draft(type, base, parent == Py_None ? NULL : (Draft *)parent);
}

static int visit_all(Draft *d, visitproc visit, void *arg)
{
    Py_VISIT(d->base);
    Py_VISIT(d->now);
    Py_VISIT(d->kids);
    Py_VISIT(d->seen);
    Py_VISIT(d->steps);
    Py_VISIT(d->only);
    Py_VISIT(d->dict);
    Py_VISIT(d->parent);
    Py_VISIT(Py_TYPE(d));
    return 0;
}

static int clear(Draft *d)
{
    d->root = NULL;
    Py_CLEAR(d->kids);
    Py_CLEAR(d->seen);
    Py_CLEAR(d->steps);
    Py_CLEAR(d->only);
    Py_CLEAR(d->dict);
    Py_CLEAR(d->parent);
    Py_CLEAR(d->now);
    Py_CLEAR(d->base);
    return 0;
}

static void dealloc(Draft *d)
{
    PyObject_GC_UnTrack(d);
    clear(d);
    pool_give(Py_TYPE(d) == object_type ? &pool : NULL, (PyObject *)d);
}

// Drafts of which nobody but their parents and children knows: how many are below
// `d`, itself included; -1 if somebody else has one. recursion: at most 32
static Py_ssize_t alone(Draft *d)
{
    Py_ssize_t all = 1, children = 0, at = 0;
    PyObject *key, *v;
    if (!IS_NONE(d->kids))
        while (PyDict_Next(d->kids, &at, &key, &v))
            if (PyObject_TypeCheck(v, draft_type) && ((Draft *)v)->parent == d) {
                Py_ssize_t below = alone((Draft *)v);
                if (below < 0)
                    return -1;
                all += below;
                children++;
            }
    return Py_REFCNT(d) == 1 + children ? all : -1;
}

void draft_release(Draft *d)
{
    if (!IS_NONE(d->kids) && alone(d) > 0)
        Py_CLEAR(d->kids);
    Py_DECREF(d);
}

/// Changes ///

// Before a change: a copy, and whoever holds it learns of it.
static int touch(Draft *d)
{
    if (!ROOT(d)->open) {
        raise_fault("TSME-M002", NULL);
        return 0;
    }
    if (d->now == d->base) {
        PyObject *copy = PyDict_CheckExact(d->base) ? PyDict_Copy(d->base)
                         : PyList_CheckExact(d->base)
                             ? PyList_GetSlice(d->base, 0, PyList_GET_SIZE(d->base))
                             : PyObject_CallMethodNoArgs(d->base, n_copy);
        if (!copy)
            return 0;
        set(&d->now, copy);
    }
    for (Draft *p = d; p && !p->changed; p = p->parent)
        p->changed = 1;
    return 1;
}

// Member k, of which v is the value: as somebody may have it who changes it.
static PyObject *hand(Draft *d, PyObject *k, PyObject *v)
{
    if (IS_NONE(d->kids)) {
        PyObject *kids = PyDict_New();
        if (!kids)
            return NULL;
        set(&d->kids, kids);
    } else {
        PyObject *known = PyDict_GetItemWithError(d->kids, k);
        if (known || PyErr_Occurred())
            return Py_XNewRef(known);
    }
    PyObject *made = NULL;
    if (PyDict_CheckExact(v)) {
        made = (PyObject *)draft_new(v, d);
    } else {
        PyObject *kind = PyObject_GetItem(py.kinds, (PyObject *)Py_TYPE(v));
        PyObject *args[] = {v, (PyObject *)d};
        made = kind ? PyObject_Vectorcall(kind, args, 2, NULL) : NULL;
        Py_XDECREF(kind);
    }
    if (made && PyDict_SetItem(d->kids, k, made) < 0)
        Py_CLEAR(made);
    return made;
}

static int set_now(Draft *d, PyObject *k, PyObject *v)
{
    return PyDict_CheckExact(d->now) ? PyDict_SetItem(d->now, k, v) == 0
                                     : PyObject_SetItem(d->now, k, v) == 0;
}

static int forget_kid(Draft *d, PyObject *k)
{
    if (IS_NONE(d->kids) || PyDict_GET_SIZE(d->kids) == 0)
        return 1;
    int there = PyDict_Contains(d->kids, k);
    return there == 0 || (there > 0 && PyDict_DelItem(d->kids, k) == 0);
}

static int put(Draft *d, PyObject *k, PyObject *v)
{
    if (is_box(v)) {
        if (IS_NONE(d->kids)) {
            PyObject *kids = PyDict_New();
            if (!kids)
                return 0;
            set(&d->kids, kids);
        }
        if (PyDict_SetItem(d->kids, k, v) < 0)
            return 0;
    } else if (!forget_kid(d, k)) {
        return 0;
    }
    return set_now(d, k, v);
}

/// What a step has made ///

// recursion: at most 33, the depth of a value. Member k of `out`, as it is by now.
static int settle_kid(Draft *d, PyObject *out, PyObject *k, PyObject *v, int deep, int last)
{
    PyObject *made = NULL;
    if (PyObject_TypeCheck(v, draft_type)) {
        Draft *kid = (Draft *)v;
        PyObject *there = PyObject_GetItem(d->now, k);
        Py_XDECREF(there); // `now` has it still
        if (!there)
            return 0;
        if (there != v) { // else it was put in
            if (!kid->changed)
                return 1;
            made = draft_value(kid, deep + 1, last);
        }
    }
    if (!made && !PyErr_Occurred())
        made = value_frozen(v, deep + 1, last);
    int ok = made && (PyDict_CheckExact(out) ? PyDict_SetItem(out, k, made)
                                             : PyObject_SetItem(out, k, made)) == 0;
    Py_XDECREF(made);
    return ok;
}

PyObject *draft_value(Draft *d, int deep, int last)
{
    if (!d->changed)
        return Py_NewRef(d->base);
    if (d->ends == 2)
        return Py_NewRef(d->now);
    if (d->ends)
        return raise_fault("TSME-M003", NULL);
    if (last)
        d->ends = 1;
    PyObject *out;
    if (last && d->now != d->base)
        out = Py_NewRef(d->now);
    else if (PyDict_CheckExact(d->now))
        out = PyDict_Copy(d->now);
    else
        out = PyObject_CallMethodNoArgs(d->now, n_copy);
    if (!IS_NONE(d->kids)) {
        PyObject *key, *v;
        Py_ssize_t at = 0;
        while (out && PyDict_Next(d->kids, &at, &key, &v))
            if (!settle_kid(d, out, key, v, deep, last))
                Py_CLEAR(out);
    }
    if (out && last) {
        set(&d->now, Py_NewRef(out));
        d->ends = 2;
    }
    return out;
}

static int changed_kid(PyObject *v)
{
    return PyObject_TypeCheck(v, draft_type) && ((Draft *)v)->changed;
}

// recursion: at most 32, the depth of a value
static int delta_kid(Draft *kid, Out *out, int n, const Out *path)
{
    if (PyObject_TypeCheck(kid, object_type))
        return draft_delta(kid, out, n, path->data, path->size);
    PyObject *buf = PyByteArray_FromStringAndSize(NULL, 0), *done = NULL;
    PyObject *way = PyBytes_FromStringAndSize((char *)path->data, (Py_ssize_t)path->size);
    PyObject *number = PyLong_FromLong(n);
    if (buf && way && number)
        done = PyObject_CallMethodObjArgs((PyObject *)kid, n_delta, buf, number, way, NULL);
    int ok = done && out_put(out, PyByteArray_AS_STRING(buf), (size_t)PyByteArray_GET_SIZE(buf));
    Py_XDECREF(done);
    Py_XDECREF(number);
    Py_XDECREF(way);
    Py_XDECREF(buf);
    return ok;
}

static int is_written(Draft *d, PyObject *key)
{
    if (d->only)
        return PyObject_RichCompareBool(d->only, key, Py_EQ);
    return IS_NONE(d->seen) ? 0 : PySequence_Contains(d->seen, key);
}

// The changes of members that are the same ones still, in an order that is no
// accident.
static int below(Draft *d, Out *out, int n, const uint8_t *path, size_t path_size)
{
    PyObject *names = PyList_New(0), *key, *v;
    Py_ssize_t at = 0;
    while (names && PyDict_Next(d->kids, &at, &key, &v))
        if (changed_kid(v) && PyList_Append(names, key) < 0)
            Py_CLEAR(names);
    int ok = names && (PyList_GET_SIZE(names) < 2 || PyList_Sort(names) == 0);
    for (Py_ssize_t k = 0; ok && k < PyList_GET_SIZE(names); k++) {
        key = PyList_GET_ITEM(names, k);
        int written = is_written(d, key);
        if (written) {
            ok = written > 0;
            continue;
        }
        Out inner;
        out_begin(&inner);
        PyObject *kid = Py_XNewRef(PyDict_GetItemWithError(d->kids, key));
        ok = kid && out_put(&inner, path, path_size) && out_value(&inner, key, 0) &&
             delta_kid((Draft *)kid, out, n + 1, &inner);
        Py_XDECREF(kid);
        out_end(&inner);
    }
    Py_XDECREF(names);
    return ok;
}

// The values of the names that were written: docs/SPEC.md, 6.
static int put_written(Draft *d, Out *out)
{
    Py_ssize_t count = PyList_GET_SIZE(d->steps);
    int once = count == PyDict_GET_SIZE(d->seen);
    PyObject *left = once ? Py_NewRef(d->seen) : PyDict_Copy(d->seen);
    int ok = left != NULL;
    for (Py_ssize_t k = 0; ok && k < count; k++) {
        PyObject *name = PyList_GET_ITEM(d->steps, k);
        if (!once) {
            int there = PyDict_Contains(left, name);
            ok = there >= 0 && (!there || PyDict_DelItem(left, name) == 0);
            if (!there || !ok)
                continue;
        }
        PyObject *v = PyObject_GetItem(d->now, name);
        ok = v && out_value(out, v, 0);
        Py_XDECREF(v);
    }
    Py_XDECREF(left);
    return ok;
}

static int put_only(Draft *d, Out *out, int n, const uint8_t *path, size_t path_size)
{
    PyObject *v = PyDict_CheckExact(d->now) ? Py_XNewRef(PyDict_GetItemWithError(d->now, d->only))
                                            : PyObject_GetItem(d->now, d->only);
    int ok = v && out_head(out, 4, (uint64_t)n) && out_put(out, path, path_size) &&
             out_byte(out, 0x81) && out_value(out, d->only, 0) && out_value(out, v, 0);
    Py_XDECREF(v);
    return ok;
}

int draft_delta(Draft *d, Out *out, int n, const uint8_t *path, size_t path_size)
{
    if (d->only && !put_only(d, out, n, path, path_size))
        return 0;
    if (!IS_NONE(d->steps) && PyList_GET_SIZE(d->steps)) {
        Py_ssize_t count = PyList_GET_SIZE(d->steps);
        if (!out_head(out, 4, (uint64_t)n) || !out_put(out, path, path_size) ||
            !out_head(out, 4, (uint64_t)count))
            return 0;
        for (Py_ssize_t k = 0; k < count; k++)
            if (!out_value(out, PyList_GET_ITEM(d->steps, k), 0))
                return 0;
        if (!put_written(d, out))
            return 0;
    }
    if (IS_NONE(d->kids) || PyDict_GET_SIZE(d->kids) == 0)
        return 1;
    return below(d, out, n, path, path_size);
}

/// Methods of all drafts ///

static PyObject *m_touch(Draft *d, PyObject *none)
{
    (void)none;
    if (!touch(d))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *m_hand(Draft *d, PyObject *const *args, Py_ssize_t n)
{
    if (n == 2)
        return hand(d, args[0], args[1]);
    PyErr_SetString(PyExc_TypeError, "hand(k, v)");
    return NULL;
}

static PyObject *m_put(Draft *d, PyObject *const *args, Py_ssize_t n)
{
    if (n != 2) {
        PyErr_SetString(PyExc_TypeError, "put(k, v)");
        return NULL;
    }
    if (!put(d, args[0], args[1]))
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *m_value(Draft *d, PyObject *const *args, Py_ssize_t n)
{
    long deep = n > 0 ? PyLong_AsLong(args[0]) : 0;
    int last = n > 1 ? PyObject_IsTrue(args[1]) : 0;
    if (last < 0 || (deep == -1 && PyErr_Occurred()))
        return NULL;
    return draft_value(d, (int)deep, last);
}

static PyObject *changes(Draft *d, PyObject *const *args, Py_ssize_t count, int all)
{
    Py_buffer path;
    long n = count == 3 ? PyLong_AsLong(args[1]) : -1;
    if (count != 3 || !PyByteArray_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "(buf, n, path)");
        return NULL;
    }
    if ((n == -1 && PyErr_Occurred()) || PyObject_GetBuffer(args[2], &path, PyBUF_SIMPLE) < 0)
        return NULL;
    Out out;
    out_begin(&out);
    int ok = all ? draft_delta(d, &out, (int)n, path.buf, (size_t)path.len)
                 : below(d, &out, (int)n, path.buf, (size_t)path.len);
    PyBuffer_Release(&path);
    Py_ssize_t at = PyByteArray_GET_SIZE(args[0]);
    ok = ok && PyByteArray_Resize(args[0], at + (Py_ssize_t)out.size) == 0;
    if (ok)
        memcpy(PyByteArray_AS_STRING(args[0]) + at, out.data, out.size);
    out_end(&out);
    if (!ok)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *m_below(Draft *d, PyObject *const *args, Py_ssize_t n)
{
    return changes(d, args, n, 0);
}

static Py_ssize_t length(Draft *d)
{
    return PyObject_Size(d->now);
}

static PyMethodDef draft_methods[] = {
    {"touch", (PyCFunction)(void (*)(void))m_touch, METH_NOARGS, NULL},
    {"hand", (PyCFunction)(void (*)(void))m_hand, METH_FASTCALL, NULL},
    {"put", (PyCFunction)(void (*)(void))m_put, METH_FASTCALL, NULL},
    {"value", (PyCFunction)(void (*)(void))m_value, METH_FASTCALL, NULL},
    {"below", (PyCFunction)(void (*)(void))m_below, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static int spread(Draft *d);

static PyObject *get_changes(Draft *d, void *at)
{
    if (!spread(d))
        return NULL;
    PyObject *v = *(PyObject **)(void *)((char *)d + (size_t)at);
    return Py_NewRef(v ? v : Py_None);
}

static int set_changes(Draft *d, PyObject *v, void *at)
{
    if (!spread(d))
        return -1;
    Py_XSETREF(*(PyObject **)(void *)((char *)d + (size_t)at), Py_XNewRef(v));
    return 0;
}

static PyGetSetDef draft_fields[] = {
    {"seen", (getter)get_changes, (setter)set_changes, NULL, (void *)offsetof(Draft, seen)},
    {"steps", (getter)get_changes, (setter)set_changes, NULL, (void *)offsetof(Draft, steps)},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(Draft, dict), READONLY, NULL},
    {"base", T_OBJECT, offsetof(Draft, base), 0, NULL},
    {"now", T_OBJECT, offsetof(Draft, now), 0, NULL},
    {"kids", T_OBJECT, offsetof(Draft, kids), 0, NULL},
    {"parent", T_OBJECT, offsetof(Draft, parent), READONLY, NULL},
    {"root", T_OBJECT, offsetof(Draft, root), READONLY, NULL},
    {"open", T_BOOL, offsetof(Draft, open), 0, NULL},
    {"changed", T_BYTE, offsetof(Draft, changed), 0, NULL},
    {"ends", T_BYTE, offsetof(Draft, ends), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

/// Methods of objects' drafts ///

static PyObject *member(Draft *d, PyObject *k)
{
    PyObject *v = PyDict_CheckExact(d->now) ? PyDict_GetItemWithError(d->now, k) : NULL;
    if (v)
        Py_INCREF(v);
    else if (PyErr_Occurred() || !(v = PyObject_GetItem(d->now, k)))
        return NULL;
    if (is_leaf(v))
        return v;
    PyTypeObject *type = Py_TYPE(v);
    if (type == &PyDict_Type || type == &PyList_Type || type == &PyTuple_Type ||
        (PyObject *)type == py.ObjectDraft)
        Py_SETREF(v, hand(d, k, v));
    return v;
}

static PyObject *m_get(Draft *d, PyObject *const *args, Py_ssize_t n, PyObject *names)
{
    if (n < 1 || n > 2 || names) {
        PyErr_SetString(PyExc_TypeError, "get(k, default=None)");
        return NULL;
    }
    int there = PySequence_Contains(d->now, args[0]);
    if (there < 0)
        return NULL;
    return there ? member(d, args[0]) : Py_NewRef(n > 1 ? args[1] : Py_None);
}

static int begin_changes(Draft *d)
{
    PyObject *steps = PyList_New(0), *seen = PyDict_New();
    if (!steps || !seen) {
        Py_XDECREF(steps);
        Py_XDECREF(seen);
        return 0;
    }
    set(&d->steps, steps);
    set(&d->seen, seen);
    return 1;
}

// What was written becomes what Python has of it.
static int spread(Draft *d)
{
    if (!d->only)
        return 1;
    PyObject *name = d->only;
    d->only = NULL;
    int ok = begin_changes(d) && PyDict_SetItem(d->seen, name, Py_True) == 0 &&
             PyList_Append(d->steps, name) == 0;
    Py_DECREF(name);
    return ok;
}

// Notes that k is written, if it was not before.
static int note(Draft *d, PyObject *k)
{
    if (d->only || !IS_NONE(d->seen)) {
        int there = d->only && d->only == k ? 1 : is_written(d, k);
        if (there < 0)
            return 0;
        if (there) {
            if (!ROOT(d)->open)
                raise_fault("TSME-M002", NULL);
            return ROOT(d)->open;
        }
    }
    if (!PyUnicode_CheckExact(k)) {
        PyObject *e = PyObject_CallFunction(py.fault, "sOs", "TSME-M001", k, Py_TYPE(k)->tp_name);
        if (e)
            PyErr_SetObject((PyObject *)Py_TYPE(e), e);
        Py_XDECREF(e);
        return 0;
    }
    if (!touch(d))
        return 0;
    if (!d->only && IS_NONE(d->seen)) {
        d->only = Py_NewRef(k);
        return 1;
    }
    return spread(d) && PyDict_SetItem(d->seen, k, Py_True) == 0 &&
           PyList_Append(d->steps, k) == 0;
}

static int assign(Draft *d, PyObject *k, PyObject *v)
{
    int leaf = is_leaf(v), kids = !IS_NONE(d->kids) && PyDict_GET_SIZE(d->kids);
    PyObject *sound = NULL;
    if (!leaf) {
        if (kids) {
            PyObject *known = PyDict_GetItemWithError(d->kids, k);
            if (known == v)
                return 1; // as `state[k] += [...]` does
            if (!known && PyErr_Occurred())
                return 0;
        }
        sound = is_box(v) ? Py_NewRef(v) : value_leaf(v);
        if (!sound)
            return 0;
        v = sound;
    }
    int ok = note(d, k) && (kids || !is_leaf(v) ? put(d, k, v) : set_now(d, k, v));
    Py_XDECREF(sound);
    return ok;
}

static int remove_member(Draft *d, PyObject *k)
{
    int there = PySequence_Contains(d->now, k);
    if (there == 0)
        PyErr_SetObject(PyExc_KeyError, k);
    if (there <= 0 || !touch(d) || PyObject_DelItem(d->now, k) < 0 || !forget_kid(d, k))
        return 0;
    if (!spread(d))
        return 0;
    if (IS_NONE(d->seen)) {
        if (!begin_changes(d))
            return 0;
    } else { // written again, it is the last of them
        int written = PyDict_Contains(d->seen, k);
        if (written < 0 || (written && PyDict_DelItem(d->seen, k) < 0))
            return 0;
    }
    return PyList_Append(d->steps, Py_None) == 0 && PyList_Append(d->steps, k) == 0;
}

static int set_member(Draft *d, PyObject *k, PyObject *v)
{
    int ok;
    Py_INCREF(k);
    Py_XINCREF(v);
    ok = v ? assign(d, k, v) : remove_member(d, k);
    Py_XDECREF(v);
    Py_DECREF(k);
    return ok ? 0 : -1;
}

static int contains(Draft *d, PyObject *k)
{
    return PySequence_Contains(d->now, k);
}

static PyObject *m_delta(Draft *d, PyObject *const *args, Py_ssize_t n)
{
    return changes(d, args, n, 1);
}

static PyMethodDef object_methods[] = {
    {"get", (PyCFunction)(void (*)(void))m_get, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"delta", (PyCFunction)(void (*)(void))m_delta, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot draft_slots[] = {
    {Py_tp_new, make},
    {Py_tp_dealloc, dealloc},
    {Py_tp_traverse, visit_all},
    {Py_tp_clear, clear},
    {Py_tp_methods, draft_methods},
    {Py_tp_members, members},
    {Py_tp_getset, draft_fields},
    {Py_mp_length, length},
    {0, NULL},
};

static PyType_Slot object_slots[] = {
    {Py_mp_subscript, member},
    {Py_mp_ass_subscript, set_member},
    {Py_sq_contains, contains},
    {Py_tp_methods, object_methods},
    {0, NULL},
};

#define FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC)

static PyType_Spec draft_spec = {"tsme_machines.Draft", sizeof(Draft), 0, FLAGS, draft_slots};
static PyType_Spec object_spec = {"tsme_machines.ObjectDraft", sizeof(Draft), 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, object_slots};

int drafts_begin(PyObject *module)
{
    n_delta = PyUnicode_InternFromString("delta");
    n_copy = PyUnicode_InternFromString("copy");
    draft_type = n_delta && n_copy ? (PyTypeObject *)PyType_FromSpec(&draft_spec) : NULL;
    if (draft_type)
        object_type =
            (PyTypeObject *)PyType_FromSpecWithBases(&object_spec, (PyObject *)draft_type);
    return object_type && PyModule_AddObjectRef(module, "Draft", (PyObject *)draft_type) == 0 &&
           PyModule_AddObjectRef(module, "ObjectDraft", (PyObject *)object_type) == 0;
}
