#!/usr/bin/env bash
# Installs what is missing on this machine, says what and why, and does nothing the second time.
#
#     scripts/setup.sh [build|test|schemathesis]
#
# build: what `make run` needs. test: also what `make test` needs. schemathesis: what `make fuzz` needs.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

RUSTC_MIN=1.95
RUSTUP_RUST=1.96.0
# Debian's binaryen 108 makes modules that die at start.
BINARYEN=132.0.0
ESBUILD=0.28.2
LIGHTNINGCSS=1.33.0
NODE_MIN=18
POSTGRES_MIN=15
RADICALE=3.9.0
XANDIKOS=0.4.10
# The newest PostgreSQL that is packaged as ready-made programs.
POSTGRES_NEWEST=18.4.0-beta.17
# Only for `make fuzz`.
SCHEMATHESIS=4.32.5
# The browser half and the tool that bundles it must use one version.
WASM_BINDGEN=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' "$ROOT/Cargo.lock")

case $(uname -s) in
Linux)
    has apt-get || fail "Only Debian, Ubuntu and macOS are known here. Elsewhere install by hand: a C compiler, \
Rust $RUSTC_MIN with wasm32-unknown-unknown, Node.js $NODE_MIN, PostgreSQL $POSTGRES_MIN, Chromium."
    SYSTEM=apt
    ;;
Darwin)
    has brew || fail "Homebrew is missing: see https://brew.sh, then try again."
    SYSTEM=brew
    ;;
*) fail "Only Linux and macOS are known here." ;;
esac

# package "why" apt-package brew-package
package() {
    if [[ $SYSTEM == apt ]]; then
        apt_install "$1" "$2"
    elif ! brew list --versions "$3" >/dev/null 2>&1; then
        say "Installing $3: $1"
        brew install --quiet "$3"
    fi
}

# --- C ----------------------------------------------------------------------------------------------------------------

setup_c() {
    has cc && has make && return
    if [[ $SYSTEM == apt ]]; then
        apt_install "a C compiler and linker, which Rust calls, and make, which the allocator is built with" build-essential
    else
        fail "A C compiler is missing. Run it, then try again:  xcode-select --install"
    fi
}

# --- Rust -------------------------------------------------------------------------------------------------------------

rustc_version() { rustc --version 2>/dev/null | sed -n 's/^rustc \([0-9.]*\).*/\1/p'; }

toolchain_works() {
    local version
    version=$(rustc_version)
    [[ -n $version ]] && at_least "$RUSTC_MIN" "$version" && compiles_wasm rustc
}

# Keeps the decision where env.sh finds it. Nothing is written for a compiler that is used without being asked for.
remember_toolchain() {
    mkdir -p "$TOOLS"
    {
        echo "# Written by scripts/setup.sh: what builds Yaksok on this machine."
        echo "YAKSOK_RUSTC='$(rustc --version)'"
        [[ -z ${RUSTUP_TOOLCHAIN:-} ]] || echo "export RUSTUP_TOOLCHAIN='$RUSTUP_TOOLCHAIN'"
    } >"$TOOLS/env"
}

quietly() {
    if has timeout; then
        timeout 120 "$@" >/dev/null 2>&1
    else
        "$@" >/dev/null 2>&1
    fi
}

# Adds the target to the toolchain in use. False where that one is too old, or rustup cannot download.
rustup_adds_target() {
    has rustup && at_least "$RUSTC_MIN" "$(rustc_version || true)" || return 1
    say "Adding the WebAssembly target to the Rust toolchain: the pages' code runs in the browser"
    quietly rustup target add wasm32-unknown-unknown && toolchain_works
}

# A toolchain of an exact version, beside whatever is there: the ones that other work relies on are never updated.
rustup_installs_toolchain() {
    has rustup || return 1
    say "Installing Rust $RUSTUP_RUST beside what is there: $RUSTC_MIN or newer is needed, with the WebAssembly target"
    quietly rustup toolchain install "$RUSTUP_RUST" --profile minimal --component clippy,rustfmt \
        --target wasm32-unknown-unknown || return 1
    export RUSTUP_TOOLCHAIN=$RUSTUP_RUST
    toolchain_works
}

debian_has_rust() {
    [[ $SYSTEM == apt ]] && at_least "$RUSTC_MIN" "$(apt_version rustc-web)"
}

