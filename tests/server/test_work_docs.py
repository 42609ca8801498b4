"""What docs/SERVER.md shows of tasks works as it stands there."""

from __future__ import annotations

import json
import re
import threading

from sqlalchemy import text

from tests.interpreters import ROOT
from tests.server.lambdas import lambdas
from tests.server.served import client, served
from tests.server.test_work_mocks import ended, machine
from tests.server.working import LIMIT, task

SECTION = (
    (ROOT / "docs" / "SERVER.md").read_text().split("## Where tasks run\n")[1].split("\n## ")[0]
)
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", SECTION, re.DOTALL)
PYTHON = [code for kind, code in BLOCKS if kind == "python"]


def test_the_tasks_file(sqlite_url, tmp_path):
    path = tmp_path / "tasks.py"
    path.write_text(PYTHON[0] + PYTHON[1])
    with served(sqlite_url, tasks=str(path)) as (url, server):
        sfn = client(url)
        found = ended(server, sfn, machine(sfn, "a", task("Litres")), input='{"seconds": 8}')
        assert json.loads(found["output"]) == {"litres": 2}
        server.write(lambda c: c.execute(text("CREATE TABLE bookings (seat integer)")) and None)
        found = ended(server, sfn, machine(sfn, "b", task("Book")), input='{"seat": 7}')
        assert found["output"] == "7"
        with server.database.read() as connection:
            assert connection.execute(text("SELECT seat FROM bookings")).scalars().all() == [7]


def test_the_worker_of_an_activity(sqlite_url):
    with served(sqlite_url) as (url, server):
        sfn = client(url)
        arn = "arn:aws:states:us-east-1:000000000000:activity:dig"
        sfn.create_activity(name="dig")
        code = PYTHON[2].replace("http://127.0.0.1:8083", url)
        # The example polls for ever; here it ends with its first task.
        code = code.replace("while task :=", "if task :=")
        thread = threading.Thread(target=exec, args=(compile(code, "worker.py", "exec"), {}))
        thread.start()
        found = ended(server, sfn, machine(sfn, "a", task(arn)), input='{"cm": 40}')
        thread.join(LIMIT)
    assert json.loads(found["output"]) == {"deep": 40}


def test_the_lambda_endpoint(sqlite_url):
    with (
        lambdas(add=lambda v: v["n"] + 1) as (endpoint, _),
        served(sqlite_url, lambda_endpoint=endpoint) as (url, server),
    ):
        sfn = client(url)
        flow = task("arn:aws:lambda:us-east-1:000000000000:function:add")
        assert ended(server, sfn, machine(sfn, "a", flow), input='{"n": 1}')["output"] == "2"


def test_the_mocks(sqlite_url, tmp_path):
    path = tmp_path / "MockConfigFile.json"
    path.write_text(next(code for kind, code in BLOCKS if kind == "json"))
    flow = {
        "StartAt": "Open",
        "States": {
            "Open": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Retry": [{"ErrorEquals": ["Jam"]}],
                "End": True,
            }
        },
    }
    with served(sqlite_url, mocks=str(path), wait_scale=0) as (url, server):
        sfn = client(url)
        found = ended(server, sfn, machine(sfn, "water", flow) + "#Jams")
    assert json.loads(found["output"]) == {"litres": 150}
