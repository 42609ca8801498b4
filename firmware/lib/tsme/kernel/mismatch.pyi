"""A replay that gives another digest than the journal has."""

from typing import Any

from ..errors import TsmeError
from . import Step

class Mismatch(TsmeError):
    """TSME-R001: the first step that does not come out as it was recorded."""

    number: int
    event: tuple[Any, ...]
    expected: int
    got: int
    step: Step
    def __init__(self, number: int, event: tuple[Any, ...], expected: int, step: Step) -> None: ...
