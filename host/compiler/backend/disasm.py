"""The disassembler: a program as text that can be read, or as plain data.

It shows what it can of a program that a device would refuse, and says why it would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tsme.errors import TsmeError
from tsme.kernel.limits import LIMITS
from tsme.program import Program
from tsme.program.expressions.functions import natives
from tsme.program.words import named
from tsme.values import cbor

from ..jsonpath.queries import to_text as query_text
from . import body_words
from .debug import Debug, read_debug
from .emit import USUAL, VERSION
from .expressions import FUNCTIONS
from .instructions import ALL, INSTRUCTIONS, NAMES
from .pool import ARRAY, FIRST_WORD, TEXT

_NEEDS = "floats hashes Parallel Map queries random-numbers input expressions".split()
_LIMITS = "slots stack counters budget timeout largest step_bytes items".split()
_CONTEXT = (
    "Execution.Id Execution.Name Execution.Input Execution.StartTime Execution.RoleArn "
    "State.EnteredTime State.RetryCount Task.Token StateMachine.Id StateMachine.Name "
    "Execution.RedriveCount Map.Item.Index Map.Item.Value Map.Item"
).split()
_TYPES = "String Numeric Boolean Timestamp".split()


def _flags(*names: str) -> list[str]:
    """What each operand says that is a sum of bits, one for each name."""
    given = range(1 << len(names))
    return [", ".join(x for k, x in enumerate(names) if bits >> k & 1) for bits in given]


_RELATIONS = "Equals LessThan GreaterThan LessThanEquals GreaterThanEquals Matches".split()
CHOICES = {
    "CONTEXT": [f"$$.{name}" for name in _CONTEXT],
    "COMPARE": [t + r for t in _TYPES for r in [*_RELATIONS, "?", "?"]],
    "TEST": "IsPresent IsNull IsString IsNumeric IsBoolean IsTimestamp".split(),
    "LIMIT": [
        "TimeoutSeconds",
        "HeartbeatSeconds",
        "MaxConcurrency",
        "ToleratedFailureCount",
        "ToleratedFailurePercentage",
    ],
    "TASK": _flags("TimeoutSeconds", "HeartbeatSeconds"),
    "MAP": _flags("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage"),
    "WAIT": ["seconds", "timestamp"],
    "EMIT": ["log", "metric", "publish"],
    "FAIL": ["", "error", "cause", "error, cause"],
}
_LIMITS_BEFORE = 6  # in programs of format 2 before it was frozen
_WIDTH = 72  # of a constant in a listing


@dataclass(frozen=True)
class Parts:
    """A constant in parts: the numbers of others, and of words (docs/SPEC.md, 2.14)."""

    text: bool  # they make a text; else an array
    numbers: bytes

    def value(self, consts: list[Any]) -> Any:
        """What they make; a question mark stands for what there is not."""
        parts = [named(n, consts) for n in self.numbers]
        if self.text:
            return "".join(part if isinstance(part, str) else "?" for part in parts)
        return parts


@dataclass(frozen=True)
class Line:
    """One instruction.  `meaning` is its operand in words, `target` where it jumps to."""

    pc: int
    op: str
    operand: int
    meaning: str
    target: int | None = None
    source: str = ""  # the path or call it comes from, and its line, if that is known


@dataclass
class Disassembly:
    """A program, taken apart."""

    version: int
    digest: bytes
    needs: list[str]
    limits: dict[str, int]
    consts: list[Any]  # values, byte strings, and Parts
    lines: list[Line]
    size: int
    debug: Debug | None
    refusal: str  # why a device would refuse it; empty if it would not

    @property
    def resources(self) -> list[str]:
        """What its tasks need handlers for, in order of first use."""
        pairs = zip(self.lines, self.lines[1:], strict=False)
        found = [name.meaning for name, line in pairs if line.op == "TASK"]
        return list(dict.fromkeys(found))


def disassemble(data: bytes) -> Disassembly:
    """Take a program apart.  Raises TsmeError if it is none."""
    try:
        item, end = cbor.decode(data, 0, True)
    except TsmeError as error:
        raise TsmeError("TSME-P001", f"not a TSME program: {error.message}") from None
    if isinstance(item, list) and item and type(item[0]) is int:
        _of_now(item)
    if not isinstance(item, list) or len(item) != 7:
        raise TsmeError("TSME-P001", "not a TSME program")
    version, digest, needs, limits, code, _, pool = item
    kinds = (int, bytes, int, list, bytes, bytes, bytes)
    sound = all(type(part) is kind for part, kind in zip(item, kinds, strict=True))
    sound = sound and all(type(limit) is int for limit in limits)
    if not sound or len(limits) != len(_LIMITS) or len(code) % 2:
        raise TsmeError("TSME-P001", "not a TSME program: its parts are not of the right kind")
    consts = _constants(pool)
    debug = read_debug(data[end:])
    if debug and debug[0] != digest:
        debug = None
    names = debug[1] if debug else Debug()
    return Disassembly(
        version=version,
        digest=digest,
        needs=[_NEEDS[n] if n < len(_NEEDS) else f"bit {n}" for n in _bits(needs)],
        limits=_stated(limits),
        consts=consts,
        lines=list(_lines(code, consts, names)),
        size=end,
        debug=names if debug else None,
        refusal=_refusal(data[:end]),
    )


def _of_now(item: list[Any]) -> None:
    """Is it of this format, as it has been since it was frozen?"""
    text = ""
    if item[0] != VERSION:
        text = f"program format {item[0]}; this tsme reads {VERSION}"
    elif len(item) == 7 and isinstance(item[3], list) and len(item[3]) == _LIMITS_BEFORE:
        text = "a program of a release before this one; compile its workflow again"
    if text:
        raise TsmeError("TSME-P003", text)


def _stated(limits: list[int]) -> dict[str, int]:
    """Limits by name; 0 stands for the usual one."""
    pairs = zip(_LIMITS, limits, strict=True)
    return {name: value or getattr(USUAL, name, 0) for name, value in pairs}


def _bits(n: int) -> list[int]:
    return [bit for bit in range(n.bit_length()) if n >> bit & 1]


def _constants(pool: bytes) -> list[Any]:
    out = []
    at = 0
    try:
        while at < len(pool):
            tag = pool[at]
            at += tag in (ARRAY, TEXT)
            value, at = cbor.decode(pool, at, pool[at : at + 1] != b"" and pool[at] >> 5 == 2)
            tagged = tag in (ARRAY, TEXT) and isinstance(value, bytes)
            out.append(Parts(tag == TEXT, value) if tagged else value)
    except TsmeError as error:
        raise TsmeError("TSME-P002", f"the constants cannot be read: {error.message}") from None
    return out


def _refusal(data: bytes) -> str:
    limits = dict.fromkeys(LIMITS, 1 << 40)
    try:
        Program(data, limits=limits)
    except TsmeError as error:
        return str(error)
    return ""


def instructions(code: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Each instruction of code (docs/SPEC.md, 2.2): where it begins, where its operation itself
    is, behind its EXT if it has one, the operation and the operand."""
    at = 0
    while at < len(code):
        start = at // 2
        op, operand = code[at], code[at + 1]
        at += 2
        if op == 0 and at < len(code):
            op, operand = code[at], operand << 8 | code[at + 1]
            at += 2
        yield start, at // 2 - 1, op, operand


