"""An execution is a trace, each visit of a state a span, with the times of its history."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.server.executing import ended, events, machine, run
from tests.server.served import client, served
from tsme_host.server.tracing import Tracing, exporter, trace_id
from tsme_host.tools.errors import HostError


def test_an_execution_is_a_trace_and_its_states_are_spans(sqlite_url: str) -> None:
    export = InMemorySpanExporter()
    with served(sqlite_url) as (endpoint, server):
        sfn = client(endpoint)
        tracing = Tracing(server, export)
        branches = [
            {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}
            for name in ("One", "Two")
        ]
        good = machine(
            sfn, {"Both": {"Type": "Parallel", "Branches": branches, "Next": "Last"},
                  "Last": {"Type": "Succeed"}}, "good"
        )  # fmt: skip
        bad = machine(sfn, {"No": {"Type": "Fail", "Error": "Dry"}}, "bad")
        done, failed = run(sfn, good), run(sfn, bad)
        first = events(sfn, done["executionArn"])[0]["timestamp"].timestamp()
        tracing.close()
    spans: list[Any] = list(export.get_finished_spans())
    of_good = [s for s in spans if s.context.trace_id == trace_id(done["executionArn"])]
    root = next(span for span in of_good if span.parent is None)
    assert root.name == done["name"]
    assert root.attributes["tsme.status"] == "SUCCEEDED"
    assert round(root.start_time / 1e6) == round(first * 1000)
    assert sorted(span.name for span in of_good) == sorted(
        [root.name, "Both", "One", "Two", "Last"]
    )
    both = next(span for span in of_good if span.name == "Both")
    assert both.parent.span_id == root.context.span_id
    for span in of_good:
        if span.name in ("One", "Two"):
            assert span.parent.span_id == both.context.span_id
        assert span.start_time <= span.end_time
    of_bad = [s for s in spans if s.context.trace_id == trace_id(failed["executionArn"])]
    assert {span.name for span in of_bad} == {failed["name"], "No"}
    assert all(not span.status.is_ok for span in of_bad)
    assert next(s for s in of_bad if s.parent is None).status.description == "Dry"


def test_what_is_no_url_of_a_collector_is_refused() -> None:
    with pytest.raises(HostError, match='TSME-S082: "there" is no URL that takes traces'):
        exporter("there")


class Collector:
    """Takes traces as OpenTelemetry's collector does: OTLP over HTTP, protobuf."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                assert self.headers["Content-Type"] == "application/x-protobuf"
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                collector.take(ExportTraceServiceRequest.FromString(body))
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def take(self, request: Any) -> None:
        for resource in request.resource_spans:
            about = {one.key: one.value.string_value for one in resource.resource.attributes}
            self.services.add(about["service.name"])
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)

    def trace(self, arn: str, redrives: int = 0) -> dict[str, Any]:
        """The spans of an execution by their names."""
        key = trace_id(arn, redrives).to_bytes(16, "big")
        return {span.name: span for span in self.spans if span.trace_id == key}


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def test_a_collector_gets_spans_with_parents_times_and_errors(
    sqlite_url: str, collector: Collector
) -> None:
    branches = [
        {"StartAt": "One", "States": {"One": {"Type": "Wait", "Seconds": 1, "End": True}}},
        {"StartAt": "Two", "States": {"Two": {"Type": "Pass", "End": True}}},
    ]
    flow = {
        "Try": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:000000000000:function:nobody",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Both"}],
            "Next": "Both",
        },
        "Both": {"Type": "Parallel", "Branches": branches, "Next": "Dry"},
        "Dry": {"Type": "Fail", "Error": "Dry", "Cause": "no water"},
    }
    with served(sqlite_url, traces=collector.url) as (endpoint, _):
        sfn = client(endpoint)
        arn = run(sfn, machine(sfn, flow))["executionArn"]
        told = {event["id"]: event["timestamp"] for event in events(sfn, arn)}
        last = max(told)
        sfn.redrive_execution(executionArn=arn)
        ended(sfn, arn)
    assert collector.services == {"tsme"}
    spans = collector.trace(arn)
    name = arn.rpartition(":")[2]
    assert sorted(spans) == sorted([name, "Try", "Both", "One", "Two", "Dry"])

    def ms(moment: Any) -> int:
        return round(moment.timestamp() * 1000)

    root = spans[name]
    assert root.parent_span_id == b""
    assert root.start_time_unix_nano == ms(told[1]) * 10**6
    assert root.end_time_unix_nano == ms(told[last]) * 10**6
    for one, around in {
        "Try": name,
        "Both": name,
        "One": "Both",
        "Two": "Both",
        "Dry": name,
    }.items():
        assert spans[one].parent_span_id == spans[around].span_id
        assert spans[around].start_time_unix_nano <= spans[one].start_time_unix_nano
        assert spans[one].end_time_unix_nano <= spans[around].end_time_unix_nano
    waited = spans["One"].end_time_unix_nano - spans["One"].start_time_unix_nano
    assert waited >= 10**9
    error = Status.STATUS_CODE_ERROR
    assert {one: span.status.code == error for one, span in spans.items()} == {
        name: True, "Try": False, "Both": False, "One": False, "Two": False, "Dry": True,
    }  # fmt: skip
    assert root.status.message == "Dry"
    assert [event.attributes[0].value.string_value for event in spans["Try"].events] == [
        "TSME.NoHandler"
    ]
    again = collector.trace(arn, redrives=1)
    assert again[name].trace_id != root.trace_id
    assert {one.key: one.value.string_value for one in again[name].attributes}[
        "tsme.status"
    ] == "FAILED"


def test_executions_end_whether_or_not_anybody_takes_their_traces(sqlite_url: str) -> None:
    with socket.socket() as nobody:  # bound, and not listening: the port refuses
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1/traces"
        with served(sqlite_url, traces=url) as (endpoint, _):
            sfn = client(endpoint)
            found = run(sfn, machine(sfn, {"A": {"Type": "Pass", "End": True}}))
    assert found["status"] == "SUCCEEDED"
