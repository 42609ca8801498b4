"""`tsme graph` of a relational schema: as Mermaid, D2 or SVG, at a moment of its machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ...relational import drawing
from ...relational.drawing import Look
from ...relational.model import Schema
from .. import console, schemas
from ..errors import DONE, FAILED, HostError
from ..graphviz import drawn
from ..outputs import Kind, write_bytes

_PAIR = re.compile(r"(\w+)[:=](\d+)")


def relations(given: str, output: str, after: bool, moment: dict[str, Any]) -> int:
    """Draw the relations of a schema.  `moment`: what the options of the command say of one."""
    ending = Path(output).suffix.lower() if output != "-" else ".mmd"
    kinds: dict[str, Kind] = {
        ".mmd": "drawing in Mermaid",
        ".mermaid": "drawing in Mermaid",
        ".d2": "drawing in D2",
        ".svg": "drawing by Graphviz",
    }
    if ending not in kinds:
        hint = "any browser shows an .svg, and prints it into another format"
        raise HostError("TSME-H003", f'"{output}" ends in none of .mmd, .d2 and .svg', hint)
    made, findings = schemas.check(given)
    if made is None:
        schemas.show(findings, to_stderr=True)
        return FAILED
    look = _look(made.schema, given, after, **moment)
    if ending == ".d2":
        data = drawing.d2(made.schema, look).encode()
    elif ending == ".svg":
        data = drawn(drawing.dot(made.schema, look))
    else:
        data = drawing.mermaid(made.schema, look).encode()
    write_bytes(output, data, kinds[ending], given)
    if output != "-":
        console.note(f"{output}: {console.count(len(made.schema.states), 'state')}")
    return DONE


def _look(
    schema: Schema,
    given: str,
    after: bool,
    *,
    active: str | None,
    ticks: str | None,
    log: str | None,
    at: int | None,
) -> Look:
    """How a drawing shows what `--active`, `--time` or `--journal` says; nothing is marked without
    one of them.  `given`: the machine that a journal `log` is of; `at`: a record of it."""
    if sum(one is not None for one in (active, ticks, log)) > 1:
        hint = "leave out all but one"
        raise HostError("TSME-H002", "--active, --time and --journal say what is active", hint)
    if at is not None and log is None:
        raise HostError("TSME-H002", "--at is for --journal", "add --journal JOURNAL")
    if log is not None:
        return _marked(_recorded(given, log, at), after)
    if ticks is not None:
        return _marked(_clock(schema, ticks), after)
    if active is None:
        return Look(after=after)
    names = [name for name in re.split(r"[\s,]+", active) if name]
    for name in names:
        schemas.known([state.name for state in schema.states], name, "--active")
    return Look(frozenset(names), None, after)


def _marked(clock: dict[str, int], after: bool) -> Look:
    return Look(frozenset(name for name, tick in clock.items() if tick % 2), clock, after)


def _recorded(given: str, log: str, at: int | None) -> dict[str, int]:
    """The clock of a machine after a record of its journal."""
    if ".py:" not in given:
        hint = "write tsme graph FILE.py:CLASS --journal JOURNAL"
        raise HostError("TSME-H002", "--journal needs the class that ran", hint)
    from ..journal.clocks import points  # noqa: PLC0415
    from ..journal.image import read_log  # noqa: PLC0415

    found = points(read_log(log), [given])
    if at is None:
        return found[-1].ticks
    for point in found:
        if point.record == at:
            return point.ticks
    text = f'--at {at}: the journal "{log}" has no such record that replay knows'
    hint = f"it has {found[0].record} to {found[-1].record}"
    raise HostError("TSME-H002", text, hint)


def _clock(schema: Schema, given: str) -> dict[str, int]:
    """Ticks by state: from a machine time (`1,0,2`) or a clock (`(A:1 C:3) [B:2]`)."""
    names = [state.name for state in schema.states]
    if pairs := _PAIR.findall(given):
        left = re.sub(r"[\s,()\[\]{}]", "", _PAIR.sub("", given))
        if not left:
            for name, _ in pairs:
                schemas.known(names, name, "--time")
            return dict.fromkeys(names, 0) | {name: int(tick) for name, tick in pairs}
    numbers = [part for part in re.split(r"[\s,\[\]]+", given) if part]
    if not pairs and numbers and all(part.isdecimal() for part in numbers):
        if len(numbers) == len(names):
            return dict(zip(names, map(int, numbers), strict=True))
        text = f"--time has {len(numbers)} ticks for {len(names)} states"
        raise HostError("TSME-H002", text, f"their order is {', '.join(names)}")
    hint = "write '1,0,2', or '(A:1 C:3)'"
    raise HostError("TSME-H002", f'--time "{given}" is no machine time', hint)
