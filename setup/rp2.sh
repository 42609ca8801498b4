#!/usr/bin/env bash
# Builds build/firmware/rpi_pico/firmware.uf2, MicroPython for the Raspberry Pi Pico with tsme frozen in, as
# firmware/boards/rpi_pico/manifest.py says. Not a part of setup: only who flashes or emulates a Pico needs it.
#
# What is compiled stays in build/rp2, so that a change of tsme freezes and links it again, and no more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/versions.env
. setup/lib.sh
. setup/source.sh
. setup/micropython.sh

TREE=$BUILD/rp2/src
OBJECTS=$BUILD/rp2/objects
BOARD=$ROOT/firmware/boards/rpi_pico
FLASH=0x200000
FILES=0xd0000 # where files begin, as host/tools/boards/rp2040js.py has it: the firmware ends before

# fetched SHA256 FILE PACKAGE KIND: FILE is in build/download, from Debian if it was not.
fetched() {
    local sha=$1 file=$BUILD/download/$2 package=$3 kind=$4
    if sha256sum --check --status <<<"$sha  $file" 2>/dev/null; then return; fi
    rm -f "$file"
    fetch_from_debian "$MICROPYTHON_DEB_SUITE" "$BUILD/download" "$kind" "$package"
    sha256sum --check --quiet <<<"$sha  $file"
}

# library FOLDER NAME ARCHIVE: what Debian has of NAME in place of the empty submodule lib/NAME.
library() {
    local new=$1 name=$2 unpacked=$1.$2
    rm -rf "$unpacked" "$new/lib/$name"
    dpkg-deb -x "$BUILD/download/$3" "$unpacked"
    mv "$unpacked/usr/src/$name" "$new/lib/$name"
    rm -rf "$unpacked"
    touch "$new/lib/$name/README.md" # the port takes a submodule without it for empty
}

# deeper_stack FOLDER: 16 KB of C stack instead of 8, of which a step in C that has Python evaluate an expression
# may need more; the heap ends 8 KB earlier.
deeper_stack() {
    sed -i 's/PICO_STACK_SIZE=0x2000/PICO_STACK_SIZE=0x4000/' "$1/CMakeLists.txt"
    sed -i 's/\(__GcHeapEnd = ORIGIN(RAM) + LENGTH(RAM)\);/\1 - 0x2000;/' "$1/memmap_mp_rp2040.ld"
    grep -q 'PICO_STACK_SIZE=0x4000' "$1/CMakeLists.txt" && grep -q 'LENGTH(RAM) - 0x2000;' "$1/memmap_mp_rp2040.ld"
}

assemble_source() {
    local new=$1 found
    fetched "$PICO_SDK_DEB_SHA256" "$PICO_SDK_DEB_FILE" "$PICO_SDK_DEB" package
    fetched "$TINYUSB_DEB_SHA256" "$TINYUSB_DEB_FILE" "$TINYUSB_DEB" package
    fetched "$MBEDTLS_DEB_SHA256" "$MBEDTLS_DEB_FILE" "$MBEDTLS_DEB" source
    (cd "$SRC" && tar -cf - extmod lib drivers mpy-cross ports/rp2 py shared tools) | tar -C "$new" -xf -
    case $(cat "$SRC.stamp") in
    given-*) ;;
    *)
        found=$(tree_digest "$new" "$MICROPYTHON_RP2_DIRS")
        [ "$found" = "$MICROPYTHON_RP2_SHA256" ] ||
            { echo "the Pico's sources have digest $found, pinned is $MICROPYTHON_RP2_SHA256" && return 1; }
        ;;
    esac
    deeper_stack "$new/ports/rp2"
    library "$new" pico-sdk "$PICO_SDK_DEB_FILE"
    library "$new" tinyusb "$TINYUSB_DEB_FILE"
    mkdir -p "$new/lib/mbedtls"
    tar -xf "$BUILD/download/$MBEDTLS_DEB_FILE" -C "$new/lib/mbedtls" --strip-components=1
}

# standard_cxx FOLDER: the few headers of C++ that the SDK names and the firmware makes no use of, and two
# empty libraries, in place of a package of 1.6 GB.
standard_cxx() {
    local name
    mkdir -p "$1/include"
    for name in assert inttypes limits math stddef stdint stdio stdlib string; do
        echo "#include <$name.h>" >"$1/include/c$name"
    done
    printf '%s\n' '#include <stddef.h>' \
        'namespace std { struct nothrow_t {}; enum class align_val_t : size_t {}; }' >"$1/include/new"
    for name in stdc++ supc++; do arm-none-eabi-ar rc "$1/lib$name.a"; done
}