_Chain = tuple[int, ...]  # where each frame begins, the innermost first


class _Frames:
    """Which frames run which instruction, and what their slots are called."""

    def __init__(self, code: bytes, debug: Debug) -> None:
        self.debug = debug
        self.code = list(instructions(code))
        self.place = {start: n for n, (start, _, _, _) in enumerate(self.code)}
        self.around: dict[int, _Chain] = {}  # by start
        todo: list[tuple[int, _Chain]] = [(0, (0,))] if self.code else []
        while todo:
            todo += self._follow(*todo.pop())

    def _follow(self, start: int, frames: _Chain) -> Iterator[tuple[int, _Chain]]:
        """Where other ways go on from an instruction, and in which frames."""
        at = self.place.get(start, len(self.code))
        while at < len(self.code) and self.code[at][0] not in self.around:
            start, _, op, operand = self.code[at]
            self.around[start] = frames
            name = _name(op)
            at += 1
            row = ALL.get(name)
            if row and row.jumps:
                yield operand, frames
            children = operand if name == "FORK" else int(name == "MAP")
            for begin, _, _, _ in self.code[at + 1 : at + 2 * children : 2]:  # each behind a FRAME
                yield begin, (begin, *frames)
            at += 2 * children
            if row and row.stops:
                return

    def slot(self, start: int, operand: int) -> str:
        """What LOAD or STORE at `start` is about."""
        depth, slot = operand >> 8, operand & 255
        frames = self.around.get(start, ())
        names = self._names(frames[depth]) if depth < len(frames) else []
        known = 0 < slot <= len(names)
        text = "$" if not slot else f"${names[slot - 1]}" if known else f"slot {slot}"
        return outside(text, depth)

    def _names(self, begin: int) -> list[str]:
        """Of the slots of a frame: those of its first state's machine."""
        at = self.place.get(begin, len(self.code))
        for _ in self.code:
            if at >= len(self.code) or _name(self.code[at][2]) == "END":
                break
            _, _, op, operand = self.code[at]
            if _name(op) == "ENTER":
                return self.debug.variables(operand)
            at = self.place.get(operand, len(self.code)) if _name(op) == "JUMP" else at + 1
        return []


