#!/usr/bin/env bash
# Fuzzes each target for FUZZ_SECONDS (60), from the seeds in fuzz/seeds/; or the targets that are named:
#
#     scripts/fuzz.sh [ical|hours|slots|bodies]…
#
# The first three are guided by coverage (libFuzzer). What one dies of is kept in fuzz/seeds/, where every test run tries
# it again; findings that led further stay in fuzz/corpus/, which is not checked in. The bodies of the API need the whole
# server, which is too much for libFuzzer: they are mutated by chance.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$ROOT/scripts/setup.sh" build
# shellcheck source=/dev/null
. "$TOOLS/env"

has c++ || fail "libFuzzer is C++: install a compiler for it (c++)."
SECONDS_EACH=${FUZZ_SECONDS:-60}
HOST=$(rustc -vV | sed -n 's/^host: //p')

# As cargo-fuzz does, but for the sanitizers, which only a nightly compiler has.
COVERAGE="--cfg fuzzing -Ccodegen-units=1 -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
COVERAGE+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
COVERAGE+=" -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0"

guided() {
    cd "$ROOT/fuzz"
    # With a target named, build scripts and macros are built without these flags.
    RUSTFLAGS=$COVERAGE CARGO_TARGET_DIR=$ROOT/fuzz/target \
        cargo build --locked --quiet --release --target "$HOST" --bin "$1"
    mkdir -p "corpus/$1"
    "target/$HOST/release/$1" "corpus/$1" "seeds/$1" -max_total_time="$SECONDS_EACH" -timeout=10 \
        -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 -artifact_prefix="seeds/$1/" 2>&1 |
        sed -E '/^#[0-9]+[[:space:]]+(NEW|REDUCE|pulse|RELOAD)/d; /^("|###)/d'
}

bodies() {
    cd "$ROOT"
    FUZZ_SECONDS=$SECONDS_EACH cargo test --locked --quiet -p server --bin yaksok bodies_by_chance
}

(($#)) || set -- ical hours slots bodies
failed=()
for target in "$@"; do
    printf '\n\033[1m== %s, for %s s\033[0m\n' "$target" "$SECONDS_EACH"
    set +e
    case $target in
    ical | hours | slots) (set -e; guided "$target") ;;
    bodies) (set -e; bodies) ;;
    *) fail "There is no target '$target'." ;;
    esac
    status=$?
    set -e
    ((status == 0)) || failed+=("$target")
done
((${#failed[@]} == 0)) || fail "These broke: ${failed[*]}. What broke the first three is in fuzz/seeds/."
