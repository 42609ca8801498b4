# MicroPython's source into build/micropython/src. Sourced by setup.sh.
#
# In this order: the folder MICROPYTHON_SRC, a git clone of the pinned tag, the
# Debian source package. Submodules are not needed.

SRC=$BUILD/micropython/src

# tree_digest FOLDER [DIRS]: digest of paths and contents of all that the builds use.
tree_digest() (
    cd "$1" 2>/dev/null || exit 1
    # shellcheck disable=SC2086 # a list of folders
    find ${2:-$MICROPYTHON_TREE_DIRS} -type f ! -name '*.pyc' -print0 2>/dev/null |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
)

# git_reaches_tag: the network lets git see the pinned commit. At most 5 seconds.
git_reaches_tag() {
    local refs
    command -v git >/dev/null || return 1
    refs=$(GIT_TERMINAL_PROMPT=0 timeout 5 git ls-remote "$MICROPYTHON_GIT_URL" \
        "refs/tags/$MICROPYTHON_GIT_TAG" "refs/tags/$MICROPYTHON_GIT_TAG^{}" 2>/dev/null) || return 1
    grep -q "^$MICROPYTHON_GIT_COMMIT" <<<"$refs"
}

# clone_from_git FOLDER: true if the pinned commit, with the pinned contents, is there.
clone_from_git() {
    local new=$1
    rm -rf "$new"
    GIT_TERMINAL_PROMPT=0 timeout 180 git clone --quiet --depth 1 \
        --branch "$MICROPYTHON_GIT_TAG" "$MICROPYTHON_GIT_URL" "$new" &&
        git -C "$new" rev-parse HEAD | grep "^$MICROPYTHON_GIT_COMMIT" &&
        rm -rf "$new/.git" &&
        check_tree "$new"
}

check_tree() {
    local found
    found=$(tree_digest "$1")
    if [ "$found" != "$MICROPYTHON_TREE_SHA256" ]; then
        echo "the source tree has digest $found, pinned is $MICROPYTHON_TREE_SHA256" >&2
        return 1
    fi
}

# debian_mirror SUITE TYPES: the apt entry of this machine's own Debian mirror, as an
# entry of another suite. Neither apt's configuration nor its lists are touched.
debian_mirror() {
    local suite=$1 types=$2 sources=/etc/apt/sources.list.d/debian.sources
    if [ -e "$sources" ]; then
        awk 'BEGIN { RS = "" } NR == 1' "$sources" |
            sed -E "s/^Types:.*/Types: $types/; s/^Suites:.*/Suites: $suite/"
        return
    fi
    sed -nE 's,^deb +(\[[^]]*\] +)?(http[^ ]+/debian/?) .*,\2,p' /etc/apt/sources.list |
        head -n 1 | sed -E "s,(.*),Types: $types\nURIs: \1\nSuites: $suite\nComponents: main,"
}

# fetch_from_debian SUITE FOLDER source|package NAME=VERSION...
fetch_from_debian() {
    local suite=$1 folder=$2 kind=$3 types=deb-src get=(source --download-only) name apt
    shift 3
    local names=("$@")
    if [ "$kind" = package ]; then
        types=deb
        get=(download)
    fi
    apt=$(work_folder apt)
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$folder"
    debian_mirror "$suite" "$types" >"$apt/side.sources"
    if [ ! -s "$apt/side.sources" ]; then
        echo "apt knows no Debian mirror; set MICROPYTHON_SRC to an unpacked source" >&2
        return 1
    fi
    set -- -qq -o "Dir::Etc::sourcelist=$apt/side.sources" -o Dir::Etc::sourceparts=/dev/null \
        -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" \
        -o Acquire::Languages=none -o APT::Sandbox::User=root -o Acquire::Retries=2
    apt-get "$@" update
    for name in "${names[@]}"; do
        (cd "$folder" && apt-get "$@" "${get[@]}" "$name")
    done
    rm -rf "$apt"
}

