"""Commits a second to a journal in a file, as `tsme run --journal` makes them.

`synced`: each commit waits until it is on the disk; `not_synced`: as with --no-sync.  Steps of 24
bytes, with checkpoints as they come due.  How long that takes is a matter of the disk: that of the
folder for temporary files.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests import interpreters

SCRIPT = """
import sys
import time
from tsme.journal.flash import FileFlash
from tsme.journal import STEP, Journal

durable = sys.argv[2] == "synced"
journal = Journal(FileFlash(sys.argv[1], 4096, 64, durable))
journal.recover()
body = bytes(24)
journal.commit(STEP, body)
count = int(sys.argv[3])
start = time.time()
for _ in range(count):
    if journal.needs_checkpoint():
        journal.checkpoint(body * 10)
    journal.commit(STEP, body)
print(count / (time.time() - start))
"""
COMMITS = {"synced": 1000, "not_synced": 20_000}


def rate(interpreter: str, how: str, commits: int) -> float:
    """Commits a second, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "script.py")
        script.write_text(SCRIPT, encoding="utf-8")
        done = interpreters.run(
            interpreter, script, [Path(folder, "j.bin"), how, str(commits)], timeout=600
        )
    if done.returncode:
        raise SystemExit(f"bench: disk on {interpreter}: {done.stderr.decode()}")
    return float(done.stdout)


def measure(repeat: int) -> dict[str, float]:
    """The best of so many runs."""
    out: dict[str, float] = {}
    for interpreter in ("cpython", "micropython"):
        for how, commits in COMMITS.items():
            print(f"a journal in a file: {interpreter}, {how}", file=sys.stderr)
            best = max(rate(interpreter, how, commits) for _ in range(repeat))
            out[f"file.{interpreter}.{how}.commits_per_s"] = round(best)
    return out
