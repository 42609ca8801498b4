"""Many executions on MicroPython in one process: the inputs go in, the records come back."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tsme.values import cbor

from .run import board, environment, interpreter

_HEAP = "64m"
_SECONDS = 600


def run_batch(
    jobs: Sequence[tuple[bytes, list[list[Any]], dict[str, int]]],
) -> list[tuple[list[bytes], str]]:
    """The records of each job, and what went wrong, "" for nothing.

    A job is a program, its inputs, and the limits that are not as a board has them.
    """
    with tempfile.TemporaryDirectory(prefix="tsme-") as folder:
        source, target = Path(folder, "jobs.cbor"), Path(folder, "results.cbor")
        source.write_bytes(b"".join(cbor.encode(list(job), True) for job in jobs))
        target.write_bytes(b"")
        command = [*interpreter("micropython"), "-X", f"heapsize={_HEAP}"]
        command += [str(board("batch.py")), str(source), str(target)]
        said = _run(command)
        data = target.read_bytes()
    results: list[tuple[list[bytes], str]] = []
    at = 0
    for _ in jobs:
        if at >= len(data):
            results.append(([], f"micropython ended before this case: {said}"))
            continue
        (records, problem), at = cbor.decode(data, at, True)
        results.append((records, problem))
    return results


def _run(command: list[str]) -> str:
    """Run it; what it said, in one line."""
    try:
        done = subprocess.run(
            command,
            env=environment("micropython"),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {_SECONDS} s"
    said = (done.stderr + done.stdout).decode(errors="replace").strip().splitlines()
    return said[-1] if said else f"exit code {done.returncode}"
