// Devices of simulated worlds, and the loop of a world, as sim/device.py and
// sim/world.py have them: the way that most moves take. Whatever is not plain is
// left to those files, before anything of it has happened.

#include "machines.h"

enum { MOVE_SIGNAL, MOVE_NEXT, MOVE_TWICE, MOVE_LOSE, MOVE_LATE }; // as sim/swarm.py has them

static PyTypeObject *device_type, *world_type;
static PyObject *n_signal, *n_check, *n_begin, *n_time, *n_keep, *n_emit, *n_launch, *n_refused,
    *n_mistaken, *n_slowly, *n_next, *n_lost, *n_fault, *n_timer, *n_pause, *n_rejects,
    *n_rejected, *n_calls;

static void set(PyObject **to, PyObject *v)
{
    PyObject *old = *to;
    *to = v;
    Py_XDECREF(old);
}

/// Types ///

// Of a state: two that agree in these are one.
typedef struct {
    int64_t execution, steps;
    uint32_t digest;
    int status;
} Mark;

typedef struct {
    PyObject_HEAD PyObject *state, *kernel, *journal, *world, *recovered, *records, *under_way;
    PyObject *stf;                         // of its machine
    PyObject *inputs;                      // how often each kind of input came, a list
    PyObject *count;                       // count(event, step), if more is to be counted
    PyObject *value;                       // a machine's state, as users see it
    PyObject *guarded;                     // its machine, if that is under guard at times
    PyObject *looked, *first;              // a state, and what of it is due first
    int64_t skew, lag, floor, transitions; // ms, ms, ms since 1970, of steps
    double first_free; // steps of that which are under guard, and then one of `one_of`
    int64_t one_of;
    Mark sure, maybe;
    char has_maybe, quick, labelled, is_machine;
} Device;

typedef struct {
    PyObject_HEAD PyObject *sim, *seen, *dice, *devices, *coming, *past, *table, *does, *orders;
    int64_t now, pause, done; // ms since 1970, ms, moves
} World;

/// A device ///

static Mark mark_of(const State *s)
{
    Mark m = {s->execution, s->steps, s->digest, s->status};
    return m;
}

// Its state, if its next step is made here; else NULL.
static State *quick_state(Device *d)
{
    if (!d->quick)
        return NULL;
    if (!PyObject_TypeCheck(d->state, (PyTypeObject *)py.State)) {
        PyObject *state = (PyObject *)state_of(d->state);
        if (!state) {
            PyErr_Clear();
            return NULL;
        }
        set(&d->state, state);
    }
    State *s = (State *)d->state;
    return s->status || !s->execution ? NULL : s;
}

// Whether the next step of its machine is under guard, and so Python's; else it counts.
static int is_watched(Device *d)
{
    if (IS_NONE(d->guarded))
        return 0;
    PyObject *calls = PyObject_GetAttr(d->guarded, n_calls);
    long long n = calls ? PyLong_AsLongLong(calls) : 0;
    Py_XDECREF(calls);
    if (!calls || (double)n < d->first_free || n % d->one_of == 0)
        return 1;
    calls = PyLong_FromLongLong(n + 1);
    int ok = calls && PyObject_SetAttr(d->guarded, n_calls, calls) == 0;
    Py_XDECREF(calls);
    return !ok;
}

// What its clock says, as Device.time().
static int64_t time_of(Device *d, const State *s)
{
    int64_t now = ((World *)d->world)->now + d->skew, last = s->now > d->floor ? s->now : d->floor;
    if (now >= last)
        d->lag = 0;
    else if (d->lag < last - now)
        d->lag = last - now;
    return now + d->lag;
}

static int called(PyObject *done)
{
    Py_XDECREF(done);
    return done != NULL;
}

// An event as Python has it.
static PyObject *tuple_of(const Event *event)
{
    PyObject *all[] = {PyLong_FromLong(event->kind), PyLong_FromLongLong(event->now),
                       event->action ? Py_NewRef(PyTuple_GET_ITEM(event->action, 0)) : NULL,
                       Py_XNewRef(event->a), Py_XNewRef(event->b)};
    Py_ssize_t size = 2 + (event->action != NULL) + (event->a != NULL) + (event->b != NULL);
    PyObject *made = all[0] && all[1] ? PyTuple_New(size) : NULL;
    Py_ssize_t at = 0;
    for (size_t k = 0; k < 5; k++) {
        if (made && all[k])
            PyTuple_SET_ITEM(made, at++, all[k]);
        else
            Py_XDECREF(all[k]);
    }
    return made;
}

