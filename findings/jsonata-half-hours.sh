#!/usr/bin/env bash
# Version: npm jsonata 2.2.2, the reference implementation
# Behaviour: a zone west of Greenwich that is no whole hour is an hour off, and the text says so: the minutes of "-0330"
#   are counted up from -4 hours, so -03:30 becomes -04:30. A zone with a colon is taken for one of minutes.
# Seen: $fromMillis(1700000000000, "[H01]:[m01] [Z]", "-0330"): "17:43 -04:30"; with "+0530": "03:43 +05:30";
#   with "-0300": "19:13 -03:00"; with "+05:30": "22:18 +00:05". At 22:13:20 UTC it is 18:43 at -03:30.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-fund --no-audit --prefix "$folder" jsonata@2.2.2 >&2
cat >"$folder/ask.js" <<'EOF'
const jsonata = require("jsonata");
const text = '$fromMillis(1700000000000, "[H01]:[m01] [Z]", $zone)';
(async () => {
    for (const zone of ["-0330", "+0530", "-0300", "+05:30"]) {
        console.log(zone, await jsonata(text).evaluate(null, { zone }));
    }
})();
EOF
node "$folder/ask.js" >"$folder/seen"
diff - "$folder/seen" <<'EOF'
-0330 17:43 -04:30
+0530 03:43 +05:30
-0300 19:13 -03:00
+05:30 22:18 +00:05
EOF
