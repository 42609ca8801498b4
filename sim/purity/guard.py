"""Catches what makes a state machine depend on more than its state and input.

Under guard each step runs twice from the same state.  The first time every call and iteration is
looked at, in rewritten code (rewrite.py) and by a profile function, which also sees what C code
and libraries do; data outside of the state is compared before and after.  The second time the
machine runs as it is, and everything that it makes must be the same.
"""

from __future__ import annotations

import copy
import gc
import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any, NoReturn

from tsme.kernel.rejected import Rejected
from tsme.machine import Machine
from tsme.relational import Relational

from ..terms import Mistake
from . import forbidden
from .line_coverage import Counted, Lines
from .reach import Reach, entries, library, mine, place
from .relations import Heard, cure
from .rewrite import GUARD, rewritten

_MACHINE: Any = Machine  # device code has no types
_HERE = str(Path(__file__).parent)
_ADDRESS = re.compile(r" at 0x[0-9a-f]{6,}>")
_FIRST, _REST = 256, 32  # steps of a device that are under guard, in seed 0 and in others;
ONE_OF = 32  # after them one of so many
_GUARDED = 16  # one of so many seeds is under guard,
_TRACED = 8  # and of so many has its lines counted


# Arguments of which a function may make more than meets the eye.
_NOT_AT_ONCE = forbidden.UNORDERED | {FunctionType, MethodType, BuiltinFunctionType, type}


class Undetermined(Mistake):
    """A machine depends on more than its state and input.  where: file and line."""

    def __init__(self, text: str, where: str) -> None:
        super().__init__(text)
        self.where = where


class _Caught(BaseException):
    """The same while stf() runs, which may catch exceptions."""


