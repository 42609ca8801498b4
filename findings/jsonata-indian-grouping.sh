#!/usr/bin/env bash
# Version: npm jsonata 2.2.2, the reference implementation (2.0.6 does the same)
# Behaviour: with a picture whose separators stand at unequal distances, as India writes numbers ("##,##,##0"),
#   $formatInteger loses digits of every number that is shorter than the picture, and puts a comma before what is left.
#   By XPath (fn:format-integer) all digits are there, and a separator stands only where digits are on both sides.
# Seen: 151515 "1,51,515", which is right; 1515 ",5", 385 ",,85", 4 ",4". Expected: "1,515", "385", "4".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" jsonata@2.2.2 >&2
cat >"$folder/ask.js" <<'EOF'
const jsonata = require("jsonata");
jsonata('[151515, 1515, 385, 4].$formatInteger("##,##,##0")').evaluate(null)
    .then(found => console.log(found.join(" ")));
EOF
node "$folder/ask.js" >"$folder/seen"
diff - "$folder/seen" <<'EOF'
1,51,515 ,5 ,,85 ,4
EOF
