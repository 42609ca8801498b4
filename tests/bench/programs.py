"""How large programs are."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator

from tests.bench.speeds import SHARED
from tests.interpreters import ROOT
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.model import CompileError

STATES = {"Task", "Pass", "Choice", "Wait", "Succeed", "Fail"}


def definitions() -> Iterator[str]:
    """Texts of the examples, and of the recorded definitions with the basic state types."""
    for path in sorted((ROOT / "examples").glob("*/*.asl.json")):
        yield path.read_text()
    for path in sorted((SHARED / "conformance" / "aws").glob("*.json")):
        case = json.loads(path.read_text())
        machine = case.get("definition")
        if case["kind"] == "execution" and case["query_language"] == "JSONPath":
            if {state.get("Type") for state in machine["States"].values()} <= STATES:
                yield json.dumps(machine)


def size_ratio() -> tuple[float, int]:
    """Median of program bytes, without debug part, by bytes of the minified text; how many."""
    ratios = []
    for text in definitions():
        minified = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
        try:
            compiled = compile_text(text)
        except CompileError:
            continue  # refused by name: tests/conformance counts those
        ratios.append(len(compiled.program) / len(minified.encode()))
    return statistics.median(ratios), len(ratios)


def measure(repeat: int) -> dict[str, float]:
    """The median over all definitions, once."""
    ratio, count = size_ratio()
    print(f"sizes of {count} programs")
    return {"program.size_ratio_median": round(ratio, 4)}
