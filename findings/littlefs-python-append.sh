#!/usr/bin/env bash
# Version: littlefs-python 0.19.0 (littlefs 2.11)
# Behaviour: a file opened in mode "a" or "ab" is not made if it is not there. Python's open(), which these modes
#   are those of, makes it, and so do "wb" and "xb" of this package.
# Seen: ab: FileNotFoundError; a: FileNotFoundError; wb: made; xb: made
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install littlefs-python==0.19.0
"$folder/venv/bin/python" >"$folder/seen" <<'EOF'
from littlefs import LittleFS
disk = LittleFS(block_size=4096, block_count=64)
for mode in ("ab", "a", "wb", "xb"):
    try:
        disk.open("log-" + mode, mode).close()
        print(mode, "made")
    except FileNotFoundError:
        print(mode, "FileNotFoundError")
EOF
diff - "$folder/seen" <<'EOF'
ab FileNotFoundError
a FileNotFoundError
wb made
xb made
EOF
