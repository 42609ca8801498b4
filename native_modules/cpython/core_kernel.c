// The types that tsme/core/stepper.py and state.py build on: numbers of a state, and a step
// in one call. What is rare goes to the Python method `_step`.
//
// A kernel has one core, which is at one state, and may have made a step of it. Both states
// know their kernel; it does not own them, so that one nobody asks for any more costs
// nothing. One that somebody keeps has its checkpoint when the core goes on.

#include "core.h"

#include <string.h>
#include <structmember.h>

enum { STEP_ITEMS = 3, ACTION_ITEMS = 9, FIRST_FIELD = 2 };
enum { MOST_STATE = 1 << 24 };
#define MOST_WORK (1u << 31)

typedef struct {
    PyObject_HEAD PyObject *client, *of, *core, *room, *work, *limits;
    PyObject *foreign;   // a state of the Python kernel that the core is at
    PyObject *known;     // pending actions as they were told last, by id
    PyObject *at, *made; // states, borrowed: they say when they go
    char recording;
} Kernel;

typedef struct {
    PyObject_HEAD Kernel *kernel;
    PyObject *saved;   // its checkpoint, once the core is elsewhere
    PyObject *pending; // once it was asked for
    unsigned long long execution, now, rng, began;
    long long due;
    unsigned int steps, next_id, digest, due_id, done;
    int status, left;
    char runnable;
} View;

static PyTypeObject *kernel_type, *view_type;
static PyTypeObject *state_class, *step_class, *action_class; // of Python
static PyObject *emits, *text_step, *text_state_bytes, *text_work, *text_zero, *text_execution;

static int is_view(PyObject *v)
{
    return PyObject_TypeCheck(v, view_type);
}

/// What the core tells ///

static PyObject *item_of(const uint8_t *at, uint32_t size)
{
    return at ? value_at(&at, at + size) : Py_NewRef(Py_None);
}

static PyObject *time_of(uint64_t time)
{
    return time == TSME_NEVER ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(time);
}

// A tuple of one of Python's classes, of what `items` has; takes these.
static PyObject *tuple_of(PyTypeObject *type, PyObject **items, Py_ssize_t count)
{
    int whole = 1;
    for (Py_ssize_t k = 0; k < count; k++) {
        whole &= items[k] != NULL;
    }
    PyObject *out = whole ? PyType_GenericAlloc(type, count) : NULL;
    for (Py_ssize_t k = 0; k < count; k++) {
        if (out) {
            PyTuple_SetItem(out, k, items[k]);
        } else {
            Py_XDECREF(items[k]);
        }
    }
    return out;
}

static PyObject *action_of(const struct tsme_listed *a)
{
    int task = a->id && a->kind == TSME_TASK_ACTION;
    PyObject *kind = a->id ? PyLong_FromLong(a->kind) : PySequence_GetItem(emits, a->kind);
    PyObject *items[ACTION_ITEMS] = {PyLong_FromUnsignedLong(a->id),
                                     kind,
                                     a->frame == TSME_NO_FRAME || !a->id
                                         ? Py_NewRef(Py_None)
                                         : PyLong_FromUnsignedLong(a->frame),
                                     a->id ? time_of(a->due) : Py_NewRef(Py_None),
                                     item_of(a->resource, a->resource_size),
                                     item_of(a->payload, a->payload_size),
                                     PyLong_FromUnsignedLongLong(task ? a->heartbeat : 0),
                                     PyLong_FromLong(task && a->started),
                                     task ? time_of(a->deadline) : Py_NewRef(Py_None)};
    return tuple_of(action_class, items, ACTION_ITEMS);
}

// An action that was told before, if it is the same still.
static PyObject *known_action(const Kernel *k, PyObject *id, const struct tsme_listed *a)
{
    PyObject *known = k->known ? PyDict_GetItemWithError(k->known, id) : NULL;
    if (!known) {
        return NULL;
    }
    PyObject *due = PyTuple_GetItem(known, 3);
    int same = due == Py_None ? a->due == TSME_NEVER : PyLong_AsUnsignedLongLong(due) == a->due;
    int started = a->kind == TSME_TASK_ACTION && a->started;
    same = same && PyLong_AsLong(PyTuple_GetItem(known, 7)) == started;
    return same ? Py_NewRef(known) : NULL;
}

