# Builds schemas on the interpreter under test, and prints their bytes and the index of some names.
import json
import sys

from tsme.relational.build import build
from tsme.relational.schema import Schema

for line in sys.stdin:
    states, order, groups, asked = json.loads(line)
    data = build("Relay", 1, states, order, groups)
    print(json.dumps([data.hex(), [Schema(data).number(n) for n in asked]]))
