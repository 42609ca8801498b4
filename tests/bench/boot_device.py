# Loads a program so many times, and prints the microseconds that it took.  On MicroPython.
#
#     boot_device.py PROGRAM COUNT          as it is installed: all of it is verified
#     boot_device.py PROGRAM COUNT CRC      as at a boot
# ruff: noqa: PTH123
import sys
import time

from tsme.program import Program

with open(sys.argv[1], "rb") as f:
    data = f.read()
crc = int(sys.argv[3]) if len(sys.argv) > 3 else None
began = time.ticks_us()  # type: ignore[attr-defined]
for _ in range(int(sys.argv[2])):
    Program(data, crc)
print(time.ticks_diff(time.ticks_us(), began))  # type: ignore[attr-defined]
