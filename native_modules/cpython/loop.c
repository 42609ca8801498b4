// The interpreter's loop of tsme/program/interpreter.py in C: the same operations with the same
// effects. All but the dozen that Python's loop does itself are left to
// tsme/program/instructions.py.

#include "loop.h"

#include "../opcodes.h"

#define NUMBER(name, number, ...) name = number,
enum { TSME_INSTRUCTIONS(NUMBER) };

static PyObject *n_code, *n_consts, *n_slots, *n_pc, *n_dirty, *n_trace, *n_left, *n_now, *n_enter;
enum { T_ENTER, T_ASSIGN }; // kinds of trace events, as in tsme/kernel/protocol.py
static PyObject *operations, *compare, *error, *sized, *missing;

// What an operation works on; nothing here is owned but code, consts and slots.
typedef struct {
    PyObject *vm, *d, *number, *f, *stack;
    PyObject *consts, *slots;
    Py_buffer code;
    Py_ssize_t pc;
} Loop;

// The last item of the stack, or NULL for an error.
static PyObject *pop(Loop *l)
{
    Py_ssize_t n = PyList_GET_SIZE(l->stack);
    if (!n) {
        PyErr_SetString(PyExc_IndexError, "pop from an empty stack");
        return NULL;
    }
    PyObject *v = PyList_GET_ITEM(l->stack, n - 1);
    Py_SET_SIZE(l->stack, n - 1); // its reference is the caller's now
    return v;
}

// Takes v.
static int push(Loop *l, PyObject *v)
{
    int ok = v && PyList_Append(l->stack, v) == 0;
    Py_XDECREF(v);
    return ok;
}

static int keep_pc(Loop *l, Py_ssize_t pc)
{
    PyObject *v = PyLong_FromSsize_t(pc);
    int ok = v && PyObject_SetAttr(l->f, n_pc, v) == 0;
    Py_XDECREF(v);
    return ok;
}

// Calls what watches, if anything does.
static int trace(Loop *l, int kind, Py_ssize_t a)
{
    PyObject *watch = PyObject_GetAttr(l->vm, n_trace);
    int on = watch ? PyObject_IsTrue(watch) : -1;
    if (on > 0) {
        PyObject *told = NULL;
        if (keep_pc(l, l->pc >> 1))
            told = PyObject_CallFunction(watch, "iOOOn", kind, l->d, l->number, l->f, a);
        on = told ? 1 : -1;
        Py_XDECREF(told);
    }
    Py_XDECREF(watch);
    return on >= 0;
}

static int member(Loop *l, int op, Py_ssize_t a)
{
    PyObject *v = op == FIELD ? Py_XNewRef(PyList_GetItem(l->slots, 0)) : pop(l);
    PyObject *key = v ? PySequence_GetItem(l->consts, a) : NULL, *found = NULL;
    if (key && PyDict_Check(v))
        found = Py_XNewRef(PyDict_GetItemWithError(v, key));
    if (key && !found && !PyErr_Occurred() && keep_pc(l, l->pc >> 1)) {
        PyObject *e = PyObject_CallFunction(error, "iO", 1, v);
        if (e)
            PyErr_SetObject((PyObject *)Py_TYPE(e), e);
        Py_XDECREF(e);
    }
    Py_XDECREF(v);
    Py_XDECREF(key);
    return push(l, found);
}

static int store(Loop *l, Py_ssize_t a)
{
    PyObject *v = pop(l);
    if (!v || PyList_SetItem(l->slots, a, Py_NewRef(v)) < 0) {
        Py_XDECREF(v);
        return 0;
    }
    PyObject *dirty = PyObject_GetAttr(l->f, n_dirty), *one = PyLong_FromLong(1);
    PyObject *by = PyLong_FromSsize_t(a), *bit = one && by ? PyNumber_Lshift(one, by) : NULL;
    PyObject *all = dirty && bit ? PyNumber_Or(dirty, bit) : NULL;
    int ok = all && PyObject_SetAttr(l->f, n_dirty, all) == 0 && (!a || trace(l, T_ASSIGN, a));
    Py_XDECREF(dirty);
    Py_XDECREF(one);
    Py_XDECREF(by);
    Py_XDECREF(bit);
    Py_XDECREF(all);
    Py_DECREF(v);
    return ok;
}

