"""The tables of the first release that had a database."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)

revision = "0001"
down_revision = None

NUMBER = BigInteger().with_variant(Integer(), "sqlite")
NAME = Text().with_variant(Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make them."""
    _programs()
    _machines()
    _executions()
    _records()
    _tasks()
    _notes()
    _map_runs()
    _jobs()


def _programs() -> None:
    op.create_table(
        "tsme_programs",
        Column("digest", LargeBinary(), nullable=False),
        Column("data", LargeBinary(), nullable=False),
        Column("definition", Text(), nullable=True),
        Column("created", BigInteger(), nullable=False),
        PrimaryKeyConstraint("digest", name=op.f("pk_tsme_programs")),
    )


def _machines() -> None:
    op.create_table(
        "tsme_machines",
        Column("arn", NAME, nullable=False),
        Column("name", NAME, nullable=False),
        Column("type", Text(), nullable=False),
        Column("status", Text(), nullable=False),
        Column("digest", LargeBinary(), nullable=False),
        Column("definition", Text(), nullable=False),
        Column("role", Text(), nullable=False),
        Column("description", Text(), nullable=True),
        Column("revision", Text(), nullable=True),
        Column("settings", JSON(), nullable=False),
        Column("last_version", Integer(), server_default="0", nullable=False),
        Column("created", BigInteger(), nullable=False),
        Column("updated", BigInteger(), nullable=True),
        ForeignKeyConstraint(
            ["digest"], ["tsme_programs.digest"], name=op.f("fk_tsme_machines_digest")
        ),
        PrimaryKeyConstraint("arn", name=op.f("pk_tsme_machines")),
        UniqueConstraint("name", name=op.f("uq_tsme_machines_name")),
    )
    op.create_table(
        "tsme_versions",
        Column("arn", NAME, nullable=False),
        Column("machine", NAME, nullable=False),
        Column("number", Integer(), nullable=False),
        Column("digest", LargeBinary(), nullable=False),
        Column("definition", Text(), nullable=False),
        Column("role", Text(), nullable=False),
        Column("description", Text(), nullable=True),
        Column("revision", Text(), nullable=True),
        Column("settings", JSON(), nullable=False),
        Column("created", BigInteger(), nullable=False),
        ForeignKeyConstraint(
            ["digest"], ["tsme_programs.digest"], name=op.f("fk_tsme_versions_digest")
        ),
        ForeignKeyConstraint(
            ["machine"],
            ["tsme_machines.arn"],
            name=op.f("fk_tsme_versions_machine"),
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("arn", name=op.f("pk_tsme_versions")),
        UniqueConstraint("machine", "number", name=op.f("uq_tsme_versions_machine_number")),
    )
    op.create_table(
        "tsme_aliases",
        Column("arn", NAME, nullable=False),
        Column("machine", NAME, nullable=False),
        Column("name", NAME, nullable=False),
        Column("description", Text(), nullable=True),
        Column("routing", JSON(), nullable=False),
        Column("created", BigInteger(), nullable=False),
        Column("updated", BigInteger(), nullable=False),
        ForeignKeyConstraint(
            ["machine"],
            ["tsme_machines.arn"],
            name=op.f("fk_tsme_aliases_machine"),
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("arn", name=op.f("pk_tsme_aliases")),
    )
    op.create_table(
        "tsme_tags",
        Column("arn", NAME, nullable=False),
        Column("key", NAME, nullable=False),
        Column("value", Text(), nullable=False),
        PrimaryKeyConstraint("arn", "key", name=op.f("pk_tsme_tags")),
    )


def _index_of_some(having: str, column: str) -> None:
    """Of the executions alone that have something."""
    there = text(f"{having} IS NOT NULL")
    op.create_index(
        f"ix_tsme_executions_{having}",
        "tsme_executions",
        [column],
        unique=False,
        sqlite_where=there,
        postgresql_where=there,
    )


def _executions() -> None:
    op.create_table(
        "tsme_executions",
        Column("id", NUMBER, autoincrement=True, nullable=False),
        Column("arn", NAME, nullable=False),
        Column("name", NAME, nullable=False),
        Column("machine", NAME, nullable=True),
        Column("version", NAME, nullable=True),
        Column("alias", NAME, nullable=True),
        Column("type", Text(), nullable=False),
        Column("digest", LargeBinary(), nullable=False),
        Column("status", Text(), nullable=False),
        Column("started", BigInteger(), nullable=False),
        Column("stopped", BigInteger(), nullable=True),
        Column("input", Text(), nullable=False),
        Column("output", Text(), nullable=True),
        Column("error", Text(), nullable=True),
        Column("cause", Text(), nullable=True),
        Column("trace", Text(), nullable=True),
        Column("redrives", Integer(), server_default="0", nullable=False),
        Column("redriven", BigInteger(), nullable=True),
        Column("parent", NUMBER, nullable=True),
        Column("settings", JSON(), server_default="{}", nullable=False),
        Column("notes", JSON(), server_default="{}", nullable=False),
        Column("owner", Text(), nullable=True),
        Column("epoch", BigInteger(), server_default="0", nullable=False),
        Column("leased", BigInteger(), nullable=True),
        Column("due", BigInteger(), nullable=True),
        Column("given", BigInteger(), server_default="0", nullable=False),
        Column("records", BigInteger(), server_default="0", nullable=False),
        Column("checkpoint", BigInteger(), server_default="0", nullable=False),
        Column("broken", Text(), nullable=True),
        Column("exported", BigInteger(), nullable=True),
        ForeignKeyConstraint(
            ["digest"], ["tsme_programs.digest"], name=op.f("fk_tsme_executions_digest")
        ),
        PrimaryKeyConstraint("id", name=op.f("pk_tsme_executions")),
        UniqueConstraint("arn", name=op.f("uq_tsme_executions_arn")),
    )
    _index_of_some("due", "due")
    op.create_index(
        "ix_tsme_executions_machine_started",
        "tsme_executions",
        ["machine", "started"],
        unique=False,
    )
    op.create_index("ix_tsme_executions_started", "tsme_executions", ["started", "id"])
    op.create_index("ix_tsme_executions_stopped", "tsme_executions", ["stopped"])
    _index_of_some("parent", "parent")
    _index_of_some("owner", "owner")
    op.create_index(
        "ix_tsme_executions_status_started", "tsme_executions", ["status", "started"], unique=False
    )
    _index_of_some("broken", "id")


def _records() -> None:
    op.create_table(
        "tsme_records",
        Column("execution", NUMBER, nullable=False),
        Column("number", BigInteger(), autoincrement=False, nullable=False),
        Column("kind", SmallInteger(), nullable=False),
        Column("body", LargeBinary(), nullable=False),
        ForeignKeyConstraint(
            ["execution"],
            ["tsme_executions.id"],
            name=op.f("fk_tsme_records_execution"),
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("execution", "number", name=op.f("pk_tsme_records")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tsme_inputs",
        Column("execution", NUMBER, nullable=False),
        Column("number", BigInteger(), autoincrement=False, nullable=False),
        Column("kind", SmallInteger(), nullable=False),
        Column("fields", LargeBinary(), nullable=False),
        Column("received", BigInteger(), nullable=False),
        ForeignKeyConstraint(
            ["execution"],
            ["tsme_executions.id"],
            name=op.f("fk_tsme_inputs_execution"),
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("execution", "number", name=op.f("pk_tsme_inputs")),
        sqlite_with_rowid=False,
    )


def _tasks() -> None:
    op.create_table(
        "tsme_activities",
        Column("arn", NAME, nullable=False),
        Column("name", NAME, nullable=False),
        Column("settings", JSON(), nullable=False),
        Column("created", BigInteger(), nullable=False),
        PrimaryKeyConstraint("arn", name=op.f("pk_tsme_activities")),
        UniqueConstraint("name", name=op.f("uq_tsme_activities_name")),
    )
    op.create_table(
        "tsme_tasks",
        Column("token", Text(), nullable=False),
        Column("execution", NUMBER, nullable=False),
        Column("action", BigInteger(), nullable=False),
        Column("activity", Text(), nullable=True),
        Column("input", Text(), nullable=True),
        Column("worker", Text(), nullable=True),
        Column("scheduled", BigInteger(), nullable=False),
        Column("taken", BigInteger(), nullable=True),
        ForeignKeyConstraint(
            ["execution"],
            ["tsme_executions.id"],
            name=op.f("fk_tsme_tasks_execution"),
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("token", name=op.f("pk_tsme_tasks")),
        UniqueConstraint("execution", "action", name=op.f("uq_tsme_tasks_execution_action")),
    )
    op.create_index(
        "ix_tsme_tasks_activity_scheduled", "tsme_tasks", ["activity", "scheduled"], unique=False
    )


def _notes() -> None:
    op.create_table(
        "tsme_notes",
        Column("execution", NUMBER, nullable=False),
        Column("action", BigInteger(), autoincrement=False, nullable=False),
        Column("kind", Text(), nullable=False),
        Column("record", BigInteger(), nullable=False),
        Column("seen", BigInteger(), nullable=False),
        Column("body", Text(), nullable=False),
        ForeignKeyConstraint(
            ["execution"],
            ["tsme_executions.id"],
            name=op.f("fk_tsme_notes_execution"),
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("execution", "action", "kind", name=op.f("pk_tsme_notes")),
        sqlite_with_rowid=False,
    )


def _map_runs() -> None:
    op.create_table(
        "tsme_map_runs",
        Column("arn", NAME, nullable=False),
        Column("execution", NUMBER, nullable=False),
        Column("state", Text(), nullable=False),
        Column("settings", JSON(), nullable=False),
        Column("started", BigInteger(), nullable=False),
        Column("stopped", BigInteger(), nullable=True),
        ForeignKeyConstraint(
            ["execution"],
            ["tsme_executions.id"],
            name=op.f("fk_tsme_map_runs_execution"),
            ondelete="CASCADE",
        ),
        PrimaryKeyConstraint("arn", name=op.f("pk_tsme_map_runs")),
    )
    op.create_index("ix_tsme_map_runs_execution", "tsme_map_runs", ["execution"])
    op.create_table(
        "tsme_workers",
        Column("name", NAME, nullable=False),
        Column("started", BigInteger(), nullable=False),
        Column("seen", BigInteger(), nullable=False),
        PrimaryKeyConstraint("name", name=op.f("pk_tsme_workers")),
    )


def _jobs() -> None:
    op.create_table(
        "tsme_jobs",
        Column("id", NUMBER, autoincrement=True, nullable=False),
        Column("name", Text(), nullable=False),
        Column("arguments", JSON(), nullable=False),
        Column("due", BigInteger(), nullable=True),
        Column("attempts", Integer(), server_default="0", nullable=False),
        Column("error", Text(), nullable=True),
        PrimaryKeyConstraint("id", name=op.f("pk_tsme_jobs")),
    )
    op.create_index(
        "ix_tsme_jobs_due",
        "tsme_jobs",
        ["due"],
        unique=False,
        sqlite_where=text("due IS NOT NULL"),
        postgresql_where=text("due IS NOT NULL"),
    )
