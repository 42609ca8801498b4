// The interpreter's loop, for tsme_native.c.

#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

extern PyMethodDef loop_method;

/// Makes the names that it needs; false with an error set.
int loop_begin(void);

/// Takes from the module of Python's loop what that uses; false with an error
/// set.
int loop_rest(PyObject *function);
