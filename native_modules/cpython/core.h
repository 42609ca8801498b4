// Inside the module tsme_core of CPython: Python's values as CBOR and back, the handle, and the
// types that make a step in one call. Built against Python's stable ABI (3.11 and later).

#ifndef TSME_CPYTHON_CORE_H
#define TSME_CPYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include "../tsme_core/tsme.h"

#include <stdint.h>

// What `place` holds becomes `v`, which is taken.
static inline void set_ref(PyObject **place, PyObject *v)
{
    PyObject *old = *place;
    *place = v;
    Py_XDECREF(old);
}

/// Values: core_values.c ///

// Bytes that grow; `data` is `own` until they are more than that has room for.
typedef struct {
    uint8_t *data;
    size_t size, room;
    uint8_t own[512];
} Out;

void out_begin(Out *out);
void out_end(Out *out);
int out_put(Out *out, const void *data, size_t n); // 0 with an error set
int out_head(Out *out, int major, uint64_t n);

// 1: it is written. 0: it holds what only Python's encoder knows, or refuses; no error is
// set. -1: an error is set. `container` as in tsme/values/cbor.py, `deep`: containers around it.
int out_value(Out *out, PyObject *v, int container, int deep);

// The item at `*at`, which the core has written or checked; NULL with an error set.
PyObject *value_at(const uint8_t **at, const uint8_t *end);

// What stands for a value that is not there.
extern PyObject *missing;

/// The handle: core_handle.c ///

typedef struct {
    PyObject_HEAD struct tsme t;
    uint32_t limits[TSME_LIMITS];
    uint32_t used[TSME_LIMITS]; // .. of the last step
    Py_buffer program;
    Py_buffer lent;                 // the memory, if the caller lent it
    uint8_t *memory;                // else it is of ours
    PyObject *call;                 // or NULL
    PyObject *watcher;              // who is told of events, or NULL
    const struct tsme_event *event; // that is told now, or NULL
    PyObject *answer;               // of the call, for which there was no room, or NULL
    Out fields;                     // of the input under way ..
    int kind;                       // .. and what else it has
    uint64_t now;
    int busy; // a step is being made, so that who is called by it can only ask for its events
} Core;

extern PyTypeObject *core_type;

PyObject *core_boot(PyObject *self, PyObject *args);
PyObject *core_install(PyObject *self, PyObject *args);

int core_busy(const Core *c); // 1 with an error set, while a step is being made

// TSME_OK, TSME_LATE or an error, of the fields in c->fields.
int core_make(Core *c, int kind, uint64_t now);
int core_again(Core *c); // the same, once more
PyObject *core_record(const Core *c);

// What one of the functions of tsme.h gives that write, as bytes.
PyObject *core_written(Core *c, uint32_t (*write)(struct tsme *, uint8_t *, uint32_t));

/// Who watches: core_trace.c ///

PyObject *core_watch(PyObject *self, PyObject *args);
PyObject *core_event(PyObject *self, PyObject *args);
PyObject *core_frame(PyObject *self, PyObject *args);

/// Steps in one call: core_kernel.c ///

int kernel_types(PyObject *module);

#endif
