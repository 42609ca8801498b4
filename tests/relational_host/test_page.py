"""docs/RELATIONAL.md shows what the commands say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.interpreters import ROOT
from tests.relational_host.schemas import written
from tests.test_pages import commands
from tests.tools.shell import tsme

PAGE = (ROOT / "docs" / "RELATIONAL.md").read_text(encoding="utf-8")


def test_a_reader_who_types_the_page_sees_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S):
        name = re.search(r"^name: (\w+)", text, re.M)
        assert name
        written(tmp_path, text, f"{name[1]}.yaml")
    shown = list(commands(PAGE))
    assert len(shown) >= 5
    for (program, *words), lines in shown:
        assert program == "tsme"
        said = tsme(*words)
        assert "\n".join(lines).strip() in said.stdout + said.stderr, words


def test_the_class_of_the_page_is_the_schema_of_its_file(tmp_path: Path) -> None:
    text = re.search(r"^```python\n(class Relay:\n    name.*?)^```", PAGE, re.M | re.S)
    yaml = re.search(r"^```yaml\n(name: relay.*?)^```", PAGE, re.M | re.S)
    assert text
    assert yaml
    one = tmp_path / "one.tsr"
    two = tmp_path / "two.tsr"
    assert tsme("compile", written(tmp_path, yaml[1]), "-o", one).exit_code == 0
    given = f"{written(tmp_path, text[1], 'relay.py')}:Relay"
    assert tsme("compile", given, "-o", two).exit_code == 0
    assert one.read_bytes() == two.read_bytes()
