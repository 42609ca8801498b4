"""Names and ARNs: how they are made, and what is none, in AWS's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from .errors import ApiError, invalid

NAME_LENGTH: Final = 80
# What a name may not have: spaces, brackets, wildcards, these, control characters, and what is no
# character.
_FORBIDDEN = re.compile(
    r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\U0010ffff]"""
)
_ALIAS = re.compile(r"(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+")
_PARTS = 5  # arn:partition:states:region:account; what follows is of the resource
_REGION = re.compile(r"[a-z0-9-]+")
_PARTITION = re.compile(r"aws(-[a-z-]+)?")
_ACCOUNT = re.compile(r"[0-9]{12}")
_KINDS = ("stateMachine", "execution", "express", "activity", "mapRun")
_ROLE = re.compile(r"arn:aws(-[a-z-]+)?:iam::[0-9]{12}:role/.+")


@dataclass(frozen=True)
class Arn:
    """An ARN of Step Functions, taken apart.

    `kind`: stateMachine, execution, express, activity or mapRun.  `name`: of the machine (of an
    activity: its own).  `rest`: what follows the name: a version's number, an alias, or the names
    of an execution.  `label`: of a Map state, behind a slash.
    """

    text: str
    region: str
    account: str
    kind: str
    name: str
    rest: tuple[str, ...] = ()
    label: str = ""

    @property
    def version(self) -> int | None:
        """The number of a version; None if the ARN is not of one."""
        one = self.rest[0] if len(self.rest) == 1 and self.kind == "stateMachine" else ""
        return int(one) if one.isascii() and one.isdigit() else None

    @property
    def alias(self) -> str | None:
        """The name of an alias; None if the ARN is not of one."""
        one = self.rest[0] if len(self.rest) == 1 and self.kind == "stateMachine" else ""
        return one if one and self.version is None else None

    @property
    def machine(self) -> str:
        """The ARN of the machine itself, without version or alias."""
        partition = self.text.split(":", 2)[1]
        return f"arn:{partition}:states:{self.region}:{self.account}:stateMachine:{self.name}"


def parse(text: str, *kinds: str) -> Arn:
    """An ARN of one of `kinds` (of any without).  Raises ApiError InvalidArn."""
    parts = text.split(":")
    if parts[0] != "arn" or len(parts) <= _PARTS:
        raise _wrong(f"Invalid ARN prefix: {text}")
    partition, service, region, account, kind = parts[1:6]
    if not _PARTITION.fullmatch(partition) or service != "states":
        raise _wrong(f"Invalid ARN prefix: {text}")
    if not _REGION.fullmatch(region) or not _ACCOUNT.fullmatch(account):
        raise _wrong(f"Invalid ARN: {text}")
    if kind not in _KINDS or len(parts) == _PARTS + 1:
        raise _wrong(f"Resource type not valid in this context: {kind}")
    name, _, label = parts[6].partition("/")
    rest = tuple(parts[7:])
    if not all(one and not _FORBIDDEN.search(one) for one in (name, *rest)):
        raise _wrong(f"Invalid ARN: {text}")
    if kinds and kind not in kinds:
        raise _wrong(f"Resource type not valid in this context: {kind}")
    most = {"stateMachine": (0, 1), "execution": (1, 1), "express": (2, 2), "activity": (0, 0)}
    least, largest = most.get(kind, (1, 1))
    if not least <= len(rest) <= largest:
        raise _wrong(f"Invalid ARN: {text}")
    return Arn(text, region, account, kind, name, rest, label)


def _wrong(what: str) -> ApiError:
    return ApiError("InvalidArn", f"Invalid Arn: '{what}'")


def check_name(name: str) -> None:
    """A name of a machine, an execution or an activity.  Raises ApiError InvalidName."""
    if not 0 < len(name) <= NAME_LENGTH or _FORBIDDEN.search(name):
        raise ApiError("InvalidName", f"Invalid Name: '{name}'")


def check_alias(name: str) -> None:
    """The name of an alias: not digits alone, or it would be a version."""
    if not _ALIAS.fullmatch(name):
        pattern = r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {pattern}"
        )


def check_role(arn: str) -> None:
    """A role is nothing here, but must look like one."""
    if not _ROLE.fullmatch(arn):
        raise ApiError("InvalidArn", f"Invalid Role Arn: '{arn}'")


@dataclass(frozen=True)
class Place:
    """Where a server says it is: what its ARNs begin with."""

    region: str = "us-east-1"
    account: str = "000000000000"

    def machine(self, name: str) -> str:
        return self._arn("stateMachine", name)

    def execution(self, machine: str, name: str) -> str:
        return self._arn("execution", machine, name)

    def express(self, machine: str, name: str, unique: str) -> str:
        """An express execution's; `unique` tells those of one name apart."""
        return self._arn("express", machine, name, unique)

    def activity(self, name: str) -> str:
        return self._arn("activity", name)

    def map_run(self, machine: str, label: str, unique: str) -> str:
        return self._arn("mapRun", f"{machine}/{label}", unique)

    def _arn(self, *parts: str) -> str:
        return ":".join(("arn:aws:states", self.region, self.account, *parts))
