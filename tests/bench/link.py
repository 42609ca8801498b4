"""A file and a journal over a cable of 115,200 baud, as its bytes take on it.

The board is a real one at the end of a pty; each byte that passes takes ten bits, in either
direction, and nothing else counts, so the numbers are the same on every computer.  The measure of
an efficiency is the data alone in SMP's lines: four characters for three bytes, and 127 bytes of
line for 124 characters.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import interpreters
from tests.link.on_cable import MANY, QUICK, Board, board, program, records_of
from tests.link.relay import TO_LAPTOP, Cable, Fault
from tsme_host.tools.link.pull import pull
from tsme_host.tools.link.smp_board import SmpBoard

BAUD = 115_200
SIZE = 65_536
DROPS = 10
DATA = random.Random(9).randbytes(SIZE)  # what is dense: an archive, a picture


def framed(size: int) -> float:
    """Bytes of line that so many bytes of data need."""
    return -(-size // 3) * 4 * 127 / 124


def seconds(line_bytes: float) -> float:
    return round(line_bytes * 10 / BAUD, 2)


class Passed:
    """The bytes that pass a cable from here on, in both directions."""

    def __init__(self, cable: Cable) -> None:
        self.cable = cable
        self.before = sum(cable.counted)

    def bytes(self) -> int:
        return sum(self.cable.counted) - self.before


def filled(client: SmpBoard, far: Board) -> int:
    """A journal of at least SIZE bytes of records, `many`; the bytes."""
    digest = client.load(program(MANY))
    while True:
        client.start("many", digest, list(range(200)), 40)
        while client.describe("many").status == "running":
            pass
        size = sum(8 + len(body) for _, _, body in far.records("many"))
        if size >= SIZE:
            return size


def transfers(folder: Path) -> dict[str, float]:
    with board(folder) as far:
        with far.client() as client:
            passed = Passed(far.cable)
            client.upload("file.bin", DATA)
            up = passed.bytes()
            size = filled(client, far)
            passed = Passed(far.cable)
            pull(client, "many", str(folder / "j.bin"))
            down = passed.bytes()
        assert records_of(str(folder / "j.bin")) == far.records("many")
        lost = dropped(folder, far, down)
    return {
        "link.upload_efficiency": round(framed(SIZE) / up, 3),
        "link.pull_efficiency": round(framed(size) / down, 3),
        "link.upload_64k_s": seconds(up),
        "link.pull_64k_s": seconds(down * SIZE / size),
        "link.lost": lost,
    }


def dropped(folder: Path, far: Board, line_bytes: int) -> int:
    """Records that are missing after a pull during which the cable was pulled so often."""
    rng = random.Random(10)
    path = folder / "dropped.bin"
    at = sorted(rng.randrange(200, int(0.9 * line_bytes)) for _ in range(DROPS))
    pulls = far.cable.pulls
    with far.client(QUICK) as client:
        far.faulty([Fault(TO_LAPTOP, where, 0, pulled=True) for where in at])
        pull(client, "many", str(path))
    if far.cable.pulls - pulls != DROPS:
        raise SystemExit(f"bench: link: {far.cable.pulls - pulls} drops")
    wanted = far.records("many")
    found = records_of(str(path))
    return len(wanted) - sum(one in found for one in wanted)


def ours(folder: Path, data: bytes) -> int:
    with board(folder) as far, far.client() as client:
        passed = Passed(far.cable)
        client.upload("it.bin", data)
        return passed.bytes()


def mpremote_s(folder: Path, data: bytes) -> int:
    """The same by `mpremote cp` to a MicroPython whose prompt is at the end of the cable."""
    (folder / "it.bin").write_bytes(data)
    bin_folder = Path(sys.executable).parent
    cable = Cable(folder)
    prompt = subprocess.Popen(
        [str(bin_folder / "micropython")], cwd=folder, stdin=cable.board, stdout=cable.board
    )
    try:
        passed = Passed(cable)
        words = ["connect", cable.port, "resume", "cp", "--force", str(folder / "it.bin"), ":copy"]
        tool = [str(bin_folder / "mpremote"), *words]
        subprocess.run(tool, check=True, timeout=600, stdout=subprocess.DEVNULL)
        taken = passed.bytes()
    finally:
        prompt.kill()
        prompt.wait()
        cable.close()
    if (folder / "copy").read_bytes() != data:
        raise SystemExit("bench: link: mpremote has copied something else")
    return taken


def module() -> bytes:
    """A file of the package, as it goes onto boards."""
    source = interpreters.LIB / "tsme" / "kernel" / "__init__.py"
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "kernel.mpy")
        cross = [str(interpreters.find("mpy-cross")), "-o", str(made), str(source)]
        subprocess.run(cross, check=True)
        return made.read_bytes()


def measure(repeat: int) -> dict[str, float]:
    print("a file and a journal over a cable", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        out = transfers(Path(folder))
    for name, data in (("", DATA), ("_of_an_mpy", module())):
        with tempfile.TemporaryDirectory() as folder:
            theirs = mpremote_s(Path(folder), data)
            out[f"link.vs_mpremote{name}"] = round(theirs / ours(Path(folder), data), 2)
    return out
