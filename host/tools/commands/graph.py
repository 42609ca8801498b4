"""`tsme graph`: a workflow, or the relations of a schema, as Mermaid, D2 or SVG."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ...compiler.frontend.check import find_problems
from .. import console, graphviz
from ..definitions import takes_values
from ..diagram import Arrow, Box, Cluster, diagram
from ..errors import DONE, FAILED, HostError
from ..files import is_schema, read_flow, shown_name
from ..outputs import Kind, keep_others, write_bytes
from .check import show_problems

_MISSED = ("#ffffff", "#d63384")  # what a simulation never reached
_COLOURS = {  # fill, border
    "task": ("#e8f1fb", "#3572b0"),
    "choice": ("#fff4d6", "#b98900"),
    "wait": ("#efe9f9", "#7a5bb0"),
    "pass": ("#f4f4f4", "#7f7f7f"),
    "succeed": ("#e3f4e6", "#2e8540"),
    "fail": ("#fbe6e4", "#b5392f"),
    "parallel": ("#e6f5f5", "#2b8a8a"),
    "map": ("#f0f6e1", "#6b8a2b"),
    "start": ("#444444", "#444444"),
    "finish": ("#444444", "#444444"),
}
_MERMAID = {  # brackets round the name
    "task": ("[", "]"),
    "choice": ("{", "}"),
    "wait": ("([", "])"),
    "pass": ("[/", "/]"),
    "succeed": ("(((", ")))"),
    "fail": ("{{", "}}"),
    "parallel": ("[[", "]]"),
    "map": ("[\\", "/]"),
    "start": ("((", "))"),
    "finish": ("((", "))"),
}
_SHAPES = {
    "task": "box",
    "choice": "diamond",
    "wait": "box",
    "pass": "parallelogram",
    "succeed": "box",
    "fail": "octagon",
    "parallel": "component",
    "map": "box3d",
    "start": "circle",
    "finish": "doublecircle",
}


@click.command()
@click.argument("flow", metavar="FLOW")
@click.option(
    "-o",
    "--output",
    default="-",
    metavar="FILE",
    help="FILE.mmd or FILE.svg, of a schema also FILE.d2.  [default: Mermaid to the standard "
    "output]",
)
@click.option(
    "--active",
    metavar="A,B",
    help="Of a schema: mark these states as active, all others are not.",
)
@click.option(
    "--time",
    "ticks",
    metavar="TICKS",
    help="Of a schema: mark what is active at a machine time, '1,0,2' in the order of the states, "
    "or a clock, '(A:1 C:3)'.",
)
@click.option(
    "--journal",
    "log",
    metavar="JOURNAL",
    help="Of FILE.py:CLASS: mark what is active in this one.",
)
@click.option(
    "--at",
    type=click.IntRange(0),
    metavar="RECORD",
    help="After which record of the journal.  [default: the newest]",
)
@click.option("--after", is_flag=True, help="Of a schema: draw `after` too, dotted.")
@takes_values
def graph(flow: str, output: str, after: bool, **moment: Any) -> int:
    """Draw a workflow, or the relations of a schema.

    Choice arrows carry their condition, Catch arrows are dashed, Retry stands in the box.

    FLOW may be the schema of a relational machine: FILE.py:CLASS, a JSON or YAML file with
    `states`, or a .tsr. An arrow goes from the state that has the relation.
    """
    if is_schema(flow):
        from .relations import relations  # noqa: PLC0415

        return relations(flow, output, after, moment)
    if after or any(given is not None for given in moment.values()):
        hint = "tsme history shows the way of a workflow"
        raise HostError("TSME-H002", "moments and --after are for schemas", hint)
    known_ending(output)
    text = read_flow(flow)
    machine, problems = find_problems(text)
    if machine is None:
        show_problems(problems, text, shown_name(text, flow), to_stderr=True)
        return FAILED
    frame = diagram(machine)
    draw(frame, output)
    if output != "-":
        console.note(f"{output}: {console.count(_states(frame), 'state')}")
    return DONE


def _states(frame: Cluster) -> int:
    """States of a drawing, those of branches and bodies too."""
    return sum(box.kind not in ("start", "finish") for box in _all(frame))


def known_ending(output: str) -> None:
    """Refuse to draw into what is no drawing, by its name or by what is in it."""
    if output != "-" and Path(output).suffix.lower() not in (".mmd", ".mermaid", ".svg"):
        hint = "any browser shows an .svg, and prints it into another format"
        raise HostError("TSME-H003", f'"{output}" ends neither in .mmd nor in .svg', hint)
    keep_others(output, _kind(output))


def _kind(output: str) -> Kind:
    svg_ = Path(output).suffix.lower() == ".svg"
    return "drawing by Graphviz" if svg_ else "drawing in Mermaid"


def draw(frame: Cluster, output: str) -> None:
    """Write a drawing as its file's ending says."""
    kind = _kind(output)
    as_svg = kind == "drawing by Graphviz"
    write_bytes(output, svg(frame) if as_svg else mermaid(frame).encode(), kind)


# --- Mermaid --------------------------------------------------------------------------------


