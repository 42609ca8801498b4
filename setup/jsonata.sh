#!/usr/bin/env bash
# What JSONata is compared with: build/jsonata/node_modules, as tests/jsonata/package-lock.json pins it, and
# build/jsonata/python, tests/jsonata/requirements.txt. With `bench` also what runs whole workflows, and with `peers`
# that alone: build/jsonata-bench/python, tests/bench/requirements.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/lib.sh

# python_packages REQUIREMENTS FOLDER: packages beside .venv, as they may want others than it has.
python_packages() {
    "${VENV:-$ROOT/.venv}/bin/python" -m pip --disable-pip-version-check --no-input install --quiet --no-deps \
        --require-hashes --only-binary=:all: --target "$2" -r "$1"
}

install_engines() {
    local new=$1
    cp tests/jsonata/package.json tests/jsonata/package-lock.json "$new"
    npm ci --prefix "$new" --no-audit --no-fund --ignore-scripts
    python_packages tests/jsonata/requirements.txt "$new/python"
}

install_runners() {
    python_packages tests/bench/requirements.txt "$1/python"
}

# get NAME TITLE KEY COMMAND: build/NAME, if it is not there as KEY says.
get() {
    local new
    if cached "$BUILD/$1" "$3"; then return; fi
    new=$(work_folder "$1")
    step "$1" "$2" "$4" "$new"
    install_result "$new" "$BUILD/$1" "$3"
}

mkdir -p "$BUILD"
exec 9>"$BUILD/jsonata.lock"
flock 9
python=$("${VENV:-$ROOT/.venv}/bin/python" -VV)
if [ "${1:-}" != peers ]; then
    for tool in node npm; do
        command -v "$tool" >/dev/null || fail "JSONata is compared with what runs in $tool: run 'make setup', which installs it"
    done
    get jsonata "other engines for JSONata" \
        "$(hash "$python" "$(cat tests/jsonata/package*.json tests/jsonata/requirements.txt setup/jsonata.sh)")" install_engines
fi
if [ "${1:-}" = bench ] || [ "${1:-}" = peers ]; then
    get jsonata-bench "other runners of workflows" \
        "$(hash "$python" "$(cat tests/bench/requirements.txt setup/jsonata.sh)")" install_runners
fi
