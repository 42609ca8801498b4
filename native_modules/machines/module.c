// The module tsme_machines: machines.h says what it is for.

#include "machines.h"

#define API 3

static const struct {
    const char *name;
    PyObject **to;
} asked[] = {
    {"fault", &py.fault},
    {"over", &py.over},
    {"leaf", &py.leaf},
    {"frozen", &py.frozen},
    {"encode_all", &py.encode_all},
    {"measure", &py.measure},
    {"ordered", &py.ordered},
    {"Ordered", &py.Ordered},
    {"ObjectDraft", &py.ObjectDraft},
    {"kinds", &py.kinds},
    {"Action", &py.Action},
    {"Step", &py.Step},
    {"State", &py.State},
    {"Input", &py.Input},
    {"Actions", &py.Actions},
    {"reject", &py.reject},
    {"bound", &py.bound},
    {"limits", &py.limits},
    {"LimitError", &py.LimitError},
    {"journal_error", &py.journal_error},
    {"Info", &py.Info},
    {"PowerLoss", &py.PowerLoss},
    {"heappop", &py.heappop},
};

// bind(name=what Python has, ...)
static PyObject *bind(PyObject *self, PyObject *args, PyObject *names)
{
    (void)self;
    (void)args;
    for (size_t k = 0; names && k < sizeof asked / sizeof *asked; k++) {
        PyObject *v = PyDict_GetItemString(names, asked[k].name);
        if (v)
            Py_XSETREF(*asked[k].to, Py_NewRef(v));
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"bind", (PyCFunction)(void (*)(void))bind, METH_VARARGS | METH_KEYWORDS,
     "bind(name=...): what is rare and stays in Python"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "tsme_machines", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_tsme_machines(void)
{
    PyObject *made = PyModule_Create(&module);
    if (made &&
        (PyModule_AddIntConstant(made, "API", API) < 0 || !values_begin(made) ||
         !drafts_begin(made) || !dice_begin(made) || !steps_begin(made) || !flash_begin(made) ||
         !journal_begin(made) || !worlds_begin(made) || !recovery_begin(made)))
        Py_CLEAR(made);
    return made;
}
