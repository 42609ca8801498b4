#!/usr/bin/env bash
# What others wrote to test Step Functions with, at the version that is in .venv: build/moto/tests/test_stepfunctions,
# from moto's source package, as tests/peers/requirements.txt pins it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/lib.sh

tests_of_moto() {
    local new=$1
    "${VENV:-$ROOT/.venv}/bin/python" -m pip --disable-pip-version-check --no-input download --quiet --no-deps \
        --require-hashes --no-binary=:all: --dest "$new/source" -r tests/peers/requirements.txt
    tar -xzf "$new"/source/moto-*.tar.gz -C "$new" --strip-components=1 --wildcards \
        '*/LICENSE' '*/tests/__init__.py' '*/tests/markers.py' '*/tests/test_awslambda/__init__.py' '*/tests/test_awslambda/utilities.py' '*/tests/test_stepfunctions'
    rm -r "$new/source"
}

mkdir -p "$BUILD"
exec 9>"$BUILD/peers.lock"
flock 9
key=$(hash "$(cat tests/peers/requirements.txt setup/peers.sh)")
if ! cached "$BUILD/moto" "$key"; then
    new=$(work_folder moto)
    step moto "the tests that moto has" tests_of_moto "$new"
    install_result "$new" "$BUILD/moto" "$key"
fi
