"""Coverage on the drawing of a workflow, or of the labels that a machine has gone through."""

from __future__ import annotations

from dataclasses import replace

from tsme_host.tools.diagram import Arrow, Box, Cluster

from .coverage import Seen
from .subjects import Subject


def covered(subject: Subject, seen: Seen) -> Cluster:
    """The drawing, with how often each state and arrow was reached."""
    if subject.drawing is not None:
        return _counted(subject.drawing, seen)
    names = list(dict.fromkeys(seen.states))
    ids = {name: f"s{n}" for n, name in enumerate(names)}
    frame = Cluster("m", subject.name)
    frame.boxes = [Box(ids[name], "task", name or "-", (), seen.states[name]) for name in names]
    frame.arrows = [
        Arrow(ids[a], ids[b], "next", f"{n:,}", n)
        for (a, b), n in seen.edges.items()
        if a in ids and b in ids
    ]
    return frame


def _counted(frame: Cluster, seen: Seen) -> Cluster:
    names = {box.id: box.name for box in frame.boxes if box.kind not in ("start", "finish")}
    boxes = [_box(box, seen) if box.id in names else box for box in frame.boxes]
    arrows = []
    for arrow in frame.arrows:
        count = None
        if arrow.source in names and arrow.target in names:
            edge = (names[arrow.source], names[arrow.target])
            count = (seen.catches if arrow.kind == "catch" else seen.edges)[edge]
        arrows.append(replace(arrow, seen=count))
    inner = [_counted(part, seen) for part in frame.frames]
    return Cluster(frame.id, frame.title, boxes, arrows, inner)


def _box(box: Box, seen: Seen) -> Box:
    count = seen.states[box.name]
    notes = (*box.notes, f"{count:,}×" if count else "never reached")
    return replace(box, notes=notes, seen=count)
