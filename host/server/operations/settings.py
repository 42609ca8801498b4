"""What a machine has beside its definition: logging, tracing, encryption.

Nothing here writes to CloudWatch, X-Ray or KMS: it is checked, kept and given back
(docs/DIFFERENCES.md).
"""

from __future__ import annotations

from typing import Any

from ..errors import ApiError
from . import encryption

# The member of a request, and what it is without one.
_NAMES = {
    "logging": "loggingConfiguration",
    "tracing": "tracingConfiguration",
    "encryption": "encryptionConfiguration",
}


def given(request: dict[str, Any], usual: dict[str, Any] | None = None) -> dict[str, Any]:
    """The settings of a request, those of `usual` where it says nothing.  Raises ApiError."""
    usual = usual or {}
    out = dict(usual)
    for name, check in (
        ("logging", _logging),
        ("tracing", _tracing),
        ("encryption", encryption.checked),
    ):
        member = request.get(_NAMES[name])
        if member is not None or name not in usual:
            out[name] = check(member)
    return out


def shown(settings: dict[str, Any]) -> dict[str, Any]:
    """The members of an answer."""
    return {member: settings[name] for name, member in _NAMES.items()}


def _logging(config: dict[str, Any] | None) -> dict[str, Any]:
    usual: dict[str, Any] = {"level": "OFF", "includeExecutionData": False}
    config = usual | (config or {})
    count = len(config.get("destinations", ()))
    if count > 1 or config["level"] != "OFF" and not count:
        text = "Invalid Logging Configuration: Must specify exactly one Log Destination."
        raise ApiError("InvalidLoggingConfiguration", text)
    return config


def _tracing(config: dict[str, Any] | None) -> dict[str, Any]:
    return {"enabled": False} | (config or {})
