"""Progress of what takes a while: a bar on a terminal, nothing where the output is piped."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]


@contextmanager
def bar(label: str, unit: str = "bytes") -> Iterator[Progress | None]:
    """While the block runs: a function of what is done and of all, in `unit`, that draws it.

    None if the standard error is no terminal.  The bar goes away at the end.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bars  # noqa: PLC0415

    bytes_: list[ProgressColumn] = [DownloadColumn(), TransferSpeedColumn()]
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        *(bytes_ if unit == "bytes" else [MofNCompleteColumn(), TextColumn(unit)]),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        one = bars.add_task(label, total=None)

        def draw(done: int, total: int) -> None:
            bars.update(one, completed=done, total=total)

        yield draw
