"""The command `tsme repl`: what it is attached to, and what is asked there."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from typing import Any

import click

from ..boards.session import Where, at_board
from ..definitions import takes_values
from ..errors import HostError
from ..forms import answers
from ..repl.targets import Target

_SCHEMES = ("http://", "https://")


class _Line(click.Command):
    """A command behind which another one stands: after `--`, or after the address."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Sets `asked` of the context to the words behind `--`."""
        at = args.index("--") if "--" in args else len(args)
        ctx.meta["tsme.asked"] = args[at + 1 :]
        return super().parse_args(ctx, args[:at])


@click.command("repl", cls=_Line, short_help="A prompt for what runs on a board or a server.")
@click.argument("words", metavar="[ADDRESS] [-- COMMAND...]", nargs=-1)
@click.option(
    "--program",
    "programs",
    metavar="PROGRAM",
    multiple=True,
    help="The .tsm, workflow or machine (FILE.py:CLASS) that runs: its states. Repeatable.",
)
@click.option("--python", is_flag=True, help="MicroPython's own prompt of the board instead.")
@answers
@at_board
@takes_values
def repl(
    words: tuple[str, ...], programs: tuple[str, ...], python: bool, form: str | None, where: Where
) -> int:
    """A prompt for what runs on a board or a server; Ctrl-D leaves, `help` shows its commands.

    ADDRESS is a serial port, tcp://HOST:PORT, the name of an emulated board that runs, or the
    URL of a tsme serve (http://HOST:PORT). Without it, it is the board of --port, --board or
    tsme.toml.

    \b
      tsme repl                                    the board of tsme.toml
      tsme repl /dev/ttyACM0 --program soil.asl.json
      tsme repl http://127.0.0.1:8083 -- start Order '{"n": 1}' --wait
      tsme repl tcp://10.0.0.7:2112 -- list --json
      tsme repl unix < morning.txt                 commands from a file, one in each line

    With a COMMAND, or where the standard input is no terminal, nothing is asked for. It then ends
    with the first command that does not do its work, and exits with 1 if the answer is no (a wait
    for an execution that fails, say), with 2 if it could not be done, as all commands.
    """
    asked = [*click.get_current_context().meta["tsme.asked"]]
    address, *more = words or ("",)
    if address and _is_command(address):
        address, more = "", [*words]
    if python:
        if asked or more:
            raise HostError("TSME-H001", "--python takes no command", "leave one of them out")
        from ..repl.python import through  # noqa: PLC0415

        return through(_at(where, address))
    if importlib.util.find_spec("prompt_toolkit") is None:
        message = "tsme repl needs a package that is not here: prompt_toolkit"
        raise HostError("TSME-H086", message, "pip install tsme[repl]")
    with _attached(where, address, programs) as target:
        return _asked(target, form, programs, [*more, *asked])


def _is_command(word: str) -> bool:
    from ..repl.reading import known  # noqa: PLC0415

    return word in known()


def _at(where: Where, address: str) -> Where:
    """The board that is meant by an address: a port, or the name of one that runs."""
    from ..boards import running  # noqa: PLC0415

    if not address:
        return where
    if any(one.board == address for one in running.boards()):
        return replace(where, board=address)
    return replace(where, port=address)


def _attached(where: Where, address: str, programs: tuple[str, ...]) -> Target:
    """Raises HostError if nobody answers."""
    if not address.startswith(_SCHEMES):
        from ..repl.board import Board  # noqa: PLC0415

        return Board(_at(where, address), programs)
    if where.said:
        text = f'the address "{address}" and --port or --board name two things'
        raise HostError("TSME-H001", text, "give one of them")
    from ..server_options import need_packages  # noqa: PLC0415

    need_packages()
    from ..repl.endpoint import Endpoint  # noqa: PLC0415

    return Endpoint(address)


def _asked(target: Target, form: str | None, programs: tuple[str, ...], words: list[Any]) -> int:
    from ..repl.session import Repl  # noqa: PLC0415

    one = Repl(target, form, programs)
    if words:
        return one.once(words)
    if sys.stdin.isatty() and sys.stdout.isatty():
        return one.talk()
    return one.lines(sys.stdin, "line")


COMMANDS = (repl,)
