"""What Prometheus is told of a relational machine, and the dashboard that Grafana shows of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from .model import Schema


class Known(NamedTuple):
    """A metric: its name, what it is, and its kind as Prometheus has it."""

    name: str
    about: str
    kind: str


ACTIVE: Final = Known("tsme_machine_state", "1 if the state is active.", "gauge")
TICKS: Final = Known("tsme_machine_ticks_total", "Ticks of the state.", "counter")
QUEUE: Final = Known("tsme_machine_queue", "Mutations that wait.", "gauge")
TAKEN: Final = Known(
    "tsme_machine_mutations_total", "Mutations that were taken off the queue.", "counter"
)
METRICS: Final = (ACTIVE, TICKS, QUEUE, TAKEN)
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
_ON_AND_OFF: Final = {
    "type": "value",
    "options": {
        "0": {"text": "inactive", "color": "#d9d9d9"},
        "1": {"text": "active", "color": "#2e8540"},
    },
}


def exposition(
    schema: Schema, ticks: Mapping[str, int], queue: int, queue_tick: int, ended: bool = False
) -> str:
    """A moment of a machine in the text format of Prometheus.

    `ticks`: by state.  `queue`: mutations that wait.  `queue_tick`: from 1, as the machine has it.
    `ended`: its execution is over, so nothing is active.
    """
    names = [state.name for state in schema.states]
    on = 0 if ended else 1
    values: dict[Known, list[tuple[str, int]]] = {
        ACTIVE: [(f',state="{name}"', ticks.get(name, 0) & on) for name in names],
        TICKS: [(f',state="{name}"', ticks.get(name, 0)) for name in names],
        QUEUE: [("", queue)],
        TAKEN: [("", queue_tick - 1)],
    }
    lines: list[str] = []
    for known, rows in values.items():
        lines += [f"# HELP {known.name} {known.about}", f"# TYPE {known.name} {known.kind}"]
        lines += [f"{known.name}{{{_machine(schema)}{more}}} {value}" for more, value in rows]
    return "\n".join(lines) + "\n"


def _machine(schema: Schema) -> str:
    name = schema.name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'machine="{name}"'


def dashboard(schema: Schema) -> str:
    """A dashboard of Grafana, as the JSON that it imports: of each group which states are active
    and how often they tick, then errors and the queue."""
    machine = _machine(schema)
    panels: list[dict[str, Any]] = []
    for title, names in (schema.groups or {"states": schema.own}).items():
        chosen = f'{{{machine},state=~"{"|".join(names)}"}}'
        panel = _panel(f"{title}: active", "state-timeline", {"{{state}}": ACTIVE.name + chosen})
        panel["fieldConfig"]["defaults"]["mappings"] = [_ON_AND_OFF]
        panels += [panel, _panel(f"{title}: ticks", "timeseries", {"{{state}}": _more(chosen)})]
    errors = _more(f'{{{machine},state=~"Exception|Err.*"}}')
    panels.append(_panel("errors", "timeseries", {"{{state}}": errors}))
    taken = f"rate({TAKEN.name}{{{machine}}}[$__rate_interval])"
    queue = {"waiting": f"{QUEUE.name}{{{machine}}}", "mutations/s": taken}
    panels.append(_panel("queue", "timeseries", queue))
    for n, panel in enumerate(panels):
        panel["id"] = n + 1
        panel["gridPos"] = {"h": 8, "w": 12, "x": 12 * (n % 2), "y": 8 * (n // 2)}
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    whole = {
        "title": f"tsme: {schema.name}",
        "tags": ["tsme"],
        "schemaVersion": 39,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [source]},
        "panels": panels,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _more(chosen: str) -> str:
    """By how much the ticks of some states have grown."""
    return f"increase({TICKS.name}{chosen}[$__rate_interval])"


def _panel(title: str, kind: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """A panel.  `asked`: what Prometheus is asked for, by what stands beside its line."""
    targets = [
        {
            "refId": chr(ord("A") + n),
            "datasource": _SOURCE,
            "expr": expression,
            "legendFormat": legend,
        }
        for n, (legend, expression) in enumerate(asked.items())
    ]
    return {
        "type": kind,
        "title": title,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": "short", "min": 0}, "overrides": []},
        "targets": targets,
    }
