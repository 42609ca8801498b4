"""Progress of what takes a while: a bar on a terminal, nothing where the output is piped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]


@contextmanager
def bar(label: str) -> Iterator[Progress | None]:
    """While the block runs: a function of what is done and of all, both in bytes, that draws it.

    None if the standard error is no terminal.  The bar goes away at the end.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars  # noqa: PLC0415

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        one = bars.add_task(label, total=None)

        def draw(done: int, total: int) -> None:
            bars.update(one, completed=done, total=total)

        yield draw
