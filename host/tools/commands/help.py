"""`tsme help` and `tsme version`, for those who are used to them; and words of other tools."""

from __future__ import annotations

import click

from .. import console
from ..engines import versions
from ..errors import DONE

BOARD = "tsme push brings it onto a board and lets it run there: docs/BOARDS.md"
_WORDS = {
    BOARD: "deploy ota update bundle",
    "it is called tsme flash, which writes firmware and tsme: docs/BOARDS.md": "install mip",
    "make firmware BOARD=NAME builds it: docs/BOARDS.md": "build-firmware firmware",
    "it is called tsme journal pull": "pull download fetch",
    "it is called tsme logs, and tsme logs -f goes on": "log tail events",
    "it is called tsme repl, and MicroPython's own prompt tsme repl --python": (
        "monitor miniterm terminal console shell connect"
    ),
    "it is called tsme emulate": "emulator qemu simulator",
    "it is called tsme init": "new create scaffold start-project template",
    "it is called tsme check": "lint validate verify typecheck",
    "it is called tsme compile": "build make transpile",
    "tsme run, and on a board tsme start": "execute exec invoke local start-execution",
    "it is called tsme sim": "fuzz chaos stress",
    "it is called tsme graph": "draw render diagram visualize svg",
    "it is called tsme convert": "jsonata migrate-to-jsonata rewrite",
    "it is called tsme ports": "devices boards",
    "on a board: tsme ps and tsme describe; of a file: tsme journal show": "list ls show",
    "it is called tsme stop; Ctrl-C interrupts tsme run": "terminate cancel kill",
    "it is called tsme token": "send callback complete",
    "it is called tsme reset": "restart reboot",
    "it is called tsme time": "clock rtc date",
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
    """Show the version and the engine."""
    console.out(versions())
    return DONE


COMMANDS = (help_, version)
