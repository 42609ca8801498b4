"""The listings of docs/EXPRESSIONS.md, run by the engines themselves."""

from __future__ import annotations

import json

import pytest

from tests.expressions.running import program, run
from tests.spec.test_expressions import EXPECTED, listing


@pytest.mark.parametrize(("title", "given", "wanted"), EXPECTED)
def test_a_listing_gives_what_the_page_says(title: str, given: str, wanted: str) -> None:
    got = run(program(listing(title)), {"input": json.loads(given)})
    if wanted[:1].isupper():
        assert got == ("States.QueryEvaluationError", wanted)
    else:
        assert json.dumps(got) == json.dumps(json.loads(wanted))
