#!/usr/bin/env bash
# Makes Debian's own Rust (rustc-web, which Debian keeps new for its browsers) compile for the browser.
#
# For machines where rustup cannot download. Debian packages no standard library for wasm32, but it packages the
# library's source, so we compile that once (a minute on two cores) and put it where this rustc looks for it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

TARGET=wasm32-unknown-unknown
# Debian's own programs, whatever rustup has put before them on PATH.
RUSTC=/usr/bin/rustc
CARGO=/usr/bin/cargo

sysroot() { "$RUSTC" --print sysroot; }
field() { "$RUSTC" -vV | sed -n "s/^$1: //p"; }

install_packages() {
    apt_install "Debian's Rust compiler and the source of its standard library" rustc-web cargo-web rust-web-src
    local llvm
    llvm=$(field 'LLVM version')
    LLD=lld-${llvm%%.*}
    apt_install "the linker for WebAssembly, of the same LLVM as the compiler" "$LLD"
}

# rustc runs the linker as rust-lld, from a folder of its own.
link_linker() {
    local folder
    folder=$(sysroot)/lib/rustlib/$(field host)/bin
    [[ $(readlink "$folder/rust-lld") != "$(command -v "$LLD")" ]] || return 0
    say "Linking $LLD as rust-lld: the name by which rustc calls its linker"
    as_root mkdir -p "$folder"
    as_root ln -sf "$(command -v "$LLD")" "$folder/rust-lld"
}

build_library() {
    local scratch=$1
    mkdir -p "$scratch/src"
    printf '[package]\nname = "scratch"\nversion = "0.0.0"\nedition = "2021"\n' >"$scratch/Cargo.toml"
    : >"$scratch/src/lib.rs"
    # With bitcode, or link-time optimisation would find nothing to optimise in it.
    (
        cd "$scratch"
        unset RUSTUP_TOOLCHAIN CARGO_BUILD_TARGET RUSTFLAGS
        PATH=/usr/bin:$PATH RUSTC=$RUSTC RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$scratch/target \
            CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS=-Cembed-bitcode=yes \
            "$CARGO" build --quiet --release --target "$TARGET" -Zbuild-std=std,panic_abort,proc_macro,test
    )
    rm -f "$scratch/target/$TARGET"/release/deps/libscratch-*
}

# The library fits one compiler exactly: where Debian has updated the compiler, it is made again.
install_library() {
    local folder scratch
    ! compiles_wasm "$RUSTC" || return 0
    say "Compiling the standard library for $TARGET: Debian packages only its source (about a minute)"
    folder=$(sysroot)/lib/rustlib/$TARGET/lib
    scratch=$(mktemp -d)
    build_library "$scratch"
    as_root rm -rf "$folder"
    as_root mkdir -p "$folder"
    as_root cp "$scratch/target/$TARGET"/release/deps/lib*.rlib "$folder/"
    rm -rf "$scratch"
    compiles_wasm "$RUSTC" || fail "Debian's rustc still cannot compile for $TARGET."
}

link_toolchain() {
    has rustup || return 0
    [[ $(readlink "${RUSTUP_HOME:-$HOME/.rustup}/toolchains/debian") != /usr ]] || return 0
    say "Linking Debian's Rust as the rustup toolchain 'debian': cargo +debian"
    rustup toolchain link debian /usr
}

install_packages
link_linker
install_library
link_toolchain
