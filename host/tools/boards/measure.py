"""What a board really does with a journal: looked at and tried there, and said in a few lines.

The trial is the journal's own (docs/SPEC.md, 4.5), in the last four blocks of a place that
holds nothing yet, which are erased again afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import HostError
from .board_file import Board, JournalPlace
from .prompt import Facts, Prompt

# -> (what is there, blocks, bytes of a block): "free", "used", or (code, text) of an error.
_TRIAL = """\
import sys
sys.path[:0] = [p for p in ('/lib',) if p not in sys.path]
import gc
import tsme
from tsme.errors import TsmeError
try:
    d = %s
    n = d.ioctl(4, 0)
    z = d.ioctl(5, 0)
    b = bytearray(64)
    used = False
    for i in range(4):
        d.readblocks(i, b, 0)
        if b != b'\\xff' * 64:
            used = True
    if not used:
        k = min(n, 4)
        r = tsme.Region(d, n - k, k)
        for i in range(k):
            r.ioctl(6, i)
        j = tsme.Journal(r)
        j.recover()
        j.commit(1, b'trial')
        q = tsme.Journal(r)
        q.recover()
        if q.number != 1:
            raise TsmeError('TSME-J012', 'a record that was written is not read back')
        for i in range(k):
            r.ioctl(6, i)
    print((used, n, z))
except TsmeError as e:
    print((e.code, e.message))
"""
# docs/DESIGN.md, "Not a file on littlefs"
_RAW = (
    "each step is in flash before anyone sees its effect; "
    "a power cut at any moment loses none of them"
)
_FILE = (
    "as safe as raw flash, but each step erases a block: some 50 ms, and 20 million in its life"
)


@dataclass(frozen=True)
class Measured:
    """Where the journal is, in words, and what that promises."""

    place: str
    promise: str
    used: bool


def device_code(place: JournalPlace) -> str:
    """An expression that makes the journal's device on the board."""
    if place.kind == "partition":
        return f"tsme.partition({place.label!r})"
    if place.kind == "region":
        return (
            f"tsme.Region(__import__({place.device.partition('.')[0]!r})."
            f"{place.device.partition('.')[2]}(), {place.start}, {place.blocks})"
        )
    if place.kind == "spi":
        pin = place.cs if place.cs.isdecimal() else repr(place.cs)
        return (
            f"tsme.SpiFlash(__import__('machine').SPI({place.bus}, {place.baud}), "
            f"__import__('machine').Pin({pin}, __import__('machine').Pin.OUT))"
        )
    raise AssertionError(place.kind)


def measured(board: Board, prompt: Prompt, own: bool) -> Measured:
    """Try the journal's place on the board. Raises HostError with the journal's own code if it
    will not do."""
    place = board.own if own and board.own else board.journal
    if place.kind == "file":
        text = f"the file {place.path} of {place.blocks} blocks"
        return Measured(text, _FILE, False)
    answer = prompt.value(_TRIAL % device_code(place))
    if len(answer) == 2:
        raise HostError(*answer)
    used, count, size = answer
    names = {
        "partition": f'the partition "{place.label}"',
        "region": "a region of the board's flash",
    }
    what = names.get(place.kind, "the SPI flash")
    text = f"{what}, {count} blocks of {size} bytes, " + ("in use" if used else "tried")
    return Measured(text, _RAW, bool(used))


def is_own(board: Board, facts: Facts) -> bool:
    """Does the firmware leave the room that `make firmware` leaves, with tsme in it?"""
    place = board.own
    if place is None or not facts.frozen or facts.flash is None or facts.files is None:
        return False
    return facts.files[0] * facts.files[1] <= place.start * facts.flash[1]


def cure(board: Board, own: bool) -> str:
    """What could be had that is better, or ""."""
    if board.own is not None and not own and board.journal.kind == "file":
        return f"make firmware BOARD={board.name} leaves room in raw flash (docs/BOARDS.md)"
    return ""
