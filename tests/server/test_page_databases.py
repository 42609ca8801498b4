"""The page on both databases: what runs, what was imported, and what cannot go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from tests.database.rows import FLOW
from tests.server.browser import shoot
from tests.server.executing import begin, machine
from tests.server.played import BEGIN, Played
from tests.server.served import client, served
from tests.tools.shell import tsme
from tsme_host.database.database import Database
from tsme_host.database.tables import executions, records


def test_the_page_is_the_same_on_postgresql(page: Page, postgres_url: str) -> None:
    with served(postgres_url) as (endpoint, _):
        sfn = client(endpoint)
        page.goto(endpoint)
        expect(page.locator(".empty")).to_contain_text("There is no execution yet")
        arn = machine(sfn, {"Rest": {"Type": "Wait", "Seconds": 3600, "End": True}}, "waits")
        execution = begin(sfn, arn, {"bed": 1}, name="one")
        expect(page.locator(".count.RUNNING b")).to_have_text("1")  # nobody has reloaded
        page.get_by_role("link", name="one", exact=True).click()
        rest = page.locator('.state[data-state="Rest"]')
        expect(rest).to_have_attribute("data-status", "running")
        sfn.stop_execution(executionArn=execution, error="Rain")
        expect(page.locator(".head .chip")).to_have_text("■ aborted")
        page.locator(".slider").fill("2")
        expect(rest).to_have_attribute("data-status", "running")
        page.goto(f"{endpoint}/machines/{arn}")
        expect(page.locator(".numbers")).to_contain_text("aborted")
        shoot(page, "postgresql")


def test_a_journal_of_a_board_is_an_execution_like_any_other(
    page: Page, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("flow.asl.json").write_text(json.dumps(FLOW))
    Path("tasks.py").write_text(
        "from tsme import Tasks\ntasks = Tasks()\n@tasks.task('add', effect='pure')\n"
        "def add(n):\n    if n == 40: raise ValueError('forty')\n    return n + 1\n"
    )
    for given in ("3", "39"):
        tsme("run", "flow.asl.json", "-i", given, "--tasks", "tasks.py", "--journal", "soil.bin")
    assert tsme("store", "import", "soil.bin", "--database", sqlite_url).exit_code == 0
    with served(sqlite_url) as (endpoint, _):
        page.goto(endpoint)
        expect(page.locator("td.machine")).to_have_text(["imported", "imported"])
        page.get_by_role("link", name="soil-2").click()
        expect(page.locator(".head .chip")).to_have_text("✕ failed")
        expect(page.locator(".crumbs")).to_contain_text("imported")
        expect(page.locator(".why").first).to_have_text("ValueError: forty")
        for name in ("Stop …", "Redrive", "Start again …"):  # it has no machine
            expect(page.get_by_role("button", name=name)).to_have_count(0)
        # No definition has come with it: the graph shows the way that it went.
        expect(page.locator('.state[data-state="A"]')).to_have_attribute(
            "data-status", "succeeded"
        )
        expect(page.locator('.state[data-state="C"]')).to_have_count(0)
        expect(page.locator('.state[data-state="B"]')).to_have_attribute("data-status", "failed")
        expect(page.locator("tr[data-event]").last).to_contain_text("ExecutionFailed")
        page.get_by_role("tab", name="Journal").click()
        expect(page.locator("tr[data-record]").first).to_contain_text("start")
        shoot(page, "imported")


def test_what_cannot_go_on_is_told_on_the_list_and_on_its_page(
    page: Page, sqlite_url: str
) -> None:
    flow = {"StartAt": "Rest", "States": {"Rest": {"Type": "Wait", "Seconds": 1, "End": True}}}
    with Database.open(sqlite_url) as database:
        one = Played(database, flow, "spoilt", {})
        with database.write() as connection:
            due = update(executions).where(executions.c.id == one.id).values(due=BEGIN + 1000)
            connection.execute(due)
            spoilt = update(records).where(records.c.execution == one.id).values(body=b"no record")
            connection.execute(spoilt)
    with served(sqlite_url) as (endpoint, _):
        page.goto(endpoint)
        expect(page.locator(".broken")).to_contain_text("One execution cannot go on")
        expect(page.locator("tbody .chip.BROKEN")).to_have_text("⚠ broken")
        page.locator(".broken a").click()
        expect(page.locator(".head .chip").nth(1)).to_have_text("⚠ broken")
        expect(page.locator(".head .why")).to_contain_text("It cannot go on: TSME-R002")
        expect(page.locator(".empty").last).to_contain_text("The history of ")
        shoot(page, "broken")
