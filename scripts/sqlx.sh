#!/usr/bin/env bash
# Asks a database with today's migrations about every query of the store, as `cargo sqlx prepare` would:
#
#     scripts/sqlx.sh write    keeps the answers in .sqlx, by which everybody else compiles
#     scripts/sqlx.sh check    fails where .sqlx is not what `write` would make it
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ANSWERS=$(mktemp -d)
trap 'rm -rf "$ANSWERS"' EXIT

# The changing cfg makes cargo compile the store again, and nothing else: it does not know of the database.
ask() {
    CARGO_INCREMENTAL=0 SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$ANSWERS "$ROOT/scripts/with-database.sh" \
        cargo rustc --quiet --locked --manifest-path "$ROOT/Cargo.toml" -p store --lib --profile check -- \
        --cfg "sqlx_asked_at=\"$(date +%s)\""
}

write() {
    mkdir -p "$ROOT/.sqlx"
    find "$ROOT/.sqlx" -name 'query-*.json' -delete
    find "$ANSWERS" -name 'query-*.json' -exec mv {} "$ROOT/.sqlx/" \;
    say ".sqlx holds $(find "$ROOT/.sqlx" -name 'query-*.json' | wc -l | tr -d ' ') queries."
}

check() {
    mkdir -p "$ROOT/.sqlx"
    diff -ru --exclude=.gitkeep "$ROOT/.sqlx" "$ANSWERS" || fail ".sqlx is out of date. Run:  make sqlx"
    say ".sqlx is up to date: $(find "$ANSWERS" -name 'query-*.json' | wc -l | tr -d ' ') queries."
}

case ${1:-} in
write | check) ask && "$1" ;;
*) fail "usage: scripts/sqlx.sh write|check" ;;
esac
