# The heap of a board with so many executions of workload e: heap.py.
#
#     heap_board.py PROGRAM INPUT FLASH COUNT
import sys
from binascii import crc32

import heap  # type: ignore[import-not-found]

FLAKY = "arn:aws:lambda:us-east-1:000000000000:function:flaky"
BOOM = "arn:aws:lambda:us-east-1:000000000000:function:boom"


class Store:
    # Of one program, in flash.
    def __init__(self, path):
        self.path = path

    def get(self, digest):
        data = heap.read(self.path)
        return data, crc32(data)


def main(path, value, flash, count):
    count = int(count)
    from tsme import Board, FileFlash, Program, TaskError, Tasks
    from tsme.values.cbor import decode

    now = [1000]
    tries = {}
    tasks = Tasks()

    def sleep(ms):
        now[0] += ms

    @tasks.task(FLAKY, context=True)
    def flaky(payload, context):
        tries[context.execution] = tries.get(context.execution, 0) + 1
        if tries[context.execution] < 3:
            raise TaskError("FlakyError")
        return True

    @tasks.task(BOOM)
    def boom(payload):
        raise TaskError("BoomError")

    board = Board(
        FileFlash(flash, 4096, 4 + 16 * count, False),
        Store(path),
        tasks,
        lambda: now[0],
        sleep,
        lambda: 1,
    )
    ended = []
    board.ended = lambda name, outcome: ended.append(outcome.status)
    digest = Program(heap.read(path)).digest
    for n in range(count):
        board.start(str(n), digest, decode(heap.read(value))[0])
        board.slots[str(n)].watch = heap.look
    board.run_sync()
    if ended != ["succeeded"] * count:
        raise SystemExit("a workflow failed")
    print(heap.worst[0])


main(*sys.argv[1:])
