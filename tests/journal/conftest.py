"""What is said of a journal holds of the one in Python and of the one in C."""

import sys

import pytest

from tests.journal.engines import ENGINES, journal_of
from tsme.journal import Journal


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test whose module has a Journal runs with both."""
    if hasattr(metafunc.module, "Journal"):
        metafunc.fixturenames.append("journal_engine")
        metafunc.parametrize("journal_engine", ENGINES, indirect=True)


@pytest.fixture
def journal_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Journal of all modules of tests."""
    wanted = journal_of(request.param)
    for name, module in list(sys.modules.items()):
        if name.startswith("tests.") and getattr(module, "Journal", None) is Journal:
            monkeypatch.setattr(module, "Journal", wanted)
