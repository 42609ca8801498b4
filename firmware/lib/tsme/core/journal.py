# A journal that the core keeps: a Store (journal/__init__.pyi) with the methods of tsme.journal's
# Journal, the same bytes, the same decisions, the same errors.
import tsme_core as core

from .. import once
from ..errors import fault, over

CHECKPOINT = 2

_DONE = ("read", "programmed", "erased")
_SAYS = {0x80000001: "it reads otherwise", 0x80000002: "its head stays"}
_CURE = "; if it programs whole pages only, give it a program_size of 256"
_LIES = (
    "block %d is not blank after it was erased",
    "block %d does not hold what was programmed%s",
    "blocks %d and %d are the same memory",
    "programming a part of block %d changed the rest%s",
    "it is overwritten, and not programmed: leave its program_size at 32",
    "erasing block %d erased the next one: its blocks have more than %d bytes",
)
_NUMBERS = (4, 1, 2, 8, 3, 0, 2, 2, 3, 0, 2)  # in the texts of TSME-J001 ..


class Info:
    # What recover() found, as journal/info.py has it.
    def __init__(self, records, steps, torn, blocks, generation, retired):
        self.records = records
        self.steps = steps
        self.torn = torn
        self.blocks = blocks
        self.generation = generation
        self.retired = retired


class _Careful:
    # A device whose failures are answers.  On MicroPython one that raises jumps over C.
    def __init__(self, device):
        self.device = device

    def readblocks(self, n, buf, off):
        # recursion: at most 1, a device of the caller's
        try:
            return self.device.readblocks(n, buf, off)
        except OSError as e:
            return e

    def writeblocks(self, n, buf, off):
        # recursion: at most 1, a device of the caller's
        try:
            return self.device.writeblocks(n, buf, off)
        except OSError as e:
            return e

    def ioctl(self, op, n):
        # recursion: at most 1, a device of the caller's
        try:
            return self.device.ioctl(op, n)
        except OSError as e:
            return e


class Journal:
    key = None
    _blocks = 256  # what a Journal in Python takes for a buffer that it is to share

    def __init__(self, device, slot=32, buffer=256):
        self.device = device
        count, size, unit, programmed_once, slot = once("values.geometry", "fit", device, slot)
        shared = self._shared if hasattr(device, "device") else None
        buffer = getattr(buffer, "_journal", buffer)
        if hasattr(core, "RAISES"):
            device = _Careful(device)
        self._journal = core.journal_open(
            device, shared, count, size, unit, programmed_once, slot, buffer
        )
        if isinstance(self._journal, int):
            raise fault("TSME-J001", count, size, slot, unit)

    def _shared(self):
        once("journal.shared", "shared", self)

    def _ok(self, given):
        # What a function of the core gave, but no error.
        if isinstance(given, int) and given < 0:
            raise self._error(-100 - given)
        return given

    def _error(self, code):
        numbers = core.journal_numbers(self._journal)
        name = "TSME-J%03d" % code
        if code == 7 or code == 8:
            return over(name, numbers[0], numbers[1])
        if code == 9:
            said = _SAYS.get(numbers[2], numbers[8])
            return fault(name, numbers[0], _DONE[numbers[1]], said)
        if code == 12:
            return fault(name, _lie(*numbers[:3]))
        return fault(*(name,) + numbers[: _NUMBERS[code - 1]])

    def format(self):
        self._ok(core.journal_format(self._journal))

    def recover(self, on_checkpoint=None, on_step=None):
        found = self._ok(core.journal_recover(self._journal))
        if on_step:
            self.reread(on_checkpoint, on_step)
        return Info(*found + (self.retired,))

    def reread(self, on_checkpoint, on_step):
        while True:
            found = self._ok(core.journal_next(self._journal))
            if not found:
                return
            (on_checkpoint if found[1] == CHECKPOINT else on_step)(memoryview(found[2]))

    def records(self, on_damage=None):
        self._ok(core.journal_records(self._journal))
        while True:
            found = self._ok(core.journal_next(self._journal))
            if not found:
                return
            if len(found) == 5:
                yield found
            elif on_damage:
                on_damage(*found)

    @property
    def number(self):
        return core.journal_view(self._journal)[0]

    @property
    def most(self):
        return core.journal_view(self._journal)[2]

    @property
    def room(self):
        return core.journal_view(self._journal)[3]

    @property
    def retired(self):
        return core.journal_retired(self._journal)

    def needs_checkpoint(self, steps=None, transitions=0):
        steps = -1 if steps is None else steps
        return bool(core.journal_due(self._journal, steps, transitions))

    def checkpoint(self, body):
        return self._ok(core.journal_commit(self._journal, CHECKPOINT, body))

    def commit(self, kind, body):
        number = core.journal_commit(self._journal, kind, body)
        return number if number >= 0 else self._ok(number)

    def idle(self):
        return bool(self._ok(core.journal_idle(self._journal)))


def _lie(which, block, more):
    text = _LIES[which - 1]
    if which == 2 or which == 4:
        return text % (block, _CURE * more)
    if which == 5:
        return text
    return text % ((block, more) if text.count("%d") > 1 else block)
