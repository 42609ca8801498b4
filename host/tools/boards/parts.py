"""Parts of tsme that a board can be without, and which of them a project needs.

On a small file system all of tsme has no room (littlefs takes a block of 4 KB for each module). A
part is what nothing outside loads unless somebody asks for it:

    expressions      programs that say so (docs/SPEC.md, 2.4): those with JSONata
    functions.dates  and so on, JSONata's functions by module: programs that call one of them
    relational       classes with `states`, `schema` or `inherit`
    machine          classes with `stf`
    core             the C core as a file, tsme_core.mpy
    tasks.gpio       and so on, modules of the task library: Python that names them

What a project needs is seen in what it is made of: bits of its programs, words of its Python. A
word counts wherever it stands, in a comment too, so too much is brought rather than too little.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import tsme
from tsme.program.expressions.functions import natives

from ...compiler.backend.disasm import disassemble

ROOT = Path(tsme.__file__).resolve().parent
EXPRESSIONS = "expressions"
CORE = "core"
LEFT = "/lib/tsme/left.json"  # on the board: {"left": [part ...], "of": digest()}
_FUNCTIONS = "functions"
_TASKS = "tasks"
# Of these folders each module is a part, which comes with those that it imports of the others.
_SINGLE = {_TASKS: "tasks", _FUNCTIONS: "program/expressions/functions"}
# Functions that what is in `expressions` calls itself.
_USUAL = ("__init__", "natives", "signatures", "signature_parts", "logic", "regex", "numeric")
_FOLDERS = {
    "program/expressions/": EXPRESSIONS,
    "relational/": "relational",
    "machine/": "machine",
    "core/": CORE,
}
_WORDS = {"relational": (b"states", b"schema", b"inherit"), "machine": (b"stf",)}
_NAMED = re.compile(rb"tsme\.tasks\.?[\"'{%]")  # whose module is not to be seen
_HOST_ONLY = (
    "__main__.py",
    "remote.py",
    "testing.py",
    "values/native.py",
    "draft/native.py",
    "journal/file_lock.py",
    "sim/",
)


def modules() -> list[str]:
    """The sources of the package that a board may have, those of this computer left out, by their
    paths within it."""
    found = sorted(one.relative_to(ROOT).as_posix() for one in ROOT.rglob("*.py"))
    return [one for one in found if not one.startswith(_HOST_ONLY)]


def part(name: str) -> str:
    """The part that a module is of, by its path within the package; "" if every board has it."""
    stem = Path(name).stem
    if name.startswith(f"{_SINGLE[_TASKS]}/"):
        return _TASKS if stem == "__init__" else f"{_TASKS}.{stem}"
    if name.startswith(f"{_SINGLE[_FUNCTIONS]}/") and stem not in _USUAL:
        return f"{_FUNCTIONS}.{stem}"
    return next((of for folder, of in _FOLDERS.items() if name.startswith(folder)), "")


@cache
def every() -> frozenset[str]:
    """All parts."""
    return frozenset(part(one) for one in modules()) - {""}


@cache
def digest() -> str:
    """Of all sources: another one is another tsme, whose parts do not go with this one's."""
    whole = hashlib.sha256()
    for one in modules():
        whole.update(one.encode() + b"\0" + (ROOT / one).read_bytes() + b"\0")
    return whole.hexdigest()[:16]


def told(left: Iterable[str]) -> bytes:
    """LEFT on the board, which says what it lacks."""
    return json.dumps({"left": sorted(left), "of": digest()}).encode()


def of_programs(programs: Iterable[bytes]) -> frozenset[str]:
    """What compiled programs need."""
    found: set[str] = set()
    for data in programs:
        listing = disassemble(data)
        if EXPRESSIONS in listing.needs:
            found.add(EXPRESSIONS)
            called = {one.operand for one in listing.lines if one.op == "FUNC"}
            found |= {f"{_FUNCTIONS}.{natives.known(number)[3]}" for number in called}
    return _with_theirs(every() & found)


def of_files(files: Mapping[str, bytes]) -> frozenset[str]:
    """What a project's files need, by their names: those on the board, and main.py.

    Compiled Python (.mpy) cannot be read: it may need anything but the C core.
    """
    found: set[str] = set()
    for name, data in files.items():
        if name.endswith(".mpy"):
            return every() - {CORE}
        if name.endswith(".tsr"):
            found.add("relational")
        if name == "machines.json":
            found.add("machine")
        if name.endswith(".py"):
            found |= _of_python(data)
    if "relational" in found:  # versions of machines of both kinds are there
        found.add("machine")
    return _with_theirs(frozenset(found))


def _of_python(data: bytes) -> set[str]:
    words = set(re.findall(rb"\w+", data))
    found = {name for name, signs in _WORDS.items() if words & set(signs)}
    library = {one for one in every() if one.startswith(_TASKS)}
    if b"tasks" in words and b"tsme" in words:
        unknown = _NAMED.search(data)
        found |= {one for one in library if unknown or one.rpartition(".")[2].encode() in words}
    return found


def _with_theirs(asked: frozenset[str]) -> frozenset[str]:
    """With what single modules import of one another."""
    found = set(asked)
    left = [one for one in asked if "." in one]
    while left:
        room, _, name = left.pop().partition(".")
        more = {room} & every()
        for node in ast.walk(ast.parse((ROOT / _SINGLE[room] / f"{name}.py").read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.level == 1:
                named = [node.module] if node.module else [one.name for one in node.names]
                more |= {f"{room}.{one}" for one in named} & every()
        left += [one for one in more - found if "." in one]
        found |= more
    return frozenset(found)


def worded(parts: Iterable[str]) -> str:
    """For people."""
    names = {
        EXPRESSIONS: "JSONata",
        "relational": "relational machines",
        "machine": "state machines",
        CORE: "the C core",
    }
    known = sorted(parts)
    found = [names[one] for one in names if one in known]
    for room, title in ((_FUNCTIONS, "functions of JSONata"), (_TASKS, "tsme.tasks")):
        single = [one.partition(".")[2] for one in known if one.startswith(f"{room}.")]
        if single and not (room == _FUNCTIONS and EXPRESSIONS in known):
            found.append(f"{title}: {', '.join(single)}")
    return "; ".join(found)
