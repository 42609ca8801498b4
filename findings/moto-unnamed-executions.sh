#!/usr/bin/env bash
# Version: moto 5.2.5, boto3 1.43.106
# Behaviour: with stepfunctions.execute_state_machine set, which makes moto run workflows, StartExecution without a
#   name calls every execution "None": while one of a state machine runs, a second start with the same input answers 200
#   with the first one's ARN and starts nothing (and with another input, or later, is refused as ExecutionAlreadyExists).
#   A name is optional in the API: AWS then makes a unique one, and so does moto as long as that setting is off.
# Seen: off: a name of its own, twice; on: None, twice (one execution)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install 'moto[stepfunctions]==5.2.5' boto3==1.43.106
AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_DEFAULT_REGION=us-east-1 "$folder/venv/bin/python" >"$folder/seen" <<'EOF'
import json

import boto3
from moto import mock_aws

states = {"A": {"Type": "Wait", "Seconds": 1, "End": True}}
definition = json.dumps({"StartAt": "A", "States": states})
for runs in (False, True):
    with mock_aws(config={"stepfunctions": {"execute_state_machine": runs}}):
        client = boto3.client("stepfunctions")
        role = "arn:aws:iam::123456789012:role/r"
        made = client.create_state_machine(name="m", definition=definition, roleArn=role)
        for _ in range(2):
            try:
                began = client.start_execution(stateMachineArn=made["stateMachineArn"])
            except client.exceptions.ExecutionAlreadyExists:
                print(runs, "ExecutionAlreadyExists")
            else:
                name = began["executionArn"].rsplit(":", 1)[1]
                print(runs, name if name == "None" else "a name of its own")
EOF
diff - "$folder/seen" <<'EOF'
False a name of its own
False a name of its own
True None
True None
EOF
