"""From a definition to what a device has (SPEC, the compiled schema)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from tsme.relational.build import build

from .compiled import load
from .contradictions import check_relations
from .inheriting import flat
from .model import Finding, Findings, Open, Schema, Source
from .names import check_handlers, check_names


@dataclass(frozen=True)
class Compiled:
    """A schema and its bytes (.tsr), with what is odd about it."""

    data: bytes
    schema: Schema
    warnings: tuple[Finding, ...] = ()
    written: frozenset[str] = frozenset()  # functions of the classes in its file


class SchemaError(Exception):
    """All that keeps a definition from being a schema."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(f"{len(findings)} problem(s)")
        self.findings = findings


def compile_schema(source: Source, open_: Open) -> Compiled:
    """Reads, checks and compiles a definition.  Raises SchemaError with all that is wrong."""
    findings = Findings()
    if source.compiled is not None:
        schema = load(source.compiled)
        check_handlers(source, [state.name for state in schema.states], findings)
        return _done(source.compiled, schema, source, findings)
    declared, (states, order, groups) = flat(source, open_, findings)
    if source.root is not None:
        check_names(declared, (states, order, groups), findings)
        check_handlers(source, dict.fromkeys([*states, "Exception"]), findings)
        if not findings.wrong:
            check_relations(states, order, declared, findings)
    if findings.wrong:
        raise SchemaError(in_order(findings.all))
    plain = {str(name): _plain(definition) for name, definition in states.items()}
    named = OrderedDict((str(name), [str(one) for one in names]) for name, names in groups.items())
    rows = [str(name) for name in order]
    data = build(declared.name, declared.version, plain, rows, named)
    return _done(data, load(data), source, findings)


def _done(data: bytes, schema: Schema, source: Source, findings: Findings) -> Compiled:
    if findings.wrong:
        raise SchemaError(in_order(findings.all))
    return Compiled(data, schema, tuple(in_order(findings.all)), source.written)


def _plain(definition: dict[str, object]) -> dict[str, object]:
    """Without places."""
    return {
        key: [str(one) for one in value] if isinstance(value, list | tuple) else value
        for key, value in definition.items()
    }


def in_order(findings: list[Finding]) -> list[Finding]:
    """By file, in the order in which files were read, and by place."""
    files = list(dict.fromkeys(found.file for found in findings))
    return sorted(
        findings,
        key=lambda f: (files.index(f.file), f.problem.where.line, f.problem.where.column),
    )
