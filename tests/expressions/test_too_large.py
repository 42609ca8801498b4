"""What would be too large is D2015 before it is made, on both engines."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from tests.engines import each_engine  # noqa: F401 (each test runs on both engines)
from tests.expressions.running import run
from tsme.kernel.limits import LIMITS
from tsme_host.compiler.compile import compile_text

STEP_BYTES = 1 << 22
# 2 to the power of n commas
MANY = "$t := $reduce([1..%d], function($x, $i) { $x & $x }, ',');"
EXPRESSIONS = [
    f"({MANY % 16} $join($split($t, ','), $t))",  # 2^32 bytes, and a few
    f"({MANY % 14} $join($split($t, ','), $t))",
    f"({MANY % 14} $replace($t, ',', $t))",
    f"({MANY % 14} $replace($t, /,+/, $replace($t, ',', '$0')))",
    "$pad('x', 100000000000)",
    "[0..1000000]",
    "$range(0, 1000000, 1)",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_it_is_refused_before_it_is_made(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, "step_bytes", STEP_BYTES)
    state = {"Type": "Pass", "Output": f"{{% {text} %}}", "End": True}
    flow = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}
    program = compile_text(json.dumps(flow), step_bytes=STEP_BYTES).program
    run(program, {})  # what is loaded once
    tracemalloc.start()
    error = run(program, {})
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error == ("States.QueryEvaluationError", "D2015")
    assert most < 8 << 20
