"""The command `tsme`: its name and its groups.  A command is read when it is used."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from ..ending import Stopped

# The module of each command, and what --help says of it, which spares reading them all.
COMMANDS = {
    "check": ("check", "Show all problems of workflows and relational schemas."),
    "checkpoint": ("executions", "Let a board write a checkpoint, so that older blocks go."),
    "compile": ("compile", "Compile a workflow to a program, or a relational schema."),
    "convert": ("convert", "Turn a workflow in JSONPath into JSONata."),
    "debug": ("debug", "Walk through journals, forwards and backwards."),
    "describe": ("executions", "Show how an execution on a board stands."),
    "disasm": ("compile", "Show a program as text that can be read."),
    "emulate": ("emulate", "Run a board without hardware."),
    "eval": ("eval", "Try a JSONata expression, show its tree or its code."),
    "flash": ("flash", "Bring firmware and tsme onto a board."),
    "gen": ("gen", "Make handlers, typed names and a dashboard from a relational schema."),
    "graph": ("graph", "Draw a workflow, or the relations of a schema."),
    "history": ("history", "Show an execution as AWS's GetExecutionHistory would."),
    "init": ("init", "Make a folder with a first workflow, its tasks and a test."),
    "journal": ("journal", "Pull, show, query, export, resize or repair a journal; its effects."),
    "logs": ("logs", "Show what a board has printed and logged."),
    "migrate": ("migrate", "Move a running execution to the workflow as it is now."),
    "ports": ("ports", "List serial ports and emulated boards."),
    "programs": ("programs", "List or remove the programs on a board."),
    "ps": ("executions", "List the executions on a board."),
    "push": ("push", "Upload, restart and show the logs, in one."),
    "repl": ("repl", "A prompt for what runs on a board or a server."),
    "replay": ("replay", "Run a journal's inputs again, compare every byte."),
    "reset": ("status", "Restart a board."),
    "resume": ("resume", "Go on with the execution under way in a journal."),
    "retire": ("resume", "Give up an execution that cannot go on."),
    "run": ("run", "Run a workflow, several on one board, or a machine."),
    "serve": ("serve", "Serve the API of AWS Step Functions, from a database."),
    "signal": ("executions", "Send a signal to a state machine on a board."),
    "sim": ("sim", "Simulate devices with many seeds and faults."),
    "start": ("executions", "Start an execution on a board."),
    "status": ("status", "Show how a board stands."),
    "stop": ("resume", "End an execution under way, on a board or in a journal."),
    "store": ("store", "Look at, export, import and prune executions in a database."),
    "test": ("test", "Run scenario tests, with tasks mocked."),
    "test-state": ("test_state", "Run one state of a workflow, with mocked answers."),
    "time": ("status", "Show or set the clock of a board."),
    "token": ("token", "Complete callbacks and activities from outside."),
    "upload": ("upload", "Bring programs and tasks onto a board."),
    "worker": ("worker", "Do tasks by the handlers of a file, in a process of their own."),
}
# How --help shows them.  Those that stand nowhere here are shown last.
GROUPS = {
    "Workflows": "init check compile run test test-state eval sim graph gen convert disasm",
    "Boards": "ports flash emulate upload start push logs status reset time programs",
    "Boards and servers": "repl",
    "Executions on a board": "ps describe signal checkpoint",
    "Executions on a board, or in a journal": "stop token migrate retire resume",
    "Journals": "journal history replay debug",
    "Servers": "serve worker store",
}
_NARROW = 52  # columns: to no less does click fit its help by itself
_QUIET = {"help": "help", "version": "help"}  # known, but not listed

EXAMPLES = """\
\b
Examples:
  tsme init garden                          a folder with a first workflow
  tsme check flow.asl.json                  all problems of a workflow
  tsme compile flow.asl.json -o flow.tsm    the program for the device
  tsme run flow.asl.json --input '{"day": 1}' --tasks tasks.py --journal j.bin
  tsme test-state flow.asl.json --state Dry --input '{"day": 1}' --inspection DEBUG
  tsme eval '$sum($states.input.xs)' --input '{"xs": [1, 2]}'
  tsme test                                 the scenarios in *.test.json, tasks mocked
  tsme sim flow.asl.json                    many seeds of faults and power cuts
  tsme push                                 compile, upload, restart, begin; shows the logs
  tsme ps --port /dev/ttyACM0               what runs on a board
  tsme repl http://127.0.0.1:8083           a prompt for what runs there; also on a board
  tsme journal pull soil                    soil.bin, from a board
  tsme journal show j.bin --program flow.asl.json
  tsme journal effects j.bin --program flow.asl.json --tasks tasks.py
  tsme resume j.bin --tasks tasks.py        goes on, without the workflow
  tsme migrate j.bin flow.asl.json          moves what is under way to the workflow as it is now
  tsme stop j.bin --cause "enough"          ends it
  tsme retire j.bin                         gives up what nothing can go on with
  tsme token success j.bin 1-4 '{"closed": true}' --program flow.asl.json
  tsme history j.bin --program flow.asl.json
  tsme replay j.bin --program flow.asl.json
  tsme graph flow.asl.json -o flow.svg
  tsme graph relay.yaml -o relay.svg --active Start,Ready
  tsme gen relay.yaml                       handlers, typed names, a dashboard
  tsme convert flow.asl.json -o new.asl.json
  tsme serve --database sqlite:///tsme.db   the API of Step Functions, for boto3 and aws
  tsme worker --tasks tasks.py              polls its activities

