"""Makes a failing case small: drops what it can do without while it fails in the same way."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hypothesis import note
from hypothesis.errors import UnsatisfiedAssumption

from tests.laws.workflows import Case
from tsme_host.compiler.frontend.model import CompileError

Json = Any
_KEPT = {"Type", "StartAt", "States", "Next", "End", "Resource", "Default"}


def _failure(check: Callable[[Case], object], case: Case) -> type[BaseException] | None:
    try:
        check(case)
    except (CompileError, UnsatisfiedAssumption):
        return None
    except Exception as e:
        return type(e)
    return None


def _without(case: Case, path: list[Any]) -> Case:
    definition = copy.deepcopy(case.definition)
    at = definition
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return replace(case, definition=definition)


def _places(node: Json, path: list[Any]) -> Iterator[list[Any]]:
    """Everything that may be left out, the outermost first."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    inner = [(path + [key], item) for key, item in items]
    for place, item in inner:
        if place[-1] not in _KEPT and (len(place) < 2 or place[-2] != "States"):
            yield place
        if isinstance(item, (dict, list)):
            yield from _places(item, place)


def _bypassed(node: Json, name: str, following: str | None) -> Json:
    """The workflow without one state: who went there goes on behind it."""
    if isinstance(node, list):
        return [_bypassed(item, name, following) for item in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for key, item in node.items():
        if key == name and isinstance(item, dict) and "Type" in item:
            continue
        if key in ("Next", "Default", "StartAt") and item == name:
            if following is None and key != "Next":
                raise KeyError(name)
            out["End" if following is None else key] = True if following is None else following
        else:
            out[key] = _bypassed(item, name, following)
    return out


def _states(node: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    if isinstance(node, dict):
        for key, item in node.items():
            if isinstance(item, dict) and "Type" in item:
                yield key, item
            yield from _states(item)
    elif isinstance(node, list):
        for item in node:
            yield from _states(item)


def _smaller(case: Case) -> Iterator[Case]:
    for name, state in list(_states(case.definition)):
        nexts = [state.get("Next"), state.get("Default")]
        nexts += [part.get("Next") for part in state.get("Choices", [])]
        for following in dict.fromkeys(nexts):
            if following is not None or state["Type"] in ("Succeed", "Fail"):
                try:
                    definition = _bypassed(case.definition, name, following)
                except KeyError:
                    continue
                yield replace(case, definition=definition)
    for path in list(_places(case.definition, [])):
        yield _without(case, path)
    for n in range(len(case.moves)):
        yield replace(case, moves=case.moves[:n] + case.moves[n + 1 :])
    for name, moves in case.answers.items():
        for n in range(len(moves)):
            fewer = moves[:n] + moves[n + 1 :]
            yield replace(case, answers=case.answers | {name: fewer})
    for name in case.results:
        if case.results[name] is not None:
            yield replace(case, results=case.results | {name: None})
    if isinstance(case.value, dict):
        for name in case.value:
            yield replace(case, value={k: v for k, v in case.value.items() if k != name})


def smallest(case: Case, check: Callable[[Case], object], seconds: float = 30) -> Case:
    """A case that fails `check` with the same kind of exception and has nothing to spare, or what
    was found until the time is up."""
    end = time.monotonic() + seconds
    wanted = _failure(check, case)
    found = wanted is not None
    while found:
        found = False
        for smaller in _smaller(case):
            if time.monotonic() > end:
                return case
            try:
                same = _failure(check, smaller) is wanted
            except RecursionError:
                same = False
            if same:
                case, found = smaller, True
                break
    return case


def must(check: Callable[[Case], object], case: Case, show: Callable[[Case], str]) -> None:
    """Run a check; if it fails, show the smallest case that does."""
    try:
        check(case)
    except UnsatisfiedAssumption:
        raise
    except Exception:
        small = smallest(case, check)
        note(show(small))
        check(small)
        raise
