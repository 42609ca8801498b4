"""What `tsme replay` says of a journal is the same with the core, which decodes nothing of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.replay import BLOCK, write
from tests.interpreters import ROOT, environment
from tsme.program import Program
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.journal.image import read_log

# Says of each journal what the command says, without and with --json, on Python and on the core;
# and whether the core alone was enough.
TELL = """
import io, json, sys
from contextlib import redirect_stderr, redirect_stdout
from tsme import core
from tsme_host.tools import engines
from tsme_host.tools.commands.replay import replay
from tsme_host.tools.errors import HostError
from tsme_host.tools.journal import quick
assert core.core, "the core is not here"
def told(*words):
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        try:
            code = replay.main(list(words), standalone_mode=False)
        except HostError as e:
            code = str(e)
    return [code, out.getvalue()]
def both(words):
    return [told(*words), told(*words, "--json")]
found = []
for words in json.loads(sys.argv[1]):
    alone = quick.identical(words[0], tuple(words[2::2])) is not None
    with_core = both(words)
    with engines.using("cpython"):
        found.append([alone, with_core, both(words)])
print(json.dumps(found))
"""

FLOW = {
    "StartAt": "First",
    "States": {
        "First": {"Type": "Task", "Resource": "x:flaky", "ResultPath": "$.a", "Next": "Each"},
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 2,
            "ItemProcessor": {
                "StartAt": "Wait",
                "States": {
                    "Wait": {"Type": "Wait", "Seconds": 3, "Next": "Do"},
                    "Do": {
                        "Type": "Task",
                        "Resource": "x:boom",
                        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Never mind"}],
                        "End": True,
                    },
                    "Never mind": {"Type": "Pass", "End": True},
                },
            },
            "End": True,
        },
    },
}
FLOW["States"]["First"]["Retry"] = [  # type: ignore[index]
    {"ErrorEquals": ["FlakyError"], "IntervalSeconds": 1, "MaxAttempts": 3}
]
VALUE = {"items": [1, {"b": 2}, "c" * 300], "a": 2.5}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """By name, what was said of journals that were made for that."""
    folder = tmp_path_factory.mktemp("journals")
    program = compile_text(json.dumps(FLOW))
    other = compile_text(json.dumps(FLOW).replace("Never mind", "No matter").replace("3", "2"))
    ours, theirs = folder / "flow.tsm", folder / "other.tsm"
    ours.write_bytes(program.program)
    theirs.write_bytes(other.program)
    cases: dict[str, list[Path]] = {}

    def case(name: str, data: bytes, *given: Path) -> None:
        path = folder / f"{name}.img"
        path.write_bytes(data)
        cases[name] = [path, *given]

    plain = folder / "plain"
    write(plain, Program(program.program), VALUE, 60_000)
    data = plain.read_bytes()
    case("whole", data, ours)
    case("one of two", data, ours, theirs)
    case("of another program", data, theirs)
    case("without a program", data)
    last = read_log(str(plain)).records[-1]
    end = last.block * BLOCK + last.offset + 8 + len(last.body)
    case("cut off", data[: end - 1] + b"\xff" + data[end:], ours)
    case("damaged", data[: 5 * BLOCK] + bytes(400) + data[5 * BLOCK + 400 :], ours)
    write(plain, Program(program.program), VALUE, 1_100_000)  # the ring is full, and goes on
    case("without a beginning", plain.read_bytes(), ours)
    words = []
    for path, *given in cases.values():
        words.append([str(path)] + [x for one in given for x in ("--program", str(one))])
    done = subprocess.run(
        [sys.executable, "-c", TELL, json.dumps(words)],
        capture_output=True,
        env=environment("core"),
        cwd=ROOT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(cases, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize(
    ("name", "alone"),
    [
        ("whole", True),
        ("without a beginning", True),
        ("one of two", False),
        ("of another program", False),
        ("without a program", False),
        ("cut off", True),
        ("damaged", False),
    ],
)
def test_it_says_the_same_as_in_python(told, name, alone):
    by_core, quick, slow = told[name]
    assert quick == slow
    assert by_core == alone, quick


def test_it_says_what_is_expected(told):
    assert told["whole"][1][0][1].startswith("identical: ")
    assert json.loads(told["cut off"][1][1][1])["torn"]
    assert json.loads(told["without a beginning"][1][1][1])["skipped"]
    assert told["of another program"][1][0][0] != 0
