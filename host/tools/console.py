"""What commands print: results on stdout, remarks on stderr.

Colours go away by themselves when the output is no terminal, and when NO_COLOR is set.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

_WIDE = 88
_NO_TERMINAL = 1 << 16  # columns, so that nothing is folded


def out(text: str = "") -> None:
    """A line of the result."""
    click.echo(text)


def write(text: str) -> None:
    """A piece of the result, at once."""
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()


def note(text: str) -> None:
    """A remark for people; scripts never see it."""
    click.secho(text, err=True, dim=True)


def width(to_stderr: bool = False) -> int:
    """Columns of the terminal that the output goes to; 0 if it is none."""
    stream = sys.stderr if to_stderr else sys.stdout
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return 0


def good(text: str) -> str:
    """Green on a terminal."""
    return click.style(text, fg="green")


def bad(text: str) -> str:
    """Red on a terminal."""
    return click.style(text, fg="red")


def name(text: str) -> str:
    """A name, cyan on a terminal."""
    return click.style(text, fg="cyan")


def faint(text: str) -> str:
    """Less bright on a terminal."""
    return click.style(text, dim=True)


def strong(text: str) -> str:
    """Bold on a terminal."""
    return click.style(text, bold=True)


def report(text: str) -> str:
    """Problems with their source lines: what they are bold, where they are less bright."""
    lines = []
    for line in text.split("\n"):
        bold = not line.startswith(" ")
        dim = line.startswith("  at: ")
        lines.append(click.style(line, bold=bold, dim=dim) if bold or dim else line)
    return "\n".join(lines)


def json_text(value: Any) -> str:
    """JSON for people and programs: on one line where that is not too wide."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDE else json.dumps(value, ensure_ascii=False, indent=2)


def short(value: Any, width: int = 60) -> str:
    """A value in one line that is not longer than `width`."""
    text = json.dumps(value, ensure_ascii=False, default=opaque)
    return text if len(text) <= width else text[: width - 1] + "…"


def out_json(value: Any) -> None:
    """The result of a command with --json."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=opaque))


def table(rows: Iterable[Sequence[str]], head: Sequence[str] = (), right: int = 0) -> None:
    """Rows in columns, the first `right` of them aligned to the right; cells may be coloured.

    On a terminal the last column is folded within its width; elsewhere a row is a line.
    """
    import io  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    rows = [*rows]
    count = len(head or (rows and rows[0]))
    columns = [
        Column(
            Text.assemble((head[n] if head else "", "bold")),
            justify="right" if n < right else "left",
            no_wrap=n < count - 1,
            overflow="fold",
        )
        for n in range(count)
    ]
    made = Table(
        *columns,
        box=None,
        show_header=bool(head),
        padding=(0, 2, 0, 0),
        pad_edge=False,
        header_style="none",
    )
    for row in rows:
        made.add_row(*(Text.from_ansi(cell) for cell in row))
    page = io.StringIO()
    wide = width() or _NO_TERMINAL
    Console(
        file=page, width=wide, force_terminal=True, color_system="standard", highlight=False
    ).print(made)
    for line in page.getvalue().splitlines():
        out(line.rstrip())


def answer(value: Any, form: str) -> None:
    """The result of a command with --json or --format, on the standard output."""
    if form == "json":
        out_json(value)
        return
    from .forms import write  # noqa: PLC0415

    sys.stdout.buffer.write(write(value, form))
    sys.stdout.buffer.flush()


def opaque(value: Any) -> Any:
    """What JSON has no form for: byte strings as hexadecimal, nothing as null."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    return None


def count(n: int, noun: str) -> str:
    """`1 step`, `2 steps`, `2 branches`."""
    ending = "" if n == 1 else "es" if noun.endswith(("ch", "s", "x")) else "s"
    return f"{n} {noun}{ending}"
