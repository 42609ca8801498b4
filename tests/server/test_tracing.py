"""An execution is a trace, each visit of a state a span, with the times of its history."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.server.executing import events, machine, run
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