def outside(text: str, depth: int) -> str:
    """Of a frame around the one that runs, so many out."""
    return f"{text}, {depth} out" if depth else text


def _name(op: int) -> str:
    return NAMES.get(op, f"?{op}")


def _lines(code: bytes, consts: list[Any], debug: Debug) -> Iterator[Line]:
    frames = _Frames(code, debug)
    found = list(instructions(code))
    after = [op for _, _, op, _ in found[1:]] + [0]
    for (start, pc, op, operand), following in zip(found, after, strict=True):
        name = _name(op)
        kind = ALL[name].kind if op in NAMES else "?"
        site = debug.sites.get(pc)
        source = f"{site.field}: {site.text}  (line {site.line})" if site and site.text else ""
        if site and site.kind == "token":
            source = ""  # the operand says it, or the function that was pushed
        target = operand if kind == "t" else None
        resource = name == "CONST" and following == INSTRUCTIONS["TASK"].number
        if name in ("LOAD", "STORE"):
            meaning = frames.slot(start, operand)
        else:
            meaning = _meaning("TASK" if resource else name, kind, operand, consts, debug)
        yield Line(start, name, operand, meaning, target, source)


def _meaning(name: str, kind: str, operand: int, consts: list[Any], debug: Debug) -> str:
    """The operand of an instruction in words."""
    text = body_words.words(name, operand)
    if text is not None:
        return text
    match kind:
        case "c":
            if operand >= len(consts):
                return f"constant {operand}?"
            value = consts[operand]
            return _constant(name, value.value(consts) if isinstance(value, Parts) else value)
        case "z":
            return str(-(operand + 1 >> 1) if operand & 1 else operand >> 1)
        case "f" if name == "FUNC":
            names = [row[0] for row in natives.functions()]
            return f"${names[operand]}" if operand < len(names) else f"function {operand}?"
        case "f":
            known = operand < len(FUNCTIONS)
            return f"States.{FUNCTIONS[operand]}" if known else f"function {operand}?"
        case "k" | "p":
            choices, depth = CHOICES.get(name, ()), 0
            if name not in CHOICES:  # of an expression
                return str(operand)
            if name == "CONTEXT":
                depth, operand = operand >> 8, operand & 255
            return outside(choices[operand], depth) if operand < len(choices) else f"{operand}?"
        case "e":
            return debug.state(operand)
    return ""


def _constant(name: str, value: Any) -> str:
    if name == "PUT" and isinstance(value, list):
        return _path(value)
    if name in ("KEY", "KEYQ", "FIELD", "TASK") and isinstance(value, str):
        return _path([value], "$" if name == "FIELD" else "") if name != "TASK" else value
    if name == "QUERY":
        return query_text(value)
    whole_numbers = isinstance(value, list) and all(type(n) is int for n in value)
    if name == "RETRY" and whole_numbers and len(value) == 7:
        counter, interval, attempts, whole, part, longest, jitter = value
        rate = f"{whole}.{part:09}".rstrip("0").rstrip(".")
        text = f"{attempts} times, after {interval} s, backoff {rate}, counter {counter}"
        text += f", at most {longest} s" if longest else ""
        return text + (", with jitter" if jitter else "")
    return _short(value)


