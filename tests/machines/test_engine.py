"""Machines in an Engine: whoever asks is answered, on every interpreter."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

import tsme
from tests import interpreters
from tsme_host.compiler.compile import compile_text

CASES = Path(__file__).with_name("engine_cases.py")
BOARDS = ["cpython", "micropython", "micropython32", "micropythonf32"]
LARGE = "bytes of the state: some 20000 asked, the limit is 16384; "
LARGE += 'raise tsme.LIMITS["state_bytes"]'

EXPECTED = {
    "ask": f"""\
ok 5
ValueError less than nothing
KeyError missing
LimitError {LARGE}
ok 5
5 [433] 3
ok None
succeeded 5 None None
TsmeError no execution is running
""",
    "send": """\
succeeded 4 None None
[(-2, 'ValueError'), (0, 'KeyError'), (20000, 'LimitError'), (1, 'TsmeError')]
TSME-K002: no execution is running
""",
    "results": """\
ok 0
ok 0
ok 0
[['succeeded', 'slow', 1, 'good', None], ['failed', 'slow', 2, None, 'States.Timeout'], \
['timer', None, 3, None, None]]
ok 0
stopped None TSME.Rejected ValueError: never heard of worse
""",
    "bad": """\
ok 0
stopped None TSME.Rejected ValueError: never heard of bad
""",
    "failed": """\
ok None
failed None Closed for today
""",
    "journal": """\
ok 5
TsmeError the flash is worn out
TsmeError the flash is worn out
the run has failed
ok 15
""",
    "again": """\
ok 44850
44850 True [433]
ok 44851
44851
""",
    "start": """\
ValueError: nothing begins with -1 0 0
begun
succeeded 4 None None
""",
    "version": 2
    * (
        "TSME-K005: an execution in the journal needs the program 7c48bb3132bfda81, which is not "
        "here: give the Engine a store that has it (programs=), or give up what it began: "
        "retire()\n"
    )
    + "True\n",
}


@pytest.mark.parametrize("case", EXPECTED)
@pytest.mark.parametrize("board", BOARDS)
def test_what_comes_of_it_is_the_same_everywhere(board, case):
    interpreters.require(board)
    done = interpreters.run(board, CASES, [case], heap="1m")
    said = re.sub(r"\b20\d\d\d asked", "some 20000 asked", done.stdout.decode())
    said = re.sub(r"(the flash is worn out):.*", r"\1", said)
    assert (said, done.stderr.decode()) == (EXPECTED[case], "")


def test_a_workflow_takes_no_signals():
    flow = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}}
    program = tsme.Program(compile_text(json.dumps(flow)).data)

    async def run():
        engine = tsme.Engine(program)
        running = asyncio.create_task(engine.run({}))
        await asyncio.sleep(0)
        with pytest.raises(tsme.TsmeError, match="TSME-K006"):
            engine.send(1)
        with pytest.raises(tsme.TsmeError, match="TSME-K006"):
            await engine.ask(1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


def test_a_long_cause_with_half_a_character_still_says_why():
    class Talks:
        def stf(state, input, actions):
            if input.kind == "signal":
                actions.timer(1)
            else:
                raise ValueError("\ud800" + "x" * 100000)

    async def run():
        engine = tsme.Engine(Talks)
        running = asyncio.create_task(engine.run({}))
        await asyncio.sleep(0)
        await engine.ask(1)
        return await running

    outcome = asyncio.run(run())
    assert (outcome.status, outcome.error) == ("stopped", "TSME.Rejected")
    assert outcome.cause.startswith("ValueError: ?xxx")
    assert len(outcome.cause) == 200