static int counted(Device *d, const Event *event, State *made, PyObject *actions)
{
    PyObject *n = PyList_GetItem(d->inputs, event->kind);
    n = n ? PyLong_FromLongLong(PyLong_AsLongLong(n) + 1) : NULL;
    if (!n || PyList_SetItem(d->inputs, event->kind, n) < 0)
        return 0;
    if (!d->labelled && !made->status)
        return 1;
    PyObject *items[] = {(PyObject *)made, actions ? actions : Py_None, Py_None};
    PyObject *step = PyObject_Vectorcall(py.Step, items, 3, NULL);
    PyObject *tuple = step ? tuple_of(event) : NULL;
    PyObject *args[] = {tuple, step, Py_True};
    int ok = tuple && called(PyObject_Vectorcall(d->count, args, 3, NULL));
    Py_XDECREF(tuple);
    Py_XDECREF(step);
    return ok;
}

static int pending_of(Device *d, PyObject *id)
{
    PyObject *pending = PyObject_TypeCheck(d->state, (PyTypeObject *)py.State)
                            ? Py_XNewRef(((State *)d->state)->pending)
                            : PyObject_GetAttrString(d->state, "pending");
    int there = pending ? PySequence_Contains(pending, id) : -1;
    Py_XDECREF(pending);
    return there;
}

// What follows a step: nothing here can undo it.
static int act(Device *d, const Event *event, State *made, PyObject *actions)
{
    World *w = (World *)d->world;
    PyObject *args[] = {w->sim, (PyObject *)d};
    if (!counted(d, event, made, actions) ||
        !called(PyObject_VectorcallMethod(n_check, args, 2, NULL)))
        return 0;
    if (tsme_journal_needs_checkpoint(&((Journal *)d->journal)->journal,
                                      (uint32_t)d->transitions) &&
        !called(PyObject_CallMethodNoArgs((PyObject *)d, n_keep)))
        return 0;
    for (Py_ssize_t k = 0; actions && k < PyList_GET_SIZE(actions); k++) {
        PyObject *action = PyList_GET_ITEM(actions, k), *id = PyTuple_GET_ITEM(action, 0);
        PyObject *kind = PyTuple_GET_ITEM(action, 1);
        int ok = 1;
        if (PyLong_AsLong(id) == 0) {
            ok = called(PyObject_CallMethodObjArgs((PyObject *)d, n_emit, kind,
                                                   PyTuple_GET_ITEM(action, 5), NULL));
        } else if (PyLong_AsLong(kind) == 0) {
            ok = pending_of(d, id);
            if (ok > 0)
                ok = called(PyObject_CallMethodOneArg((PyObject *)d, n_launch, action));
            else
                ok = ok == 0;
        }
        if (!ok)
            return 0;
    }
    return 1;
}

// A step that is made becomes durable: 1; 0: it is Python's, nothing has happened;
// -1 for an exception.
static int commit(Device *d, State *made, const Out *record)
{
    Journal *j = (Journal *)d->journal;
    d->maybe = mark_of(made);
    d->has_maybe = 1;
    set(&d->recovered, Py_NewRef(Py_None));
    PyObject *body = PyBytes_FromStringAndSize((char *)record->data, (Py_ssize_t)record->size);
    if (!body)
        return -1;
    set(&d->under_way, body);
    if (!journal_commit(j, TSME_JOURNAL_STEP, record->data, record->size)) {
        if (!PyErr_ExceptionMatches(py.LimitError))
            return -1;
        PyErr_Clear();
        d->has_maybe = 0;
        set(&d->recovered, Py_NewRef(Py_True));
        return 0;
    }
    d->sure = d->maybe;
    d->has_maybe = 0;
    set(&d->value, Py_NewRef(made->client));
    set(&d->state, Py_NewRef((PyObject *)made));
    set(&d->recovered, Py_NewRef(Py_True));
    return PyList_Append(d->records, body) == 0 ? 1 : -1;
}

