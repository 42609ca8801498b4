"""A line of the prompt as words: as a shell has them, but JSON stands as it is.

send counter {"add": 1}          two words behind `send`: JSON needs no quotes around it
stop soil --cause "too wet"      in double quotes a JSON text, which a name or a cause is too
start 'my soil' -i='{"a": 1}'    in single quotes whatever is between them
"""

from __future__ import annotations

import json

_PAIRS = {"{": "}", "[": "]"}


def split(line: str) -> list[str]:
    """The words of a line; an open quote or bracket goes to its end."""
    words = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        word, at = _word(line, at)
        words.append(word)
    return words


def partial(line: str) -> tuple[list[str], str]:
    """The words of a line that is being typed, and the last one as it stands there: "" behind a
    space."""
    words: list[str] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        word, end = _word(line, at)
        if end >= len(line) and not (end == len(line) and line[-1].isspace()):
            return words, line[at:]
        words.append(word)
        at = end
    return words, ""


def _word(line: str, at: int) -> tuple[str, int]:
    text = ""
    fresh = True  # may a quote begin here?
    while at < len(line) and not line[at].isspace():
        if fresh and line[at] == "'":
            end = line.find("'", at + 1)
            end = len(line) if end < 0 else end
            text += line[at + 1 : end]
            at, fresh = end + 1, False
        elif fresh and line[at] in '{["':
            end = _behind(line, at)
            text += line[at:end]
            at, fresh = end, False
        else:
            fresh = line[at] == "="
            text += line[at]
            at += 1
    return text, at


def _behind(line: str, at: int) -> int:
    """Where the JSON value ends that begins here, as far as its brackets and quotes tell."""
    depth = 0
    quoted = escaped = False
    for place in range(at, len(line)):
        letter = line[place]
        if quoted:
            if escaped or letter == "\\":
                escaped = not escaped
            elif letter == '"':
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter in _PAIRS:
            depth += 1
        elif letter in _PAIRS.values():
            depth -= 1
        if not quoted and depth <= 0:
            return place + 1
    return len(line)


def plain(word: str) -> str:
    """A word that is a name or a text: in double quotes it is what they hold."""
    if word.startswith('"'):
        try:
            found = json.loads(word)
        except ValueError:
            return word
        return found if isinstance(found, str) else word
    return word


def quoted(name: str) -> str:
    """A name as a word of a line."""
    simple = name and not any(letter.isspace() or letter in "'\"{}[]=" for letter in name)
    return name if simple and not name.startswith(("-", "#")) else json.dumps(name)
