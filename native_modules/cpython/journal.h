// Journals of the core, in the module tsme_core of CPython.

#ifndef TSME_CPYTHON_JOURNAL_H
#define TSME_CPYTHON_JOURNAL_H

#define PY_SSIZE_T_CLEAN
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include "../tsme_core/tsme_journal.h"

// Adds the functions journal_open() .. to the module; 0 with an error set.
int journal_functions(PyObject *module);

// The journal that a handle is of, or NULL.
struct tsme_journal *journal_of(PyObject *handle);

#endif
