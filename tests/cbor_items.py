"""CBOR items that are more than values, for tests."""

from __future__ import annotations

from tsme.values.cbor_decode import read_head


def skip(data: bytes, at: int) -> int:
    """The position after the item at `at`, which is trusted to be one."""
    todo = 1
    while todo:
        todo -= 1
        major, n, at = read_head(data, at)
        if major == 2 or major == 3:
            at += n
        elif major == 4:
            todo += n
        elif major == 5:
            todo += n << 1
        elif major == 6:
            todo += 1
        elif major == 7 and n > 23:
            at += 1 << (n - 24)
    return at
