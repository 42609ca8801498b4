"""Sound code that no compiler makes: iterators and sorters are asked in an odd order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines import each_engine  # noqa: F401 (each test runs on both engines)
from tests.expressions.running import program, run
from tests.spec.expression_code import assemble

ANSWERS = {"no": "INT 0\nANSWER\n", "yes": "INT 1\nANSWER\n"}


def sorting(before: str, after: str) -> str:
    """Sorts the input, with answers before the first STEP, and behind each."""
    before, after = ("".join(ANSWERS[word] for word in words.split()) for words in (before, after))
    return f"""
BODY 1 2
GET 1
SORT
{before}again: STEP end
DROP 2
{after}JUMP again
end: RETURN""".strip()


def result(text: str, value: Any) -> Any:
    return run(program(assemble(text, {})), value)


@pytest.mark.parametrize(
    ("before", "after", "comes"),
    [
        ("", "", "first"),
        ("", "no", "first"),
        ("", "yes", "last"),
        ("yes yes", "no", "first"),
        ("yes", "", "first"),
        ("", "yes no", "first"),
        ("", "no yes", "last"),
        ("no", "yes " * 30, "last"),
        ("yes " * 30, "no " * 30, "first"),
    ],
)
def test_a_sorter_takes_the_last_answer_and_none_for_no(
    before: str, after: str, comes: str
) -> None:
    for count in (0, 1, 2, 3, 4, 9, 40):
        items = list(range(count))
        wanted = items if comes == "first" else items[::-1]
        assert result(sorting(before, after), items) == wanted


def test_an_iterator_that_gave_nothing_is_before_its_first_item() -> None:
    text = """
BODY 1 2
GET 1
EACH
POSITION 0
SET 0
again: NEXT end
DROP 1
JUMP again
end: GET 0
RETURN""".strip()
    assert result(text, [5, 6]) == -1
