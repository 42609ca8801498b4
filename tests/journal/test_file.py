"""A file that stands in for flash: whole or not there, and nobody else's."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.interpreters import environment, require, run
from tsme.errors import TsmeError
from tsme.journal import STEP, Journal
from tsme.journal import flash as journal_flash
from tsme.journal.flash import FileFlash

OTHERS = ["cpython", "micropython", "micropython32"]

SCRIPT = """
import os
import sys
from tsme.errors import TsmeError
from tsme.journal import file_image
from tsme.journal.flash import FileFlash
from tsme.journal import STEP, Journal

def journal(path, count=None):
    j = Journal(FileFlash(path, 512, count))
    return j, j.recover().records

def said(use, *args):
    try:
        return use(*args)
    except TsmeError as e:
        return e.code

path = sys.argv[1]
print(said(FileFlash, path, 512))  # not there
print(said(journal, path, 6)[1], os.stat(path)[6])
with open(path, "wb") as f:
    f.write(b"\\xff" * 1000)  # whoever made it did not come to its end
print(said(journal, path, 6)[1], os.stat(path)[6])
with open(path, "wb") as f:
    pass
print(said(journal, path, 6))  # empty: perhaps it held something
os.remove(path)
one, _ = journal(path, 6)
one.commit(STEP, b"first")
two, n = journal(path)
two.commit(STEP, b"second")
print(n, said(one.commit, STEP, b"third"), said(one.idle))
print(said(two.commit, STEP, b"third"), journal(path)[1])
with open(path, "r+b") as f:
    f.seek(0, 2)
    f.write(b"more")
print(said(FileFlash, path, 512))
print(sorted(os.listdir(path.rsplit("/", 1)[0])))
"""


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_is_made_whole_and_two_journals_on_it_notice_each_other(
    name: str, tmp_path: Path
) -> None:
    require(name)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    place = tmp_path / "here"
    place.mkdir()
    done = run(name, script, [place / "j.bin"])
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().splitlines() == [
        "TSME-J001",
        "0 3072",
        "0 3072",
        "TSME-J001",
        "1 TSME-J013 False",
        "2 3",
        "TSME-J001",
        "['j.bin']",
    ]


def test_the_errors_say_what_mends_them(tmp_path: Path) -> None:
    path = tmp_path / "j.bin"
    path.write_bytes(b"")
    with pytest.raises(TsmeError, match=r"is empty: .*remove it to begin a new one"):
        FileFlash(str(path), 512, 6)
    path.write_bytes(b"TSMJ" + bytes(1020))
    with pytest.raises(TsmeError, match=r"1024 bytes, .*tsme journal repair.*tsme journal resize"):
        FileFlash(str(path), 512, 6)
    assert path.read_bytes() == b"TSMJ" + bytes(1020)


def test_a_full_disk_leaves_no_half_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = 0

    def full(f: object, size: int) -> None:
        nonlocal written
        written += 1
        if written > 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_flash, "erase", full)
    with pytest.raises(OSError, match="No space"):
        FileFlash(str(tmp_path / "j.bin"), 512, 6)
    assert list(tmp_path.iterdir()) == []


def test_another_process_is_kept_out_on_cpython(tmp_path: Path) -> None:
    path = str(tmp_path / "j.bin")
    flash = FileFlash(path, 512, 6)
    words = [sys.executable, "-c", f"import tsme; tsme.FileFlash({path!r}, 512)"]
    done = subprocess.run(words, capture_output=True, env=environment(), check=False)
    assert b"TSME-J013" in done.stderr
    flash.close()
    assert subprocess.run(words, capture_output=True, env=environment(), check=False).stderr == b""


def test_what_another_process_has_written_shows_on_micropython(tmp_path: Path) -> None:
    """There is no lock; but nothing is programmed over what is there."""
    require("micropython")
    script = tmp_path / "script.py"
    script.write_text(f"""
from tsme.journal import file_image
from tsme.journal.flash import FileFlash
from tsme.journal import STEP, Journal
import os
path = {str(tmp_path / "j.bin")!r}
journal = Journal(FileFlash(path, 512, 6))
journal.recover()
journal.commit(STEP, b"one")
os.system("{sys.executable} {tmp_path}/other.py")
journal.commit(STEP, b"two")
""")
    (tmp_path / "other.py").write_text(f"""
from tsme.journal import file_image
from tsme.journal.flash import FileFlash
from tsme.journal import STEP, Journal
journal = Journal(FileFlash({str(tmp_path / "j.bin")!r}, 512))
journal.recover()
journal.commit(STEP, b"other")
""")
    done = run("micropython", script)
    assert b"TSME-J013" in done.stderr
    flash = FileFlash(str(tmp_path / "j.bin"), 512)
    assert [r[2] for r in Journal(flash).records()] == [b"one", b"other"]


def test_without_durable_nothing_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    for durable in (True, False):
        flash = FileFlash(str(tmp_path / f"{durable}.bin"), 512, 6, durable=durable)
        monkeypatch.setattr("os.fsync", synced.append)
        journal = Journal(flash)
        journal.recover()
        journal.commit(STEP, b"one")
        assert bool(synced) == durable
        synced.clear()
        flash.close()
