# The golden corpus on a board, at its prompt: `import golden_board`.  /corpus has the cases, each
# behind a line with its name and size; /device.py is tests/golden/device.py.
# mypy: ignore-errors
# ruff: noqa: PTH123, UP031
import gc

import device
import tsme_core

print("core:", getattr(tsme_core, "__file__", "in the firmware"))
count = 0
with open("/corpus", "rb") as f:
    while True:
        line = f.readline()
        if not line:
            break
        name, size = line.decode().split()
        gc.collect()
        said = device.compare(f.read(int(size)))
        if said:
            print("golden:", name, said)
        else:
            count += 1
print("golden: %d same" % count)
