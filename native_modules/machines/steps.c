// Steps of state machines, as tsme/kernel/__init__.py and tsme/machine/__init__.py
// make them: those of signals, results and timers. Others are made there.

#include "machines.h"

#define TASK      0 // kinds of tracked actions
#define WAKE      1
#define ITEMS     9 // of an action; a timer has four
#define NUMBER(v) PyLong_AsLongLong(v)

static PyTypeObject *state_type, *input_type, *actions_type;
static PyObject *kinds[SIGNAL + 1], *failed, *timeout, *empty, *emits[3];
static PyObject *n_state_bytes, *n_task, *zero;

static void set(PyObject **to, PyObject *v)
{
    PyObject *old = *to;
    *to = v;
    Py_XDECREF(old);
}

/// States ///

static Pool states, inputs, all_actions;

static State *new_state(void)
{
    return (State *)pool_take(&states, state_type);
}

static void state_dealloc(State *s)
{
    PyObject **all[] = {&s->client,  &s->pending, &s->origin, &s->result, &s->actions,   &s->gone,
                        &s->changed, &s->frames,  &s->error,  &s->after,  &s->after_body};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        Py_CLEAR(*all[k]);
    pool_give(Py_TYPE(s) == state_type ? &states : NULL, (PyObject *)s);
}

static PyObject *list_of(PyObject **where)
{
    if (!*where)
        *where = PyList_New(0);
    return *where;
}

static PyObject *get_list(State *s, void *at)
{
    return Py_XNewRef(list_of((PyObject **)(void *)((char *)s + (size_t)at)));
}

static int set_list(State *s, PyObject *v, void *at)
{
    set((PyObject **)(void *)((char *)s + (size_t)at), Py_XNewRef(v));
    return 0;
}

