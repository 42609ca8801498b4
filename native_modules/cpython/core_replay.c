// Replay in the module tsme_core: a journal's inputs run through the engine again, and every byte
// of its records compared, without a value of Python being made. It says that all is the
// same, or that somebody has to look closer: tsme_host/tools/journal tells what differs.

#include "core.h"
#include "core_replay.h"
#include "journal.h"

#include <string.h>

typedef struct {
    Core *c;              // what runs the execution so far; NULL: its state is not known
    PyObject *find;       // find(body of a start or checkpoint) -> handle, or None
    PyObject *executions; // a set of numbers
    uint32_t last;        // number of the last record
    int begun;            // there was one
    uint32_t steps, checkpoints, skipped, first_skipped;
} Replay;

enum { SAME = 1, OTHER = 0, FAILED = -1 };

// The unsigned integer at `*at`; 0 if there is none.
static int take_uint(const uint8_t **at, const uint8_t *end, uint64_t *n)
{
    if (*at >= end || **at > 27) {
        return 0;
    }
    uint8_t head = *(*at)++;
    int width = head < 24 ? 0 : 1 << (head - 24);
    if (end - *at < width) {
        return 0;
    }
    for (*n = width ? 0 : head; width; width--) {
        *n = *n << 8 | *(*at)++;
    }
    return 1;
}

// The handle for the execution that a record begins, in r->c.
static int found(Replay *r, const uint8_t *body, uint32_t size)
{
    PyObject *bytes = PyBytes_FromStringAndSize((const char *)body, size);
    PyObject *h = bytes ? PyObject_CallFunctionObjArgs(r->find, bytes, NULL) : NULL;
    Py_XDECREF(bytes);
    if (!h) {
        return FAILED;
    }
    int ours = PyObject_TypeCheck(h, core_type);
    PyObject *old = (PyObject *)r->c;
    r->c = ours ? (Core *)Py_NewRef(h) : NULL;
    Py_XDECREF(old);
    Py_DECREF(h);
    return ours ? SAME : OTHER;
}

static int note_execution(Replay *r)
{
    PyObject *n = PyLong_FromUnsignedLongLong(r->c->t.origin.execution);
    int ok = n && PySet_Add(r->executions, n) == 0;
    Py_XDECREF(n);
    return ok ? SAME : FAILED;
}

static int skip(Replay *r, uint32_t number)
{
    r->first_skipped = r->skipped ? r->first_skipped : number;
    r->skipped++;
    return SAME;
}

// Does a start begin an execution of the program that is there?
static int is_ours(const Core *c, const uint8_t *fields, const uint8_t *end)
{
    uint64_t execution;
    return take_uint(&fields, end, &execution) && end - fields >= 9 && *fields == 0x48 &&
           !memcmp(fields + 1, c->t.program.digest, 8);
}

static int step(Replay *r, uint32_t number, const uint8_t *body, uint32_t size)
{
    const uint8_t *at = body + 4, *end = body + size;
    uint64_t kind, ms;
    if (size < 6 || !take_uint(&at, end, &kind) || !take_uint(&at, end, &ms) || kind > 255) {
        return OTHER;
    }
    int starts = kind == TSME_INPUT_START;
    if (starts && r->c && (r->c->t.origin.execution && r->c->t.state.status == TSME_RUNNING)) {
        return OTHER;
    }
    if (starts && !(r->c && is_ours(r->c, at, end))) {
        int got = found(r, body, size);
        if (got != SAME || !is_ours(r->c, at, end)) {
            return got == FAILED ? FAILED : OTHER;
        }
    }
    if (!r->c) {
        return skip(r, number);
    }
    struct tsme *t = &r->c->t;
    struct tsme_input input = {.kind = (uint8_t)kind,
                               .now = starts ? ms : t->state.now + ms,
                               .fields = at,
                               .fields_size = (uint32_t)(end - at)};
    int err = tsme_make(t, &input);
    if (PyErr_Occurred()) {
        return FAILED;
    }
    if (err) {
        return OTHER;
    }
    int same = 1;
    for (unsigned k = 0; same && k < t->records; k++) {
        uint32_t n = t->record[k].size;
        same = n <= (uint32_t)(end - body) && !memcmp(t->record[k].at, body, n);
        body += n;
    }
    if (!same || body != end) {
        tsme_undo(t);
        return OTHER;
    }
    tsme_adopt(t);
    r->steps++;
    return starts ? note_execution(r) : SAME;
}

static int checkpoint(Replay *r, const uint8_t *body, uint32_t size)
{
    if (!r->c) {
        int got = found(r, body, size);
        if (got != SAME || tsme_restore(&r->c->t, body, size)) {
            return got == FAILED ? FAILED : OTHER;
        }
    }
    uint8_t *own = PyMem_Malloc(size ? size : 1);
    if (!own) {
        PyErr_NoMemory();
        return FAILED;
    }
    int same = tsme_checkpoint(&r->c->t, own, size) == size && !memcmp(own, body, size);
    PyMem_Free(own);
    if (!same) {
        return OTHER;
    }
    r->checkpoints++;
    return note_execution(r);
}

static int record(Replay *r, const struct tsme_walk *walk, const uint8_t *body)
{
    if (r->begun && walk->number != r->last + 1) {
        return OTHER;
    }
    r->begun = 1;
    r->last = walk->number;
    return walk->kind == TSME_JOURNAL_CHECKPOINT ? checkpoint(r, body, walk->size)
                                                 : step(r, walk->number, body, walk->size);
}

static int go_through(Replay *r, struct tsme_journal *j)
{
    struct tsme_walk walk;
    int same = tsme_journal_records(j, &walk) ? OTHER : SAME;
    while (same == SAME) {
        int got = tsme_journal_next(&walk);
        if (got == TSME_WALK_END) {
            return SAME;
        }
        if (got != TSME_WALK_RECORD) {
            return PyErr_Occurred() ? FAILED : OTHER;
        }
        uint8_t *copy = NULL;
        if (!walk.body) { // larger than the journal's buffer
            copy = PyMem_Malloc(walk.size);
            if (!copy || tsme_journal_body(&walk, copy)) {
                PyMem_Free(copy);
                return copy ? OTHER : (PyErr_NoMemory(), FAILED);
            }
        }
        same = record(r, &walk, copy ? copy : walk.body);
        PyMem_Free(copy);
    }
    return same;
}

PyObject *core_replay(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *journal;
    Replay r;
    memset(&r, 0, sizeof r);
    if (!PyArg_ParseTuple(args, "OO", &journal, &r.find)) {
        return NULL;
    }
    struct tsme_journal *j = journal_of(journal);
    if (!j) {
        PyErr_SetString(PyExc_TypeError, "that is no journal");
        return NULL;
    }
    r.executions = PySet_New(NULL);
    int same = r.executions ? go_through(&r, j) : FAILED;
    if (PyErr_Occurred()) { // the journal's device has raised
        same = FAILED;
    }
    PyObject *out = NULL;
    if (same == SAME) {
        out = Py_BuildValue("(IIIII)", r.steps, r.checkpoints, (unsigned)PySet_Size(r.executions),
                            r.skipped, r.first_skipped);
    } else if (same == OTHER) {
        out = Py_NewRef(Py_None);
    }
    Py_XDECREF((PyObject *)r.c);
    Py_XDECREF(r.executions);
    return out;
}
