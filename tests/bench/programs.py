"""How large programs are, and how many slots their frames have."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.bench import slots
from tests.bench.speeds import SHARED
from tests.interpreters import ROOT
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import CompileError

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


def public() -> Iterator[str]:
    """Different definitions that others have published: those that asl-validator and statelint are
    tested with, and the files of the folder DEFINITIONS, if that is given."""
    files = sorted((SHARED / "conformance" / "validation").glob("*.json"))
    if folder := os.environ.get("DEFINITIONS"):
        files += sorted(Path(folder).glob("*.json"))
    seen = set()
    for path in files:
        content = json.loads(path.read_text())
        machine = content.get("definition", content)
        text = json.dumps(machine)
        if isinstance(machine, dict) and "States" in machine and text not in seen:
            seen.add(text)
            yield text


def size_ratios(texts: Iterable[str]) -> tuple[float, float, int]:
    """Medians of the program's bytes, and of the file's with its debug part, by bytes of the
    minified text; how many."""
    programs, files = [], []
    for text in texts:
        minified = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
        try:
            compiled = compile_text(text)
        except CompileError:
            continue  # refused by name: tests/conformance counts those
        size = len(minified.encode())
        programs.append(len(compiled.program) / size)
        files.append(len(compiled.data) / size)
    return statistics.median(programs), statistics.median(files), len(programs)


def measure(repeat: int) -> dict[str, float]:
    """The medians over all definitions, once."""
    ratio, _, count = size_ratios(definitions())
    out: dict[str, float] = {"program.size_ratio_median": round(ratio, 4)}
    print(f"sizes of {count} programs")
    out |= slots.measure()
    texts = list(public())
    if texts:
        ratio, with_debug, count = size_ratios(texts)
        out["program.public.size_ratio_median"] = round(ratio, 4)
        out["program.public.debug_size_ratio_median"] = round(with_debug, 4)
        out["program.public.count"] = count
    return out
