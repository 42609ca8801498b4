"""`tsme help` and `tsme version`, for those who are used to them; and words of other tools."""

from __future__ import annotations

import click

import tsme

from .. import console
from ..errors import DONE

BOARD = "a board runs main.py, and mpremote copies it there: docs/BOARDS.md"
LOGS = "the journal is the log: copy it with mpremote, then tsme journal show J.bin"
_WORDS = {
    BOARD: "flash deploy upload install push ota update build-firmware bundle mip monitor repl",
    LOGS: "log logs pull download tail events",
    "it is called tsme init": "new create scaffold start-project template",
    "it is called tsme check": "lint validate verify typecheck",
    "it is called tsme compile": "build make transpile",
    "it is called tsme run": "start execute exec invoke local start-execution",
    "it is called tsme sim": "fuzz chaos stress",
    "it is called tsme graph": "draw render diagram visualize svg",
    "see tsme journal show, and tsme token list for what waits": "list ls ps status describe show",
    "Ctrl-C interrupts tsme run; on a board engine.stop() ends it": "stop terminate cancel kill",
    "it is called tsme token": "signal send callback complete",
}
ELSEWHERE = {word: hint for hint, words in _WORDS.items() for word in words.split()}


@click.command("help")
@click.argument("names", metavar="[COMMAND]...", nargs=-1)
@click.pass_context
def help_(context: click.Context, names: tuple[str, ...]) -> int:
    """Show the help of a command, or of all."""
    at = context.parent or context
    for name in names:
        command = at.command
        found = command.get_command(at, name) if isinstance(command, click.Group) else None
        if found is None:
            raise click.NoSuchCommand(name, ctx=at)
        at = click.Context(found, info_name=name, parent=at)
    console.out(at.get_help())
    return DONE


@click.command()
def version() -> int:
    """Show the version."""
    console.out(f"tsme {tsme.__version__}")
    return DONE


COMMANDS = (help_, version)
