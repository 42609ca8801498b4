// What CPython does in C of state machines and of the worlds that simulate them:
// drafts, steps, flash, dice. Each part does the very same as the Python code that
// it stands for, which does what is rare here, too, and everything where this
// module is not built. Nobody but CPython has it.

#ifndef TSME_MACHINES_H
#define TSME_MACHINES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <string.h>
#include <structmember.h>

#include "../tsme_core/tsme_journal.h"

#define IS_NONE(v) ((v) == NULL || (v) == Py_None)

/// Bytes ///

// Grows; `own` suffices for most.
typedef struct {
    uint8_t *data;
    size_t size, room; // bytes
    uint8_t own[256];
} Out;

int out_more(Out *out, size_t n); // there is room for so many more
// Each gives 1, or 0 with an exception set.
int out_large(Out *out, int major, uint64_t n);

static inline void out_begin(Out *out)
{
    out->data = out->own;
    out->size = 0;
    out->room = sizeof out->own;
}

static inline void out_end(Out *out)
{
    if (out->data != out->own)
        PyMem_Free(out->data);
}

static inline int out_put(Out *out, const void *data, size_t n)
{
    if (out->size + n > out->room && !out_more(out, n))
        return 0;
    memcpy(out->data + out->size, data, n);
    out->size += n;
    return 1;
}

static inline int out_byte(Out *out, int byte)
{
    if (out->size + 1 > out->room && !out_more(out, 1))
        return 0;
    out->data[out->size++] = (uint8_t)byte;
    return 1;
}

static inline int out_head(Out *out, int major, uint64_t n)
{
    return n < 24 ? out_byte(out, major << 5 | (int)n) : out_large(out, major, n);
}

// As encode_into of tsme/values/cbor.py; container: an item of a record.
int out_value(Out *out, PyObject *v, int container);

// Of zlib: CRC-32 of n bytes behind those that gave `crc`, 0 for none.
uint32_t crc_of(const uint8_t *data, size_t n, uint32_t crc);
void make_crc_tables(void);

/// Values ///

// What Python does of values where it is rare; machines/native.py hands it over.
typedef struct {
    PyObject *fault, *over;         // errors, by their codes
    PyObject *leaf, *frozen;        // of drafts.py
    PyObject *encode_all, *measure; // of cbor.py
    PyObject *ordered;              // of copies.py
    PyObject *Ordered;              // the dict that keeps its order
    PyObject *ObjectDraft, *kinds;  // class of objects' drafts; drafts of others, by type
    PyObject *Action, *Step;        // of the kernel
    PyObject *State;                // class of the states that steps make
    PyObject *Input, *Actions;      // what stf() is given
    PyObject *reject;               // raises an exception of stf() as Rejected
    PyObject *bound;                // of checkpoints.py
    PyObject *limits;               // LIMITS
    PyObject *LimitError;
    PyObject *journal_error; // the exception of a code and its numbers
    PyObject *Info;          // what recovery finds
    PyObject *PowerLoss;     // of sim/nor.py
    PyObject *heappop;       // of heapq
} Python;

extern Python py;

// Raises the error of this code; gives NULL. `arg` may be NULL.
PyObject *raise_fault(const char *code, PyObject *arg);

// None, bool, str or int, exactly.
static inline int is_leaf(PyObject *v)
{
    PyTypeObject *type = Py_TYPE(v);
    return type == &PyUnicode_Type || type == &PyLong_Type || v == Py_None || type == &PyBool_Type;
}

int is_box(PyObject *v);
// New references, as leaf(), own() and frozen() of drafts.py.
PyObject *value_leaf(PyObject *v);
PyObject *value_own(PyObject *v);
PyObject *value_frozen(PyObject *v, int deep, int last);
// As ordered() of copies.py.
PyObject *value_ordered(PyObject *v);

/// Objects that come and go in every step ///

enum { POOLED = 16 };

// Objects of one type that are not needed now.
typedef struct {
    PyObject *all[POOLED];
    int count;
} Pool;

static inline PyObject *pool_take(Pool *pool, PyTypeObject *type)
{
    if (!pool->count)
        return type->tp_alloc(type, 0);
    PyObject *o = pool->all[--pool->count];
    memset((char *)o + sizeof *o, 0, (size_t)type->tp_basicsize - sizeof *o);
    PyObject_Init(o, type);
    if (type->tp_flags & Py_TPFLAGS_HAVE_GC)
        PyObject_GC_Track(o);
    return o;
}

