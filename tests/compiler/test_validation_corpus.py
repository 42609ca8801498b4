"""The validator agrees with AWS's recorded answers, and with two public linters to 95 %.

Each disagreement stands in `disagreements.json` with its reason; one that is not there, or one
there that has gone, fails.
"""

import json
from pathlib import Path

import pytest

from .corpus import FOLDER, cases, machine_around, verdict

LISTED = json.loads(Path(__file__).with_name("disagreements.json").read_text(encoding="utf-8"))

needs_corpus = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no conformance data at {FOLDER} (TSME_CONFORMANCE says where)"
)


def show(capsys, line):
    with capsys.disabled():
        print(f"\n{line}")


def disagreeing(found):
    """Of (case, should be valid) those that are judged otherwise.  A refusal by name is no
    finding of a mistake, so it counts as valid."""
    return [case["id"] for case, valid in found if (verdict(case) != "invalid") != valid]


@needs_corpus
@pytest.mark.parametrize("part", ["all", "JSONPath"])
def test_at_least_95_percent_of_the_linters_verdicts_are_shared(part, capsys):
    found = [
        (case, case["valid"])
        for case in cases("validation")
        if part in ("all", case["query_language"])
    ]
    against = disagreeing(found)
    agree = len(found) - len(against)
    share = 100 * agree / len(found)
    show(capsys, f"validation corpus, {part}: {agree} of {len(found)} agree ({share:.1f} %)")
    assert share >= 95
    if part == "all":
        known = {case["id"] for case, _ in found}
        assert sorted(against) == sorted(known & set(LISTED["validation"]))


@needs_corpus
def test_every_definition_that_aws_has_executed_is_accepted(capsys):
    found = [(case, True) for case in cases("aws") if case["kind"] == "execution"]
    against = disagreeing(found)
    agree = len(found) - len(against)
    show(capsys, f"definitions AWS executed: {agree} of {len(found)} accepted or refused by name")
    assert against == []


@needs_corpus
def test_every_state_that_aws_has_tested_and_every_analysed_definition_is_accepted(capsys):
    found = []
    for case in cases("aws"):
        if case["kind"] == "references":
            found.append((case, True))
        elif case["kind"] == "test_state" and "api_error" not in case["expected"]:
            whole = case.get("state_machine") or machine_around(case["state"])
            found.append(({"id": case["id"], "definition": whole}, True))
    against = disagreeing(found)
    show(capsys, f"states AWS tested: {len(found) - len(against)} of {len(found)} accepted")
    assert against == []


@needs_corpus
def test_what_aws_refuses_is_refused_and_what_it_validates_is_accepted(capsys):
    found = []
    for case in cases("aws"):
        if case["kind"] == "create":
            found.append((case, False))
        elif case["kind"] == "validate":
            found.append((case, case["expected"]["result"] == "OK"))
    against = disagreeing(found)
    agree = len(found) - len(against)
    show(capsys, f"AWS create and validate: {agree} of {len(found)} agree")
    known = {case["id"] for case, _ in found}
    assert sorted(against) == sorted(known & set(LISTED["aws"]))
