# System packages: finds what is missing by trying it, and installs it with apt
# where that is possible. Sourced by setup.sh.

# 32-bit programs can be built (x86-64 only; elsewhere nobody packages the libraries).
can_build_32bit() {
    [ "$(uname -m)" = x86_64 ] && printf '#include <stdio.h>\n#include <errno.h>\n' |
        gcc -m32 -x c -o /dev/null - -shared -fPIC >/dev/null 2>&1
}

have() {
    command -v "$1" >/dev/null
}

# Without these nothing works.
missing_required() {
    have gcc && echo '#include <stdio.h>' | gcc -fsyntax-only -x c - 2>/dev/null || echo gcc libc6-dev
    have make || echo make
    have xz || echo xz-utils
    have python3 || echo python3
    have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

# Without these a part of the tests has to be left out.
missing_optional() {
    if [ "$(uname -m)" = x86_64 ]; then
        can_build_32bit || echo gcc-multilib
    fi
    have clang || echo clang
    [ -e "$(clang -print-file-name=libclang_rt.fuzzer-x86_64.a 2>/dev/null)" ] ||
        [ "$(uname -m)" != x86_64 ] || echo libclang-rt-14-dev
    have clang-tidy || echo clang-tidy
    have cppcheck || echo cppcheck
    have qemu-ppc || echo qemu-user
    for machine in powerpc s390x; do
        have $machine-linux-gnu-ld || echo binutils-$machine-linux-gnu
        [ -e /usr/$machine-linux-gnu/include/stdio.h ] || echo libc6-dev-$machine-cross
        [ -e /usr/lib/gcc-cross/$machine-linux-gnu/12/libgcc.a ] || echo libgcc-12-dev-$machine-cross
    done
    have mosquitto || [ -x /usr/sbin/mosquitto ] || echo mosquitto
    have openssl || echo openssl
    have chromium || echo chromium
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || echo postgresql
    have qemu-system-arm || echo qemu-system-arm
    have qemu-system-riscv32 || echo qemu-system-misc
    have riscv64-unknown-elf-gcc || echo gcc-riscv64-unknown-elf
    [ -e "$(riscv64-unknown-elf-gcc -print-file-name=picolibc.specs 2>/dev/null)" ] || echo picolibc-riscv64-unknown-elf
    have arm-none-eabi-gcc || echo gcc-arm-none-eabi
    [ -e "$(arm-none-eabi-gcc -print-file-name=nano.specs 2>/dev/null)" ] || echo libnewlib-arm-none-eabi
    have xtensa-lx106-elf-gcc || echo gcc-xtensa-lx106
    echo '#include <assert.h>' | xtensa-lx106-elf-gcc -fsyntax-only -x c - 2>/dev/null || echo picolibc-xtensa-lx106-elf
    have cmake || echo cmake
    have node || echo nodejs
    have npm || echo npm
}

# as_root COMMAND...: run COMMAND as root if that needs no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_install() {
    have apt-get && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

# --no-remove: rather leave a package out than take one away from the machine.
apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o Acquire::Retries=2 install -y --no-install-recommends --no-remove "$@"
}

install_required() {
    can_install ||
        fail "these system packages are missing: $*. Run 'apt-get install $*' as root, then this again."
    step apt-required "system packages: $*" apt_install "$@"
}

install_optional() {
    local package
    if ! can_install; then
        note "some tests will be left out; for all of them: apt-get install $*"
        return
    fi
    for package; do
        logged "apt-$package" "system package $package" apt_install "$package"
        if [ "$status" -ne 0 ]; then
            note "going on without it, and without the tests that need it; see $LOGS/apt-$package.log"
        fi
    done
}

refresh_package_list() {
    if can_install; then
        step apt-update "list of system packages" as_root apt-get -qq -o Acquire::Retries=2 update
    fi
}

# install_system_packages QUIET: what is optional is asked for once, and then only
# by `make setup` itself.
install_system_packages() {
    local missing stamp=$BUILD/optional-packages.stamp
    read -ra missing <<<"$(missing_required | xargs)"
    if [ ${#missing[@]} -gt 0 ]; then
        refresh_package_list
        install_required "${missing[@]}"
    fi
    if [ -n "$1" ] && [ -e "$stamp" ]; then return; fi
    read -ra missing <<<"$(missing_optional | xargs)"
    if [ ${#missing[@]} -gt 0 ]; then
        refresh_package_list
        install_optional "${missing[@]}"
    fi
    touch "$stamp"
}