// What stf() has raised, as a method of the device takes it.
static int told_of(Device *d, PyObject *method)
{
    PyObject *type, *e, *trace;
    PyErr_Fetch(&type, &e, &trace);
    PyErr_NormalizeException(&type, &e, &trace);
    if (trace)
        PyException_SetTraceback(e, trace);
    PyObject *rejects = method == n_refused ? PyObject_GetAttr(((World *)d->world)->sim, n_rejects)
                                            : Py_NewRef(Py_None);
    int rejected = rejects && rejects != Py_None ? PyObject_IsInstance(e, rejects) : 0, ok = 0;
    if (rejects && rejected > 0)
        ok = called(PyObject_CallMethodObjArgs(((World *)d->world)->seen, n_rejected,
                                               (PyObject *)d, e, NULL));
    else if (rejects && rejected == 0)
        ok = called(PyObject_CallMethodOneArg((PyObject *)d, method, e));
    Py_XDECREF(rejects);
    Py_XDECREF(type);
    Py_XDECREF(e);
    Py_XDECREF(trace);
    return ok ? 1 : -1;
}

// A step, and what follows it: as commit().
static int feed(Device *d, State *old, const Event *event)
{
    Steps steps = {.stf = d->stf, .kernel = d->kernel};
    steps.room = tsme_journal_most(&((Journal *)d->journal)->journal);
    Out record;
    int raised, done;
    out_begin(&record);
    Py_INCREF(old);
    State *made = step_make(&steps, old, event, &record, &raised);
    Py_DECREF(old);
    if (made) {
        done = commit(d, made, &record);
        if (done > 0) {
            PyObject *actions = Py_XNewRef(made->actions);
            state_done(made);
            done = act(d, event, made, actions) ? 1 : -1;
            Py_XDECREF(actions);
        }
        Py_DECREF((PyObject *)made);
    } else if (PyErr_ExceptionMatches(py.LimitError) ||
               PyErr_ExceptionMatches(PyExc_MemoryError)) {
        PyErr_Clear();
        done = 0;
    } else if (raised && PyErr_ExceptionMatches(PyExc_Exception)) {
        done = told_of(d, event->kind == SIGNAL ? n_refused : n_mistaken);
    } else {
        done = -1;
    }
    out_end(&record);
    return done;
}

// 1: done; 0: it is Python's; -1 for an exception.
static int signal_quickly(Device *d, PyObject *value)
{
    State *s = quick_state(d);
    if (!s || is_watched(d))
        return PyErr_Occurred() ? -1 : 0;
    Event event = {.kind = SIGNAL, .now = time_of(d, s)};
    if (event.now == -1 && PyErr_Occurred())
        return -1;
    event.a = is_leaf(value) ? Py_NewRef(value) : value_ordered(value);
    int done = event.a ? feed(d, s, &event) : -1;
    Py_XDECREF(event.a);
    return done;
}

static int signal(Device *d, PyObject *value)
{
    int done = signal_quickly(d, value);
    if (done == 0)
        done = called(PyObject_CallMethodOneArg((PyObject *)d, n_slowly, value)) ? 1 : -1;
    return done > 0;
}

static PyObject *m_signal(Device *d, PyObject *value)
{
    if (!signal(d, value))
        return NULL;
    Py_RETURN_NONE;
}

// end_quickly(action, kind, fields): True; False: it is Python's
static PyObject *m_end(Device *d, PyObject *const *args, Py_ssize_t n)
{
    State *s = quick_state(d);
    if (!s || n != 3 || !PyTuple_Check(args[0]) || !PyTuple_Check(args[2]))
        Py_RETURN_FALSE;
    Event event = {.kind = (int)PyLong_AsLong(args[1])};
    PyObject *id = PyTuple_GET_ITEM(args[0], 0), *fields = args[2];
    event.action = PyDict_GetItemWithError(s->pending, id);
    if (!event.action)
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_True);
    if ((event.kind != SUCCEEDED && event.kind != FAILED) ||
        PyTuple_GET_SIZE(fields) != (event.kind == FAILED ? 2 : 1) ||
        PyLong_AsLong(PyTuple_GET_ITEM(event.action, 1)) != 0)
        Py_RETURN_FALSE;
    event.now = time_of(d, s);
    if (PyErr_Occurred())
        return NULL;
    PyObject *due = PyTuple_GET_ITEM(event.action, 3);
    if (due != Py_None && PyLong_AsLongLong(due) < event.now) {
        event.kind = TIMER; // it has timed out, whatever came of it
    } else {
        event.a = PyTuple_GET_ITEM(fields, 0);
        event.b = event.kind == FAILED ? PyTuple_GET_ITEM(fields, 1) : NULL;
    }
    if (is_watched(d))
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_False);
    Py_INCREF(event.action);
    int done = feed(d, s, &event);
    Py_DECREF(event.action);
    return done < 0 ? NULL : PyBool_FromLong(done);
}

