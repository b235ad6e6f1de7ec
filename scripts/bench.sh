#!/usr/bin/env bash
# Measures a release, and prints one table: each figure beside its aim, and beside what this machine can do in the same
# run. Whatever prints rows (met, what, measured, aim, limit, with tabs between) adds them to the table.
#
#     scripts/bench.sh            five minutes, besides building
#     BENCH_SOAK=1 …              ten minutes more: does the memory grow?
#     YAKSOK=dist/yaksok …        measures that program, and builds none
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$ROOT/scripts/setup.sh" test
# shellcheck source=/dev/null
. "$TOOLS/env"

ROWS=$(mktemp)
trap 'rm -f "$ROWS"' EXIT

cd "$ROOT"
if [[ -z ${YAKSOK:-} ]]; then
    "$ROOT/scripts/build.sh"
    YAKSOK=$ROOT/dist/yaksok
fi

say "Measuring the slot rule"
cargo bench --locked --quiet -p scheduling --bench slots -- --quiet --warm-up-time 1 --measurement-time 3 >/dev/null
say "Building what measures"
cargo build --locked --quiet --release -p bench
say "Measuring the server"
status=0
"$CARGO_TARGET_DIR/release/bench" "$YAKSOK" "$(postgres_bin)" "$CARGO_TARGET_DIR/criterion" \
    ${BENCH_SOAK:+soak} >>"$ROWS" || status=$?
say "Measuring the pages"
(
    cd "$ROOT/end2end"
    browser_test_modules
    CHROMIUM=$(chromium_path) YAKSOK=$YAKSOK BENCH_ROWS=$ROWS npx playwright test --config bench.config.ts
) || status=$?

# Columns by characters, which awk counts in UTF-8 where the locale says so; bash does.
print_table() {
    local met what measured aim limit
    printf '\n  %-62s %-34s %-20s %s\n' "what" "measured" "aim" "limit of this machine, in this run"
    while IFS=$'\t' read -r met what measured aim limit; do
        printf '%s %-*s %-*s %-*s %s\n' "$met" "$(width 62 "$what")" "$what" "$(width 34 "$measured")" "$measured" \
            "$(width 20 "$aim")" "$aim" "$limit"
    done <"$ROWS"
}

# printf pads by bytes: so many more as a text has bytes beyond its characters.
width() {
    local bytes
    bytes=$(printf '%s' "$2" | wc -c)
    echo $(($1 + bytes - $(printf '%s' "$2" | LC_ALL=C tr -d '\200-\277' | wc -c)))
}

print_table
exit "$status"
