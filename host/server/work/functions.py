"""Lambda functions at an HTTP endpoint, by the Invoke API: AWS's own, an emulator's, or yours."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Final
from urllib.parse import quote

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tsme.engine.tasks import TaskError, is_callback
from tsme.values.json import dumps, loads

from .. import noting
from .pending import PendingTask
from .router import PENDING

_DIRECT = re.compile(r"arn:[a-z-]+:lambda:[^:]*:[^:]*:function:[^:]+(:[^:]+)?")
_INVOKE = re.compile(
    r"arn:[a-z-]+:states:[^:]*:[^:]*:(aws-sdk:)?lambda:invoke(\.waitForTaskToken)?"
)
_LONGEST: Final = 900  # seconds that a function may run
_OK, _ACCEPTED, _NO_CONTENT = 200, 202, 204


class Functions:
    """A way: tasks that call Lambda functions.  `endpoint`: where the Invoke API answers.

    Requests are signed with the keys of the environment, as an SDK signs them; any others without.
    """

    def __init__(self, endpoint: str, region: str = "us-east-1") -> None:
        self.endpoint = endpoint.rstrip("/")
        self.region = os.environ.get("AWS_REGION", region)
        self.runner: Any = None
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(_LONGEST, connect=10))

    def connect(self, runner: Any) -> None:
        """What a function that gets a token answers at once goes to this runner."""
        self.runner = runner

    def has(self, task: PendingTask) -> bool:
        base = task.resource.partition(" ")[0]
        return bool(_DIRECT.fullmatch(base) or _INVOKE.fullmatch(base))

    def effect(self, resource: str) -> str | None:  # noqa: ARG002  AWS calls at least once, too
        return None

    async def do(self, task: PendingTask) -> Any:
        base = task.resource.partition(" ")[0]
        invoke = _INVOKE.fullmatch(base)
        if not invoke:
            text, _ = await self._invoke(base, dumps(task.payload), {})
            return _value(text)
        given = task.payload if isinstance(task.payload, dict) else {}
        name = given.get("FunctionName")
        if not isinstance(name, str) or not name:
            raise TaskError("Lambda.ValidationException", "FunctionName is missing")
        payload = given.get("Payload", {})
        sdk = invoke[1] is not None
        body = payload if sdk and isinstance(payload, str) else dumps(payload)
        headers = {"X-Amz-Invocation-Type": str(given.get("InvocationType", "RequestResponse"))}
        if given.get("LogType"):
            headers["X-Amz-Log-Type"] = str(given["LogType"])
        if given.get("ClientContext"):
            headers["X-Amz-Client-Context"] = str(given["ClientContext"])
        text, answer = await self._invoke(name, body, headers, given.get("Qualifier"))
        result: dict[str, Any] = {}
        if version := answer.headers.get("x-amz-executed-version"):
            result["ExecutedVersion"] = version
        if log := answer.headers.get("x-amz-log-result"):
            result["LogResult"] = log
        result["Payload"] = text if sdk else _value(text)
        result["StatusCode"] = answer.status_code
        if is_callback(task.resource):
            await noting.submitted(self.runner, task.execution, task.action, result)
            return PENDING
        return result

    async def _invoke(
        self, name: str, body: str, headers: dict[str, str], qualifier: Any = None
    ) -> tuple[str, httpx.Response]:
        """-> (the payload, the answer).  Raises TaskError as Step Functions names it."""
        function, qualified = _split(name)
        qualifier = qualifier or qualified
        url = f"{self.endpoint}/2015-03-31/functions/{quote(function, safe='')}/invocations"
        if qualifier:
            url += f"?Qualifier={quote(str(qualifier), safe='')}"
        data = body.encode()
        try:
            signed = self._signed(url, data, headers)
            answer = await self._client.post(url, content=data, headers=signed)
        except httpx.TimeoutException:
            raise TaskError("Lambda.SdkClientException", "Read timed out") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            text = f"Unable to execute HTTP request: {error or type(error).__name__}"
            raise TaskError("Lambda.SdkClientException", text) from None
        text = answer.text
        if answer.status_code not in (_OK, _ACCEPTED, _NO_CONTENT):
            raise _refused(answer)
        if "x-amz-function-error" in answer.headers:
            raise TaskError(_error_type(text), text)
        return text, answer

    def _signed(self, url: str, data: bytes, headers: dict[str, str]) -> dict[str, str]:
        keys = Credentials(
            os.environ.get("AWS_ACCESS_KEY_ID", "any"),
            os.environ.get("AWS_SECRET_ACCESS_KEY", "any"),
            os.environ.get("AWS_SESSION_TOKEN"),
        )
        request = AWSRequest("POST", url, {"Content-Type": "application/json", **headers}, data)
        SigV4Auth(keys, "lambda", self.region).add_auth(request)
        return dict(request.headers.items())

    def ending(self) -> None:
        """What it does can be done again."""

    async def leave(self) -> None:
        """Closes its connections."""
        await self._client.aclose()

    def close(self) -> None:
        """Nothing else is open."""


def _split(name: str) -> tuple[str, str | None]:
    """The function of a name or an ARN, and the version or alias behind it."""
    parts = name.split(":")
    if parts[0] == "arn":
        return ":".join(parts[:7]), parts[7] if len(parts) > 7 else None
    return parts[0], parts[1] if len(parts) == 2 else None


def _value(text: str) -> Any:
    """A payload as a value; what is no JSON stays text, and nothing is null."""
    if not text:
        return None
    try:
        return loads(text)
    except Exception:
        return text


def _error_type(text: str) -> str:
    try:
        told = json.loads(text)
    except ValueError:
        return "Lambda.Unknown"
    name = told.get("errorType") if isinstance(told, dict) else None
    return name if isinstance(name, str) and name else "Lambda.Unknown"


def _refused(answer: httpx.Response) -> TaskError:
    """What the service, not the function, says no with."""
    try:
        told = answer.json()
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    code = answer.headers.get("x-amzn-errortype") or told.get("__type") or told.get("Code")
    code = str(code or "AWSLambdaException").partition(":")[0].rpartition("#")[2]
    if not code.endswith("Exception"):
        code += "Exception"
    message = told.get("Message") or told.get("message") or answer.text[:1000]
    number = answer.headers.get("x-amzn-requestid", "null")
    about = f"Service: AWSLambda; Status Code: {answer.status_code}; Error Code: {code}"
    return TaskError(f"Lambda.{code}", f"{message} ({about}; Request ID: {number}; Proxy: null)")