// The time of an action has come: as end_quickly().
static int timer_quickly(Device *d, PyObject *action)
{
    State *s = quick_state(d);
    PyObject *due = PyTuple_Check(action) ? PyTuple_GET_ITEM(action, 3) : Py_None;
    if (!s || due == Py_None)
        return 0;
    Event event = {.kind = TIMER, .action = action};
    int64_t floor = d->floor, lag = d->lag, when = PyLong_AsLongLong(due);
    d->floor = when;
    event.now = time_of(d, s);
    if (PyErr_Occurred())
        return -1;
    if (when > event.now)
        return 1;
    if (is_watched(d)) {
        d->floor = floor;
        d->lag = lag;
        return PyErr_Occurred() ? -1 : 0;
    }
    Py_INCREF(action);
    int done = feed(d, s, &event);
    Py_DECREF(action);
    if (!done)
        d->floor = floor;
    return done;
}

// The pending action whose time comes first, borrowed; NULL: none. `what` if it is
// first, too.
static PyObject *earlier(PyObject *first, PyObject *what)
{
    PyObject *due = PyTuple_GET_ITEM(what, 3);
    if (due == Py_None)
        return first;
    if (!first)
        return what;
    int64_t mine = PyLong_AsLongLong(due), other = PyLong_AsLongLong(PyTuple_GET_ITEM(first, 3));
    if (mine != other)
        return mine < other ? what : first;
    return PyLong_AsLongLong(PyTuple_GET_ITEM(what, 0)) <
                   PyLong_AsLongLong(PyTuple_GET_ITEM(first, 0))
               ? what
               : first;
}

static PyObject *first_due(Device *d, State *s)
{
    if (d->looked == (PyObject *)s)
        return IS_NONE(d->first) ? NULL : d->first;
    PyObject *first = IS_NONE(d->first) ? NULL : d->first;
    int known = first && !IS_NONE(d->looked) &&
                PyObject_TypeCheck(d->looked, (PyTypeObject *)py.State) &&
                PyDict_GetItemWithError(s->pending, PyTuple_GET_ITEM(first, 0)) == first;
    int64_t from = known ? ((State *)d->looked)->next_id : 0;
    if (known && PyLong_AsLongLong(PyTuple_GET_ITEM(first, 0)) < from) {
        // It was the first one then, and what has changed since has a later time.
        for (int64_t i = from; i < s->next_id; i++) {
            PyObject *id = PyLong_FromLongLong(i);
            PyObject *action = id ? PyDict_GetItemWithError(s->pending, id) : NULL;
            Py_XDECREF(id);
            first = action ? earlier(first, action) : first;
        }
    } else {
        PyObject *id, *action;
        Py_ssize_t at = 0;
        first = NULL;
        while (PyDict_Next(s->pending, &at, &id, &action))
            first = earlier(first, action);
    }
    set(&d->looked, Py_NewRef((PyObject *)s));
    set(&d->first, Py_XNewRef(first));
    return first;
}

/// A device's fields ///

static PyObject *get_mark(Device *d, void *which)
{
    const Mark *m = which ? &d->maybe : &d->sure;
    if (which && !d->has_maybe)
        Py_RETURN_NONE;
    return Py_BuildValue("LLIi", (long long)m->execution, (long long)m->steps, m->digest,
                         m->status);
}

static int set_mark(Device *d, PyObject *v, void *which)
{
    Mark *m = which ? &d->maybe : &d->sure;
    if (which)
        d->has_maybe = v && v != Py_None;
    if (!v || v == Py_None)
        return 0;
    long long execution, steps;
    if (!PyArg_ParseTuple(v, "LLIi", &execution, &steps, &m->digest, &m->status))
        return -1;
    m->execution = execution;
    m->steps = steps;
    return 0;
}

// A state, and what users see of it.
static void take_state(Device *d, PyObject *state)
{
    PyObject *client = PyObject_TypeCheck(state, (PyTypeObject *)py.State)
                           ? Py_XNewRef(((State *)state)->client)
                           : PyObject_GetAttrString(state, "client");
    if (!client)
        PyErr_Clear();
    set(&d->value, client ? client : Py_NewRef(Py_None));
    set(&d->state, Py_NewRef(state));
}