// {id: action} of the state that the core tells of.
static PyObject *pending_of(Kernel *k, struct tsme *t)
{
    PyObject *out = PyDict_New();
    struct tsme_seek walk = {0};
    struct tsme_listed a;
    while (out && tsme_next_pending(t, &walk, &a)) {
        PyObject *id = PyLong_FromUnsignedLong(a.id);
        PyObject *action = id ? known_action(k, id, &a) : NULL;
        if (id && !action && !PyErr_Occurred()) {
            action = action_of(&a);
        }
        if (!action || PyDict_SetItem(out, id, action) < 0) {
            Py_CLEAR(out);
        }
        Py_XDECREF(id);
        Py_XDECREF(action);
    }
    if (out) {
        set_ref(&k->known, Py_NewRef(out));
    }
    return out;
}

// [action ...] that the step begins or emits.
static PyObject *actions_of(Kernel *k, struct tsme *t)
{
    PyObject *out = PyList_New(0);
    struct tsme_seek walk = {0};
    struct tsme_listed a;
    while (out && tsme_next_action(t, &walk, &a)) {
        PyObject *action = action_of(&a), *id = NULL;
        int ok = action && PyList_Append(out, action) == 0;
        if (ok && a.id) {
            if (!k->known) {
                k->known = PyDict_New();
            }
            id = PyLong_FromUnsignedLong(a.id);
            ok = k->known && id && PyDict_SetItem(k->known, id, action) == 0;
        }
        if (!ok) {
            Py_CLEAR(out);
        }
        Py_XDECREF(id);
        Py_XDECREF(action);
    }
    return out;
}

static void fill(View *v, struct tsme *t, uint32_t budget)
{
    const struct tsme_state *s = &t->state;
    struct tsme_listed first;
    v->steps = s->steps;
    v->execution = t->origin.execution;
    v->status = s->status;
    v->now = s->now;
    v->next_id = s->next_id;
    v->rng = s->rng;
    v->digest = s->digest;
    v->began = t->origin.start;
    v->done = t->transitions;
    v->left = (int)budget - (int)t->transitions;
    v->runnable = s->status == TSME_RUNNING && t->origin.execution && tsme_runnable(t);
    v->due = -1;
    v->due_id = 0;
    if (s->status == TSME_RUNNING && tsme_next_due(t, &first)) {
        v->due = (long long)first.due;
        v->due_id = first.id;
    }
}

/// Where the core is ///

static Core *core_of(const Kernel *k)
{
    return k->core && k->core != Py_None ? (Core *)k->core : NULL;
}

static int save(PyObject *state, Core *c)
{
    View *v = (View *)state;
    if (is_view(state) && !v->saved) {
        v->saved = core_written(c, tsme_checkpoint);
    }
    return !PyErr_Occurred();
}

// The step that is made is undone; who has its state keeps it.
static int drop_made(Kernel *k, Core *c)
{
    if (k->made && c->t.making && !save(k->made, c)) {
        return 0;
    }
    k->made = NULL;
    Py_CLEAR(k->known);
    if (c->t.making) {
        tsme_undo(&c->t);
    }
    return 1;
}

// The step that is made is adopted; who has the state of before keeps it.
static int take_made(Kernel *k, Core *c)
{
    if (k->at && !((View *)k->at)->saved) {
        tsme_undo(&c->t);
        int ok = save(k->at, c);
        if (core_again(c) || !ok) {
            PyErr_SetString(PyExc_SystemError, "tsme_core: a step cannot be made again");
            return 0;
        }
    }
    tsme_adopt(&c->t);
    Py_CLEAR(k->foreign);
    k->at = k->made;
    k->made = NULL;
    return 1;
}

// 1: the core is at this state; 0: it is elsewhere; -1: an error.
static int move(Kernel *k, PyObject *state)
{
    Core *c = core_of(k);
    if (!c || !state) {
        return 0;
    }
    if (core_busy(c)) {
        return -1;
    }
    if (state == k->made) {
        return take_made(k, c) ? 1 : -1;
    }
    if (state == k->at || state == k->foreign) {
        return drop_made(k, c) ? 1 : -1;
    }
    return 0;
}

