"""state-machine-amz-py with PostgreSQL, the example of its README: in_amz.py URL.

A round `one` runs so many executions of two Tasks each, one after the other; `many` gathers them
in its event loop.
"""

import asyncio
import sys
import warnings
from datetime import datetime

from in_amz_example import DEFINITION
from rounds import serve
from src.machine import PersistentStateMachine
from src.repository import PersistenceManager, RepositoryConfig
from src.states import with_execution_context

warnings.simplefilter("ignore")  # its datetime.utcnow()


class TaskContext:
    """As in the README."""

    def __init__(self):
        self.handlers = {}

    def register_handler(self, name, handler):
        self.handlers[name] = handler

    def get_task_handler(self, resource):
        return self.handlers.get(resource)


async def process_order(resource, input_data, parameters=None):
    """As in the README."""
    order_id = input_data["order_id"]
    time = datetime.utcnow().isoformat()
    return {"order_id": order_id, "status": "processed", "timestamp": time}


async def send_email(resource, input_data, parameters=None):
    return input_data


manager = PersistenceManager(RepositoryConfig(strategy="postgres", connection_url=sys.argv[1]))
manager.initialize()
tasks = TaskContext()
tasks.register_handler("process-order", process_order)
tasks.register_handler("send-email", send_email)
machine = PersistentStateMachine.create_from_json(
    DEFINITION, persistence_manager=manager, state_machine_id="order-workflow-v1"
)


async def run(number):
    execution = await machine.execute(
        {"order_id": "12345"},
        with_execution_context({}, tasks),
        execution_name=f"Order-{number}",
    )
    assert execution.status == "SUCCEEDED", execution.error


async def run_all(count, at_once):
    for number in range(0, count, at_once):
        await asyncio.gather(*(run(number + at) for at in range(at_once)))


def one(count):
    asyncio.run(run_all(count, 1))
    return 2 * count


def many(count):
    asyncio.run(run_all(count, count))
    return 2 * count


serve({"one": one, "many": many})
