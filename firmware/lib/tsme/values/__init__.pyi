from typing import Any, Final, NoReturn

Obj = dict[str, Any]
UNICODE: Final[bool]
DEPTH: Final = 32
ITEM_DEPTH: Final = 40
UINT_MAX: Final[int]

MISSING: Final[object]

def too_deep(limit: int) -> NoReturn: ...
def is_utf8(b: bytes | bytearray | memoryview) -> bool: ...
