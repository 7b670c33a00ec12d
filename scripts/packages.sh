# Debian 12 packages that the scripts beside this file need. Sourced, not run.
#
#   need_build   compiler, build tool and libraries of the program
#   need_tests   the above, and what the checks and tests use
#   need_bench   need_build, and the load tool and server of scripts/bench
#
# Each does nothing when everything is there, and otherwise installs what is missing, as root or with sudo.

packages_build="gcc libc6-dev meson ninja-build pkg-config libuv1-dev libssl-dev zlib1g-dev libsqlite3-dev libhiredis-dev libyaml-dev libpcre2-dev"
packages_tests="redis-server redis-sentinel libcmocka-dev clang-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev llvm-14 python3 python3-venv procps chromium php-cli"
packages_bench="nginx-light wrk"

packages_updated=no

# "gcc" -> is the package there?
package_present() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# apt-get with its arguments, quietly: its words are shown only when it fails.
packages_apt() {
    local run="" words
    if [ "$(id -u)" -ne 0 ]; then
        run="sudo -n"
        command -v sudo >/dev/null 2>&1 || run="no-sudo"
    fi
    if [ "$run" = no-sudo ]; then
        echo "These Debian packages are missing: $packages_missing" >&2
        echo "Install them as root:  apt-get update && apt-get install -y $packages_missing" >&2
        exit 1
    fi
    if ! words=$($run env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" 2>&1); then
        printf '%s\n' "$words" | tail -n 20 >&2
        echo "apt-get $* failed. Install these packages by hand and start again: $packages_missing" >&2
        exit 1
    fi
}

packages_need() {
    local name
    packages_missing=""
    if ! command -v dpkg-query >/dev/null 2>&1; then
        echo "This is not a Debian system; please have these packages' contents at hand: $*" >&2
        return
    fi
    for name in "$@"; do
        package_present "$name" || packages_missing="$packages_missing $name"
    done
    packages_missing=${packages_missing# }
    [ -n "$packages_missing" ] || return 0
    echo "Installing: $packages_missing" >&2
    if [ "$packages_updated" = no ]; then
        packages_apt update
        packages_updated=yes
    fi
    # shellcheck disable=SC2086 -- the list is split on purpose
    packages_apt install --no-install-recommends $packages_missing
}

# Node may have come from elsewhere than Debian, so what counts is the command.
packages_need_node() {
    local missing=""
    command -v node >/dev/null 2>&1 || missing="nodejs"
    command -v npm >/dev/null 2>&1 || missing="$missing npm"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || packages_need $missing
    if [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 18 ]; then
        echo "The tests need Node 18 or newer; $(command -v node) is $(node --version)" >&2
        exit 1
    fi
}

# For AWS's DynamoDB Local (tests/servers/dynamodb); again the commands count.
packages_need_java() {
    local missing=""
    command -v java >/dev/null 2>&1 || missing="openjdk-17-jre-headless"
    command -v mvn >/dev/null 2>&1 || missing="$missing maven"
    # shellcheck disable=SC2086
    [ -z "$missing" ] || packages_need $missing
}

# shellcheck disable=SC2086
need_build() { packages_need $packages_build; }

# shellcheck disable=SC2086
need_tests() {
    packages_need $packages_build $packages_tests
    packages_need_node
    packages_need_java
}

# shellcheck disable=SC2086
need_bench() {
    packages_need $packages_build $packages_bench
    packages_need_node
}
