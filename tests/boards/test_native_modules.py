"""`make native`: the core for nine architectures, the same bytes each time."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.interpreters import BUILD, ROOT
from tests.native_core import native

SCRIPT = ROOT / "setup" / "native.sh"
# Numbers of the architectures in a .mpy (MicroPython's py/persistentcode.h).
ARCHES = {"x86": 1, "x64": 2, "armv6m": 4, "armv7m": 5, "armv7emsp": 7, "armv7emdp": 8}
ARCHES |= {"xtensa": 9, "xtensawin": 10, "rv32imc": 11}


@pytest.mark.parametrize("arch", ARCHES)
def test_each_architecture_has_a_module_of_its_kind(arch: str):
    path = native(arch)
    data = path.read_bytes()
    assert path.parent.name == f"{arch}_{data[1]}.{data[2] & 3}"
    assert data[:1] == b"M"
    assert data[2] >> 2 == ARCHES[arch]
    for name in (b"install", b"journal_commit", b"readblocks"):
        assert name in data


def test_the_same_sources_give_the_same_bytes_in_another_folder(tmp_path: Path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    make = ["make", "-C", str(folder), "-f", str(ROOT / "native_modules/natmod/Makefile")]
    make += [f"MPY_DIR={BUILD / 'src'}", "ARCH=armv6m"]
    paths = os.environ | {"PYTHONPATH": str(ROOT / "build/natmod/python")}
    expected = native("armv6m").read_bytes()
    subprocess.run(make, env=paths, check=True, capture_output=True)
    assert (folder / "tsme_core.mpy").read_bytes() == expected


def test_what_is_missing_is_named_with_the_package_that_has_it(tmp_path: Path):
    tools = tmp_path / "bin"
    tools.mkdir()
    for place in ("/usr/bin", "/bin"):
        for tool in Path(place).iterdir():
            link = tools / tool.name
            if not tool.name.startswith("xtensa-lx106-elf") and not link.exists():
                link.symlink_to(tool)
    done = subprocess.run(
        [SCRIPT, "xtensa", "x64"],
        env=os.environ | {"PATH": str(tools), "TSME_DIST": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no core for xtensa: xtensa-lx106-elf-gcc" in done.stderr
    assert "apt-get install gcc-xtensa-lx106 picolibc-xtensa-lx106-elf" in done.stderr
    assert (tmp_path / "x64_6.3" / "tsme_core.mpy").exists()  # what can be built is


def test_an_unknown_architecture_is_told_with_those_there_are():
    done = subprocess.run([SCRIPT, "avr"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'there is no architecture "avr"; make native ARCH=name, with one of x64' in done.stderr
