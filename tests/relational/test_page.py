"""What docs/RELATIONAL.md tells of engines is so: its file runs, its commands read the journal."""

from __future__ import annotations

import asyncio
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

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


@pytest.mark.parametrize("on", ["cpython", "micropython"])
def test_the_program_of_the_page_ends_quietly_with_ctrl_c(tmp_path: Path, on: str) -> None:
    interpreters.require(on)
    (tmp_path / "relay.py").write_text(block("import asyncio"), encoding="utf-8")
    run = subprocess.Popen(
        interpreters.command(on, "relay.py"), cwd=tmp_path, env=interpreters.environment(on),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert run.stdout
    for line in run.stdout:
        if b"'Closed'" in line:
            break
    run.send_signal(signal.SIGINT)
    assert (run.communicate(timeout=120)[1], run.returncode) == (b"", 0)


def test_the_ways_out_of_exception_lead_out_of_it() -> None:
    handlers = re.search(r"^```python\n(    def ExceptionState.*?)^```", PAGE, re.M | re.S)
    assert handlers
    states = (
        "('Start', {}), ('Forward', {}), ('Closed', {}), ('ErrClose', {'require': ['Exception']})"
    )
    text = f"class Relay:\n    states = [{states}]\n\n{handlers[1]}"
    names: dict[str, Any] = {}
    exec(text + "\n    def ForwardState(m):\n        raise ValueError('jam')\n", names)

    async def all_ways() -> None:
        engine: Any = engines.Engine(names["Relay"])
        running = asyncio.create_task(engine.run({}))
        await asyncio.sleep(0)
        for way in ({"add": "Closed"}, {"remove": "Exception"}):
            assert await engine.add("Forward") == "canceled"
            assert engine.is_active("Exception")
            await engine.ask(way)
            assert not engine.is_active("Exception")
        assert await engine.add("Forward") == "canceled"
        (due,) = list(engine.state.pending.values())
        assert due.kind == 1  # a timer
        running.cancel()

    asyncio.run(all_ways())


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
        interpreters.command(on, "serve.py"), cwd=tmp_path, env=interpreters.environment(on),
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        connected(number).close()
        laptop = [sys.executable, "laptop.py"]
        done = subprocess.run(laptop, cwd=tmp_path, capture_output=True, timeout=300, check=False)
    finally:
        serving.send_signal(signal.SIGINT)
        said = serving.communicate(timeout=120)[1]
    assert (serving.returncode, said) == (0, b"")  # Ctrl-C is its end
    assert done.stderr == b""
    shown = [line[4:] for line in part.split("prints\n\n")[1].split("\n\n")[0].splitlines()]
    assert done.stdout.decode().splitlines() == shown