// Of an object that is cleared, and that the collector knows no more.
static inline void pool_give(Pool *pool, PyObject *o)
{
    PyTypeObject *type = Py_TYPE(o);
    if (pool && pool->count < POOLED)
        pool->all[pool->count++] = o;
    else
        type->tp_free(o);
    Py_DECREF(type);
}

/// Drafts ///

typedef struct Draft {
    PyObject_HEAD PyObject *base, *now; // what was; what is, the same until the first change
    PyObject *kids, *seen, *steps;      // NULL or None: none; as drafts.py has them
    struct Draft *parent;               // NULL: it is the first
    PyObject *only;     // the one name that was written so far: then there are no seen and steps
    PyObject *dict;     // what else somebody has put on it
    struct Draft *root; // the first, which its parents keep; NULL: itself
    char open, changed, ends;
} Draft;

extern PyTypeObject *draft_type;

Draft *draft_new(PyObject *base, Draft *parent);
PyObject *draft_value(Draft *d, int deep, int last);
// Appends what has changed below the path of n names.
int draft_delta(Draft *d, Out *out, int n, const uint8_t *path, size_t path_size);
// The step is over, and `d` is not needed: drafts hold each other, and are let go
// at once if nobody else has one.
void draft_release(Draft *d);

/// Steps ///

enum { SUCCEEDED = 2, FAILED = 3, TIMER = 5, SIGNAL = 8 }; // as kernel/protocol.py has them

// A state, and the builder of one, as kernel/__init__.py has them.
typedef struct {
    PyObject_HEAD PyObject *client, *pending, *origin, *result;
    PyObject *actions, *gone, *changed; // lists; NULL: empty so far; None: the step is made
    PyObject *frames, *error;
    PyObject *after, *after_body; // the state that a replay came to, by which record
    int64_t steps, execution, now, next_id, first, left, bound;
    uint64_t rng;
    uint32_t digest;
    int status;
    char random;
} State;

// What a machine's steps need.
typedef struct {
    PyObject *stf;
    PyObject *kernel; // who is asked whether a state is too large
    int64_t room;     // bytes of a checkpoint that the journal takes, 0 for any number
} Steps;

// Of an event.
typedef struct {
    int kind;         // of those above
    int64_t now;      // ms since 1970
    PyObject *action; // NULL of a signal
    PyObject *a, *b;  // value, or error and cause; they may be NULL
} Event;

// A step is made: nothing can be asked for in it any more.
void state_done(State *s);
// `state` as a State of C; a new reference.
State *state_of(PyObject *state);
// The state after an event, and its record; NULL with an exception set, which is
// what stf() has raised if *raised is 1.
State *step_make(const Steps *steps, State *old, const Event *event, Out *record, int *raised);

/// Dice ///

extern PyTypeObject *roll_type;

void dice_begin_with(PyObject *dice, uint64_t x);
uint64_t dice_draw(PyObject *dice);

/// Flash ///

// What sim/nor.py has of flash, where nothing goes wrong; all else is Python's.
typedef struct {
    PyObject_HEAD PyObject *data, *weak, *units; // bytearrays
    PyObject *failing;                           // a dict
    int64_t *counts;                             // of each block: four numbers
    int64_t block, count, program_size;          // bytes, blocks, bytes
    int64_t ops, cut, time_us;
    char on, strict, told;
} Flash;

extern PyTypeObject *flash_type;

// Of tsme_journal.h, with a Flash as context.
int flash_read(void *context, uint32_t block, uint32_t off, uint8_t *to, uint32_t size);
int flash_program(void *context, uint32_t block, uint32_t off, const uint8_t *from, uint32_t size);
int flash_erase(void *context, uint32_t block);

/// Journals ///

// A journal on a Flash: a Store, as tsme/journal has it.
typedef struct {
    PyObject_HEAD Flash *flash;
    struct tsme_journal journal;
    struct tsme_walk walk;
    uint8_t buffer[256];
    uint8_t *blocks;
} Journal;

extern PyTypeObject *journal_type;

// Raises what a function of tsme_journal.h has given, a negative number; gives 0.
int journal_raise(Journal *j, int code);
int journal_commit(Journal *j, uint8_t kind, const uint8_t *body, size_t size);

int drafts_begin(PyObject *module);
int flash_begin(PyObject *module);
int journal_begin(PyObject *module);
int worlds_begin(PyObject *module);
int recovery_begin(PyObject *module);
int values_begin(PyObject *module);
int dice_begin(PyObject *module);
int steps_begin(PyObject *module);

#endif
