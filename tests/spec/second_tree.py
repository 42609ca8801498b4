"""How frames begin and end, as the second reader has it: children and errors (2.11, 3.1).

From docs/SPEC.md alone, as `second_reader` is.
"""

from __future__ import annotations

from typing import Any

from .second_frame import Frame, item_of
from .second_reader import UNDEFINED, Program
from .second_values import OutOfScope, WorkflowError

LEFT, NEXT, ENTRY, ITEMS, MOST, MORE = range(1, 7)  # of a join, behind the outputs
FATAL = "States.Runtime"
PLACES = 128
NAMES = (
    "EXT CONST INT LOAD STORE PICK DROP FIELD KEY INDEX KEYQ INDEXQ OBJECT ARRAY PUT CALL CONTEXT "
    "ENTER JUMP IF UNLESS COMPARE TEST CATCH LIMIT TASK WAIT EMIT CAUGHT RETRY ERROR RAISE FAIL "
    "END FORK MAP QUERY FRAME"
).split()


def name_of(op: int) -> str:
    """An instruction of workflows; those of expressions have a machine of their own."""
    if op >= len(NAMES):
        raise OutOfScope("expressions")
    return NAMES[op]


class Tree:
    """The frames of a machine; a Machine runs them."""

    program: Program
    frames: list[Frame | None] | None
    pending: dict[int, list[Any]]
    took_part: set[int]
    consts: list[Any]
    input: Any
    ended: list[Any]
    ready: int | None
    refused: Any
    left: int
    f: Frame

    def run(self, number: int, stack: list[Any]) -> None:
        raise NotImplementedError

    def finish(self, status: int, result: Any) -> None:
        raise NotImplementedError

    def op_enter(self, a: int) -> Any:
        raise NotImplementedError

    def frame(self, number: int) -> Frame:
        assert self.frames
        f = self.frames[number]
        assert f
        return f

    def vacant(self) -> int:
        frames = self.frames or []
        return next((n for n, x in enumerate(frames) if x is None), len(frames))

    def spawn(self, parent: int, index: int, entry: int, value: Any) -> None:
        assert self.frames is not None
        _, slots, jump = self.program.fetch(entry)
        f = Frame(self.program, jump, value, slots)
        f.index = index
        f.parent = parent
        f.entered = self.frame(parent).entered
        place = self.vacant()
        self.frames[place : place + 1] = [f]
        self.took_part.add(place)

    def leave(self, number: int, value: Any) -> None:
        """A child is over, with this output."""
        assert self.frames
        f = self.frame(number)
        assert f.parent is not None
        self.ended += [[number, f.index], value]
        self.frames[number] = None
        self.took_part.add(f.parent)
        parent = self.frame(f.parent)
        join = parent.join
        assert join
        join[0][f.index] = value
        join[LEFT] -= 1
        if self.left and not f.entry:  # it began no state
            self.left -= 1
        if not join[LEFT]:
            parent.wait, self.ready = 0, f.parent
        self.serve()

    def begin(self, number: int, force: bool = False) -> None:
        """The next items of a MAP, as many as may run."""
        join = self.frame(number).join
        assert join
        while join[NEXT] < len(join[0]):
            runs = join[NEXT] - (len(join[0]) - join[LEFT])
            if runs >= join[MOST] or self.vacant() >= PLACES and not force:
                return
            self.took_part.add(number)
            join[NEXT] += 1
            self.spawn(number, join[NEXT] - 1, join[ENTRY], item_of(join, join[NEXT] - 1))
            force = False

    def pushed(self) -> bool:
        """If all wait for numbers, one item of the last MAP that has none under way."""
        if any(f and f.wait >= 0 for f in self.frames or []):
            return False
        hungry = [
            number
            for number, f in enumerate(self.frames or [])
            if f and f.join and f.join[NEXT] == len(f.join[0]) - f.join[LEFT]
        ]
        if hungry:
            self.begin(hungry[-1], force=True)
        return bool(hungry)

    def behind(self, entry: int) -> int:
        """Behind the FRAME and the JUMP of a child."""
        return self.program.fetch(self.program.fetch(entry)[2])[2]

    def depth(self, number: int) -> int:
        parent = self.frame(number).parent
        return 0 if parent is None else 1 + self.depth(parent)

    def serve(self) -> None:
        """MAPs that wait for numbers, now that there may be some: the deepest first."""
        while self.vacant() < PLACES:
            hungry = [
                number
                for number, f in enumerate(self.frames or [])
                if f and (join := f.join) and join[NEXT] < len(join[0])
                if join[NEXT] - (len(join[0]) - join[LEFT]) < join[MOST]
            ]
            if not hungry:
                return
            self.begin(min(hungry, key=lambda n: (-self.depth(n), n)))

    def abort(self, number: int) -> None:
        """All below a frame ends."""
        assert self.frames
        for place, f in enumerate(self.frames):
            if f and f.parent == number:
                self.abort(place)
                self.ended += [[place, f.index], UNDEFINED]
                self.frames[place] = None
                self.pending.pop(f.wait, None)

    def raised(self, number: int, name: str | None, cause: str | None) -> bool:
        """True if the frame itself goes on at its handler."""
        f = self.frame(number)
        self.took_part.add(number)
        if f.handler and name != FATAL:
            f.pc, f.handler, f.wait, f.join, f.error, f.cause = f.handler, 0, 0, None, name, cause
            return True
        if f.parent is None:
            self.finish(2, [name, cause])
            return False
        join = self.frame(f.parent).join
        assert join
        if len(join) > MORE:
            if join[MORE]:
                join[MORE] -= 1
                self.leave(number, {"Error": name, "Cause": cause, "Status": "FAILED"})
                return False
            name, cause = WorkflowError(9).args
        parent = self.frame(f.parent)
        self.abort(f.parent)
        parent.join, parent.wait = None, 0
        if self.raised(f.parent, name, cause):
            self.ready = f.parent
            self.serve()
        return False

    def failed(self, number: int, name: str | None, cause: str | None) -> None:
        """An error of the frame that runs; its own handler goes on at once."""
        if self.raised(number, name, cause):
            self.run(number, [])

    def refuse(self, number: int, enters: bool) -> None:
        """The state that a frame is in, or enters next, fails (3.1); nothing else runs."""
        f = self.frame(number)
        self.took_part.add(number)
        over, f.join = f.join, None
        at_entry = enters or f.pc == f.entry
        while at_entry and not over:
            op, a, after = self.program.fetch(f.pc)
            if NAMES[op] == "JUMP" and enters:
                f.pc = a
            elif NAMES[op] == "ENTER" and enters:
                enters, f.pc = False, after
                self.f = f
                self.op_enter(a)
            else:
                if NAMES[op] == "CATCH" and f.pc == f.entry:
                    f.handler = a
                break
        self.left = 0
        self.raised(number, *self.refused)

    def migrate(self, new: Program, windows: list[Any], points: list[Any]) -> None:
        """SPEC 3.7."""
        places = {point[0]: point[1:] for point in points}
        for number, f in enumerate(self.frames or ()):
            if f is None:
                continue
            self.took_part.add(number)
            f.pc, f.entry, f.handler, window, counters = places[f.pc]
            was, slots = f.counters, f.slots
            f.counters = [0 if n is None else was[n] for n in counters or ()]
            f.counters += [0] * (new.counters - len(f.counters))
            f.slots = [
                v[0] if isinstance(v, list) else UNDEFINED if v is None else slots[v]
                for v in windows[window]
            ]
            code = new.code
            high = code[2 * f.entry - 3] if code[2 * f.entry - 4] == 0 else 0
            f.state = high << 8 | code[2 * f.entry - 1]
            if f.join and f.join[3]:
                f.join[3] = f.pc - (3 if code[2 * f.pc - 4] == 0 else 2)
        self.program, self.consts = new, new.consts
        self.input = self.input if new.needs & 64 else None
