#!/usr/bin/env bash
# Version: python-jsonpath 2.2.2, beside jsonpath-ng 1.16.0
# Behaviour: in a filter true is not equal to 1, but it is less than 2: equality tells Booleans from numbers and
#   the ordering does not. By RFC 9535 (2.3.5.2.2) a comparison with < of a Boolean is false.
# Seen: $[?(@.v == 1)] finds 1; $[?(@.v < 2)] finds 1 and true. jsonpath-ng finds 1 alone both times.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install python-jsonpath==2.2.2 jsonpath-ng==1.16.0
"$folder/venv/bin/python" >"$folder/seen" <<'EOF'
import jsonpath
from jsonpath_ng.ext import parse
items = [{"v": 1}, {"v": True}, {"v": "1"}]
for path in ("$[?(@.v == 1)]", "$[?(@.v < 2)]"):
    print(path, jsonpath.findall(path, items), [found.value for found in parse(path).find(items)])
EOF
diff - "$folder/seen" <<'EOF'
$[?(@.v == 1)] [{'v': 1}] [{'v': 1}]
$[?(@.v < 2)] [{'v': 1}, {'v': True}] [{'v': 1}]
EOF
