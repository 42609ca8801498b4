"""What docs/RELATIONAL.md tells of engines is so: its file runs, its commands read the journal."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest

import tsme as engines
from tests import interpreters
from tests.link.test_streams import connected
from tests.tools.shell import tsme

PAGE = (interpreters.ROOT / "docs" / "RELATIONAL.md").read_text(encoding="utf-8")
# The page's program, until its user has done what it does; what tables name is there.
SCRIPT = """\
import asyncio
import sys

import relay

M = %r
ENGINE = %r
user = relay.user


def ReadyState(m):
    print("m has no", [name for name in M if not hasattr(m, name)])


async def once(engine):
    await user(engine)
    print("engine has no", [name for name in ENGINE if not hasattr(engine, name)])
    sys.exit(0)


relay.user = once
relay.Relay.ReadyState = ReadyState
asyncio.run(relay.main())
"""


def block(start: str) -> str:
    found = re.search(rf"^```\w+\n({start}.*?)^```", PAGE, re.M | re.S)
    assert found, start
    return found[1]


def section(head: str) -> str:
    return PAGE.split(f"\n{head}\n")[1].split("\n#")[0]


def named(rows: str) -> list[str]:
    """The names in the first column of a table, and those of a text in backticks."""
    cells = [row.split(" | ")[0] for row in rows.splitlines() if row.startswith("| `")]
    return re.findall(r"`(\w+)", "\n".join(cells))


def words(lines: list[str]) -> list[list[str]]:
    """Those of each line, whatever their order; MicroPython has none in dicts."""
    return sorted(sorted(re.findall(r"\w+(?:': \d)?", line)) for line in lines)


@pytest.fixture(params=["cpython", "micropython", "micropython32"])
def said(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the page's program prints; the folder it was in is the current one."""
    interpreters.require(request.param)
    monkeypatch.chdir(tmp_path)
    Path("relay.py").write_text(block("import asyncio"), encoding="utf-8")
    Path("relay.yaml").write_text(block("name: relay"), encoding="utf-8")
    outside = section("### From outside")
    ask = re.findall(r"`(?:await engine\.)?(\w+)", outside.split("look at what is")[0])
    ask = [name for name in ask if name not in ("executed", "canceled", "queued")]
    script = SCRIPT % (named(section("### Handlers").split("| of `m`")[1]), named(outside) + ask)
    Path("walk.py").write_text(script, encoding="utf-8")
    done = interpreters.run(request.param, "walk.py", heap="2m")
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_the_program_of_the_page_does_what_it_shows(said: str) -> None:
    shown = section("## It runs").split("It prints\n\n")[1].split("\n\n")[0]
    lines = [line.strip() for line in shown.splitlines()]
    missing = {"m has no []", "engine has no []"}
    printed = [line for line in said.splitlines() if line not in missing]
    assert missing <= set(said.splitlines()), said
    assert words(printed) == words(lines)
    ran = re.findall(r"^    (tsme .*flash\.bin.*|tsme .*fleet\.db.*)$", PAGE, re.M)
    assert len(ran) >= 8
    for line in ran:
        done = tsme(*shlex.split(line, comments=True)[1:])
        assert done.exit_code in (0, 1), (line, done.stderr)
        assert "error" not in done.stderr, (line, done.stderr)


def test_the_pipes_of_the_page_can_be_made() -> None:
    class Pump:
        states: ClassVar[list[tuple[str, dict[str, bool]]]] = [("On", {}), ("Ready", {})]

    class Tank:
        states: ClassVar[list[tuple[str, dict[str, bool]]]] = [
            (name, {}) for name in ("Pumping", "Wet", "Able", "Dry", "ErrPump")
        ]

    made, running = block("up = ").split("await ")
    names = {"tsme": engines, "pump": engines.Engine(Pump), "tank": engines.Engine(Tank)}
    exec(made, names)
    assert set(re.findall(r"(\w+)\.run\(\)", running)) == {*names} & {"up", "more", "errors"}


@pytest.mark.parametrize("on", ["cpython", "micropython"])
def test_the_machine_of_the_page_is_used_from_another_process(tmp_path: Path, on: str) -> None:
    interpreters.require(on)
    part = section("### From another machine")
    far, near = re.findall(r"^```python\n(.*?)^```", part, re.M | re.S)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        number = s.getsockname()[1]
    (tmp_path / "programs").mkdir()
    for name, text in (("relay", block("import asyncio")), ("serve", far), ("laptop", near)):
        (tmp_path / f"{name}.py").write_text(text.replace("8266", str(number)), encoding="utf-8")
    serving = subprocess.Popen(
        interpreters.command(on, "serve.py"), cwd=tmp_path, env=interpreters.environment(on)
    )
    try:
        connected(number).close()
        laptop = [sys.executable, "laptop.py"]
        done = subprocess.run(laptop, cwd=tmp_path, capture_output=True, timeout=300, check=False)
    finally:
        serving.kill()
        serving.wait()
    assert done.stderr == b""
    shown = [line[4:] for line in part.split("prints\n\n")[1].split("\n\n")[0].splitlines()]
    assert done.stdout.decode().splitlines() == shown
