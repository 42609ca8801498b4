"""Some of moto's own tests, at the endpoint; `make peers` runs them all."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.interpreters import MissingTool, strict
from tests.peers import moto_tests
from tests.peers.moto_plugin import DIFFERS

TESTS = moto_tests.MOTO / moto_tests.TESTS


@pytest.fixture(scope="module", autouse=True)
def there() -> None:
    try:
        moto_tests.install()
    except MissingTool as missing:
        if strict():
            raise
        pytest.skip(str(missing))


def test_aliases_and_services_do_what_motos_tests_say():
    files = ("test_stepfunctions_aliases.py", "parser/test_stepfunctions_sns_integration.py")
    done = subprocess.run(
        moto_tests.command(*(f"{moto_tests.TESTS}/{name}" for name in files)),
        cwd=moto_tests.MOTO, env=moto_tests.environment(), timeout=300,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert re.search(r"^12 passed, 5 xfailed", done.stdout, re.M), done.stdout


def test_what_differs_is_a_test_that_moto_has():
    for names in json.loads(DIFFERS.read_text(encoding="utf-8")).values():
        for name in names:
            file, _, test = name.partition("::")
            text = (TESTS / file).read_text(encoding="utf-8")
            assert f"\ndef {test.partition('[')[0]}(" in text, name