class Guard:
    """Looks at what functions of a machine do, while it is on."""

    def __init__(self, machine: Any) -> None:
        self.reach = Reach(machine)
        self.relational = not hasattr(machine, "stf")
        entered = [(name, getattr(machine, name, None)) for name in entries(machine)]
        self.entered = {f.__code__: name for name, f in entered if isinstance(f, FunctionType)}
        self.entry = ""
        self.found: tuple[str, str] | None = None
        self.blind: list[str] = []
        self.quiet: set[str] = set()  # modules and files that have no rule
        self.harmless: set[Any] = set()  # what can be called with anything that has an order
        self.swaps: list[tuple[FunctionType, CodeType, CodeType]] = []
        self.files = {f.__code__.co_filename for f in self.reach.functions}
        for f in self.reach.functions:
            new = rewritten(f)
            if new is None:
                self.blind.append(f.__qualname__)
            else:
                self.swaps.append((f, f.__code__, new))
                if f.__code__ in self.entered:
                    self.entered[new] = self.entered[f.__code__]
        self.globals = {id(f.__globals__): f.__globals__ for f, _, _ in self.swaps}.values()

    # --- on and off ---

    def run(self, entry: str, work: Callable[[], Any]) -> Any:
        """What work gives, or Undetermined.  entry: what it calls; "": a handler."""
        self.entry, self.found = entry, None
        for watch in self.reach.watches:
            watch.remember()
        try:
            with self._on():
                return work()
        except _Caught:
            pass
        finally:
            if self.found:
                raise Undetermined(*self.found) from None
            for watch in self.reach.watches:
                if watch.changed():
                    who = f"{entry}()" if entry else "a handler"
                    text = f"{who} changes {watch.name}, {forbidden.HIDDEN}"
                    raise Undetermined(text, place(self.reach.functions[0])) from None
        return None

    @contextmanager
    def _on(self) -> Iterator[None]:
        before = sys.getprofile()
        collects = gc.isenabled()  # its callbacks and finalizers are not the machine's
        gc.disable()
        callbacks, gc.callbacks[:] = gc.callbacks[:], []  # if the machine itself collects
        for f, _, new in self.swaps:
            f.__code__ = new
        for names in self.globals:
            names[GUARD] = self
        try:
            sys.setprofile(self._event)
            yield
        finally:
            sys.setprofile(before)
            gc.callbacks[:] = callbacks
            if collects:
                gc.enable()
            for f, old, _ in self.swaps:
                f.__code__ = old
            for names in self.globals:
                names.pop(GUARD, None)

    # --- what rewritten code asks ---

    def call(self, f: Any, /, *values: Any, **named: Any) -> Any:
        """Call f, if it may be called."""
        # Each call in here is one more event: what is known to do no harm is done quickly.
        kind = type(f)
        if kind is MethodType:
            key: Any = f.__func__
        elif kind is BuiltinFunctionType and type(f.__self__) is not ModuleType:
            key = (f.__name__, type(f.__self__))
        else:
            key = f if kind is FunctionType or kind is BuiltinFunctionType else None
        if key in self.harmless:
            for v in (*values, *named.values()):
                if type(v) in _NOT_AT_ONCE:
                    break
            else:
                return f(*values, **named)
        self._asked(f, values, named)
        if key is not None and not forbidden.verdict(f, 0):
            self.harmless.add(key)
        return f(*values, **named)

    def _asked(self, f: Any, values: tuple[Any, ...], named: dict[str, Any]) -> None:
        reason = forbidden.verdict(f, len(values) + len(named))
        if reason:
            self._catch(f"calls {forbidden.shown(*forbidden.identity(f))}()", reason)
        python = forbidden.is_python(f)
        code = f.__code__ if isinstance(f, FunctionType) else None
        if not python or (code and library(code.co_filename)):
            self.through(f, *values, **named)
            name = forbidden.shown(*forbidden.identity(f))
            if forbidden.tied(f, values, named):
                self._catch(f"calls {name}() with a dict or set", forbidden.TIES)
            if forbidden.minds_order(f, values, named):
                self._catch(f"calls {name}() with a dict or set", forbidden.ORDER)
        elif forbidden.is_items(f) and any(map(_unordered, values)):
            self._catch("puts the items of a dict or set into a list", forbidden.ORDER)

    def call_free(self, f: Any, /, *values: Any) -> Any:
        """Call f, of which the order does not matter."""
        self.through(f, *values)
        return f(*values)

    def through(self, f: Any, /, *values: Any, **named: Any) -> None:
        """What f, which is not Python, may call in its turn."""
        for v in (*values, *named.values()):
            reason = callable(v) and forbidden.verdict(v)
            if reason:
                self._catch(f"calls {forbidden.shown(*forbidden.identity(v))}()", reason)

    def ordered(self, v: Any) -> Any:
        """v, if iterating over it is the same everywhere."""
        if _unordered(v):
            kind = "set" if isinstance(v, (set, frozenset)) else "dict"
            self._catch(f"iterates over a {kind}", forbidden.ORDER)
        return v

    def look(self, v: Any, name: str) -> Any:
        """v.name"""
        if isinstance(v, ModuleType) and forbidden.look(v, name):
            self._catch(f"looks at {v.__name__}.{name}", forbidden.PLACE)
        return getattr(v, name)

    def _catch(self, does: str, reason: str) -> NoReturn:
        frame = sys._getframe(2)
        while frame.f_back and frame.f_code.co_filename == __file__:
            frame = frame.f_back
        self._raise(does, reason, frame)

    def _raise(self, does: str, reason: str, frame: FrameType) -> NoReturn:
        where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
        if self.found is None:
            entry = self.entry or self._handler(frame)
            why = cure(reason) if self.relational else reason
            self.found = (f"{entry}() {does} ({where}), {why}", where)
        raise _Caught

    def _handler(self, frame: FrameType) -> str:
        """The function of a relational machine within which that is."""
        name = ""
        at: FrameType | None = frame
        while at:
            name = self.entered.get(at.f_code, name)
            at = at.f_back
        return name or "a function"

    # --- what everything else does ---

    def _event(self, frame: FrameType, event: str, f: Any) -> None:
        if event == "c_call":
            module = f.__module__
            if module is None:  # a method
                owner = f.__self__
                module = (owner if isinstance(owner, type) else type(owner)).__module__
            if module == "builtins":
                if f.__name__ not in forbidden.LOUD:
                    return
            elif module in self.quiet:
                return
            if forbidden.rule_of(module) is None:
                self.quiet.add(module)
            elif forbidden.verdict(f):
                self._c_call(frame, f)
        elif event == "call":
            filename = frame.f_code.co_filename
            if filename not in self.quiet:
                name = library(filename)
                rule = forbidden.rule_of(name) if name else None
                if rule is None:
                    self.quiet.add(filename)
                else:
                    self._python_call(frame, name, rule)

    def _c_call(self, frame: FrameType, f: Any) -> None:
        """A built-in function that must not be called, wherever that is."""
        name = forbidden.shown(*forbidden.identity(f))
        direct = True
        at: FrameType | None = frame
        while at:
            filename = at.f_code.co_filename
            if filename.startswith("<frozen importlib"):
                return  # a module is loaded, which happens once
            if self._users(filename):
                break
            package = library(filename)
            if package:
                direct = False
                name = forbidden.shown(package, at.f_code.co_qualname)
            elif not filename.startswith(_HERE) or at.f_code.co_name == "run":
                return  # nobody of the user's has called
            at = at.f_back
        reason = forbidden.verdict(f)
        if at and reason and (direct or reason is not forbidden.ADDRESS):
            self._raise(f"calls {name}()", reason, at)

    def _python_call(self, frame: FrameType, module: str, rule: forbidden.Rule) -> None:
        """A function of the library that a user's function calls."""
        back = frame.f_back
        if back and back.f_code.co_filename.startswith(_HERE):
            back = back.f_back
        if back is None or not self._users(back.f_code.co_filename):
            return
        name = frame.f_code.co_qualname
        if module == "os" and name.startswith("_Environ."):
            self._raise("looks at os.environ", forbidden.PLACE, back)
        reason = rule.of(name.rpartition(".")[2])
        if reason and not (name.startswith("_") and module == "os"):
            self._raise(f"calls {forbidden.shown(module, name)}()", reason, back)

    def _users(self, filename: str) -> bool:
        return filename in self.files or mine(filename)


