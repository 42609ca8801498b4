"""What says how data is encrypted: checked and kept, though nothing here encrypts."""

from __future__ import annotations

from typing import Any

from ..errors import ApiError

OWN = {"type": "AWS_OWNED_KEY"}
_KEY = "CUSTOMER_MANAGED_KMS_KEY"


def checked(given: dict[str, Any] | None) -> dict[str, Any]:
    """An encryptionConfiguration, AWS's own key without one.

    Raises ApiError InvalidEncryptionConfiguration.
    """
    if given is None:
        return dict(OWN)
    if given["type"] == _KEY and "kmsKeyId" not in given:
        text = f"kmsKeyId is required when type is {_KEY}"
        raise ApiError(
            "InvalidEncryptionConfiguration", f"Invalid Encryption Configuration: {text}"
        )
    if given["type"] != _KEY and len(given) > 1:
        text = f"kmsKeyId and kmsDataKeyReusePeriodSeconds are for type {_KEY} alone"
        raise ApiError(
            "InvalidEncryptionConfiguration", f"Invalid Encryption Configuration: {text}"
        )
    return given
