#!/usr/bin/env bash
# Version: pyserial 3.5
# Behaviour: close() of a port socket:// whose other side has closed does not close the socket: its shutdown() fails,
#   the error is passed over together with the close() behind it, and is_open says False. A program that opens the port
#   again and again, as one does after a board's reset, keeps one descriptor more each time. One would expect close() to close.
# Seen: is_open False, descriptors 1 more
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install pyserial==3.5
"$folder/venv/bin/python" >"$folder/seen" <<'EOF'
import os
import socket
import struct

import serial

server = socket.create_server(("127.0.0.1", 0))
kept = []  # nothing that a garbage collector would close for it


def descriptors():
    return len(os.listdir("/proc/self/fd"))


before = descriptors()
port = serial.serial_for_url("socket://127.0.0.1:%d" % server.getsockname()[1], timeout=1)
kept.append(port._socket)
peer, _ = server.accept()
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
peer.close()  # as a board does that is reset
try:
    port.read(1)
except serial.SerialException:
    pass
port.close()
print("is_open", port.is_open)
print("descriptors", descriptors() - before, "more")
EOF
diff - "$folder/seen" <<'EOF'
is_open False
descriptors 1 more
EOF