PyDoc_STRVAR(move_doc, "_move(state): True if the core is at this state now");

static PyObject *kernel_move(PyObject *self, PyObject *state)
{
    int done = move((Kernel *)self, state);
    return done < 0 ? NULL : PyBool_FromLong(done);
}

PyDoc_STRVAR(leave_doc, "_leave(): the core goes elsewhere");

static PyObject *kernel_leave(PyObject *self, PyObject *none)
{
    (void)none;
    Kernel *k = (Kernel *)self;
    Core *c = core_of(k);
    if (c && (core_busy(c) || !drop_made(k, c) || (k->at && !save(k->at, c)))) {
        return NULL;
    }
    k->at = k->made = NULL;
    Py_CLEAR(k->foreign);
    Py_CLEAR(k->known);
    Py_RETURN_NONE;
}

/// Steps ///

static PyObject *new_view(Kernel *k, Core *c)
{
    PyObject *out = PyType_GenericAlloc(state_class, 0);
    if (out) {
        View *v = (View *)out;
        v->kernel = (Kernel *)Py_NewRef((PyObject *)k);
        fill(v, &c->t, c->t.program.budget);
    }
    return out;
}

PyDoc_STRVAR(made_doc, "_made(): the Step that the core has made");

static PyObject *kernel_made(PyObject *self, PyObject *none)
{
    (void)none;
    Kernel *k = (Kernel *)self;
    Core *c = core_of(k);
    PyObject *state = new_view(k, c);
    if (!state) {
        return NULL;
    }
    k->made = state;
    set_ref(&k->work, PyLong_FromUnsignedLong(c->t.transitions));
    PyObject *record = k->recording ? core_record(c) : Py_NewRef(Py_None);
    PyObject *items[STEP_ITEMS] = {state, actions_of(k, &c->t), record};
    return tuple_of(step_class, items, STEP_ITEMS);
}

PyDoc_STRVAR(here_doc, "_here(): the state that the core is at, which nobody has");

static PyObject *kernel_here(PyObject *self, PyObject *none)
{
    (void)none;
    Kernel *k = (Kernel *)self;
    PyObject *state = new_view(k, core_of(k));
    k->at = state;
    return state;
}

static int number_in(PyObject *dict, PyObject *name, uint32_t most, uint32_t *n)
{
    PyObject *v = PyDict_GetItemWithError(dict, name);
    unsigned long long found = v ? PyLong_AsUnsignedLongLong(v) : 0;
    if (!v || PyErr_Occurred()) {
        PyErr_Clear();
        return 0;
    }
    *n = found > most ? most : (uint32_t)found;
    return 1;
}

// Whether the limits are numbers that the core can have.
static int take_limits(const Kernel *k, Core *c)
{
    uint32_t room = 0;
    if (k->room && k->room != Py_None) {
        unsigned long n = PyLong_AsUnsignedLong(k->room);
        if (PyErr_Occurred() || n > UINT32_MAX) {
            PyErr_Clear();
            return 0;
        }
        room = (uint32_t)n;
    }
    c->limits[TSME_RECORD_BYTES] = room;
    return k->limits &&
           number_in(k->limits, text_state_bytes, MOST_STATE, &c->limits[TSME_STATE_BYTES]) &&
           number_in(k->limits, text_work, MOST_WORK, &c->limits[TSME_WORK]);
}

// Whether a *start* can come for the core: nothing is under way, and it is of its program.
static int may_start(Kernel *k, Core *c, PyObject *state, PyObject *event)
{
    PyObject *digest = PyTuple_Size(event) > 7 ? PyTuple_GetItem(event, 3) : NULL;
    if (!digest || !PyBytes_CheckExact(digest) || PyBytes_Size(digest) != 8 ||
        memcmp(PyBytes_AsString(digest), c->t.program.digest, 8) != 0 ||
        PyLong_AsLong(PyTuple_GetItem(event, 7)) != TSME_BEHAVIOUR) {
        PyErr_Clear();
        return 0;
    }
    if (state == k->at || state == k->made || state == k->foreign) {
        return 1;
    }
    if (k->at || k->made || k->foreign ||
        (c->t.origin.execution && c->t.state.status == TSME_RUNNING)) {
        return 0;
    }
    PyObject *execution = PyObject_GetAttr(state, text_execution);
    int none = execution && PyObject_RichCompareBool(execution, text_zero, Py_EQ) > 0;
    Py_XDECREF(execution);
    return none;
}

