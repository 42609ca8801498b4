"""A workflow in JSONata on emulated boards, on the C core and in Python: the power fails between
its expressions, it goes on from its journal, and the laptop replays what the board did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.boards.emulation import Prompt, emulated
from tests.tools.shell import spawn
from tsme_host.tools.boards.emulators import Emulated
from tsme_host.tools.link.opening import open_board

FLOW = {
    "QueryLanguage": "JSONata",
    "StartAt": "Scale",
    "States": {
        "Scale": {
            "Type": "Pass",
            "Assign": {
                "factor": "{% $states.input.factor %}",
                "scaled": "{% ($by := function($r) { $r * $states.input.factor };"
                " $map($states.input.readings, $by)) %}",
            },
            "Next": "Rest",
        },
        # Long enough for the power to fail within it.
        "Rest": {"Type": "Wait", "Seconds": "{% $count($scaled) %}", "Next": "Sum"},
        "Sum": {
            "Type": "Pass",
            "Output": {
                "sum": "{% $sum($map($scaled, function($v) { $v + $factor })) %}",
                "most": "{% $scaled[$ > 20]^(>$)[0] %}",
                "text": "{% $join($scaled.$string(), ' ') %}",
            },
            "End": True,
        },
    },
}
INPUT = {"factor": 2.5, "readings": [4, 8, 12]}
OUTPUT = {"sum": 67.5, "most": 30, "text": "10 20 30"}
# In front of the core in the firmware, one that does not load: the engine is then Python's.
OTHER = (
    "import os; 'lib' in os.listdir('/') or os.mkdir('/lib')",
    "f = open('/lib/tsme_core.py', 'w'); f.write('raise ImportError'); f.close()",
)
ENGINE = "import tsme.core; print('core' if tsme.core.core else 'python')"


def at_prompt(board: Emulated, *lines: str) -> str:
    """What the last of these lines prints; the board begins anew afterwards."""
    said = ""
    with Prompt(board) as prompt:
        prompt.interrupt()
        for line in lines:
            said = prompt.do(line)
    board.cut()
    board.power_on()
    return said


@pytest.mark.parametrize("engine", ["core", "python"])
@pytest.mark.parametrize("name", ["qemu_mps2", "qemu_rv32"])
def test_expressions_outlive_the_power_on_either_engine_and_their_journal_replays(
    name: str, engine: str, tmp_path: Path
):
    (tmp_path / "flow.asl.json").write_text(json.dumps(FLOW), encoding="utf-8")
    (tmp_path / "tasks.py").write_text("import tsme\n\ntasks = tsme.Tasks()\n", encoding="utf-8")
    project = 'tasks = "tasks.py"\n[workflows]\nflow = "flow.asl.json"\n'
    (tmp_path / "tsme.toml").write_text(project, encoding="utf-8")
    with emulated(name, tmp_path / "state") as board:
        board.power_on()
        if engine == "python":
            at_prompt(board, *OTHER)
        assert at_prompt(board, ENGINE) == engine
        where = ("--port", board.address)
        given = json.dumps(INPUT)
        done = spawn(
            "push", "flow", "--no-logs", "--input", given, *where, cwd=tmp_path, timeout=300
        )
        assert done.returncode == 0, done.stderr
        with open_board(board.address, patience=120) as client:
            before = client.describe("flow")
        board.cut()
        assert before.status == "running"
        board.power_on()
        with open_board(board.address, patience=120) as client:
            while client.describe("flow").status == "running":
                assert not board.wait(0.5)
            after = client.describe("flow")
            assert (after.status, after.output) == ("succeeded", OUTPUT)
            assert after.steps > before.steps
            assert client.status().failures == 0
        done = spawn("journal", "pull", "flow", *where, cwd=tmp_path, timeout=300)
        assert done.returncode == 0, done.stderr
    done = spawn("replay", "flow.bin", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "identical" in done.stdout
