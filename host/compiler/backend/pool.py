"""The constants of a program: which there are, how each is written, and in which order.

A list of names (the constant of OBJECT, PUT and CAUGHT) and the Resource of a TASK may be written
in parts, as numbers of constants, so that a text which a program needs several times stands in it
once (docs/SPEC.md, 2.14).  Whether that is shorter depends on all the others: a name that
two lists have is worth a constant of its own, one that is needed once is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tsme.program.words import WORDS
from tsme.values import cbor

from ..frontend.model import Json
from .instructions import INSTRUCTIONS
from .ir import Ins, Pooled, Resource

LISTS = tuple(name for name, row in INSTRUCTIONS.items() if row.check in ("N", "E", "P"))
INDEX = 1  # bytes that a constant takes in the index of a small program
FIRST_WORD = 192  # bytes below name constants, the others words (tsme/program/words.py)
ARRAY, TEXT = 0xC6, 0xC7  # tags before the numbers of the parts
_WORTH = 3  # bytes that parts have to save: they are looked up at each use

_WORDS = {
    cbor.encode(word): FIRST_WORD + n for n, word in enumerate(WORDS.removesuffix("|").split("|"))
}

_PIECES = [word for word in WORDS.split("|") if len(word) > 1]

PoolKey = tuple[str, bytes]  # "" or whose constant it is ("list", "resource"), and its encoding
Parts = tuple[bytes, ...]  # encodings of the constants that it is made of; () if it is whole


class Pool:
    """The constants of these instructions, the most used first: those have short operands.

    `data`: their encodings, one behind the other.  `floats`: one of them holds a float.
    """

    def __init__(self, instructions: list[Ins]) -> None:
        self.floats = False
        self._uses: Counter[PoolKey] = Counter()  # in the order of first use
        self._values: dict[PoolKey, Json] = {}  # of lists and resources
        for item in instructions:
            if isinstance(item.arg, Pooled):
                value = item.arg.value
                key = _key(item.op, item.arg)
                self._uses[key] += 1
                self.floats = self.floats or _has_float(value)
                if key[0]:
                    self._values[key] = value
        self._chosen = self._choose()
        self._numbers = self._numbered()
        self._encodings = [self._encoding(key) for key in self._numbers]
        self.data = b"".join(self._encodings)

    def number(self, op: str, arg: Pooled) -> int:
        """The constant that an instruction with this operand names."""
        return self._numbers[self._written(_key(op, arg))]

    def index(self) -> bytes:
        """The offset of each constant in `data`; one byte, two or four each."""
        size = len(self.data)
        width = 1 if size < 1 << 8 else 2 if size < 1 << 16 else 4
        out = bytearray()
        at = 0
        for data in self._encodings:
            out += at.to_bytes(width, "little")
            at += len(data)
        return bytes(out)

    def _choose(self) -> dict[PoolKey, Parts]:
        """The parts of each list and resource, with the prefix that makes all of it shortest."""
        resources = [v for key, v in self._values.items() if key[0] == "resource"]
        best: dict[PoolKey, Parts] = {}
        least = -1
        for prefix in _prefixes([text for text in resources if isinstance(text, str)]):
            chosen = {key: _parts(value, prefix) for key, value in self._values.items()}
            size = self._settle(chosen)
            if least < 0 or size < least:
                best, least = chosen, size
        return best

    def _settle(self, chosen: dict[PoolKey, Parts]) -> int:
        """Make whole again what is no longer so, until nothing is; bytes of what is left."""
        users = Counter(part for parts in chosen.values() for part in parts)
        again = True
        while again:  # each round makes one whole, or is the last
            again = False
            for key, parts in chosen.items():
                if parts and self._price(key, ()) < self._price(key, parts, users) + _WORTH:
                    users.subtract(parts)
                    chosen[key] = ()
                    again = True
        own = sum(self._price(key, parts) for key, parts in chosen.items())
        return own + sum(self._alone(part) for part, n in users.items() if n)

    def _price(self, key: PoolKey, parts: Parts, users: Counter[bytes] | None = None) -> int:
        """Bytes of a list or resource; with `users`, and of the parts that nothing else uses."""
        if not parts:
            return 0 if self._uses["", key[1]] else len(key[1]) + INDEX
        price = 2 + len(parts) + (len(parts) > 23) + INDEX
        if users:
            mine = Counter(parts)
            price += sum(self._alone(part) for part, n in mine.items() if users[part] == n)
        return price

    def _alone(self, data: bytes) -> int:
        """Bytes of a constant, none if an instruction has it anyway."""
        return 0 if self._uses["", data] or data in _WORDS else len(data) + INDEX

    def _numbered(self) -> dict[PoolKey, int]:
        """Numbers by use; a list is whole if a byte cannot name all its parts."""
        while True:
            used: Counter[PoolKey] = Counter()
            for key, n in self._uses.items():
                used[self._written(key)] += n
                for part in self._chosen.get(key, ()):
                    if part not in _WORDS:
                        used["", part] += 1
            # most_common keeps the order of first use among equals
            numbers = {key: n for n, (key, _) in enumerate(used.most_common())}
            late = [
                key
                for key, parts in self._chosen.items()
                if any(part not in _WORDS and numbers["", part] >= FIRST_WORD for part in parts)
            ]
            if not late:
                return numbers
            self._chosen.update(dict.fromkeys(late, ()))

    def _written(self, key: PoolKey) -> PoolKey:
        return key if self._chosen.get(key) else ("", key[1])

    def _encoding(self, key: PoolKey) -> bytes:
        if not key[0]:
            return key[1]
        numbers = (_WORDS.get(part, self._numbers.get(("", part))) for part in self._chosen[key])
        tag = ARRAY if key[0] == "list" else TEXT
        return bytes([tag]) + cbor.encode(bytes(n for n in numbers if n is not None), True)


def _key(op: str, arg: Pooled) -> PoolKey:
    kind = "list" if op in LISTS else "resource" if isinstance(arg, Resource) else ""
    return kind, cbor.encode(arg.value, isinstance(arg.value, bytes))


def _has_float(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_has_float(v) for v in value.values())
    if isinstance(value, list):
        return any(_has_float(v) for v in value)
    return isinstance(value, float)


def _parts(value: Json, prefix: str) -> Parts:
    """What a list or a resource can be made of."""
    if isinstance(value, str):
        head = prefix if value.startswith(prefix) else ""
        rest, blank, function = value[len(head) :].partition(" ")
        pieces = [head, *_words(rest), blank, function]
        return tuple(cbor.encode(piece) for piece in pieces if piece)
    return tuple(map(cbor.encode, value)) if isinstance(value, list) else ()


def _words(text: str) -> list[str]:
    """A Resource as the words that it begins and ends with, and what is between them."""
    front: list[str] = []
    back: list[str] = []
    while found := [word for word in _PIECES if text.startswith(word)]:
        front.append(max(found, key=len))
        text = text.removeprefix(front[-1])
    while found := [word for word in _PIECES if text.endswith(word)]:
        back.insert(0, max(found, key=len))
        text = text.removesuffix(back[0])
    return [*front, text, *back]


def _prefixes(resources: list[str]) -> Iterator[str]:
    """Beginnings that several resources share, up to a colon; first, none."""
    yield ""
    shared: Counter[str] = Counter()
    for text in resources:
        for at, c in enumerate(text):
            if c == ":":
                shared[text[: at + 1]] += 1
    longest: dict[int, str] = {}  # of those that so many share, the longest is the best
    for prefix, n in shared.items():
        if n > 1 and len(prefix) > len(longest.get(n, "")):
            longest[n] = prefix
    yield from longest.values()
