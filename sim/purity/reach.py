"""What a state machine consists of: the functions that stf() can get to, and the data they see."""

from __future__ import annotations

import dis
import functools
import inspect
import linecache
import sys
import sysconfig
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import tsme

ENTRIES = ("stf", "start", "restore")
_LIBRARY = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_OURS = (str(Path(tsme.__file__).parent), str(Path(__file__).parent))
_MISSING = object()
_PLAIN = (int, float, str, bytes, bool, type(None), complex)
_MOST = 5000  # items of one piece of data that are looked at


@functools.cache
def mine(filename: str) -> bool:
    """Is it a user's file: none of Python, of an installed package, or of TSME?"""
    return not filename.startswith(("<frozen", "<string>", *_LIBRARY, *_OURS))


@functools.cache
def library(filename: str) -> str:
    """The module that a file of Python's library or of a package is, "" for others."""
    if filename.startswith("<frozen ") and "importlib" not in filename:
        return filename[len("<frozen ") : -1]
    for root in sorted(_LIBRARY, key=len, reverse=True):
        if filename.startswith(root):
            parts = Path(filename[len(root) + 1 :]).with_suffix("").parts
            return ".".join(part for part in parts if part != "__init__")
    return ""


class _TooBig(Exception):
    pass


class Watch:
    """A piece of data outside of the state, that must be the same after a step.

    name: as in the source.  get: gives it.
    """

    def __init__(self, name: str, get: Callable[[], Any]) -> None:
        self.name, self.get = name, get
        self.was: Any = _MISSING
        self.kept: Any = None

    def changed(self) -> bool:
        """Is it something else than at remember()?"""
        now = self.get()
        return now is not self.was and type(now) is not type(self.was) or now != self.kept

    def remember(self) -> None:
        now = self.get()
        try:
            if now is self.was and now == self.kept:
                return
            self.was, self.kept = now, _copy(now, [_MOST])
        except _TooBig:
            name, get = self.name, self.get
            Watch.__init__(self, name, lambda: (id(get()), len(get())))
            self.remember()


def _copy(v: Any, left: list[int]) -> Any:
    """Containers anew, everything else as it is."""
    kind = type(v)
    if kind in _PLAIN:
        return v
    left[0] -= len(v) if kind in (dict, list, tuple, set, deque) else 1
    if left[0] < 0:
        raise _TooBig
    if isinstance(v, dict):
        return {k: _copy(x, left) for k, x in v.items()}
    if kind in (list, tuple, deque):
        return kind([_copy(x, left) for x in v])
    if kind in (set, bytearray):
        return kind(v)
    return v


def place(f: Any) -> str:
    """The file and line where a function begins."""
    code = getattr(f, "__func__", f).__code__
    line = code.co_firstlineno  # of its first decorator
    while linecache.getline(code.co_filename, line).lstrip().startswith("@"):
        line += 1
    return f"{Path(code.co_filename).name}:{line}"


def codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code, and that of functions in it."""
    yield code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from codes(part)


def lines(code: CodeType) -> set[int]:
    """The lines of a function that can run, those of functions in it too."""
    out: set[int] = set()
    for part in codes(code):
        out |= {n for _, _, n in part.co_lines() if n} - {part.co_firstlineno}
    return out


def entries(machine: Any) -> tuple[str, ...]:
    """The names of what is called from outside: of a relational machine, all of its functions."""
    if hasattr(machine, "stf"):
        return ENTRIES
    return tuple(
        n for n in dir(machine) if n[:1] != "_" and inspect.isroutine(getattr(machine, n))
    )


class Reach:
    """functions: all of a user's that those of a machine can get to that are called from outside,
    as far as names tell.  watches: data that they name, outside of the state."""

    def __init__(self, machine: Any) -> None:
        self.functions: list[FunctionType] = []
        self.watches: list[Watch] = []
        self._names: set[str] = set()
        self._known: set[int] = set()
        # Where names are looked up: (what it is, its members, those that were looked at).
        self._places: list[tuple[str, Mapping[str, Any], set[str]]] = []
        for entry in entries(machine):
            f = getattr(machine, entry, None)
            if f is not None:
                self._value(entry, f, lambda: None, entry=True)
        kind = machine if isinstance(machine, type) else type(machine)
        if not isinstance(machine, (type, ModuleType)):
            self._instance(kind.__name__.lower(), machine)
        elif isinstance(machine, type):
            self._class(kind)
        self._names.update(entries(machine))
        while self._look():
            pass

    def _look(self) -> bool:
        """Look names up.  False if there are no new ones."""
        found = False
        for prefix, members, done in list(self._places):
            names = [
                name
                for name in list(members)
                if name not in done and (name in self._names or self._special(members, name))
            ]
            for name in names:
                done.add(name)
                found = True
                self._value(prefix + name, members[name], functools.partial(members.get, name))
        return found

    @staticmethod
    def _special(members: Mapping[str, Any], name: str) -> bool:
        return name.startswith("__") and isinstance(members[name], FunctionType)

    def _value(self, name: str, v: Any, get: Callable[[], Any], *, entry: bool = False) -> None:
        if isinstance(v, (staticmethod, classmethod)):
            v = v.__func__
        if isinstance(v, MethodType):
            self._value(name, v.__func__, get, entry=entry)
        elif isinstance(v, FunctionType):
            self._function(v, entry)
        elif isinstance(v, property):
            for f in (v.fget, v.fset, v.fdel):
                if isinstance(f, FunctionType):
                    self._function(f, False)
        elif isinstance(v, functools.partial):
            self._value(name, v.func, get)
        elif isinstance(v, type):
            self._class(v)
        elif isinstance(v, ModuleType):
            file = getattr(v, "__file__", None)
            if file and mine(file):
                self._place(f"{v.__name__}.", vars(v))
        elif isinstance(v, (*_PLAIN, dict, list, tuple, set, deque, bytearray)):
            self.watches.append(Watch(name, get))
        else:
            self._instance(name, v)

    def _function(self, f: FunctionType, entry: bool) -> None:
        code = f.__code__
        if id(f) in self._known or not (entry or mine(code.co_filename)):
            return
        self._known.add(id(f))
        self.functions.append(f)
        for part in codes(code):
            self._names.update(part.co_names)
            for op in dis.get_instructions(part):
                if op.opname == "STORE_GLOBAL" and op.argval not in f.__globals__:
                    get = functools.partial(f.__globals__.get, op.argval, _MISSING)
                    self.watches.append(Watch(op.argval, get))
        self._place("", f.__globals__)
        for name, cell in zip(code.co_freevars, f.__closure__ or (), strict=True):
            get = functools.partial(_cell, cell)
            self._value(name, get(), get)
        wrapped = getattr(f, "__wrapped__", None)
        if wrapped is not None:
            self._value(f.__name__, wrapped, lambda: wrapped)
        for n, default in enumerate(f.__defaults__ or ()):
            if not isinstance(default, _PLAIN):
                name = f"a default of {f.__name__}()"
                self._value(name, default, lambda n=n: (f.__defaults__ or ())[n])  # type: ignore[misc]

    def _class(self, kind: type) -> None:
        for one in kind.__mro__:
            if id(one) not in self._known and _written(one):
                self._known.add(id(one))
                self._place(f"{one.__name__}.", vars(one))
                name = f"an attribute of {one.__name__}"
                self.watches.append(Watch(name, functools.partial(_members, one)))

    def _instance(self, name: str, v: Any) -> None:
        if id(v) in self._known or not _written(type(v)):
            return
        self._known.add(id(v))
        self._class(type(v))
        members = getattr(v, "__dict__", None)
        if members is not None:
            self.watches.append(Watch(name, lambda: vars(v)))
            for key, member in list(members.items()):
                self._value(f"{name}.{key}", member, functools.partial(members.get, key))

    def _place(self, prefix: str, members: Mapping[str, Any]) -> None:
        if not any(members is known for _, known, _ in self._places):
            self._places.append((prefix, members, set()))


def _members(kind: type) -> int:
    return len(vars(kind))


def _cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing yet
        return _MISSING


def _written(kind: type) -> bool:
    """Is the class a user's?"""
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    if file:
        return mine(file)
    return kind.__module__ not in ("builtins", *sys.stdlib_module_names)
