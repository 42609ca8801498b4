"""The process of one side: `serve(names)` answers each line `NAME [COUNT]` with what that took.

Peers run this in an environment of their own, so nothing of the project is imported here.
"""

import json
import sys
import time


def serve(rounds):
    """Until the input ends: run rounds[name](count), which says how many things it has done."""
    told = sys.stdout
    sys.stdout = sys.stderr  # what a library prints is no answer
    print("ready", file=told, flush=True)
    for line in sys.stdin:
        name, *rest = line.split()
        begun = time.perf_counter_ns()
        done = rounds[name](*map(int, rest))
        took = time.perf_counter_ns() - begun
        print(json.dumps({"done": done, "ns": took}), file=told, flush=True)