\b
Exit codes:
  0  done     1  the answer is no (problems, failed, different)     2  could not do it

\b
Shell completion (bash; also zsh_source and fish_source):
  eval "$(_TSME_COMPLETE=bash_source tsme)"
"""


def _section(formatter: click.HelpFormatter, title: str, names: list[str]) -> None:
    if names:
        with formatter.section(title):
            width = max(map(len, COMMANDS))
            formatter.write_dl([(f"{name:{width}}", COMMANDS[name][1]) for name in names])


class Tsme(click.Group):
    """A group whose errors are one line each, with a code; never a traceback."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS and cmd_name not in _QUIET:
            return None
        name = COMMANDS[cmd_name][0] if cmd_name in COMMANDS else _QUIET[cmd_name]
        module = importlib.import_module(f"..commands.{name}", __name__)
        gc.enable()  # it was off while modules were read
        found: click.Command = next(c for c in module.COMMANDS if c.name == cmd_name)
        return found

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        left = set(COMMANDS)
        for title, words in GROUPS.items():
            names = [name for name in words.split() if name in COMMANDS]
            left -= set(names)
            _section(formatter, title, names)
        _section(formatter, "Others", sorted(left))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        extra |= {"windows_expand_args": windows_expand_args}
        with suppress(OSError, ValueError, AttributeError):  # no terminal
            columns = os.get_terminal_size(sys.stdout.fileno()).columns
            if columns < _NARROW:
                extra["terminal_width"] = columns
        if os.environ.get("NO_COLOR"):
            extra["color"] = False
        try:
            if sys.stdout is None:  # `>&-`: what is opened next would be taken for it
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            try:
                code = super().main(args, prog_name or "tsme", complete_var, False, **extra)
            except click.exceptions.NoArgsIsHelpError as asked:
                click.echo(asked.ctx.get_help())
                code = 0
            sys.stdout.flush()
        except (Exception, KeyboardInterrupt, Stopped) as error:
            from .leaving import leave  # noqa: PLC0415

            leave(error)
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code


def _version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted:
        from .engines import versions  # noqa: PLC0415  nothing else asks

        click.echo(versions())
        context.exit()


@click.group(
    "tsme",
    cls=Tsme,
    epilog=EXAMPLES,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 99},
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and the engine, and exit.",
)
@click.pass_context
def main(context: click.Context) -> None:
    """Workflows in Amazon States Language for microcontrollers: check, compile, run, replay."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