// 1: the fields of an input are in the core's buffer. 0: Python has to look at them. -1: error.
static int take_fields(Core *c, PyObject *event, Py_ssize_t count)
{
    c->fields.size = 0;
    for (Py_ssize_t k = FIRST_FIELD; k < count; k++) {
        int done = out_value(&c->fields, PyTuple_GetItem(event, k), 1, 0);
        if (done <= 0) {
            return done;
        }
    }
    return 1;
}

// 1: a step is made. 0: Python has to look at it. 2: it is late. -1: an error.
static int try_step(Kernel *k, PyObject *state, PyObject *event)
{
    Core *c = core_of(k);
    if (!c || k->of != k->client || !PyTuple_CheckExact(event) || !take_limits(k, c)) {
        return 0;
    }
    Py_ssize_t count = PyTuple_Size(event);
    if (count < FIRST_FIELD) {
        return 0;
    }
    long kind = PyLong_AsLong(PyTuple_GetItem(event, 0));
    unsigned long long now = PyLong_AsUnsignedLongLong(PyTuple_GetItem(event, 1));
    if (PyErr_Occurred() || kind < 0 || kind > TSME_INPUT_STARTED) {
        PyErr_Clear();
        return 0;
    }
    if (kind == TSME_INPUT_START && !may_start(k, c, state, event)) {
        return 0;
    }
    int there = move(k, state);
    if (there < 0 || (!there && kind != TSME_INPUT_START)) {
        return there;
    }
    int whole = take_fields(c, event, count);
    if (whole <= 0) {
        return whole;
    }
    int err = core_make(c, (int)kind, now);
    if (PyErr_Occurred()) {
        return -1;
    }
    return err == TSME_OK ? 1 : err == TSME_LATE ? 2 : 0;
}

PyDoc_STRVAR(step_doc, "step(state, event) -> Step, or None for an input that is late");

static PyObject *kernel_step(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    Kernel *k = (Kernel *)self;
    if (n != 2) {
        PyErr_SetString(PyExc_TypeError, "step(state, event)");
        return NULL;
    }
    switch (try_step(k, args[0], args[1])) {
    case 1: return kernel_made(self, NULL);
    case 2: set_ref(&k->work, Py_NewRef(Py_None)); Py_RETURN_NONE;
    case 0: return PyObject_CallMethodObjArgs(self, text_step, args[0], args[1], NULL);
    default: return NULL;
    }
}

/// Kernel, the type ///

static PyObject *borrowed(PyObject *v)
{
    return Py_NewRef(v ? v : Py_None);
}

static PyObject *get_at(PyObject *self, void *none)
{
    (void)none;
    Kernel *k = (Kernel *)self;
    return borrowed(k->at ? k->at : k->foreign);
}

static PyObject *get_made(PyObject *self, void *none)
{
    (void)none;
    return borrowed(((Kernel *)self)->made);
}

static int set_at(PyObject *self, PyObject *v, void *none)
{
    (void)none;
    Kernel *k = (Kernel *)self;
    int ours =
        v && is_view(v) && ((View *)v)->kernel == k; // another's does not say here when it goes
    k->at = ours ? v : NULL;
    set_ref(&k->foreign, ours || v == Py_None ? NULL : Py_XNewRef(v));
    return 0;
}

static int set_made(PyObject *self, PyObject *v, void *none)
{
    (void)none;
    Kernel *k = (Kernel *)self;
    k->made = v && is_view(v) && ((View *)v)->kernel == k ? v : NULL;
    return 0;
}

