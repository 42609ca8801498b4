#!/usr/bin/env bash
# Version: state-machine-amz-py 0.0.1
# Behaviour: PersistentStateMachine.execute() takes an execution_id ("Optional custom execution ID"), and keeps each
#   execution under the id of the state machine instead. So get_execution(execution_id) finds nothing, and as the table
#   has that id as its key, every execution of a machine replaces what was kept of the one before.
# Seen: asked for first and second; kept order-workflow, twice
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install state-machine-amz-py==0.0.1
"$folder/venv/bin/python" -W ignore >"$folder/seen" <<'EOF'
import asyncio

from src.machine import PersistentStateMachine


class Manager:
    """Where it keeps executions, instead of PostgreSQL."""

    def __init__(self):
        self.ids = set()

    def save_execution(self, execution):
        self.ids.add(getattr(execution, "id", None) or execution.execution_id)

    def save_state_history(self, execution, history):
        pass


manager = Manager()
machine = PersistentStateMachine.create_from_json(
    '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}',
    persistence_manager=manager,
    state_machine_id="order-workflow",
)
for asked in ("first", "second"):
    execution = asyncio.run(machine.execute({}, execution_id=asked))
    print(execution.status, "asked for", asked, "and has", execution.id)
print("kept", *manager.ids)
EOF
diff - "$folder/seen" <<'EOF'
SUCCEEDED asked for first and has order-workflow
SUCCEEDED asked for second and has order-workflow
kept order-workflow
EOF
