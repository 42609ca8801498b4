"""Databases for tests, each new: `database_url` of both kinds in turn, `postgres_url` of one.

tests/conftest.py has these for all tests.  Who stops or kills the server takes `own_postgres`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database.postgres import PostgresServer
from tests.interpreters import MissingTool, strict


def _server() -> PostgresServer:
    try:
        server = PostgresServer()
    except MissingTool as missing:
        if strict():
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    server.start()
    return server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server that all tests of a process share; nobody may stop it."""
    server = _server()
    yield server
    server.close()


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server for one test."""
    server = _server()
    yield server
    server.close()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The URL of a new database on PostgreSQL."""
    return postgres.database()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a new database of SQLite."""
    return f"sqlite:///{tmp_path / 'tsme.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a new database, of either kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(name))