static PyMemberDef state_members[] = {
    {"client", T_OBJECT, offsetof(State, client), 0, NULL},
    {"pending", T_OBJECT, offsetof(State, pending), 0, NULL},
    {"origin", T_OBJECT, offsetof(State, origin), 0, NULL},
    {"result", T_OBJECT, offsetof(State, result), 0, NULL},
    {"frames", T_OBJECT, offsetof(State, frames), 0, NULL},
    {"error", T_OBJECT, offsetof(State, error), 0, NULL},
    {"steps", T_LONGLONG, offsetof(State, steps), 0, NULL},
    {"execution", T_LONGLONG, offsetof(State, execution), 0, NULL},
    {"now", T_LONGLONG, offsetof(State, now), 0, NULL},
    {"next_id", T_LONGLONG, offsetof(State, next_id), 0, NULL},
    {"first", T_LONGLONG, offsetof(State, first), 0, NULL},
    {"left", T_LONGLONG, offsetof(State, left), 0, NULL},
    {"bound", T_LONGLONG, offsetof(State, bound), 0, NULL},
    {"rng", T_ULONGLONG, offsetof(State, rng), 0, NULL},
    {"digest", T_UINT, offsetof(State, digest), 0, NULL},
    {"status", T_INT, offsetof(State, status), 0, NULL},
    {"random", T_BOOL, offsetof(State, random), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef state_fields[] = {
    {"actions", (getter)get_list, (setter)set_list, NULL, (void *)offsetof(State, actions)},
    {"gone", (getter)get_list, (setter)set_list, NULL, (void *)offsetof(State, gone)},
    {"changed", (getter)get_list, (setter)set_list, NULL, (void *)offsetof(State, changed)},
    {NULL, NULL, NULL, NULL, NULL},
};

static int64_t number_of(PyObject *o, const char *name)
{
    PyObject *v = PyObject_GetAttrString(o, name);
    int64_t n = v ? PyLong_AsLongLong(v) : -1;
    Py_XDECREF(v);
    return n;
}

State *state_of(PyObject *state)
{
    if (PyObject_TypeCheck(state, state_type))
        return (State *)Py_NewRef(state);
    State *s = new_state();
    if (!s)
        return NULL;
    s->steps = number_of(state, "steps");
    s->execution = number_of(state, "execution");
    s->now = number_of(state, "now");
    s->next_id = number_of(state, "next_id");
    s->bound = number_of(state, "bound");
    s->digest = (uint32_t)number_of(state, "digest");
    s->status = (int)number_of(state, "status");
    PyObject *rng = PyObject_GetAttrString(state, "rng");
    s->rng = rng ? PyLong_AsUnsignedLongLong(rng) : 0;
    Py_XDECREF(rng);
    s->client = PyObject_GetAttrString(state, "client");
    s->pending = PyObject_GetAttrString(state, "pending");
    s->origin = PyObject_GetAttrString(state, "origin");
    s->result = PyObject_GetAttrString(state, "result");
    s->actions = Py_NewRef(Py_None);
    s->gone = Py_NewRef(Py_None);
    s->changed = Py_NewRef(Py_None);
    if (PyErr_Occurred())
        Py_CLEAR(s);
    return s;
}

void state_done(State *s)
{
    set(&s->actions, Py_NewRef(Py_None));
    set(&s->gone, Py_NewRef(Py_None));
    set(&s->changed, Py_NewRef(Py_None));
}

/// Builders ///

static State *builder(State *old, int64_t now)
{
    State *d = new_state();
    if (!d)
        return NULL;
    d->steps = old->steps + 1;
    d->execution = old->execution;
    d->now = now > old->now ? now : old->now;
    d->next_id = d->first = old->next_id;
    d->rng = old->rng;
    d->digest = old->digest;
    d->bound = old->bound;
    d->origin = Py_XNewRef(old->origin);
    d->pending = Py_XNewRef(old->pending);
    return d;
}

static int any(PyObject *list)
{
    return !IS_NONE(list) && PyList_GET_SIZE(list) > 0;
}

// Pending actions are copied before the first change.
static int own_pending(State *d)
{
    if (any(d->changed) || any(d->gone))
        return 1;
    PyObject *copy = PyDict_Copy(d->pending);
    if (copy)
        set(&d->pending, copy);
    return copy != NULL;
}

static PyObject *drop(State *d, PyObject *i)
{
    if (!own_pending(d))
        return NULL;
    int64_t id = NUMBER(i);
    if (id < d->first && (!list_of(&d->gone) || PyList_Append(d->gone, i) < 0))
        return NULL;
    if (any(d->changed)) {
        Py_ssize_t at = PySequence_Index(d->changed, i);
        if (at < 0)
            PyErr_Clear();
        else if (PySequence_DelItem(d->changed, at) < 0)
            return NULL;
    }
    PyObject *action = Py_XNewRef(PyDict_GetItemWithError(d->pending, i));
    if (!action && !PyErr_Occurred())
        PyErr_SetObject(PyExc_KeyError, i);
    if (!action || PyDict_DelItem(d->pending, i) < 0)
        Py_CLEAR(action);
    return action;
}

// A named tuple of these items, which it takes.
static PyObject *tuple_of(PyObject *type, PyObject **items, Py_ssize_t n)
{
    PyObject *made = ((PyTypeObject *)type)->tp_alloc((PyTypeObject *)type, n);
    for (Py_ssize_t k = 0; k < n; k++) {
        if (made && items[k])
            PyTuple_SET_ITEM(made, k, items[k]);
        else if (made)
            Py_CLEAR(made); // what was put is its own, what was not is let go below
        if (!made)
            Py_XDECREF(items[k]);
    }
    return made;
}

static PyObject *due_or_none(int64_t due)
{
    return due < 0 ? Py_NewRef(Py_None) : PyLong_FromLongLong(due);
}

// Begins an action; due, deadline: -1 for none. Gives its id.
static PyObject *begin(State *d, long kind, PyObject *frame, int64_t due, PyObject *resource,
                       PyObject *payload, PyObject *heartbeat, int64_t deadline)
{
    PyObject *i = PyLong_FromLongLong(d->next_id);
    if (!i || !own_pending(d) || !list_of(&d->changed) || PyList_Append(d->changed, i) < 0) {
        Py_XDECREF(i);
        return NULL;
    }
    d->next_id++;
    PyObject *items[ITEMS] = {Py_NewRef(i),         PyLong_FromLong(kind), Py_NewRef(frame),
                              due_or_none(due),     Py_NewRef(resource),   Py_NewRef(payload),
                              Py_NewRef(heartbeat), Py_NewRef(zero),       due_or_none(deadline)};
    PyObject *action = tuple_of(py.Action, items, ITEMS);
    if (!action || PyDict_SetItem(d->pending, i, action) < 0 || !list_of(&d->actions) ||
        PyList_Append(d->actions, action) < 0)
        Py_CLEAR(i);
    Py_XDECREF(action);
    return i;
}

static PyObject *m_drop(State *d, PyObject *i)
{
    return drop(d, i);
}

static PyObject *m_timer(State *d, PyObject *const *args, Py_ssize_t n)
{
    int64_t due = n == 2 ? NUMBER(args[1]) : -1;
    if (n != 2)
        PyErr_SetString(PyExc_TypeError, "timer(frame, due)");
    if (PyErr_Occurred())
        return NULL;
    return begin(d, WAKE, args[0], due, Py_None, Py_None, zero, -1);
}

static PyObject *m_task(State *d, PyObject *const *args, Py_ssize_t n)
{
    if (n < 3 || n > 5) {
        PyErr_SetString(PyExc_TypeError, "task(frame, resource, payload, timeout, heartbeat)");
        return NULL;
    }
    int64_t timeout_ms = n > 3 ? NUMBER(args[3]) : 0, heartbeat = n > 4 ? NUMBER(args[4]) : 0;
    if (PyErr_Occurred())
        return NULL;
    int64_t deadline = timeout_ms ? d->now + timeout_ms : -1, due = deadline;
    if (heartbeat && (due < 0 || d->now + heartbeat < due))
        due = d->now + heartbeat;
    return begin(d, TASK, args[0], due, args[1], args[2], n > 4 ? args[4] : zero, deadline);
}

static PyObject *m_emit(State *d, PyObject *const *args, Py_ssize_t n)
{
    long kind = n == 2 ? PyLong_AsLong(args[0]) : -1;
    if (kind < 0 || kind > 2 || !list_of(&d->actions)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "emit(kind, payload)");
        return NULL;
    }
    PyObject *items[ITEMS] = {Py_NewRef(zero),    Py_NewRef(emits[kind]), Py_NewRef(Py_None),
                              Py_NewRef(Py_None), Py_NewRef(Py_None),     Py_NewRef(args[1]),
                              Py_NewRef(zero),    Py_NewRef(zero),        Py_NewRef(Py_None)};
    PyObject *action = tuple_of(py.Action, items, ITEMS);
    int ok = action && PyList_Append(d->actions, action) == 0;
    Py_XDECREF(action);
    if (!ok)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *state_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *old, *now;
    (void)type;
    if (names || !PyArg_ParseTuple(args, "OO", &old, &now))
        return NULL;
    State *before = state_of(old);
    int64_t ms = NUMBER(now);
    State *d = before && !PyErr_Occurred() ? builder(before, ms) : NULL;
    Py_XDECREF(before);
    return (PyObject *)d;
}

static PyMethodDef state_methods[] = {
    {"drop", (PyCFunction)(void (*)(void))m_drop, METH_O, NULL},
    {"timer", (PyCFunction)(void (*)(void))m_timer, METH_FASTCALL, NULL},
    {"task", (PyCFunction)(void (*)(void))m_task, METH_FASTCALL, NULL},
    {"emit", (PyCFunction)(void (*)(void))m_emit, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot state_slots[] = {
    {Py_tp_new, state_new},       {Py_tp_dealloc, state_dealloc}, {Py_tp_members, state_members},
    {Py_tp_getset, state_fields}, {Py_tp_methods, state_methods}, {0, NULL},
};

static PyType_Spec state_spec = {"tsme_machines.State", sizeof(State), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, state_slots};

/// What stf() is given ///

typedef struct {
    PyObject_HEAD PyObject *kind, *id, *value, *error, *cause, *action;
    PyObject *dict; // what else somebody has put on it
    int64_t now;
} Input;

typedef struct {
    PyObject_HEAD PyObject *d; // the builder; None when the step is over
    PyObject *dict;            // what else somebody has put on it
} Actions;

static int input_visit(Input *in, visitproc visit, void *arg)
{
    Py_VISIT(in->value);
    Py_VISIT(in->action);
    Py_VISIT(in->dict);
    Py_VISIT(Py_TYPE(in));
    return 0;
}

static int input_clear(Input *in)
{
    PyObject **all[] = {&in->kind,  &in->id,     &in->value, &in->error,
                        &in->cause, &in->action, &in->dict};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        Py_CLEAR(*all[k]);
    return 0;
}

static void input_dealloc(Input *in)
{
    PyObject_GC_UnTrack(in);
    input_clear(in);
    pool_give(Py_TYPE(in) == input_type ? &inputs : NULL, (PyObject *)in);
}

// The name of the task that has ended; NULL: it was none. Borrowed.
static PyObject *task_of(const Input *in)
{
    PyObject *action = in->action;
    if (IS_NONE(action) || PyLong_AsLong(PyTuple_GET_ITEM(action, 1)) != TASK)
        return NULL;
    return PyTuple_GET_ITEM(action, 4);
}

static PyObject *get_task(Input *in, void *none)
{
    (void)none;
    PyObject *name = task_of(in);
    return Py_NewRef(name ? name : Py_None);
}

static PyObject *get_payload(Input *in, void *none)
{
    (void)none;
    PyObject *name = task_of(in);
    int named = name ? PyObject_IsTrue(name) : 0;
    if (named < 0)
        return NULL;
    return named ? value_own(PyTuple_GET_ITEM(in->action, 5)) : Py_NewRef(Py_None);
}

static PyMemberDef input_members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(Input, dict), READONLY, NULL},
    {"kind", T_OBJECT_EX, offsetof(Input, kind), 0, NULL},
    {"now", T_LONGLONG, offsetof(Input, now), 0, NULL},
    {"id", T_OBJECT_EX, offsetof(Input, id), 0, NULL},
    {"value", T_OBJECT_EX, offsetof(Input, value), 0, NULL},
    {"error", T_OBJECT_EX, offsetof(Input, error), 0, NULL},
    {"cause", T_OBJECT_EX, offsetof(Input, cause), 0, NULL},
    {"_action", T_OBJECT, offsetof(Input, action), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef input_fields[] = {
    {"task", (getter)get_task, NULL, NULL, NULL},
    {"payload", (getter)get_payload, NULL, NULL, NULL},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot input_slots[] = {
    {Py_tp_dealloc, input_dealloc}, {Py_tp_traverse, input_visit}, {Py_tp_clear, input_clear},
    {Py_tp_members, input_members}, {Py_tp_getset, input_fields},  {0, NULL},
};

#define GC_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC)

static PyType_Spec input_spec = {"tsme_machines.Input", sizeof(Input), 0, GC_FLAGS, input_slots};

static int actions_visit(Actions *a, visitproc visit, void *arg)
{
    Py_VISIT(a->d);
    Py_VISIT(a->dict);
    Py_VISIT(Py_TYPE(a));
    return 0;
}

static int actions_clear(Actions *a)
{
    Py_CLEAR(a->d);
    Py_CLEAR(a->dict);
    return 0;
}

static void actions_dealloc(Actions *a)
{
    PyObject_GC_UnTrack(a);
    actions_clear(a);
    pool_give(Py_TYPE(a) == actions_type ? &all_actions : NULL, (PyObject *)a);
}

static PyMemberDef actions_members[] = {
    {"__dictoffset__", T_PYSSIZET, offsetof(Actions, dict), READONLY, NULL},
    {"_d", T_OBJECT, offsetof(Actions, d), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot actions_slots[] = {
    {Py_tp_dealloc, actions_dealloc},
    {Py_tp_traverse, actions_visit},
    {Py_tp_clear, actions_clear},
    {Py_tp_members, actions_members},
    {0, NULL},
};

static PyType_Spec actions_spec = {"tsme_machines.Actions", sizeof(Actions), 0, GC_FLAGS,
                                   actions_slots};

/// A step ///

// What CPython looks up at once takes fields that are always there.
static Input *input_of(const State *d, const Event *event)
{
    Input *in = (Input *)pool_take(&inputs, input_type);
    if (!in)
        return NULL;
    PyObject *action = event->action, *none = Py_None;
    int timed_out = event->kind == TIMER && PyLong_AsLong(PyTuple_GET_ITEM(action, 1)) == TASK;
    in->now = d->now;
    in->kind = Py_NewRef(timed_out ? failed : kinds[event->kind]);
    in->id = Py_NewRef(action ? PyTuple_GET_ITEM(action, 0) : none);
    in->action = Py_XNewRef(action);
    in->error = Py_NewRef(timed_out ? timeout : event->kind == FAILED ? event->a : none);
    in->cause = Py_NewRef(timed_out ? empty : event->kind == FAILED ? event->b : none);
    if (event->kind != SIGNAL && event->kind != SUCCEEDED)
        in->value = Py_NewRef(none);
    else
        in->value = is_leaf(event->a) ? Py_NewRef(event->a) : value_own(event->a);
    if (!in->value)
        Py_CLEAR(in);
    return in;
}

// Calls stf(), and puts what it has changed: 1; -1 if it raises; 0 for another
// exception.
static int call(const Steps *steps, State *d, PyObject *part, const Event *event, Out *frames)
{
    Draft *draft = draft_new(part, NULL);
    Input *given = draft ? input_of(d, event) : NULL;
    Actions *actions = given ? (Actions *)pool_take(&all_actions, actions_type) : NULL;
    int ok = 0;
    if (actions) {
        actions->d = Py_NewRef((PyObject *)d);
        PyObject *args[] = {(PyObject *)draft, (PyObject *)given, (PyObject *)actions};
        PyObject *done = PyObject_Vectorcall(steps->stf, args, 3, NULL);
        Py_XDECREF(done);
        PyObject *made = done ? draft_value(draft, 0, 1) : NULL;
        ok = -1;
        if (made && (!draft->changed || draft_delta(draft, frames, 0, NULL, 0))) {
            set(&d->client, made);
            ok = 1;
        } else {
            Py_XDECREF(made);
        }
        draft->open = 0;
        set(&actions->d, Py_NewRef(Py_None));
    }
    Py_XDECREF((PyObject *)actions);
    Py_XDECREF((PyObject *)given);
    if (draft && ok > 0)
        draft_release(draft);
    else
        Py_XDECREF((PyObject *)draft);
    return ok;
}

// The items of an array, each in a record; a timer has four.
static int put_action(Out *out, PyObject *action)
{
    int is_task = PyLong_AsLong(PyTuple_GET_ITEM(action, 1)) == TASK;
    Py_ssize_t count = is_task ? ITEMS : 4;
    int ok = out_head(out, 4, (uint64_t)count);
    for (Py_ssize_t k = 0; ok && k < count; k++)
        ok = out_value(out, PyTuple_GET_ITEM(action, k), 1);
    return ok;
}

static int put_list(Out *out, PyObject *list)
{
    if (!any(list))
        return out_byte(out, 0x80);
    return PyList_Sort(list) == 0 && out_value(out, list, 1);
}

static int put_changes(Out *out, State *d, int64_t ms)
{
    if (!out_head(out, 0, (uint64_t)d->status) || !out_head(out, 0, (uint64_t)ms) ||
        !out_head(out, 0, (uint64_t)d->next_id) ||
        !(d->random ? out_head(out, 0, d->rng) : out_byte(out, 0xF6)) || !put_list(out, d->gone))
        return 0;
    if (!any(d->changed))
        return out_byte(out, 0x80);
    if (PyList_Sort(d->changed) < 0 || !out_head(out, 4, (uint64_t)PyList_GET_SIZE(d->changed)))
        return 0;
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(d->changed); k++) {
        PyObject *action = PyObject_GetItem(d->pending, PyList_GET_ITEM(d->changed, k));
        int ok = action && put_action(out, action);
        Py_XDECREF(action);
        if (!ok)
            return 0;
    }
    return 1;
}

// A record without its digest.
static int put_record(Out *out, const Event *event, int64_t ms)
{
    return out_put(out, "\0\0\0\0", 4) && out_byte(out, event->kind) &&
           out_head(out, 0, (uint64_t)ms) &&
           (!event->action || out_value(out, PyTuple_GET_ITEM(event->action, 0), 1)) &&
           (!event->a || out_value(out, event->a, 1)) &&
           (!event->b || out_value(out, event->b, 1));
}

// A state that is too large is none.
static int fits(const Steps *steps, State *d)
{
    PyObject *most = PyDict_GetItemWithError(py.limits, n_state_bytes);
    int over;
    int64_t limit = most ? PyLong_AsLongLongAndOverflow(most, &over) : -1;
    if (!most || (limit == -1 && PyErr_Occurred()))
        return 0;
    if ((over > 0 || d->bound <= limit) && (!steps->room || d->bound <= steps->room))
        return 1;
    PyObject *done = PyObject_CallFunctionObjArgs(py.bound, steps->kernel, (PyObject *)d, NULL);
    Py_XDECREF(done);
    return done != NULL;
}

// As Kernel.finish. `frames`: what the client has changed.
static int finish(const Steps *steps, State *d, const State *old, const Event *event,
                  const Out *frames, Out *record)
{
    Out delta;
    int64_t ms = d->now - old->now;
    size_t at = record->size;
    out_begin(&delta);
    int ok = put_record(record, event, ms) && put_changes(&delta, d, ms);
    if (ok && d->status) {
        ok = out_value(&delta, d->result ? d->result : Py_None, 0);
        set(&d->client, Py_NewRef(Py_None));
    } else if (ok) {
        ok = out_put(&delta, frames->data, frames->size);
    }
    if (ok) {
        d->digest = crc_of(delta.data, delta.size, d->digest);
        d->bound += (int64_t)delta.size;
        ok = fits(steps, d);
    }
    for (int k = 0; ok && k < 4; k++)
        record->data[at + (size_t)k] = (uint8_t)(d->digest >> 8 * k);
    if (!ok)
        record->size = at;
    out_end(&delta);
    return ok;
}

State *step_make(const Steps *steps, State *old, const Event *event, Out *record, int *raised)
{
    State *d = builder(old, event->now);
    *raised = 0;
    if (!d)
        return NULL;
    d->left = 1;
    d->client = Py_NewRef(old->client);
    if (event->action) {
        PyObject *gone = drop(d, PyTuple_GET_ITEM(event->action, 0));
        Py_XDECREF(gone);
        if (!gone)
            Py_CLEAR(d);
    }
    Out frames;
    out_begin(&frames);
    if (d) {
        int done = call(steps, d, old->client, event, &frames);
        *raised = done < 0;
        if (done <= 0 || !finish(steps, d, old, event, &frames, record))
            Py_CLEAR(d);
    }
    out_end(&frames);
    return d;
}

/// As a method of a kernel ///

// What stf() has raised becomes Rejected, but for what is no fault of its own.
static void reject(void)
{
    PyObject *type, *e, *trace;
    if (PyErr_ExceptionMatches(py.LimitError) || PyErr_ExceptionMatches(PyExc_MemoryError) ||
        !PyErr_ExceptionMatches(PyExc_Exception))
        return;
    PyErr_Fetch(&type, &e, &trace);
    PyErr_NormalizeException(&type, &e, &trace);
    if (trace)
        PyException_SetTraceback(e, trace);
    PyObject *never = PyObject_CallOneArg(py.reject, e);
    Py_XDECREF(never);
    Py_XDECREF(type);
    Py_XDECREF(e);
    Py_XDECREF(trace);
}

// The event of a tuple: 1; 0 for one that is Python's to look at.
static int event_of(State *old, PyObject *tuple, Event *event)
{
    static const Py_ssize_t items[] = {0, 0, 4, 5, 0, 3, 0, 0, 3};
    memset(event, 0, sizeof *event);
    if (!PyTuple_CheckExact(tuple) || PyTuple_GET_SIZE(tuple) < 3 || old->status ||
        !old->execution)
        return 0;
    long kind = PyLong_AsLong(PyTuple_GET_ITEM(tuple, 0));
    if (kind < SUCCEEDED || kind > SIGNAL || PyTuple_GET_SIZE(tuple) != items[kind])
        return 0;
    event->kind = (int)kind;
    event->now = NUMBER(PyTuple_GET_ITEM(tuple, 1));
    PyObject *third = PyTuple_GET_ITEM(tuple, 2);
    if (kind == SIGNAL) {
        event->a = third;
        return 1;
    }
    event->action = PyDict_GetItemWithError(old->pending, third);
    if (!event->action || !PyTuple_Check(event->action))
        return 0;
    if (kind == TIMER) {
        PyObject *due = PyTuple_GET_ITEM(event->action, 3);
        return due != Py_None && event->now >= NUMBER(due);
    }
    if (PyLong_AsLong(PyTuple_GET_ITEM(event->action, 1)) != TASK)
        return 0;
    event->a = PyTuple_GET_ITEM(tuple, 3);
    if (kind == FAILED)
        event->b = PyTuple_GET_ITEM(tuple, 4);
    return 1;
}

// named(type, name): as errors tell of it
static PyObject *named(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    const char *name = n == 2 && PyType_Check(args[0]) ? PyUnicode_AsUTF8(args[1]) : NULL;
    char *copy = name ? strdup(name) : NULL; // for as long as the process lives, as the type
    if (!copy) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "named(type, name)");
        return NULL;
    }
    ((PyTypeObject *)args[0])->tp_name = copy;
    Py_RETURN_NONE;
}

// step(stf, kernel, room, state, event) -> Step; NotImplemented: it is Python's.
static PyObject *step(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    if (n != 5) {
        PyErr_SetString(PyExc_TypeError, "step(stf, kernel, room, state, event)");
        return NULL;
    }
    Steps steps = {.stf = args[0], .kernel = args[1]};
    steps.room = args[2] == Py_None ? 0 : NUMBER(args[2]);
    State *old = PyErr_Occurred() ? NULL : state_of(args[3]);
    if (!old)
        return NULL;
    Event event;
    int raised = 0, ours = event_of(old, args[4], &event);
    if (!ours || PyErr_Occurred()) {
        Py_DECREF(old);
        if (PyErr_Occurred())
            PyErr_Clear(); // Python finds the same
        Py_RETURN_NOTIMPLEMENTED;
    }
    Out record;
    out_begin(&record);
    State *d = step_make(&steps, old, &event, &record, &raised);
    PyObject *made = NULL;
    if (d) {
        PyObject *items[] = {
            (PyObject *)d, Py_XNewRef(list_of(&d->actions)),
            PyByteArray_FromStringAndSize((char *)record.data, (Py_ssize_t)record.size)};
        made = tuple_of(py.Step, items, 3);
        if (made)
            state_done(d);
    } else if (raised) {
        reject();
    }
    out_end(&record);
    Py_DECREF(old);
    return made;
}

static PyMethodDef methods[] = {
    {"named", (PyCFunction)(void (*)(void))named, METH_FASTCALL,
     "named(type, name): as errors tell of it"},
    {"step", (PyCFunction)(void (*)(void))step, METH_FASTCALL,
     "step(stf, kernel, room, state, event) -> Step, or NotImplemented"},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject *type_of(PyObject *module, PyType_Spec *spec, const char *name)
{
    PyObject *type = PyType_FromSpec(spec);
    if (type && PyModule_AddObjectRef(module, name, type) < 0)
        Py_CLEAR(type);
    return (PyTypeObject *)type;
}

int steps_begin(PyObject *module)
{
    static const struct {
        PyObject **to;
        const char *text;
    } texts[] = {
        {&kinds[SUCCEEDED], "succeeded"},
        {&kinds[FAILED], "failed"},
        {&kinds[TIMER], "timer"},
        {&kinds[SIGNAL], "signal"},
        {&failed, "failed"},
        {&timeout, "States.Timeout"},
        {&empty, ""},
        {&emits[0], "log"},
        {&emits[1], "metric"},
        {&emits[2], "publish"},
        {&n_task, "task"},
        {&n_state_bytes, "state_bytes"},
    };
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        if (!(*texts[k].to = PyUnicode_InternFromString(texts[k].text)))
            return 0;
    zero = PyLong_FromLong(0);
    state_type = type_of(module, &state_spec, "State");
    input_type = type_of(module, &input_spec, "Input");
    actions_type = type_of(module, &actions_spec, "Actions");
    return state_type && input_type && actions_type && PyModule_AddFunctions(module, methods) == 0;
}
