#!/usr/bin/env bash
# Builds the release into dist/: the server, its pages beside it, and hash.txt, which holds the hashes in their names.
# Either half is built only when something that it is made of has changed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

DIST=$ROOT/dist
SITE=$CARGO_TARGET_DIR/site

BROWSER_SOURCES=(Cargo.toml Cargo.lock app frontend crates/scheduling style public tools/bundle scripts/build.sh scripts/bundle.mjs)
SERVER_SOURCES=(Cargo.toml Cargo.lock .cargo app server crates migrations .sqlx scripts/build.sh)

# One number for the names and contents of files, and for the compiler.
fingerprint() {
    local path present=()
    cd "$ROOT"
    for path in "$@"; do
        [[ ! -e $path ]] || present+=("$path")
    done
    {
        rustc --version
        find "${present[@]}" -type f | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cksum
    } | cksum
}

# With erased components the types of whole pages stay small: quicker to build, and their code a third smaller.
# The paths of server functions must not depend on the folder that a half is built in.
cargo_build() {
    (
        cd "$ROOT"
        SERVER_FN_OVERRIDE_KEY=yaksok LEPTOS_OUTPUT_NAME=yaksok RUSTFLAGS="--cfg erase_components $1" \
            cargo build --locked --quiet "${@:2}"
    )
}

# replace file-or-folder: puts it into dist/ in one move, also under a server that is running.
replace() {
    local name=${1##*/}
    rm -rf "$DIST/.new" "$DIST/.old"
    cp -R "$1" "$DIST/.new"
    [[ ! -d $DIST/$name ]] || mv "$DIST/$name" "$DIST/.old"
    mv -f "$DIST/.new" "$DIST/$name"
    rm -rf "$DIST/.old"
}

build_browser() {
    local now
    now=$(fingerprint "${BROWSER_SOURCES[@]}")
    [[ ! -d $DIST/site || $(cat "$DIST/.site-built-from" 2>/dev/null) != "$now" ]] || return 0
    say "Building the browser's half"
    # The relocations tell where the program can be cut into parts.
    cargo_build '-Clink-args=--emit-relocs' -p frontend --lib --target wasm32-unknown-unknown --profile wasm-release
    node "$ROOT/scripts/bundle.mjs" "$CARGO_TARGET_DIR/wasm32-unknown-unknown/wasm-release/frontend.wasm" "$SITE" \
        "$CARGO_TARGET_DIR/hash.txt"
    replace "$SITE"
    replace "$CARGO_TARGET_DIR/hash.txt"
    echo "$now" >"$DIST/.site-built-from"
}

build_server() {
    local now
    now=$(fingerprint "${SERVER_SOURCES[@]}")
    [[ ! -x $DIST/yaksok || $(cat "$DIST/.yaksok-built-from" 2>/dev/null) != "$now" ]] || return 0
    say "Building the server's half"
    cargo_build '' -p server --bin yaksok --release
    # The profile's `strip` does not reach a package that has settings of its own.
    mkdir -p "$CARGO_TARGET_DIR/stripped"
    strip -o "$CARGO_TARGET_DIR/stripped/yaksok" "$CARGO_TARGET_DIR/release/yaksok"
    replace "$CARGO_TARGET_DIR/stripped/yaksok"
    echo "$now" >"$DIST/.yaksok-built-from"
}

mkdir -p "$DIST"
build_browser
build_server
