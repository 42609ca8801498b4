#!/usr/bin/env bash
# Version: jsonata-python 0.7.1, beside npm jsonata 2.2.2, which defines the language
# Behaviour: common expressions give another value, without an error: the rest of a division is cut to an integer,
#   null is not counted, true is found where only 1 is, an integer of 16 digits becomes text with an exponent
#   and loses its last digit.
# Seen: (reference, Python) 5.5 % 2: 1.5, 1. $count(null): 1, 0. true in [1]: false, true.
#   $string(1234567890123456): "1234567890123456", "1.23456789012346e+15".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install jsonata-python==0.7.1
npm install --silent --no-fund --no-audit --prefix "$folder" jsonata@2.2.2 >&2
cat >"$folder/asked" <<'EOF'
5.5 % 2
$count(null)
true in [1]
$string(1234567890123456)
EOF
cat >"$folder/ask.js" <<'EOF'
const jsonata = require("jsonata"), lines = require("fs").readFileSync(0, "utf8").trim().split("\n");
(async () => { for (const line of lines) console.log(JSON.stringify(await jsonata(line).evaluate(null))); })();
EOF
cat >"$folder/ask.py" <<'EOF'
import json, sys
import jsonata
for line in sys.stdin:
    print(json.dumps(jsonata.Jsonata(line.strip()).evaluate(None)))
EOF
node "$folder/ask.js" <"$folder/asked" >"$folder/reference"
"$folder/venv/bin/python" "$folder/ask.py" <"$folder/asked" >"$folder/python"
paste "$folder/reference" "$folder/python" >"$folder/seen"
diff - "$folder/seen" <<'EOF'
1.5	1
1	0
false	true
"1234567890123456"	"1.23456789012346e+15"
EOF
