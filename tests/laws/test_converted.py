"""What `tsme convert` makes of a workflow in JSONPath does what that did, where that succeeded."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from tests.engines import each_engine  # noqa: F401
from tests.laws import device
from tests.laws.support import SCALE, compiled, drive, show
from tests.laws.workflows import Case, write
from tsme.kernel.protocol import STATUS, TRACED
from tsme_host.compiler.convert.convert import convert

COUNT = 200


def done(case: Case) -> tuple[Any, ...]:
    """What came of a case: the status, the result, what was asked for, and what was told of it."""
    asked: list[Any] = []

    def look(_event: Any, step: Any) -> None:
        if step:
            asked.extend((a.kind, getattr(a, "resource", None), a.payload) for a in step.actions)

    d = drive(case, look=look)
    events = device.traced(compiled(case.text, 256), d.events, False)
    told = [(TRACED[kind], data) for kind, _, _, _, data, _ in events]
    return STATUS[d.state.status], d.state.result, asked, told


def in_question(case: Case) -> tuple[Any, ...] | None:
    """What came of it, unless a state fails, or maps over an object, which JSONata does not."""
    status, result, asked, told = done(case)
    names = {name for name, _ in told}
    objects = any(name == "map" and data[0] >> 5 == 5 for name, data in told if data)
    # A draw of $uuid is another one than that of States.UUID.
    if status != "succeeded" or "error" in names or objects or "States.UUID" in case.text:
        return None
    return status, result, asked


def test_generated_workflows_do_the_same_once_they_are_converted() -> None:
    counts: Counter[str] = Counter()
    for seed in range(COUNT * SCALE):
        case = write(seed, 1 + seed % 5)
        made = convert(case.text)
        counts["states"] += made.states
        counts["converted"] += made.states - made.left
        expected = in_question(case)
        if expected is not None and made.left < made.states:
            counts["compared"] += 1
            found = done(replace(case, definition=made.definition))[:3]
            assert found == expected, show(case)
    assert counts["compared"] > COUNT * SCALE // 5
    assert counts["converted"] > counts["states"] * 2 // 3
