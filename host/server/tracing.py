"""Traces for OpenTelemetry: an execution is a trace, each visit of a state a span in it.

A trace is made of the history when its execution has ended, so a restart in between loses nothing
of it.  Its id is a hash of the execution's ARN: who knows the one finds the other.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import queue
import threading
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from ..database.tables import executions
from ..tools.aws.events import Event
from ..tools.errors import HostError
from .errors import ApiError
from .operations.histories import history
from .server import Server
from .terms import Told

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

_log = logging.getLogger("tsme.tracing")
_NS: Final = 1_000_000  # in a millisecond
_MOST: Final = 10_000  # executions that wait for their traces to be made
_PATIENCE: Final = 4  # seconds that a collector has to take spans, tries included


def exporter(url: str) -> SpanExporter:
    """What sends spans to a collector by OTLP over HTTP: `url` such as
    `http://127.0.0.1:4318/v1/traces`.

    Raises HostError: TSME-S081 without the packages of the extra `otel`, S082 for no URL.
    """
    if not url.startswith(("http://", "https://")):
        message = f'"{url}" is no URL that takes traces'
        raise HostError("TSME-S082", message, "write http://HOST:4318/v1/traces")
    needed = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")
    try:
        missing = [name for name in needed if importlib.util.find_spec(name) is None]
    except ModuleNotFoundError as error:
        missing = [error.name or "opentelemetry"]
    if missing:
        message = f"traces need packages that are not here: {', '.join(missing)}"
        raise HostError("TSME-S081", message, "pip install tsme[otel]")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )

    return OTLPSpanExporter(endpoint=url, timeout=_PATIENCE)


class Tracing:
    """Sends a trace of each execution that ends in this process, until it is closed."""

    def __init__(self, server: Server, export: SpanExporter) -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        self.server = server
        self._ids = _ids()
        resource = Resource.create({"service.name": "tsme"})
        self._provider = TracerProvider(resource=resource, id_generator=self._ids)
        self._provider.add_span_processor(BatchSpanProcessor(export))
        self._tracer = self._provider.get_tracer("tsme")
        self._queue: queue.Queue[str | None] = queue.Queue(_MOST)
        self._thread = threading.Thread(target=self._run, name="tsme-tracing", daemon=True)
        self._thread.start()
        server.runner.listen(self._told)

    def close(self) -> None:
        """Send what has not been sent."""
        self._queue.put(None)
        self._thread.join()
        self._provider.shutdown()

    def _told(self, told: Told) -> None:
        if told.status != "RUNNING":
            try:
                self._queue.put_nowait(told.arn)
            except queue.Full:
                _log.warning("too many executions end at once: %s has no trace", told.arn)

    def _run(self) -> None:
        while (arn := self._queue.get()) is not None:
            try:
                self._trace(arn)
            except (ApiError, HostError) as error:
                _log.warning("%s has no trace: %s", arn, error)
            except Exception:
                _log.exception("%s has no trace", arn)

    def _trace(self, arn: str) -> None:
        with self.server.database.read() as connection:
            row = connection.execute(select(executions).where(executions.c.arn == arn)).one()
        told = history(self.server, row)
        self._ids.next = trace_id(arn, row.redrives)
        about = {"tsme.execution": arn, "tsme.status": told.status}
        about |= {"tsme.machine": row.machine or ""}
        first, last = told.events[0]["time"], told.events[-1]["time"]
        root = self._span(row.name, None, first, about)
        self._states(told.events, root, last)
        if told.status != "SUCCEEDED":
            _fail(root, told.error or told.status)
        root.end(last * _NS)

    def _states(self, events: list[Event], root: Any, last: int) -> None:
        """A span for each visit of a state, below that of the state around it."""
        at: dict[int, list[Any]] = {0: [root]}  # event -> the open spans of its branch
        still: dict[int, Any] = {}  # spans that no event has ended
        for event in events:
            kind, number = event["type"], event["id"]
            spans = at.get(event["prev"], [root])
            if kind.endswith("StateEntered"):
                about = {"tsme.type": kind.removesuffix("StateEntered")}
                span = self._span(event["state"], spans[-1], event["time"], about)
                still[id(span)] = span
                spans = [*spans, span]
            elif kind.endswith("StateExited"):
                depth = _depth(spans, event["state"])
                for span in spans[depth:][::-1]:
                    if still.pop(id(span), None) is not None:
                        span.end(event["time"] * _NS)
                spans = spans[:depth]
            elif kind.endswith(("Failed", "TimedOut")) and not kind.startswith("Execution"):
                error = event.get("details", {}).get("error", kind)
                spans[-1].add_event(kind, {"error": str(error)}, event["time"] * _NS)
            at[number] = spans
        for span in reversed(still.values()):
            _fail(span, "the execution ended here")
            span.end(last * _NS)

    def _span(self, name: str, around: Any, start: int, about: dict[str, str]) -> Any:
        from opentelemetry import trace  # noqa: PLC0415
        from opentelemetry.context import Context  # noqa: PLC0415

        within = trace.set_span_in_context(around, Context()) if around else Context()
        return self._tracer.start_span(name, within, start_time=start * _NS, attributes=about)


def trace_id(arn: str, redrives: int = 0) -> int:
    """The id of an execution's trace, 128 bits; a redrive makes another one."""
    text = arn if not redrives else f"{arn}#{redrives}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big") or 1


def _depth(spans: list[Any], name: str) -> int:
    """Where among the open spans of a branch the last one of a state is."""
    for depth in range(len(spans) - 1, 0, -1):
        if spans[depth].name == name:
            return depth
    return len(spans)


def _fail(span: Any, why: str) -> None:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415

    span.set_status(Status(StatusCode.ERROR, why))


def _ids() -> Any:
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator  # noqa: PLC0415

    class Ids(RandomIdGenerator):
        """Gives a trace the id that it is to have."""

        next = 1

        def generate_trace_id(self) -> int:
            return self.next

    return Ids()
