"""The relations of a schema as text that others draw: Mermaid, D2, Graphviz.

An arrow goes from the state that has the relation to the other one.  Two states that remove each
other have one arrow with two heads.  `after` decides about the order of handlers alone and is
dotted, in a drawing that shows it at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .model import Schema, State


@dataclass(frozen=True)
class Look:
    """How a drawing shows a moment, and how much of the relations.

    `active`: the states that are active, None where no moment is shown.  `ticks`: those of a
    moment, by state.  `after`: draw that relation too.
    """

    active: frozenset[str] | None = None
    ticks: Mapping[str, int] | None = None
    after: bool = False


@dataclass(frozen=True)
class Edge:
    """`kind`: require, add, remove, after, or both: two that remove each other."""

    source: int
    target: int
    kind: str


_EDGES = ("require", "add", "remove", "after")
_COLOURS = {  # of boxes: fill, border, text
    "active": ("#2e8540", "#1c5427", "#ffffff"),
    "error": ("#fbe6e4", "#b5392f", "#222222"),
    "auto": ("#fff4d6", "#b98900", "#222222"),
    "plain": ("#e8f1fb", "#3572b0", "#222222"),
    "inherited": ("#f4f4f4", "#7f7f7f", "#222222"),
}
_STROKES = {
    "require": "#3572b0", "add": "#2e8540", "remove": "#b5392f", "both": "#b5392f",
    "after": "#999999",
}  # fmt: skip
_MERMAID = {
    "require": "--o|require|", "add": "-->|add|", "remove": "--x|remove|", "both": "x--x|remove|",
    "after": "-.->|after|",
}  # fmt: skip
_HEADS = {"require": "odot", "add": "normal", "remove": "tee", "both": "tee", "after": "vee"}
MERMAID_START = "flowchart TD\n  %% relations of "
D2_START = "# relations of "


def edges(schema: Schema, look: Look) -> list[Edge]:
    """All arrows, those of each state in the order of its lists."""
    index = {state.name: n for n, state in enumerate(schema.states)}
    found: dict[Edge, None] = {}
    for n, state in enumerate(schema.states):
        for kind in _EDGES[: 4 if look.after else 3]:
            for other in getattr(state, kind):
                m = index.get(other, -1)
                if m < 0:  # a state that is not there
                    continue
                if kind == "remove" and state.name in schema.states[m].remove:
                    found[Edge(min(m, n), max(m, n), "both")] = None
                else:
                    found[Edge(n, m, kind)] = None
    return list(found)


def _kind(schema: Schema, state: State, look: Look) -> str:
    if look.active is not None and state.name in look.active:
        return "active"
    if state.name == "Exception" or state.name.startswith("Err"):
        return "error"
    if state.name not in schema.own:
        return "inherited"
    return "auto" if state.auto else "plain"


def _lines(state: State, look: Look) -> Iterator[str]:
    """What stands in a box: the name, what it is, its tick."""
    yield state.name
    flags = [flag for flag in ("auto", "multi") if getattr(state, flag)]
    if look.ticks is not None:
        flags.append(f"tick {look.ticks.get(state.name, 0)}")
    if flags:
        yield ", ".join(flags)


def _title(schema: Schema) -> str:
    return " ".join(schema.name.split())


def mermaid(schema: Schema, look: Look) -> str:
    """A Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""
    lines = [f"{MERMAID_START}{_title(schema)}"]
    kinds = {}
    for n, state in enumerate(schema.states):
        kind = _kind(schema, state, look)
        kinds[kind] = True
        lines.append(f'  s{n}("{"<br/>".join(_lines(state, look))}"):::{kind}')
    lines += [f"  s{e.source} {_MERMAID[e.kind]} s{e.target}" for e in edges(schema, look)]
    for kind in kinds:
        fill, border, text = _COLOURS[kind]
        lines.append(f"  classDef {kind} fill:{fill},stroke:{border},color:{text}")
    return "\n".join(lines) + "\n"


def d2(schema: Schema, look: Look) -> str:
    """Text of D2 (https://d2lang.com)."""
    lines = [f"{D2_START}{_title(schema)}", "direction: down"]
    for n, state in enumerate(schema.states):
        fill, border, text = _COLOURS[_kind(schema, state, look)]
        label = "\\n".join(_lines(state, look))
        lines.append(f's{n}: "{label}" {{')
        lines.append("  style.border-radius: 8")
        lines += [f'  style.{key}: "{value}"' for key, value in
                  (("fill", fill), ("stroke", border), ("font-color", text))]  # fmt: skip
        lines.append("}")
    for edge in edges(schema, look):
        arrow = "<->" if edge.kind == "both" else "->"
        label = "remove" if edge.kind == "both" else edge.kind
        lines.append(f"s{edge.source} {arrow} s{edge.target}: {label} {{")
        lines.append(f'  style.stroke: "{_STROKES[edge.kind]}"')
        if edge.kind == "after":
            lines.append("  style.stroke-dash: 3")
        lines.append("}")
    return "\n".join(lines) + "\n"


def dot(schema: Schema, look: Look) -> str:
    """Text of Graphviz, which makes the SVG of it."""
    font = 'fontname="Helvetica,Arial,sans-serif"'
    lines = [
        "digraph relations {",
        '  graph [rankdir=TB, bgcolor=transparent, nodesep="0.5", ranksep="0.6"]',
        f'  node [{font}, fontsize=12, shape=box, style="filled,rounded"]',
        f'  edge [{font}, fontsize=10, arrowsize="0.8"]',
    ]
    for n, state in enumerate(schema.states):
        fill, border, text = _COLOURS[_kind(schema, state, look)]
        label = "\\n".join(_lines(state, look))
        style = f'fillcolor="{fill}", color="{border}", fontcolor="{text}"'
        lines.append(f'  s{n} [label="{label}", tooltip="{state.name}", {style}]')
    for edge in edges(schema, look):
        colour = _STROKES[edge.kind]
        label = "remove" if edge.kind == "both" else edge.kind
        style = f'color="{colour}", fontcolor="{colour}", arrowhead={_HEADS[edge.kind]}'
        if edge.kind == "both":
            style += ", dir=both, arrowtail=tee"
        if edge.kind in ("remove", "both"):
            style += ", constraint=false"
        if edge.kind == "after":
            style += ", style=dotted, constraint=false"
        lines.append(f'  s{edge.source} -> s{edge.target} [label=" {label}", {style}]')
    return "\n".join([*lines, "}"]) + "\n"
