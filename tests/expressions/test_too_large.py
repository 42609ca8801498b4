"""What would be too large is D2015 before it is made, on both engines."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

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
    f"({MANY % 13} $items := [1..3000].($t); 1)",
    f"({MANY % 13} $one := $map([1..3000], function($i) {{ $t }}); 1)",
    f"({MANY % 13} $groups := [1..3000]{{$string($): $t}}; 1)",
    "$pad('x', 100000000000)",
    "[0..1000000]",
    "$range(0, 1000000, 1)",
]


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIMITS, "step_bytes", STEP_BYTES)


def ended(text: str) -> Any:
    state = {"Type": "Pass", "Output": f"{{% {text} %}}", "End": True}
    flow = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}
    return run(compile_text(json.dumps(flow), step_bytes=STEP_BYTES).program, {})


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_it_is_refused_before_it_is_made(text: str) -> None:
    ended(text)  # what is loaded once
    tracemalloc.start()
    error = ended(text)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error == ("States.QueryEvaluationError", "D2015")
    assert most < 8 << 20


@pytest.mark.parametrize("more", ["$f ~> $f", "[$f, $f][0] ~> $f", "$f(?) ~> $f"])
def test_functions_of_functions_are_as_large_as_python_has_them(more: str) -> None:
    text = (
        f"($mk := function($f, $n) {{ $n = 0 ? $f : $mk({more}, $n - 1) }}; $type($mk($sum, 40)))"
    )
    assert ended(text) == "function"
