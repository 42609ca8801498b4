"""How the command `tsme` ends when something is wrong: what it says, and its exit code."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
import textwrap
import traceback
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import click

from tsme.errors import TsmeError

from ..compiler.frontend.model import CompileError
from ..ending import INTERRUPTED, Stopped
from . import console
from .commands.help import BOARD, ELSEWHERE
from .errors import FAILED, UNABLE, HostError, did_you_mean, one_line

_ADVICE = {
    errno.ENOSPC: "make room there, or set TMPDIR to another folder",
    errno.EDQUOT: "make room there, or set TMPDIR to another folder",
    errno.EMFILE: "allow more open files: ulimit -n 1024",
    errno.ENOMEM: "close something",
    errno.EAGAIN: "allow more processes: ulimit -u",
}


def leave(error: BaseException) -> NoReturn:
    """Say what was wrong in one line and end with its exit code."""
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        click.echo(f"tsme: interrupted{_notes(error)}", err=True)
        sys.exit(INTERRUPTED)
    if isinstance(error, Stopped):
        with suppress(OSError):  # perhaps the terminal is gone
            click.echo(
                f"tsme: ended by {signal.Signals(error.number).name}{_notes(error)}", err=True
            )
        sys.exit(128 + error.number)
    if isinstance(error, BrokenPipeError):  # `tsme disasm p.tsm | head`
        sys.exit(FAILED)
    with suppress(OSError):  # nowhere to say it
        if os.environ.get("TSME_TRACEBACK"):
            traceback.print_exception(error)
        click.secho(_fitting(described(error)), err=True, fg="red")
        if isinstance(error, HostError):
            for note in error.also:
                click.echo(_fitting(f"tsme: also: {note}"), err=True)
    sys.exit(UNABLE)


def _notes(error: BaseException) -> str:
    """What is to be said with it; click has its own error for Ctrl-C, which that one caused."""
    told = error.__cause__ if isinstance(error, click.Abort) else error
    return "".join(f"; {note}" for note in getattr(told, "__notes__", []))


def _fitting(text: str) -> str:
    """The line as it is, but on a terminal that would break its words."""
    width = console.width(to_stderr=True)
    if not width or len(text) <= width:
        return text
    return textwrap.fill(
        text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def described(error: BaseException) -> str:
    """What was wrong, in one line."""
    if isinstance(error, HostError):
        return one_line(error.code, error.message, error.hint)
    if isinstance(error, TsmeError):
        return one_line(error.code, error.message)
    if isinstance(error, CompileError):
        return _first_problem(error) + _notes(error)
    if isinstance(error, click.ClickException):
        return one_line("TSME-H001", *_usage(error))
    if isinstance(error, OSError):
        return one_line(*_refused(error))
    if isinstance(error, MemoryError):
        return one_line("TSME-H033", "there is not enough memory for this")
    at = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    where = f"{os.path.basename(at.filename)}:{at.lineno}"  # noqa: PTH119
    message = f"a mistake in tsme itself, please report it: {what} ({where})"
    return one_line("TSME-H099", message, "TSME_TRACEBACK=1 shows more")


def _refused(error: OSError) -> tuple[str, str, str]:
    """Code, message and hint of what the system would not do."""
    why = error.strerror or str(error)
    last = {frame.name for frame in traceback.extract_tb(error.__traceback__)[-2:]}
    if error.filename is None and last & {"echo", "main", "write_bytes"}:
        return "TSME-H004", f"the output cannot be written: {why}", ""
    try:
        Path.cwd()
    except OSError:
        return "TSME-H005", "this folder has been deleted", "go to another one"
    name = f'"{error.filename}": ' if error.filename else ""
    hint = _ADVICE.get(error.errno or 0, "")
    if "temporary directory" in why:
        why, hint = "there is no folder for temporary files", "set TMPDIR to one"
    return "TSME-H005", f"the system refuses: {name}{why}", hint


def _first_problem(error: CompileError) -> str:
    """One problem of a workflow with its place, and how to see the others."""
    first, name = error.problems[0], error.filename
    message, hint = first.message, first.hint
    if name:
        message = f"{name}:{first.where.line}:{first.where.column}: {message}"
    if more := len(error.problems) - 1:
        see = f": tsme check {name}" if name and name != "<stdin>" else ""
        hint = "; ".join(part for part in (hint, f"{more} more{see}") if part)
    return one_line(first.code, message, hint)


def _usage(error: click.ClickException) -> tuple[str, str]:
    """Message and hint of what click has to say about the arguments."""
    context = getattr(error, "ctx", None)
    see = f'see "{context.command_path} --help"' if context else 'see "tsme --help"'
    if isinstance(error, click.NoSuchCommand):
        known = context.command.list_commands(context) if context else []
        name = error.command_name
        hint = ELSEWHERE.get(name.lower(), "") or did_you_mean(name, [*known, "help", "version"])
        return f'there is no command "{name}"', hint or f"there are {', '.join(known)}"
    if isinstance(error, click.NoSuchOption):
        known = [name for p in context.command.params for name in p.opts] if context else []
        hint = _argument(error.option_name, context)
        hint = hint or did_you_mean(error.option_name, [*known, "--help"]) or see
        return f'there is no option "{error.option_name}"', hint
    text = error.format_message().rstrip(".")
    if "'--on'" in text:
        see = BOARD
    return text[:1].lower() + text[1:], see


def _argument(option: str, context: click.Context | None) -> str:
    """A hint that what was given as an option is an argument."""
    name = {"-j": "journal"}.get(option, option.lstrip("-"))
    if context is None:
        return ""
    arguments = [p for p in context.command.params if isinstance(p, click.Argument)]
    for argument in arguments:
        if name.upper() == "".join(re.findall(r"[A-Z]+", argument.metavar or "")[-1:]):
            words = " ".join(other.metavar or "" for other in arguments)
            return f"it is an argument: {context.command_path} {words}"
    return ""
