#!/usr/bin/env bash
# Builds the C core as a native module for chips: dist/ARCH_ABI/tsme_core.mpy, the same bytes each
# time, and prints where they are. Does so only if its sources have changed: its key is their hash.
#
#   setup/native.sh [ARCH...]      x64 x86 armv6m armv7m armv7emsp armv7emdp rv32imc xtensa xtensawin
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/versions.env
. setup/lib.sh
. setup/source.sh
. setup/micropython.sh

ARCHS=(x64 x86 armv6m armv7m armv7emsp armv7emdp rv32imc xtensa xtensawin)
LINKER=$BUILD/natmod/python # what the linker imports
DIST=${TSME_DIST:-$ROOT/dist}

# compiler_of ARCH, packages_of ARCH: what builds for it, and who brings that.
compiler_of() {
    case $1 in
    x64 | x86) echo gcc ;;
    armv*) echo arm-none-eabi-gcc ;;
    rv32imc) echo riscv64-unknown-elf-gcc ;;
    xtensa*) echo xtensa-lx106-elf-gcc ;;
    esac
}

packages_of() {
    case $1 in
    x64) echo gcc libc6-dev ;;
    x86) echo gcc-multilib ;;
    armv*) echo gcc-arm-none-eabi libnewlib-arm-none-eabi ;;
    rv32imc) echo gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf ;;
    xtensa*) echo gcc-xtensa-lx106 picolibc-xtensa-lx106-elf ;;
    esac
}

# can_build ARCH: the compiler is there, and the headers that the module includes.
can_build() {
    local compiler flags=()
    compiler=$(compiler_of "$1")
    case $1 in
    x86) flags=(-m32) ;;
    rv32imc) flags=("-specs=$("$compiler" -print-file-name=picolibc.specs 2>/dev/null)" -march=rv32imac -mabi=ilp32) ;;
    esac
    printf '#include <assert.h>\n#include <errno.h>\n#include <string.h>\n' |
        "$compiler" "${flags[@]}" -x c -fsyntax-only - 2>/dev/null
}

install_linker() {
    local new
    new=$(work_folder natmod-python)
    "${VENV:-$ROOT/.venv}/bin/python" -m pip --disable-pip-version-check --no-input install --quiet \
        --require-hashes --target "$new/python" -r native_modules/natmod/requirements.txt
    install_result "$new/python" "$LINKER" "$1"
}

sources_of_core() {
    cat native_modules/*.h native_modules/tsme_core/tsme*.[ch] native_modules/natmod/* native_modules/usermod/binding.inc.c native_modules/usermod/journal.inc.c
}

make_module() {
    local arch=$1 work=$2
    PYTHONPATH=$LINKER quiet_make -C "$work" -f "$ROOT/native_modules/natmod/Makefile" \
        MPY_DIR="$SRC" ARCH="$arch" PYTHON="$(command -v python3)"
}

# abi_of FILE: 6.3, of bytes 1 and 2 of a .mpy.
abi_of() {
    python3 -c 'import sys; d = open(sys.argv[1], "rb").read(3); print("%d.%d" % (d[1], d[2] & 3))' "$1"
}

# build_arch ARCH: what is made stays in build; dist has copies of it, and nothing else.
build_arch() {
    local arch=$1 key work made path
    made=$BUILD/natmod/$arch/tsme_core.mpy
    key=$(hash "$(cat "$SRC.stamp")" "$("$(compiler_of "$arch")" --version)" "$(cat "$LINKER.stamp")" "$(sources_of_core)")
    if ! cached "$made" "$key"; then
        work=$(work_folder "natmod-$arch")
        step "natmod-$arch" "the core for $arch" make_module "$arch" "$work" >&2
        install_result "$work/tsme_core.mpy" "$made" "$key"
        rm -rf "$work"
    fi
    path=$DIST/${arch}_$(abi_of "$made")/tsme_core.mpy
    mkdir -p "$(dirname "$path")"
    cmp -s "$made" "$path" || { cp "$made" "$path.new" && mv -f "$path.new" "$path"; }
    echo "$path"
}

for arch; do
    [[ " ${ARCHS[*]} " == *" $arch "* ]] || fail "there is no architecture \"$arch\"; make native ARCH=name, with one of ${ARCHS[*]}"
done
wanted=("$@")
[ $# -gt 0 ] || wanted=("${ARCHS[@]}")
missing=()
mkdir -p "$BUILD"
exec 9>"$BUILD/natmod.lock"
flock 9
key=$(hash "$(cat native_modules/natmod/requirements.txt)" "$(python3 -VV)")
cached "$LINKER" "$key" || install_linker "$key"
for arch in "${wanted[@]}"; do
    if can_build "$arch"; then
        build_arch "$arch"
    else
        note "no core for $arch: $(compiler_of "$arch") with its headers is not here; apt-get install $(packages_of "$arch")" >&2
        missing+=("$arch")
    fi
done
[ ${#missing[@]} -eq 0 ] || fail "not built: ${missing[*]}; what each needs is said above"
