"""Intrinsic function calls: `States.Format('{}', $.x)` (section "Intrinsic Functions").

Names, numbers of arguments and the types of literal arguments are checked against the table of
the 18 functions, so that a call which can never succeed is refused on the laptop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..frontend.model import Const, Expr, IntrinsicCall, Json, Ref, Where
from .paths import PathError, scan_path

MAX_CALL_NESTING = 10  # AWS: "you can nest up to 10 intrinsic functions"
_LITERAL_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_NAME = re.compile(r"States\.[A-Za-z0-9_]+")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_ALGORITHMS = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")


@dataclass(frozen=True)
class Signature:
    """`params`: what each argument must be; `optional` of them, from the end, may be left out;
    `rest` is the type of any further ones (None: there are none)."""

    params: tuple[str, ...]
    returns: str
    optional: int = 0
    rest: str | None = None


SIGNATURES: dict[str, Signature] = {
    "States.Format": Signature(("string",), "string", rest="any"),
    "States.StringToJson": Signature(("string",), "any"),
    "States.JsonToString": Signature(("any",), "string"),
    "States.Array": Signature((), "array", rest="any"),
    "States.ArrayPartition": Signature(("array", "number"), "array"),
    "States.ArrayContains": Signature(("array", "any"), "boolean"),
    "States.ArrayRange": Signature(("number", "number", "number"), "array"),
    "States.ArrayGetItem": Signature(("array", "number"), "any"),
    "States.ArrayLength": Signature(("array",), "number"),
    "States.ArrayUnique": Signature(("array",), "array"),
    "States.Base64Encode": Signature(("string",), "string"),
    "States.Base64Decode": Signature(("string",), "string"),
    "States.Hash": Signature(("any", "string"), "string"),
    "States.JsonMerge": Signature(("object", "object", "boolean"), "object"),
    "States.MathRandom": Signature(("number", "number", "number"), "number", optional=1),
    "States.MathAdd": Signature(("number", "number"), "number"),
    "States.StringSplit": Signature(("string", "string"), "array"),
    "States.UUID": Signature((), "string"),
}

# AWS: the functions that ErrorPath and CausePath accept, those that can give a string.
STRING_FUNCTIONS = frozenset(name for name, s in SIGNATURES.items() if s.returns == "string") | {
    "States.ArrayGetItem"
}


class CallError(Exception):
    """A mistake in a call; `code` is the error code, `index` counts characters of the text."""

    def __init__(self, code: str, message: str, index: int, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.index = index
        self.hint = hint


def parse_intrinsic(text: str, where: Where) -> IntrinsicCall:
    """Parses a whole string as one call.  Raises `IntrinsicError`."""
    parser = _Parser(text, where)
    call = parser.call(1)
    if parser.at < len(text):
        rest = text[parser.at :]
        raise CallError(
            "TSME-C030", f"`{rest[:20]}` follows the end of the call", parser.at, "remove it"
        )
    return call


def format_pieces(template: str) -> tuple[str, ...]:
    r"""Splits a literal `States.Format` template at its `{}`; n placeholders give n + 1 pieces.

    `template` is as in `Call.args[0]`, with `\{`, `\}` and `\\` still escaped; the pieces are
    plain text.
    """
    pieces = [""]
    at = 0
    while at < len(template):
        if template[at] == "\\" and template[at + 1 : at + 2] in ("{", "}", "\\", "'"):
            pieces[-1] += template[at + 1]
            at += 2
        elif template.startswith("{}", at):
            pieces.append("")
            at += 2
        else:
            pieces[-1] += template[at]
            at += 1
    return tuple(pieces)


class _Parser:
    def __init__(self, text: str, where: Where) -> None:
        self.text = text
        self.where = where
        self.at = 0

    def fail(self, message: str, hint: str = "", at: int | None = None) -> CallError:
        return CallError("TSME-C030", message, self.at if at is None else at, hint)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def blanks(self) -> None:
        while self.peek() and self.peek() in " \t\r\n":
            self.at += 1

    def call(self, depth: int) -> IntrinsicCall:
        start = self.at
        match = _NAME.match(self.text, self.at)
        if match is None:
            raise self.fail("a function name starts with `States.`", "write States.Format(...)")
        name = match.group()
        if name not in SIGNATURES:
            from difflib import get_close_matches  # noqa: PLC0415

            near = get_close_matches(name, SIGNATURES, 1, 0.7)
            hint = f"did you mean {near[0]}?" if near else "known: " + ", ".join(SIGNATURES)
            raise CallError("TSME-C031", f"there is no function {name}", start, hint)
        if depth > MAX_CALL_NESTING:
            raise self.fail(f"calls are nested deeper than {MAX_CALL_NESTING} levels")
        self.at = match.end()
        if self.peek() != "(":
            raise self.fail(f"`(` is missing after {name}", f"write {name}(...)")
        self.at += 1
        args, places = self.arguments(name, start, depth)
        _check(name, args, places, start)
        return IntrinsicCall(name, args, self.text[start : self.at], self.where)

    def arguments(
        self, name: str, start: int, depth: int
    ) -> tuple[tuple[Expr, ...], tuple[int, ...]]:
        args: list[Expr] = []
        places: list[int] = []
        self.blanks()
        if self.peek() == ")":
            self.at += 1
            return (), ()
        while True:
            self.blanks()
            places.append(self.at)
            template = name == "States.Format" and not args
            args.append(self.argument(depth, template))
            self.blanks()
            char = self.peek()
            if not char:
                raise self.fail("the call is not closed", "add `)`", start)
            if char not in ",)":
                raise self.fail(f"expected `,` or `)`, found `{char}`")
            self.at += 1
            if char == ")":
                return tuple(args), tuple(places)

    def argument(self, depth: int, template: bool) -> Expr:
        char = self.peek()
        if char == "$":
            try:
                path, self.at = scan_path(self.text, self.at, self.where)
            except PathError as error:
                raise CallError("TSME-C020", error.message, error.index, error.hint) from None
            return Ref(path, self.where)
        if char == "'":
            return Const(self.string(template), self.where)
        if match := _LITERAL_NUMBER.match(self.text, self.at):
            return Const(self.number(match), self.where)
        if self.text.startswith("States.", self.at):
            return self.call(depth + 1)
        if match := _WORD.match(self.text, self.at):
            return Const(self.word(match), self.where)
        if char in ("", ",", ")"):
            raise self.fail("an argument is missing")
        hint = "write strings in single quotes" if char == '"' else ""
        raise self.fail(f"`{char}` cannot start an argument", hint)

    def word(self, match: re.Match[str]) -> Json:
        words: dict[str, Json] = {"true": True, "false": False, "null": None}
        if match.group() not in words:
            hint = f"write '{match.group()}' for text, $.{match.group()} for a path"
            raise self.fail(f"`{match.group()}` is no argument", hint)
        self.at = match.end()
        return words[match.group()]

    def number(self, match: re.Match[str]) -> Json:
        text = match.group()
        value = float(text) if match.group(1) or match.group(2) else None
        if value is None and len(text) <= 20 and -(2**63) <= int(text) < 2**63:
            self.at = match.end()
            return int(text)
        if value is None or abs(value) == float("inf"):
            raise self.fail(f"the number {text[:40]} is out of range")
        self.at = match.end()
        return value

    def string(self, template: bool) -> str:
        r"""A literal in single quotes; `\'`, `\{`, `\}` and `\\` are escapes, and no others are.
        In a Format template only `\'` is undone: see `format_pieces`."""
        start = self.at
        self.at += 1
        parts: list[str] = []
        while (char := self.peek()) != "'":
            if not char:
                raise self.fail("the string has no closing quote", "add '", start)
            if char != "\\":
                parts.append(char)
                self.at += 1
                continue
            following = self.text[self.at + 1 : self.at + 2]
            if not following or following not in "'{}\\":
                hint = "write \\\\ for a backslash; in JSON each is written twice"
                shown = following if following.isprintable() else f"U+{ord(following):04X}"
                raise self.fail(f"`\\{shown}` is no escape", hint)
            keep = template and following != "'"
            parts.append(char + following if keep else following)
            self.at += 2
        self.at += 1
        return "".join(parts)


# --- Checking a call against its signature ---------------------------------------------------


def _check(name: str, args: tuple[Expr, ...], places: tuple[int, ...], start: int) -> None:
    signature = SIGNATURES[name]
    least, most = len(signature.params) - signature.optional, len(signature.params)
    if len(args) < least or (len(args) > most and signature.rest is None):
        wanted = str(least) if least == most else f"{least} to {most}"
        wanted = f"at least {least}" if signature.rest is not None else wanted
        noun = "argument" if wanted.endswith("1") else "arguments"
        message = f"{name} takes {wanted} {noun}, not {len(args)}"
        raise CallError("TSME-C032", message, start)
    for position, (arg, place) in enumerate(zip(args, places, strict=True)):
        wanted = signature.params[position] if position < most else signature.rest or "any"
        actual = _type_of(arg)
        if "any" not in (wanted, actual) and wanted != actual:
            message = f"argument {position + 1} of {name} must be {_a(wanted)}, not {_a(actual)}"
            raise CallError("TSME-C033", message, place)
        _check_literal(name, position, arg, place)
    if name == "States.Format":
        _check_format(args, start)


def _check_literal(name: str, position: int, arg: Expr, place: int) -> None:
    """Rules of single functions that a literal argument can break for certain."""
    if not isinstance(arg, Const):
        return
    value = arg.value
    if name == "States.Hash" and position == 1 and value not in _ALGORITHMS:
        hint = "known: " + ", ".join(_ALGORITHMS)
        raise CallError("TSME-C033", f"there is no hash algorithm '{value}'", place, hint)
    if name == "States.JsonMerge" and position == 2 and value is not False:
        message = "argument 3 of States.JsonMerge must be false: only shallow merges exist"
        raise CallError("TSME-C033", message, place)
    if name == "States.ArrayPartition" and position == 1:
        if isinstance(value, (int, float)) and round(value) < 1:
            raise CallError("TSME-C033", "the chunk size must be at least 1", place)
    if name == "States.ArrayRange" and position == 2:
        if isinstance(value, (int, float)) and round(value) == 0:
            raise CallError("TSME-C033", "the step must not be 0", place)
    if name == "States.ArrayGetItem" and position == 1:
        if isinstance(value, (int, float)) and value < 0:
            raise CallError("TSME-C033", "the index must not be negative", place)


def _check_format(args: tuple[Expr, ...], start: int) -> None:
    template = args[0]
    if not isinstance(template, Const) or not isinstance(template.value, str):
        return
    holes = len(format_pieces(template.value)) - 1
    if holes != len(args) - 1:
        given = len(args) - 1
        message = f"the template has {holes} placeholder(s) {{}} but {given} value(s) are given"
        hint = "write one {} for each value; \\{ and \\} are literal braces"
        raise CallError("TSME-C034", message, start, hint)


def _type_of(arg: Expr) -> str:
    if isinstance(arg, IntrinsicCall):
        return SIGNATURES[arg.name].returns
    if not isinstance(arg, Const):
        return "any"
    value = arg.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else "string"


def _a(kind: str) -> str:
    if kind == "null":
        return "null"
    return f"an {kind}" if kind[0] in "aio" else f"a {kind}"
