"""`make bench` measures commits to a file, synced and not."""

import pytest

from tests import interpreters
from tests.bench import disk


@pytest.mark.parametrize("how", disk.COMMITS)
@pytest.mark.parametrize("name", ["cpython", "micropython"])
def test_commits_to_a_file_are_counted(name: str, how: str) -> None:
    interpreters.require(name)
    assert disk.rate(name, how, 20) > 0
