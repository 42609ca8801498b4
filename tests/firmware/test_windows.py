"""Windows: a frame has the slots of what its own states set, and reads those around it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.bench.slots import definitions
from tests.firmware.test_distributed import GET, MODE, PUT, Run
from tests.laws.support import BOARDS, on_device
from tsme.values import cbor
from tsme_host.compiler.backend.debug import Debug, read_debug
from tsme_host.compiler.backend.disasm import disassemble
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import CompileError

Json = Any
END = {"Type": "Pass", "End": True}


def machine(states: dict[str, Json]) -> dict[str, Json]:
    """A machine that begins with the first of `states`."""
    return {"StartAt": next(iter(states)), "States": states}


def compiled(states: dict[str, Json]) -> Any:
    return compile_text(json.dumps(machine(states)))


def frames(program: Any) -> list[int]:
    """Slots of frame 0, and of each entry, in the order of the code."""
    listing = disassemble(program.data)
    return [listing.limits["slots"], *(ln.operand for ln in listing.lines if ln.op == "FRAME")]


def debug_of(program: Any) -> Debug:
    found = read_debug(program.debug)
    assert found is not None
    return found[1]


def names(program: Any) -> list[list[str]]:
    return [window.names for window in debug_of(program).windows]


def slots(run: Run) -> list[list[Json]]:
    """Of each frame that is there, as the checkpoint has them."""
    client = cbor.decode(run.checkpoint, 0, True)[0][-1]
    return [frame[10] for frame in client if frame]


def branches(*states: dict[str, Json], **more: Json) -> dict[str, Json]:
    return {"Type": "Parallel", "Branches": [machine(s) for s in states], "End": True, **more}


def each(body: dict[str, Json], **more: Json) -> dict[str, Json]:
    return {"Type": "Map", "ItemProcessor": machine(body), "End": True, **more}


WIDE = {
    "Set": {"Type": "Pass", "Assign": {"a": 1, "b": 2, "c": 3}, "Next": "Both"},
    "Both": branches(
        {"L": {**END, "Parameters": {"sum.$": "States.MathAdd($a, $b)"}, "Assign": {"x": 9}}},
        {"R": {"Type": "Wait", "Seconds": 5, "Assign": {"x": "R", "y": "$y"}, "End": True}},
        {"P": END},
    ),
}


def test_a_frame_has_slots_for_what_its_own_states_set_and_for_nothing_else() -> None:
    program = compiled(WIDE)
    assert frames(program) == [4, 2, 3, 1]
    assert names(program) == [["a", "b", "c"], ["x"], ["x", "y"], []]


def test_a_checkpoint_has_no_place_for_what_a_frame_cannot_set() -> None:
    waits = {"Type": "Task", "Resource": "t", "End": True}
    left = {"L": {"Type": "Pass", "Assign": {"x": 9}, "Next": "M"}, "M": waits}
    program = compiled({**WIDE, "Both": branches(left, {"R": waits})})
    assert slots(Run(program, {"n": 0})) == [[{"n": 0}, 1, 2, 3], [{"n": 0}, 9], [{"n": 0}]]


NESTED = {
    "A": {"Type": "Pass", "Assign": {"a": 1}, "Next": "Outer"},
    "Outer": each(
        {
            "B": {"Type": "Pass", "Assign": {"b.$": "$.n"}, "Next": "Fork"},
            "Fork": branches(
                {
                    "C": {"Type": "Pass", "Assign": {"c.$": "$.n"}, "Next": "Inner"},
                    "Inner": each(
                        {
                            "D": {
                                **END,
                                "Parameters": {
                                    "a.$": "$a",
                                    "b.$": "$b",
                                    "c.$": "$c",
                                    "i.$": "$$.Map.Item.Index",
                                    "v.$": "$",
                                },
                            }
                        },
                        ItemsPath="$.inner",
                        ItemSelector={
                            "v.$": "$$.Map.Item.Value",
                            "n.$": "$.n",
                            "all.$": "States.Array($a, $b, $c)",
                        },
                    ),
                },
                {"E": {**END, "Parameters": {"b.$": "$b", "i.$": "$$.Map.Item.Index"}}},
            ),
        }
    ),
}


def test_a_frame_reads_the_variables_and_items_of_all_frames_around_it() -> None:
    program = compiled(NESTED)
    assert frames(program) == [2, 2, 2, 1, 1]
    items = [{"n": 5, "inner": ["p"]}, {"n": 6, "inner": ["q", "r"]}]
    out = Run(program, items).result

    def item(n: int, i: int, v: str) -> dict[str, Json]:
        selected = {"v": v, "n": n, "all": [1, n, n]}
        return {"a": 1, "b": n, "c": n, "i": i, "v": selected}

    assert out == [
        [[item(5, 0, "p")], {"b": 5, "i": 0}],
        [[item(6, 0, "q"), item(6, 1, "r")], {"b": 6, "i": 1}],
    ]


SELECTED = {"from.$": "$", "v.$": "$$.Map.Item.Value"}
INPUT = {"at": {"list": [1, 2]}, "more": [{"k": 3}, {"k": 4}]}
PATHS: dict[str, tuple[Json, Json, list[str]]] = {
    "all of it": ("$", INPUT, []),
    "a part": ("$.at", INPUT["at"], []),
    "nothing": (None, {}, []),
    "a variable": ("$kept.at", INPUT["at"], []),
    "the execution's input": ("$$.Execution.Input", INPUT, ["#input"]),
    "what a filter selects": ("$.more[?(@.k > 3)]", [{"k": 4}], ["#input"]),
}


@pytest.mark.parametrize("name", PATHS)
def test_an_item_selector_reads_what_input_path_gave(name: str) -> None:
    """`$` of an ItemSelector is the Map's; only what cannot be made again is kept in a slot."""
    path, seen, kept = PATHS[name]
    run = each(
        {"P": END}, InputPath=path, ItemSelector=SELECTED, ItemsPath="$$.Execution.Input.more"
    )
    del run["End"]
    program = compiled(
        {
            "Keep": {"Type": "Pass", "Assign": {"kept.$": "$"}, "Next": "Each"},
            "Each": {**run, "ResultPath": "$.out", "Next": "Wait"},
            "Wait": {"Type": "Task", "Resource": "t", "ResultPath": None, "End": True},
        }
    )
    assert names(program) == [["kept", *kept], []]
    before = Run(program, INPUT)
    assert slots(before)[0][1:] == [INPUT, *(None for _ in kept)]
    out = Run(program, INPUT, None).result
    assert out["out"] == [{"from": seen, "v": v} for v in INPUT["more"]]


