# What who follows a machine takes of a board's heap: the part that tells them, and each of them.
#
#     heap_remote.py STATES
import gc
import sys

from tsme.link.packets import Line


class Part:
    # As a machine has it between steps.
    queue_tick = 40
    machine_tick = 0

    def __init__(self, count):
        self.ticks = [1] * count


class State:
    # Of an execution.
    execution = 1
    origin = (0, None, None, 1, bytes(8))


def used():
    gc.collect()
    gc.collect()
    return gc.mem_alloc()


def main(count):
    line = Line(None)
    part = Part(count)
    kept = []
    start = used()
    from tsme.link.followers import Follower

    loaded = used()
    for n in range(4):
        one = Follower(line, n, "machine", State, range(count), 0, False)
        one.now(part, {}, True)
        kept.append(one)
    print(loaded - start, (used() - loaded) // 4)


main(int(sys.argv[1]))
