# Recovers a journal on this interpreter: device.py JOURNAL PROGRAM.tsm|- (- for the machine); says
# what it is at, or why not.
import sys

import tsme


def main(journal, program):
    if program == "-":
        what = __import__("machine").Meter
    else:
        with open(program, "rb") as f:
            what = tsme.Program(f.read())
    engine = tsme.Engine(what, tsme.Journal(tsme.FileFlash(journal, 512, 16), buffer=256))
    try:
        engine.recover()
    except tsme.TsmeError as e:
        print(e)
        return
    s = engine.state
    print("execution %d, step %d, digest %08x" % (s.execution, s.steps, s.digest))
    checkpoint = engine.kernel.checkpoint(s)
    print("".join(["%02x" % byte for byte in checkpoint]))


main(*sys.argv[1:])
