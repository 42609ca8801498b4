"""Who may ask: SigV4 signatures of API requests, checked against keys in a file.

The file is one of AWS's credentials files, with any number of profiles.  A signature is computed
again by botocore's own signer, over exactly what the request says it has signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import botocore.configloader
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ConfigNotFound, ConfigParseError

from ..tools.errors import HostError
from .errors import ApiError

SKEW: Final = timedelta(minutes=5)
SERVICE: Final = "states"
SIGNED: Final = "AWS4-HMAC-SHA256"  # how the header Authorization of a signed request begins
_STAMP = "%Y%m%dT%H%M%SZ"
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_PARTS = 5  # key, date, region, service, aws4_request
_MUST = ("host",)  # what a signature has to cover; the date may come as `date` too


class Keys:
    """Secret keys by access key."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self._secrets = secrets

    @classmethod
    def read(cls, path: str) -> Keys:
        """The keys of a credentials file.  Raises HostError TSME-S060."""
        hint = "it is written like ~/.aws/credentials: [name], aws_access_key_id = .., " \
            "aws_secret_access_key = .."  # fmt: skip
        try:
            profiles: dict[str, dict[str, Any]] = botocore.configloader.raw_config_parse(path)
        except (ConfigNotFound, ConfigParseError, UnicodeDecodeError):
            message = f'the keys "{path}" cannot be read'
            raise HostError("TSME-S060", message, hint) from None
        found: dict[str, str] = {}
        for name, profile in profiles.items():
            key, secret = (
                profile.get(f"aws_{what}") for what in ("access_key_id", "secret_access_key")
            )
            if not isinstance(key, str) or not isinstance(secret, str) or not key or not secret:
                raise HostError("TSME-S060", f'"{path}" has no key in [{name}]', hint)
            if found.get(key, secret) != secret:
                raise HostError("TSME-S060", f'"{path}" has two secrets for "{key}"')
            found[key] = secret
        if not found:
            raise HostError("TSME-S060", f'"{path}" has no keys', hint)
        return cls(found)

    def secret(self, key: str) -> str | None:
        return self._secrets.get(key)

    def basic(self, header: str) -> str | None:
        """The access key behind HTTP Basic (of the page), if its secret is right."""
        kind, _, code = header.partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            text = base64.b64decode(code.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        key, _, secret = text.partition(":")
        right = self._secrets.get(key, "")
        same = hmac.compare_digest(secret.encode(), right.encode())
        return key if same and right else None

    def check(
        self,
        url: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        now: datetime,
        method: str = "POST",
    ) -> str:
        """-> the access key that has signed a request.  Raises ApiError as AWS words it."""
        given = [(name.lower(), value) for name, value in headers]
        fields, stamp = _taken(given)
        key, day, region, service, _ = fields["Credential"].split("/")
        secret = self.secret(key)
        if secret is None:
            text = "The security token included in the request is invalid."
            raise ApiError("UnrecognizedClientException", text)
        if service != SERVICE:
            raise _unsigned(f"Credential should be scoped to correct service: '{SERVICE}'. ")
        if day != stamp[:8]:
            raise _unsigned(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                f"from HTTP: '{day}' != '{stamp[:8]}', from '{stamp}'."
            )
        _in_time(stamp, now)
        names = fields["SignedHeaders"].split(";")
        request = AWSRequest(method=method, url=url, data=body)
        made = _signature((key, secret, region), stamp, request, names, given)
        if not hmac.compare_digest(made.encode(), fields["Signature"].encode()):
            raise _unsigned(
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method. Consult the service "
                "documentation for details."
            )
        return key


def _taken(headers: list[tuple[str, str]]) -> tuple[dict[str, str], str]:
    """-> (the fields of the header Authorization, the date that was signed)"""
    found = dict(reversed(headers))
    header = found.get("authorization", "")
    if not header:
        raise ApiError("MissingAuthenticationTokenException", "Missing Authentication Token")
    if header.partition(" ")[0] != SIGNED:
        text = f"Unsupported AWS 'algorithm': '{header.partition(' ')[0]}'"
        raise ApiError("IncompleteSignatureException", text)
    fields = dict(_FIELD.findall(header))
    missing = [
        f"Authorization header requires '{name}' parameter. "
        for name in ("Credential", "Signature", "SignedHeaders")
        if name not in fields
    ]
    stamp = found.get("x-amz-date", "")
    if not stamp:
        missing.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
        )
    if missing:
        raise ApiError("IncompleteSignatureException", "".join(missing).rstrip())
    parts = fields["Credential"].split("/")
    if len(parts) != _PARTS or parts[-1] != "aws4_request" or not all(parts):
        text = "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/"
        raise ApiError("IncompleteSignatureException", f"{text}service/term")
    names = fields["SignedHeaders"].split(";")
    for name in (*_MUST, "x-amz-date", *(n for n, _ in headers if n.startswith("x-amz-target"))):
        if name not in names:
            raise _unsigned(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    return fields, stamp


def _in_time(stamp: str, now: datetime) -> None:
    try:
        when = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        text = "Date must be in ISO-8601 'basic format'. Got "
        raise ApiError("IncompleteSignatureException", f"{text}'{stamp}'.") from None
    shown = f"{now:{_STAMP}}"
    if when < now - SKEW:
        raise _unsigned(
            f"Signature expired: {stamp} is now earlier than {now - SKEW:{_STAMP}} "
            f"({shown} - 5 min.)"
        )
    if when > now + SKEW:
        raise _unsigned(
            f"Signature not yet current: {stamp} is still later than {now + SKEW:{_STAMP}} "
            f"({shown} + 5 min.)"
        )


def _signature(
    who: tuple[str, str, str],
    stamp: str,
    request: AWSRequest,
    names: list[str],
    headers: list[tuple[str, str]],
) -> str:
    """What botocore signs such a request with; `who`: access key, secret, region."""
    key, secret, region = who
    for name in names:
        values = [value for one, value in headers if one == name]
        request.headers[name] = ",".join(" ".join(value.split()) for value in values)
    said = request.headers.get("x-amz-content-sha256")
    if said is not None and said != hashlib.sha256(request.data).hexdigest():
        raise _unsigned("The provided 'x-amz-content-sha256' header does not match what was sent.")
    request.context["timestamp"] = stamp
    signer = SigV4Auth(Credentials(key, secret), SERVICE, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return str(signer.signature(text, request))


def _unsigned(text: str) -> ApiError:
    return ApiError("InvalidSignatureException", text)
