"""Fixtures for tests against a served endpoint: import them into a module's conftest."""

from __future__ import annotations

import pytest

from tests.server.served import client, served


@pytest.fixture
def serving(sqlite_url):
    """(the URL of an endpoint whose database is empty, the server behind it)"""
    with served(sqlite_url) as both:
        yield both


@pytest.fixture
def endpoint(serving):
    """The URL of an endpoint whose database is empty."""
    return serving[0]


@pytest.fixture
def server(serving):
    """The server behind `endpoint`."""
    return serving[1]


@pytest.fixture
def sfn(endpoint):
    """boto3's client of an endpoint whose database is empty."""
    return client(endpoint)
