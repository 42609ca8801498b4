"""The page in a real browser: lists, graphs, time travel, keys; and that data stays data."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.browser import shoot
from tests.server.executing import machine
from tests.server.played import Played
from tests.server.processes import serving
from tests.server.served import client, served
from tsme_host.database.database import Database

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"


def task(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": FUNCTION + name} | more


GREENHOUSE = {
    "QueryLanguage": "JSONata",
    "StartAt": "Read",
    "States": {
        "Read": task(
            "read",
            Assign={"level": "{% $states.result.level %}"},
            Retry=[{"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 3}],
            Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Alarm"}],
            Next="Enough?",
        ),
        "Enough?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $level > 5 %}", "Next": "Both"}],
            "Default": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 30, "Next": "Read"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {
                    "StartAt": "Water",
                    "States": {
                        "Water": task("water", Assign={"inner": 1}, Next="Log"),
                        "Log": {"Type": "Pass", "End": True},
                    },
                },
                {"StartAt": "Light", "States": {"Light": task("light", End=True)}},
            ],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "Items": [1, 2, 3],
            "ItemProcessor": {
                "StartAt": "Turn",
                "States": {"Turn": {"Type": "Pass", "End": True}},
            },
            "End": True,
        },
        "Alarm": {"Type": "Fail", "Error": "TooDry", "Cause": "no water"},
    },
}
PROBE = "<img src=x onerror=alert(1)>'\"&amp;"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Database]]:
    """A server with a few executions, which no test changes.  -> its URL, and its database"""
    path = tmp_path_factory.mktemp("page") / "tsme.db"
    with Database.open(str(path)) as database:
        one = Played(database, GREENHOUSE, "watered", {"bed": PROBE}, "greenhouse")
        one.failed("Busy", "later")
        one.due()
        one.done({"level": 2})
        one.due()
        one.done({"level": 7})
        one.done("watered")
        one.done("lit")
        Played(database, GREENHOUSE, "dry", {"bed": 2}, "greenhouse").failed("Broken", PROBE)
        one = Played(database, GREENHOUSE, "waits", {"bed": 3}, "greenhouse")
        one.checkpoint()
        for n in range(55):
            one = Played(database, {"StartAt": "A", "States": {"A": task("a", End=True)}},
                         f"run-{n:02}", n, "simple")  # fmt: skip
            one.done(n, after=10 + n * n)
        with served(str(path)) as (endpoint, _):
            yield endpoint, database


# What the Tab key reaches, and who reads with their ears cannot tell apart.
UNNAMED = """() => {
  const all = "a[href], button, input, select, textarea, [tabindex='0']";
  const named = (node) => node.ariaLabel || node.textContent.trim() || node.labels?.length;
  return [...document.querySelectorAll(all)].filter((node) => !named(node))
    .map((node) => node.outerHTML.slice(0, 100));
}"""


def arn_of(name: str, machine: str = "greenhouse", kind: str = "execution") -> str:
    return f"arn:aws:states:us-east-1:000000000000:{kind}:{machine}" + (name and f":{name}")


def state(page: Page, name: str) -> Any:
    return page.locator(f'.state[data-state="{name}"]')


def test_the_list_has_filters_counts_and_pages(page: Page, url: tuple[str, Database]) -> None:
    page.goto(url[0])
    expect(page.locator("tbody tr")).to_have_count(50)
    expect(page.locator(".count.SUCCEEDED b")).to_have_text("56")
    page.get_by_role("button", name="older").click()
    expect(page.locator("tbody tr")).to_have_count(8)
    page.locator(".count.FAILED").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("TooDry")
    assert "status=FAILED" in page.url
    page.get_by_role("button", name="clear").click()
    expect(page.locator("tbody tr")).to_have_count(50)
    page.locator("[name=prefix]").fill("run-1")
    expect(page.locator("tbody tr")).to_have_count(10)
    page.get_by_role("button", name="name", exact=True).click()
    expect(page.locator("tbody tr").first).to_contain_text("run-19")
    page.reload()  # filters are in the address
    expect(page.locator("tbody tr")).to_have_count(10)
    page.locator("[name=prefix]").fill("run-0")
    page.locator("[name=range]").select_option("in the last day")
    expect(page.locator(".empty")).to_contain_text("No execution fits")
    page.locator("[name=range]").select_option("between …")
    page.locator("[name=from]").fill("")
    expect(page.locator("tbody tr")).to_have_count(10)
    page.locator("[name=ended-from]").fill("2030-01-01T00:00:00")
    expect(page.locator(".empty")).to_contain_text("No execution fits")
    page.locator("[name=range]").select_option("any time")
    expect(page.locator("tbody tr")).to_have_count(10)
    page.locator("[name=prefix]").fill("nobody")
    expect(page.locator(".empty")).to_contain_text("No execution fits")


def test_states_and_variables_are_shown_as_they_were_at_any_event(
    page: Page, url: tuple[str, Database]
) -> None:
    page.goto(f"{url[0]}/executions/{arn_of('watered')}")
    expect(page.locator(".moment")).to_contain_text("53 / 53")
    for name in ("Read", "Rest", "Both", "Water", "Light", "Each", "Turn"):
        expect(state(page, name)).to_have_attribute("data-status", "succeeded")
    expect(state(page, "Alarm")).to_have_attribute("data-status", "")
    expect(state(page, "Read")).to_contain_text("2× · 40 ms · 1 retry")
    expect(state(page, "Turn").first).to_contain_text("3×")
    page.get_by_role("tab", name="Variables").click()
    level = page.locator('[data-variable="level"]')
    expect(level.locator("pre")).to_have_text("7")
    expect(page.locator('[data-variable="inner"]')).to_have_count(0)

    def to(kind: str, number: int = 0) -> None:
        page.locator(f'tr[data-event]:has-text("{kind}")').nth(number).click()

    to("LambdaFunctionFailed")
    expect(state(page, "Read")).to_have_attribute("data-status", "retrying")
    expect(page.locator(".panel").first).to_contain_text("No variable is set")
    to("WaitStateEntered")
    expect(level.locator("pre")).to_have_text("2")
    expect(state(page, "Rest")).to_have_attribute("data-status", "running")
    expect(state(page, "Both")).to_have_attribute("data-status", "")
    to("PassStateEntered")  # within the branch that has a variable of its own
    expect(page.locator('[data-variable="inner"] pre')).to_have_text("1")
    expect(state(page, "Light")).to_have_attribute("data-status", "running")
    shoot(page, "time-travel")
    page.locator(".slider").fill("1")
    expect(page.locator(".moment")).to_contain_text("1 / 53")
    expect(state(page, "Read")).to_have_attribute("data-status", "")
    page.keyboard.press("]")
    expect(page.locator(".moment")).to_contain_text("2 / 53")
    page.locator(".slider").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".moment")).to_contain_text("3 / 53")
    page.get_by_role("group", name="Events").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".moment")).to_contain_text("2 / 53")
    page.keyboard.press("l")
    expect(page.locator(".moment")).to_contain_text("53 / 53")


def test_items_branches_and_events_say_what_they_were_at_any_event(
    page: Page, url: tuple[str, Database]
) -> None:
    page.goto(f"{url[0]}/executions/{arn_of('watered')}")
    panel = page.locator(".two .panel")
    page.locator('tr[data-event]:has-text("MapIterationSucceeded")').nth(1).click()
    state(page, "Each").focus()
    page.keyboard.press("Enter")
    expect(panel).to_contain_text("items: 1 running, 2 succeeded, of 3")
    items = panel.get_by_role("table", name="items").locator("tbody tr")
    expect(items).to_have_count(3)
    expect(items.nth(2)).to_contain_text("running")
    expect(items.nth(0)).to_contain_text("Turn")
    state(page, "Turn").focus()
    page.keyboard.press("Enter")
    expect(panel.locator("summary").first).to_contain_text("2 of 2, item 1, succeeded")
    page.locator('tr[data-event]:has-text("PassStateEntered")').first.click()
    state(page, "Both").focus()
    page.keyboard.press("Enter")
    branches = panel.get_by_role("table", name="branches").locator("tbody tr")
    expect(branches).to_have_text([re.compile("0runningLog"), re.compile("1runningLight")])
    page.get_by_role("tab", name="Event", exact=True).click()
    expect(panel.locator("h3")).to_contain_text("PassStateEntered")
    panel.locator("dl button").click()  # the event that it follows
    expect(panel.locator("h3")).to_contain_text("TaskStateExited")


def test_an_execution_is_watched_until_it_fails(page: Page, sqlite_url: str) -> None:
    with Database.open(sqlite_url) as database, served(sqlite_url) as (endpoint, _):
        one = Played(database, GREENHOUSE, "watched", {}, "greenhouse")
        page.goto(f"{endpoint}/executions/{one.arn}")
        expect(state(page, "Read")).to_have_attribute("data-status", "running")
        one.done({"level": 9})
        expect(state(page, "Water")).to_have_attribute("data-status", "running")
        shoot(page, "running")
        one.failed("Leak", "a pipe")
        expect(page.locator(".head .chip")).to_have_text("✕ failed")
        expect(page.locator(".why").first).to_contain_text("Leak: a pipe")
        expect(state(page, "Water")).to_have_attribute("data-status", "failed")
        expect(state(page, "Both")).to_have_attribute("data-status", "failed")
        expect(state(page, "Light")).to_have_attribute("data-status", "aborted")
        shoot(page, "failed")
        expect(page.get_by_role("button", name="Stop")).to_have_count(0)
        page.goto(endpoint)
        expect(page.locator(".count.FAILED b")).to_have_text("1")
        Played(database, GREENHOUSE, "another", {}, "greenhouse")
        expect(page.locator(".count.RUNNING b")).to_have_text("1")  # nobody has reloaded
        expect(page.locator("tbody tr")).to_have_count(2)


def test_inputs_errors_records_and_json_are_there(page: Page, url: tuple[str, Database]) -> None:
    page.goto(f"{url[0]}/executions/{arn_of('dry')}")
    expect(page.locator(".why").first).to_have_text("TooDry: no water")
    expect(state(page, "Read")).to_have_attribute("data-status", "caught")
    expect(state(page, "Alarm")).to_have_attribute("data-status", "failed")
    state(page, "Read").click()
    panel = page.locator(".two .panel")
    expect(panel).to_contain_text('"bed": 2')
    expect(panel).to_contain_text(f"Broken: {PROBE}")
    page.get_by_role("tab", name="Journal").click()
    expect(page.locator("tbody tr").nth(1)).to_contain_text("failed")
    page.get_by_role("tab", name="JSON").click()
    shown = json.loads(page.locator("pre[aria-label=JSON]").inner_text())
    assert [one["id"] for one in shown["events"]] == list(range(1, len(shown["events"]) + 1))
    assert shown["execution"]["error"] == "TooDry"
    page.get_by_role("tab", name="Definition").click()
    expect(page.locator("pre[aria-label=definition]")).to_contain_text('"StartAt": "Read"')


def test_a_machine_has_graph_statistics_plots_and_versions(
    page: Page, url: tuple[str, Database]
) -> None:
    page.goto(f"{url[0]}/machines")
    page.get_by_role("link", name="simple").click()
    expect(page.locator("h1")).to_contain_text("simple")
    expect(state(page, "A")).to_have_count(1)
    expect(page.locator(".dot")).to_have_count(55)
    of_all = page.locator('.numbers tr:has-text("all") td')
    expect(of_all.nth(1)).to_have_text("55")
    expect(of_all.nth(3)).to_have_text("739 ms")  # P50 of 10 + n²: 27² + 10
    expect(page.get_by_role("img", name="Executions over time").locator("rect")).to_have_count(1)
    page.get_by_role("tab", name="Versions").click()
    expect(page.locator(".panel")).to_contain_text("version 1")


def test_a_form_says_what_is_wrong_with_an_input(page: Page, url: tuple[str, Database]) -> None:
    page.goto(f"{url[0]}/machines/{arn_of('', kind='stateMachine')}")
    page.locator("[name=input]").fill("{no json")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".problem")).to_contain_text("The input is no JSON")


def test_all_of_it_goes_by_keys(page: Page, url: tuple[str, Database]) -> None:
    page.goto(f"{url[0]}/?prefix=d")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("[name=prefix]")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("dry")
    state(page, "Alarm").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".two .panel h3")).to_contain_text("Alarm")
    page.get_by_role("tab", name="State").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Event", exact=True)).to_have_attribute(
        "aria-selected", "true"
    )
    before = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.keyboard.press("t")
    after = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert before != after
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.locator("h1")).to_have_text("Machines")
    page.go_back()
    expect(page.locator("h1")).to_have_text("dry")


def test_what_users_give_is_shown_and_never_run(page: Page, sqlite_url: str) -> None:
    flow = json.loads(json.dumps(GREENHOUSE).replace("Alarm", PROBE.replace('"', "")))
    with Database.open(sqlite_url) as database, served(sqlite_url) as (endpoint, _):
        one = Played(database, flow, "probe", PROBE, "greenhouse")
        one.failed(PROBE, PROBE)
        page.on("dialog", lambda dialog: pytest.fail("a script of a user has run"))
        page.goto(f"{endpoint}/executions/{one.arn}")
        expect(page.locator("pre[aria-label=input]")).to_contain_text("<img src=x")
        assert page.locator("main img").count() == 0
        page.goto(f"{endpoint}/?error={urllib.parse.quote(PROBE)}")
        expect(page.locator(".empty")).to_contain_text("No execution fits")
        page.goto(f"{endpoint}/executions/{urllib.parse.quote(PROBE)}")
        expect(page.get_by_role("alert")).to_contain_text("Not here")
        expect(page.get_by_role("alert")).to_contain_text("<img src=x")
        assert page.locator("main img").count() == 0


def test_only_files_of_the_page_are_given_out_and_nothing_else_is_loaded(
    url: tuple[str, Database],
) -> None:
    for path in ("/static/..%2f__init__.py", "/static/%2e%2e/data.py", "/static/none.js"):
        with pytest.raises(urllib.error.HTTPError, match=r"404|405"):
            urllib.request.urlopen(url[0] + path)
    with urllib.request.urlopen(url[0]) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    static = Path("host/server/page/static")
    for file in static.iterdir():
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text, file
        assert "https:" not in text, file
        for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("):
            assert word not in text, (file, word)


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("status=GONE", '"status" of the address is not RUNNING'),
        ("limit=0", '"limit" of the address is not a number from 1 to 1000'),
        ("sort=cost", '"sort" of the address is not started'),
        ("from=-1", '"from" of the address is not a number'),
        ("prefix=%00", '"filter" of the address is not text without'),
        ("order=x", '"order" of the address is not up or down'),
        ("token=x", "the token is of no page of this list"),
    ],
)
def test_a_filter_that_is_none_is_refused(
    url: tuple[str, Database], query: str, wrong: str
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{url[0]}/page/executions?{query}")
    assert refused.value.code == 400
    assert wrong in json.load(refused.value)["message"]


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [360, 1024, 2560])
def test_nothing_is_wider_than_the_window(
    browser: Browser, url: tuple[str, Database], width: int, scheme: Any
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened = context.new_page()
    for name, path in {
        "executions": "/",
        "execution": f"/executions/{arn_of('watered')}",
        "machine": f"/machines/{arn_of('', kind='stateMachine')}",
    }.items():
        opened.goto(url[0] + path)
        expect(opened.locator("h1")).to_be_visible()
        expect(opened.locator("#line")).to_have_text("live")
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        unnamed = opened.evaluate(UNNAMED)
        assert not unnamed, f"{path}: what has the focus must have a name: {unnamed}"
        shoot(opened, f"{name}-{width}-{scheme}")
    context.close()


TASKS = """
from pathlib import Path

