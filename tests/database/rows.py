"""Rows of executions for tests that need no server to make them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from sqlalchemy import Connection, insert

from tsme_host.compiler.compile import compile_text
from tsme_host.database.records import keep_program
from tsme_host.database.tables import executions

TASK = {"Type": "Task", "Resource": "add"}
FLOW = {
    "StartAt": "A",
    "States": {"A": TASK | {"Next": "B"}, "B": TASK | {"Next": "C"}, "C": TASK | {"End": True}},
}


@cache
def program_of(definition: str = json.dumps(FLOW)) -> bytes:
    """The .tsm file of a workflow, with its debug part."""
    return compile_text(definition).data


def add_execution(connection: Connection, name: str, **values: Any) -> int:
    """An execution of FLOW, running, without records.  -> its id"""
    row = {
        "arn": f"arn:aws:states:us-east-1:000000000000:execution:m:{name}",
        "name": name,
        "machine": "arn:aws:states:us-east-1:000000000000:stateMachine:m",
        "type": "STANDARD",
        "digest": keep_program(connection, program_of(), json.dumps(FLOW)),
        "status": "RUNNING",
        "started": 1_000,
        "input": "3",
        "settings": {},
        "notes": {},
    }
    made = connection.execute(insert(executions).values(row | values))
    (number,) = made.inserted_primary_key or (0,)
    return int(number)
