"""Lines of the prompt of `tsme repl` as words, and states as events tell them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.interpreters import ROOT
from tsme_host.tools.repl.reading import known
from tsme_host.tools.repl.states import States
from tsme_host.tools.repl.words import partial, plain, quoted, split


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", []),
        ("  list  ", ["list"]),
        ('send soil {"a": [1, "}"]}', ["send", "soil", '{"a": [1, "}"]}']),
        ("send soil [1, 2] x", ["send", "soil", "[1, 2]", "x"]),
        ('stop "my soil" --cause="too wet"', ["stop", '"my soil"', '--cause="too wet"']),
        ("start 'my soil' -i='{\"a\": 1}'", ["start", "my soil", '-i={"a": 1}']),
        ('send soil {"open', ["send", "soil", '{"open']),
        ("say 'open", ["say", "open"]),
        ('a\\b "c\\"d" e', ["a\\b", '"c\\"d"', "e"]),
    ],
)
def test_json_stands_in_a_line_as_it_is(line: str, words: list[str]) -> None:
    assert split(line) == words


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
).filter(lambda value: isinstance(value, (dict, list, str)))


@settings(max_examples=60)
@given(JSON, st.text())
def test_a_value_and_a_name_come_back_whatever_they_hold(value: Any, name: str) -> None:
    text = json.dumps(value, ensure_ascii=False)
    found = split(f"send {quoted(name)} {text}")
    assert [found[0], plain(found[1]), found[2]] == ["send", name, text]


@settings(max_examples=60)
@given(st.text())
def test_any_line_has_words_and_a_last_one(line: str) -> None:
    split(line)
    before, raw = partial(line)
    assert line.endswith(raw)
    assert before == split(line)[: len(before)]


def test_the_page_has_a_row_for_every_command() -> None:
    page = (ROOT / "docs" / "REPL.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+`) \|", page, re.M)
    named = {text.split()[0] for row in rows for text in re.findall(r"`([^`]+)`", row)}
    assert named == {*known()} - {"quit"}


def events(*told: tuple[str, str, int]) -> list[dict[str, Any]]:
    """Events by their type, the name of their state, and the id of the one before."""
    out = []
    for number, (kind, name, before) in enumerate(told, 1):
        event: dict[str, Any] = {"id": number, "type": kind, "previousEventId": before}
        for part in ("Entered", "Exited"):
            if kind.endswith(f"State{part}"):
                event[f"state{part}EventDetails"] = {"name": name}
        out.append(event)
    return out


def test_a_branch_that_is_aborted_leaves_its_state() -> None:
    told = events(
        ("ExecutionStarted", "", 0),
        ("ParallelStateEntered", "Both", 1),
        ("WaitStateEntered", "Slow", 2),
        ("TaskStateEntered", "Quick", 2),
        ("TaskFailed", "", 4),
    )
    seen = States.of(told)
    assert seen.active == {"Both": 1, "Slow": 1, "Quick": 1}
    told += events(*[("", "", 0)] * 5, ("WaitStateAborted", "", 3), ("TaskStateAborted", "", 5))[
        5:
    ]
    seen = States.of(told)
    assert seen.active == {"Both": 1}
    assert seen.ticks == {"Both": 1, "Slow": 2, "Quick": 2}
    told += events(*[("", "", 0)] * 7, ("ExecutionFailed", "", 2))[7:]
    assert States.of(told).active == {}
    assert all(n % 2 == 0 for n in States.of(told).ticks.values())
