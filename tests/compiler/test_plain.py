"""The compiler's quick dataclasses are dataclasses, to everybody who asks."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, field, fields, is_dataclass, replace
from typing import Any

import pytest

from tsme_host.compiler.frontend.model import Index, Key, Where
from tsme_host.compiler.frontend.plain import quick


@quick(frozen=True)
class _Base:
    """Two values, one of them with a default."""

    a: int
    b: str = "b"


@quick(frozen=True, kw_only=True)
class _More(_Base):
    """And some that have to be named."""

    c: list[int] = field(default_factory=list)
    d: int = 4


Base: Any = _Base
More: Any = _More


def test_values_are_given_by_place_by_name_or_by_default():
    assert repr(Base(1)) == "_Base(a=1, b='b')"
    assert repr(More(1, c=[2])) == "_More(a=1, b='b', c=[2], d=4)"
    assert More(1).c is not More(1).c
    assert [f.name for f in fields(More)] == ["a", "b", "c", "d"]
    assert is_dataclass(More(1))
    assert replace(More(1), d=5) == More(1, d=5)


@pytest.mark.parametrize(
    "wrong",
    [
        Base,
        lambda: Base(1, "b", 3),
        lambda: Base(1, x=2),
        lambda: Base(1, a=2),
        lambda: More(1, "b", []),
        lambda: Base(b="b"),
    ],
)
def test_a_value_that_is_missing_unknown_or_given_twice_is_refused(wrong):
    with pytest.raises(TypeError):
        wrong()


def test_what_is_equal_has_the_same_class_and_the_same_hash():
    assert Base(1) == Base(1, "b")
    assert hash(Base(1)) == hash(Base(1, "b"))
    assert Base(1) != Base(2)
    assert Key("1") != Index("1")
    assert Base(1) != More(1)
    assert Where("/a", 1, 2) in {Where("/a", 1, 2)}


def test_nothing_changes_and_nothing_goes():
    one = Base(1)
    with pytest.raises(FrozenInstanceError):
        one.a = 2
    with pytest.raises(FrozenInstanceError):
        del one.a
    assert one == Base(1)
