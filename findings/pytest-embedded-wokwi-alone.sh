#!/usr/bin/env bash
# Version: pytest-embedded-wokwi 2.9.3
# Behaviour: the service `wokwi` by itself takes no firmware, with a diagram neither: it asks for `idf` or `arduino` beside it, whose
#   folders it reads (flasher_args.json, build.options.json, an ELF file). Wokwi itself simulates a Pico or MicroPython from one
#   file. One would expect a diagram and a firmware to do; what is built otherwise has to be laid out as an Arduino build.
# Seen: SystemExit: wokwi service should be used together with idf or arduino service
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" --quiet --disable-pip-version-check install pytest-embedded-wokwi==2.9.3 wokwi-client==0.5.1 pytest==8.4.2
cd "$folder"
echo '[pytest]' >pytest.ini
echo 'def test_it_begins(dut): dut.expect("ready")' >test_board.py
cat >diagram.json <<'EOF'
{"version": 1, "author": "me", "editor": "wokwi", "parts": [{"type": "wokwi-pi-pico", "id": "pico"}], "connections": []}
EOF
venv/bin/python -m pytest --embedded-services wokwi --wokwi-diagram diagram.json test_board.py 2>&1 |
    sed -n 's/^E *\(SystemExit: .*\)/\1/p' >"$folder/seen" || true
diff - "$folder/seen" <<'EOF'
SystemExit: wokwi service should be used together with idf or arduino service
EOF
