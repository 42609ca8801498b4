"""Brings the tables of a database up to date, by the steps in versions/ (Alembic).

A step is a file `NNNN_what.py` with `revision`, `down_revision` and `upgrade()`.  All steps that a
database lacks run in one transaction when it is opened; of several processes one makes them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from ..tools.errors import HostError

TABLE: Final = "tsme_version"  # names the last step made; the application may use Alembic too
_LOCK: Final = 0x74736D65  # of PostgreSQL's advisory locks: "tsme"


@cache
def _steps() -> ScriptDirectory:
    here = Path(__file__).parent
    return ScriptDirectory(here, version_locations=[here / "versions"])


def newest() -> str:
    """The step that this release's tables come from."""
    head = _steps().get_current_head()
    assert head, "versions/ has a first step"
    return head


def run(connection: Connection, name: str) -> None:
    """Make the steps that the database `name` lacks, within the transaction of a connection.

    Raises HostError, TSME-S014, if it has steps that this release does not know.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    made = MigrationContext.configure(connection, opts={"version_table": TABLE})
    has = made.get_current_heads()
    known = {step.revision for step in _steps().walk_revisions()}
    if not known.issuperset(has):
        message = f'the database "{name}" was written by a newer tsme (its tables are of step '
        message += f"{', '.join(has)}, this release knows up to {newest()})"
        raise HostError("TSME-S014", message, "use that release or a later one")
    if has == (newest(),):
        return

    script = _steps()
    missing = list(script.iterate_revisions(newest(), has[0] if has else "base"))
    steps = [RevisionStep(script.revision_map, step, True) for step in reversed(missing)]
    with EnvironmentContext(Config(), script, fn=lambda *_: steps) as environment:
        environment.configure(connection=connection, version_table=TABLE)
        environment.run_migrations()
