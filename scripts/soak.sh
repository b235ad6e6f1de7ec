#!/usr/bin/env bash
# The long forms of the tests of reliability: a hundred kills, a thousand at once, minutes without a database. Ends by
# itself after ten minutes or so, and says what it measured. YAKSOK names another program to test, such as dist/yaksok.
#
#     scripts/soak.sh [name of a test]…
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$ROOT/scripts/setup.sh" build
# shellcheck source=/dev/null
. "$TOOLS/env"

LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT

cd "$ROOT"
status=0
YAKSOK_SOAK=1 timeout --kill-after=30 1800 \
    cargo test --locked --quiet -p server --test reliability -- --nocapture --test-threads=1 "$@" 2>&1 |
    tee "$LOG" || status=$?

printf '\n\033[1m== Measured\033[0m\n'
sed -n 's/.*measured: //p' "$LOG"
exit "$status"
