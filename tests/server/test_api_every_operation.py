"""Every operation of botocore's model answers a valid request: none is left out."""

from __future__ import annotations

import json

from tests.server.executing import PASS, begin, ended, machine
from tests.server.served import ROLE
from tests.server.test_api_executions_map_runs import distributed
from tsme_host.server import shapes

TEXT = json.dumps({"StartAt": "P", "States": {"P": PASS}})


class World:
    """What the requests are about, made by the operations themselves."""

    def __init__(self, sfn):
        self.sfn = sfn
        self.arn = machine(sfn, {"P": PASS}, name="plain")
        self.express = machine(sfn, {"P": PASS}, name="quick", type="EXPRESS")
        self.dig = sfn.create_activity(name="dig")["activityArn"]
        task = {"Type": "Task", "Resource": self.dig, "HeartbeatSeconds": 600, "End": True}
        self.digging = machine(sfn, {"T": task}, name="digging")
        self.mapped = machine(sfn, distributed({"T": task}), name="mapped")

    def version(self):
        made = self.sfn.publish_state_machine_version(stateMachineArn=self.arn)
        return made["stateMachineVersionArn"]

    def alias(self, name):
        route = [{"stateMachineVersionArn": self.version(), "weight": 100}]
        made = self.sfn.create_state_machine_alias(name=name, routingConfiguration=route)
        return made["stateMachineAliasArn"]

    def token(self):
        begin(self.sfn, self.digging)
        return self.sfn.get_activity_task(activityArn=self.dig)["taskToken"]

    def map_run(self):
        execution = begin(self.sfn, self.mapped, {"items": [1]})
        return self.sfn.list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]

    def failed(self):
        execution = begin(self.sfn, self.digging)
        self.sfn.stop_execution(executionArn=execution)
        return ended(self.sfn, execution)["executionArn"]


def requests(w):
    """A valid request of each operation, by its name; made when it is asked for."""
    return {
        "CreateActivity": lambda: {"name": "rake"},
        "CreateStateMachine": lambda: {"name": "new", "definition": TEXT, "roleArn": ROLE},
        "CreateStateMachineAlias": lambda: {
            "name": "blue",
            "routingConfiguration": [{"stateMachineVersionArn": w.version(), "weight": 100}],
        },
        "DeleteActivity": lambda: {
            "activityArn": w.sfn.create_activity(name="gone")["activityArn"]
        },
        "DeleteStateMachine": lambda: {
            "stateMachineArn": machine(w.sfn, {"P": PASS}, name="gone")
        },
        "DeleteStateMachineAlias": lambda: {"stateMachineAliasArn": w.alias("gone")},
        "DeleteStateMachineVersion": lambda: {"stateMachineVersionArn": f"{w.arn}:9"},
        "DescribeActivity": lambda: {"activityArn": w.dig},
        "DescribeExecution": lambda: {"executionArn": begin(w.sfn, w.arn)},
        "DescribeMapRun": lambda: {"mapRunArn": w.map_run()},
        "DescribeStateMachine": lambda: {"stateMachineArn": w.arn},
        "DescribeStateMachineAlias": lambda: {"stateMachineAliasArn": w.alias("green")},
        "DescribeStateMachineForExecution": lambda: {"executionArn": begin(w.sfn, w.arn)},
        "GetActivityTask": lambda: begin(w.sfn, w.digging) and {"activityArn": w.dig},
        "GetExecutionHistory": lambda: {"executionArn": begin(w.sfn, w.arn)},
        "ListActivities": dict,
        "ListExecutions": lambda: {"mapRunArn": w.map_run()},
        "ListMapRuns": lambda: {"executionArn": begin(w.sfn, w.mapped, {"items": []})},
        "ListStateMachineAliases": lambda: {"stateMachineArn": w.arn},
        "ListStateMachineVersions": lambda: {"stateMachineArn": w.arn},
        "ListStateMachines": dict,
        "ListTagsForResource": lambda: {"resourceArn": w.arn},
        "PublishStateMachineVersion": lambda: {"stateMachineArn": w.arn},
        "RedriveExecution": lambda: {"executionArn": w.failed()},
        "SendTaskFailure": lambda: {"taskToken": w.token(), "error": "E"},
        "SendTaskHeartbeat": lambda: {"taskToken": w.token()},
        "SendTaskSuccess": lambda: {"taskToken": w.token(), "output": "1"},
        "StartExecution": lambda: {"stateMachineArn": w.arn},
        "StartSyncExecution": lambda: {"stateMachineArn": w.express},
        "StopExecution": lambda: {"executionArn": begin(w.sfn, w.digging)},
        "TagResource": lambda: {"resourceArn": w.arn, "tags": [{"key": "a", "value": "b"}]},
        "TestState": lambda: {"definition": json.dumps(PASS), "roleArn": ROLE},
        "UntagResource": lambda: {"resourceArn": w.arn, "tagKeys": ["a"]},
        "UpdateMapRun": lambda: {"mapRunArn": w.map_run(), "maxConcurrency": 2},
        "UpdateStateMachine": lambda: {"stateMachineArn": w.arn, "definition": TEXT},
        "UpdateStateMachineAlias": lambda: {
            "stateMachineAliasArn": w.alias("red"), "description": "d"
        },
        "ValidateStateMachineDefinition": lambda: {"definition": TEXT},
    }  # fmt: skip


def test_every_operation_of_the_model_answers(sfn, server):
    asked = requests(World(sfn))
    assert sorted(asked) == shapes.operations() == sorted(server.operations)
    from botocore import xform_name

    for name, request in asked.items():
        answer = getattr(sfn, xform_name(name))(**request())  # a refusal would raise
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200, name
