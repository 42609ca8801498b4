"""Maps over the members of an object, inline and distributed, and what `$$.Map.Item` is there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.firmware.test_distributed import MODE, PASS, READER, Run
from tests.laws.support import BOARDS, actions_bytes, on_device
from tsme import kernel
from tsme.kernel import protocol
from tsme.program import Program, interpreter
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text

MEMBERS = {"zoë": {"x": 1}, "a": [2], "m": None}
ALL = {"i.$": "$$.Map.Item.Index", "k.$": "$$.Map.Item.Key", "v.$": "$$.Map.Item.Value"}


def over(value: Any, *answers: Any, inline: bool = False, **fields: Any) -> Any:
    """The run of a Map whose items do nothing."""
    body = {"StartAt": "P", "States": PASS} | ({} if inline else {"ProcessorConfig": MODE})
    each = {"Type": "Map", "ItemProcessor": body, "End": True, **fields}
    return Run(compile_text(json.dumps({"StartAt": "E", "States": {"E": each}})), value, *answers)


@pytest.mark.parametrize("inline", [True, False])
def test_a_map_takes_the_members_of_an_object_as_its_items(inline: bool) -> None:
    pairs = [{"Key": k, "Value": v} for k, v in MEMBERS.items()]
    assert over({"o": MEMBERS}, inline=inline, ItemsPath="$.o").result == pairs
    assert over(MEMBERS, inline=inline, MaxConcurrency=1).result == pairs
    assert over({}, inline=inline).result == []
    selected = over(MEMBERS, inline=inline, ItemSelector=ALL).result
    wanted = [{"i": i, "k": k, "v": v} for i, (k, v) in enumerate(MEMBERS.items())]
    assert selected == wanted
    whole = over(MEMBERS, inline=inline, ItemSelector={"it.$": "$$.Map.Item"}).result
    assert whole == [{"it": {"Index": w["i"], "Key": w["k"], "Value": w["v"]}} for w in wanted]


def test_an_array_has_no_keys() -> None:
    """Not even one of objects that look like members."""
    pair = {"Key": "a", "Value": 1}
    value = over([pair], ItemSelector={"v.$": "$$.Map.Item.Value", "all.$": "$$.Map.Item"}).result
    assert value == [{"v": pair, "all": {"Index": 0, "Value": pair}}]
    failed = over([pair], ItemSelector={"k.$": "$$.Map.Item.Key"})
    assert failed.result[0] == "States.ExceedToleratedFailureThreshold"
    failed = over([pair], inline=True, ItemSelector={"k.$": "$$.Map.Item.Key"})
    assert failed.result[0] == "States.Runtime"
    assert "'$$.Map.Item.Key' specified for the field 'k.$' could not be" in failed.history.cause


def test_a_file_may_hold_an_object_of_items() -> None:
    text = json.dumps({"deep": MEMBERS, "n": 1})
    config = {"InputType": "JSON", "ItemsPointer": "/deep", "MaxItems": 2}
    reader = READER | {"ReaderConfig": config}
    run = over({"key": "k"}, text, ItemReader=reader, ItemSelector=ALL)
    assert run.result == [{"i": 0, "k": "zoë", "v": {"x": 1}}, {"i": 1, "k": "a", "v": [2]}]
    run = over({"key": "k"}, text, ItemReader=READER, ItemBatcher={"MaxItemsPerBatch": 1})
    assert run.result[1] == {"Items": [{"Key": "n", "Value": 1}]}


@pytest.mark.parametrize("board", BOARDS)
def test_boards_go_over_objects_with_the_same_bytes(board: str) -> None:
    """With a task in each item, so that checkpoints hold them under way."""
    task = {"T": {"Type": "Task", "Resource": "t", "End": True}}
    item = {"all.$": "$$.Map.Item", "v.$": "$$.Map.Item.Value"}
    body = {"StartAt": "T", "States": task}
    each = {"Type": "Map", "ItemProcessor": body, "End": True, "ItemSelector": item}
    text = json.dumps({"StartAt": "E", "States": {"E": each | {"MaxConcurrency": 2}}})
    program = compile_text(text, budget=3)
    core: Any = kernel.Kernel(interpreter.Interpreter(Program(program.program)))
    state: Any = kernel.State()
    event: Any = [protocol.START, 0, 1, program.digest, 7, MEMBERS, None, 1]
    given, steps = [], []
    while event:
        step = core.step(state, tuple(event))
        given.append(event)
        steps.append([bytes(step.record), actions_bytes(step)])
        state, event = step.state, None
        if not state.status and core.client.runnable(state.client):
            event = [protocol.CONTINUE, 0]
        elif state.pending:
            number = min(state.pending)
            event = [protocol.SUCCEEDED, 0, number, state.pending[number][5]["all"]["Key"]]
        middle = bytes(core.checkpoint(state))
        state = core.restore(cbor.decode(middle, 0, True)[0])
        assert bytes(core.checkpoint(state)) == middle
    assert state.result == list(MEMBERS)
    answered = on_device(board, "replay", [[program.program, given]])
    assert answered == [[*steps, core.checkpoint(state)]]
