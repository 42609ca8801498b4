"""Other engines for JSONata, asked in processes of their own: npm jsonata 2.0.6, and jlens."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.interpreters import ROOT, MissingTool

HERE = Path(__file__).parent
BUILD = ROOT / "build" / "jsonata"
PATIENCE = 10  # seconds for one answer
COMMANDS = {
    "jsonata": ["node", str(HERE / "ask.js")],
    "jlens": [sys.executable, str(HERE / "ask_jlens.py")],
}
HANGS = {"error": {"code": "hangs", "message": f"no answer in {PATIENCE} s"}}

Asked = dict[str, Any]  # expr, data (left out: nothing), bindings
Answer = dict[str, Any]  # value, or nothing at all, or error: code, message, ..


def install() -> None:
    """See to it that the engines are there.  Raises MissingTool."""
    done = subprocess.run([ROOT / "setup" / "jsonata.sh"], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise MissingTool(said[-1] if said else "setup/jsonata.sh failed")


def ask(engine: str, asked: Sequence[Asked]) -> list[Answer]:
    """What an engine answers, in order.  One that hangs or ends is begun again behind that."""
    answers: list[Answer] = []
    while len(answers) < len(asked):
        answers += _ask(engine, asked[len(answers) :])
        if len(answers) < len(asked):
            answers.append(HANGS)
    return answers


def _ask(engine: str, asked: Sequence[Asked]) -> list[Answer]:
    environment = os.environ | {
        "NODE_PATH": str(BUILD / "node_modules"),
        "PYTHONPATH": str(BUILD / "python"),
        "TZ": "UTC",
    }
    with subprocess.Popen(
        COMMANDS[engine], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        feeder = threading.Thread(target=_feed, args=(process.stdin, asked), daemon=True)
        feeder.start()
        answers: list[Answer] = []
        out = process.stdout
        rest = b""
        while len(answers) < len(asked):
            if not select.select([out], [], [], PATIENCE)[0]:
                break
            data = os.read(out.fileno(), 1 << 16)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n")
            answers += [json.loads(line, parse_int=_number) for line in lines]
        process.kill()
        feeder.join()
    return answers


def _number(text: str) -> int | float:
    """A number without a point: JavaScript has zeros behind the digits of a large one."""
    return int(text) if len(text) < 16 else float(text)


def _feed(pipe: Any, asked: Sequence[Asked]) -> None:
    with suppress(OSError):  # it has ended
        for one in asked:
            pipe.write(json.dumps(one).encode() + b"\n")
    with suppress(OSError):
        pipe.close()
