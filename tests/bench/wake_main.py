# ruff: noqa: PTH123
# main.py of the Cortex-M3 in QEMU that tests/bench/emulated.py counts instructions of: a board
# that sleeps through each Wait.
#
# Says "asleep", how often it has been, and the counter, and is reset at once, an hour later.
import time

import machine
import qemu  # type: ignore[import-not-found]
from given import CRC  # type: ignore[import-not-found]
from layout import FILES  # type: ignore[import-not-found]

import tsme


def sleep(ms):
    print("asleep", journal.number, time.ticks_cpu())
    rtc = machine.RTC()
    at = time.gmtime(time.time() + (ms + 999) // 1000)
    rtc.datetime((at[0], at[1], at[2], at[6], at[3], at[4], at[5], 0))
    machine.deepsleep(0)


if time.time() < 1700000000:
    machine.RTC().datetime((2026, 1, 1, 3, 0, 0, 0, 0))
with open("flow.tsm", "rb") as f:
    data = f.read()
program = tsme.Program(data, CRC)
journal = tsme.Journal(tsme.Region(qemu.Flash(), FILES, 16))
engine = tsme.Engine(program, journal, sleep=sleep)
engine.run_sync({"n": 0, "most": 1000})