static PyObject *get_state(Device *d, void *none)
{
    (void)none;
    return Py_NewRef(d->state ? d->state : Py_None);
}

static int set_state(Device *d, PyObject *state, void *none)
{
    (void)none;
    take_state(d, state ? state : Py_None);
    return 0;
}

static PyMemberDef device_members[] = {
    {"value", T_OBJECT_EX, offsetof(Device, value), 0, "A machine's state."},
    {"kernel", T_OBJECT, offsetof(Device, kernel), 0, NULL},
    {"journal", T_OBJECT, offsetof(Device, journal), 0, NULL},
    {"world", T_OBJECT, offsetof(Device, world), 0, NULL},
    {"recovered", T_OBJECT, offsetof(Device, recovered), 0, NULL},
    {"records", T_OBJECT, offsetof(Device, records), 0, NULL},
    {"under_way", T_OBJECT, offsetof(Device, under_way), 0, NULL},
    {"stf", T_OBJECT, offsetof(Device, stf), 0, NULL},
    {"inputs", T_OBJECT, offsetof(Device, inputs), 0, NULL},
    {"count", T_OBJECT, offsetof(Device, count), 0, NULL},
    {"looked", T_OBJECT, offsetof(Device, looked), 0, NULL},
    {"first", T_OBJECT, offsetof(Device, first), 0, NULL},
    {"skew", T_LONGLONG, offsetof(Device, skew), 0, NULL},
    {"lag", T_LONGLONG, offsetof(Device, lag), 0, NULL},
    {"floor", T_LONGLONG, offsetof(Device, floor), 0, NULL},
    {"transitions", T_LONGLONG, offsetof(Device, transitions), 0, NULL},
    {"guarded", T_OBJECT, offsetof(Device, guarded), 0, NULL},
    {"first_free", T_DOUBLE, offsetof(Device, first_free), 0, NULL},
    {"one_of", T_LONGLONG, offsetof(Device, one_of), 0, NULL},
    {"quick", T_BOOL, offsetof(Device, quick), 0, NULL},
    {"labelled", T_BOOL, offsetof(Device, labelled), 0, NULL},
    {"is_machine", T_BOOL, offsetof(Device, is_machine), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef device_fields[] = {
    {"sure", (getter)get_mark, (setter)set_mark, NULL, NULL},
    {"maybe", (getter)get_mark, (setter)set_mark, NULL, (void *)1},
    {"state", (getter)get_state, (setter)set_state, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef device_methods[] = {
    {"signal", (PyCFunction)(void (*)(void))m_signal, METH_O, NULL},
    {"end_quickly", (PyCFunction)(void (*)(void))m_end, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

// Objects of a type's instances, by where they lie.
static const size_t device_objects[] = {
    offsetof(Device, guarded),   offsetof(Device, state),   offsetof(Device, value),
    offsetof(Device, kernel),    offsetof(Device, journal), offsetof(Device, world),
    offsetof(Device, recovered), offsetof(Device, records), offsetof(Device, under_way),
    offsetof(Device, stf),       offsetof(Device, inputs),  offsetof(Device, count),
    offsetof(Device, looked),    offsetof(Device, first),
};

static const size_t world_objects[] = {
    offsetof(World, sim),     offsetof(World, seen),   offsetof(World, dice),
    offsetof(World, devices), offsetof(World, coming), offsetof(World, past),
    offsetof(World, table),   offsetof(World, does),   offsetof(World, orders),
};

#define COUNT(all)    (sizeof(all) / sizeof *(all))
#define OBJECT(o, at) (*(PyObject **)(void *)((char *)(o) + (at)))

static int visit_objects(PyObject *o, const size_t *all, size_t n, visitproc visit, void *arg)
{
    for (size_t k = 0; k < n; k++)
        Py_VISIT(OBJECT(o, all[k]));
    Py_VISIT(Py_TYPE(o));
    return 0;
}

static int clear_objects(PyObject *o, const size_t *all, size_t n)
{
    for (size_t k = 0; k < n; k++)
        Py_CLEAR(OBJECT(o, all[k]));
    return 0;
}

static int device_visit(PyObject *o, visitproc visit, void *arg)
{
    return visit_objects(o, device_objects, COUNT(device_objects), visit, arg);
}

static int device_clear(PyObject *o)
{
    return clear_objects(o, device_objects, COUNT(device_objects));
}

static int world_visit(PyObject *o, visitproc visit, void *arg)
{
    return visit_objects(o, world_objects, COUNT(world_objects), visit, arg);
}

static int world_clear(PyObject *o)
{
    return clear_objects(o, world_objects, COUNT(world_objects));
}

static void dealloc(PyObject *o, inquiry clear)
{
    PyTypeObject *type = Py_TYPE(o);
    PyObject_GC_UnTrack(o);
    clear(o);
    type->tp_free(o);
    Py_DECREF(type);
}

static void device_dealloc(PyObject *o)
{
    dealloc(o, device_clear);
}

static void world_dealloc(PyObject *o)
{
    dealloc(o, world_clear);
}

static PyObject *make(PyTypeObject *type, PyObject *args, PyObject *names)
{
    (void)args, (void)names; // Python's __init__ takes them
    return type->tp_alloc(type, 0);
}

/// The loop of a world ///

// What the outside tells a device: NULL and no exception if nothing.
static PyObject *message(World *w, Device *d, uint32_t n)
{
    dice_begin_with(w->dice, n);
    PyObject *args[] = {w->sim, w->dice, (PyObject *)d};
    PyObject *value = PyObject_VectorcallMethod(n_signal, args, 3, NULL);
    if (value == Py_None)
        Py_CLEAR(value);
    return value;
}

static int slowly(World *w, int kind, Device *d, uint32_t n)
{
    PyObject *number = PyLong_FromUnsignedLong(n), *does = PySequence_GetItem(w->does, kind);
    PyObject *args[] = {(PyObject *)d, number};
    PyObject *told = number && does ? PyObject_Vectorcall(does, args, 2, NULL) : NULL;
    Py_XDECREF(number);
    Py_XDECREF(does);
    int more = told ? PyObject_IsTrue(told) : -1;
    Py_XDECREF(told);
    return more;
}

static int fault_seen(World *w, const char *name)
{
    PyObject *text = PyUnicode_FromString(name);
    int ok = text && called(PyObject_CallMethodOneArg(w->seen, n_fault, text));
    Py_XDECREF(text);
    return ok;
}

// The first timer of any device; 1, 0 if there is none, -1: Python must look.
static int first_timer(World *w, int64_t *left, Device **whose, PyObject **action)
{
    int found = 0;
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(w->devices); k++) {
        Device *d = (Device *)PyList_GET_ITEM(w->devices, k);
        State *s =
            PyObject_TypeCheck(d->state, (PyTypeObject *)py.State) ? (State *)d->state : NULL;
        if (!s)
            return -1;
        PyObject *first = PyDict_GET_SIZE(s->pending) ? first_due(d, s) : NULL;
        if (PyErr_Occurred())
            return -1;
        if (!first)
            continue;
        int64_t ms = PyLong_AsLongLong(PyTuple_GET_ITEM(first, 3)) - time_of(d, s);
        if (!found || ms < *left) {
            *left = ms;
            *whose = d;
            *action = first;
            found = 1;
        }
    }
    return found;
}

static int lost(World *w, Device *d, uint32_t n)
{
    if (!PyErr_ExceptionMatches(py.PowerLoss))
        return -1;
    PyErr_Clear();
    PyObject *number = PyLong_FromUnsignedLong(n);
    int ok = number && called(PyObject_CallMethodObjArgs((PyObject *)w, n_lost, (PyObject *)d,
                                                         number, NULL));
    Py_XDECREF(number);
    return ok ? 1 : -1;
}

// A message, result or other work that has come.
static int come(World *w, uint32_t n)
{
    PyObject *item = PyObject_CallOneArg(py.heappop, w->coming);
    if (!item)
        return -1;
    int64_t when = PyLong_AsLongLong(PyTuple_GET_ITEM(item, 0));
    Device *target = (Device *)PyTuple_GET_ITEM(item, 2);
    State *s = (State *)target->state; // first_timer() has seen that it is one
    w->now = when > w->now ? when : w->now;
    int ok = 1;
    if (s->execution && !s->status)
        ok = called(PyObject_CallNoArgs(PyTuple_GET_ITEM(item, 4))) ? 1 : lost(w, target, n);
    Py_DECREF(item);
    return ok;
}

static int do_signal(World *w, Device *d, uint32_t n, int idle);

// What comes first: a result, a message, a timer. asked: there is no message now.
static int do_next(World *w, Device *d, uint32_t n, int asked)
{
    int64_t left = 0;
    Device *whose = NULL;
    PyObject *action = NULL;
    int timer = first_timer(w, &left, &whose, &action);
    if (PyErr_Occurred())
        return -1;
    Py_ssize_t coming = PyList_GET_SIZE(w->coming);
    if (timer < 0 || (coming > 1 && w->orders != Py_False))
        return slowly(w, MOVE_NEXT, d, n);
    if (!coming && !timer)
        return asked ? 1 : n ? do_signal(w, d, n, 1) : 0;
    if (coming) {
        PyObject *item = PyList_GET_ITEM(w->coming, 0);
        if (!timer || PyLong_AsLongLong(PyTuple_GET_ITEM(item, 0)) <= w->now + left)
            return come(w, n);
    }
    w->now += left > 0 ? left : 0;
    int done = timer_quickly(whose, action);
    if (done == 0)
        done = called(PyObject_CallMethodOneArg((PyObject *)whose, n_timer, action)) ? 1 : -1;
    return done < 0 ? lost(w, whose, n) : 1;
}

// idle: nothing else is to come.
static int do_signal(World *w, Device *d, uint32_t n, int idle)
{
    if (!d->is_machine)
        return slowly(w, MOVE_SIGNAL, d, n);
    PyObject *value = message(w, d, n);
    if (value) {
        int ok = signal(d, value);
        Py_DECREF(value);
        return ok ? 1 : -1;
    }
    if (PyErr_Occurred())
        return -1;
    return idle ? 1 : do_next(w, d, n, 1);
}

static int is_busy(Device *d)
{
    if (PyObject_TypeCheck(d->state, (PyTypeObject *)py.State))
        return ((State *)d->state)->execution && !((State *)d->state)->status;
    PyObject *busy = PyObject_CallMethod((PyObject *)d, "busy", NULL);
    int told = busy ? PyObject_IsTrue(busy) : -1;
    Py_XDECREF(busy);
    return told;
}

static int do_twice(World *w, Device *d, uint32_t n)
{
    if (!d->is_machine)
        return 1;
    PyObject *value = message(w, d, n);
    if (!value)
        return PyErr_Occurred() ? -1 : 1;
    int ok = fault_seen(w, "message twice") && signal(d, value);
    if (ok) {
        int busy = is_busy(d);
        if (busy < 0)
            ok = 0;
        else
            ok = !busy || signal(d, value);
    }
    Py_DECREF(value);
    return ok ? 1 : -1;
}

static int do_lose(World *w, Device *d, uint32_t n)
{
    PyObject *value = d->is_machine ? message(w, d, n) : NULL;
    if (!value)
        return PyErr_Occurred() ? -1 : 1;
    Py_DECREF(value);
    return fault_seen(w, "message lost") ? 1 : -1;
}

// 1; 0: nothing can happen any more; -1 for an exception.
static int move(World *w, int kind, Device *d, uint32_t n)
{
    w->now += (int64_t)(n >> 16) * w->pause >> 16;
    int running = PyObject_TypeCheck(d->state, (PyTypeObject *)py.State) &&
                  !((State *)d->state)->status && ((State *)d->state)->execution;
    int more;
    if (!running) {
        PyObject *told = PyObject_CallMethod((PyObject *)w, "_moved", "iOI", kind, d, n);
        more = told ? PyObject_IsTrue(told) : -1;
        Py_XDECREF(told);
        return more; // it knows of losses of power
    }
    if (kind == MOVE_SIGNAL)
        more = do_signal(w, d, n, 0);
    else if (kind == MOVE_NEXT)
        more = do_next(w, d, n, 0);
    else if (kind == MOVE_TWICE)
        more = do_twice(w, d, n);
    else if (kind == MOVE_LOSE)
        more = do_lose(w, d, n);
    else if (kind == MOVE_LATE && !PyList_GET_SIZE(w->past))
        more = 1;
    else
        more = slowly(w, kind, d, n);
    return more < 0 ? lost(w, d, n) : more;
}

// run(x, steps): moves as a seed has them; x: where its numbers begin.
static PyObject *m_run(World *w, PyObject *args)
{
    unsigned long long x;
    long long steps;
    Py_ssize_t size = PyList_GET_SIZE(w->devices);
    if (!PyArg_ParseTuple(args, "KL", &x, &steps))
        return NULL;
    if (!PyBytes_Check(w->table) || PyBytes_GET_SIZE(w->table) != 256) {
        PyErr_SetString(PyExc_TypeError, "a table of 256 moves is wanted");
        return NULL;
    }
    if (!PyObject_TypeCheck(w->dice, roll_type)) {
        PyErr_SetString(PyExc_TypeError, "dice are wanted that are made of a Roll");
        return NULL;
    }
    int more = 1;
    while (more > 0 && w->done < steps) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        uint32_t n = (uint32_t)(x >> 32);
        uint32_t number = size > 1 ? (n >> 8) % (uint32_t)size : 0;
        w->done++;
        more = move(w, PyBytes_AS_STRING(w->table)[n & 255],
                    (Device *)PyList_GET_ITEM(w->devices, number), n);
        if (more > 0 && !(w->done & 1023) && PyErr_CheckSignals() < 0)
            more = -1;
    }
    if (more < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMemberDef world_members[] = {
    {"sim", T_OBJECT, offsetof(World, sim), 0, NULL},
    {"seen", T_OBJECT, offsetof(World, seen), 0, NULL},
    {"dice", T_OBJECT, offsetof(World, dice), 0, NULL},
    {"devices", T_OBJECT, offsetof(World, devices), 0, NULL},
    {"coming", T_OBJECT, offsetof(World, coming), 0, NULL},
    {"past", T_OBJECT, offsetof(World, past), 0, NULL},
    {"table", T_OBJECT, offsetof(World, table), 0, NULL},
    {"does", T_OBJECT, offsetof(World, does), 0, NULL},
    {"orders", T_OBJECT, offsetof(World, orders), 0, NULL},
    {"now", T_LONGLONG, offsetof(World, now), 0, NULL},
    {"pause", T_LONGLONG, offsetof(World, pause), 0, NULL},
    {"done", T_LONGLONG, offsetof(World, done), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef world_methods[] = {
    {"run_quickly", (PyCFunction)(void (*)(void))m_run, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot device_slots[] = {
    {Py_tp_new, make},
    {Py_tp_dealloc, device_dealloc},
    {Py_tp_traverse, device_visit},
    {Py_tp_clear, device_clear},
    {Py_tp_members, device_members},
    {Py_tp_getset, device_fields},
    {Py_tp_methods, device_methods},
    {0, NULL},
};

static PyType_Slot world_slots[] = {
    {Py_tp_new, make},
    {Py_tp_dealloc, world_dealloc},
    {Py_tp_traverse, world_visit},
    {Py_tp_clear, world_clear},
    {Py_tp_members, world_members},
    {Py_tp_methods, world_methods},
    {0, NULL},
};

#define FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC)

static PyType_Spec device_spec = {"tsme_machines.Device", sizeof(Device), 0, FLAGS, device_slots};
static PyType_Spec world_spec = {"tsme_machines.World", sizeof(World), 0, FLAGS, world_slots};

int worlds_begin(PyObject *module)
{
    static const struct {
        PyObject **to;
        const char *text;
    } texts[] = {
        {&n_signal, "signal"},     {&n_check, "check"},
        {&n_begin, "begin"},       {&n_time, "time"},
        {&n_keep, "keep"},         {&n_emit, "emit"},
        {&n_launch, "launch"},     {&n_refused, "refused"},
        {&n_mistaken, "mistaken"}, {&n_slowly, "signal_slowly"},
        {&n_next, "_next"},        {&n_lost, "_lost"},
        {&n_fault, "fault"},       {&n_timer, "timer"},
        {&n_pause, "pause"},       {&n_rejects, "rejects"},
        {&n_rejected, "rejected"}, {&n_calls, "calls"},
    };
    for (size_t k = 0; k < COUNT(texts); k++)
        if (!(*texts[k].to = PyUnicode_InternFromString(texts[k].text)))
            return 0;
    device_type = (PyTypeObject *)PyType_FromSpec(&device_spec);
    world_type = (PyTypeObject *)PyType_FromSpec(&world_spec);
    return device_type && world_type &&
           PyModule_AddObjectRef(module, "Device", (PyObject *)device_type) == 0 &&
           PyModule_AddObjectRef(module, "World", (PyObject *)world_type) == 0;
}
