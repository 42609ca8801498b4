"""Law 1: the same program and inputs give the same journal bytes on every interpreter."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from tests.laws.support import BOARDS, actions_bytes, collect, compiled, drive, on_device, show
from tests.laws.workflows import Case, cases

COUNT = 400


@functools.cache
def batch() -> list[tuple[Case, list[Any], list[Any]]]:
    """Cases with their inputs, and what CPython makes of them."""
    out = []
    for case in collect(cases(), COUNT):
        d = drive(case)
        answers: list[Any] = [s and [bytes(s.record), actions_bytes(s)] for s in d.steps]
        item = [compiled(case.text, 256), [list(event) for event in d.events]]
        out.append((case, item, [*answers, d.kernel.checkpoint(d.state)]))
    return out


def test_the_batch_is_worth_running() -> None:
    """Most workflows do something, in every kind of state, and end in different ways."""
    texts = [case.text for case, _, _ in batch()]
    for kind in ("Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"):
        assert sum(f'"Type": "{kind}"' in text for text in texts) > COUNT // 20, kind
    steps = [len(answers) - 1 for _, _, answers in batch()]
    assert sum(n > 2 for n in steps) > COUNT // 5
    assert max(steps) > 8


@pytest.mark.parametrize("board", BOARDS)
def test_boards_write_the_bytes_that_cpython_writes(board: str) -> None:
    items = [item for _, item, _ in batch()]
    for (case, item, expected), got in zip(
        batch(), on_device(board, "replay", items), strict=True
    ):
        for n, (want, have) in enumerate(zip(expected, got, strict=True)):
            what = f"step {n}, {item[1][n]!r}" if n < len(item[1]) else "the checkpoint"
            assert have == want, f"{board}: {what} differs\n{show(case)}"
