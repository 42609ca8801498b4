#!/usr/bin/env bash
# Builds the unix port with the C core in it, as a board's own firmware has it.  Not a part of setup: every
# change of the core means another, and only some tests and benchmarks have a use for it.
#
#   setup/unix.sh [NAME...]        build/micropython/NAME/micropython
#
#   unixcore unix32core unixf32core    as unix, unix32, unixf32, and the core
#   unixfrozen unix32frozen            .. and tsme frozen in, as firmware/manifest.py says
#
# Names of the same machine words share what is compiled, in build/micropython/objects: what differs is only frozen code.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/versions.env
. setup/lib.sh
. setup/source.sh
. setup/micropython.sh

OBJECTS=$BUILD/micropython/objects

# compile NAME OPTION...: in the folder of its machine words, which are made again if the compiler has changed.
compile() {
    local words=${1%core} objects key
    shift
    words=${words%frozen}
    objects=$OBJECTS/$words
    key=$(hash "$ROOT" "$(cat "$SRC.stamp")" "$(gcc --version)")
    if [ "$(cat "$objects.stamp" 2>/dev/null)" != "$key" ]; then rm -rf "$objects"; fi
    mkdir -p "$objects"
    echo "$key" >"$objects.stamp"
    rm -f "$objects/frozen_content.c" # it may be older than the names that it was made with
    quiet_make -C "$SRC/ports/unix" BUILD="$objects" "${UNIX_OPTIONS[@]}" MICROPY_MPYCROSS="$MPY_CROSS" \
        USER_C_MODULES="$ROOT/native_modules" "$@"
    "$objects/micropython" -c 'import tsme_core'
    cp "$objects/micropython" "$(dirname "$objects")/$words.new"
}

build_one() {
    local name=$1 path=$BUILD/micropython/$1/micropython words options=() frozen="" key
    words=${name%core}
    words=${words%frozen}
    case $words in
    unix) ;;
    unix32) options=(MICROPY_FORCE_32BIT=1) ;;
    unixf32)
        if can_build_32bit; then options=(MICROPY_FORCE_32BIT=1); fi
        options+=(CFLAGS_EXTRA="$FLOAT32")
        ;;
    *) fail "there is no MicroPython \"$name\"; setup/unix.sh says which there are" ;;
    esac
    case $name in
    *frozen)
        options+=(FROZEN_MANIFEST="$ROOT/setup/manifest_frozen.py")
        frozen=$(cat firmware/manifest.py setup/manifest_frozen.py $(find firmware/lib/tsme -name '*.py' | LC_ALL=C sort))
        ;;
    *) options+=(FROZEN_MANIFEST="$MANIFEST") ;;
    esac
    key=$(hash "$(cat "$SRC.stamp")" "$(gcc --version)" "$(cat "$MANIFEST")" "${options[*]}" "$frozen" \
        "$(cat native_modules/*.h native_modules/tsme_core/tsme*.[ch] native_modules/usermod/*)")
    if cached "$path" "$key"; then return; fi
    step "$name" "MicroPython with the core ($name)" compile "$name" "${options[@]}"
    install_result "$OBJECTS/$words.new" "$path" "$key"
}

. setup/system.sh
mkdir -p "$OBJECTS"
exec 9>"$OBJECTS.lock"
flock 9
for name; do build_one "$name"; done
