from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from .num import F64
from .uncbor import decode as decode
from .uncbor import decode_item as decode_item
from .uncbor import read_head as read_head
from .uncbor import skip as skip
from .values import DEPTH as DEPTH
from .values import MISSING as MISSING
from .values import Obj as Obj

# What encode takes; decode gives None, bool, int, float or F64, str, list and Obj.
Value: TypeAlias = (
    None | bool | int | float | F64 | str | Sequence["Value"] | Mapping[str, "Value"]
)

def put_head(buf: bytearray, major: int, n: int) -> None: ...
def encode_into(buf: bytearray, v: Any, container: bool = False) -> None: ...
def encode(v: Any, container: bool = False) -> bytes: ...
def encode_item(v: Any) -> bytes: ...
def measure(v: Any, most: int = ...) -> tuple[int, int]: ...
def encoded_size(v: Any, most: int = ...) -> int: ...
def fits(v: Any, most: int) -> bool: ...
