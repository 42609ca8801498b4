"""Evaluates expressions, each many times, in jsonata-python: forty_python.py FILE.

FILE is JSON, a list of [expression, data, how often].  Prints nanoseconds as forty_device.py does.
"""

import gc
import json
import sys
import time
from pathlib import Path

from jsonata import Jsonata


def main(name):
    """The command."""
    for text, data, count in json.loads(Path(name).read_text()):
        expression = Jsonata(text)
        expression.evaluate(data)
        gc.collect()
        begin = time.process_time_ns()
        for _ in range(count):
            expression.evaluate(data)
        print((time.process_time_ns() - begin) // count)


main(sys.argv[1])
