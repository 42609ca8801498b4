"""The tables, as SQLAlchemy has them; migrations/ makes them and says when each came.

Times are integers, milliseconds since 1970.  Values of workflows are JSON text as they came in or
went out.  Names of statuses and types are those of AWS's API.  An execution is known by a number
inside and by its ARN outside; its records are those of a journal (docs/SPEC.md, 4.3), so what
stands in the other columns of `executions` can be worked out again from them.

All names begin with "tsme_": handlers may write tables of their own into the same database.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)

# Of SQLite only an INTEGER is a key that numbers itself.
NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
# What is sorted or looked for by its beginning: by code points, in both databases.
NAME: Final = Text().with_variant(Text(collation="C"), "postgresql")


class Words(TypeDecorator[str]):
    """Text of any characters.  PostgreSQL has no U+0000, so it is kept as U+001A and "0"."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace("\x1a", "\x1a1").replace("\0", "\x1a0")

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value is None or "\x1a" not in value:
            return value
        return str(value).replace("\x1a0", "\0").replace("\x1a1", "\x1a")


def _time(name: str, nullable: bool = True) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


# Programs that an execution or a machine may still need, by the digest that journals name them by.
programs: Final = Table(
    "tsme_programs",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # its key: records.keep_program
    # A .tsm file: the program and its debug part; of a machine what records.keep_machine says.
    Column("data", LargeBinary, nullable=False),
    Column("definition", Text),  # the ASL; None for a program that was imported without it
    _time("created", nullable=False),
)

