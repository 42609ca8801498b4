"""signal: with ulab and without, what numpy gives, within the tolerance of docs/TASKS.md."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import interpreters

DEVICE = Path(__file__).with_name("signal_device.py")
SHIM = Path(__file__).with_name("ulab_shim")
# How far results may be off, as a part of the largest that there can be.
TOLERANCE = {"cpython": 1e-9, "micropython": 1e-9, "micropython32": 1e-9, "micropythonf32": 1e-4}
WAYS = [(board, None) for board in TOLERANCE] + [("cpython", SHIM)]
LOWPASS = [
    [0.0029, 0.0058, 0.0029, 1, -1.7006, 0.7616],
    [1, 2, 1, 1, -1.8227, 0.8372],
]


def series() -> list[list[float]]:
    dice = random.Random(11)
    waves = [math.sin(0.3 * i) + 0.25 * math.cos(1.7 * i) for i in range(256)]
    noise = [dice.uniform(-1000, 1000) for _ in range(512)]
    whole: list[float] = [dice.randrange(65536) for _ in range(64)]
    return [waves, noise, whole, [5], [3, 3, 3, 3], [1e6 + (i % 2) for i in range(1024)]]


def sosfilt(values: list[float], sections: list[list[float]]) -> Any:
    out = np.array(values, dtype=float)
    for b0, b1, b2, _, a1, a2 in sections:
        x, y = out, np.zeros(len(out) + 2)
        padded = np.concatenate([[0, 0], x])
        for i in range(len(x)):
            y[i + 2] = b0 * padded[i + 2] + b1 * padded[i + 1] + b2 * padded[i]
            y[i + 2] -= a1 * y[i + 1] + a2 * y[i]
        out = y[2:]
    return out


def jobs() -> list[tuple[list[Any], Any, float]]:
    """[function, arguments], what numpy gives, and the largest value there can be."""
    found: list[tuple[list[Any], Any, float]] = []
    for values in series():
        a = np.array(values, dtype=float)
        most = float(np.max(np.abs(a)))
        found.append((["mean", [values]], np.mean(a), most))
        found.append((["minmax", [values]], [np.argmin(a), np.argmax(a)], 0))
        found.append((["deviation", [values]], np.std(a), most))
        for width in {1, min(7, len(values)), len(values)}:
            kernel = np.full(width, 1 / width)
            found.append((["window", [values, width]], np.convolve(a, kernel, "valid"), most))
        taps = [0.5, -0.25, 0.125, 3]
        filtered = np.convolve(a, np.array(taps))[: len(values)]
        found.append((["fir", [values, taps]], filtered, most * 4))
        found.append((["sos", [values, LOWPASS]], sosfilt(values, LOWPASS), most * 10))
        both = np.fft.fft(a)
        total = float(np.sum(np.abs(a)))
        found.append((["fft", [values]], [both.real, both.imag], total))
    return found


def said(board: str, shim: Path | None, todo: list[Any], folder: Path) -> list[Any]:
    interpreters.require(board)
    path = folder / "jobs.json"
    path.write_text(json.dumps(todo), encoding="utf-8")
    done = interpreters.run(board, DEVICE, [path, *([shim] if shim else [])])
    assert not done.returncode, done.stderr.decode()
    first, *lines = (json.loads(line) for line in done.stdout.decode().splitlines())
    assert first is (shim is not None)
    return lines


@pytest.mark.parametrize(("board", "shim"), WAYS)
def test_every_function_gives_what_numpy_gives(board: str, shim: Path | None, tmp_path: Path):
    wanted = jobs()
    found = said(board, shim, [job for job, _, _ in wanted], tmp_path)
    for ([name, _], right, most), result in zip(wanted, found, strict=True):
        far = np.max(np.abs(np.array(result, dtype=float) - np.array(right, dtype=float)))
        assert far <= most * TOLERANCE[board], (name, far, most)


TASKS: list[Any] = [
    ["signal:stats", {"values": [1, 5, 3, 3]}],
    ["signal:window", {"values": [1, 2, 3, 4], "width": 2}],
    ["signal:filter", {"values": [1, 0, 0, 2], "fir": [0.5, 0.25]}],
    ["signal:filter", {"values": [1, 0], "sos": [[1, 0, 0, 1, 0, 0]]}],
    ["signal:fft", {"values": [0, 1, 0, -1], "sample_rate": 100}],
    ["signal:fft", {"values": [1, 2, 3]}],
    ["signal:window", {"values": [1, 2], "width": 3}],
    ["signal:stats", {"values": [1, "2"]}],
    ["signal:stats", {"values": []}],
    ["signal:filter", {"values": [1]}],
    ["signal:filter", {"values": [1], "sos": [[1, 2, 3]]}],
]
RESULTS: list[Any] = [
    {"count": 4, "deviation": math.sqrt(2), "max": 5, "mean": 3.0, "min": 1},
    [1.5, 2.5, 3.5],
    [0.5, 0.25, 0, 1],
    [1, 0],
    {"magnitude": [0, 2, 0], "peak": 25, "step": 25},
    '"values" must be as many as a power of two, not 3',
    '"width" must be a whole number from 1 to 2, not 3',
    "\"values\" must be numbers, not '2'",
    '"values" must have 1 to 4096 items, not 0',
    "it takes one of fir, sos",
    '"sos" must be sections [b0, b1, b2, 1, a1, a2], not [[1, 2, 3]]',
]


def near(value: Any, right: Any) -> bool:
    if isinstance(right, dict):
        return set(value) == set(right) and all(near(value[k], right[k]) for k in right)
    if isinstance(right, list):
        return len(value) == len(right) and all(map(near, value, right))
    return math.isclose(value, right, rel_tol=1e-6, abs_tol=1e-6)


@pytest.mark.parametrize(("board", "shim"), WAYS)
def test_the_tasks_give_what_their_page_says(board: str, shim: Path | None, tmp_path: Path):
    for (name, _), result, right in zip(
        TASKS, said(board, shim, TASKS, tmp_path), RESULTS, strict=True
    ):
        if isinstance(right, str):
            assert result == ["Signal.ValidationException", f"{name}: {right}"]
        else:
            assert near(result, right), (name, result)
