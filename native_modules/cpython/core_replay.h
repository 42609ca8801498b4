// Replay of whole journals, in the module tsme_core of CPython.

#ifndef TSME_CPYTHON_CORE_REPLAY_H
#define TSME_CPYTHON_CORE_REPLAY_H

#include "core.h"

// replay(journal, find) -> (steps, checkpoints, executions, skipped, first skipped), or None
PyObject *core_replay(PyObject *self, PyObject *args);

#endif
