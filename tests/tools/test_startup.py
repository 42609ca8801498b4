"""What a command reads before it begins: its own module, and nothing that only others need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.shell import example
from tsme_host.tools import cli

# Of these nothing is read by a command that gets along without: name or package.
HEAVY = ("asyncio", "difflib", "junitparser", "rich", "subprocess", "tempfile", "yaml", "botocore",
         "pygraphviz", "multiprocessing", "concurrent", "importlib.metadata")  # fmt: skip
DEVICE = (
    "tsme.program.interpreter",
    "tsme.kernel",
    "tsme.journal",
    "tsme.engine.engine",
    "tsme.machine",
)
LISTING = """
import os, sys
leave = os._exit
def told(code):
    sys.stderr.write("\\n".join(sys.modules))
    sys.stderr.flush()
    leave(code)
os._exit = told
from tsme_host.start import main
main()
"""
ALLOWED = {
    "--help": {"cli"},
    "--version": {"cli", "engines", "errors"},
    "check": {
        "cli",
        "commands",
        "commands.check",
        "console",
        "definitions",
        "errors",
        "files",
        "inputs",
        "outputs",
    },
}


def modules(folder: Path, *args: str) -> set[str]:
    """All that a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", LISTING, *args],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stderr.split())


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@pytest.mark.parametrize("command", ALLOWED)
def test_a_command_reads_what_it_needs_and_nothing_else(tmp_path: Path, command: str):
    example(tmp_path)
    given = ["check", "flow.asl.json"] if command == "check" else [command]
    read = modules(tmp_path, *given)
    assert "tsme_host.tools.cli" in read
    assert not {name for name in read if within(name, HEAVY + DEVICE)}
    own = "tsme_host.tools."
    tools = {name.removeprefix(own) for name in read if name.startswith(own)}
    assert tools == ALLOWED[command]
    if command != "check":
        assert not {name for name in read if within(name, ("tsme_host.compiler",))}


def test_no_command_reads_the_tools_of_another(tmp_path: Path):
    for name, (module, _) in cli.COMMANDS.items():
        read = modules(tmp_path, name, "--help")
        assert f"tsme_host.tools.commands.{module}" in read
        assert not {one for one in read if within(one, ("rich", "junitparser", "asyncio", "yaml"))}
        if name not in ("test", "test-state", "replay"):
            assert "tsme_host.tools.commands.test" not in read


def test_the_help_of_all_says_of_each_command_what_its_own_says():
    context = cli.main.make_context("tsme", ["--help"], resilient_parsing=True)
    for name, (_, text) in cli.COMMANDS.items():
        command = cli.main.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(limit=100) == text
    assert list(cli.COMMANDS) == sorted(cli.COMMANDS)
