"""A plugin of pytest: moto's tests of Step Functions talk to an endpoint of `tsme serve`.

Each test has a server of its own, in this process.  All other services are moto's.  What cannot
pass has its reason in moto_differs.json, and has to fail.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tsme_host.server import serving

HERE = Path(__file__).parent
DIFFERS = HERE / "moto_differs.json"  # {reason: [tests]}
TIMED = "either:"  # how the reason begins of what depends on the clock
_url: list[str] = [""]
_client = boto3.session.Session.client


def client(self: Any, service_name: str, *given: Any, **options: Any) -> Any:
    """boto3's, which asks us about Step Functions."""
    if service_name == "stepfunctions":
        config = Config(inject_host_prefix=False, retries={"total_max_attempts": 1})
        options |= {"endpoint_url": _url[0], "config": config}
    return _client(self, service_name, *given, **options)


def pytest_configure(config: pytest.Config) -> None:
    for name in ("aws_verified", "requires_docker", "network"):
        config.addinivalue_line("markers", name)
    setattr(boto3.session.Session, "client", client)  # noqa: B010  its type is generated


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    known = {
        name: reason
        for reason, names in json.loads(DIFFERS.read_text(encoding="utf-8")).items()
        for name in names
    }
    for item in items:
        reason = known.get(item.nodeid.removeprefix("tests/test_stepfunctions/"))
        if reason is not None:
            strict = not reason.startswith(TIMED)
            item.add_marker(pytest.mark.xfail(reason=reason, strict=strict))


@pytest.fixture(autouse=True)
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server of each test's own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    options = serving.Options(
        database=f"sqlite:///{tmp_path}/tsme.db",
        port=0,
        account="123456789012",
        tasks=str(HERE / "moto_services.py"),
    )
    with serving.opened(options) as server, serving.served(options, server) as url:
        _url[0] = url
        yield
