"""Reads fields of a test file, every mistake at its line and column."""

from __future__ import annotations

from collections.abc import Iterable

from ...compiler.frontend.model import Problem, Where
from ...compiler.frontend.source import Node, parse
from ..errors import did_you_mean
from ..inputs import input_error, read_text

UNKNOWN, WRONG = "TSME-H071", "TSME-H072"
_KINDS = {bool: "true or false", str: "text", list: "an array", dict: "an object"}


class ScenarioReader:
    """A test file's JSON, and what is wrong with it."""

    codes = (UNKNOWN, WRONG)

    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        node, problems = parse(read_text(path))
        if node is None or problems:
            raise input_error(problems, path)
        self.root = node

    def close(self) -> None:
        """Raises HostError if there were problems."""
        if self.problems:
            raise input_error(self.problems, self.path)

    def wrong(self, where: Where, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self.codes[1], message, where, hint))

    def unknown(self, where: Where, message: str, name: str, known: Iterable[str]) -> None:
        known = list(known)
        hint = did_you_mean(name, known) or (f"there are {', '.join(known)}" if known else "")
        self.problems.append(Problem(self.codes[0], message, where, hint))

    def members(self, node: Node | None, what: str, known: Iterable[str]) -> dict[str, Node]:
        """The members of an object that may have only `known` ones."""
        found = self.object(node, what)
        known = list(known)
        for name, member in found.items():
            if name not in known:
                message = f'{what} has no field "{name}"'
                self.unknown(member.key_where, message, name, known)
        return {name: member for name, member in found.items() if name in known}

    def object(self, node: Node | None, what: str) -> dict[str, Node]:
        return node.value if node and self.kind(node, dict, what) else {}  # type: ignore[return-value]

    def array(self, node: Node | None, what: str) -> list[Node]:
        return node.value if node and self.kind(node, list, what) else []  # type: ignore[return-value]

    def text(self, node: Node | None, what: str) -> str | None:
        return str(node.value) if node and self.kind(node, str, what) else None

    def texts(self, node: Node | None, what: str) -> list[str] | None:
        """An array of texts; None if it is not there."""
        if node is None:
            return None
        found = [self.text(item, f"an item of {what}") for item in self.array(node, what)]
        return [item for item in found if item is not None]

    def whole(self, node: Node | None, what: str, least: int = 0) -> int | None:
        """A whole number that is not too small."""
        if node is None:
            return None
        if type(node.value) is int and node.value >= least:
            return node.value
        self.wrong(node.where, f"{what} must be a whole number of at least {least}")
        return None

    def kind(self, node: Node, kind: type, what: str) -> bool:
        if isinstance(node.value, kind):
            return True
        self.wrong(node.where, f"{what} must be {_KINDS[kind]}, not {_named(node)}")
        return False


def _named(node: Node) -> str:
    if node.value is None:
        return "null"
    return _KINDS.get(type(node.value), "a number")
