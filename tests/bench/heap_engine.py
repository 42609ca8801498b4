# The heap of the whole Engine: heap.py.
import sys

import heap  # type: ignore[import-not-found]

FLAKY = "arn:aws:lambda:us-east-1:000000000000:function:flaky"
BOOM = "arn:aws:lambda:us-east-1:000000000000:function:boom"


def run(program, value, journal):
    from tsme import Engine, TaskError

    now = [1000]
    tries = [0]

    def sleep(ms):
        now[0] += ms

    engine = Engine(program, journal, lambda: now[0], sleep, lambda: 1)

    @engine.task(FLAKY)
    def flaky(payload):
        tries[0] += 1
        if tries[0] < 3:
            raise TaskError("FlakyError")
        return True

    @engine.task(BOOM)
    def boom(payload):
        raise TaskError("BoomError")

    engine.watch = heap.look
    return engine.run_sync(value).status == "succeeded"


heap.main(run, *sys.argv[1:])
