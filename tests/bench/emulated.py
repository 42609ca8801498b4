"""What a board works: instructions of real MicroPython firmware, with tsme and the C core in it,
in emulators.

They are the same numbers each time.  Of the emulated RP2040 (rp2 firmware, rp2040js):
`board.rp2040.ready_insns` from reset to "ready", its region empty, and
`board.rp2040.ready_100_insns` with 100 records to replay (50 times a `once` task, which has two);
`board.rp2040.step_insns` is one journaled step of a loop of Pass, Wait and Choice, from choosing
its input to its actions, `board.rp2040.task_insns` a task's two with all that the event loop and
its handler take, and the transitions of the states behind; both are medians.  Of the Cortex-M3 in
QEMU: `board.m3.wake_insns`, an energy proxy, from waking out of deep sleep to asleep again for one
such step, with the start of MicroPython, which reads few records.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
from binascii import crc32
from pathlib import Path

from tests.interpreters import ROOT
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.boards.qemu import CHIPS
from tsme_host.tools.boards.rp2040js import Pico, file_system

HERE = Path(__file__).parent
MOST = 400_000_000  # instructions: what takes more has failed
RECORDS = 100
STEPS = 40  # of which the median counts
SHIFT = 10  # an instruction takes 1,024 ns of QEMU's clock, whose counter has 25 MHz
PATIENCE = 120  # seconds


def flow(name: str) -> bytes:
    """The program of a workflow beside this file."""
    return compile_text((HERE / f"{name}.asl.json").read_text(encoding="utf-8")).program


def files(main: str, program: bytes, given: str) -> dict[str, bytes]:
    return {
        "main.py": (HERE / main).read_bytes(),
        "given.py": given.encode(),
        "flow.tsm": program,
    }


def pico_files(pico: Pico, how: str, name: str) -> dict[str, bytes]:
    program = flow(name)
    given = f"HOW = {how!r}\nCRC = {crc32(program)}\nSTART = {pico.region.start}\n"
    return files("pico_main.py", program, given)


def ready(pico: Pico, records: int) -> int:
    """Instructions from power on to "ready"."""
    pico.start()
    done = pico.run(until=f"ready {records}\n", line="uart", instructions=MOST)
    if done.why != "stopped":
        raise SystemExit(f"bench: the emulated Pico is not ready: {done.uart[-200:]!r}")
    pico.stop()
    return done.instructions


def steps(pico: Pico, how: str, name: str, count: int) -> list[int]:
    """Instructions of each of so many steps, on what is in its flash."""
    pico.put_files(pico_files(pico, how, name))
    pico.start()
    took: list[int] = []
    last = 0
    for number in range(1, count + 1):
        done = pico.run(until=f"step {number}\n", line="uart", instructions=MOST)
        if done.why != "stopped":
            raise SystemExit(f"bench: the emulated Pico makes no steps: {done.uart[-200:]!r}")
        took.append(done.instructions - last)
        last = done.instructions
    pico.stop()
    return took[1:]  # the first has the start of the board in it


def pico() -> dict[str, float]:
    for script in ("rp2.sh", "rp2040js.sh"):
        subprocess.run([ROOT / "setup" / script], check=True, stdout=sys.stderr)
    out: dict[str, float] = {}
    with Pico(usb=False) as board:
        board.put_files(pico_files(board, "", "task"))
        out["board.rp2040.ready_insns"] = ready(board, 0)
        tasks = steps(board, "task", "task", RECORDS)
        board.put_files(pico_files(board, "", "task"))
        out["board.rp2040.ready_100_insns"] = ready(board, RECORDS)
        pairs = [sum(tasks[n : n + 2]) for n in range(20, 20 + STEPS, 2)]
        out["board.rp2040.task_insns"] = statistics.median(pairs)
    with Pico(usb=False) as board:
        waits = steps(board, "wait", "wait", STEPS)
        out["board.rp2040.step_insns"] = statistics.median(waits[STEPS // 4 :])
    return out


def sleeps(folder: Path, firmware: str) -> list[int]:
    """Instructions of each of some wakes of a Cortex-M3."""
    program = flow("wait")
    chip = CHIPS["mps2-an385"]
    flash = bytearray(b"\xff" * chip.size)
    system = file_system(files("wake_main.py", program, f"CRC = {crc32(program)}\n"), 128)
    flash[: len(system)] = system
    memory = folder / "memory.bin"
    with memory.open("wb") as file:
        file.seek(chip.base - chip.start)
        file.write(flash)
        file.truncate(chip.ram)
    backend = f"memory-backend-file,id=ram,size={chip.ram},mem-path={memory},share=on"
    command = ["qemu-system-arm", "-machine", "mps2-an385,memory-backend=ram", "-object", backend]
    command += ["-icount", f"shift={SHIFT},align=off,sleep=off", "-kernel", firmware]
    command += ["-display", "none", "-monitor", "none", "-serial", "stdio"]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    took: list[int] = []
    try:
        for line in process.stdout:
            if found := re.match(rb"asleep (\d+) (\d+)", line):
                took.append(int(found[2]) * 40 // (1 << SHIFT))
                if len(took) == 8:
                    return took[2:]
            elif b"Error" in line or b"Traceback" in line:
                raise SystemExit(f"bench: the Cortex-M3 says {line!r}")
    finally:
        process.kill()
        process.wait(PATIENCE)
    raise SystemExit("bench: the Cortex-M3 does not sleep")


def m3() -> dict[str, float]:
    script = [str(ROOT / "setup" / "firmware.sh"), "qemu_mps2"]
    firmware = os.environ.get("TSME_WAKE_FIRMWARE")  # of another state of the package
    if not firmware:
        built = subprocess.run(script, check=True, stdout=subprocess.PIPE, text=True)
        firmware = built.stdout.split()[-1]
    with tempfile.TemporaryDirectory() as folder:
        return {"board.m3.wake_insns": statistics.median(sleeps(Path(folder), firmware))}


def measure(repeat: int) -> dict[str, float]:
    """The numbers do not depend on `repeat`: there is no other run than the one."""
    return pico() | m3()
