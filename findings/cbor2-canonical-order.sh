#!/usr/bin/env bash
# Version: cbor2 6.2.1
# Behaviour: canonical=True orders the keys of a map by the length of their encoding first, as RFC 7049 (3.9)
#   had it. The deterministic encoding of RFC 8949 (4.2.1), which the package names as its specification, compares
#   bytes alone. For texts both are the same; 100 (1864) and -1 (20) change places.
# Seen: a22000186400: {-1: 0, 100: 0}. By RFC 8949 it is a21864002000: {100: 0, -1: 0}.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install cbor2==6.2.1
"$folder/venv/bin/python" >"$folder/seen" <<'EOF'
import cbor2
print(cbor2.dumps({100: 0, -1: 0}, canonical=True).hex())
EOF
diff - "$folder/seen" <<'EOF'
a22000186400
EOF
