# Builds schemas on the interpreter under test, and prints their bytes.
import json
import sys

from tsme.relational.build import build

for line in sys.stdin:
    states, order, groups = json.loads(line)
    print(build("Relay", 1, states, order, groups).hex())
