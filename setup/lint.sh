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
check "shell syntax" shell_syntax
check "sizes" "$bin/python" setup/sizes.py
check "recursion on the device" "$bin/python" setup/recursion.py

if [ ${#failed[@]} -gt 0 ]; then
    printf 'lint: failed: %s\n' "${failed[@]}"
    exit 1
fi
echo "lint: ok"
