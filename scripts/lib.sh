# shellcheck shell=bash
# Small functions that several scripts share.

# shellcheck source=scripts/env.sh
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

# Programs to test are named from where the caller stands, and run from other folders.
for name in YAKSOK CHROMIUM FAKE_CALENDARS; do
    [[ ${!name:-} != */* || ${!name} == /* ]] || printf -v "$name" '%s' "$PWD/${!name}"
done
unset name

say() { printf '\033[2m·\033[0m %s\n' "$*"; }

fail() {
    printf '\033[31m✗\033[0m %s\n' "$*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# at_least 1.96 1.95.0: is the second version as new as the first?
at_least() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

# Runs a command as root, or says which command to run.
as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif has sudo && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
        sudo "$@"
    else
        fail "This needs root. Run it, then try again:  sudo $*"
    fi
}

apt_has() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

apt_update() {
    [[ -z ${APT_UPDATED:-} ]] || return 0
    as_root apt-get update -qq
    APT_UPDATED=yes
}

apt_candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '(none)'; }

# The version of a package that apt would install, without Debian's suffix; empty if it has none.
apt_version() {
    local version
    version=$(apt_candidate "$1") || { apt_update && version=$(apt_candidate "$1"); } || true
    echo "${version%%[+~-]*}"
}

# apt_is_outdated package: has apt, by the lists that it has, a newer version than the one that is installed?
apt_is_outdated() {
    local candidate
    candidate=$(apt_candidate "$1") && [[ -n $candidate ]] &&
        dpkg --compare-versions "$(dpkg-query -W -f='${Version}' "$1")" lt "$candidate"
}

# apt_install "why" package…: only what is missing.
apt_install() {
    local why=$1 package missing=()
    shift
    for package in "$@"; do
        apt_has "$package" || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "Installing ${missing[*]}: $why"
    apt_update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# compiles_wasm rustc: has this compiler a standard library of its own version for the browser, and a linker?
compiles_wasm() {
    local output status=0
    output=$(mktemp)
    echo 'pub fn main() { println!("") }' |
        "$1" --target wasm32-unknown-unknown --crate-type cdylib -o "$output" - >/dev/null 2>&1 || status=1
    rm -f "$output"
    return "$status"
}

# The directory of PostgreSQL's server programs, the newest first; empty if there are none.
postgres_bin() {
    local candidate best='' best_version=0 version
    for candidate in "$(dirname "$(readlink -f "$(command -v initdb || echo /none/initdb)")")" \
        "$(pg_config --bindir 2>/dev/null || echo /none)" \
        /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
        [[ -x $candidate/initdb && -x $candidate/pg_ctl ]] || continue
        version=$("$candidate/initdb" --version | sed -n 's/.*) \([0-9]*\).*/\1/p')
        if ((${version:-0} > best_version)); then
            best=$candidate best_version=$version
        fi
    done
    echo "$best"
}

# The browser of the end-to-end tests; empty where Playwright brings its own.
chromium_path() { echo "${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}"; }

# Installs what end2end/package-lock.json names, where that has changed; from within end2end/.
browser_test_modules() {
    cmp -s package-lock.json node_modules/.installed-from || {
        npm ci --no-audit --no-fund --loglevel=error
        cp package-lock.json node_modules/.installed-from
    }
}