unpack_from_debian() {
    local new=$1 tarball
    tarball=$BUILD/download/$MICROPYTHON_DEB_TARBALL
    if ! sha256sum --check --status <<<"$MICROPYTHON_DEB_SHA256  $tarball" 2>/dev/null; then
        rm -f "$tarball"
        fetch_from_debian "$MICROPYTHON_DEB_SUITE" "$BUILD/download" source "$MICROPYTHON_DEB_SOURCE"
        sha256sum --check --quiet <<<"$MICROPYTHON_DEB_SHA256  $tarball"
    fi
    tar -xf "$tarball" -C "$new" --strip-components=1
    check_tree "$new"
}

copy_from_folder() {
    local new=$1 from=$2
    tar -C "$from" --exclude-vcs -cf - . | tar -C "$new" -xf -
}

# pinned_key, given_key: what the source in place was made from. A given source
# stays in use, also without MICROPYTHON_SRC, until the pinned one changes.
pinned_key() {
    hash "$MICROPYTHON_TREE_SHA256"
}

given_key() {
    echo "given-$(pinned_key)-$(tree_digest "$1")"
}

source_is_in_place() {
    local stamp
    if [ -n "${MICROPYTHON_SRC:-}" ]; then
        cached "$SRC" "$(given_key "$MICROPYTHON_SRC")"
        return
    fi
    stamp=$(cat "$SRC.stamp" 2>/dev/null) || return 1
    case $stamp in
    "given-$(pinned_key)-"*) [ -e "$SRC" ] ;;
    *) cached "$SRC" "$(pinned_key)" ;;
    esac
}

check_given_folder() {
    local version
    [ -e "$MICROPYTHON_SRC/ports/unix/Makefile" ] ||
        fail "MICROPYTHON_SRC=$MICROPYTHON_SRC holds no MicroPython source: give the folder that has ports/unix in it."
    version=$(sed -nE 's/^#define MICROPY_VERSION_(MAJOR|MINOR|MICRO) ([0-9]+)$/\2/p' \
        "$MICROPYTHON_SRC/py/mpconfig.h" | paste -sd.)
    if [ "$version" != "$MICROPYTHON_VERSION" ]; then
        note "MICROPYTHON_SRC is MicroPython $version; TSME is tested with $MICROPYTHON_VERSION"
    fi
}

from_debian() {
    local new=$1 instead="unpack MicroPython $MICROPYTHON_VERSION yourself and run: make setup MICROPYTHON_SRC=folder"
    note "MicroPython $MICROPYTHON_VERSION cannot be had with git here; taking Debian's source package"
    command -v apt-get >/dev/null || fail "there is no apt-get here; $instead"
    logged source "MicroPython source from Debian" unpack_from_debian "$new"
    if [ "$status" -ne 0 ]; then
        tail -n 5 "$LOGS/source.log" | cut -c1-200 | sed 's/^/    | /' >&2
        fail "Debian's MicroPython source cannot be had; $instead"
    fi
}

# fetch_source: with git where it reaches the pinned tag, else from Debian.
fetch_source() {
    local new=$1
    if git_reaches_tag; then
        logged source "MicroPython source with git" clone_from_git "$new"
        if [ "$status" -eq 0 ]; then return; fi
        tail -n 1 "$LOGS/source.log" | sed 's/^/    | /'
    fi
    rm -rf "$new"
    mkdir -p "$new"
    from_debian "$new"
}

get_source() {
    local key new
    if source_is_in_place; then return; fi
    key=$(pinned_key)
    new=$(work_folder source)
    if [ -n "${MICROPYTHON_SRC:-}" ]; then
        check_given_folder
        key=$(given_key "$MICROPYTHON_SRC")
        step source "MicroPython source from MICROPYTHON_SRC" copy_from_folder "$new" "$MICROPYTHON_SRC"
    else
        fetch_source "$new"
    fi
    # The ports ask for micropython-lib, a submodule, of which they need nothing.
    mkdir -p "$new/lib/micropython-lib"
    touch "$new/lib/micropython-lib/README.md"
    install_result "$new" "$SRC" "$key"
}
