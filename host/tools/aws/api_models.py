"""The API models of AWS, as botocore brings them: what a mocked result may look like.

They are read where botocore is installed (`pip install tsme[aws]`); without it nothing is known
of any service, and nothing is checked.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...compiler.frontend.model import Json

# Services that Step Functions calls by another name than the SDK.
_NAMES = {"states": "sfn", "events": "eventbridge"}
_CALL = re.compile(r"arn:[a-z-]+:states:[a-z0-9-]*:[0-9]*:(aws-sdk:)?([a-z0-9-]+):([A-Za-z0-9]+)")
_SERVICE = re.compile(rb'"serviceId"\s*:\s*"([^"]+)"')
_NUMBERS = ("integer", "long", "float", "double", "bigdecimal", "biginteger")
_TEXTS = ("string", "timestamp", "blob")
_ANY_PAYLOAD = ("lambda", "Invoke")  # Step Functions parses what the function gave


class ShapeError(Exception):
    """A value is not what the API of a service would give."""


def known() -> bool:
    """Are there models at all?"""
    return bool(_services())


def check_result(resource: str, value: Json, strict: bool) -> None:
    """Raises ShapeError for a mocked result that a task's resource could not have given.

    `strict`: required fields must be there.  A resource without a model, and one that waits for
    a callback or a job, gives anything.
    """
    match = _CALL.fullmatch(resource)
    model = _model(_NAMES.get(match[2], match[2])) if match else None
    if match is None or model is None:
        return
    names = {name.lower(): name for name in model["operations"]}
    name = names.get(match[3].lower(), "")
    operation: dict[str, Any] = model["operations"].get(name, {})
    if "output" not in operation:
        return
    loose = ("Payload",) if not match[1] and (match[2], name) == _ANY_PAYLOAD else ()
    _Check(model["shapes"], strict, loose).structure(operation["output"]["shape"], value, "")


class _Check:
    def __init__(self, shapes: dict[str, Any], strict: bool, loose: tuple[str, ...]) -> None:
        self.shapes = shapes
        self.strict = strict
        self.loose = loose  # top-level fields that hold anything

    def structure(self, shape: str, value: Json, name: str) -> None:
        if self.shapes[shape].get("document"):  # any JSON
            return
        if not isinstance(value, dict):
            raise ShapeError(f"Field '{name}' must be an object" if name else "must be an object")
        about = self.shapes[shape]
        members = {key[:1].upper() + key[1:]: key for key in about.get("members", {})}
        if self.strict:
            for key in about.get("required", []):
                shown = key[:1].upper() + key[1:]
                if shown not in value:
                    raise ShapeError(f"Required field '{shown}' is missing")
        for shown, item in value.items():
            if shown in members and item is not None and (name or shown not in self.loose):
                self.value(about["members"][members[shown]]["shape"], item, shown)

    def value(self, shape: str, value: Json, name: str) -> None:
        about = self.shapes[shape]
        kind = about["type"]
        if kind == "structure":
            self.structure(shape, value, name)
        elif kind == "list":
            if not isinstance(value, list):
                raise ShapeError(f"Field '{name}' must be an array")
            self.size(about, len(value), name)
            for item in value:
                self.value(about["member"]["shape"], item, name)
        elif kind == "map":
            if not isinstance(value, dict):
                raise ShapeError(f"Field '{name}' must be an object")
            for item in value.values():
                self.value(about["value"]["shape"], item, name)
        elif kind == "boolean":
            if not isinstance(value, bool):
                raise ShapeError(f"Field '{name}' must be a boolean")
        elif kind in _NUMBERS:
            self.number(about, value, name)
        elif kind in _TEXTS:
            if not isinstance(value, str):
                raise ShapeError(f"Field '{name}' must be a string")
            self.size(about, len(value), name)
            if "enum" in about and value not in about["enum"]:
                raise ShapeError(f"Field '{name}' is not an expected value")

    def number(self, about: dict[str, Any], value: Json, name: str) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ShapeError(f"Field '{name}' must be a number")
        if "min" in about and value < about["min"]:
            raise ShapeError(f"Field '{name}' is less than the minimum value")
        if "max" in about and value > about["max"]:
            raise ShapeError(f"Field '{name}' exceeds the maximum value")

    def size(self, about: dict[str, Any], size: int, name: str) -> None:
        if "min" in about and size < about["min"]:
            raise ShapeError(f"Field '{name}' is smaller than the minimum length")
        if "max" in about and size > about["max"]:
            raise ShapeError(f"Field '{name}' exceeds the maximum length")


@lru_cache
def _services() -> dict[str, Path]:
    """The newest model of each service, by the name that the SDK for Java gives it."""
    spec = importlib.util.find_spec("botocore")
    found: dict[str, Path] = {}
    for place in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(place, "data").glob("*/*/service-2.json*")):
            if path.suffix in (".json", ".gz") and (match := _SERVICE.search(_head(path))):
                found[re.sub(r"[^a-z0-9]", "", match[1].decode().lower())] = path
    return found


def _head(path: Path) -> bytes:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        return file.read(4096)


@lru_cache
def _model(service: str) -> dict[str, Any] | None:
    path = _services().get(service)
    if path is None:
        return None
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        model: dict[str, Any] = json.load(file)
        return model
