# main.py of a board with two workflows: the beds and the tank that waters them.
#
# MicroPython; on the laptop the same with `micropython main.py` and a file in place of flash.
import sys

from tasks import tasks

import tsme


def place():
    # where the journals are; on a Pico tsme.Region(rp2.Flash(), start, count, 256)
    try:
        return tsme.partition("tsme")
    except ImportError:
        return tsme.FileFlash("house.flash", count=64)


def ended(name, outcome):
    print("%s: %s" % (name, outcome))


board = tsme.Board(place(), tsme.ProgramFiles("programs"), tasks)
board.ended = ended
for name in sys.argv[1:] or ("garden", "tank"):
    with open(name + ".tsm", "rb") as f:  # from `tsme compile garden.asl.json --no-debug`
        begun = board.start(name, f.read(), {})
    if not begun:
        print("%s: goes on with execution %d" % (name, board.describe(name)["execution"]))
board.run_sync()