install_rustup() {
    has rustup && return
    if [[ $SYSTEM == brew ]]; then
        package "the installer of Rust toolchains" rustup rustup
        PATH=$(brew --prefix rustup)/bin:$PATH
    elif [[ -n $(apt_version rustup) ]]; then
        apt_install "the installer of Rust toolchains" rustup
    else
        return 1
    fi
}

setup_rust() {
    # As it was decided before, and nothing has changed since.
    if [[ -n ${YAKSOK_RUSTC:-} && $(rustc --version 2>/dev/null) == "$YAKSOK_RUSTC" ]] && compiles_wasm rustc; then
        return
    fi
    if [[ -n ${YAKSOK_RUSTC:-} ]]; then
        unset RUSTUP_TOOLCHAIN
    fi
    # Made by an earlier run, so the same compiler and the same lints as then, whatever the default has become.
    if has rustup && RUSTUP_TOOLCHAIN=debian toolchain_works; then
        export RUSTUP_TOOLCHAIN=debian
        remember_toolchain
    elif toolchain_works || rustup_adds_target; then
        remember_toolchain
    elif debian_has_rust; then
        "$ROOT/scripts/debian-toolchain.sh"
        if has rustup; then
            export RUSTUP_TOOLCHAIN=debian
        fi
        hash -r
        toolchain_works || fail "rustc on PATH is $(command -v rustc), but Debian's /usr/bin/rustc is the one that works."
        remember_toolchain
    elif install_rustup && rustup_installs_toolchain; then
        remember_toolchain
    else
        fail "Rust $RUSTC_MIN or newer is missing. Install rustup as https://rustup.rs says, then try again."
    fi
    say "Rust: $(rustc --version)${RUSTUP_TOOLCHAIN:+, as RUSTUP_TOOLCHAIN=$RUSTUP_TOOLCHAIN}"
}

setup_clippy() {
    if cargo clippy --version >/dev/null 2>&1 && cargo fmt --version >/dev/null 2>&1; then
        return
    elif [[ ${RUSTUP_TOOLCHAIN:-} == debian ]] || ! has rustup; then
        apt_install "Rust's linter and formatter" rust-web-clippy rustfmt-web
    else
        say "Adding clippy and rustfmt to the Rust toolchain: the linter and the formatter"
        rustup component add clippy rustfmt
    fi
}

# --- The bundler of the browser's half --------------------------------------------------------------------------------

# A small program of ours around the libraries of wasm-bindgen and wasm-split: see tools/bundle.
setup_bundle() {
    local sources=$ROOT/tools/bundle built
    built=$(cat "$sources/Cargo.toml" "$sources/Cargo.lock" "$sources/src/main.rs" | cksum)
    if [[ -x $TOOLS/bin/bundle && $(cat "$TOOLS/bin/bundle.built-from" 2>/dev/null) == "$built" ]]; then
        return
    fi
    grep -q "^wasm-bindgen-cli-support = \"=$WASM_BINDGEN\"" "$sources/Cargo.toml" ||
        fail "tools/bundle/Cargo.toml must name wasm-bindgen $WASM_BINDGEN, as Cargo.lock does."
    say "Compiling the bundler: makes the WebAssembly callable from the page (about two minutes, once)"
    mkdir -p "$TOOLS/bin"
    (cd "$sources" && CARGO_TARGET_DIR=$CARGO_TARGET_DIR/bundle cargo build --release --locked --quiet)
    cp "$CARGO_TARGET_DIR/bundle/release/bundle" "$TOOLS/bin/bundle"
    rm -rf "$CARGO_TARGET_DIR/bundle"
    echo "$built" >"$TOOLS/bin/bundle.built-from"
}

# --- Node.js and what it carries --------------------------------------------------------------------------------------

setup_node() {
    if ! has node || ! has npm; then
        package "carries wasm-opt, and the browser tests" nodejs node
        has npm || package "Node.js' package manager" npm node
    fi
    at_least "$NODE_MIN" "$(node --version | tr -d v)" || fail "Node.js $NODE_MIN or newer is needed; here is $(node --version)."
}

# Ready-made programs: wasm-opt makes the browser's half small, the others minify its scripts and stylesheets.
setup_npm_tools() {
    local tools=("binaryen@$BINARYEN" "esbuild@$ESBUILD" "lightningcss@$LIGHTNINGCSS")
    [[ $(cat "$TOOLS/npm-tools" 2>/dev/null) != "${tools[*]}" ]] || return 0
    say "Installing ${tools[*]}: they make what the browser loads small"
    mkdir -p "$TOOLS"
    npm install --prefix "$TOOLS" --no-save --no-package-lock --no-audit --no-fund --loglevel=error "${tools[@]}" >&2
    echo "${tools[*]}" >"$TOOLS/npm-tools"
}

