// Random numbers of a simulation, as sim/rng.py has them: SplitMix64, begun anew in
// no time.

#include "machines.h"

#define GAMMA 0x9E3779B97F4A7C15u

PyTypeObject *roll_type;

static uint64_t turned(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

uint64_t dice_mix(uint64_t x, uint64_t part)
{
    return turned((x ^ part) + GAMMA);
}

static PyObject *mix(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    uint64_t x = 0;
    for (Py_ssize_t k = 0; k < n; k++)
        x = dice_mix(x, PyLong_AsUnsignedLongLongMask(args[k]));
    return PyErr_Occurred() ? NULL : PyLong_FromUnsignedLongLong(x);
}

typedef struct {
    uint64_t x;
    PyObject *gauss_next; // half a pair that random.Random keeps
} Roll;

// Behind what random.Random has, which this type is a part of.
static Py_ssize_t roll_at;

#define ROLL(self) ((Roll *)(void *)((char *)(self) + roll_at))

uint64_t dice_draw(PyObject *dice)
{
    Roll *roll = ROLL(dice);
    roll->x += GAMMA;
    return turned(roll->x);
}

static PyObject *draw(PyObject *self, PyObject *none)
{
    (void)none;
    return PyLong_FromUnsignedLongLong(dice_draw(self));
}

static PyObject *below(PyObject *self, PyObject *n)
{
    int over;
    long long most = PyLong_AsLongLongAndOverflow(n, &over);
    if (most == -1 && PyErr_Occurred())
        return NULL;
    uint64_t high = dice_draw(self) >> 32;
    if (!over && most >= 0 && most <= 0x7FFFFFFF)
        return PyLong_FromUnsignedLongLong(high * (uint64_t)most >> 32);
    PyObject *x = PyLong_FromUnsignedLongLong(high), *shift = PyLong_FromLong(32);
    PyObject *product = x ? PyNumber_Multiply(x, n) : NULL;
    PyObject *found = product && shift ? PyNumber_Rshift(product, shift) : NULL;
    Py_XDECREF(x);
    Py_XDECREF(shift);
    Py_XDECREF(product);
    return found;
}

static PyObject *fraction(PyObject *self, PyObject *none)
{
    (void)none;
    return PyFloat_FromDouble((double)(dice_draw(self) >> 11) * 0x1p-53);
}

void dice_begin_with(PyObject *dice, uint64_t x)
{
    Roll *roll = ROLL(dice);
    roll->x = x;
    Py_XSETREF(roll->gauss_next, Py_NewRef(Py_None));
}

static PyObject *begin(PyObject *self, PyObject *n)
{
    uint64_t x = PyLong_AsUnsignedLongLongMask(n);
    if (PyErr_Occurred())
        return NULL;
    dice_begin_with(self, x);
    return Py_NewRef(self);
}

// Without a seed of random.Random's own, which nobody asks for.
static PyObject *make(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *n = NULL;
    static char *known[] = {"n", NULL};
    if (!PyArg_ParseTupleAndKeywords(args, names, "|O", known, &n))
        return NULL;
    uint64_t x = n ? PyLong_AsUnsignedLongLongMask(n) : 0;
    PyObject *self = PyErr_Occurred() ? NULL : type->tp_alloc(type, 0);
    if (self)
        dice_begin_with(self, x);
    return self;
}

static int visit_all(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(ROLL(self)->gauss_next);
    Py_VISIT(Py_TYPE(self));
    return 0;
}

static int clear(PyObject *self)
{
    Py_CLEAR(ROLL(self)->gauss_next);
    return 0;
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static int make_nothing(PyObject *self, PyObject *args, PyObject *names)
{
    (void)self, (void)args, (void)names; // all is done
    return 0;
}

static PyObject *get_gauss_next(PyObject *self, void *none)
{
    (void)none;
    PyObject *v = ROLL(self)->gauss_next;
    return Py_NewRef(v ? v : Py_None);
}

static int set_gauss_next(PyObject *self, PyObject *v, void *none)
{
    (void)none;
    Py_XSETREF(ROLL(self)->gauss_next, Py_XNewRef(v));
    return 0;
}

static PyObject *get_x(PyObject *self, void *none)
{
    (void)none;
    return PyLong_FromUnsignedLongLong(ROLL(self)->x);
}

static int set_x(PyObject *self, PyObject *v, void *none)
{
    (void)none;
    uint64_t x = v ? PyLong_AsUnsignedLongLongMask(v) : 0;
    if (PyErr_Occurred())
        return -1;
    ROLL(self)->x = x;
    return 0;
}

static PyMethodDef roll_methods[] = {
    {"begin", begin, METH_O, "Go on as one that was made with n."},
    {"draw", draw, METH_NOARGS, "The next 64 bits."},
    {"below", below, METH_O, "An integer from 0 to n - 1; faster than randrange, n below 2^32."},
    {"random", fraction, METH_NOARGS, "A number from 0.0 to below 1.0."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef roll_fields[] = {
    {"x", get_x, set_x, NULL, NULL},
    {"gauss_next", get_gauss_next, set_gauss_next, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot roll_slots[] = {
    {Py_tp_new, make},           {Py_tp_init, make_nothing},
    {Py_tp_dealloc, dealloc},    {Py_tp_traverse, visit_all},
    {Py_tp_clear, clear},        {Py_tp_methods, roll_methods},
    {Py_tp_getset, roll_fields}, {0, NULL},
};

static PyMethodDef methods[] = {
    {"mix", (PyCFunction)(void (*)(void))mix, METH_FASTCALL, "mix(*parts), as in sim/rng.py"},
    {NULL, NULL, 0, NULL},
};

// The type Roll, of which Dice is made: a part of _random.Random, and so of
// random.Random, with the numbers of SplitMix64.
int dice_begin(PyObject *module)
{
    PyObject *random = PyImport_ImportModule("_random");
    PyObject *base = random ? PyObject_GetAttrString(random, "Random") : NULL;
    Py_XDECREF(random);
    if (!base)
        return 0;
    Py_ssize_t size = ((PyTypeObject *)base)->tp_basicsize;
    roll_at = (size + 7) & -(Py_ssize_t)8;
    PyType_Spec spec = {"tsme_machines.Roll", (int)(roll_at + (Py_ssize_t)sizeof(Roll)), 0,
                        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, roll_slots};
    PyObject *type = PyType_FromSpecWithBases(&spec, base);
    Py_DECREF(base);
    roll_type = (PyTypeObject *)type;
    return type && PyModule_AddObjectRef(module, "Roll", type) == 0 &&
           PyModule_AddFunctions(module, methods) == 0;
}
