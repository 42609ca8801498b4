"""What docs/SERVER.md shows of tasks works as it stands there."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading

from sqlalchemy import text

from tests.interpreters import ROOT
from tests.server.served import client, served
from tests.server.test_work_mocks import ended, machine
from tests.server.test_work_worker import ARN, worker
from tests.server.working import LIMIT, task

SECTION = (
    (ROOT / "docs" / "SERVER.md").read_text().split("## Where tasks run\n")[1].split("\n## ")[0]
)
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", SECTION, re.DOTALL)
LONGEST = 10  # lines that an example has, beside empty ones


def example(begins: str) -> str:
    """The code that begins so, as it stands there."""
    (code,) = [code for _, code in BLOCKS if code.startswith(begins)]
    assert len([line for line in code.splitlines() if line]) <= LONGEST
    return code


LITRES = "# tasks.py, for tsme serve"
MORE = [code for _, code in BLOCKS if code.startswith("# tasks.py, on")]


def test_the_tasks_file(sqlite_url, tmp_path, capsys):
    path = tmp_path / "tasks.py"
    path.write_text(example(LITRES) + "".join(MORE))
    publish = task("tsme:publish", Parameters={"topic": "soil", "value": 0.5})
    with served(sqlite_url, tasks=str(path)) as (url, server):
        sfn = client(url)
        found = ended(server, sfn, machine(sfn, "a", task("Litres")), input='{"seconds": 8}')
        assert json.loads(found["output"]) == {"litres": 2}
        server.write(lambda c: c.execute(text("CREATE TABLE bookings (seat integer)")) and None)
        found = ended(server, sfn, machine(sfn, "b", task("Book")), input='{"seat": 7}')
        assert found["output"] == "7"
        with server.database.read() as connection:
            assert connection.execute(text("SELECT seat FROM bookings")).scalars().all() == [7]
        assert ended(server, sfn, machine(sfn, "c", publish))["status"] == "SUCCEEDED"
    assert capsys.readouterr().out == "soil 0.5\n"


def test_the_tasks_file_with_a_worker(sqlite_url, tmp_path):
    path = tmp_path / "tasks.py"
    path.write_text(example(LITRES))
    line = next(one for one in SECTION.splitlines() if one.startswith("    tsme worker "))
    with served(sqlite_url) as (url, server):
        words = line.split()[2:]
        assert words == ["--endpoint", "http://127.0.0.1:8083", "--tasks", "tasks.py"]
        with worker("--endpoint", url, "--tasks", str(path)) as one:
            assert one.ready() == f"polling {url} for Litres\n"
            sfn = client(url)
            flow = machine(sfn, "a", task(ARN + "Litres"))
            assert json.loads(ended(server, sfn, flow, input='{"seconds": 8}')["output"]) == {
                "litres": 2
            }
            assert one.end() == (0, "")


def test_the_worker_of_an_activity(sqlite_url):
    with served(sqlite_url) as (url, server):
        sfn = client(url)
        arn = "arn:aws:states:us-east-1:000000000000:activity:dig"
        sfn.create_activity(name="dig")
        code = example("# worker.py").replace("http://127.0.0.1:8083", url)
        # The example polls for ever; here it ends with its first task.
        code = code.replace("while task :=", "if task :=")
        thread = threading.Thread(target=exec, args=(compile(code, "worker.py", "exec"), {}))
        thread.start()
        found = ended(server, sfn, machine(sfn, "a", task(arn)), input='{"cm": 40}')
        thread.join(LIMIT)
    assert json.loads(found["output"]) == {"deep": 40}


def test_the_lambda_endpoint(sqlite_url, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    path = tmp_path / "functions.py"
    path.write_text(example("# functions.py").replace("9001", port))
    retry = [{"ErrorEquals": ["Lambda.SdkClientException"], "MaxAttempts": 50, "BackoffRate": 1}]
    with subprocess.Popen([sys.executable, str(path)], stderr=subprocess.DEVNULL) as functions:
        try:
            endpoint = f"http://127.0.0.1:{port}"
            with served(sqlite_url, lambda_endpoint=endpoint) as (url, server):
                sfn = client(url)
                arn = "arn:aws:lambda:us-east-1:000000000000:function:add"
                flow = machine(sfn, "a", task(arn, Retry=retry))  # it may begin slowly
                assert ended(server, sfn, flow, input='{"n": 1}')["output"] == "2"
        finally:
            functions.kill()


def test_the_mocks(sqlite_url, tmp_path):
    path = tmp_path / "MockConfigFile.json"
    path.write_text(example('{"StateMachines"'))
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
