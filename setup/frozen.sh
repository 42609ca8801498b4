#!/usr/bin/env bash
# Builds build/micropython/unixfrozen/micropython, the 64-bit unix port with tsme frozen in, as
# firmware/manifest.py says; with the argument 32, unix32frozen, of 32-bit words. Not a part of setup: every change of the package means a new build,
# and only tests/bench, which calls this, has a use for it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/versions.env
. setup/lib.sh
. setup/source.sh
. setup/micropython.sh

exec 9>"$BUILD/setup.lock"
flock 9
sources=$(hash "$(cat firmware/manifest.py setup/manifest_frozen.py $(find firmware/lib/tsme -name '*.py' | sort))")
options=(FROZEN_MANIFEST="$ROOT/setup/manifest_frozen.py" TSME_SOURCES="$sources")
if [ "${1:-64}" = 32 ]; then
    build_unix unix32frozen "MicroPython (32-bit) with tsme frozen in" MICROPY_FORCE_32BIT=1 "${options[@]}"
else
    build_unix unixfrozen "MicroPython (64-bit) with tsme frozen in" "${options[@]}"
fi
