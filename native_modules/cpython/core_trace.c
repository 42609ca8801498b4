// Who watches what a program does (SPEC 3.6): the core's observer as a function in Python.

#include "core.h"

#include "../tsme_core/tsme_trace.h"

// Leaves an exception where core_make() finds it.
static int see(void *context, struct tsme *t, const struct tsme_event *event)
{
    Core *c = context;
    c->event = event;
    PyObject *done =
        PyObject_CallFunction(c->watcher, "IIIIK", event->kind, event->frame, event->pc,
                              event->number, (unsigned long long)t->state.now);
    c->event = NULL;
    Py_XDECREF(done);
    return done == NULL;
}

PyObject *core_watch(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *h, *function;
    unsigned int kinds;
    if (!PyArg_ParseTuple(args, "O!IO", core_type, &h, &kinds, &function)) {
        return NULL;
    }
    Core *c = (Core *)h;
    set_ref(&c->watcher, function == Py_None ? NULL : Py_NewRef(function));
    tsme_watch(&c->t, c->watcher ? see : NULL, c, kinds);
    Py_RETURN_NONE;
}

// What is told of the event under way, for which there is room in `own` mostly.
static PyObject *told(Core *c, uint32_t (*write)(Core *, uint32_t, uint8_t *, uint32_t),
                      uint32_t number)
{
    uint8_t own[1024];
    if (!c->event) {
        PyErr_SetString(PyExc_ValueError, "tsme_core: there is no event now");
        return NULL;
    }
    uint32_t size = write(c, number, own, sizeof own);
    if (size <= sizeof own) {
        return PyBytes_FromStringAndSize((const char *)own, size);
    }
    PyObject *out = PyBytes_FromStringAndSize(NULL, size);
    if (out) {
        (void)write(c, number, (uint8_t *)PyBytes_AsString(out), size);
    }
    return out;
}

static uint32_t write_data(Core *c, uint32_t number, uint8_t *out, uint32_t room)
{
    (void)number;
    return tsme_event_data(&c->t, c->event, out, room);
}

static uint32_t write_frame(Core *c, uint32_t number, uint8_t *out, uint32_t room)
{
    return tsme_event_frame(&c->t, number, out, room);
}

PyObject *core_event(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *h;
    return PyArg_ParseTuple(args, "O!", core_type, &h) ? told((Core *)h, write_data, 0) : NULL;
}

PyObject *core_frame(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *h;
    unsigned int number;
    if (!PyArg_ParseTuple(args, "O!I", core_type, &h, &number)) {
        return NULL;
    }
    return told((Core *)h, write_frame, number);
}
