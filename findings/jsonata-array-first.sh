#!/usr/bin/env bash
# Version: npm jsonata 2.2.2, the reference implementation
# Behaviour: an array that is written out and picked from gives its item, but in front of a path it gives nothing: the
#   next step goes over what the first one gave as over a list, and an object has no items. A text has
#   its characters. Brackets around help.
# Seen: [{"a":1},{"a":2}][0]: {"a":1}. [{"a":1},{"a":2}][0].a: nothing. ([{"a":1},{"a":2}])[0].a: 1.
#   ["hello","world"][0].$: ["h","e","l","l","o"].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" jsonata@2.2.2 >&2
cat >"$folder/ask.js" <<'EOF'
const jsonata = require("jsonata");
const texts = [
    '[{"a":1},{"a":2}][0]',
    '[{"a":1},{"a":2}][0].a',
    '([{"a":1},{"a":2}])[0].a',
    '["hello","world"][0].$',
];
(async () => {
    for (const text of texts) console.log(JSON.stringify(await jsonata(text).evaluate(null)) || "nothing");
})();
EOF
node "$folder/ask.js" >"$folder/seen"
diff - "$folder/seen" <<'EOF'
{"a":1}
nothing
1
["h","e","l","l","o"]
EOF