static int object(Loop *l, Py_ssize_t a)
{
    PyObject *names = PySequence_GetItem(l->consts, a), *v = PyDict_New();
    Py_ssize_t count = names ? PySequence_Size(names) : -1;
    Py_ssize_t end = PyList_GET_SIZE(l->stack), at = end - count;
    int ok = v && count >= 0;
    for (Py_ssize_t k = 0; ok && k < count; k++) {
        PyObject *name = PySequence_GetItem(names, k);
        PyObject *value = name ? PyList_GetItem(l->stack, at + k) : NULL;
        ok = value && PyDict_SetItem(v, name, value) == 0;
        Py_XDECREF(name);
    }
    ok = ok && PyList_SetSlice(l->stack, at, end, NULL) == 0 && keep_pc(l, l->pc >> 1) &&
         push(l, PyObject_CallFunctionObjArgs(sized, l->vm, l->d, v, NULL));
    Py_XDECREF(names);
    Py_XDECREF(v);
    return ok;
}

// 1: on it goes; 0: the budget is spent; -1: an error.
static int enter(Loop *l, Py_ssize_t a)
{
    PyObject *left = PyObject_GetAttr(l->d, n_left), *now = NULL, *state = NULL, *entry = NULL;
    int on = left ? PyObject_IsTrue(left) : -1;
    if (on == 0) // stay here, go on in the next step
        on = keep_pc(l, (l->pc >> 1) - (a > 255 ? 2 : 1)) ? 0 : -1;
    if (on > 0) {
        PyObject *one = PyLong_FromLong(1), *less = one ? PyNumber_Subtract(left, one) : NULL;
        on = less && PyObject_SetAttr(l->d, n_left, less) == 0 ? 1 : -1;
        Py_XDECREF(one);
        Py_XDECREF(less);
    }
    if (on > 0) {
        now = PyObject_GetAttr(l->d, n_now);
        state = PyLong_FromSsize_t(a);
        entry = PyLong_FromSsize_t(l->pc >> 1);
        PyObject *args[4] = {l->f, state, now, entry}, *done = NULL;
        if (now && state && entry)
            done = PyObject_VectorcallMethod(n_enter, args, 4, NULL);
        on = done && trace(l, T_ENTER, a) ? 1 : -1;
        Py_XDECREF(done);
    }
    Py_XDECREF(left);
    Py_XDECREF(now);
    Py_XDECREF(state);
    Py_XDECREF(entry);
    return on;
}

static int compared(Loop *l, Py_ssize_t a)
{
    PyObject *y = pop(l), *x = y ? pop(l) : NULL, *k = PyLong_FromSsize_t(a), *v = NULL;
    if (x && k)
        v = PyObject_CallFunctionObjArgs(compare, k, x, y, NULL);
    Py_XDECREF(x);
    Py_XDECREF(y);
    Py_XDECREF(k);
    return push(l, v);
}

// An operation that is not of the loop. 1: on it goes; 0: the frame stops; -1:
// an error.
static int other(Loop *l, int op, Py_ssize_t a)
{
    PyObject *operand = PyLong_FromSsize_t(a), *done = NULL;
    PyObject *function = PySequence_GetItem(operations, op);
    PyObject *args[6] = {l->vm, l->d, l->number, l->f, l->stack, operand};
    if (operand && function && keep_pc(l, l->pc >> 1))
        done = PyObject_Vectorcall(function, args, 6, NULL);
    int stops = done ? PyObject_IsTrue(done) : -1;
    Py_XDECREF(operand);
    Py_XDECREF(function);
    Py_XDECREF(done);
    return stops < 0 ? -1 : !stops;
}

static int branch(Loop *l, int op, Py_ssize_t a)
{
    PyObject *v = pop(l);
    if (v == (op == IF ? Py_True : Py_False))
        l->pc = 2 * a;
    Py_XDECREF(v);
    return v ? 1 : -1;
}

