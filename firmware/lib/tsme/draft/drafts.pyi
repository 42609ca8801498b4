"""What a state machine may change: drafts of the state's objects and arrays."""

from typing import Any

from ..values import Obj

class Ordered(Obj):
    """A dict that keeps its order, as handlers and machines are given."""

class Draft:
    base: Any
    now: Any
    parent: Draft | None
    root: Draft | None
    open: bool
    changed: int
    kids: Any
    steps: Any
    seen: Any
    def __init__(self, base: Any, parent: Draft | None = None) -> None: ...
    def touch(self) -> None: ...
    def hand(self, k: Any, v: Any) -> Any: ...
    def put(self, k: Any, v: Any) -> None: ...
    def value(self, deep: int = 0, last: bool = False) -> Any: ...
    def __len__(self) -> int: ...

class ObjectDraft(Draft):
    def __getitem__(self, k: str) -> Any: ...
    def __setitem__(self, k: str, v: Any) -> None: ...
    def delta(self, buf: bytearray, n: int, path: bytes) -> None: ...

def own(v: Any) -> Any:
    """A copy that may be changed, and keeps the order of members."""

def frozen(v: Any, deep: int = 0, last: bool = False) -> Any:
    """A value of what somebody made of dicts, lists, tuples and drafts."""

def leaf(v: Any) -> Any: ...
def sound(v: Any) -> Any: ...
def order(v: Any) -> Any: ...
