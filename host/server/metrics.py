"""`/metrics`: what Prometheus asks for, and a dashboard of Grafana that shows it.

Counts of executions come from the database when they are asked for, so they are those of all
processes; times and queues are of this process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import anyio.to_thread
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..database import queries
from ..tools.errors import HostError
from .runner import Runner
from .server import Server
from .terms import Told

STATUSES: Final = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")
_TIMES: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """A metric, and how the dashboard shows it.  `unit`: as Grafana names it."""

    name: str
    about: str
    kind: str  # gauge, counter, histogram
    unit: str = "short"
    labels: tuple[str, ...] = ()


EXECUTIONS: Final = Known(
    "tsme_executions", "Executions in the database.", "gauge", labels=("status",)
)
ENDED: Final = Known(
    "tsme_ended_executions_total",
    "Executions that this process has ended.",
    "counter",
    "cps",
    ("status",),
)
STEP: Final = Known(
    "tsme_step_seconds",
    "From when an input comes until its step is durable.",
    "histogram",
    "s",
)
STORE: Final = Known(
    "tsme_store_seconds", "How long a commit of the database takes.", "histogram", "s"
)
TRANSACTIONS: Final = Known(
    "tsme_transactions_total", "Transactions of the runner.", "counter", "cps"
)
QUEUE: Final = Known("tsme_queue", "What waits for the next transaction.", "gauge")
LIVE: Final = Known("tsme_live_executions", "Executions in the memory of this process.", "gauge")
TASKS: Final = Known("tsme_tasks", "Tasks under way in this process.", "gauge")
BROKEN: Final = Known("tsme_broken_executions", "Executions that cannot go on.", "gauge")
UP: Final = Known("tsme_store_up", "1 if the database answers.", "gauge")
METRICS: Final = (
    EXECUTIONS, ENDED, STEP, STORE, TRANSACTIONS, QUEUE, LIVE, TASKS, BROKEN, UP,
)  # fmt: skip


class Metrics:
    """The metrics of a server, from when this is made."""

    def __init__(self, server: Server) -> None:
        self.registry = CollectorRegistry()
        self.step = Histogram(STEP.name, STEP.about, buckets=_TIMES, registry=self.registry)
        self.store = Histogram(STORE.name, STORE.about, buckets=_TIMES, registry=self.registry)
        self.ended = Counter(
            ENDED.name.removesuffix("_total"), ENDED.about, ENDED.labels, registry=self.registry
        )
        for status in STATUSES[1:]:
            self.ended.labels(status)
        runner: Runner = server.runner
        self.registry.register(_Now(server, runner))
        server.database.watch(self.store.observe)
        runner.asked = self._asked
        runner.listen(self._told)

    def _asked(self, future: Future[Any]) -> None:
        begun = perf_counter()

        def done(future: Future[Any]) -> None:
            if future.exception() is None:
                self.step.observe(perf_counter() - begun)

        future.add_done_callback(done)

    def _told(self, told: Told) -> None:
        if told.status != "RUNNING":
            self.ended.labels(told.status).inc()


class _Now(Collector):
    """How things stand when somebody asks."""

    def __init__(self, server: Server, runner: Runner) -> None:
        self.server = server
        self.runner = runner

    def collect(self) -> Iterable[Metric]:
        """The families, one by one."""
        executions = GaugeMetricFamily(EXECUTIONS.name, EXECUTIONS.about, labels=EXECUTIONS.labels)
        up, broken = 1, 0
        try:
            with self.server.database.read() as connection:
                counts = queries.counts(connection)
                broken = queries.broken_count(connection)
            for status in (*STATUSES, *sorted(counts.keys() - set(STATUSES))):
                executions.add_metric([status], counts.get(status, 0))
        except HostError:
            up = 0
        yield executions
        yield GaugeMetricFamily(UP.name, UP.about, up)
        lives = self.runner.lives
        under_way = sum(len(actions) for actions in list(lives.under_way.values()))
        for known, value in (
            (QUEUE, self.runner.queued()),
            (LIVE, len(lives.at)),
            (TASKS, under_way),
            (BROKEN, broken),
        ):
            yield GaugeMetricFamily(known.name, known.about, value)
        name = TRANSACTIONS.name.removesuffix("_total")
        yield CounterMetricFamily(name, TRANSACTIONS.about, self.runner.transactions)


def routes(server: Server) -> list[BaseRoute]:
    """`/metrics`, and the dashboard beside it."""
    metrics = Metrics(server)

    async def scrape(_request: Request) -> Response:
        text = await anyio.to_thread.run_sync(generate_latest, metrics.registry)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def grafana(_request: Request) -> Response:
        return Response(json.dumps(dashboard(), indent=2) + "\n", media_type="application/json")

    return [
        Route("/metrics", scrape, methods=["GET"]),
        Route("/metrics/grafana.json", grafana, methods=["GET"]),
    ]


def dashboard() -> dict[str, Any]:
    """A dashboard of Grafana with a panel for each metric."""
    panels = []
    for number, known in enumerate(METRICS):
        panels.append(
            {
                "id": number + 1,
                "type": "timeseries",
                "title": known.about.removesuffix("."),
                "datasource": {"type": "prometheus", "uid": "${source}"},
                "gridPos": {"h": 8, "w": 12, "x": 12 * (number % 2), "y": 8 * (number // 2)},
                "fieldConfig": {"defaults": {"unit": known.unit, "min": 0}, "overrides": []},
                "targets": [
                    {
                        "refId": chr(ord("A") + n),
                        "datasource": {"type": "prometheus", "uid": "${source}"},
                        "expr": expression,
                        "legendFormat": legend,
                    }
                    for n, (expression, legend) in enumerate(_targets(known))
                ],
            }
        )
    source = {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": "tsme",
        "title": "tsme",
        "tags": ["tsme"],
        "schemaVersion": 39,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [source]},
        "panels": panels,
    }


def _targets(known: Known) -> list[tuple[str, str]]:
    """(what is asked of Prometheus, what stands beside the line)"""
    legend = "{{status}}" if known.labels else "{{instance}}"
    if known.kind == "histogram":
        rate = f"sum by (le) (rate({known.name}_bucket[$__rate_interval]))"
        return [(f"histogram_quantile({q / 100}, {rate})", f"P{q}") for q in (50, 95, 99)]
    if known.kind == "counter":
        by = f"sum by ({known.labels[0]}) " if known.labels else ""
        rate = f"rate({known.name}[$__rate_interval])"
        return [(f"{by}({rate})" if by else rate, legend)]
    if known.labels:  # the same from each process
        return [(f"max by ({known.labels[0]}) ({known.name})", legend)]
    return [(known.name, legend)]