// One operation. 1: on it goes; 0: the frame stops; -1: an error.
static int operate(Loop *l, int op, Py_ssize_t a)
{
    switch (op) {
    case CONST: return push(l, PySequence_GetItem(l->consts, a)) ? 1 : -1;
    case INT: return push(l, PyLong_FromSsize_t(a)) ? 1 : -1;
    case LOAD: {
        PyObject *v = a < 256 ? PyList_GetItem(l->slots, a) : missing;
        if (v == missing) // or of a frame around this one
            break;
        return push(l, Py_XNewRef(v)) ? 1 : -1;
    }
    case STORE: return store(l, a) ? 1 : -1;
    case PICK: return push(l, Py_XNewRef(PyList_GetItem(l->stack, a))) ? 1 : -1;
    case FIELD:
    case KEY: return member(l, op, a) ? 1 : -1;
    case OBJECT: return object(l, a) ? 1 : -1;
    case ENTER: return enter(l, a);
    case JUMP: l->pc = 2 * a; return 1;
    case IF:
    case UNLESS: return branch(l, op, a);
    case COMPARE: return compared(l, a) ? 1 : -1;
    default: break;
    }
    return other(l, op, a);
}

static int run(Loop *l)
{
    for (int on = 1; on;) {
        const uint8_t *at = (const uint8_t *)l->code.buf + l->pc;
        int wide = l->pc + 1 < l->code.len && !at[0];
        if (l->pc < 0 || l->pc + (wide ? 3 : 1) >= l->code.len) {
            PyErr_SetString(PyExc_IndexError, "index out of range");
            return 0;
        }
        l->pc += wide ? 4 : 2;
        on = wide ? operate(l, at[2], at[1] << 8 | at[3]) : operate(l, at[0], at[1]);
        if (on < 0)
            return 0;
    }
    return 1;
}

static PyObject *loop(PyObject *self, PyObject *const *args, Py_ssize_t n)
{
    (void)self;
    if (n != 5 || !PyList_Check(args[4])) {
        PyErr_SetString(PyExc_TypeError, "loop(interpreter, d, number, f, stack)");
        return NULL;
    }
    Loop l = {.vm = args[0], .d = args[1], .number = args[2], .f = args[3], .stack = args[4]};
    PyObject *code = PyObject_GetAttr(l.vm, n_code), *pc = PyObject_GetAttr(l.f, n_pc);
    l.consts = PyObject_GetAttr(l.vm, n_consts);
    l.slots = PyObject_GetAttr(l.f, n_slots);
    int ok = code && pc && l.consts && l.slots && PyObject_GetBuffer(code, &l.code, 0) == 0;
    if (ok) {
        l.pc = 2 * PyLong_AsSsize_t(pc);
        ok = !PyErr_Occurred() && run(&l);
        PyBuffer_Release(&l.code);
    }
    Py_XDECREF(code);
    Py_XDECREF(pc);
    Py_XDECREF(l.consts);
    Py_XDECREF(l.slots);
    if (!ok)
        return NULL;
    Py_RETURN_NONE;
}

PyMethodDef loop_method = {
    "loop", (PyCFunction)(void (*)(void))loop, METH_FASTCALL,
    "loop(interpreter, d, number, f, stack), as in tsme/program/interpreter.py"};

int loop_rest(PyObject *function)
{
    static const struct {
        PyObject **name;
        const char *text;
    } names[] = {{&operations, "OPERATIONS"},
                 {&compare, "compare"},
                 {&error, "error"},
                 {&sized, "sized"},
                 {&missing, "MISSING"}};
    PyObject *globals = PyFunction_GetGlobals(function);
    for (size_t k = 0; globals && k < sizeof names / sizeof *names; k++) {
        PyObject *v = PyDict_GetItemString(globals, names[k].text);
        if (!v) {
            PyErr_SetString(PyExc_KeyError, names[k].text);
            return 0;
        }
        Py_XSETREF(*names[k].name, Py_NewRef(v));
    }
    return globals != NULL;
}

int loop_begin(void)
{
    static const struct {
        PyObject **name;
        const char *text;
    } names[] = {{&n_code, "code"}, {&n_consts, "consts"}, {&n_slots, "slots"},
                 {&n_pc, "pc"},     {&n_dirty, "dirty"},   {&n_trace, "trace"},
                 {&n_left, "left"}, {&n_now, "now"},       {&n_enter, "enter"}};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (!(*names[k].name = PyUnicode_InternFromString(names[k].text)))
            return 0;
    return 1;
}
