"""The code of a regular expression: instructions that are run all ways at once (SPEC.md, 2.16).

Each part is built for what comes after it.  Backtracking, which JavaScript does, and all ways at
once agree on which way is first but for one thing: a repetition that need not be gives up when it
has matched nothing.  `moving` builds a part with two ends, for the ways on which it took a
character and for those on which it did not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..jsonpath.charsets import Ranges, complement

MOST = 1000  # instructions
_BYTES = 16384
_IN_ONE = 255  # ranges of one instruction


class TooLarge(Exception):
    """A regular expression with more instructions than a pattern may have."""

    hint = "make the numbers in braces smaller, or the pattern shorter"


@dataclass(frozen=True)
class Set:
    """One character of these."""

    ranges: Ranges


@dataclass(frozen=True)
class All:
    """One behind the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Any:
    """One of them, the first if it fits."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Repeat:
    """`greedy`: as often as possible, else as seldom."""

    part: Part
    least: int
    most: int | None
    greedy: bool


@dataclass(frozen=True)
class Group:
    """Keeps what it matches as `number`."""

    number: int
    part: Part


@dataclass(frozen=True)
class Assert:
    """`kind`: as instruction 7 has it."""

    kind: int


Part: TypeAlias = "Set | All | Any | Repeat | Group | Assert"


def encode(part: Part, wrong: Callable[[TooLarge], Exception]) -> bytes:
    """The pattern that finds `part`."""
    try:
        build = _Build()
        end = build.add(bytes([6, 1]), build.matched)
        begin = build.add(bytes([6, 0]), build.plain(part, end))
        # The pattern says how many groups there are, also if no way leads to the last one.
        last = max((number for number, _ in _groups(part)), default=0)
        code = _placed(build.nodes, begin)
        if last and bytes([6, 2 * last]) not in build.codes(begin):
            code = _placed(build.nodes, build.add(bytes([8, last]), begin))
        return code
    except TooLarge as error:
        raise wrong(error) from None


@dataclass
class _Node:
    """An instruction: its bytes, and where it goes on; two places if it is a choice."""

    code: bytes
    after: list[int]


def _nullable(part: Part) -> bool:
    """May it match without a character?"""
    match part:
        case Set():
            return False
        case All(parts):
            return all(map(_nullable, parts))
        case Any(parts):
            return any(map(_nullable, parts))
        case Repeat(inner, least, _, _):
            return least == 0 or _nullable(inner)
        case Group(_, inner):
            return _nullable(inner)
        case Assert():
            return True


def _hollow(part: Part) -> bool:
    """Is it no instruction at all?"""
    match part:
        case All(parts):
            return all(map(_hollow, parts))
        case Repeat(inner, _, most, _):
            return _hollow(inner) or most == 0
    return False


def _groups(part: Part, sure: bool = True) -> list[tuple[int, bool]]:
    """The groups in a part, each with whether every way leads through it."""
    match part:
        case All(parts):
            return [found for each in parts for found in _groups(each, sure)]
        case Any(parts):
            return [found for each in parts for found in _groups(each, False)]
        case Repeat(inner, least, _, _):
            return _groups(inner, sure and least > 0)
        case Group(number, inner):
            return [(number, sure), *_groups(inner, sure)]
    return []


class _Build:
    matched = 0

    def __init__(self) -> None:
        self.nodes = [_Node(b"\0", [])]

    def add(self, code: bytes, *after: int) -> int:
        if len(self.nodes) > MOST:
            raise TooLarge(f"takes more than {MOST} instructions")
        self.nodes.append(_Node(code, list(after)))
        return len(self.nodes) - 1

    def codes(self, begin: int) -> set[bytes]:
        """The instructions that a way leads to."""
        seen: set[int] = set()
        todo = [begin]
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo += self.nodes[node].after
        return {self.nodes[node].code for node in seen}

    def choice(self, first: int | None, second: int | None) -> int | None:
        if first is None or second is None:
            return second if first is None else first
        return self.add(b"\4", first, second)

    def sure(self, found: int | None) -> int:
        assert found is not None
        return found

    def ordered(self, greedy: bool, more: int | None, done: int | None) -> int | None:
        return self.choice(more, done) if greedy else self.choice(done, more)

    def set(self, ranges: Ranges, after: int) -> int:
        others = complement(ranges)
        if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
            return self.add(b"\1" + _character(ranges[0][0]), after)
        if len(others) < len(ranges) <= _IN_ONE or len(others) <= _IN_ONE < len(ranges):
            return self.add(_ranges(3, others), after)
        entry: int | None = None
        for start in range(0, max(1, len(ranges)), _IN_ONE):
            some = self.add(_ranges(2, ranges[start : start + _IN_ONE]), after)
            entry = self.choice(entry, some)
        return self.sure(entry)

    def forget(self, part: Part, entry: int | None) -> int | None:
        """In front of another round: groups that it may leave out keep nothing of the last one."""
        for number, sure in _groups(part) if entry is not None else []:
            if not sure and entry is not None:
                entry = self.add(bytes([8, number]), entry)
        return entry

    # --- parts, built from their ends -----------------------------------------------------------

    def plain(self, part: Part, after: int) -> int:
        match part:
            case Set(ranges):
                return self.set(ranges, after)
            case Assert(kind):
                return self.add(bytes([7, kind]), after)
            case Group(number, inner):
                end = self.add(bytes([6, 2 * number + 1]), after)
                return self.add(bytes([6, 2 * number]), self.plain(inner, end))
            case All(parts):
                for each in reversed(parts):
                    after = self.plain(each, after)
                return after
            case Any(parts):
                entry: int | None = None
                for way in reversed([self.plain(each, after) for each in parts]):
                    entry = self.choice(way, entry)
                return self.sure(entry)
            case Repeat():
                return after if _hollow(part) else self.repeat(part, after)

    def repeat(self, part: Repeat, after: int) -> int:
        inner, least, most = part.part, part.least, part.most
        if max(least, most or 0) > MOST:
            raise TooLarge(f"repeats more than {MOST} times")
        if most == 0:
            return after
        if most is None:
            loop = self.add(b"\4", 0, 0)
            again = self.forget(inner, self.round(inner, loop))
            if again is None:
                return self.plain(All((inner,) * least), after)
            more = again
            self.nodes[loop].after = [more, after] if part.greedy else [after, more]
            if least and not _nullable(inner):
                least -= 1
                after = more
            else:
                after = loop
        else:
            after = self.optional(part, after)
        for number in range(least):
            after = self.plain(inner, after)
            if number < least - 1:
                after = self.sure(self.forget(inner, after))
        return after

    def round(self, part: Part, after: int) -> int | None:
        """A round that need not be: it takes a character, or does not count."""
        return self.moving(part, after, None) if _nullable(part) else self.plain(part, after)

    def optional(self, part: Repeat, after: int, again: bool = False) -> int:
        """The rounds that need not be, one within the other.  `again`: there were some before."""
        assert part.most is not None
        entry = after
        for number in range(part.most, part.least, -1):
            more = self.round(part.part, entry)
            if number > 1 or again:
                more = self.forget(part.part, more)
            entry = self.sure(self.ordered(part.greedy, more, after))
        return entry

    def moving(self, part: Part, moved: int, stood: int | None) -> int | None:
        """Goes on at `moved` if it took a character, else at `stood`; None leads nowhere."""
        match part:
            case Set():
                return self.plain(part, moved)
            case Assert(kind):
                return None if stood is None else self.add(bytes([7, kind]), stood)
            case Group(number, inner):
                end = bytes([6, 2 * number + 1])
                stood = None if stood is None else self.add(end, stood)
                entry = self.moving(inner, self.add(end, moved), stood)
                return None if entry is None else self.add(bytes([6, 2 * number]), entry)
            case All(parts):
                for place in range(len(parts) - 1, -1, -1):
                    stood = self.moving(parts[place], moved, stood)
                    moved = self.plain(parts[place], moved) if place else moved
                return stood
            case Any(parts):
                entry = None
                for way in reversed([self.moving(each, moved, stood) for each in parts]):
                    entry = self.choice(way, entry)
                return entry
            case Repeat():
                return stood if _hollow(part) else self.moving_repeat(part, moved, stood)

    def moving_repeat(self, part: Repeat, moved: int, stood: int | None) -> int | None:
        inner, least, most = part.part, part.least, part.most
        if max(least, most or 0) > MOST:
            raise TooLarge(f"repeats more than {MOST} times")
        if most == 0:
            return stood
        left = None if most is None else most - least
        rest = self.rounds(part, left, moved)
        if left != 0:
            others = self.rounds(part, None if left is None else left - 1, moved)
            more = self.moving(inner, others, None)
            stood = self.ordered(part.greedy, self.forget(inner, more) if least else more, stood)
        for number in range(least):
            stood = self.moving(inner, rest, stood)
            rest = self.plain(inner, rest)
            if number < least - 1:
                stood, rest = self.forget(inner, stood), self.sure(self.forget(inner, rest))
        return stood

    def rounds(self, part: Repeat, most: int | None, after: int) -> int:
        """What is left of a repetition behind some of its rounds."""
        if most == 0:
            return after
        left = Repeat(part.part, 0, most, part.greedy)
        return self.plain(left, after) if most is None else self.optional(left, after, True)


# --- bytes --------------------------------------------------------------------------------------


def _character(code: int) -> bytes:
    return code.to_bytes(3, "little")


def _ranges(op: int, ranges: Ranges) -> bytes:
    parts = [_character(low) + _character(high) for low, high in ranges]
    return bytes([op, len(ranges)]) + b"".join(parts)


def _placed(nodes: list[_Node], begin: int) -> bytes:
    """One behind the other as they follow, with jumps to what stands elsewhere already."""
    order: list[int] = []  # a node, or -1 - the one that is jumped to
    at: dict[int, int] = {}
    length = 0
    todo = [begin]
    while todo:
        node = todo.pop()
        if node in at:
            continue
        while True:
            at.setdefault(node, length)
            order.append(node)
            after = nodes[node].after
            length += 5 if len(after) == 2 else len(nodes[node].code)
            todo += reversed(after[1:])
            if not after:
                break
            node = after[0]
            if len(after) == 2 and node in at:
                break
            if node in at and node != _Build.matched:
                order.append(-1 - node)
                length += 3
                break
    if length > _BYTES:
        raise TooLarge(f"takes more than {_BYTES} bytes")
    code = bytearray()
    for number in order:
        if number < 0:
            code += b"\5" + at[-1 - number].to_bytes(2, "little")
        elif len(nodes[number].after) == 2:
            code += b"\4" + b"".join(at[a].to_bytes(2, "little") for a in nodes[number].after)
        else:
            code += nodes[number].code
    if order[-1] != _Build.matched:
        code += b"\0"
    return bytes(code)
