"""The same bytes in flash on every interpreter, and images that one leaves to another."""

import ast
from pathlib import Path

import pytest

import tsme
from tests.interpreters import INTERPRETERS, require, run

WORKLOAD = Path(__file__).parent / "workload.py"
LITTLEFS = Path(__file__).parent / "littlefs.py"
SHAPES = Path(__file__).parent / "shapes.py"
OTHERS = [name for name in INTERPRETERS if name != "cpython"]
MICROPYTHON = ("micropython", "micropython32")


@pytest.fixture(scope="module")
def expected() -> bytes:
    done = run("cpython", WORKLOAD)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.mark.parametrize("name", OTHERS)
def test_the_same_bytes_everywhere(name: str, expected: bytes) -> None:
    require(name)
    done = run(name, WORKLOAD, heap="180k")
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode() == expected.decode()


@pytest.mark.parametrize("name", MICROPYTHON)
@pytest.mark.parametrize("part", ["sizes", "worn", "devices", "rotten", "foreign"])
def test_flash_of_all_shapes_is_the_same_everywhere(part: str, name: str) -> None:
    """From 64 KiB to 1 MiB in blocks of 4 to 128 KiB; worn, lying, rotten, foreign."""
    require(name)
    expected = run("cpython", SHAPES, [part])
    assert expected.returncode == 0, expected.stderr.decode()
    done = run(name, SHAPES, [part], heap="16m", timeout=240)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode() == expected.stdout.decode()


@pytest.mark.parametrize("name", OTHERS)
def test_a_commit_leaves_little_garbage(name: str) -> None:
    require(name)
    done = run(name, WORKLOAD)
    assert int(done.stderr) <= 160


@pytest.mark.parametrize("first", ["cpython", "core", "micropython"])
@pytest.mark.parametrize("second", ["cpython", "core", "micropython"])
def test_a_process_dies_in_a_program_operation_and_another_goes_on(
    first: str, second: str, tmp_path: Path
) -> None:
    require(first)
    require(second)
    image = tmp_path / "flash.bin"
    done = run(first, WORKLOAD, [image, "30", "0"])
    assert done.stdout.split() == [b"0", b"False", b"done"]
    done = run(first, WORKLOAD, [image, "30", "6"])
    assert done.returncode != 0
    assert b"done" not in done.stdout
    done = run(second, WORKLOAD, [image, "5", "0"])
    assert done.stdout.split()[-1] == b"done", done.stderr.decode()
    records, torn = done.stdout.split()[:2]
    assert 33 <= int(records) <= 36
    assert torn == b"True"


@pytest.mark.parametrize("name", MICROPYTHON)
def test_a_littlefs_that_takes_the_region_for_its_own_is_found_out(name: str) -> None:
    """By its size at each power-up; and where it is not seen, by its bytes: nothing committed is
    missed without TSME-J002."""
    require(name)
    done = run(name, LITTLEFS, heap="16m")
    assert done.returncode == 0, done.stderr.decode()
    free, formatted, *lines, version = done.stdout.decode().splitlines()
    assert (free, formatted, version) == ("32 0 False", "32 None True", tsme.__version__)
    refusals, found = lines[:4], [ast.literal_eval(line.partition(" ")[2]) for line in lines[4:]]
    for line in refusals:
        assert "TSME-J017" in line
        assert "begins at block 32: it has" in line
        assert line.endswith("True")
    assert found[:4] == [["TSME-J017"]] * 4
    assert len(found) == 8
    for said in found[4:]:
        assert set(said) <= {0, "TSME-J002"}
        assert said[-1] == "TSME-J002"
