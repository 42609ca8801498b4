"""Fixtures for tests against a served endpoint: import them into a module's conftest."""

from __future__ import annotations

import pytest

from tests.server.served import client, served


@pytest.fixture
def endpoint(sqlite_url):
    """The URL of an endpoint whose database is empty."""
    with served(sqlite_url) as (url, _):
        yield url


@pytest.fixture
def sfn(endpoint):
    """boto3's client of an endpoint whose database is empty."""
    return client(endpoint)