def _unordered(v: Any) -> bool:
    return type(v) in forbidden.UNORDERED and len(v) > 1


class _Steps:
    """What both kinds of machines have whose steps are under guard, or whose lines are counted.

    guard: None for lines alone.  first: so many steps, and some of the others.
    """

    guard: Guard | None
    lines: Lines | None
    first: float
    asynchronous = ""
    calls = 0

    def begin_watching(self, guard: Guard | None, lines: Lines | None, first: float) -> None:
        self.guard, self.lines, self.first = guard, lines, first
        machine = self.machine  # type: ignore[attr-defined]
        for entry in entries(machine):
            f = getattr(machine, entry, None)
            if inspect.iscoroutinefunction(f) or inspect.isasyncgenfunction(f):
                self.asynchronous = f"{entry}() is async"
            elif inspect.isgeneratorfunction(f):
                self.asynchronous = f"{entry}() has a yield"

    def looks(self) -> bool:
        """Is the next step one of those under guard?"""
        n = self.calls
        self.calls = n + 1
        return n < self.first or not n % ONE_OF

    def traced(self, work: Callable[[], Any]) -> Any:
        if self.lines is None:
            return work()
        with self.lines:
            return work()

    def twice(self, d: Any, name: str, at: str, try_out: Callable[[Any], Any], work: Any) -> Any:
        """A step under guard, and as it is.  name, at: what is called, and where that begins."""
        assert self.guard
        self.plain(at)
        twin = _twin(d)
        first = self.guard.run(name, lambda: _outcome(twin, lambda: try_out(twin)))
        name = f"{name}()" if name else "a handler"
        try:
            part = self.traced(work)
        except Rejected as e:
            _compare(name, at, first, ("rejected", e.cause))
            raise
        _compare(name, at, first, _made(d))
        return part

    def plain(self, at: str) -> None:
        if self.asynchronous:
            text = f"{self.asynchronous}, so that nothing of it runs; a step cannot wait: "
            hint = "start a task with actions.task()"
            stf = hasattr(self.machine, "stf")  # type: ignore[attr-defined]
            raise Undetermined(text + (hint if stf else cure(hint)), at)


class Guarded(_Steps, _MACHINE):  # type: ignore[misc]
    """A machine with stf(), with its steps watched."""

    def __init__(
        self, machine: Any, guard: Guard | None, lines: Lines | None, first: float
    ) -> None:
        super().__init__(machine)
        self.__name__ = self.program.name
        self.begin_watching(guard, lines, first)

    def call(self, d: Any, function: Any, part: Any, given: Any) -> Any:
        do = super().call
        if not self.looks():
            return do(d, function, part, given)
        if self.guard is None:
            return self.traced(lambda: do(d, function, part, given))
        also = object.__new__(type(given))
        also.__dict__.update(given.__dict__, value=copy.deepcopy(given.value))
        return self.twice(
            d,
            self._entry(function),
            place(function),
            lambda twin: do(twin, function, part, also),
            lambda: do(d, function, part, given),
        )

    def restore(self, state: Any) -> Any:
        do = super().restore
        if self.guard is None or not hasattr(self.machine, "restore"):
            return self.traced(lambda: do(state))
        at = place(self.machine.restore)
        self.plain(at)
        first = self.guard.run("restore", lambda: repr(do(state)))
        actions = do(state)
        _compare("restore()", at, ("made", first), ("made", repr(actions)))
        return actions

    def _entry(self, function: Any) -> str:
        if function == self.stf:
            return "stf"
        return "start" if function == self.begin else "restore"


