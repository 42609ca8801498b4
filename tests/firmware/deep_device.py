# Runs a program in a thread with a stack of so many bytes, as a small board has:
#
#     micropython deep_device.py PROGRAM STACK
import sys

from tsme import LIMITS, Engine, Journal, Program, RamFlash


def run():
    with open(sys.argv[1], "rb") as f:  # noqa: PTH123
        program = Program(f.read())
    flash = RamFlash(4096, 64)
    always = {"clock": lambda: 1700000000000, "seed": lambda: 7}
    outcome = Engine(program, Journal(flash), **always).run_sync([1])
    again = Engine(program, Journal(flash))
    again.recover()
    print(outcome.status, outcome.error, outcome.cause, again.state.digest)


LIMITS["program_bytes"] = 65536
if int(sys.argv[2]):
    import _thread
    import time

    _thread.stack_size(int(sys.argv[2]))
    over = _thread.allocate_lock()
    over.acquire()

    def thread():
        try:
            run()
        finally:
            over.release()

    _thread.start_new_thread(thread, ())
    over.acquire()
    time.sleep(0)
else:
    run()
