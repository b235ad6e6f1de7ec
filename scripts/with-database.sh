#!/usr/bin/env bash
# Runs a command with DATABASE_URL set to a new PostgreSQL with all migrations, and throws it away afterwards:
#
#     scripts/with-database.sh psql
#
# Reached through a Unix socket in a folder of its own, and not durable.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

(($#)) || fail "usage: scripts/with-database.sh command [argument…]"

BIN=$(postgres_bin)
[[ -n $BIN ]] || fail "PostgreSQL's server programs are missing. Run:  make setup"

# PostgreSQL refuses to run as root.
as_postgres() {
    local user=postgres
    if [[ $(id -u) != 0 ]]; then
        "$@"
    else
        id -u "$user" >/dev/null 2>&1 || user=nobody
        (cd / && runuser -u "$user" -- "$@")
    fi
}

DIRECTORY=$(as_postgres mktemp -d /tmp/yaksok-database.XXXXXX)
chmod 711 "$DIRECTORY"

stop() {
    as_postgres "$BIN/pg_ctl" stop --silent --mode=immediate -D "$DIRECTORY/data" >/dev/null 2>&1 || true
    rm -rf "$DIRECTORY" "$DIRECTORY.log"
}
trap stop EXIT
trap 'exit 130' INT TERM

start() {
    as_postgres "$BIN/initdb" --no-sync --auth=trust --username=yaksok --encoding=UTF8 --locale=C -D "$DIRECTORY/data" \
        >"$DIRECTORY.log" &&
        as_postgres "$BIN/pg_ctl" start --silent --wait -D "$DIRECTORY/data" -l "$DIRECTORY/log" \
            -o "-c listen_addresses= -c unix_socket_directories=$DIRECTORY -c fsync=off -c full_page_writes=off" &&
        "$BIN/createdb" -h "$DIRECTORY" -U yaksok yaksok
}

migrate() {
    local file options
    # As the program does, before the first file.
    "$BIN/psql" -h "$DIRECTORY" -U yaksok -d yaksok --no-psqlrc --quiet -v ON_ERROR_STOP=1 \
        -f "$ROOT/crates/store/sql/roles.sql" >/dev/null || exit 1
    find "$ROOT/migrations" -maxdepth 1 -name '*.sql' ! -name '*.down.sql' | sort -V | while read -r file; do
        options=(--single-transaction)
        head -n 1 "$file" | grep -q '^-- no-transaction' && options=()
        "$BIN/psql" -h "$DIRECTORY" -U yaksok -d yaksok --no-psqlrc --quiet -v ON_ERROR_STOP=1 \
            ${options[@]+"${options[@]}"} -f "$file" >/dev/null || exit 1
    done
}

started() {
    start && return
    cat "$DIRECTORY.log" "$DIRECTORY/log" >&2 || true
    return 1
}

started || fail "The database did not start."
migrate || fail "A migration failed."

export PGHOST=$DIRECTORY PGUSER=yaksok PGDATABASE=yaksok
export DATABASE_URL="postgres://yaksok@localhost/yaksok?host=${DIRECTORY//\//%2F}"
"$@"
