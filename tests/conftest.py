"""Settings for all tests."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

from tests.database import fixtures
from tsme.kernel.limits import LIMITS

# Databases, for all tests.
database_url = fixtures.database_url
own_postgres = fixtures.own_postgres
postgres = fixtures.postgres
postgres_url = fixtures.postgres_url
sqlite_url = fixtures.sqlite_url

# The machine may be slow and busy: no deadline. In CI the same examples each
# time, so that a failure there is a failure here.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") or os.environ.get("TSME_STRICT") else "dev")

# Journals, databases and reports are written in small pieces, for each of which a disk may keep a
# test waiting: they are in memory where there is enough of it, unless TMPDIR says where.
IN_MEMORY = Path("/dev/shm")
ROOM = 8 << 30  # bytes; a run needs one or two


def roomy(folder: Path) -> bool:
    """May tests have their files there, programs among them?"""
    return (
        folder.is_dir()
        and os.access(folder, os.W_OK)
        and not os.statvfs(folder).f_flag & os.ST_NOEXEC
        and min(shutil.disk_usage(folder).free, psutil.virtual_memory().available) > ROOM
    )


if "TMPDIR" not in os.environ and roomy(IN_MEMORY):
    os.environ["TMPDIR"] = tempfile.tempdir = str(IN_MEMORY)

# A shell starts what runs in the background deaf to Ctrl-C, and what that starts, too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The limits are one table in the process: what one test raises must not reach the next.
BOARD = dict(LIMITS)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start every test with a board's limits; tests/conformance has its own."""
    LIMITS.update(BOARD)
    if "conformance" in item.path.parts:
        from tests.conformance.suite import SIZE

        LIMITS["program_bytes"] = LIMITS["state_bytes"] = LIMITS["step_bytes"] = SIZE
