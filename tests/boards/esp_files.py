"""Firmware files as Espressif's form has them, made for tests; `esptool image-info` agrees with
them."""

from __future__ import annotations

import hashlib
import random
import struct

from littlefs import LittleFS

from tsme_host.tools.boards import partitions
from tsme_host.tools.boards.partitions import Entry

STOCK = (  # ports/esp32/partitions-4MiB.csv of MicroPython 1.25
    Entry("nvs", 1, 2, 0x9000, 0x6000),
    Entry("phy_init", 1, 1, 0xF000, 0x1000),
    Entry("factory", 0, 0, 0x10000, 0x1F0000),
    Entry("vfs", 1, 0x81, 0x200000, 0x200000),
)
NUMBERS = {"esp32": 0, "esp32c3": 5, "esp32s3": 9}


def image(chip, size, seed=1):
    """One image: a header, one segment, the checksum, a SHA-256."""
    body = random.Random(seed).randbytes(size & ~3)
    if chip == "esp8266":
        head = struct.pack("<BBBBI", 0xE9, 1, 0, 0x40, 0x40100000)
    else:
        extra = struct.pack("<BBBBHBHHIB", 0xEE, 0, 0, 0, NUMBERS[chip], 0, 0, 0xFFFF, 0, 1)
        head = struct.pack("<BBBBI", 0xE9, 1, 2, 0x20, 0x40080000) + extra
        assert len(head) == 24
    data = head + struct.pack("<II", 0x40080000, len(body)) + body
    total = 0xEF
    for byte in body:
        total ^= byte
    data += b"\0" * (15 - len(data) % 16) + bytes([total])
    return data if chip == "esp8266" else data + hashlib.sha256(data).digest()


def firmware(chip="esp32", offset=0x1000, app=70_000, table=STOCK, seed=1):
    """A firmware file as it is written to an empty chip at `offset`."""
    data = image(chip, 17_000, seed).ljust(partitions.OFFSET - offset, b"\xff")
    data += partitions.binary(table)
    data = data.ljust(0x10000 - offset, b"\xff")
    return data + image(chip, app, seed + 1)


def files(size, content):
    """An image of littlefs, as MicroPython's: path -> bytes."""
    fs = LittleFS(block_size=4096, block_count=size // 4096, disk_version=0x00020000)
    for path, data in content.items():
        parts = path.split("/")[1:-1]
        for n in range(len(parts)):
            fs.makedirs("/" + "/".join(parts[: n + 1]), exist_ok=True)
        with fs.open(path, "wb") as file:
            file.write(data)
    return bytes(fs.context.buffer)
