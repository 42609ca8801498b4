"""What `make setup` promises: the right interpreters, and no half-built cache."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests import interpreters

ROOT = interpreters.ROOT

PROBE = """
import sys, struct, binascii, asyncio
from collections import OrderedDict

async def answer():
    await asyncio.sleep(0)
    return 42

double = struct.pack("<d", 1 / 3) == b"UUUUUU\\xd5?"
words = 64 if sys.maxsize > 2**31 else 32
print("floats", 64 if double else 32)
print("words", words)
print("bigint", (1 << 64) * 3)
print("crc32", binascii.crc32(b"123456789"))
print("order", "".join(OrderedDict((c, 0) for c in "zmabqyk")))
print("asyncio", asyncio.run(answer()))
if sys.implementation.name == "micropython":
    print("version", ".".join(str(n) for n in sys.implementation.version[:3]))
"""

WIDTHS = {
    "cpython": (64, 64),
    "micropython": (64, 64),
    "micropython32": (32, 64),
    "micropythonf32": (32, 32),
}


def pinned(name: str) -> str:
    for line in (ROOT / "setup" / "versions.env").read_text(encoding="utf-8").splitlines():
        if line.startswith(name + "="):
            return line.partition("=")[2]
    raise AssertionError(f"setup/versions.env does not pin {name}")


@pytest.mark.parametrize("name", WIDTHS)
def test_interpreter_is_what_its_name_says(name: str, tmp_path: Path):
    interpreters.require(name)
    script = tmp_path / "probe.py"
    script.write_text(PROBE, encoding="utf-8")
    done = interpreters.run(name, script)
    assert done.returncode == 0, done.stderr.decode()
    said = dict(line.split(" ", 1) for line in done.stdout.decode().splitlines())
    words, floats = WIDTHS[name]
    if words == 32 and not interpreters.INTERPRETERS["micropython32"].exists():
        words = 64  # a machine that cannot build for 32 bits has only the narrow floats
    assert (said["words"], said["floats"]) == (str(words), str(floats))
    assert said["bigint"] == "55340232221128654848"
    assert said["crc32"] == "3421780262"
    assert said["order"] == "zmabqyk"
    assert said["asyncio"] == "42"
    assert said.get("version", pinned("MICROPYTHON_VERSION")) == pinned("MICROPYTHON_VERSION")


def test_a_small_heap_can_be_asked_for(tmp_path: Path):
    interpreters.require("micropython")
    script = tmp_path / "heap.py"
    script.write_text("import gc\nprint(gc.mem_free() + gc.mem_alloc())\n", encoding="utf-8")
    done = interpreters.run("micropython", script, heap="100k")
    assert 90_000 < int(done.stdout) <= 102_400


@pytest.mark.parametrize("tool", ["mpy-cross", "qemu-system-arm", "arm-none-eabi-gcc"])
def test_tool_is_here(tool: str):
    interpreters.require(tool)


def test_a_missing_tool_skips_but_fails_under_strict(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TSME_STRICT", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-tool is not here"):
        interpreters.require("no-such-tool")
    monkeypatch.setenv("TSME_STRICT", "1")
    with pytest.raises(pytest.fail.Exception, match="make setup"):
        interpreters.require("no-such-tool")


class Builder:
    """setup's build_program, with a `make` of our own that builds a small script."""

    MAKE = """#!/bin/sh
for argument; do case $argument in BUILD=*) out=${argument#BUILD=} ;; esac; done
echo made >>"$TSME_BUILD/made"
printf '#!/bin/sh\\n' >"$out/prog"
chmod +x "$out/prog"
if [ -n "$BREAK" ]; then kill -9 $$; fi
printf 'echo whole\\n' >>"$out/prog"
"""

    def __init__(self, folder: Path):
        self.build = folder
        self.prog = folder / "out" / "prog"
        tools = folder / "bin"
        tools.mkdir()
        (tools / "make").write_text(self.MAKE, encoding="utf-8")
        (tools / "make").chmod(0o755)
        (folder / "micropython").mkdir()
        (folder / "micropython" / "src.stamp").write_text("key folder\n", encoding="utf-8")
        self.path = f"{tools}:{os.environ['PATH']}"

    def run(self, option: str = "A=1", *, broken: bool = False):
        script = (
            "set -euo pipefail; . setup/versions.env; . setup/lib.sh; . setup/source.sh; "
            ". setup/micropython.sh; "
            f'build_program prog title "$BUILD/out/prog" prog folder {option}'
        )
        return subprocess.run(
            ["bash", "-c", script],
            cwd=ROOT,
            env={"PATH": self.path, "TSME_BUILD": str(self.build), "BREAK": "1" * broken},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def times_made(self) -> int:
        made = self.build / "made"
        return len(made.read_text(encoding="utf-8").splitlines()) if made.exists() else 0


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def test_what_is_built_is_not_built_again(builder: Builder):
    assert builder.run().returncode == 0
    assert builder.run().returncode == 0
    assert builder.times_made == 1


def test_a_broken_build_leaves_nothing_that_is_trusted(builder: Builder):
    done = builder.run(broken=True)
    assert done.returncode == 1
    assert "title failed" in done.stderr
    assert "prog.log" in done.stderr
    assert not builder.prog.exists()
    assert builder.run().returncode == 0
    assert builder.prog.read_text(encoding="utf-8").endswith("echo whole\n")


@pytest.mark.parametrize("damage", ["cut short", "no stamp", "empty stamp"])
def test_a_damaged_cache_is_built_again(builder: Builder, damage: str):
    builder.run()
    stamp = builder.prog.with_name("prog.stamp")
    if damage == "cut short":
        builder.prog.write_bytes(builder.prog.read_bytes()[:-3])
    elif damage == "no stamp":
        stamp.unlink()
    else:
        stamp.write_bytes(b"")
    assert builder.run().returncode == 0
    assert builder.times_made == 2
    assert builder.prog.read_text(encoding="utf-8").endswith("echo whole\n")


def test_other_options_build_again(builder: Builder):
    builder.run("A=1")
    builder.run("A=2")
    assert builder.times_made == 2


def test_the_environment_may_be_activated_when_it_is_made_anew():
    """`. .venv/bin/activate` puts a python3 first that goes with .venv."""
    assert sys.prefix != sys.base_prefix
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    script = "ROOT=.; . setup/python.sh; find_python"
    found = subprocess.run(
        ["bash", "-c", script],
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert Path(found).is_file()
    assert not found.startswith(sys.prefix)


@pytest.mark.parametrize("compiler", ["cc", "false"])
def test_the_wheel_holds_its_packages_whole(tmp_path: Path, compiler: str):
    """pyproject.toml names packages and data by hand: here it shows if one was forgotten.  Where
    there is a compiler it has the C core for every CPython from 3.11 on, else it does without."""
    tree = tmp_path / "tree"
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in ("firmware", "host", "sim", "native_modules"):
        shutil.copytree(ROOT / name, tree / name, ignore=ignore)
    for name in ("pyproject.toml", "setup.py", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    (tree / "README.md").write_text("for the metadata only\n", encoding="utf-8")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    wheel = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(tmp_path)]
    environment = {n: v for n, v in os.environ.items() if n != "TSME_CORE"} | {"CC": compiler}
    subprocess.run([*wheel, str(tree)], check=True, capture_output=True, env=environment)
    (path,) = tmp_path.glob("tsme-*.whl")
    held = {name for name in zipfile.ZipFile(path).namelist() if ".dist-info/" not in name}
    wanted = set()
    for package, folder in (
        ("tsme", "firmware/lib/tsme"),
        ("tsme_host", "host"),
        ("tsme_sim", "sim"),
        ("tsme_boards", "firmware/boards"),
    ):
        top = tree / folder
        files = (file for file in top.rglob("*") if file.is_file())
        wanted |= {f"{package}/{file.relative_to(top).as_posix()}" for file in files}
    core = "tsme_core.abi3.so"
    assert held - wanted == ({core} if compiler == "cc" else set())
    assert not wanted - held
    if core in held:
        zipfile.ZipFile(path).extract(core, tmp_path)
        code = "import sys; sys.path.insert(0, sys.argv[1]); import tsme_core as it; print(it.API)"
        words = [sys.executable, "-S", "-c", code, str(tmp_path)]
        done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
        assert done.stdout == "1\n"


def test_a_folder_with_a_blank_is_refused_in_one_line(tmp_path: Path):
    clone = tmp_path / "my garden"
    shutil.copytree(ROOT / "setup", clone / "setup")
    shutil.copy(ROOT / "Makefile", clone)
    done = subprocess.run(
        ["make", "demo"], cwd=clone, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode != 0
    said = done.stderr.splitlines()
    assert said[0].startswith(f'setup: "{clone}" has a blank in its path')
    assert "move the clone" in said[0]
    assert all(re.match(r"make(\[\d+\])?: \*\*\*", line) for line in said[1:])


def test_what_the_page_looked_like_is_kept_by_ci():
    import yaml

    from tests.server.browser import SCREENSHOTS

    text = (ROOT / ".github/workflows/page.yml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(text)["jobs"].values()
    keep = job["steps"][-1]
    assert keep["uses"].startswith("actions/upload-artifact@")
    assert keep["if"] == "always()"
    assert ROOT / keep["with"]["path"] == SCREENSHOTS
    assert any("-k test_page" in step.get("run", "") for step in job["steps"])
