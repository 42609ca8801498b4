"""Results of scenarios as JUnit XML."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Protocol

from junitparser import Failure, JUnitXml, TestCase, TestSuite

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Result(Protocol):
    """What is reported of a case on an interpreter."""

    file: str
    name: str
    on: str
    seconds: float
    problems: list[str]
    remarks: list[str]


def junit_xml(results: Iterable[Result]) -> bytes:
    """A suite for each test file and interpreter, a test case for each case."""
    suites: dict[tuple[str, str], TestSuite] = {}
    for result in results:
        suite = suites.setdefault((result.file, result.on), TestSuite(result.file))
        suite.add_property("interpreter", result.on)
        case = TestCase(_clean(result.name), f"{result.file} ({result.on})", result.seconds)
        if result.problems:
            failure = Failure(_clean(result.problems[0]), "difference")
            failure.text = _clean("\n".join(result.problems))
            case.result = [failure]
        if result.remarks:
            case.system_out = _clean("\n".join(result.remarks))
        suite.add_testcase(case)
    xml = JUnitXml("tsme test")
    for suite in suites.values():
        xml.add_testsuite(suite)
    xml.update_statistics()  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    xml.write(out)
    return out.getvalue() + b"\n"


def _clean(text: str) -> str:
    """XML has no form for most control characters."""
    return _NO_XML.sub("�", text)
