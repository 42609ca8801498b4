"""`make golden` makes the corpus that is kept, and says what it would make otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.golden import make


def test_what_is_made_anew_is_what_is_kept(capsys: pytest.CaptureFixture[str]):
    count = len(list(make.FOLDER.glob("*.cbor")))
    assert make.main([]) == 0
    assert capsys.readouterr().out == f"golden: {count} cases, 0 of them new\n"
    assert count >= 80


def test_what_is_not_as_it_was_is_said_and_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    kept = tmp_path / "corpus"
    shutil.copytree(make.FOLDER, kept)
    monkeypatch.setattr(make, "FOLDER", kept)
    for name in ("retry.cbor", "new.cbor"):
        shutil.copy(make.FOLDER / "pass.cbor", kept / name)
    (kept / "map.cbor").unlink()
    before = {path: path.read_bytes() for path in kept.iterdir()}
    assert make.main([]) == 1
    said = capsys.readouterr().out
    for line in ("new: map.cbor", "changed: retry.cbor", "no longer made: new.cbor"):
        assert line + "\n" in said
    assert "2 are not as they were, and nothing was written" in said
    assert {path: path.read_bytes() for path in kept.iterdir()} == before


def test_a_new_case_is_added_beside_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    kept = tmp_path / "corpus"
    shutil.copytree(make.FOLDER, kept)
    (kept / "map.cbor").unlink()
    lines = (kept / "manifest.txt").read_text("utf-8").splitlines(keepends=True)
    (kept / "manifest.txt").write_text("".join(x for x in lines if x[:4] != "map "), "utf-8")
    monkeypatch.setattr(make, "FOLDER", kept)
    assert make.main([]) == 0
    said = capsys.readouterr().out
    assert "new: map.cbor\n" in said
    assert "+map  " in said
    assert (kept / "map.cbor").exists()
    assert make.main([]) == 0
    assert "new:" not in capsys.readouterr().out
