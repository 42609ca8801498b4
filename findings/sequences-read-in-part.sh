#!/usr/bin/env bash
# Version: cbor2 6.2.1, ormsgpack 1.13.1, msgpack 1.2.4
# Behaviour: of two values that stand one behind the other, as in a CBOR sequence (RFC 8742) or a stream of
#   MessagePack, loads() and unpackb() give the first, and do not say that there is more. Only msgpack does.
# Seen: cbor2 1; ormsgpack 1; msgpack ExtraData
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install cbor2==6.2.1 ormsgpack==1.13.1 msgpack==1.2.4
"$folder/venv/bin/python" >"$folder/seen" <<'EOF'
import cbor2, msgpack, ormsgpack
for name, read in (("cbor2", cbor2.loads), ("ormsgpack", ormsgpack.unpackb), ("msgpack", msgpack.unpackb)):
    try:
        print(name, read(bytes([1, 2])))
    except ValueError as error:
        print(name, type(error).__name__)
EOF
diff - "$folder/seen" <<'EOF'
cbor2 1
ormsgpack 1
msgpack ExtraData
EOF
