#!/usr/bin/env bash
# Version: npm jsonata 2.2.2, the reference implementation
# Behaviour: $map and its like give a function as many of (item, index, array) as it takes, also one that is built in.
#   So $map(xs, $round) rounds the first item to no digits, the second to one, the third to two; other
#   functions fail on an argument that nobody has written.
# Seen: $map([1.26, 2.36, 3.46], $round): [1,2.4,3.46]. $map([10, 11], $formatBase): D3100.
#   $map(["a", "b"], $substring): T0410. $map([1.26, 2.36, 3.46], function($x) { $round($x) }): [1,2,3].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" jsonata@2.2.2 >&2
cat >"$folder/ask.js" <<'EOF'
const jsonata = require("jsonata");
const texts = [
    "$map([1.26, 2.36, 3.46], $round)",
    "$map([10, 11], $formatBase)",
    '$map(["a", "b"], $substring)',
    "$map([1.26, 2.36, 3.46], function($x) { $round($x) })",
];
(async () => {
    for (const text of texts) {
        console.log(await jsonata(text).evaluate(null).then(JSON.stringify, (error) => error.code));
    }
})();
EOF
node "$folder/ask.js" >"$folder/seen"
diff - "$folder/seen" <<'EOF'
[1,2.4,3.46]
D3100
T0410
[1,2,3]
EOF