@pytest.mark.parametrize("board", BOARDS)
def test_boards_have_the_same_frames(board: str) -> None:
    program = compiled(NESTED)
    run = Run(program, [{"n": 5, "inner": ["p"]}])
    answered = on_device(board, "replay", [[program.program, run.events]])
    assert answered == [[*run.steps, run.checkpoint]]


def test_what_a_map_keeps_is_there_as_long_as_its_state() -> None:
    """The ARN of a Map Run has a slot in the frame of that Map alone, which two Maps share."""

    def run(name: str, item: str, after: str) -> dict[str, Json]:
        body = {"ProcessorConfig": MODE, **machine({item: END})}
        more = {"ItemsPath": "$.items", "ResultPath": f"$.{name}", "Next": after}
        writer = {"Resource": PUT, "Parameters": {"Bucket": "b"}}
        return {"Type": "Map", "ItemProcessor": body, "ResultWriter": writer, **more}

    task = {"Type": "Task", "Resource": "t", "End": True}
    states = {"one": run("one", "P", "two"), "two": run("two", "Q", "T"), "T": task}
    program = compiled(states)
    assert frames(program) == [2, 1, 1]
    assert names(program) == [["#run"], [], []]
    while_it_writes, then, over = (Run(program, {"items": [1]}, *["w"] * n) for n in range(3))
    arns = [slots(r)[0][1] for r in (while_it_writes, then)]
    assert [arn.split(":")[6].split("/")[1] for arn in arns] == ["one", "two"]
    assert slots(over)[0][1] is None
    assert over.tasks[1][1]["MapRunArn"] == arns[1]


def test_recorded_workflows_have_no_slots_but_those_of_variables() -> None:
    """All windows of all recorded workflows with Map or Parallel: a name of ASL for each slot."""
    seen = 0
    for text in definitions():
        try:
            program = compile_text(text)
        except CompileError:
            continue
        hidden = [name for window in names(program) for name in window if not name.isidentifier()]
        assert not hidden or "ResultWriter" in text, text
        seen += len(frames(program)) > 1
    assert seen > 50


def test_a_reader_is_in_no_slot() -> None:
    reader = {"Resource": GET, "Parameters": {"Bucket.$": "$.bucket", "Key": "k"}}
    body = {"ProcessorConfig": MODE, **machine({"P": END})}
    state = {"Type": "Map", "ItemProcessor": body, "ItemReader": reader, "InputPath": "$.in"}
    program = compiled({"Each": {**state, "ItemSelector": SELECTED, "End": True}})
    assert names(program) == [[], []]
    assert Run(program, {"in": {"bucket": "b"}}, "[7]").result == [
        {"from": {"bucket": "b"}, "v": 7}
    ]
