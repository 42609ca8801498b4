"""How a worker asks an endpoint of Step Functions: signed as an SDK signs, patient with what is
away, and clear about what is refused."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Final
from urllib.parse import urlsplit

import botocore.session
from botocore import UNSIGNED, exceptions
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
)

from ...tools.errors import HostError

REGION: Final = "us-east-1"
_POLL: Final = 75  # seconds that an answer may take: a poll waits for 60
_CONNECT: Final = 5
_FIRST, _LAST = 0.1, 5.0  # seconds until what is away is asked again
_GRACE: Final = 30.0  # seconds that a result waits for an endpoint when the worker is stopping
_SERVERS: Final = 500  # statuses from here on are the endpoint's own failures
_BUSY: Final = ("ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded")
_KEYS: Final = (
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "MissingAuthenticationTokenException",
    "AccessDeniedException",
    "ExpiredTokenException",
)
_log = logging.getLogger("tsme.worker")


class Refused(Exception):
    """The endpoint has answered, with an error.  `code`: AWS's name of it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Stopping(Exception):
    """The worker is told to end, and asks for nothing more."""


def client(endpoint: str, connections: int) -> Any:
    """botocore's client of an endpoint, with the keys of the environment, or without.

    Raises HostError TSME-S062 for what is no URL, TSME-S063 for keys that cannot be used.
    """
    try:
        session = _session(endpoint)
        config = Config(
            connect_timeout=_CONNECT,
            read_timeout=_POLL,
            max_pool_connections=connections,
            retries={"total_max_attempts": 1},
            user_agent_extra="tsme-worker",
        )
        if session.get_credentials() is None:
            config = config.merge(Config(signature_version=UNSIGNED))
        region = session.get_config_variable("region") or REGION
        return session.create_client(
            "stepfunctions", region_name=region, endpoint_url=endpoint, config=config
        )
    except ValueError:
        message = f'"{endpoint}" is no URL of an endpoint'
        raise HostError("TSME-S062", message, "write one like http://127.0.0.1:8083") from None
    except BotoCoreError as error:
        hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        raise HostError("TSME-S063", f"no keys to sign with: {error}", hint) from None


def signed(url: str) -> dict[str, str]:
    """The headers of a GET of what is beside the API, signed with the same keys if there are any:
    a signature does not give the secret away."""
    session = _session(url)
    keys = session.get_credentials()
    if keys is None:
        return {}
    request = AWSRequest(method="GET", url=url, headers={"Host": urlsplit(url).netloc})
    region = session.get_config_variable("region") or REGION
    SigV4Auth(keys.get_frozen_credentials(), "states", region).add_auth(request)
    return dict(request.headers.items())


def _session(endpoint: str) -> Any:
    host = urlsplit(endpoint).hostname or ""
    session = botocore.session.get_session()
    if not host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        # The role of a machine at AWS is for AWS, and takes seconds to ask for elsewhere.
        providers = session.get_component("credential_provider")
        providers.remove("iam-role")
    return session


def refused(error: Refused, endpoint: str) -> HostError:
    """What a worker ends with if the endpoint does not let it work."""
    hint = ""
    if error.code in _KEYS:
        hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, to a key it knows"
    return HostError("TSME-S064", f"{endpoint} refuses: {error}", hint)


class Asking:
    """Calls of an endpoint that wait until it is there."""

    def __init__(self, api: Any, endpoint: str) -> None:
        self.endpoint = endpoint
        self.stopping = threading.Event()  # nothing new is begun
        self.leaving = threading.Event()  # nothing is waited for
        self._api = api
        self._lock = threading.Lock()
        self._away = False
        self._returns = 0  # how often it was there again

    def ask(self, operation: str, *, report: bool = False, **request: Any) -> dict[str, Any]:
        """The answer.  `report`: of what was done, which is told also by who is stopping.

        Raises Refused, Stopping.
        """
        enough = self.leaving if report else self.stopping
        pause = _FIRST
        last: float | None = None  # when to give up, since who is stopping does not wait for ever
        while not enough.is_set():
            if self.stopping.is_set():
                last = last or time.monotonic() + _GRACE
                if time.monotonic() > last:
                    break
            returns = self._returns
            try:
                answer: dict[str, Any] = getattr(self._api, operation)(**request)
            except (exceptions.ConnectionError, HTTPClientError) as error:
                self._gone(str(error), returns)
            except ClientError as error:
                told = error.response["Error"]
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if status < _SERVERS and told["Code"] not in _BUSY:
                    raise Refused(told["Code"], told["Message"]) from None
                self._gone(str(error), returns)
            else:
                self._back()
                return answer
            enough.wait(pause)
            pause = min(2 * pause, _LAST)
        raise Stopping

    def _gone(self, why: str, returns: int) -> None:
        with self._lock:
            # What was asked before it was there again says nothing of now.
            now = returns == self._returns
            if now and not self._away and not self.stopping.is_set():
                _log.warning("%s is away, and is asked again until it is there: %s",
                             self.endpoint, why)  # fmt: skip
                self._away = True

    def _back(self) -> None:
        with self._lock:
            if self._away:
                _log.warning("%s is there again", self.endpoint)
                self._away = False
                self._returns += 1
