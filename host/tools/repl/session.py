"""The prompt itself: lines of a terminal, a script or a command, and what becomes of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from .. import console
from ..errors import DONE
from ..leaving import described
from .commands import prompt
from .completion import Completion
from .reading import Leave
from .targets import Attached, Target
from .words import split

_NAME = "repl-history"


class Repl:
    """What a target is asked, a line at a time.  `form`: of answers; `programs`: of --program."""

    def __init__(self, target: Target, form: str | None, programs: Sequence[str] = ()) -> None:
        self.at = Attached(target, form, programs, self.lines)
        self._returns = target.returns

    def words(self, words: Sequence[str]) -> int:
        """Do one command.  -> its exit code; raises what went wrong, and Leave."""
        try:
            code = prompt.main([*words], "", standalone_mode=False, obj=self.at)
        finally:
            if self.at.target.returns > self._returns:
                self._returns = self.at.target.returns
                address = self.at.target.address
                console.note(f"tsme: {address} was away, and is there again")
        return code if isinstance(code, int) else DONE

    def once(self, words: Sequence[str]) -> int:
        """Do the one command of a command line; raises what went wrong."""
        try:
            return self.words(words)
        except Leave:
            return DONE

    def lines(self, lines: Iterable[str], name: str) -> int:
        """Do commands until one does not do its work.  -> its exit code; raises as `words`."""
        self.at.depth += 1
        try:
            for number, line in enumerate(lines, 1):
                words = split(line)
                if not words or words[0].startswith("#"):
                    continue
                try:
                    code = self.words(words)
                except Leave:
                    break
                except BaseException:
                    console.note(f"tsme: {name}:{number}: {line.strip()}")
                    raise
                if code != DONE:
                    console.note(f"tsme: {name}:{number}: {line.strip()}")
                    return code
        finally:
            self.at.depth -= 1
        return DONE

    def line(self, line: str) -> bool:
        """Do a line that somebody types, and say what went wrong.  -> is the prompt left?"""
        words = split(line)
        if not words or words[0].startswith("#"):
            return False
        try:
            self.words(words)
            sys.stdout.flush()
        except Leave:
            return True
        except (KeyboardInterrupt, click.Abort):
            console.note("tsme: interrupted")
        except Exception as error:
            if os.environ.get("TSME_TRACEBACK"):
                import traceback  # noqa: PLC0415

                traceback.print_exception(error)
            click.secho(described(error), err=True, fg="red")
        return False

    def talk(self, **given: Any) -> int:
        """Ask for lines on the terminal, until Ctrl-D or `exit`.  `given`: input and output of
        prompt_toolkit, where they are no terminal."""
        from prompt_toolkit import PromptSession  # noqa: PLC0415
        from prompt_toolkit.completion import ThreadedCompleter  # noqa: PLC0415

        session: PromptSession[str] = PromptSession(
            history=_history(),
            completer=ThreadedCompleter(Completion(self.at)),
            complete_while_typing=False,
            **given,
        )
        console.note("tsme: help shows the commands, Ctrl-D leaves")
        while True:
            try:
                line = session.prompt("tsme> ")
            except KeyboardInterrupt:  # the line is thrown away
                continue
            except EOFError:
                break
            if self.line(line):
                break
        console.note("tsme: left; what runs there, goes on")
        return DONE


def state_folder() -> Path:
    """Where programs of this user keep what is to last."""
    given = os.environ.get("XDG_STATE_HOME", "")
    return (Path(given) if given else Path.home() / ".local" / "state") / "tsme"


def _history() -> Any:
    """The lines of earlier prompts; of this one alone if the folder cannot be written."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory  # noqa: PLC0415

    with suppress(OSError, RuntimeError):  # RuntimeError: the user has no home
        path = state_folder() / _NAME
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        return FileHistory(path)
    return InMemoryHistory()
