"""What tests of journals begin with."""

from pathlib import Path

import pytest

from tests.tools.recorded import TEXT, Device
from tests.tools.shell import tsme


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    """A device, in a folder with its workflow and its program."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.asl.json").write_text(TEXT, encoding="utf-8")
    tsme("compile", "flow.asl.json")
    return Device(tmp_path / "j.bin")
