"""Pipes between relational machines of one process (docs/RELATIONAL.md)."""

from collections.abc import Sequence

from .engine import Engine

class Pipe:
    """Adds states of `target` when those of `source` become active, and removes them when they go.

    `active`: the states that are added, as many as `states`, of the same names if not given.
    `inactive`: those that are removed, else those that were added.  One that begins with Err, and
    Exception, comes with the newest error of the source.  Mutations have the args source, state
    and tick.  Raises TsmeError: M017 for a state that is none, M024 if there are not as many, M025
    for an engine of another kind.
    """

    def __init__(
        self,
        source: Engine,
        states: str | Sequence[str],
        target: Engine,
        active: str | Sequence[str] | None = None,
        inactive: str | Sequence[str] | None = None,
    ) -> None: ...
    async def run(self) -> None:
        """Tell the target of each change, until the execution of the source is over.

        Waits for both to begin.  What was not told before a reset is told after it.
        """
