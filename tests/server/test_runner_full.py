"""A full disk: nothing is acknowledged that is not durable, and all goes on when there is room."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.tools.shell import tsme


def test_a_full_disk_acknowledges_nothing_and_all_goes_on_with_room(
    sqlite_url: str, tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.server.filling", sqlite_url],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    out = json.loads(ran.stdout)
    for code, told, unsure in (out["input"], out["begin"], out["again"]):
        assert code == "TSME-S009", told
        assert told.endswith("; nothing has happened")
        assert unsure is False
    # While it was full nothing had happened that anybody could see, in the database or outside.
    assert out["before"] == [["one", "RUNNING", 2]]
    assert out["full"] == [out["before"], ["before"]]
    # A result that could wait was taken then, and every effect happened once for each execution.
    assert out["waits"]
    assert out["begun"]
    assert out["end"] == "SUCCEEDED"
    assert out["effects"] == ["before", "after", "before", "after"]
    journal = str(tmp_path / "one.bin")
    assert tsme("store", "export", "one", "-o", journal, "--database", sqlite_url).exit_code == 0
    assert tsme("replay", journal).exit_code == 0  # byte for byte
