"""A real Chromium, Debian's, that Playwright drives; screenshots go to build/screenshots."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.interpreters import ROOT, strict

# A busy computer takes its time; who waits for a condition waits no longer than for it.
expect.set_options(timeout=60_000)

SCREENSHOTS = ROOT / "build" / "screenshots"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a module: while it is there, this thread can run no loop of asyncio."""
    path = shutil.which("chromium")
    if path is None:
        if strict():
            pytest.fail("there is no chromium; setup/system.sh installs it")
        pytest.skip("there is no chromium")
    with sync_playwright() as driver:
        # A container's root has no other way.
        found = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of 1280 pixels; whatever it complains of fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    wanted = "the server responded with a status of"  # a refusal, which the page shows

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and wanted not in message.text:
            complaints.append(message.text)

    opened.on("console", said)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.set_default_timeout(60_000)
    yield opened
    context.close()
    assert not complaints, complaints


def shoot(page: Page, name: str, whole: bool = False) -> None:
    """Keep what a page looks like."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=whole)
