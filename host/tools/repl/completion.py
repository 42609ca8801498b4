"""What Tab offers: commands, their options, and names of what is there just now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as Offer
from prompt_toolkit.document import Document

from ..boards import project
from ..errors import HostError
from .board import Board
from .commands import STATUSES, Named, prompt
from .targets import Attached
from .words import partial, plain, quoted

_OFFERED = 200  # executions
_FRESH = 2.0  # s for which a list that was asked for is shown again


class Completion(Completer):
    """Asks the target; of one that is away nothing is offered.  To be called in a thread, since a
    board is asked by an event loop of its own."""

    def __init__(self, at: Attached) -> None:
        self._at = at
        self._seen: dict[str, tuple[float, list[str]]] = {}

    def get_completions(self, document: Document, _event: CompleteEvent) -> Iterator[Offer]:
        """The words that may stand where the cursor is."""
        before, raw = partial(document.text_before_cursor)
        given = plain(raw + '"') if raw.startswith('"') else raw
        for word in dict.fromkeys(self.words(before, given)):
            if word.startswith(given) and word != given:
                yield Offer(word if word.startswith("-") else quoted(word), -len(raw), word)

    def words(self, before: list[str], given: str) -> Iterable[str]:
        """What may follow these words of a line, in the order in which it is offered."""
        root = click.Context(prompt, info_name="", obj=self._at)
        if not before:
            return [name for name, one in sorted(prompt.commands.items()) if not one.hidden]
        command = prompt.get_command(root, before[0])
        if command is None:
            return ()
        options = {
            name: one
            for one in command.params
            if isinstance(one, click.Option)
            for name in (*one.opts, *one.secondary_opts)
        }
        if given.startswith("-"):
            return [*options, "--help"]
        last = options.get(before[-1])
        if last is not None and not last.is_flag:
            return self._of(last, before)
        place = _place(before[1:], options)
        arguments = [one for one in command.params if isinstance(one, click.Argument)]
        return self._of(arguments[place], before) if place < len(arguments) else ()

    def _of(self, parameter: click.Parameter, before: list[str]) -> Iterable[str]:
        kind = parameter.type
        if isinstance(kind, click.Choice):
            return [str(one) for one in kind.choices]
        if isinstance(kind, Named):
            return self._live(kind.kind, plain(before[1]) if len(before) > 1 else "")
        return ()

    def _live(self, kind: str, name: str) -> Iterable[str]:
        kinds: dict[str, Callable[[], list[str]]] = {
            "execution": lambda: [one.name for one in self._at.target.executions(None, _OFFERED)],
            "task": self._tasks,
            "started": self._started,
            "state": lambda: self._states(name),
            "status": lambda: [*STATUSES],
            "command": lambda: prompt.list_commands(click.Context(prompt)),
            "file": lambda: [one.name for one in sorted(Path().iterdir()) if one.is_file()],
        }
        if kind not in kinds:
            return ()
        key = f"{kind} {name}" if kind == "state" else kind
        when, found = self._seen.get(key, (0.0, []))
        if key not in self._seen or time.monotonic() - when > _FRESH:
            try:
                found = kinds[kind]()
            except (HostError, OSError):
                found = []
            self._seen[key] = time.monotonic(), found
        return found

    def _tasks(self) -> list[str]:
        found = self._at.target.tasks()
        return [*(one.token for one in found), *(one.execution for one in found)]

    def _started(self) -> list[str]:
        if self._at.target.kind == "board":
            mine = project.found()
            here = [*mine.workflows] if mine else []
            return [*here, *(one.name for one in self._at.target.executions())]
        return [one["name"] for one in self._at.target.machines() if one["kind"] == "machine"]

    def _states(self, name: str) -> list[str]:
        """Of the programs that were given, and of what the execution has been in."""
        target = self._at.target
        found = target.journals.states() if isinstance(target, Board) else []
        try:
            return [*found, *target.seen(name).entered]
        except HostError:
            return found


def _place(words: list[str], options: dict[str, click.Option]) -> int:
    """How many arguments stand there: what is neither an option nor the value of one."""
    count = 0
    value = False  # of the option before
    for word in words:
        option = options.get(word)
        if value:
            value = False
        elif option is not None:
            value = not option.is_flag
        elif not word.startswith("--"):
            count += 1
    return count
