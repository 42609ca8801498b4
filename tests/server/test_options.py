"""What `tsme serve` and `tsme worker` are told is looked at before anything is made."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.tools.shell import COMMAND
from tsme_host.server.serving import Options, opened
from tsme_host.tools.errors import HostError


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"tasks": "missing.py"}, "H010"),
        ({"lambda_endpoint": "there"}, "S061"),
        ({"mocks": "missing.json"}, "H010"),
        ({"auth": "missing"}, "S060"),
        ({"webhook": "there"}, "S098"),
        ({"export": "file/in"}, "H013"),
        ({"traces": "there"}, "S082"),
        ({"workers": True, "wait_scale": 0.5}, "S066"),
    ],
)
def test_what_is_wrong_leaves_no_database_behind(
    given: dict[str, Any], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("file").write_bytes(b"")
    with pytest.raises(HostError, match=f"TSME-{code}"), opened(Options(**given)):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_worker_whose_database_is_down_says_so_in_one_line(tmp_path: Path):
    (tmp_path / "tasks.py").write_text("import tsme\ntasks = tsme.Tasks()\n", encoding="utf-8")
    url = "postgresql://tsme:secret@127.0.0.1:1/tsme"
    done = subprocess.run(
        [COMMAND, "worker", "--database", url, "--tasks", "tasks.py"], cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(
        'tsme: error TSME-S013: the database "postgresql://tsme:***@127.0.0.1:1/tsme": it cannot'
    )
    assert done.stderr.endswith("; see that its server runs, and lets this user in\n")
