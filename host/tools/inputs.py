"""What files hold.  Whatever is wrong with one is a HostError that names it."""

from __future__ import annotations

import sys
from pathlib import Path

from ..compiler.frontend.model import CompileError, Problem
from ..compiler.frontend.source import decode
from .errors import HostError, did_you_mean

_MARK = b"TSMJ"  # tsme.journal.records.MAGIC, which few commands read


def read_bytes(path: str) -> bytes:
    """What a file holds; `-` is the standard input."""
    if path == "-":
        return sys.stdin.buffer.read()
    if not path:
        raise HostError("TSME-H002", "the name of a file is empty")
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        if Path(path).is_symlink():
            text = f'"{path}" is a link to "{Path(path).readlink()}", which is not there'
            raise HostError("TSME-H010", text) from None
        hint = similar(Path(path))
        raise HostError("TSME-H010", f'there is no file "{path}"', hint) from None
    except IsADirectoryError:
        raise HostError("TSME-H011", f'"{path}" is a folder, not a file') from None
    except PermissionError:
        raise HostError("TSME-H012", f'"{path}" may not be read') from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise HostError("TSME-H012", f'"{path}" cannot be read: {why}') from None


def read_text(path: str) -> str:
    """The text of a file that holds JSON."""
    return text_of(read_bytes(path), path)


def is_journal(data: bytes) -> bool:
    """Are these the blocks of a journal, or of a partition that holds some?"""
    at = data.find(_MARK)
    while at >= 0 and at % 256:
        at = data.find(_MARK, at + 1)
    return at >= 0 and b"\0" in data


def text_of(data: bytes, path: str, other: str = "") -> str:
    """Bytes as text.  `other`: what could be written if they are not meant to be text."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff")) or data[:4].count(0) >= 2
    if is_journal(data):
        raise HostError("TSME-H014", f'"{path}" is a journal, not JSON text')
    if b"\0" in data and not wide:
        hint = f"for {other}" if other else ""
        raise HostError("TSME-H014", f'"{path}" is a binary file, not JSON text', hint)
    try:
        return decode(data)
    except CompileError as error:
        raise input_error(error.problems, path) from None


def input_error(problems: list[Problem], name: str) -> HostError:
    """The first problem of a JSON text, in one line with its place."""
    first = min(problems, key=lambda p: (p.where.line, p.where.column))
    where = f"{name}:{first.where.line}:{first.where.column}"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return HostError(first.code, f"{where}: {first.message}{more}", first.hint)


def read_schema(path: str) -> bytes:
    """The bytes of a compiled schema that a class names.  Raises HostError TSME-H010, which says
    what makes it, if it is not there."""
    file = Path(path)
    if not file.exists() and not file.is_symlink():
        made_of = [file.with_suffix(end) for end in (".yaml", ".yml", ".json")]
        given = next(
            (str(one) for one in made_of if one.is_file()), "FILE.yaml, or FILE.py:CLASS,"
        )
        hint = f"tsme compile {given} makes it"
        raise HostError("TSME-H010", f'there is no file "{path}"', hint)
    return read_bytes(path)


def similar(path: Path) -> str:
    """A hint with the file that was perhaps meant."""
    folder = path.parent
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return f'there is no folder "{folder}" either'
    stem = path.name.partition(".")[0]  # what two names have in common must be more than .json
    names = [name for name in names if did_you_mean(stem, [name.partition(".")[0]])]
    if hint := did_you_mean(path.name, names):
        return hint
    return did_you_mean(path.name + ".asl.json", names) if not path.suffix else ""
