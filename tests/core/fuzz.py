"""Fuzzing of the C core: `python -m tests.core.fuzz [--seconds N] [--target NAME] [--repro FILE]`.

Four targets are libFuzzer's, with ASan and UBSan (native_modules/tsme_core/fuzz): `run`, a
program with its inputs; `checkpoint`, a program that goes on from a checkpoint; `value`, CBOR
from outside; `journal`, flash with anything on it. They begin with what is known to be good: the
golden corpus, generated executions and random expressions. `differential` runs each program,
mutated or generated, on Python and on the core.

What a fuzzer has found worth keeping lies in build/fuzz/TARGET, and what broke a target in
build/fuzz/crashes, from where --repro runs it again.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests import interpreters
from tests.golden.make import FOLDER
from tsme.values import cbor

from . import batch, differential, expressions, generated, machine

FUZZED = interpreters.ROOT / "build" / "fuzz"
CRASHES = FUZZED / "crashes"
LIBFUZZER = ("run", "checkpoint", "value", "journal")
TARGETS = (*LIBFUZZER, "differential")
GENERATED = 150  # executions that a target begins with, besides the corpus
EXPRESSIONS = 100  # .. and those of random expressions
SMALL = 20_000  # bytes of memory
# In a second, at most: what a quiet computer did, so that a minute with one seed goes the same
# way on a faster one.
RUNS = {"run": 8_900, "checkpoint": 8_000, "value": 76_000, "journal": 25_000}
LONGEST = {"run": 6000, "checkpoint": 6000, "value": 2000, "journal": 8200}  # bytes of an input


@functools.cache
def cases() -> list[batch.Case]:
    made = generated.cases(GENERATED), expressions.cases(range(EXPRESSIONS))
    return [*generated.corpus(), *itertools.chain(*made)]


def values(data: bytes) -> Iterator[bytes]:
    """The values in the fields of a packed input, and bytes that are none."""
    at = 13
    while at < len(data):
        after = cbor.decode(data, at, True)[1]
        yield data[at:after]
        at = after


def seeds(target: str) -> Iterator[bytes]:
    """Good inputs of a target."""
    if target == "journal":
        for path in sorted(FOLDER.glob("*.cbor")):
            flash = bytearray(b"\xff" * 4096)
            for at, data in cbor.decode(path.read_bytes(), 0, True)[0][2]:
                flash[at : at + len(data)] = data
            # Blocks of 512 bytes, 8 of them, units of 32, slots of 32: tests/golden/device.py
            yield bytes((1 + 4 * 6, 5, 0)) + bytes(flash)
        return
    for case in cases():
        if target == "run":
            yield case.packed(SMALL, batch.AGAIN)
        elif target == "checkpoint":
            if case.middle[0]:
                yield case.rest().packed(SMALL, batch.AGAIN)
        else:
            for data in case.inputs[:3]:
                yield from (b"\x10" + value for value in values(data))


def plant(target: str, folder: Path) -> None:
    """Put the seeds of a target into a folder, each under the hash of its bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in seeds(target):
        if len(data) <= LONGEST[target]:
            (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


def command(
    target: str, folder: Path, seconds: int, seed: int, build: Path, crashes: Path
) -> list[str]:
    """The line that fuzzes a target for so long."""
    return [
        str(build / f"fuzz-{target}"),
        f"-max_total_time={seconds}",
        f"-runs={RUNS[target] * seconds}",
        f"-seed={seed}",
        f"-max_len={LONGEST[target]}",
        "-timeout=60",
        "-rss_limit_mb=1024",
        "-print_final_stats=1",
        f"-artifact_prefix={crashes}/{target}-",
        str(folder),
    ]


def environment() -> dict[str, str]:
    return os.environ | {"ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1"}


def fuzz(
    target: str,
    folder: Path,
    seconds: int,
    seed: int = 1,
    build: Path = machine.BUILD,
    crashes: Path = CRASHES,
) -> str:
    """Fuzz a target of libFuzzer; what it said if something broke, else an empty text."""
    crashes.mkdir(parents=True, exist_ok=True)
    plant(target, folder)
    line = command(target, folder, seconds, seed, build, crashes)
    done = subprocess.run(line, check=False, capture_output=True, env=environment())
    text = done.stderr.decode(errors="replace")
    told = [one for one in text.splitlines() if one.startswith("stat::number_of_executed_units")]
    sys.stdout.write(f"{target}: {told[0].split()[-1] if told else '?'} runs\n")
    sys.stdout.flush()
    if done.returncode == 0:
        return ""
    found = [one.split()[-1] for one in text.splitlines() if "Test unit written to" in one]
    again = "".join(f"\nagain: make fuzz REPRO={name}" for name in found)
    # From where it says what broke; libFuzzer tells of its work before that.
    broke = re.search(r"^.*(ERROR|runtime error|deadly signal).*$", text, re.M)
    return f"{text[broke.start() if broke else 0 :][:6000]}{again}"


def reproduce(path: Path) -> int:
    """Run one input of the target that its name begins with; see what breaks."""
    target = path.name.partition("-")[0]
    machine.make("fuzzers")
    line = [str(machine.BUILD / f"fuzz-{target}"), str(path)]
    return subprocess.run(line, check=False, env=environment()).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", choices=TARGETS)
    parser.add_argument("--repro", type=Path, help="an input to run again")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    args = parser.parse_args()
    if args.repro:
        return reproduce(args.repro)
    if shutil.which("clang") is None:
        sys.stderr.write("fuzz: clang is not here; run 'make setup' and see what it says\n")
        return 2
    machine.make("fuzzers")
    machine.make("batch")
    broken = 0
    for target in [args.target] if args.target else TARGETS:
        if target == "differential":
            told = differential.fuzz(args.seconds, args.seed)
        else:
            told = fuzz(target, FUZZED / target, args.seconds, args.seed)
        if told:
            sys.stdout.write(f"{told}\n")
            broken += 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
