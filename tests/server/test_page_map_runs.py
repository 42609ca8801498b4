"""A Map Run on the page: how many of its items are where, and what became of each child."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.server.browser import shoot
from tests.server.executing import begin, ended, machine
from tests.server.served import client, served

FAN = {
    "Fan out": {
        "Type": "Map",
        "Label": "Fan",
        "MaxConcurrency": 6,
        "ToleratedFailurePercentage": 50,
        "Items": [1, 2, 3, 4, 5, 6, 7, 8, 9],
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Which?",
            "States": {
                "Which?": {
                    "Type": "Choice",
                    "Choices": [
                        {"Condition": "{% $states.input = 2 %}", "Next": "Bad"},
                        {"Condition": "{% $states.input > 3 %}", "Next": "Rest"},
                    ],
                    "Default": "Good",
                },
                "Bad": {"Type": "Fail", "Error": "Odd", "Cause": "two"},
                "Rest": {"Type": "Wait", "Seconds": 3600, "Next": "Good"},
                "Good": {"Type": "Succeed"},
            },
        },
        "End": True,
    }
}


def test_a_map_run_is_watched_until_it_is_stopped(page: Page, sqlite_url: str) -> None:
    with served(sqlite_url) as (endpoint, _):
        sfn = client(endpoint)
        arn = begin(sfn, machine(sfn, FAN, "fan", QueryLanguage="JSONata"), {})
        page.goto(f"{endpoint}/executions/{arn}")
        page.locator('.state[data-state="Fan out"]').focus()
        page.keyboard.press("Enter")
        page.get_by_role("link", name="how its items do").click()
        expect(page.locator("h1")).to_contain_text("Fan out")

        def counts(**wanted: int) -> None:
            for kind, number in wanted.items():
                expect(page.locator(f'[data-count="{kind}"] dd')).to_have_text(str(number))

        counts(succeeded=2, failed=1, running=6, pending=0, total=9)
        expect(page.locator(".head")).to_contain_text("50 %")
        children = page.locator("[data-child]")
        expect(children).to_have_count(9)
        expect(children.nth(1)).to_contain_text("failed")
        expect(page.get_by_role("button", name="Change")).to_be_visible()
        page.locator("[name=maxConcurrency]").fill("2")
        page.locator("[name=toleratedFailurePercentage]").fill("75")
        page.get_by_role("button", name="Change").click()
        expect(page.locator(".head")).to_contain_text("75 %")
        changed = sfn.describe_map_run(mapRunArn=page.locator(".arn").inner_text())
        assert changed["maxConcurrency"] == 2
        shoot(page, "map-run")
        sfn.stop_execution(executionArn=arn)
        expect(page.locator(".head .chip")).to_have_text("■ aborted")
        counts(succeeded=2, failed=1, running=0, aborted=6, total=9)
        expect(page.get_by_role("button", name="Change")).to_be_hidden()
        ended(sfn, arn)
        page.goto(
            f"{endpoint}/map-runs/arn:aws:states:us-east-1:000000000000:mapRun:fan%2FFan:9-9"
        )
        expect(page.get_by_role("alert")).to_contain_text("Not here")