# --- PostgreSQL -------------------------------------------------------------------------------------------------------

postgres_version() {
    local bin
    bin=$(postgres_bin)
    [[ -z $bin ]] || "$bin/initdb" --version | sed -n 's/.*) \([0-9]*\).*/\1/p'
}

# The server runs a database of its own, so Debian's default one need not be made, nor started.
apt_postgres() {
    local settings=/etc/postgresql-common/createcluster.d version
    version=$(apt_version postgresql)
    at_least "$POSTGRES_MIN" "$version" ||
        fail "PostgreSQL $POSTGRES_MIN or newer is needed, and this system packages ${version:-none}: see https://wiki.postgresql.org/wiki/Apt"
    as_root mkdir -p "$settings"
    as_root sh -c "echo 'create_main_cluster = false' >$settings/yaksok.conf"
    apt_install "the database; Yaksok runs its own, so no cluster is made" postgresql
    as_root rm -f "$settings/yaksok.conf"
}

setup_postgres() {
    at_least "$POSTGRES_MIN" "$(postgres_version || true)" && return
    if [[ $SYSTEM == apt ]]; then
        apt_postgres
    else
        package "the database" postgresql postgresql@17
    fi
    at_least "$POSTGRES_MIN" "$(postgres_version || true)" || fail "PostgreSQL $POSTGRES_MIN or newer is still missing."
}

# The newest version beside the system's, and a pooler. The tests find the programs in .tools/postgres.
setup_other_postgres() {
    local machine package folder=$TOOLS/postgres
    case $(uname -m) in
    x86_64) machine=x64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) fail "There is no package of PostgreSQL $POSTGRES_NEWEST for $(uname -m)." ;;
    esac
    package=@embedded-postgres/$(uname -s | tr '[:upper:]' '[:lower:]')-$machine@$POSTGRES_NEWEST
    if [[ $(cat "$folder/version" 2>/dev/null) != "$package" ]]; then
        say "Installing $package: the tests run on the oldest and the newest PostgreSQL"
        mkdir -p "$folder"
        npm install --prefix "$folder" --no-save --no-package-lock --no-audit --no-fund --loglevel=error "$package" >&2
        echo "$package" >"$folder/version"
    fi
    if [[ $SYSTEM == apt ]]; then
        has pgbouncer || [[ -x /usr/sbin/pgbouncer ]] || apt_pgbouncer
    else
        package "a pooler, for the tests" pgbouncer pgbouncer
    fi
}

# The tests start their own: Debian's service is not to run.
apt_pgbouncer() {
    local policy=/usr/sbin/policy-rc.d made=
    if [[ ! -e $policy ]]; then
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
        made=yes
    fi
    apt_install "a pooler, for the tests" pgbouncer
    [[ -z $made ]] || as_root rm -f "$policy"
}

# --- Time zone rules --------------------------------------------------------------------------------------------------

# Governments change their clocks at a few weeks' notice. The server uses the system's rules where they are newer than its
# own, and takes an update over while it runs.
setup_tzdata() {
    [[ $SYSTEM == apt ]] || return 0
    if ! apt_has tzdata; then
        apt_install "the rules of time zones" tzdata
    elif apt_is_outdated tzdata; then
        say "Updating tzdata: the rules of time zones have changed since"
        # In a subshell: without root the rest goes on.
        (apt_update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --only-upgrade tzdata >/dev/null) ||
            say "tzdata is not updated. The server uses the rules that it was built with where they are newer."
    fi
}

# --- A browser, for tests ---------------------------------------------------------------------------------------------

setup_browser() {
    [[ -z $(chromium_path) ]] || return 0
    if [[ $SYSTEM == apt && -n $(apt_version chromium) ]]; then
        apt_install "the browser of the end-to-end tests" chromium
    elif [[ -f $ROOT/end2end/package-lock.json ]]; then
        say "Downloading Playwright's Chromium: the browser of the end-to-end tests"
        (cd "$ROOT/end2end" && npm ci --no-audit --no-fund --loglevel=error && npx playwright install chromium) >&2
    fi
}

# Other engines than Chromium's: Firefox, and WebKit, which draws on a screen that nobody sees.
setup_engines() {
    [[ $SYSTEM == apt && -n $(apt_version firefox-esr) && -n $(apt_version webkit2gtk-driver) ]] || return 0
    apt_install "the other engines of the end-to-end tests" firefox-esr webkit2gtk-driver xvfb
}

