#!/usr/bin/env bash
# Sets up what is missing, builds what has changed, and serves the demo. Settings may stand in .env.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$ROOT/scripts/setup.sh" build
"$ROOT/scripts/build.sh"

cd "$ROOT"
if [[ -f .env ]]; then
    set -a
    # shellcheck source=/dev/null
    . ./.env
    set +a
fi
exec dist/yaksok serve --demo "$@"
