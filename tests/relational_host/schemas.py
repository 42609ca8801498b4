"""Schemas that the tests use, and how they are read."""

from __future__ import annotations

from pathlib import Path

from tsme_host.relational.compile import Compiled, SchemaError
from tsme_host.relational.model import Finding
from tsme_host.tools.schemas import compiled

RELAY = """\
name: relay
states:
  Start: {}
  Ready: {auto: true, require: [Start]}
  Forward: {require: [Ready], remove: [_Motion]}
  Reverse: {require: [Ready], remove: [_Motion]}
  Closed: {multi: true, tags: [io], after: [Forward]}
groups:
  Motion: [Forward, Reverse]
"""


def written(folder: Path, text: str, name: str = "relay.yaml") -> Path:
    """A file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def made(folder: Path, text: str, name: str = "relay.yaml", of: str = "") -> Compiled:
    """The schema that a text is; `of`: the class in it."""
    path = written(folder, text, name)
    return compiled(f"{path}:{of}" if of else str(path))


def findings(folder: Path, text: str, name: str = "s.yaml", of: str = "") -> list[Finding]:
    """What is said of a text, mistakes and warnings."""
    try:
        return list(made(folder, text, name, of).warnings)
    except SchemaError as error:
        return error.findings
