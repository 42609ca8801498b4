"""`tsme run` puts twins in place of what only a board has, on both interpreters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import interpreters
from tests.tools.shell import CPYTHON_AND_MICROPYTHON, assert_one_clear_line, need, spawn

FLOW = {
    "StartAt": "Measure",
    "States": {
        "Measure": {
            "Type": "Task",
            "Resource": "measure",
            "ResultPath": "$.soil",
            "Next": "Water",
        },
        "Water": {
            "Type": "Task",
            "Resource": "gpio:pulse",
            "Parameters": {"pin": "valve", "ms": 20},
            "ResultPath": None,
            "End": True,
        },
    },
}
TASKS = """\
from machine import ADC, Pin
import tsme
from tsme.tasks import PINS, gpio

PINS["valve"] = 5
tasks = tsme.Tasks()
gpio.register(tasks, {"valve": 0})
sensor = ADC(Pin(26))


@tasks.task("measure", effect="pure")
def measure(payload):
    return sensor.read_u16()
"""
both = pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "flow.asl.json").write_text(json.dumps(FLOW), encoding="utf-8")
    (tmp_path / "tasks.py").write_text(TASKS, encoding="utf-8")
    return tmp_path


def run(folder: Path, on: str, *more: str):
    return spawn("run", "flow.asl.json", "-t", "tasks.py", "--on", need(on), *more, cwd=folder)


@both
def test_tasks_that_import_machine_run_and_say_what_outputs_show(folder: Path, on: str):
    done = run(folder, on)
    assert json.loads(done.stdout) == {"soil": 0}
    assert done.stderr.splitlines()[:3] == [
        "board: pin:5 0",
        "board: pin:5 1",
        "board: pin:5 0",
    ]


@both
def test_a_world_says_what_inputs_read_from_a_file_or_at_once(folder: Path, on: str):
    (folder / "w.json").write_text('{"adc:26": [[0, 777], [3600000, 5]]}', encoding="utf-8")
    for world, soil in (("w.json", 777), ('{"adc:26": 900}', 900)):
        assert json.loads(run(folder, on, "--world", world).stdout) == {"soil": soil}


@pytest.mark.parametrize(
    ("world", "says"),
    [
        ('{"adc:26": 70000}', '"adc:26" of the world is 70000; it can be 0 to 65535'),
        ('{"pins:5": 1}', 'a world knows no "pins:5"'),
        ('{"pin:5": [[5, 1], [2, 0]]}', "the times must be whole ms, each after the last"),
        ("[1]", "a world is an object"),
    ],
)
def test_a_world_that_cannot_be_is_refused_before_anything_runs(
    folder: Path, world: str, says: str
):
    done = run(folder, "cpython", "--world", world)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-G002")
    assert says in done.stderr


@both
def test_a_module_beside_the_tasks_goes_before_a_twin(folder: Path, on: str):
    (folder / "dht.py").write_text("def value():\n    return 41\n", encoding="utf-8")
    source = TASKS.replace("import tsme\n", "import dht\nimport tsme\n")
    source = source.replace("sensor.read_u16()", "dht.value()")
    (folder / "tasks.py").write_text(source, encoding="utf-8")
    assert json.loads(run(folder, on).stdout) == {"soil": 41}


@both
def test_a_handler_that_resets_the_board_ends_the_run_and_the_next_goes_on(folder: Path, on: str):
    source = TASKS.replace(
        "    return sensor", "    import machine\n    machine.reset()\n    return sensor"
    )
    (folder / "tasks.py").write_text(source, encoding="utf-8")
    done = run(folder, on, "-j", "j.bin")
    assert done.returncode == 2
    assert 'handler "measure" reset the board (reset) at tasks.py:14' in done.stderr
    (folder / "tasks.py").write_text(TASKS, encoding="utf-8")
    done = run(folder, on, "-j", "j.bin")
    assert "was interrupted after step 1; going on with it" in done.stderr
    assert json.loads(done.stdout) == {"soil": 0}


@both
def test_timers_and_interrupts_come_while_a_handler_waits(folder: Path, on: str):
    source = TASKS.replace(
        "@tasks.task",
        "import asyncio\nfrom machine import Timer\n\nticks, edges = [], []\n"
        "Timer(0, period=40, callback=lambda timer: ticks.append(1))\n"
        "Pin(7, Pin.IN).irq(lambda pin: edges.append(1), Pin.IRQ_RISING)\n\n\n@tasks.task",
    ).replace(
        "def measure(payload):\n    return sensor.read_u16()",
        "async def measure(payload):\n"
        "    while len(ticks) < 5 or not edges:\n"
        "        await asyncio.sleep(0.01)\n"
        "    return len(edges)",
    )
    (folder / "tasks.py").write_text(source, encoding="utf-8")
    done = run(folder, on, "--world", '{"pin:7": [[0, 0], [200, 1]]}')
    assert json.loads(done.stdout) == {"soil": 1}


def test_what_handlers_say_of_themselves_is_read_with_twins_too(folder: Path):
    run(folder, "cpython", "-j", "j.bin")
    done = spawn("journal", "effects", "j.bin", "-t", "tasks.py", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert '"once"' in done.stdout


def test_no_board_has_the_twins():
    listed = (interpreters.ROOT / "firmware" / "package.json").read_text(encoding="utf-8")
    assert "tsme/tasks/gpio.py" in listed
    assert "tsme/sim/" not in listed
