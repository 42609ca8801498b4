"""Clients of an endpoint, with boto3: client.py URL CLIENTS.  Runs among the peers' packages.

A round `short` is so many executions of three states by so many clients, each from StartExecution
to a DescribeExecution that says SUCCEEDED, asked for every PAUSE seconds until it does; what a
server fails to do (500) is asked for again after as long.  `loop` is one execution of workload a
(in the folder of the third argument), counted in transitions.
"""

import gc
import json
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from rounds import serve

CLIENTS = int(sys.argv[2])
PAUSE = 0.002
ROLE = "arn:aws:iam::000000000000:role/r"
SHORT = {
    "StartAt": "Take",
    "States": {
        "Take": {"Type": "Pass", "Result": {"n": 1}, "Next": "Look"},
        "Look": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "Give"}],
            "Default": "Give",
        },
        "Give": {"Type": "Pass", "End": True},
    },
}
WAITING = {
    "StartAt": "Wait",
    "States": {
        "Wait": {"Type": "Wait", "Seconds": 2_592_000, "Next": "Done"},
        "Done": {"Type": "Succeed"},
    },
}

gc.freeze()  # what boto3 has loaded stays
client = boto3.client(
    "stepfunctions",
    endpoint_url=sys.argv[1],
    config=Config(max_pool_connections=CLIENTS, retries={"total_max_attempts": 1}),
)
pool = ThreadPoolExecutor(CLIENTS)
machines: dict[str, str] = {}


def machine(name, definition):
    """-> the ARN of a machine, made once."""
    if name not in machines:
        made = client.create_state_machine(name=name, definition=definition, roleArn=ROLE)
        machines[name] = made["stateMachineArn"]
    return machines[name]


def start(arn, value="{}"):
    while True:
        name = str(uuid.uuid4())
        try:
            return client.start_execution(stateMachineArn=arn, name=name, input=value)[
                "executionArn"
            ]
        except ClientError as error:
            # moto copies a machine with all its executions, which fails while one runs.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                raise
            time.sleep(PAUSE)


def ended(execution, pause):
    while (status := client.describe_execution(executionArn=execution)["status"]) == "RUNNING":
        time.sleep(pause)
    assert status == "SUCCEEDED", status


def short(count):
    # A new machine each time: what a server does with a machine's old executions is not measured.
    arn = machine(f"short-{uuid.uuid4()}", json.dumps(SHORT))
    list(pool.map(lambda _: ended(start(arn), PAUSE), range(count)))
    return count


def loop():
    folder = Path(sys.argv[3])
    arn = machine("loop", (folder / "a.asl.json").read_text())
    ended(start(arn, (folder / "a.input.json").read_text()), 0.01)
    return 20_001


def wait(count):
    """So many that wait for a month."""
    arn = machine("waiting", json.dumps(WAITING))
    begun = list(pool.map(lambda _: start(arn), range(count)))
    for execution in (begun[0], begun[-1]):
        assert client.describe_execution(executionArn=execution)["status"] == "RUNNING"
    return count


serve({"short": short, "loop": loop, "wait": wait})
