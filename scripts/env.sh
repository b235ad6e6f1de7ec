# shellcheck shell=bash
# What every script here, and anyone who types cargo by hand, builds with:
#
#     . scripts/env.sh
#
# Which toolchain it is was decided by setup.sh, and stands in .tools/env.

ROOT=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOOLS=$ROOT/.tools

# Relative to where the caller stands, as cargo would take it.
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}
[[ $CARGO_TARGET_DIR == /* ]] || CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR

# wasm-opt of npm's binaryen stands before any other: see setup.sh.
for directory in "${CARGO_HOME:-$HOME/.cargo}/bin" "$TOOLS/node_modules/.bin"; do
    [[ $PATH == "$directory:"* || $PATH == *":$directory:"* ]] || PATH=$directory:$PATH
done
unset directory

# Queries are checked against .sqlx; only scripts/sqlx.sh asks a database.
SQLX_OFFLINE=${SQLX_OFFLINE:-true}

export ROOT TOOLS CARGO_TARGET_DIR PATH SQLX_OFFLINE

if [[ -f $TOOLS/env ]]; then
    # shellcheck source=/dev/null
    . "$TOOLS/env"
fi