class GuardedRelational(_Steps, Heard):
    """A relational machine, with its steps watched."""

    def __init__(
        self, machine: Any, guard: Guard | None, lines: Lines | None, first: float
    ) -> None:
        super().__init__(machine)
        self.begin_watching(guard, lines, first)
        functions = guard.reach.functions if guard else ()
        self.at = place(functions[0]) if functions else ""

    def call(self, d: Any, part: Any, function: Any, *args: Any) -> Any:
        do = super().call
        if not self.looks():
            return do(d, part, function, *args)
        if self.guard is None or not self.at:
            return self.traced(lambda: do(d, part, function, *args))
        also = copy.deepcopy(args)
        return self.twice(
            d,
            "",
            self.at,
            lambda twin: do(twin, part, function, *also),
            lambda: do(d, part, function, *args),
        )


def _compare(name: str, at: str, first: tuple[str, str], second: tuple[str, str]) -> None:
    if _ADDRESS.search(second[1]):
        text = f"{name} uses the text of an object, which has an address in memory in it"
        raise Undetermined(f"{text}; give the class a __repr__", at)
    if first != second:
        text = f"{name} made something else when it ran again, from the same state and input"
        raise Undetermined(f"{text}: it depends on something else", at)


def _twin(d: Any) -> Any:
    """What the kernel builds a step in, to be written on and thrown away."""
    twin = object.__new__(type(d))
    twin.__dict__.update(d.__dict__)  # copy.copy() takes far longer
    twin.pending = dict(d.pending)
    twin.actions, twin.gone, twin.changed = list(d.actions), list(d.gone), list(d.changed)
    return twin


def _made(d: Any) -> tuple[str, str]:
    """All that a step has made, in the order and the types that it has."""
    pending = [d.pending[i] for i in sorted(d.pending)]
    head = (d.status, d.next_id, d.rng, d.result, sorted(d.gone), sorted(d.changed))
    return "made", repr((head, pending, d.actions, bytes(d.frames)))


def _outcome(d: Any, work: Callable[[], Any]) -> tuple[str, str]:
    try:
        work()
    except Rejected as e:
        return "rejected", e.cause
    return _made(d)


# --- what others use ---


def guarded(machine: Any) -> Any:
    """A machine, every step of which is under guard: raises Undetermined, a Mistake.

    It can be given to Simulation.machine, Engine or Kernel.  Warns if there is no source of the
    machine; then iteration over dicts and sets is not seen.
    """
    if isinstance(machine, (Machine, Relational)):
        machine = machine.machine
    guard = Guard(machine)
    if guard.blind:
        text = f"there is no source of {', '.join(guard.blind)}: what it calls is seen, but not "
        warnings.warn(text + "whether it iterates over dicts or sets", stacklevel=2)
    return _kind(machine)(machine, guard, None, float("inf"))


def _kind(machine: Any) -> Any:
    return Guarded if hasattr(machine, "stf") else GuardedRelational


_GUARDS: dict[int, tuple[Any, Guard]] = {}


def watched(what: Any, seed: int, seen: Counted, every: bool | None) -> Any:
    """What runs on a device, as a seed of a campaign has it.

    every: all steps are under guard, or none; None for some of some seeds.
    """
    if not isinstance(what, (Machine, Relational)) or isinstance(what, _Steps):
        return what
    on = seed % _GUARDED == 0 if every is None else every
    traced = seed % _TRACED == 0 and every is None
    if not on and not traced:
        return what
    key = id(what.machine)
    if key not in _GUARDS:
        while len(_GUARDS) > 16:
            _GUARDS.pop(next(iter(_GUARDS)))
        _GUARDS[key] = (what.machine, Guard(what.machine))
    guard = _GUARDS[key][1]
    lines = Lines(guard.reach.functions, seen) if traced else None
    if not on and lines and not lines.left:
        return what  # all have been seen
    first = float("inf") if every else _REST if seed else _FIRST
    return _kind(what.machine)(what.machine, guard if on else None, lines, first)
