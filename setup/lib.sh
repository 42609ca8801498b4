# Shell functions that every setup script shares: steps, logs, stamps.
# Sourced, never run. The caller has set -euo pipefail.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${TSME_BUILD:-$ROOT/build}
LOGS=$BUILD/log

# fail MESSAGE: one clear line, then stop.
fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

case $ROOT$BUILD in
    *[[:space:]]*)
        fail "\"$ROOT\" has a blank in its path, and MicroPython's make cannot build there; move the clone"
        ;;
esac

note() {
    printf '  %s\n' "$*"
}

status=0

# logged NAME TITLE COMMAND...: run COMMAND with its output in build/log/NAME.log and
# show one line with the time it took. COMMAND's status is left in $status, since
# within a condition `set -e` would not hold inside of COMMAND.
logged() {
    local name=$1 title=$2 from tenths
    shift 2
    mkdir -p "$LOGS"
    printf '  %-46s ' "$title"
    from=$(date +%s%N)
    set +e
    (
        set -e
        "$@"
    ) >"$LOGS/$name.log" 2>&1 </dev/null
    status=$?
    set -e
    if [ "$status" -ne 0 ]; then
        printf '  failed\n'
        return
    fi
    tenths=$((($(date +%s%N) - from) / 100000000))
    printf '%5d.%d s\n' $((tenths / 10)) $((tenths % 10))
}

# step NAME TITLE COMMAND...: the same, and a failure shows the end of the log and
# ends the setup.
step() {
    logged "$@"
    if [ "$status" -eq 0 ]; then return; fi
    tail -n 15 "$LOGS/$1.log" | cut -c1-200 | sed 's/^/    | /' >&2
    fail "$2 failed. The whole log is $LOGS/$1.log; mend that, then run 'make setup' again."
}

# hash TEXT...: one short key for everything that a result depends on.
hash() {
    printf '%s\0' "$@" | sha256sum | cut -c1-32
}

# A stamp stands beside what it vouches for: the key of its inputs, and the
# digest of the finished file. It is written last and removed first, so whatever
# has no valid stamp is made again.
fingerprint() {
    if [ -d "$1" ]; then echo folder; else sha256sum <"$1" | cut -c1-32; fi
}

# cached PATH KEY: true if PATH is there, whole, and made from the inputs KEY.
cached() {
    [ -e "$1" ] && [ -e "$1.stamp" ] && [ "$(cat "$1.stamp")" = "$2 $(fingerprint "$1")" ]
}

# install_result NEW PATH KEY: move the finished NEW to PATH and vouch for it.
# NEW must be on the file system of PATH, so that the move is one rename.
install_result() {
    local new=$1 path=$2 key=$3
    mkdir -p "$(dirname "$path")"
    rm -f "$path.stamp"
    if [ -d "$path" ]; then rm -rf "$path"; fi
    mv -fT "$new" "$path"
    printf '%s %s\n' "$key" "$(fingerprint "$path")" >"$path.stamp.new"
    mv -f "$path.stamp.new" "$path.stamp"
}

# work_folder NAME: print a fresh, empty folder for work in progress.
work_folder() {
    local folder=$BUILD/work/$1
    rm -rf "$folder"
    mkdir -p "$folder"
    echo "$folder"
}
