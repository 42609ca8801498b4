"""How an operation says no: an error of the API, as AWS names and words it."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """What a client gets in place of an answer.

    `code`: as botocore's model names it, such as StateMachineDoesNotExist.  `status`: of HTTP.
    `fields`: what else the error's shape has, such as `resourceName` or `reason`.
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        return {"__type": self.code, "message": self.message, **self.fields}


def invalid(message: str, **fields: Any) -> ApiError:
    """A ValidationException."""
    return ApiError("ValidationException", message, **fields)