from tsme import Tasks

tasks = Tasks()


@tasks.task("read", effect="idempotent")
def read(payload):
    if not Path(__file__).with_name("repaired").exists():
        raise ValueError("the sensor is broken")
    return {"level": 9}
"""


def test_an_execution_is_started_fails_is_redriven_and_stopped(page: Page, tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    states: dict[str, Any] = {
        "Read": {"Type": "Task", "Resource": "read", "Next": "Rest"},
        "Rest": {"Type": "Wait", "Seconds": 3600, "End": True},
    }
    with serving(tmp_path, "--tasks", "tasks.py") as endpoint:
        arn = machine(client(endpoint), states, "garden")
        page.goto(f"{endpoint}/machines/{arn}")
        page.locator("[name=input]").fill('{"bed": 1}')
        page.locator("[name=name]").fill("by-hand")
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.locator("h1")).to_have_text("by-hand")
        expect(page.locator(".head .chip")).to_have_text("✕ failed")
        expect(page.locator(".why").first).to_contain_text("the sensor is broken")
        expect(state(page, "Read")).to_have_attribute("data-status", "failed")
        shoot(page, "before-redrive")
        (tmp_path / "repaired").touch()
        page.get_by_role("button", name="Redrive").click()
        expect(state(page, "Rest")).to_have_attribute("data-status", "running")
        expect(state(page, "Read")).to_have_attribute("data-status", "succeeded")
        expect(page.locator(".facts")).to_contain_text("1×")
        shoot(page, "redriven")
        page.locator('tr[data-event]:has-text("ExecutionFailed")').click()
        expect(state(page, "Read")).to_have_attribute("data-status", "failed")
        page.get_by_role("button", name="Stop …").click()
        page.locator("[name=cause]").fill("rain")
        page.get_by_role("button", name="Stop it").click()
        expect(page.locator(".head .chip")).to_have_text("■ aborted")
        expect(page.locator(".why").first).to_have_text("Stopped: rain")
        page.keyboard.press("l")
        expect(state(page, "Rest")).to_have_attribute("data-status", "aborted")
        page.get_by_role("link", name="Start again").click()
        expect(page.locator("[name=input]")).to_have_value('{"bed": 1}')
        page.locator("[name=name]").fill("by-hand")
        page.locator("[name=input]").fill('{"bed": 2}')
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.locator(".problem")).to_contain_text("ExecutionAlreadyExists")


def test_with_keys_the_page_is_for_who_has_one(
    browser: Browser, sqlite_url: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("[a]\naws_access_key_id = AKID\naws_secret_access_key = secret\n")
    with served(sqlite_url, auth=str(keys)) as (endpoint, _):
        context = browser.new_context(http_credentials={"username": "AKID", "password": "secret"})
        opened = context.new_page()
        opened.goto(endpoint)
        expect(opened.locator("#line")).to_have_text("live")
        expect(opened.locator(".empty")).to_contain_text("There is no execution yet")
        context.close()
