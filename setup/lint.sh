#!/usr/bin/env bash
# Style and types of everything in the project. Runs all checks, then tells.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
bin=.venv/bin
failed=()

# check NAME COMMAND...: run COMMAND; show what it printed only if it failed.
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then return; fi
    printf '%s\n' "$output"
    failed+=("$name")
}

# The files git knows or would add, so that no cache and no build is looked at.
files() {
    git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
        [ -e "$file" ] && printf '%s\n' "$file"
    done
}

types() {
    local targets=(build/py/tsme_host build/py/tsme_sim) extra
    mapfile -t extra < <(files 'tests/*.py' setup/sizes.py setup/calls.py setup/docs.py 'examples/*/demo.py' 'examples/*/sim.py')
    "$bin/mypy" "${targets[@]}" "${extra[@]}" | sed 's,^build/py/tsme_host/,host/,; s,^build/py/tsme_sim/,sim/,'
}

c_style() {
    local sources
    mapfile -t sources < <(files 'native_modules/*.c' 'native_modules/*.h')
    if [ ${#sources[@]} -gt 0 ]; then "$bin/clang-format" --dry-run -Werror "${sources[@]}"; fi
}

# unchanged NAME FILE...: succeeds if these files are as they were when `check` last found
# nothing wrong in them; the stamp of what it found then is build/lint/NAME.
unchanged() {
    local stamp=build/lint/$1
    shift
    mkdir -p build/lint
    sum=$(cat setup/lint.sh "$@" | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]
}

# once NAME TOOL COMMAND...: run a slow check of the core, unless nothing has changed or the tool
# is not here, which is not allowed in CI.
once() {
    local name=$1 tool=$2 sum sources
    shift 2
    if ! command -v "$tool" >/dev/null; then
        [ -z "${TSME_STRICT:-}" ] || { echo "$tool is missing: make setup"; return 1; }
        return 0
    fi
    mapfile -t sources < <(files .clang-tidy 'setup/calls.py' 'native_modules/tsme_core/*.[ch]' \
        'native_modules/opcodes.h')
    unchanged "$name" "${sources[@]}" && return 0
    "$@" || return 1
    echo "$sum" >"build/lint/$name"
}

c_tidy() {
    local core=native_modules/tsme_core sources
    mapfile -t sources < <(files "$core/*.c" | grep -v port_m3)
    clang-tidy --quiet "${sources[@]}" -- -std=c99 2>/dev/null
}

# Not said: what takes the address of an array for what is in it (ctuuninitvar), and the end of
# a text for that of an array (arrayIndexThenCheck).
c_check() {
    cppcheck --enable=warning,performance,portability --std=c99 --inline-suppr --quiet \
        --suppress=ctuuninitvar --suppress=arrayIndexThenCheck --error-exitcode=1 native_modules/tsme_core
}

shell_syntax() {
    local script
    for script in setup/*.sh findings/*.sh .ci/run; do bash -n "$script" || return 1; done
}

# What somebody tries out beside these folders is nobody's business.
ours=(examples firmware host native_modules setup sim tests)
check "ruff check (mend with: $bin/ruff check --fix)" "$bin/ruff" check --quiet --output-format=concise "${ours[@]}"
check "ruff format (mend with: $bin/ruff format)" "$bin/ruff" format --check "${ours[@]}"
check "mypy" types
check "clang-format (mend with: $bin/clang-format -i FILE)" c_style
check "clang-tidy" once tidy clang-tidy c_tidy
check "cppcheck" once cppcheck cppcheck c_check
check "calls of the C core" once calls arm-none-eabi-gcc "$bin/python" setup/calls.py
check "shell syntax" shell_syntax
check "sizes" "$bin/python" setup/sizes.py
check "recursion on the device" "$bin/python" setup/recursion.py

if [ ${#failed[@]} -gt 0 ]; then
    printf 'lint: failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "lint: ok"
