"""The page with as much as a server may have: 10,000 executions, 20,000 events, 200 states."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import insert

from tests.database.rows import FLOW, program_of
from tests.server.browser import shoot
from tests.server.played import BEGIN, Played
from tests.server.served import served
from tsme_host.database.database import Database
from tsme_host.database.records import keep_program
from tsme_host.database.tables import executions

PLACE = "arn:aws:states:us-east-1:000000000000"
LOOP = {
    "QueryLanguage": "JSONata",
    "StartAt": "Begin",
    "States": {
        "Begin": {"Type": "Pass", "Assign": {"n": 0}, "Next": "Add"},
        "Add": {"Type": "Pass", "Assign": {"n": "{% $n + 1 %}"}, "Next": "More?"},
        "More?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $n < 5000 %}", "Next": "Add"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}
NAMES = [f"Step {n:03}" for n in range(200)]
STATES: dict[str, Any] = {
    name: {"Type": "Pass", "Next": after} for name, after in pairwise(NAMES)
} | {NAMES[-1]: {"Type": "Succeed"}}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = str(tmp_path_factory.mktemp("large") / "tsme.db")
    with Database.open(path) as database:
        Played(database, LOOP, "long", {}, "loop")
        Played(database, {"StartAt": NAMES[0], "States": STATES}, "states", {}, "many")
        with database.write() as connection:
            about: dict[str, Any] = {
                "machine": f"{PLACE}:stateMachine:loop", "type": "STANDARD", "input": "{}",
                "digest": keep_program(connection, program_of(), str(FLOW)),
                "settings": {}, "notes": {},
            }  # fmt: skip
            rows = [
                about
                | {
                    "arn": f"{PLACE}:execution:loop:run-{n:05}",
                    "name": f"run-{n:05}",
                    "status": ("SUCCEEDED", "FAILED")[n % 2],
                    "started": BEGIN + 1000 * n,
                    "stopped": BEGIN + 1000 * n + n % 977,
                }
                for n in range(1, 10_001)
            ]
            connection.execute(insert(executions), rows)
    with served(path) as (endpoint, _):
        yield endpoint


def test_ten_thousand_executions_are_counted_found_and_plotted(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator(".count.FAILED b")).to_have_text("5,000")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.locator("[name=prefix]").fill("run-0999")
    expect(page.locator("tbody tr")).to_have_count(10)
    page.goto(f"{url}/machines/{PLACE}:stateMachine:loop")
    expect(page.locator('.numbers tr:has-text("all") td').nth(1)).to_have_text("10,001")
    expect(page.locator(".dot")).to_have_count(500)
    shoot(page, "ten-thousand")


def test_a_history_of_twenty_thousand_events_is_scrolled_and_travelled(
    page: Page, url: str
) -> None:
    page.goto(f"{url}/executions/{PLACE}:execution:loop:long")
    expect(page.locator(".moment")).to_contain_text("20006 / 20006")
    rows = page.locator("tr[data-event]")
    assert rows.count() < 200
    page.get_by_role("group", name="Events").focus()
    expect(page.locator('tr[data-event="20006"]')).to_be_in_viewport()
    page.keyboard.press("Home")
    expect(page.locator('tr[data-event="1"]')).to_be_in_viewport()
    assert rows.count() < 200
    page.locator('tr[data-event="3"]').click()
    expect(page.locator(".moment")).to_contain_text("3 / 20006")
    page.locator(".slider").fill("10000")
    expect(page.locator('tr[data-event="10000"]')).to_have_class("current")
    expect(page.locator('.state[data-state="Add"]')).to_contain_text("2500×")
    page.get_by_role("tab", name="Variables").click()
    expect(page.locator('[data-variable="n"] pre')).to_have_text("2499")
    page.get_by_role("tab", name="State", exact=True).click()
    expect(page.locator(".two .panel .note")).to_contain_text("the last 100 of 2,")
    shoot(page, "twenty-thousand")


def test_a_graph_of_two_hundred_states_follows_the_event(page: Page, url: str) -> None:
    page.goto(f"{url}/executions/{PLACE}:execution:many:states")
    states = page.locator('.state[data-status="succeeded"]')
    expect(states).to_have_count(200)
    first, last = (page.locator(f'.state[data-state="{NAMES[n]}"]') for n in (0, -1))
    expect(first).to_be_in_viewport()
    expect(last).not_to_be_in_viewport()
    page.keyboard.press("[")
    expect(last).to_be_in_viewport()
    page.get_by_role("button", name="Larger").click()
    expect(last).to_be_in_viewport()  # what was in the middle
    shoot(page, "two-hundred-states")