def mermaid(frame: Cluster) -> str:
    """A Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""
    lines = ["flowchart TD", *_boxes(frame, "  "), *_links(frame)]
    kinds = dict.fromkeys(_class(box) for box in _all(frame))
    for kind in kinds:
        fill, border = _MISSED if kind == "missed" else _COLOURS[kind]
        text = "#ffffff" if fill == border else "#222222"
        lines.append(f"  classDef {kind} fill:{fill},stroke:{border},color:{text}")
    return "\n".join(lines) + "\n"


def _class(box: Box) -> str:
    return "missed" if box.seen == 0 else box.kind


def _all(frame: Cluster) -> Iterator[Box]:
    yield from frame.boxes
    for inner in frame.frames:
        yield from _all(inner)


def _boxes(frame: Cluster, indent: str) -> Iterator[str]:
    for box in frame.boxes:
        left, right = _MERMAID[box.kind]
        name = "<br/>".join(_entities(part) for part in (box.name, *box.notes))
        shown = '" "' if box.kind in ("start", "finish") else f'"{name}"'
        yield f"{indent}{box.id}{left}{shown}{right}:::{_class(box)}"
    for inner in frame.frames:
        yield f'{indent}subgraph {inner.id}["{_entities(inner.title)}"]'
        yield from _boxes(inner, indent + "  ")
        yield f"{indent}end"


def _links(frame: Cluster) -> Iterator[str]:
    for arrow in frame.arrows:
        line = "-.->" if arrow.kind in ("catch", "inner") or arrow.seen == 0 else "-->"
        text = f"{arrow.label} never".strip() if arrow.seen == 0 else arrow.label
        label = f'|"{_entities(text)}"|' if text else ""
        yield f"  {arrow.source} {line}{label} {arrow.target}"
    for inner in frame.frames:
        yield from _links(inner)


def _entities(text: str) -> str:
    """Text that Mermaid shows as it is."""
    for char, name in (
        ("#", "#35;"),
        ('"', "#quot;"),
        ("<", "#lt;"),
        (">", "#gt;"),
        ("`", "#96;"),
    ):
        text = text.replace(char, "\0" + name[1:])
    return " ".join(text.split()).replace("\0", "#")


# --- SVG ------------------------------------------------------------------------------------


def svg(frame: Cluster) -> bytes:
    """The same as SVG, laid out by Graphviz, which pygraphviz brings along."""
    whole = graphviz.graphs()(directed=True, strict=False, name="workflow")
    whole.graph_attr.update(rankdir="TB", bgcolor="transparent", nodesep="0.4", ranksep="0.45")
    whole.node_attr.update(fontname="Helvetica,Arial,sans-serif", fontsize="12")
    whole.edge_attr.update(
        fontname="Helvetica,Arial,sans-serif", fontsize="10", color="#666666", arrowsize="0.8"
    )
    _add(whole, frame)
    return graphviz.laid_out(whole)


def _add(graph_: Any, frame: Cluster) -> None:
    for box in frame.boxes:
        _add_box(graph_, box)
    for inner in frame.frames:
        cluster = graph_.add_subgraph(
            name=f"cluster_{inner.id}",
            label=_dot(inner.title),
            style="rounded,dashed",
            color="#999999",
            fontname="Helvetica,Arial,sans-serif",
            fontsize="11",
        )
        _add(cluster, inner)
    for arrow in frame.arrows:
        _add_arrow(graph_, arrow)


def _add_box(graph_: Any, box: Box) -> None:
    fill, border = _COLOURS[box.kind]
    style = "filled,rounded" if box.kind in ("task", "wait", "succeed") else "filled"
    if box.kind in ("start", "finish"):
        graph_.add_node(
            box.id, label="", shape=_SHAPES[box.kind], width="0.18", fixedsize="true",
            style="filled", fillcolor=fill, color=border, tooltip=box.name,
        )  # fmt: skip
        return
    label = "\n".join(_dot(part) for part in (box.name, *box.notes))
    if box.seen == 0:
        (fill, border), style = _MISSED, "filled,dashed"
    graph_.add_node(
        box.id, label=label, shape=_SHAPES[box.kind], style=style, fillcolor=fill, color=border,
        tooltip=_dot(box.name),
    )  # fmt: skip


def _add_arrow(graph_: Any, arrow: Arrow) -> None:
    style = {"catch": "dashed", "inner": "dotted"}.get(arrow.kind, "solid")
    colour = "#b5392f" if arrow.kind == "catch" else "#666666"
    label = f"  {_dot(arrow.label)}" if arrow.label else ""
    if arrow.seen == 0:
        style, colour, label = "dashed", _MISSED[1], f"{label}  never"
    graph_.add_edge(
        arrow.source, arrow.target, label=label, style=style, color=colour, fontcolor=colour,
        constraint="true",
    )  # fmt: skip


def _dot(text: str) -> str:
    """Text that Graphviz shows as it is: it reads backslashes and HTML entities."""
    return " ".join(text.split()).replace("&", "&amp;").replace("\\", "\\\\")


COMMANDS = (graph,)
