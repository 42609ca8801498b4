"""The tests of this folder need the emulated Pico and its firmware: built if they are not."""

import pytest

from tests.boards.emulation import built
from tests.interpreters import strict


@pytest.fixture(autouse=True, scope="session")
def _pico() -> None:
    why = built("rp2040_emulated")
    if why and strict():
        pytest.fail(why)
    if why:
        pytest.skip(why)