static int kernel_traverse(PyObject *self, visitproc visit, void *arg)
{
    Kernel *k = (Kernel *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(k->client);
    Py_VISIT(k->of);
    Py_VISIT(k->core);
    Py_VISIT(k->foreign);
    Py_VISIT(k->known);
    return 0;
}

static int kernel_clear(PyObject *self)
{
    Kernel *k = (Kernel *)self;
    Py_CLEAR(k->client);
    Py_CLEAR(k->of);
    Py_CLEAR(k->core);
    Py_CLEAR(k->foreign);
    Py_CLEAR(k->known);
    Py_CLEAR(k->room);
    Py_CLEAR(k->work);
    Py_CLEAR(k->limits);
    return 0;
}

static void kernel_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    kernel_clear(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyMemberDef kernel_members[] = {
    {"client", T_OBJECT, offsetof(Kernel, client), 0, "of the execution under way"},
    {"of", T_OBJECT, offsetof(Kernel, of), 0, "the client that the core is of"},
    {"core", T_OBJECT, offsetof(Kernel, core), 0, "the handle"},
    {"room", T_OBJECT, offsetof(Kernel, room), 0, "bytes of a checkpoint"},
    {"work", T_OBJECT, offsetof(Kernel, work), 0, "transitions of the last step"},
    {"limits", T_OBJECT, offsetof(Kernel, limits), 0, "tsme.LIMITS"},
    {"recording", T_BOOL, offsetof(Kernel, recording), 0, "somebody asks for records"},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef kernel_getset[] = {
    {"at", get_at, set_at, "the state that the core is at", NULL},
    {"made", get_made, set_made, "the state of the step that it has made", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef kernel_methods[] = {
    {"step", (PyCFunction)(void (*)(void))kernel_step, METH_FASTCALL, step_doc},
    {"_made", kernel_made, METH_NOARGS, made_doc},
    {"_here", kernel_here, METH_NOARGS, here_doc},
    {"_move", kernel_move, METH_O, move_doc},
    {"_leave", kernel_leave, METH_NOARGS, leave_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot kernel_slots[] = {{Py_tp_dealloc, (void *)kernel_dealloc},
                                     {Py_tp_traverse, (void *)kernel_traverse},
                                     {Py_tp_clear, (void *)kernel_clear},
                                     {Py_tp_members, kernel_members},
                                     {Py_tp_getset, kernel_getset},
                                     {Py_tp_methods, kernel_methods},
                                     {Py_tp_doc, (void *)"What CoreKernel is built on."},
                                     {0, NULL}};
static PyType_Spec kernel_spec = {.name = "tsme_core.Kernel",
                                  .basicsize = sizeof(Kernel),
                                  .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE |
                                           Py_TPFLAGS_HAVE_GC,
                                  .slots = kernel_slots};

/// State, the type ///

static PyObject *get_pending(PyObject *self, void *none)
{
    (void)none;
    View *v = (View *)self;
    Kernel *k = v->kernel;
    if (!v->pending && k && core_of(k) && (self == k->made || (self == k->at && !k->made))) {
        if (core_busy(core_of(k))) {
            return NULL;
        }
        if (!k->made && core_of(k)->t.making) { // nobody has that step
            tsme_undo(&core_of(k)->t);
        }
        v->pending = pending_of(k, &core_of(k)->t);
        return Py_XNewRef(v->pending);
    }
    if (!v->pending) { // the core is elsewhere
        PyObject *whole = PyObject_GetAttrString(self, "whole");
        v->pending = whole ? PyObject_GetAttrString(whole, "pending") : NULL;
        Py_XDECREF(whole);
    }
    return Py_XNewRef(v->pending);
}

static PyObject *get_client(PyObject *self, void *none)
{
    (void)none;
    return Py_NewRef(((View *)self)->status == TSME_RUNNING ? self : Py_None);
}

static PyObject *get_runnable(PyObject *self, void *none)
{
    (void)none;
    return PyBool_FromLong(((View *)self)->runnable);
}

static int view_traverse(PyObject *self, visitproc visit, void *arg)
{
    View *v = (View *)self;
    Py_VISIT(Py_TYPE(self));
    Py_VISIT((PyObject *)v->kernel);
    Py_VISIT(v->pending);
    return 0;
}

static void forget(View *v)
{
    Kernel *k = v->kernel;
    if (k && k->at == (PyObject *)v) {
        k->at = NULL;
    }
    if (k && k->made == (PyObject *)v) {
        k->made = NULL;
    }
}

static int view_clear(PyObject *self)
{
    View *v = (View *)self;
    forget(v);
    Kernel *k = v->kernel;
    v->kernel = NULL;
    Py_XDECREF((PyObject *)k);
    Py_CLEAR(v->pending);
    Py_CLEAR(v->saved);
    return 0;
}

static void view_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    view_clear(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyMemberDef view_members[] = {
    {"kernel", T_OBJECT, offsetof(View, kernel), READONLY, "that made it"},
    {"saved", T_OBJECT, offsetof(View, saved), 0, "its checkpoint"},
    {"steps", T_UINT, offsetof(View, steps), READONLY, "of this execution"},
    {"execution", T_ULONGLONG, offsetof(View, execution), READONLY, "its number"},
    {"status", T_INT, offsetof(View, status), READONLY, "0: it runs"},
    {"now", T_ULONGLONG, offsetof(View, now), READONLY, "ms since 1970"},
    {"next_id", T_UINT, offsetof(View, next_id), READONLY, "of actions"},
    {"rng", T_ULONGLONG, offsetof(View, rng), READONLY, "state of the generator"},
    {"digest", T_UINT, offsetof(View, digest), READONLY, "of the last step"},
    {"began", T_ULONGLONG, offsetof(View, began), READONLY, "time of its start"},
    {"left", T_INT, offsetof(View, left), READONLY, "transitions of the budget"},
    {"_due", T_LONGLONG, offsetof(View, due), READONLY, "when the next time comes"},
    {"_due_id", T_UINT, offsetof(View, due_id), READONLY, ".. of which action"},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef view_getset[] = {
    {"pending", get_pending, NULL, "actions by id", NULL},
    {"client", get_client, NULL, "itself, while it runs", NULL},
    {"runnable", get_runnable, NULL, "whether *continue* would run something", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot view_slots[] = {{Py_tp_dealloc, (void *)view_dealloc},
                                   {Py_tp_traverse, (void *)view_traverse},
                                   {Py_tp_clear, (void *)view_clear},
                                   {Py_tp_members, view_members},
                                   {Py_tp_getset, view_getset},
                                   {Py_tp_doc, (void *)"What CoreState is built on."},
                                   {0, NULL}};
static PyType_Spec view_spec = {.name = "tsme_core.State",
                                .basicsize = sizeof(View),
                                .flags =
                                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
                                .slots = view_slots};

/// The module ///

PyDoc_STRVAR(bind_doc, "bind(CoreState, Step, Action, EMITS, MISSING)");

static PyObject *bind(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *state, *step, *action, *names, *none;
    if (!PyArg_ParseTuple(args, "OOOOO", &state, &step, &action, &names, &none)) {
        return NULL;
    }
    set_ref((PyObject **)&state_class, Py_NewRef(state));
    set_ref((PyObject **)&step_class, Py_NewRef(step));
    set_ref((PyObject **)&action_class, Py_NewRef(action));
    set_ref(&emits, Py_NewRef(names));
    set_ref(&missing, Py_NewRef(none));
    Py_RETURN_NONE;
}

static PyMethodDef bind_method = {"bind", bind, METH_VARARGS, bind_doc};

int kernel_types(PyObject *module)
{
    text_step = PyUnicode_InternFromString("_step");
    text_state_bytes = PyUnicode_InternFromString("state_bytes");
    text_work = PyUnicode_InternFromString("work");
    text_execution = PyUnicode_InternFromString("execution");
    text_zero = PyLong_FromLong(0);
    kernel_type = (PyTypeObject *)PyType_FromSpec(&kernel_spec);
    view_type = (PyTypeObject *)PyType_FromSpec(&view_spec);
    PyObject *function = PyCFunction_New(&bind_method, NULL);
    return kernel_type && view_type && function &&
           PyModule_AddObjectRef(module, "Kernel", (PyObject *)kernel_type) == 0 &&
           PyModule_AddObjectRef(module, "State", (PyObject *)view_type) == 0 &&
           PyModule_AddObjectRef(module, "bind", function) == 0;
}
