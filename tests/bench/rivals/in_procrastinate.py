"""One job an input on Procrastinate: in_procrastinate.py URL worker|client.

A job is an input of an execution (its lock) and writes one row of a journal. The client's round
`one` defers so many inputs of each of 200 executions, and waits until two workers have done them.
"""

import asyncio
import sys
import time

import procrastinate
import psycopg
from rounds import serve

EXECUTIONS = 200
journal: list[psycopg.AsyncConnection] = []  # the one of a worker
url = sys.argv[1]
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))


@app.task(name="input")
async def handle(execution, number):
    async with journal[0].cursor() as cursor:
        await cursor.execute(
            "insert into journal select %s, coalesce(max(record), 0) + 1, %s from journal"
            " where execution = %s",
            (execution, b"x" * 60, execution),
        )


async def worker():
    """One at a time, as a lock needs; told by NOTIFY; finished jobs leave no row."""
    journal.append(await psycopg.AsyncConnection.connect(url, autocommit=True))
    async with app.open_async():
        print("ready", flush=True)
        running = asyncio.create_task(
            app.run_worker_async(
                concurrency=1, delete_jobs="successful", fetch_job_polling_interval=0.5
            )
        )
        await asyncio.to_thread(sys.stdin.read)
        running.cancel()


async def defer(inputs):
    """All inputs of an execution in one batch: the quickest way there is."""
    async with app.open_async():
        for execution in range(EXECUTIONS):
            await app.configure_task("input", lock=str(execution)).batch_defer_async(
                *({"execution": execution, "number": number} for number in range(inputs))
            )


def one(inputs):
    with psycopg.connect(url, autocommit=True) as connection:

        def rows():
            return connection.execute("select count(*) from journal").fetchone()[0]

        wanted = rows() + EXECUTIONS * inputs
        asyncio.run(defer(inputs))
        while rows() < wanted:
            time.sleep(0.02)
    return EXECUTIONS * inputs


if sys.argv[2] == "worker":
    asyncio.run(worker())
else:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "create table journal (execution int, record int, body bytea,"
            " primary key (execution, record))"
        )
    with app.open():
        app.schema_manager.apply_schema()
    serve({"one": one})