setup_fonts() {
    [[ $SYSTEM == apt ]] || return 0
    apt_install "Korean letters for the browser" fonts-noto-cjk
}

# --- A clock that can be set, for tests -------------------------------------------------------------------------------

# Tests of macOS go without.
setup_faketime() {
    [[ $SYSTEM == apt ]] || return 0
    apt_install "sets the clock of a server in the tests" libfaketime
}

# --- A mail server, for tests -----------------------------------------------------------------------------------------

# Postfix, without a configuration and without a service that starts: the tests run it in a directory of their own. A system
# that has another mail server would lose it, so it goes without, as macOS does.
setup_mail_server() {
    [[ $SYSTEM == apt && ! -e /usr/sbin/postfix && ! -e /usr/sbin/sendmail ]] || return 0
    local policy=/usr/sbin/policy-rc.d ours=
    echo 'postfix postfix/main_mailer_type select No configuration' | as_root debconf-set-selections
    if [[ ! -e $policy ]]; then
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
        ours=yes
    fi
    apt_install "the mail server that the tests send to" postfix
    if [[ -n $ours ]]; then
        as_root rm -f "$policy"
    fi
}

# --- What stands around a server, for tests ---------------------------------------------------------------------------

# Unpacked, not installed: a package would bring a user and a service, and start it. Tests of macOS go without.
setup_proxies() {
    [[ $SYSTEM == apt ]] || return 0
    local packages=(nginx haproxy caddy apache2-bin) folder=$TOOLS/proxies libraries package
    [[ $(cat "$folder/packages" 2>/dev/null) != "${packages[*]}" ]] || return 0
    apt_update
    mapfile -t libraries < <(apt-cache depends --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances "${packages[@]}" | sed -n 's/^  Depends: \(lib[a-z0-9.+-]*\)$/\1/p' | grep -v -e '-tools$' | sort -u)
    apt_install "what the reverse proxies of the tests are linked with" "${libraries[@]}"
    say "Unpacking ${packages[*]}: the tests run them in front of a server"
    rm -rf "$folder"
    mkdir -p "$folder/archives"
    (cd "$folder/archives" && apt-get download -qq -o APT::Sandbox::User=root "${packages[@]}")
    for package in "$folder"/archives/*.deb; do
        dpkg-deb -x "$package" "$folder"
    done
    rm -rf "$folder/archives"
    echo "${packages[*]}" >"$folder/packages"
}

# Gives a user without a name one, as containers want it.
setup_nss_wrapper() {
    [[ $SYSTEM == apt ]] || return 0
    apt_install "runs a server under a number without a name in the tests" libnss-wrapper
}

# --- Programs of Python, for tests ------------------------------------------------------------------------------------

# python_programs folder "why" package==version…
# Each package brings a program of its name. They live in a folder of their own, away from the system's Python.
python_programs() {
    local folder=$TOOLS/$1 why=$2 program absent=
    shift 2
    for program in "${@%%==*}"; do
        [[ -x $folder/bin/$program ]] || absent=$program
    done
    if [[ -z $absent && $(cat "$folder/versions" 2>/dev/null) == "$*" ]]; then
        return
    fi
    if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        package "runs ${*%%==*}: $why" python3-venv python3
    fi
    say "Installing ${*//==/ }: $why"
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" >&2
    echo "$*" >"$folder/versions"
}

setup_caldav() {
    python_programs caldav "the calendar servers that the tests talk to" "radicale==$RADICALE" "xandikos==$XANDIKOS"
}

setup_schemathesis() {
    python_programs schemathesis "it asks the API what its document allows" "schemathesis==$SCHEMATHESIS"
}

# --- All --------------------------------------------------------------------------------------------------------------

setup_build() {
    setup_c
    setup_node
    setup_npm_tools
    setup_postgres
    setup_tzdata
    setup_rust
    setup_bundle
}

setup_test() {
    setup_build
    setup_faketime
    setup_mail_server
    setup_nss_wrapper
    setup_proxies
    setup_clippy
    setup_browser
    setup_engines
    setup_fonts
    setup_caldav
    setup_other_postgres
}

case ${1:-build} in
build) setup_build ;;
test) setup_test ;;
schemathesis) setup_build && setup_schemathesis ;;
*) fail "usage: scripts/setup.sh [build|test|schemathesis]" ;;
esac
