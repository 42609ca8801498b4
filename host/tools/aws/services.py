"""What AWS calls a task's resource in the history of an execution."""

from __future__ import annotations

from typing import NamedTuple

from ...compiler.frontend.placed import PLACEHOLDER


class Service(NamedTuple):
    """`family` begins the names of a task's events: LambdaFunction, Activity or Task.  The last
    has `resource` and `type` in the details of all of them."""

    family: str
    resource: str
    type: str = ""

    def details(self) -> dict[str, str]:
        if self.family == "Task":
            return {"resource": self.resource, "resourceType": self.type}
        return {}


def service(resource: str) -> Service:
    """The service behind a Resource.  A task handler's own name counts as one of type `tsme`."""
    resource = resource.partition(" ")[0]  # the function's name behind lambda:invoke
    parts = PLACEHOLDER.sub("x", resource).split(":")
    if parts[0] == "arn" and len(parts) > 6:
        if parts[2] == "lambda":
            return Service("LambdaFunction", resource)
        if parts[2] == "states" and parts[5] == "activity":
            return Service("Activity", resource)
        if parts[2] == "states":
            head = 2 if parts[5] == "aws-sdk" else 1
            call = parts[5:]
            return Service("Task", ":".join(call[head:]), ":".join(call[:head]))
    return Service("Task", resource, "tsme")


def region(arn: str | None) -> str | None:
    """The region that an ARN names."""
    parts = (arn or "").split(":")
    return parts[3] or None if parts[0] == "arn" and len(parts) > 3 else None
