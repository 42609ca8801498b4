#!/usr/bin/env bash
# Version: npm jsonata 2.2.2, the reference implementation
# Behaviour: a function that ends with a call in brackets, and picks from what it gives, picks nothing: the call is put
#   off as a tail call, [0] is asked of the call that is put off, and its whole result comes out. Without the
#   brackets, or with the call bound to a variable first, the item is picked.
# Seen: function($x) { ($sort($x))[0] } of [3,1,2]: [1,2,3]. function($x) { $sort($x)[0] }: 1.
#   function($x) { ($y := $sort($x); $y[0]) }: 1. ($sort([3,1,2]))[0] in no function: 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" jsonata@2.2.2 >&2
cat >"$folder/ask.js" <<'EOF'
const jsonata = require("jsonata");
const texts = [
    "function($x) { ($sort($x))[0] }([3,1,2])",
    "function($x) { $sort($x)[0] }([3,1,2])",
    "function($x) { ($y := $sort($x); $y[0]) }([3,1,2])",
    "($sort([3,1,2]))[0]",
];
(async () => {
    for (const text of texts) console.log(JSON.stringify(await jsonata(text).evaluate(null)));
})();
EOF
node "$folder/ask.js" >"$folder/seen"
diff - "$folder/seen" <<'EOF'
[1,2,3]
1
1
1
EOF
