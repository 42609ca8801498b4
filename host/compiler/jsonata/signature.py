"""The signature of a function, `<s-n?:s>`: is it one?"""

from __future__ import annotations

from .lexer import mistake

_TYPES = "snbloafjx"


def check_signature(text: str, at: int) -> None:
    """Raises JsonataError if `text`, which begins with its `<`, is no signature.

    `at`: where it stands in the expression.
    """
    place, last = 1, ""
    while place < len(text) and text[place] != ":":
        char = text[place]
        if char in _TYPES:
            last = char
        elif char == "(":
            end = _closing(text, place, "(", ")")
            choice = text[place + 1 : end]
            if "<" in choice:
                raise mistake("S0402", at + place)
            last = f"({choice})"
            place = end
        elif char == "<":
            if last not in ("a", "f"):
                raise mistake("S0401", at + place)
            place = _closing(text, place, "<", ">")
        place += 1


def _closing(text: str, start: int, opens: str, closes: str) -> int:
    depth = 1
    for place in range(start + 1, len(text)):
        depth += (text[place] == opens) - (text[place] == closes)
        if depth == 0:
            return place
    return len(text)
