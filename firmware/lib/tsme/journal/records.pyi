from typing import Final, TypeAlias

Buffer: TypeAlias = bytes | bytearray | memoryview

STEP: Final = 1
CHECKPOINT: Final = 2
VERSION: Final = 1
MAGIC: Final = b"TSMJ"
PART: Final = 28
HEAD: Final = 8
MOST: Final = 0xFFFFFF

def crc32(data: Buffer, value: int = 0) -> int: ...
def mark(
    slot: int,
    count: int,
    size: int,
    generation: int,
    before: int = 0,
    retired: int = 0,
    once: bool = False,
) -> bytes: ...
def place(part: Buffer, first: int, number: int, chain: int, checkpoint: int) -> bytes: ...
