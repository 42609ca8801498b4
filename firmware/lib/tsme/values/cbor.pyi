from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from . import DEPTH as DEPTH
from . import MISSING as MISSING
from . import Obj as Obj
from .cbor_decode import decode as decode
from .numbers import F64

# What encode takes; decode gives None, bool, int, float or F64, str, list and Obj.
Value: TypeAlias = (
    None | bool | int | float | F64 | str | Sequence["Value"] | Mapping[str, "Value"]
)

def put_head(buf: bytearray, major: int, n: int) -> None: ...
def encode_into(buf: bytearray, v: Any, container: bool = False) -> None: ...
def encode_all(buf: bytearray, items: Sequence[Any], container: bool = False) -> None: ...
def encode(v: Any, container: bool = False) -> bytes: ...
def measure(v: Any, most: int = ...) -> tuple[int, int]: ...
def encoded_size(v: Any, most: int = ...) -> int: ...
