"""What Prometheus reads is what has happened, and the dashboard asks for nothing else."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.server.executing import begin, ended, machine, run
from tests.server.served import served
from tsme_host.server.metrics import METRICS, dashboard


def scraped(endpoint: str) -> dict[str, dict[str, float]]:
    """-> name of a sample -> its labels as text -> its value"""
    with urllib.request.urlopen(endpoint + "/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        text = answer.read().decode()
    found: dict[str, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(sample.labels.values())
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def test_executions_steps_and_commits_are_counted(endpoint: str, sfn: Any) -> None:
    before = scraped(endpoint)
    assert before["tsme_executions"]["RUNNING"] == 0
    good = machine(sfn, {"A": {"Type": "Pass", "End": True}}, "good")
    bad = machine(sfn, {"A": {"Type": "Fail", "Error": "No"}}, "bad")
    waits = machine(sfn, {"A": {"Type": "Wait", "Seconds": 999, "End": True}}, "waits")
    for arn in (good, good, bad):
        run(sfn, arn)
    waiting = begin(sfn, waits)
    after = scraped(endpoint)
    counts = {status: number for status, number in after["tsme_executions"].items() if number}
    assert counts == {"RUNNING": 1, "SUCCEEDED": 2, "FAILED": 1}
    assert after["tsme_ended_executions_total"]["SUCCEEDED"] == 2
    assert after["tsme_live_executions"][""] >= 1
    assert after["tsme_store_up"][""] == 1
    for name in ("tsme_step_seconds", "tsme_store_seconds"):
        assert after[f"{name}_count"][""] >= before[f"{name}_count"][""] + 4
        assert after[f"{name}_bucket"]["+Inf"] == after[f"{name}_count"][""]
        assert after[f"{name}_sum"][""] > before[f"{name}_sum"][""]
    assert after["tsme_transactions_total"][""] > before["tsme_transactions_total"][""]
    sfn.stop_execution(executionArn=waiting)
    ended(sfn, waiting)
    assert scraped(endpoint)["tsme_ended_executions_total"]["ABORTED"] == 1


def test_the_dashboard_asks_for_what_is_exported_and_for_all_of_it(endpoint: str) -> None:
    exported = set(scraped(endpoint))
    asked = set()
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            names = set(re.findall(r"\btsme_[a-z_]+", target["expr"]))
            assert names <= exported, target["expr"]
            asked |= names
    families = {re.sub("_(bucket|count|sum|created)$", "", name) for name in exported}
    families = {name for name in families if f"{name}_total" not in families}
    assert {re.sub("_bucket$", "", name) for name in asked} == families
    assert {known.name for known in METRICS} == families
    with urllib.request.urlopen(endpoint + "/metrics/grafana.json") as answer:
        assert b'"uid": "tsme"' in answer.read()


def test_nothing_is_shown_to_who_does_not_sign_when_all_must(
    sqlite_url: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("[a]\naws_access_key_id = AKID\naws_secret_access_key = secret\n")
    with served(sqlite_url, auth=str(keys)) as (endpoint, _):
        for path in ("/", "/page/executions", "/page/live", "/metrics", "/metrics/grafana.json"):
            with pytest.raises(urllib.error.HTTPError, match=r"401|403|404|405"):
                urllib.request.urlopen(endpoint + path)