# roomy_board FOLDER: the port's board, whose own place for files begins at 640 KB: less than the firmware takes.
roomy_board() {
    rm -rf "$1"
    cp -R "$TREE/ports/rp2/boards/RPI_PICO" "$1"
    sed -i "s/^\\(#define MICROPY_HW_FLASH_STORAGE_BYTES \\).*/\\1($((FLASH - FILES)))/" "$1/mpconfigboard.h"
    grep -q "STORAGE_BYTES ($((FLASH - FILES)))" "$1/mpconfigboard.h"
}

make_firmware() {
    local size
    standard_cxx "$OBJECTS/cxx"
    roomy_board "$OBJECTS/board"
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
        CFLAGS=-DMICROPY_OPT_MAP_LOOKUP_CACHE_SIZE=1024 \
        CXXFLAGS="-isystem $OBJECTS/cxx/include -DPICO_CXX_DISABLE_ALLOCATION_OVERRIDES=1" \
        LDFLAGS="-L$OBJECTS/cxx" CMAKE_ARGS=-DPICO_NO_PICOTOOL=1 \
        MICROPY_GIT_TAG="v$MICROPYTHON_VERSION" MICROPY_GIT_HASH=pinned \
        MICROPY_MPYCROSS="$MPY_CROSS" MICROPY_MPYCROSS_DEPENDENCY="$MPY_CROSS" \
        SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" PYTHONDONTWRITEBYTECODE=1 \
        make -C "$TREE/ports/rp2" -j"$(nproc)" BOARD=RPI_PICO BOARD_DIR="$OBJECTS/board" BUILD="$OBJECTS/RPI_PICO" FROZEN_MANIFEST="$BOARD/manifest.py" \
        USER_C_MODULES="$ROOT/firmware/native/micropython.cmake"
    size=$(stat -c %s "$OBJECTS/RPI_PICO/firmware.bin")
    [ "$size" -le $((FILES)) ] ||
        { echo "the firmware has $size bytes, and files begin at $((FILES)): they would write over it" && return 1; }
    python3 "$TREE/tools/uf2conv.py" -f 0xe48bff56 -b 0x10000000 -c -o "$1" "$OBJECTS/RPI_PICO/firmware.bin"
}

# build_firmware PATH: the objects are made again from the start when anything but the frozen modules differs.
build_firmware() {
    local path=$1 compiler key new
    compiler=$(hash "$ROOT" "$(cat "$TREE.stamp")" "$(arm-none-eabi-gcc --version)" "$(sed -n '/^FILES=/p; /^standard_cxx/,/^}/p; /^roomy_board/,/^}/p; /^make_firmware/,/^}/p' setup/rp2.sh)" "$(cat firmware/native/* native_modules/usermod/micropython.cmake)")
    key=$(hash "$compiler" "$(cat native_modules/*.h native_modules/tsme_core/tsme*.[ch] native_modules/usermod/*)" "$(cat "$BOARD"/*.py firmware/manifest.py $(find firmware/lib/tsme -name '*.py' | LC_ALL=C sort))")
    if cached "$path" "$key"; then return; fi
    if [ "$(cat "$OBJECTS.stamp" 2>/dev/null)" != "$compiler" ]; then
        rm -rf "$OBJECTS"
        mkdir -p "$OBJECTS"
    fi
    rm -f "$OBJECTS.stamp"
    new=$(work_folder rpi_pico)/firmware.uf2
    step rpi_pico "firmware of the Raspberry Pi Pico" make_firmware "$new"
    echo "$compiler" >"$OBJECTS.stamp"
    install_result "$new" "$path" "$key"
}

for tool in arm-none-eabi-gcc cmake dpkg-deb; do
    command -v "$tool" >/dev/null || fail "the firmware of a Pico needs $tool: run 'make setup', which installs it"
done
mkdir -p "$BUILD/rp2"
exec 9>"$BUILD/rp2.lock"
flock 9
key=$(hash "$(cat "$SRC.stamp")" "$PICO_SDK_DEB_SHA256" "$TINYUSB_DEB_SHA256" "$MBEDTLS_DEB_SHA256" "$MICROPYTHON_RP2_SHA256" "$(sed -n '/^deeper_stack/,/^}/p' setup/rp2.sh)")
if ! cached "$TREE" "$key"; then
    new=$(work_folder rp2)
    step rp2-source "sources of the Pico's firmware" assemble_source "$new"
    install_result "$new" "$TREE" "$key"
fi
build_firmware "$BUILD/firmware/rpi_pico/firmware.uf2"
