# Builds mpy-cross and the unix port's variants. Sourced by setup.sh.
#
#   build/micropython/mpy-cross              the cross compiler
#   build/micropython/unix/micropython       machine words of 64 bits, floats of 64
#   build/micropython/unix32/micropython     32 and 64
#   build/micropython/unixf32/micropython    32 and 32, as most boards have it

MPY_CROSS=$BUILD/micropython/mpy-cross
MANIFEST=$ROOT/setup/manifest.py

# No btree, ssl and ffi: they want submodules or libraries that TSME has no use for.
UNIX_OPTIONS=(MICROPY_PY_BTREE=0 MICROPY_PY_SSL=0 MICROPY_PY_FFI=0)

# A float build narrows doubles in its own sources, which -Werror would refuse.
FLOAT32="-DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_FLOAT -Wno-double-promotion -Wno-float-conversion"

# quiet_make ARGUMENT...: make, from a clean environment, reporting the pinned version.
quiet_make() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u CFLAGS -u LDFLAGS \
        MICROPY_GIT_TAG="v$MICROPYTHON_VERSION" MICROPY_GIT_HASH=pinned \
        SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" PYTHONDONTWRITEBYTECODE=1 \
        make -j"$(nproc)" "$@"
}

# build_program NAME TITLE PATH PROGRAM FOLDER OPTION...: make PROGRAM in the
# source's FOLDER with OPTIONs, and put it at PATH, unless it is there already.
build_program() {
    local name=$1 title=$2 path=$3 program=$4 folder=$5 key work
    shift 5
    key=$(hash "$(cat "$SRC.stamp")" "$(gcc --version)" "$(cat "$MANIFEST")" "$folder" "$*")
    if cached "$path" "$key"; then return; fi
    work=$(work_folder "$name")
    step "$name" "$title" quiet_make -C "$SRC/$folder" BUILD="$work" "$@"
    "$work/$program" --version >/dev/null 2>&1 || "$work/$program" -c 'pass' ||
        fail "the new $name does not run; see build/log/$name.log"
    install_result "$work/$program" "$path" "$key"
    rm -rf "$work"
}

build_unix() {
    local name=$1 title=$2
    shift 2
    build_program "$name" "$title" "$BUILD/micropython/$name/micropython" micropython ports/unix \
        "${UNIX_OPTIONS[@]}" FROZEN_MANIFEST="$MANIFEST" MICROPY_MPYCROSS="$MPY_CROSS" "$@"
}

build_micropython() {
    local word32=()
    build_program mpy-cross "mpy-cross" "$MPY_CROSS" mpy-cross mpy-cross
    build_unix unix "MicroPython (64-bit)"
    if can_build_32bit; then word32=(MICROPY_FORCE_32BIT=1); fi
    build_unix unixf32 "MicroPython with 32-bit floats" "${word32[@]}" CFLAGS_EXTRA="$FLOAT32"
    if can_build_32bit; then
        build_unix unix32 "MicroPython (32-bit)" "${word32[@]}"
    fi
}