def _path(steps: list[Any], root: str = "$") -> str:
    text = root
    for step in steps:
        if isinstance(step, str) and step.isidentifier():
            text += f".{step}"
        elif isinstance(step, str):
            text += f"['{step}']"
        else:
            text += f"[{step}]"
    return text


def _pooled(value: Any) -> str:
    if isinstance(value, Parts):
        return "of " + " ".join(map(_part, value.numbers))
    return _short(value)


def _part(n: int) -> str:
    """A constant by its number, or a word as it is."""
    return str(n) if n < FIRST_WORD else json.dumps(named(n, []))


def _short(value: Any) -> str:
    raw = isinstance(value, bytes)
    text = f"h'{value.hex()}'" if raw else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


# --- the listing ----------------------------------------------------------------------------


def to_text(listing: Disassembly) -> str:
    """The listing as text, without a final newline."""
    debug = listing.debug
    limits = listing.limits
    lines = [
        f"program {listing.digest.hex()}" + (f"  {debug.filename}" if debug else ""),
        f"  format {listing.version}, {listing.size} bytes"
        + (f" and {debug.size} for debugging" if debug else ", no debug part"),
        "  limits: " + ", ".join(f"{name} {limits[name]}" for name in _LIMITS),
        "  needs: " + (", ".join(listing.needs) or "nothing special"),
        "  handlers: " + (", ".join(listing.resources) or "none"),
    ]
    if listing.refusal:
        lines.append(f"  a device refuses it: {listing.refusal}")
    lines += ["", "constants"]
    lines += [f"{number:5}  {_pooled(value)}" for number, value in enumerate(listing.consts)]
    lines += ["", "code"]
    return "\n".join(lines + list(_code(listing)))


def _code(listing: Disassembly) -> list[str]:
    labels = {line.target: "" for line in listing.lines if line.target is not None}
    labels = {pc: f"L{n}" for n, pc in enumerate(sorted(p for p in labels if p is not None), 1)}
    states = {line.pc: f" -> {line.meaning}" for line in listing.lines if line.op == "ENTER"}
    out = []
    for line in listing.lines:
        if line.op == "ENTER":
            out += ["", _heading(line, listing.debug, labels.get(line.pc))]
        elif line.pc in labels:
            out.append(f"  {labels[line.pc]}:")
        operand = line.meaning
        if line.target is not None:
            operand = labels[line.target] + states.get(line.target, "")
        text = f"{line.pc:5}  {line.op:8} {line.operand:<5} {operand}".rstrip()
        out.append(f"{text:56}  ; {line.source}" if line.source else text)
    return out[1:] if out and not out[0] else out


def _heading(line: Line, debug: Debug | None, label: str | None) -> str:
    text = f"  {label}:" if label else "  "
    if debug and line.operand < len(debug.states):
        state = debug.states[line.operand]
        return f"{text:6} {state.name}  ({state.type}, line {state.line})"
    return f"{text:6} state {line.operand}"


def to_json(listing: Disassembly) -> dict[str, Any]:
    """The listing as plain data, for `json.dumps`."""
    debug = listing.debug
    return {
        "version": listing.version,
        "digest": listing.digest.hex(),
        "bytes": listing.size,
        "needs": listing.needs,
        "limits": listing.limits,
        "resources": listing.resources,
        "refusal": listing.refusal or None,
        "constants": [
            {"of": list(value.numbers)}
            if isinstance(value, Parts)
            else {"bytes": value.hex()}
            if isinstance(value, bytes)
            else value
            for value in listing.consts
        ],
        "code": [
            {
                "pc": line.pc,
                "op": line.op,
                "operand": line.operand,
                "meaning": line.meaning or None,
                "target": line.target,
                "source": line.source or None,
            }
            for line in listing.lines
        ],
        "debug": {
            "filename": debug.filename,
            "states": [{"name": s.name, "type": s.type, "line": s.line} for s in debug.states],
            "variables": [{"state": w.first, "names": w.names} for w in debug.windows],
            "bytes": debug.size,
        }
        if debug
        else None,
    }
