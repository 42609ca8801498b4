#!/usr/bin/env bash
# Builds the firmware of a board, MicroPython with tsme in it, and prints where it is.  Does so only if
# its sources have changed: its key is their hash.
#
#   setup/firmware.sh BOARD        build/firmware/BOARD/firmware.elf, or what the board takes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/versions.env
. setup/lib.sh
. setup/source.sh
. setup/micropython.sh

board=${1:-}
folder=$ROOT/firmware/boards/$board
out=$BUILD/firmware/$board

# sources_hash FOLDER...: of all files that may get into a firmware.
sources_hash() {
    find "$@" -type f \( -name '*.py' -o -name '*.[ch]' -o -name '*.mk' -o -name '*.ld' \) -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-32
}

need() {
    command -v "$1" >/dev/null || fail "$1 is not here, which builds $board; apt-get install $2"
}

# build_qemu COMPILER ARGUMENT...: the port as firmware/qemu makes a board of it. What is compiled stays in
# build/micropython/objects, so that a change of tsme or of the core takes seconds.
build_qemu() {
    local compiler=$1 objects=$BUILD/micropython/objects/$board made key
    shift
    made=$(hash "$ROOT" "$(cat "$SRC.stamp")" "$("$compiler" --version)" "$*" "$(cat firmware/qemu/*.mk firmware/qemu/*.ld "$folder"/*.mk)")
    key=$(hash "$made" "$(sources_hash firmware/lib/tsme firmware/native firmware/qemu "$folder" firmware/manifest.py)" \
        "$(cat native_modules/*.h native_modules/tsme_core/tsme*.[ch] native_modules/usermod/*)")
    if cached "$out/firmware.elf" "$key"; then return; fi
    if [ "$(cat "$objects.stamp" 2>/dev/null)" != "$made" ]; then rm -rf "$objects"; fi
    mkdir -p "$objects" "$out"
    echo "$made" >"$objects.stamp"
    rm -f "$objects/frozen_content.c" # it may be older than the names that it was made with
    step "firmware-$board" "firmware of $board" quiet_make -C "$SRC/ports/qemu" BUILD="$objects" \
        BOARD="$board" BOARD_DIR="$folder" FROZEN_MANIFEST="$folder/manifest.py" \
        USER_C_MODULES="$ROOT/firmware" MICROPY_MPYCROSS="$MPY_CROSS" "$@" >&2
    cp "$objects/firmware.elf" "$out/firmware.elf.new"
    install_result "$out/firmware.elf.new" "$out/firmware.elf" "$key"
}

case $board in
qemu_mps2 | qemu_microbit)
    need arm-none-eabi-gcc "gcc-arm-none-eabi libnewlib-arm-none-eabi"
    ;;
qemu_rv32)
    need riscv64-unknown-elf-gcc "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf"
    ;;
esac

mkdir -p "$BUILD"
exec 9>"$BUILD/firmware.lock"
flock 9
case $board in
qemu_mps2 | qemu_microbit)
    build_qemu arm-none-eabi-gcc
    echo "$out/firmware.elf"
    ;;
qemu_rv32)
    # Without these flags GCC takes the libraries of 64 bits.
    build_qemu riscv64-unknown-elf-gcc RV32_ARCH=rv32imac CFLAGS_EXTRA=-misa-spec=2.2 \
        AFLAGS="-march=rv32imac -mabi=ilp32 -misa-spec=2.2"
    echo "$out/firmware.elf"
    ;;
rpi_pico | rp2040_emulated | wokwi_pico)
    setup/rp2.sh >&2
    if [ "$board" = rp2040_emulated ]; then setup/rp2040js.sh >&2; fi
    echo "$BUILD/firmware/rpi_pico/firmware.uf2"
    ;;
unix)
    setup/unix.sh unixfrozen >&2
    echo "$BUILD/micropython/unixfrozen/micropython"
    ;;
*)
    if [ -e "$folder/board.toml" ]; then
        fail "the firmware of $board is not built here: $folder/README.md says how it is"
    fi
    fail "there is no board \"$board\"; make firmware BOARD=name, with one of $(cd firmware/boards && echo */board.toml | sed 's,/board.toml,,g')"
    ;;
esac
