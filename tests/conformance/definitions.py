"""Cases that are told by the definition alone: create, validate, references."""

from __future__ import annotations

import json

from tsme_host.compiler.frontend.aws_text import definition_error, diagnostics
from tsme_host.compiler.frontend.check import check, find_problems
from tsme_host.compiler.frontend.model import CompileError, Problem
from tsme_host.compiler.frontend.references import references

from .judge import Case, match

KINDS = ("create", "validate", "references")


def text_of(case: Case) -> str:
    """The definition of a case."""
    text: str | None = case.get("definition_text")
    return json.dumps(case["definition"], ensure_ascii=False) if text is None else text


def told(problems: list[Problem]) -> str:
    """Problems in our words, for a verdict."""
    return "; ".join(dict.fromkeys(f"{p.code} {p.where.pointer}: {p.message}" for p in problems))


def judge(case: Case) -> tuple[str, str]:
    """The verdict and why.  Refused means in AWS's words, where they are known."""
    text = text_of(case)
    if case["kind"] == "references":
        return _references(case, text)
    expected = case["expected"]
    refused = case["kind"] == "create" or expected.get("result") == "FAIL"
    _, problems = find_problems(text, express=case.get("machine_type") == "EXPRESS")
    wrong = [p for p in problems if not p.refusal]
    if problems and not wrong:
        return "skipped", "; ".join(dict.fromkeys(p.message for p in problems))
    if bool(wrong) != refused:
        if wrong:
            return "failed", "refused, but AWS takes it: " + told(wrong)
        shown = json.dumps(expected, ensure_ascii=False)
        why = "accepted, but AWS refuses it"
        return "failed", f"{why}: {shown}" if refused else why
    said: object = [d.to_json() for d in diagnostics(text, problems)]
    wanted = expected.get("diagnostics")
    if case["kind"] == "create":
        wanted, said = expected.get("create_error"), definition_error(text, problems)
    if wanted is None or match(wanted, said):
        return "passed", ""
    return "failed", f"refused as {said!r} instead of {wanted!r}"


def _references(case: Case, text: str) -> tuple[str, str]:
    try:
        found = references(check(text))
    except CompileError as error:
        if any(not p.refusal for p in error.problems):
            return "failed", "does not compile: " + told(error.problems)
        return "skipped", "; ".join(dict.fromkeys(p.message for p in error.problems))
    wanted = case["expected"]["variable_references"]
    return ("passed", "") if found == wanted else ("failed", f"{found} instead of {wanted}")