# State machines, their published versions, and aliases.
machines: Final = Table(
    "tsme_machines",
    metadata,
    Column("arn", NAME, primary_key=True),
    Column("name", NAME, nullable=False, unique=True),
    Column("type", Text, nullable=False),  # STANDARD, EXPRESS
    Column("status", Text, nullable=False),  # ACTIVE, DELETING
    Column("digest", LargeBinary, ForeignKey("tsme_programs.digest"), nullable=False),
    Column("definition", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("description", Text),  # of the newest version
    Column("revision", Text),  # a UUID; None: "INITIAL"
    Column("settings", JSON, nullable=False),  # logging, tracing, encryption, as they were given
    Column("last_version", Integer, nullable=False, server_default="0"),
    _time("created", nullable=False),
    _time("updated"),
)
versions: Final = Table(
    "tsme_versions",
    metadata,
    Column("arn", NAME, primary_key=True),
    Column("machine", NAME, ForeignKey("tsme_machines.arn", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("digest", LargeBinary, ForeignKey("tsme_programs.digest"), nullable=False),
    Column("definition", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("description", Text),
    Column("revision", Text),
    Column("settings", JSON, nullable=False),
    _time("created", nullable=False),
    UniqueConstraint("machine", "number"),
)
aliases: Final = Table(
    "tsme_aliases",
    metadata,
    Column("arn", NAME, primary_key=True),
    Column("machine", NAME, ForeignKey("tsme_machines.arn", ondelete="CASCADE"), nullable=False),
    Column("name", NAME, nullable=False),
    Column("description", Text),
    Column("routing", JSON, nullable=False),  # [[ARN of a version, weight of 100], ..]
    _time("created", nullable=False),
    _time("updated", nullable=False),
)
tags: Final = Table(
    "tsme_tags",
    metadata,
    Column("arn", NAME, primary_key=True),
    Column("key", NAME, primary_key=True),
    Column("value", Text, nullable=False),
)

executions: Final = Table(
    "tsme_executions",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("arn", NAME, nullable=False, unique=True),
    Column("name", NAME, nullable=False),
    Column("machine", NAME),  # its ARN; None for a journal that was imported
    Column("version", NAME),
    Column("alias", NAME),
    Column("type", Text, nullable=False),
    Column("digest", LargeBinary, ForeignKey("tsme_programs.digest"), nullable=False),
    Column("status", Text, nullable=False),
    _time("started", nullable=False),
    _time("stopped"),
    Column("input", Text, nullable=False),
    Column("output", Text),
    Column("error", Words),
    Column("cause", Words),
    Column("trace", Text),  # X-Ray's header, kept and given back
    Column("redrives", Integer, nullable=False, server_default="0"),
    _time("redriven"),
    Column("parent", NUMBER),  # whose child of a Map run it is, or who started it
    Column("settings", JSON, nullable=False, server_default="{}"),
    # What other parts of the server keep about it.
    Column("notes", JSON, nullable=False, server_default="{}"),
    # Who runs it, and until when; every write of theirs checks the epoch (leases.py).
    Column("owner", Text),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    _time("leased"),
    # When it has something to do: a timer is due, or an input waits (0); None: nothing to do.
    _time("due"),
    Column("given", BigInteger, nullable=False, server_default="0"),  # number of the next input
    Column("records", BigInteger, nullable=False, server_default="0"),  # of the next record
    Column("checkpoint", BigInteger, nullable=False, server_default="0"),  # of the newest one
    Column("broken", Words),  # why it cannot go on (server/broken.py)
    Column("exported", BigInteger),  # records that it had when it was exported (exporting.py)
    Index("ix_tsme_executions_due", "due", sqlite_where=text("due IS NOT NULL"),
          postgresql_where=text("due IS NOT NULL")),
    Index("ix_tsme_executions_machine_started", "machine", "started"),
    Index("ix_tsme_executions_status_started", "status", "started"),
    Index("ix_tsme_executions_started", "started", "id"),
    Index("ix_tsme_executions_stopped", "stopped"),
    Index("ix_tsme_executions_parent", "parent", sqlite_where=text("parent IS NOT NULL"),
          postgresql_where=text("parent IS NOT NULL")),
    Index("ix_tsme_executions_owner", "owner", sqlite_where=text("owner IS NOT NULL"),
          postgresql_where=text("owner IS NOT NULL")),
    Index("ix_tsme_executions_broken", "id", sqlite_where=text("broken IS NOT NULL"),
          postgresql_where=text("broken IS NOT NULL")),
)  # fmt: skip

# The records of its journal, numbered from 0; kind and body as docs/SPEC.md, 4.3, has them.
records: Final = Table(
    "tsme_records",
    metadata,
    Column(
        "execution", NUMBER, ForeignKey("tsme_executions.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,  # one tree to write, not two
)

# Inputs that wait for the worker that has the execution, in the order of their numbers.
inputs: Final = Table(
    "tsme_inputs",
    metadata,
    Column(
        "execution", NUMBER, ForeignKey("tsme_executions.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),  # of docs/SPEC.md, 3.1
    Column("fields", LargeBinary, nullable=False),  # CBOR of what follows kind and time
    _time("received", nullable=False),
    sqlite_with_rowid=False,  # one tree to write, not two
)

# Activities, and what is pending for whoever completes it by a token: their tasks, and callbacks.
activities: Final = Table(
    "tsme_activities",
    metadata,
    Column("arn", NAME, primary_key=True),
    Column("name", NAME, nullable=False, unique=True),
    Column("settings", JSON, nullable=False),
    _time("created", nullable=False),
)
tasks: Final = Table(
    "tsme_tasks",
    metadata,
    Column("token", Text, primary_key=True),
    Column(
        "execution", NUMBER, ForeignKey("tsme_executions.id", ondelete="CASCADE"), nullable=False
    ),
    Column("action", BigInteger, nullable=False),
    Column("activity", Text),  # whose it is to poll for; None: a callback
    Column("input", Text),
    Column("worker", Text),  # who took it
    _time("scheduled", nullable=False),
    _time("taken"),
    UniqueConstraint("execution", "action"),
    Index("ix_tsme_tasks_activity_scheduled", "activity", "scheduled"),
)

# What was seen of a task outside of the records, where a history has it: who took an activity
# ("started", "" for someone without a name), what a service answered at once ("submitted", JSON).
notes: Final = Table(
    "tsme_notes",
    metadata,
    Column(
        "execution", NUMBER, ForeignKey("tsme_executions.id", ondelete="CASCADE"), primary_key=True
    ),
    Column("action", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("record", BigInteger, nullable=False),  # the number of the one that followed
    _time("seen", nullable=False),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)

map_runs: Final = Table(
    "tsme_map_runs",
    metadata,
    Column("arn", NAME, primary_key=True),
    Column(
        "execution", NUMBER, ForeignKey("tsme_executions.id", ondelete="CASCADE"), nullable=False
    ),
    Column("state", Text, nullable=False),
    Column("settings", JSON, nullable=False),  # concurrency and tolerated failures, as updated
    _time("started", nullable=False),
    _time("stopped"),
    Index("ix_tsme_map_runs_execution", "execution"),
)

# Processes that run executions.
workers: Final = Table(
    "tsme_workers",
    metadata,
    Column("name", NAME, primary_key=True),
    _time("started", nullable=False),
    _time("seen", nullable=False),
)

# Of SQLite: jobs beside executions (server/jobs.py), which PostgreSQL has Procrastinate for.
jobs: Final = Table(
    "tsme_jobs",
    metadata,
    Column("id", NUMBER, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("arguments", JSON, nullable=False),
    _time("due"),  # None: given up
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", Text),  # of the last attempt
    Index("ix_tsme_jobs_due", "due", sqlite_where=text("due IS NOT NULL"),
          postgresql_where=text("due IS NOT NULL")),
)  # fmt: skip
