"""The C core as a module, with the same names on CPython and MicroPython.

Plain functions over a handle, which is one execution's engine and the memory that it works in.
Bytes are CBOR as docs/SPEC.md has it; `data` and `fields` may be any buffer.  What a function
gives is a copy, so nothing of the arena is ever outside.

A negative integer is an error of tsme.h (`TSME_ERR_...`): FORMAT -1, VERSION -2, DIGEST -3,
CODE -4, UNSUPPORTED -5, MEMORY -6, LIMIT -7, INPUT -8, WRITE -9, CALL -10.  Nothing raises but for
want of memory, or because an argument has another type than is said here.

    program -> install -> crc             once, when it arrives; the crc is kept with it
    boot -> handle                        at each start
    restore                               if there is a checkpoint
    make -> record -> adopt, or undo      for each input
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

API: Final = 1
"""Of this file.  Whoever finds another number does without the core."""

Handle: TypeAlias = Any
"""What boot() gives: nothing but these functions can do anything with it."""

Buffer: TypeAlias = bytes | bytearray | memoryview

Call: TypeAlias = Callable[[int, bytes], bytes | int]
"""An intrinsic function that stays in Python (docs/DESIGN.md): its number (SPEC 2.6) and its
arguments, a CBOR sequence.  -> one CBOR item; two texts, name and cause of an error without a
number; a number of SPEC 2.9, such as 3; or -10, if it failed otherwise and the caller knows why.
It raises nothing.  It may be called again for the same step, with the same arguments."""

def install(program: Buffer, memory: bytearray | int = 0) -> int | str:
    """Verify a program that has arrived.  -> its CRC-32, which is to be kept with it; an error; or
    the name of what the core lacks for it.

    memory: four bytes for each instruction of the program, and 2 KiB; a number of bytes, 0 for
    as many as it takes, lets the binding find them.
    """

def boot(
    program: Buffer,
    crc: int | None,
    memory: bytearray | int,
    call: Call | None,
    state_bytes: int,
    record_bytes: int,
    work: int,
) -> Handle | int | str:
    """An engine for one execution of a program; or an error; or the name of what the core lacks.

    crc: as install() gave it; None: the program is verified now.  memory: what the arena and all
    else lies in, at most 512 KiB; a number lets the binding take so much.  call: None if
    there is no Python for functions.  state_bytes, record_bytes: see limits().  work:
    LIMITS["work"].  The handle keeps program, memory and call.
    """

def limits(h: Handle, state_bytes: int, record_bytes: int, work: int) -> None:
    """Set what the next steps may take: bytes of a checkpoint (LIMITS["state_bytes"]), bytes of a
    checkpoint that the journal takes (0: any number), work beyond the budget (LIMITS["work"])."""

def make(h: Handle, kind: int, now: int, fields: Buffer) -> int:
    """Make a step of an input of SPEC 3.1.  `fields`: what stands behind kind and time, a CBOR
    sequence, with the field that bounds the step if there is one.

    0: it is made, and to be adopted or undone.  1: it names an action that is not pending, there
    is no step.  Negative: there is no step, all is as it was.  A step that was made before and not
    adopted is undone first.
    """

def record(h: Handle) -> bytes:
    """The body of the record of the step that is made (SPEC 4.2)."""

def adopt(h: Handle) -> None:
    """The step that is made is durable: its state is the state.  Nothing if none is made."""

def undo(h: Handle) -> None:
    """The step that is made has never been.  Nothing if none is made."""

# What follows tells of the step that is made, if one is, else of the state.

def view(h: Handle) -> tuple[int, ...]:
    """(steps, execution, status, now, next id, rng, digest, start time, transitions, due, due id,
    runnable)

    transitions: of the last make(), also of one that failed.  due, due id: the pending action
    whose time comes first, of several the oldest; -1, 0 if there is none.  runnable: 1 if
    *continue* would run something.
    """

def actions(h: Handle) -> bytes:
    """What the step that is made began or emitted, in that order: a CBOR array of actions (SPEC
    3.2) with absolute times; an untracked one is [0, number of its kind, payload]."""

def pending(h: Handle) -> bytes:
    """The pending actions, by id: a CBOR array of actions (SPEC 3.2) with absolute times."""

def result(h: Handle) -> bytes:
    """What the execution ended with, one CBOR item: the output, or [error, cause]; null while it
    runs."""

def entering(h: Handle) -> int:
    """1 if what *continue* would run begins with an ENTER."""

def attempt(h: Handle, action: int) -> int:
    """Which try of its state a pending task is, from 1."""

def state_of(h: Handle, action: int) -> int:
    """The number of the state that a pending action is of; -1: of the whole workflow."""

def checkpoint(h: Handle) -> bytes:
    """The state as SPEC 5 has it."""

def restore(h: Handle, data: Buffer) -> int:
    """The state of a checkpoint becomes the state.  0, or an error, and then there is no
    execution.  An execution of another program: DIGEST; of another behaviour: UNSUPPORTED."""

def refused(h: Handle) -> str | None:
    """After UNSUPPORTED: the name of what the core lacks."""

def asked(h: Handle) -> tuple[int, int, int]:
    """After LIMIT or MEMORY: (number of the limit in tsme.h, what was asked, the limit)."""

def memory(h: Handle) -> int:
    """Bytes of memory that the handle has."""

# Journals (docs/SPEC.md, 4).  A negative integer is an error of tsme_journal.h: TSME-Jnnn is
# -100 - nnn, and journal_numbers() has what its text names.  What a device raises comes out, but
# for OSError, which says that it failed.

Journal: TypeAlias = Any
"""What journal_open() gives."""

def journal_open(
    device: Any,
    shared: Callable[[], object] | None,
    count: int,
    size: int,
    unit: int,
    once: bool,
    slot: int,
    buffer: Journal | int,
) -> Journal | int:
    """A journal on a block device (readblocks, writeblocks, ioctl), or on memory that stands in
    for flash (bytearray, memoryview); nothing is read yet.

    shared: called at power-up and before a claim; it raises if a file system reaches in.  count,
    size: blocks, bytes of one.  unit: bytes that are programmed at once.  once: nothing may be
    programmed twice.  slot: bytes in which a record begins.  buffer: bytes of it, or another
    journal to share its buffer with.
    """

def journal_format(j: Journal) -> int:
    """Erase everything.  0, or an error."""

def journal_recover(j: Journal) -> tuple[int, int, bool, int, int] | int:
    """After a reset, before all else: (records, steps, torn, blocks, generation), or an error.
    journal_next() gives the newest checkpoint and the steps behind it then."""

def journal_records(j: Journal) -> int:
    """journal_next() gives all records that can be read then.  0, or an error."""

def journal_next(
    j: Journal,
) -> tuple[int, int, bytes, int, int] | tuple[int, int | None, int, int] | int | None:
    """A record: (number, kind, body, block, offset).  Damage: (number, number of the next one that
    can be read or None, block, offset).  None behind the last; or an error."""

def journal_commit(j: Journal, kind: int, body: Buffer) -> int:
    """Append a record: its number, or an error.  After TSME-J007 and TSME-J008 nothing was
    written, and the journal goes on; after any other only journal_recover() can tell."""

def journal_idle(j: Journal) -> int:
    """Prepare the next block.  1 if that was something to do, 0, or an error."""

def journal_view(j: Journal) -> tuple[int, int, int, int]:
    """(number of the next record, steps since the newest checkpoint, bytes that a record may have,
    bytes that the next step may have before a checkpoint)"""

def journal_due(j: Journal, steps: int, transitions: int) -> int:
    """1 if it is time for a checkpoint, so many steps (-1: as counted) and transitions after the
    last."""

def journal_retired(j: Journal) -> tuple[int, ...]:
    """Numbers of blocks that have failed."""

def journal_numbers(j: Journal) -> tuple[Any, ...]:
    """Eight numbers of the last error, as tsme_journal.h has them, and what the device answered
    last when it failed, or None."""

# CPython alone

def replay(
    journal: Handle, find: Callable[[bytes], Handle | None]
) -> tuple[int, int, int, int, int] | None:
    """Run a journal's inputs again and compare every byte of its records.

    -> how many steps and checkpoints are the same, of how many executions, how many steps had no
    state to begin at, and the number of the first of them; None if something is not the same, or
    not the core's.  find: the handle for the body of a start or a checkpoint.
    """

def watch(
    h: Handle, kinds: int, function: Callable[[int, int, int, int, int], object] | None
) -> None:
    """Tell a function of each event (SPEC 3.6): its kind, frame, pc and number, and the time of the
    step.  `kinds`: a bit for each kind that it wants.  What it raises ends the step."""

def event(h: Handle) -> bytes:
    """Within that function: the event's data, one CBOR item, or no byte.  Of an error of CALL it has
    [function, argument ..] in place of the value that it is about."""

def frame(h: Handle, number: int) -> bytes:
    """Within that function: a frame as a checkpoint has it; no byte if it is not there."""
