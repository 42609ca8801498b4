"""The journal of the core on every kind of machine (bare/bare_journal.c)."""

import subprocess
from pathlib import Path

from tsme.journal import STEP, Journal
from tsme.journal.ram_flash import RamFlash

from . import batch, machine

BUILDS = ("gcc64", "gcc32", "powerpc", "s390x")
BLOCK, COUNT = 4096, 8  # bare_journal.c has the same


def run(build: str, commits: int, size: int, folder: Path) -> tuple[bytes, dict[str, int]]:
    """The image after so many commits of `size` bytes, and what was counted."""
    image = folder / f"image-{build}"
    arguments = ["journal", str(image), str(commits), str(size)]
    if build.startswith("m3"):
        command = machine.on_m3(f"journal-{build}.elf", arguments)
    else:
        command = [str(machine.BUILD / f"journal-{build}"), *arguments[1:]]
        command = [*batch.RUNNERS.get(build, []), *command]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    pairs = (line.split("=") for line in done.stdout.split())
    return image.read_bytes(), {name: int(value) for name, value in pairs}


def image_of(commits: int, size: int) -> bytes:
    """What the journal in Python leaves of the same."""
    flash = RamFlash(BLOCK, COUNT)
    journal = Journal(flash)
    journal.recover()
    for i in range(commits):
        body = bytes([i & 255]) * size
        if journal.needs_checkpoint():
            journal.checkpoint(body)
        journal.commit(STEP, body)
    return bytes(flash.data)


def measure(folder: Path) -> dict[str, int]:
    """Instructions of a commit of 20 bytes on a Cortex-M3, and of a power-up; bytes of memory."""
    machine.make("journal")
    numbers = run("m3", 400, 20, folder)[1]
    large = run("m3-crc256", 400, 20, folder)[1]
    return {
        "m3.commit_insns": numbers["short"],
        "m3.commit_insns.crc256": large["short"],
        "m3.commit_insns.with_checkpoints_and_new_blocks": numbers["mean"],
        "m3.recover_insns": numbers["recover"],
        "ram_bytes.journal": numbers["ram"],
    }
