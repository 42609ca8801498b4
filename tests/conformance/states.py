"""Cases of the kind test_state: one state, run as AWS's TestState API ran it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from tsme.errors import TsmeError
from tsme.kernel import protocol
from tsme.values import timestamp
from tsme_host.compiler.frontend.model import CompileError, TaskState
from tsme_host.tools.aws import api_models, one_state
from tsme_host.tools.aws.state_request import ApiError, Request
from tsme_host.tools.commands.test_state import setting_of

from .driver import START, Run
from .judge import Case, differing

ROLE = "arn:aws:iam::111111111111:role/test-state"  # of the account of all recordings
Prepared = tuple[one_state.Setting, one_state.StateRun, Run]


def request_of(case: Case) -> Request:
    """What the recording asked of TestState."""
    machine = case.get("state_machine")
    return Request(
        definition=json.dumps(case["state"] if machine is None else machine, ensure_ascii=False),
        state=None if machine is None else case.get("state_name") or "",
        input={} if case.get("input") is None else case["input"],
        context=case.get("context"),
        variables=case.get("variables") or {},
        mock=case.get("mock"),
        level=case.get("inspection_level") or "INFO",
        configuration=case.get("state_configuration") or {},
        role=None if case.get("role_arn_omitted") else ROLE,
        reveal=bool(case.get("reveal_secrets")),
    )


def prepare(case: Case) -> Prepared | tuple[str, str]:
    """The state, run on this interpreter; or a verdict and why, if it does not come to that."""
    request = request_of(case)
    if request.mock and not api_models.known():
        return "skipped", "the API models of AWS (botocore) are not installed"
    try:
        setting = setting_of(request, timestamp.ms(case.get("clock") or START))
        if setting.answer is None and isinstance(setting.state, TaskState):
            setting = dataclasses.replace(setting, answer=_told(case["expected"]))
        made = one_state.prepare(setting)
        run = Run()
        one_state.drive(setting, made)
        run.inputs, run.records = made.inputs, made.records
        return setting, made, run
    except ApiError as error:
        diffs = differing(case["expected"], {"api_error": error.message, "code": error.code})
        return ("failed", "; ".join(diffs)) if diffs else ("passed", "")
    except CompileError as error:
        if any(not p.refusal for p in error.problems):
            return "failed", "; ".join(f"{p.code}: {p.message}" for p in error.problems)
        return "skipped", "; ".join(dict.fromkeys(p.message for p in error.problems))


def _told(expected: dict[str, Any]) -> list[Any]:
    """How a call ended that was made without a mock: the recording has its result."""
    if "error" in expected:
        return [protocol.FAILED, expected["error"], expected.get("cause")]
    data = expected.get("inspectionData") or {}
    return [protocol.SUCCEEDED, data.get("result", expected.get("output"))]


def differences(case: Case, prepared: Prepared) -> list[str]:
    """What the answer has otherwise than AWS's, by the records of the run alone."""
    setting, made, run = prepared
    level = request_of(case).level
    try:
        answer = one_state.answer(setting, made.compiled, run.records, level)
    except TsmeError as error:
        return [str(error)]
    return differing(case["expected"], answer)
