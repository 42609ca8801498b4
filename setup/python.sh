# The virtual environment .venv, with pinned packages and the project itself.
# Sourced by setup.sh.
#
# `tsme` and `tsme_host` are installed editable: new modules are found without
# another setup. The stamps lie inside .venv, so that they go when it goes.

VENV=${TSME_VENV:-$ROOT/.venv}

# One that is not of .venv, which may be activated: that one goes when .venv is made anew.
find_python() {
    local python
    for python in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            "$python" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'
            return
        fi
    done
    fail "no Python 3.11 or newer here; install one, or name it: make setup PYTHON=/path/to/python3.11"
}

pip_install() {
    "$VENV/bin/python" -m pip --disable-pip-version-check --no-input install --no-compile "$@"
}

make_venv() {
    rm -rf "$VENV"
    "$1" -m venv "$VENV"
    pip_install --require-hashes -r requirements-dev.txt
}

# build/py holds links under the names that the packages are imported by; mypy,
# which cannot follow an editable install, looks there. The .pth file lets
# examples import `sim`, and tools import `tests`, from wherever they are started.
install_project() {
    local site
    TSME_CORE=0 pip_install --no-deps --no-build-isolation --editable . # build_native makes the core
    rm -rf tsme.egg-info
    site=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    echo "$ROOT" >"$site/tsme-working-tree.pth"
    # Where Python may not write bytecode by itself, every start would compile all of this again.
    "$VENV/bin/python" -m compileall -q "$site/click" host firmware/lib/tsme sim
    mkdir -p "$BUILD/py"
    ln -sfn "$ROOT/firmware/lib/tsme" "$BUILD/py/tsme"
    ln -sfn "$ROOT/host" "$BUILD/py/tsme_host"
    ln -sfn "$ROOT/sim" "$BUILD/py/tsme_sim"
}

# extension FILE OPTION_OR_SOURCE...: a module in C, in .venv.
extension() {
    local include target name=$1
    include=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    target=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("platlib"))')/$name
    shift
    rm -f "$target"
    if "${CC:-cc}" -O2 -Wall -Wextra -DTSME_CRC_TABLE=256 -shared -fPIC -fvisibility=hidden -I "$include" "$@" -o "$target.new"; then
        mv "$target.new" "$target"
    else
        rm -f "$target.new"
        note "no $name for Python: see above"
    fi
}

# The core as a module of CPython's stable ABI (firmware/lib/tsme/core); what machines have in C, tsme_native
# (firmware/lib/tsme/values/native.py) and tsme_machines (firmware/lib/tsme/draft/native.py). Nothing
# needs them: where there is no compiler, or Python's headers are not there, all does without.
build_native() {
    local suffix
    suffix=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
    extension tsme_core.abi3.so -DTSME_TRACE=1 -DTSME_ALL_NATIVES=1 native_modules/cpython/{core*,journal}.c native_modules/tsme_core/tsme_*.c
    extension "tsme_native$suffix" native_modules/cpython/tsme_native.c
    extension "tsme_machines$suffix" native_modules/machines/*.c \
        native_modules/tsme_core/tsme_{crc,math}.c native_modules/tsme_core/tsme_journal*.c
}

install_python_packages() {
    local python key stamp
    python=$(find_python)
    stamp=$VENV/packages.stamp
    key=$(hash "$ROOT" "$("$python" -VV)" "$(cat requirements-dev.txt)")
    if [ "$(cat "$stamp" 2>/dev/null)" != "$key" ]; then
        step python "Python packages in .venv" make_venv "$python"
        echo "$key" >"$stamp"
    fi
    stamp=$VENV/project.stamp
    key=$(hash "$key" "$(cat pyproject.toml)")
    if [ "$(cat "$stamp" 2>/dev/null)" != "$key" ] || [ ! -e "$BUILD/py/tsme_sim" ]; then
        rm -f "$stamp"
        step project "tsme and tsme_host, editable" install_project
        echo "$key" >"$stamp"
    fi
    stamp=$VENV/native.stamp
    key=$(hash "$key" "$(cat native_modules/*.h native_modules/{cpython,machines}/* native_modules/tsme_core/*.[ch])")
    if [ "$(cat "$stamp" 2>/dev/null)" != "$key" ]; then
        step native "the native core for Python" build_native
        echo "$key" >"$stamp"
    fi
}
