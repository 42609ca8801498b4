# Runs workload e once, after each commit collects, and prints the most heap that was in use then
# beyond what was before the first import of tsme.  On MicroPython.
#
#     heap_kernel.py PROGRAM INPUT FLASH    interpreter, kernel and journal, stepped from there
#     heap_engine.py PROGRAM INPUT FLASH    the Engine as a board has it, with asyncio, handlers
#
# The program, the state, the step and the journal's buffers are alive and counted, the scripts
# are not, but for their names, which go into MicroPython's pool: they have few.
# ruff: noqa: PTH123
import gc

gc.collect()
gc.collect()
base = gc.mem_alloc()  # type: ignore[attr-defined]
worst = [0]


def look(*_):
    gc.collect()
    used = gc.mem_alloc() - base
    worst[0] = max(worst[0], used)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def main(run, program, value, flash):
    from tsme.journal import Journal
    from tsme.journal.flash import FileFlash
    from tsme.program import Program
    from tsme.values.cbor import decode

    program = Program(read(program))
    journal = Journal(FileFlash(flash, count=16))
    journal.format()
    journal.recover()
    if not run(program, decode(read(value))[0], journal):
        raise SystemExit("the workload failed")
    print(worst[0])
