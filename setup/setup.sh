#!/usr/bin/env bash
# Makes everything that TSME's commands need: system packages, .venv, MicroPython.
# Does only what is missing or out of date; with nothing to do it takes a moment.
#
#   setup/setup.sh [--quiet]     --quiet says nothing if nothing had to be done
#
#   MICROPYTHON_SRC=folder       build MicroPython from this source
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/versions.env
. setup/lib.sh
. setup/system.sh
. setup/source.sh
. setup/micropython.sh
. setup/python.sh

mkdir -p "$BUILD"
exec 9>"$BUILD/setup.lock"
if ! flock -n 9; then
    note "waiting for another setup to finish"
    flock 9
fi
quiet=${1:-}
install_system_packages "$quiet"
get_source
build_micropython
install_python_packages
if [ -z "$quiet" ]; then
    note "everything is in place"
fi
