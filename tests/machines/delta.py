"""The delta of a state machine, read back as docs/SPEC.md, 6 has it: what it makes of a state."""

from __future__ import annotations

from typing import Any

from tsme.values.cbor import decode

GONE = object()


class Reader:
    """CBOR items, one after the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def more(self) -> bool:
        return self.at < len(self.data)

    def item(self) -> Any:
        """The next item; GONE for F7."""
        if self.data[self.at] == 0xF7:
            self.at += 1
            return GONE
        item, self.at = decode(self.data, self.at, True)
        return item


def copied(v: Any) -> Any:
    """A copy in which nothing is shared."""
    if isinstance(v, dict):
        return {k: copied(x) for k, x in v.items()}
    return [copied(x) for x in v] if isinstance(v, list) else v


def apply(state: Any, delta: bytes) -> Any:
    """The state that comes out of this one."""
    state = copied(state)
    reader = Reader(delta)
    while reader.more():
        path = reader.item()
        box = state
        for k in path:
            box = box[k]
        if isinstance(box, dict):
            members(box, reader)
        elif isinstance(whole := reader.item(), list):
            box[:] = whole
        else:
            items(box, whole, reader)
    return state


def members(box: dict[str, Any], reader: Reader) -> None:
    """What was written and deleted in an object, in this order."""
    steps = reader.item()
    gone = False
    for k in steps:
        if k is not None:
            if gone:
                del box[k]
            else:
                box.setdefault(k, GONE)
        gone = k is None
    for k in dict.fromkeys(steps):
        if k in box:
            box[k] = reader.item()


def items(box: list[Any], size: int, reader: Reader) -> None:
    """What was written in an array, and how long it is."""
    del box[size:]
    box += [GONE] * (size - len(box))
    while (i := reader.item()) is not GONE:
        box[i] = reader.item()
    assert GONE not in box
